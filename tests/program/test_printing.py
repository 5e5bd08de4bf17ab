"""Printing: a program as its author would write it, which runs and shows what was run."""

import warnings
from dataclasses import replace

import numpy as np
import pytest

from gradcheck_suite.engines.interpreter import run
from gradcheck_suite.engines.known import bind, known_engine
from gradcheck_suite.engines.libraries.reference import REFERENCE
from gradcheck_suite.engines.outcome import Flag, Nothing, Number, Raised
from gradcheck_suite.engines.unwrap import unwrap
from gradcheck_suite.program.array import Array
from gradcheck_suite.program.blocks import Line
from gradcheck_suite.program.features import needs
from gradcheck_suite.program.instructions import (
    Apply,
    Assign,
    Backward,
    ClearGrad,
    Constant,
    Detach,
    GradOf,
    InPlace,
    Leaf,
    Meanwhile,
    Mode,
    Observe,
    OptimizerStep,
    Program,
    RetainGrad,
    SetRequiresGrad,
    Slice,
)
from gradcheck_suite.program.literals import literal
from gradcheck_suite.program.printing import lines
from gradcheck_suite.program.snippet import script
from gradcheck_suite.program.spelling import Spelling

LEAF = Leaf(Array((), (2.0,)))
PAIR = Array((2,), (1.0, -2.0))
SQUARE = Apply("mul", (0, 0))
VALUE = Spelling(
    name="Value",
    leaf="Value(number)",
    imports=("from engine import Value",),
    backward="x.backward()",
    clear="x.grad = 0",
    detach="x.detach()",
    no_grad="no_grad()",
    enable_grad="enable_grad()",
    requires_grad="x.requires_grad",
    set_requires_grad="x.requires_grad = flag",
    retain_grad="x.retain_grad()",
    assign="x.data = number",
    ops=(("mul", "x * y"), ("exp", "x.exp()"), ("pow", "x ** exponent"), ("add", "x + y")),
    in_place=(("add", "x += y"), ("neg", "x.neg_()")),
    optimizers=(("sgd", "SGD(parameters, lr=lr)"), ("adam", "Adam(parameters)")),
)
ARRAYS = replace(
    VALUE,
    leaf="Tensor(data, requires_grad=requires_grad)",
    constant="Tensor(data)",
    imports=("import numpy as np", "from engine import Tensor"),
    backward="x.backward(Tensor(cotangent), retain_graph=retain_graph)",
    ops=(*VALUE.ops, ("sum", "x.sum(axis=axis)"), ("sum.keepdims", "x.sum_keep()"),
         ("getitem", "x[index]"), ("stack", "stack(xs, axis)")),
)  # fmt: skip


def printed(*body, spelling=VALUE):
    """Return the lines of a program as texts."""
    return [str(line) for line in lines(Program(body), spelling)]


class Printed:
    """Stands for ``print``: keeps what came."""

    def __init__(self, read):
        self.read = read
        self.seen = []

    def __call__(self, *values):
        """Keep the values of one print as they are now: an engine may overwrite its arrays."""
        kept = (str, bool, type(None), BaseException)
        self.seen.append(tuple(v if isinstance(v, kept) else self.read(v) for v in values))


def executed(program, spelling, outcomes):
    """Run the printed script and return what it showed, one entry for each outcome."""
    text = script(program, spelling, dict.fromkeys(outcomes, "this"))
    engine = bind(spelling)
    out = Printed(lambda x: unwrap(x) if isinstance(x, np.ndarray) else engine.value(x))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # as the interpreter does
        exec(text, {"print": out})  # noqa: S102 - the script under test
    assert out.seen[1::2] == [("  expected this",)] * len(outcomes), text
    return [values for values in out.seen[::2] if values != ("no exception was raised",)]


def agrees(shown, outcome):
    """Tell whether what a script printed is the outcome."""
    match outcome:
        case Raised(kind, message):
            return shown[0] == "raised" and shown[1] == kind and str(shown[2])[:300] == message
        case Nothing():
            return shown[1] is None
        case Flag(value):
            return bool(shown[1]) is value
        case Number(values=values):
            found = shown[1].values
            return found.shape == values.shape and np.array_equal(found, values, equal_nan=True)
    return False


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_scripts_show_what_the_reference_did(drawn, dtype):
    """The printed script of every drawn program prints the very numbers that came when it ran."""
    spelling = replace(REFERENCE, dtype=dtype)
    engine = bind(spelling)
    step = 1 if dtype == "float64" else 4  # all that differs is how leaves and constants are made
    for program in drawn[::step]:
        outcomes = run(program, engine)
        shown = executed(program, spelling, outcomes)
        for index, values in zip(sorted(outcomes), shown, strict=True):
            assert agrees(values, outcomes[index]), script(program, spelling, {})


@pytest.mark.needs_module("torch")
def test_scripts_show_what_torch_did(drawn):
    """The same for torch, whose spelling has statements, forms and wrapped cotangents."""
    engine = known_engine("torch")
    n_run = 0
    for program in drawn:
        if needs(program) <= engine.capabilities:
            outcomes = run(program, engine)
            shown = executed(program, engine.spelling, outcomes)
            n_run += 1
            for index, values in zip(sorted(outcomes), shown, strict=True):
                assert agrees(values, outcomes[index]), script(program, engine.spelling, {})
    assert n_run > 0.9 * len(drawn)


RARE = {
    "nan and infinities": (
        Leaf(Array((3,), (np.nan, np.inf, -np.inf))),
        Apply("neg", (0,)),
        Observe("value", 1),
    ),
    "empty": (
        Leaf(Array((0, 3), ())),
        Apply("sum", (0,), (("axis", 0),)),
        Observe("value", 1),
    ),
    "an empty index": (
        Leaf(PAIR),
        Apply("getitem", (0,), (("index", (Array((0,), (), "int"),)),)),
        Observe("value", 1),
    ),
    "an index of no parts": (Leaf(PAIR), Apply("getitem", (0,), (("index", ()),)),
        Observe("value", 1)),
    "a look inside of a decorated function": (
        Leaf(PAIR),
        Mode("no_grad", (Apply("exp", (0,)), Observe("value", 2)), decorator=True, raises=True),
        Observe("value", 2),
    ),
    "decorated functions in each other": (
        Leaf(PAIR),
        Mode(
            "no_grad",
            (Mode("enable_grad", (SQUARE,), decorator=True), Apply("exp", (3,))),
            decorator=True,
        ),
        Backward(3, PAIR),
        Observe("grad", 0),
        Observe("requires_grad", 4),
    ),
    "a generator in the block of another": (
        LEAF,
        Mode(
            "no_grad",
            (
                Meanwhile((Mode("enable_grad", (SQUARE, Meanwhile((Apply("exp", (4,)),)))),)),
                Meanwhile((SQUARE,)),
                Apply("mul", (4, 8)),
            ),
        ),
        Apply("mul", (9, 6)),
        Backward(10),
        Observe("grad", 0),
        Observe("value", 9),
    ),
    "a generator that raises": (
        LEAF,
        Mode("no_grad", (SQUARE, Meanwhile((Apply("exp", (2,)),))), raises=True),
        Observe("requires_grad", 4),
        Observe("value", 4),
    ),
    "a bare number in a decorated function": (
        Leaf(PAIR),
        Mode("no_grad", (Constant(Array((), (-2.0,)), plain=True), Apply("power", (0, 2))),
             decorator=True),
        Observe("value", 3),
    ),
    "an update in a decorated function": (
        Leaf(PAIR),
        Mode("no_grad", (InPlace("add", 0, (0,)),), decorator=True),
        Observe("value", 0),
        Observe("value", 2),
    ),
    "an update of a result": (
        Leaf(PAIR),
        Apply("exp", (0,)),
        InPlace("mul", 1, (0,)),
        Backward(2, PAIR),
        Observe("grad", 0),
    ),
    "an exception inside of a block": (
        Leaf(PAIR),
        Mode("no_grad", (SQUARE, Backward(2, PAIR), Assign(0, 2)), decorator=True),
        Observe("value", 0),
    ),
    "second order": (
        LEAF,
        Apply("pow", (0,), (("exponent", 3),)),
        Backward(1, create_graph=True),
        GradOf(0),
        ClearGrad(0),
        Backward(3),
        Observe("grad", 0),
    ),
    "flags": (
        LEAF,
        SetRequiresGrad(0, flag=False),
        SQUARE,
        Observe("requires_grad", 2),
        Detach(0),
        Observe("is_leaf", 4),
        Observe("has_graph", 2),
    ),
}  # fmt: skip


@pytest.mark.parametrize("body", RARE.values(), ids=RARE)
def test_rare_scripts_show_what_the_reference_did(body):
    """Scripts of forms that no strategy draws yet run too, and show what was run."""
    outcomes = run(Program(body), known_engine("reference"))
    shown = executed(Program(body), REFERENCE, outcomes)
    assert len(shown) == len(outcomes) > 0
    assert all(
        agrees(values, outcomes[index])
        for index, values in zip(sorted(outcomes), shown, strict=True)
    )


def test_the_shape_of_a_program():
    """Values get names in order; effects are statements; a look is the expression."""
    assert printed(LEAF, SQUARE, Backward(1), ClearGrad(0), Observe("grad", 0)) == [
        "a = Value(2.0)",
        "b = a * a",
        "b.backward()",
        "a.grad = 0",
        "a.grad",
    ]


def test_effects():
    """Each effect is printed by its template."""
    body = (
        LEAF,
        Detach(0),
        RetainGrad(1),
        SetRequiresGrad(0, flag=True),
        Assign(0, 1),
        GradOf(0),
        Apply("exp", (5,)),
        Observe("value", 6),
        Observe("requires_grad", 0),
    )
    assert printed(*body) == [
        "a = Value(2.0)",
        "b = a.detach()",
        "b.retain_grad()",
        "a.requires_grad = True",
        "a.data = b.data",
        "c = Value(a.grad)",
        "d = c.exp()",
        "d.data",
        "a.requires_grad",
    ]


def test_ops_without_a_template_are_printed_by_name():
    """What an engine does not have is still readable."""
    assert printed(LEAF, Apply("power", (0, 0)))[1] == "b = power(a, a)"


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        (Mode("no_grad", (SQUARE,)), ["with no_grad():", "    b = a * a"]),
        (Mode("enable_grad", ()), ["with enable_grad():", "    pass"]),
        (
            Mode("no_grad", (SQUARE,), decorator=True),
            ["@no_grad()", "def run():", "    global b", "    b = a * a", "run()"],
        ),
        (Mode("no_grad", (), decorator=True), ["@no_grad()", "def run():", "    pass", "run()"]),
        (
            Mode("no_grad", (SQUARE,), raises=True),
            [
                "try:",
                "    with no_grad():",
                "        b = a * a",
                "        raise ValueError",
                "except ValueError:",
                "    pass",
            ],
        ),
        (
            Mode("no_grad", (SQUARE, Meanwhile((SQUARE,)), SQUARE)),
            [
                "def steps():",
                "    global b, d",
                "    with no_grad():",
                "        b = a * a",
                "        yield",
                "        d = a * a",
                "waiting = steps()",
                "next(waiting)",
                "c = a * a",
                "next(waiting, None)",
            ],
        ),
        (
            Mode("no_grad", (Meanwhile(()),)),
            [
                "def steps():",
                "    with no_grad():",
                "        yield",
                "waiting = steps()",
                "next(waiting)",
                "waiting.close()",
            ],
        ),
        (
            Mode("no_grad", (Meanwhile(()),), raises=True),
            [
                "def steps():",
                "    with no_grad():",
                "        yield",
                "        raise ValueError",
                "waiting = steps()",
                "next(waiting)",
                "try:",
                "    next(waiting)",
                "except ValueError:",
                "    pass",
            ],
        ),
        (
            Mode("no_grad", (Mode("enable_grad", (SQUARE,)), SQUARE)),
            ["with no_grad():", "    with enable_grad():", "        b = a * a", "    c = a * a"],
        ),
    ],
    ids=[
        *("block", "empty", "decorator", "empty decorator", "exception"),
        *("generator", "closed generator", "generator that raises", "nested"),
    ],
)
def test_modes(mode, expected):
    """Blocks, decorated functions and exceptions are printed as they would be written."""
    assert printed(LEAF, mode)[1:] == expected


@pytest.mark.parametrize(
    ("instruction", "expected"),
    [
        (InPlace("add", 0, (0,)), "a += a"),
        (InPlace("neg", 0), "a.neg_()"),
        (Backward(0), "a.backward()"),
        (Backward(0, Array((), (3.0,))), "(a * Value(3.0)).backward()"),
    ],
)
def test_scalar_lines(instruction, expected):
    """A cotangent that backward does not take is a weight of the sum."""
    assert printed(LEAF, instruction)[1] == expected


def test_an_update_keeps_the_name():
    """After ``a += b`` the value is called a."""
    assert printed(LEAF, InPlace("add", 0, (0,)), Apply("exp", (1,)))[2] == "b = a.exp()"


@pytest.mark.parametrize(
    ("instruction", "expected"),
    [
        (Backward(0, PAIR), "a.backward(Tensor(np.array([1.0, -2.0])))"),
        (Backward(0, PAIR, retain_graph=True),
         "a.backward(Tensor(np.array([1.0, -2.0])), retain_graph=True)"),
        (Backward(0, retain_graph=True), "a.backward(retain_graph=True)"),
        (Apply("sum", (0,)), "b = a.sum()"),
        (Apply("sum", (0,), (("axis", 0),)), "b = a.sum(axis=0)"),
        (Apply("sum", (0,), (("keepdims", True),)), "b = a.sum_keep()"),
        (Apply("stack", (0, 0, 0), (("axis", 1),)), "b = stack([a, a, a], 1)"),
        (Apply("getitem", (0,), (("index", (Slice(None, None, -1), None)),)), "b = a[::-1, None]"),
        (Apply("getitem", (0,), (("index", (Array((2,), (0, 0), "int"),)),)),
         "b = a[np.array([0, 0])]"),
        (Apply("pow", (0,), (("exponent", -2),)), "b = a ** (-2)"),
        (Constant(Array((2,), (True, False), "bool")), "b = np.array([True, False])"),
        (Constant(PAIR), "b = Tensor(np.array([1.0, -2.0]))"),
        (Leaf(PAIR, requires_grad=False), "b = Tensor(np.array([1.0, -2.0]), requires_grad=False)"),
        (Leaf(Array((2,), (1, 2), "int")), "b = Tensor(np.array([1, 2]), requires_grad=True)"),
    ],
    ids=lambda v: v if isinstance(v, str) else "",
)  # fmt: skip
def test_array_lines(instruction, expected):
    """Arrays, flags, forms and indices are printed as they are run."""
    assert printed(Leaf(PAIR), instruction, spelling=ARRAYS)[1] == expected


def test_a_weighted_sum_stands_for_a_cotangent():
    """Without a cotangent, an array is weighted and summed up."""
    spelling = replace(ARRAYS, backward="x.backward()")
    line = printed(Leaf(PAIR), Backward(0, PAIR), spelling=spelling)[1]
    assert line == "(a * Tensor(np.array([1.0, -2.0]))).sum().backward()"


def test_single_precision_is_printed():
    """An engine that is handed float32 is shown float32, for floats alone."""
    spelling = replace(ARRAYS, dtype="float32")
    body = (Leaf(PAIR), Leaf(Array((1,), (1,), "int")), Backward(0, PAIR))
    assert printed(*body, spelling=spelling) == [
        "a = Tensor(np.array([1.0, -2.0], dtype=np.float32), requires_grad=True)",
        "b = Tensor(np.array([1]), requires_grad=True)",
        "a.backward(Tensor(np.array([1.0, -2.0], dtype=np.float32)))",
    ]


def test_bare_numbers_have_no_line():
    """A plain constant is printed where it is used."""
    body = (LEAF, Constant(Array((), (-2.0,)), plain=True), Apply("mul", (1, 0)))
    assert printed(*body) == ["a = Value(2.0)", "b = -2.0 * a"]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1, "1"),
        (0.5, "0.5"),
        (True, "True"),
        (None, "None"),
        ("mean", "'mean'"),
        ((), "()"),
        ((1,), "(1,)"),
        ((1, (2, 3)), "(1, (2, 3))"),
        (Slice(), ":"),
        (Slice(1, None), "1:"),
        (Slice(None, -1, 2), ":-1:2"),
        (Slice(None, None, -1), "::-1"),
        (Array((2, 1), (1.0, 2.0)), "np.array([[1.0], [2.0]])"),
        (Array((1, 2), (True, False), "bool"), "np.array([[True, False]])"),
        (Array((0, 2), (), "int"), "np.zeros((0, 2), dtype=np.int64)"),
        (float("nan"), "float('nan')"),
        (float("-inf"), "float('-inf')"),
    ],
    ids=str,
)
def test_literals(value, text):
    """Attributes are printed as Python that means the same."""
    assert literal(value) == text


def names_of(program_lines):
    """Return what is assigned to, in order."""
    return [text.partition(" = ")[0] for text in program_lines]


def test_variable_names_are_single_letters_first():
    """a, b, ... without l and o, which read like digits; then a1, b1, ..."""
    names = names_of(printed(*[LEAF] * 60))
    assert "".join(names[:24]) == "abcdefghijkmnpqrstuvwxyz"
    assert names[24:26] == ["a1", "b1"]
    assert len(set(names)) == 60


@pytest.mark.parametrize(
    "spelling",
    [
        replace(VALUE, imports=("import engine as a",)),
        replace(VALUE, imports=("from engine import a, b as c",)),
        replace(VALUE, imports=("import a.engine",)),
        replace(VALUE, imports=("from engine import *",), leaf="a(number)"),
        replace(VALUE, ops=(("mul", "a.mul(x, y)"),)),
        replace(VALUE, optimizers=(("sgd", "a(parameters)"),)),
    ],
    ids=["alias", "from", "package", "star", "op", "optimizer"],
)
def test_variable_names_hide_nothing(spelling):
    """No value takes a name that an import binds or a template uses."""
    assert "a" not in names_of(printed(*[LEAF] * 30, spelling=spelling))


def test_one_optimizer_object_for_equal_steps():
    """Equal steps share an object, others get one of their own; each is made where first used."""
    sgd = OptimizerStep("sgd", (0,), (("lr", 0.5),))
    body = (LEAF, sgd, OptimizerStep("adam", (0,)), sgd)
    assert [part for text in printed(*body) for part in text.splitlines()][1:] == [
        "optimizer = SGD([a], lr=0.5)",
        "optimizer.step()",
        "optimizer_2 = Adam([a])",
        "optimizer_2.step()",
        "optimizer.step()",
    ]


def test_an_optimizer_made_in_a_function_is_global():
    """A later step outside of the decorated function finds it."""
    step = OptimizerStep("adam", (0,))
    assert "    global optimizer" in printed(LEAF, Mode("no_grad", (step,), decorator=True), step)


def test_lines_of_several_rows_are_indented_whole():
    """A statement of two rows inside of a block stays inside of it."""
    line = Line(3, "with off():\n    a.copy_(b)", 1)
    assert str(line) == "    with off():\n        a.copy_(b)"


def test_scripts_show_only_what_is_expected():
    """Looks without an expectation are left out, and an exception that is due is caught."""
    program = Program((LEAF, Backward(0), Observe("value", 0), Observe("grad", 0)))
    assert script(program, VALUE, {1: "an exception", 3: "1.0"}).splitlines() == [
        "from engine import Value",
        "",
        "a = Value(2.0)",
        "try:",
        "    a.backward()",
        "    print('no exception was raised')",
        "except Exception as error:",
        "    print('raised', type(error).__name__, error)",
        "print('  expected an exception')",
        "print('a.grad is', a.grad)",
        "print('  expected 1.0')",
    ]


def test_a_block_of_looks_that_are_left_out_is_not_empty():
    """A script is Python, also when a block loses all of its lines."""
    program = Program((LEAF, Mode("no_grad", (Observe("value", 0),))))
    compile(script(program, VALUE, {}), "script", "exec")


def test_numpy_is_imported_where_a_literal_needs_it():
    """A mask is NumPy's also where the engine is not."""
    mask = Array((2,), (True, False), "bool")
    assert script(Program((Constant(mask),)), VALUE, {}).startswith("import numpy as np\n")
    assert "numpy" not in script(Program((LEAF,)), VALUE, {})


def test_quotes_in_expectations_are_escaped():
    """An expected text is data, whatever stands in it."""
    text = script(Program((LEAF, Observe("value", 0))), VALUE, {1: 'it\'s "2"\n'})
    compile(text, "script", "exec")
    assert repr('  expected it\'s "2"\n') in text


def test_a_cotangent_that_is_looked_at_has_a_name():
    """The array is made on a line of its own, handed over, and looked at by its name."""
    seed = Array((2,), (3.0, -1.0))
    body = (Leaf(Array((2,), (1.0, 2.0))), Backward(0, seed), Observe("cotangent", 1))
    assert printed(*body, spelling=ARRAYS) == [
        "a = Tensor(np.array([1.0, 2.0]), requires_grad=True)",
        "b = np.array([3.0, -1.0])\na.backward(Tensor(b))",
        "b",
    ]


@pytest.mark.parametrize(("grad_of", "grad"), [("", "a.grad"), ("x.grad", "a.grad.data")])
def test_a_look_at_a_dtype_compares_it_with_that_of_the_leaf(grad_of, grad):
    """Gradients that are values of the engine are opened first."""
    spelling = replace(ARRAYS, grad_of=grad_of)
    look = printed(LEAF, Observe("dtype", 0), spelling=spelling)[-1]
    assert look == f"np.asarray({grad}).dtype == np.asarray(a.data).dtype"


NAMELESS = '''
class Nameless:
    """A number whose gradient is another one; it does not say how it is printed."""

    def __init__(self, data, parents=()):
        self.data, self.parents, self.grad = data, parents, None

    def __mul__(self, other):
        return Nameless(self.data * other.data, (self, other))

    def backward(self):
        for x, y in zip(self.parents, self.parents[::-1]):
            x.grad = y if x.grad is None else Nameless(x.grad.data + y.data)
'''


@pytest.mark.parametrize(("backward", "shown"), [(True, "3.0"), (False, "None")])
def test_a_script_prints_numbers_of_a_class_that_prints_its_address(
    backward: bool, shown: str, capsys: pytest.CaptureFixture[str]
):
    """A gradient that is a value of the engine is printed by what it holds, if it is there."""
    spelling = replace(
        VALUE,
        name="Nameless",
        imports=(NAMELESS,),
        leaf="Nameless(number)",
        value="x.data",
        grad="x.grad",
        grad_of="x.grad",
    )
    steps = (Backward(2),) if backward else (Observe("value", 2),)
    three = Leaf(Array((), (3.0,)))
    program = Program((LEAF, three, Apply("mul", (0, 1)), *steps, Observe("grad", 0)))
    exec(script(program, spelling, {4: "3.0"}), {})  # noqa: S102 - to be run
    assert capsys.readouterr().out.splitlines() == [f"a.grad is {shown}", "  expected 3.0"]
