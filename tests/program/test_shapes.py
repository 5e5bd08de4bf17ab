"""Shape inference."""

import pytest

from gradcheck_suite.engines.known import known_engine
from gradcheck_suite.errors import ProgramError
from gradcheck_suite.program.array import Array
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
    Mode,
    Observe,
    OptimizerStep,
    Program,
    SetRequiresGrad,
)
from gradcheck_suite.program.ops.shaping import numpy_index
from gradcheck_suite.program.shapes import shape_of_result, shapes

X = Leaf(Array((2, 3), (1.0, 2.0, 3.0, 4.0, 5.0, 6.0)))
V = Leaf(Array((3,), (1.0, 2.0, 3.0)))


def test_shapes_are_the_engines_own(drawn):
    """Every value of every drawn program has the shape that the reference gives it."""
    engine = known_engine("reference")
    n_compared = 0
    for program in drawn:
        known = shapes(program)
        values = {}
        for index, instruction in program.numbered():
            match instruction:
                case Leaf(array, flag):
                    values[index] = engine.leaf(array.numpy(), flag)
                case Apply(op, args, attrs) if all(a in values for a in args):
                    values[index] = engine.apply(op, [values[a] for a in args], attrs)
                    assert values[index].shape == known[index], program
                    n_compared += 1
                case Constant(array, plain):
                    values[index] = engine.constant(array.numpy(), plain)
                case _:
                    pass
    assert n_compared > len(drawn) / 2


def test_values_and_effects():
    """Values have shapes; modes, looks and effects have none; an update keeps the shape."""
    program = Program(
        (
            X,
            V,
            Mode("no_grad", (Apply("sum", (0,), (("axis", 0),)),)),
            Detach(3),
            Backward(3),
            GradOf(0),
            InPlace("add", 0, (1,)),
            Assign(1, 4),
            Observe("value", 7),
        ),
    )
    assert shapes(program) == {0: (2, 3), 1: (3,), 3: (3,), 4: (3,), 6: (2, 3), 7: (2, 3)}


@pytest.mark.parametrize(
    "instruction",
    [
        Apply("exp", (1,)),
        Apply("add", (0, 7)),
        InPlace("add", 0, (2,)),
        Detach(1),
        GradOf(1),
        Backward(5),
        ClearGrad(5),
        SetRequiresGrad(5, flag=True),
        Assign(0, 5),
        Assign(5, 0),
        OptimizerStep("sgd", (0, 5)),
        Observe("grad", 5),
        Mode("no_grad", (Observe("grad", 5),)),
    ],
    ids=lambda i: f"{type(i).__name__}",
)
def test_values_must_exist(instruction):
    """An index that no earlier instruction made is told with the instruction that uses it."""
    with pytest.raises(ProgramError, match=r"instruction \d uses value \d, which no earlier"):
        shapes(Program((X, instruction)))


def test_effects_make_no_values():
    """A Backward cannot be an operand."""
    with pytest.raises(ProgramError, match="instruction 2 uses value 1"):
        shapes(Program((X, Backward(0), Apply("exp", (1,)))))


@pytest.mark.parametrize(
    ("op", "operands", "attrs"),
    [
        ("add", ((2, 3), (2,)), ()),
        ("matmul", ((2, 3), (2, 3)), ()),
        ("sum", ((2,),), (("axis", 1),)),
        ("sum", ((2,),), (("colour", 1),)),
        ("reshape", ((2, 3),), (("shape", (4,)),)),
        ("broadcast_to", ((2,),), (("shape", (3,)),)),
        ("getitem", ((2,),), (("index", 2),)),
        ("getitem", ((2,),), (("index", (0, 0)),)),
        ("getitem", ((2,),), (("index", Array((3,), (True,) * 3, "bool")),)),
        ("concatenate", ((2,), (2, 3)), ()),
        ("stack", (), ()),
        ("transpose", ((2, 3),), (("axes", (0, 0)),)),
        ("exp", ((0, 2**31, 2**31, 2**31),), ()),
    ],
    ids=lambda v: str(v) if isinstance(v, str) else "",
)
def test_shapes_that_do_not_fit(op, operands, attrs):
    """The error names the op, the shapes and the attributes."""
    with pytest.raises(ProgramError, match=rf"^{op} does not apply to shapes \("):
        shape_of_result(op, operands, attrs)


@pytest.mark.parametrize(
    ("op", "n"), [("exp", 2), ("add", 1), ("add", 3), ("where", 2), ("sum", 2), ("neg", 0)]
)
def test_operands_are_counted(op, n):
    """One operand too many would be NumPy's ``out``, and would pass unseen."""
    with pytest.raises(ProgramError, match=rf"got {n} operands for {op}, expected "):
        shape_of_result(op, ((2,),) * n)


def test_one_part_is_not_wrapped():
    """An index of one part stands alone, as in ``x[0]``; several are a tuple."""
    assert numpy_index((0,)) == 0
    assert numpy_index((0, None)) == (0, None)
    assert numpy_index(()) == ()


@pytest.mark.parametrize("x", [0, 1, 2, 4])
def test_only_a_cotangent_that_was_given_can_be_looked_at(x):
    """Leaves, looks, later instructions and a backward without one have none."""
    leaf = Leaf(Array((), (1.0,)))
    body = (leaf, Backward(0), Observe("grad", 0), Backward(0, leaf.array))
    assert set(shapes(Program((*body, Observe("cotangent", 3))))) == {0}
    with pytest.raises(ProgramError, match=f"4 looks at {x}, which is no earlier cotangent"):
        shapes(Program((*body, Observe("cotangent", x))))
