"""Templates: what is run and what is printed are one line."""

import numpy as np
import pytest

from gradcheck_suite.errors import UsageError
from gradcheck_suite.program.template import OPTIONAL, Template, template


def call(*args, **kwargs):
    """Return what arrived."""
    return args, kwargs


def both(text, texts):
    """Return the printed line, and what arrives at ``f`` when the line is run."""
    line = template(text)
    values = {k: eval(v, {"np": np}) for k, v in texts.items() if k in line.names}  # noqa: S307
    dropped = frozenset(k for k, v in values.items() if k in OPTIONAL and (v is None or v is False))
    namespace = {"f": call, "Tensor": lambda x: ("Tensor", x), "np": np}
    return line.print(texts), line.compile(tuple(values), dropped, namespace)(**values)


CASES = [
    ("f(x, axis=axis)", {"axis": "0"}, "f(a, axis=0)"),
    ("f(x, axis=axis)", {"axis": "None"}, "f(a)"),
    ("f(x, axis)", {"axis": "None"}, "f(a)"),
    ("f(x, axis, keepdims)", {"axis": "1", "keepdims": "False"}, "f(a, 1)"),
    ("f(x, axis, keepdims)", {"axis": "None", "keepdims": "False"}, "f(a)"),
    ("f(x, axis, keepdims)", {"axis": "None", "keepdims": "True"}, "f(a, None, True)"),
    ("f(x, *axes)", {"axes": "(1, 0)"}, "f(a, *(1, 0))"),
    ("f(x, *axes)", {"axes": "None"}, "f(a)"),
    ("f(x, g=Tensor(cotangent))", {"cotangent": "None"}, "f(a)"),
    ("f(x, Tensor(Tensor(cotangent)))", {"cotangent": "None"}, "f(a)"),
    ("f(x, [cotangent_number])", {"cotangent_number": "None"}, "f(a)"),
    ("f(x, Tensor(cotangent))", {"cotangent": "2.0"}, "f(a, Tensor(2.0))"),
    (
        "f(x, Tensor(cotangent), retain_graph)",
        {"cotangent": "None", "retain_graph": "True"},
        "f(a, None, True)",
    ),
    ("f(x, keep=not retain_graph)", {"retain_graph": "False"}, "f(a, keep=not False)"),
    ("f(x, shape=shape)", {"shape": "None"}, "f(a, shape=None)"),
    ("f(axis=0, y=x)", {"axis": "None"}, "f(axis=0, y=a)"),
    ("f(x ** exponent)", {"exponent": "-0.5"}, "f(a ** (-0.5))"),
    ("f(x - y)", {"y": "1 - 2"}, "f(a - (1 - 2))"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "texts", "printed"), CASES, ids=[f"{c[0]} {c[1]}" for c in CASES])
def test_arguments_are_filled_in_or_dropped(text, texts, printed):
    """An optional argument of None or False is left out, a positional one only at the end."""
    assert template(text).print({"x": "a", **texts}) == printed


@pytest.mark.parametrize(("text", "texts", "printed"), CASES, ids=[f"{c[0]} {c[1]}" for c in CASES])
def test_what_is_printed_is_what_is_run(text, texts, printed):
    """The printed line, run by itself, hands over what the compiled line hands over."""
    line, arrived = both(text, {"x": "3.0", **texts})
    again = eval(line, {"f": call, "Tensor": lambda x: ("Tensor", x)})  # noqa: S307 - our own line
    assert again == arrived


@pytest.mark.parametrize(
    ("text", "index", "printed"),
    [
        ("x[index]", "0", "a[0]"),
        ("x[index]", "1:, None, ::-1", "a[1:, None, ::-1]"),
        ("x[index]", "()", "a[()]"),
        ("x[ index ]", "1:", "a[1:]"),
        ("f(x, index)", "1:, 0", "f(a, np.s_[1:, 0])"),
        ("f(x[0], index)", "1:", "f(a[0], np.s_[1:])"),
    ],
)
def test_an_index_is_printed_where_it_stands(text, index, printed):
    """In brackets an index has its colons; as an argument it is NumPy's ``s_``."""
    assert template(text).print({"x": "a", "index": index}) == printed


@pytest.mark.parametrize(
    ("text", "texts", "printed"),
    [
        ("x += y", {"x": "a", "y": "b"}, "a += b"),
        ("x.grad = None", {"x": "a"}, "a.grad = None"),
        ("with off(): x.copy_(y)", {"x": "a", "y": "b"}, "with off():\n    a.copy_(b)"),
        ("x.y", {"x": "y", "y": "x"}, "y.y"),
        ("x - y", {"x": "y", "y": "x"}, "y - x"),
        ("x * x", {"x": "a + b"}, "(a + b) * (a + b)"),
        ("x ** y", {"x": "-2.0", "y": "a"}, "(-2.0) ** a"),
    ],
)
def test_statements_and_names_are_printed(text, texts, printed):
    """Names are replaced all at once, attributes are left, precedence is kept."""
    assert template(text).print(texts) == printed


def test_a_statement_gives_the_named_result():
    """``x += y`` gives back what the name x then stands for, be it a new object."""
    run = template("x += y").compile(("x", "y"), frozenset(), {}, "x")
    assert run(2, 3) == 5


def test_a_statement_without_a_result_gives_nothing():
    """A statement is run for its effect."""
    run = template("x.append(1); x.append(2)").compile(("x",), frozenset(), {})
    items = []
    assert run(items) is None
    assert items == [1, 2]


def test_lines_run_in_their_namespace():
    """Names that are not filled in are the submission's own; a parameter hides one of them."""
    run = template("f(x)").compile(("x",), frozenset(), {"f": abs, "x": 7})
    assert run(-3) == 3


def test_names_are_those_that_can_be_filled():
    """Attributes and keywords are no names."""
    assert template("np.sum(x.data, axis=axis)").names == {"np", "x", "axis"}


@pytest.mark.parametrize(("text", "answer"), [("x + y", True), ("x += y", False), ("x; y", False)])
def test_expressions_are_told_from_statements(text, answer):
    """Only an expression has a value."""
    assert template(text).is_expression is answer


@pytest.mark.parametrize(
    "text", ["x +", "x.(y)", "import", "x = = y", "\0", "  x", "(" * 500], ids=repr
)
def test_broken_templates_are_told(text):
    """What is not Python is a mistake of whoever wrote it, and is shown."""
    with pytest.raises(UsageError, match=r"got the template .*, expected a line of Python"):
        Template(text)


@pytest.mark.parametrize("text", ["", "\n", "# nothing"])
def test_empty_templates_are_told(text):
    """A line must do something."""
    with pytest.raises(UsageError, match="got an empty template"):
        Template(text)


def test_templates_are_parsed_once():
    """The same text gives the same template."""
    assert template("x + y + x") is template("x + y + x")


def test_printing_leaves_the_template_as_it_was():
    """A template is printed again and again, with other texts."""
    line = template("x.sum(axis=axis)")
    assert line.print({"x": "a", "axis": "None"}) == "a.sum()"
    assert line.print({"x": "b", "axis": "1"}) == "b.sum(axis=1)"


@pytest.mark.parametrize(
    ("eps", "shown"),
    [("None", "Adam(eps=1e-08)"), ("0.5", "Adam(eps=0.5)"), ("0.0", "Adam(eps=0.0)")],
)
def test_a_choice_for_what_is_not_given_is_printed_decided(eps, shown):
    """Nobody would write it out; the line that runs decides in the same way."""
    line = template("Adam(eps=1e-08 if eps is None else eps)")
    assert line.print({"eps": eps}) == shown
    ran = line.compile(("eps",), frozenset({"eps"} if eps == "None" else ()), {"Adam": dict})
    value = None if eps == "None" else float(eps)
    assert ran(value) == {"eps": 1e-8 if value is None else value}


def test_a_pair_may_be_two_arguments():
    """Each is its number where the pair is given, and both are left out where it is not."""
    line = template("Adam(lr, beta1=betas[0], beta2=betas[1])")
    assert line.print({"lr": "0.1", "betas": "(0.5, 0.75)"}) == "Adam(0.1, beta1=0.5, beta2=0.75)"
    assert line.print({"lr": "0.1", "betas": "None"}) == "Adam(0.1)"
