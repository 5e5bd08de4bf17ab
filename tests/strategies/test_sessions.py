"""Sessions: programs of the suite that hold together, and that show what they are about."""

from dataclasses import replace

import numpy as np
import pytest

from gradcheck_suite.engines.interpreter import run
from gradcheck_suite.engines.known import bind, known_engine
from gradcheck_suite.engines.libraries.reference import REFERENCE
from gradcheck_suite.engines.outcome import Flag, Number, Raised
from gradcheck_suite.program.instructions import (
    Apply,
    Backward,
    Constant,
    Detach,
    Leaf,
    Meanwhile,
    Mode,
    Observe,
)
from gradcheck_suite.program.ops.special import SPECIAL
from gradcheck_suite.program.shapes import shapes
from gradcheck_suite.strategies.drawing import find_smallest
from gradcheck_suite.strategies.world import SCALARS, TENSORS, World
from tests.strategies.all_sessions import OF_ARRAYS, RAISING, SESSIONS

NOTHING = "contextlib.nullcontext()"
ABOUT = frozenset(op.name for op in SPECIAL)  # what a session may be about itself
IMPORTS = (*REFERENCE.imports, "import contextlib")


def test_every_program_holds_together(some_programs):
    """All shapes can be inferred, and something is looked at."""
    for program in some_programs:
        shapes(program)
        assert any(isinstance(i, Observe) for _, i in program.numbered())


def test_every_number_is_exact_in_single_precision(some_programs):
    """Leaves, constants and cotangents are never rounded by an engine of float32."""
    for program in some_programs:
        for _, i in program.numbered():
            array = i.cotangent if isinstance(i, Backward) else getattr(i, "array", None)
            assert array is None or all(float(np.float32(v)) == v for v in array.values)


def test_scalar_worlds_stay_scalar(programs_of):
    """A scalar engine is never shown an array."""
    for name in sorted(SESSIONS.keys() - OF_ARRAYS):
        for program in programs_of(SESSIONS[name](SCALARS), 25):
            assert set(shapes(program).values()) == {()}


def differs(seen, others):
    """Tell whether two engines did something different."""
    if seen.keys() != others.keys():
        return True
    return any(
        not np.array_equal(a.values, others[k].values)
        if isinstance(a, Number) and isinstance(others[k], Number)
        else type(a) is not type(others[k]) or (isinstance(a, Flag) and a != others[k])
        for k, a in seen.items()
    )


def share_that_shows(name, programs_of, **changes):
    """Return in which share of a session's programs a wrong spelling of the reference shows."""
    wrong = bind(replace(REFERENCE, imports=IMPORTS, **changes))
    right = known_engine("reference")
    with np.errstate(all="ignore"):  # logarithms of negative numbers: such programs are not used
        drawn = list(programs_of(SESSIONS[name](TENSORS), 60))
        return np.mean([differs(run(p, right), run(p, wrong)) for p in drawn])


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("detached_paths", {"detach": "x"}),
        ("no_grad_results", {"no_grad": NOTHING}),
        ("enable_grad_inside", {"enable_grad": NOTHING}),
        ("enable_grad_inside", {"no_grad": NOTHING}),
        ("clear_and_repeat", {"clear": "x"}),
        ("retained_gradients", {"retain_grad": "x"}),
        ("detach_leaves_upstream", {"detach": "x + 1"}),
        ("requires_grad_flags", {"requires_grad": "True"}),
        ("is_leaf_flags", {"is_leaf": "True"}),
        ("retained_backward", {"backward": "x.backward(reference.Tensor(cotangent))"}),
    ],
    ids=lambda v: v if isinstance(v, str) else "-".join(v),
)
def test_what_a_session_is_about_shows(name, changes, programs_of):
    """An engine without the means that a session is about differs in most of its programs."""
    assert share_that_shows(name, programs_of, **changes) >= 0.6


@pytest.mark.parametrize(
    "name", ["fan_out", "nonleaf_gradients", "retained_gradients", "detached_paths"]
)
def test_gradients_seldom_vanish(name, programs_of):
    """Few programs end in zero gradients alone, which hide all that went wrong on the way."""
    engine = known_engine("reference")
    vanished = []
    for program in programs_of(SESSIONS[name](SCALARS), 80):
        with np.errstate(all="ignore"):
            seen = run(program, engine)
        numbers = [o.values for o in seen.values() if isinstance(o, Number)]
        vanished.append(not any(np.any(v) for v in numbers))
    assert np.mean(vanished) <= 0.15


@pytest.mark.needs_module("torch")
def test_a_second_backward_always_raises_in_torch(programs_of):
    """Every graph of the session keeps something, so that freeing it is seen."""
    torch = known_engine("torch")
    for program in programs_of(SESSIONS["second_backward"](TENSORS), 40):
        assert any(isinstance(o, Raised) for o in run(program, torch).values())


@pytest.mark.needs_module("torch")
def test_no_other_session_raises_in_torch(programs_of):
    """Where a graph is run twice it is retained, and no operand lacks what backward needs."""
    torch = known_engine("torch")
    for name in sorted(SESSIONS.keys() - RAISING):
        for program in programs_of(SESSIONS[name](TENSORS), 40):
            raised = [o for o in run(program, torch).values() if isinstance(o, Raised)]
            assert raised == [], (name, program)


def test_flags_are_asked_of_both_sides(programs_of):
    """The operand that needs a gradient is the left one in some programs, the right in others."""
    orders = set()
    for program in programs_of(SESSIONS["requires_grad_flags"](SCALARS), 60):
        mixed = next(i for i in program.instructions if isinstance(i, Apply))
        orders.add(mixed.args)
    assert orders == {(0, 1), (1, 0)}


def test_modes_end_in_every_way(programs_of):
    """By the end of the block, by an exception, as a decorator; alone and inside of another."""
    for name, depth in (("modes_restored", 1), ("outer_modes_restored", 2)):
        ways = set()
        for program in programs_of(SESSIONS[name](SCALARS), 60):
            modes = [i for _, i in program.numbered() if isinstance(i, Mode)]
            ways.add((len(modes), modes[-1].decorator, modes[-1].raises))
        assert len(ways) == 4
        assert {n for n, _, _ in ways} == {depth}


def test_generators_end_in_every_way(programs_of):
    """They are closed, they are resumed and end, or they raise then."""
    ways = set()
    for program in programs_of(SESSIONS["modes_of_generators"](SCALARS), 60):
        (block,) = (i for _, i in program.numbered() if isinstance(i, Mode))
        ways.add((isinstance(block.body[-1], Meanwhile), block.raises))
    assert len(ways) == 4


def test_worlds_without_an_op_do_not_draw_it(programs_of):
    """An engine that lacks an op is not asked for it in structural programs."""
    world = World("scalar", ("mul", "add"))
    for name, strategy in SESSIONS.items():
        for program in programs_of(strategy(world), 15):
            ops = {i.op for _, i in program.numbered() if isinstance(i, Apply)}
            assert ops - ABOUT <= {"mul", "add"}, name


@pytest.mark.parametrize("name", sorted(SESSIONS.keys() - OF_ARRAYS - {"graph_that_ran"}))
def test_sessions_shrink_to_products_of_ones(name):
    """The smallest session is of scalars 1, and of products."""
    drawn = SESSIONS[name](TENSORS)
    program = find_smallest(drawn, lambda _: True, seed=1, n_tries=50)
    instructions = [i for _, i in program.numbered()]
    arrays = [i.array for i in instructions if isinstance(i, (Leaf, Constant))]
    assert {(a.shape, a.values) for a in arrays} == {((), (1.0,))}
    sums = {"add"} if name == "micro_batches" else set()  # the loss of a batch is one
    assert {i.op for i in instructions if isinstance(i, Apply)} <= {"mul"} | sums | ABOUT


def test_a_wanted_instruction_survives_shrinking():
    """Shrinking keeps what was wanted: here, a detached result."""
    drawn = SESSIONS["detached_paths"](TENSORS)
    program = find_smallest(
        drawn,
        lambda p: any(isinstance(i, Detach) and i.x > 1 for _, i in p.numbered()),
        seed=1,
        n_tries=200,
    )
    assert len(program.instructions) == 7
