"""Recording on and off: blocks, decorators, generators, threads."""

import threading

import pytest

import reference as ref


def test_no_grad_gives_leaves(leaf):
    """Results made under no_grad are leaves without gradient, and cannot go backward."""
    x = leaf(2.0)
    with ref.no_grad():
        y = x * x
    assert y.is_leaf
    assert not y.requires_grad
    with pytest.raises(ref.NoGradientError, match="no_grad"):
        y.backward()


def test_a_leaf_made_under_no_grad_may_require_a_gradient():
    """The mode stops recording, not the making of leaves."""
    with ref.no_grad():
        x = ref.tensor(1.0, requires_grad=True)
    assert x.requires_grad


def test_modes_nest(leaf):
    """enable_grad inside no_grad records, and each block restores the mode that it found."""
    x = leaf(1.0)
    with ref.no_grad():
        with ref.enable_grad():
            assert (x * 2).requires_grad
            with ref.no_grad():
                assert not (x * 2).requires_grad
            assert ref.is_grad_enabled()
        assert not ref.is_grad_enabled()
    assert ref.is_grad_enabled()


def test_an_exception_restores_the_mode():
    """Leaving a block by an exception switches back."""
    with pytest.raises(KeyError), ref.no_grad():
        raise KeyError
    assert ref.is_grad_enabled()


@pytest.mark.parametrize("decorate", [ref.no_grad, ref.no_grad(), ref.set_grad_enabled])
def test_decorators(decorate):
    """A decorated function runs in its mode; name and result are kept; errors restore."""
    decorate = decorate(False) if decorate is ref.set_grad_enabled else decorate

    @decorate
    def probe(fail=False):
        if fail:
            raise KeyError
        return ref.is_grad_enabled()

    assert ref.is_grad_enabled()
    assert probe.__name__ == "probe"
    assert probe() is False
    with pytest.raises(KeyError):
        probe(fail=True)
    assert ref.is_grad_enabled()


def test_enable_grad_as_decorator():
    """A function decorated with enable_grad records under no_grad."""
    probe = ref.enable_grad(ref.is_grad_enabled)
    with ref.no_grad():
        assert probe()


def test_set_grad_enabled_switches_at_once():
    """As a statement it switches for good; as a block it restores."""
    with ref.set_grad_enabled(False):
        assert not ref.is_grad_enabled()
        ref.set_grad_enabled(True)
        assert ref.is_grad_enabled()
    assert ref.is_grad_enabled()


def test_one_mode_object_may_be_entered_twice():
    """Entering the same object inside itself restores properly."""
    mode = ref.no_grad()
    with mode, mode:
        assert not ref.is_grad_enabled()
    assert ref.is_grad_enabled()


def test_a_decorated_generator_does_not_leak_while_suspended():
    """The mode holds while the generator runs, and not while it waits."""
    seen = []

    @ref.no_grad()
    def generator():
        try:
            sent = yield ref.is_grad_enabled()
            seen.append((sent, ref.is_grad_enabled()))
            try:
                yield 1
            except KeyError:
                seen.append(("thrown", ref.is_grad_enabled()))
                yield 2
        finally:
            seen.append(("closed", ref.is_grad_enabled()))

    steps = generator()
    assert next(steps) is False
    assert ref.is_grad_enabled()
    assert steps.send("sent") == 1
    assert steps.throw(KeyError()) == 2
    assert ref.is_grad_enabled()
    steps.close()
    assert seen == [("sent", False), ("thrown", False), ("closed", False)]


def test_a_decorated_generator_returns_its_value():
    """`yield from` a decorated generator gives its return value."""

    @ref.no_grad
    def inner():
        yield 1
        return "end"

    def outer():
        return (yield from inner())

    steps = outer()
    next(steps)
    with pytest.raises(StopIteration) as stop:
        next(steps)
    assert stop.value.value == "end"


def test_a_mode_does_not_leak_into_another_thread():
    """Every thread starts with recording on and keeps its own switch."""
    seen = []
    with ref.no_grad():
        thread = threading.Thread(target=lambda: seen.append(ref.is_grad_enabled()))
        thread.start()
        thread.join()
    assert seen == [True]


def test_threads_switch_at_the_same_time(leaf):
    """While one thread is inside no_grad, another one records, and ends with its own mode."""
    x, seen = leaf(1.0), {}
    inside, done = threading.Event(), threading.Event()

    def other():
        with ref.no_grad():
            inside.set()
            done.wait()
            seen["other"] = (x * 2).requires_grad
        seen["after"] = ref.is_grad_enabled()

    thread = threading.Thread(target=other)
    thread.start()
    inside.wait()
    seen["this"] = (x * 2).requires_grad
    done.set()
    thread.join()
    assert seen == {"this": True, "other": False, "after": True}


def test_a_parameter_updated_under_no_grad_stays_a_leaf(leaf):
    """The step changes the value; the parameter still is a leaf that requires a gradient."""
    w = leaf([1.0, 2.0])
    for _ in range(3):
        (w * w).sum().backward()
        with ref.no_grad():
            w -= 0.25 * w.grad
        w.zero_grad()
    assert w.is_leaf
    assert w.requires_grad
    assert w.data.tolist() == [0.125, 0.25]
