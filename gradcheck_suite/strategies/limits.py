"""Arrays at the limits: without elements, of rank 4, huge or tiny, not contiguous, not finite."""

from collections.abc import Sequence
from dataclasses import replace
from math import inf
from typing import Final

from hypothesis import strategies as st

from gradcheck_suite.program.array import Array, Layout
from gradcheck_suite.program.instructions import Attributes, Program, Slice
from gradcheck_suite.program.op import Domain
from gradcheck_suite.program.shapes import Shape
from gradcheck_suite.program.table import OPS
from gradcheck_suite.strategies.builder import Builder
from gradcheck_suite.strategies.call import Call, call_of
from gradcheck_suite.strategies.numbers import arrays, cotangents
from gradcheck_suite.strategies.world import World

__all__ = [
    "infinite_inputs",
    "magnitudes",
    "masked",
    "negative_bases",
    "non_contiguous",
    "of_rank_4",
    "poles",
    "without_elements",
]

# An op, the shapes of its operands, its attributes.
_Form = tuple[str, tuple[Shape, ...], Attributes]

WITHOUT_ELEMENTS: Final[tuple[_Form, ...]] = (
    ("add", ((0,), (0,)), ()),
    ("mul", ((0, 3), (0, 3)), ()),
    ("tanh", ((0,),), ()),
    ("exp", ((2, 0),), ()),
    ("relu", ((0, 3),), ()),
    ("mul", ((0, 3), (3,)), ()),
    ("add", ((0, 3), (1, 3)), ()),
    ("sub", ((), (0,)), ()),
    ("sum", ((0,),), ()),
    ("sum", ((0, 3),), ()),
    ("sum", ((0, 3),), (("axis", 0),)),
    ("sum", ((0, 3),), (("axis", 1),)),
    ("sum", ((2, 0),), (("axis", 1), ("keepdims", True))),
    ("matmul", ((2, 0), (0, 3)), ()),
    ("matmul", ((0, 2), (2, 3)), ()),
    ("concatenate", ((2, 3), (0, 3)), (("axis", 0),)),
    ("concatenate", ((0,), (2,), (0,)), (("axis", 0),)),
    ("reshape", ((0, 3),), (("shape", (3, 0)),)),
    ("transpose", ((0, 3),), ()),
    ("getitem", ((3,),), (("index", (Slice(1, 1),)),)),
    ("getitem", ((0, 3),), (("index", (Slice(None), 1)),)),
)
OF_RANK_4: Final[tuple[_Form, ...]] = (
    ("tanh", ((2, 3, 1, 2),), ()),
    ("mul", ((2, 1, 3, 2), (2, 1, 3, 2)), ()),
    ("mul", ((2, 3, 1, 2), (3, 1, 2)), ()),
    ("add", ((2, 1, 2, 2), (2,)), ()),
    ("sub", ((2, 1, 3, 1), (1, 2, 1, 2)), ()),
    ("div", ((1, 2, 2, 1), (2, 1, 1, 3)), ()),
    ("maximum", ((3, 1), (2, 1, 1, 2)), ()),
    ("sum", ((2, 1, 2, 3),), ()),
    ("sum", ((2, 1, 2, 3),), (("axis", 2),)),
    ("sum", ((2, 3, 1, 2),), (("axis", (0, 2)),)),
    ("mean", ((2, 2, 1, 3),), (("axis", (1, 3)), ("keepdims", True))),
    ("max", ((2, 1, 3, 2),), (("axis", -2),)),
    ("transpose", ((2, 3, 1, 2),), ()),
    ("transpose", ((2, 1, 3, 2),), (("axes", (0, 2, 1, 3)),)),
    ("transpose", ((2, 1, 3, 2),), (("axes", (2, 0, 3, 1)),)),
    ("reshape", ((2, 3, 2),), (("shape", (2, 1, 3, 2)),)),
    ("reshape", ((2, 2, 1, 3),), (("shape", (4, -1)),)),
    ("broadcast_to", ((2, 1, 2),), (("shape", (2, 2, 1, 2)),)),
    ("getitem", ((2, 3, 1, 2),), (("index", (1, Slice(0, 2))),)),
    ("concatenate", ((1, 2, 1, 2), (1, 1, 1, 2)), (("axis", 1),)),
    ("softmax", ((2, 1, 3, 1),), (("axis", 2),)),
    ("matmul", ((2, 2, 1, 3), (2, 2, 3, 1)), ()),
    ("matmul", ((2, 1, 1, 2), (1, 2, 2, 2)), ()),
    ("matmul", ((2, 1, 2, 2), (2, 2, 2)), ()),
    ("matmul", ((2, 2), (1, 2, 2, 3)), ()),
)
NON_CONTIGUOUS: Final[tuple[_Form, ...]] = (
    ("neg", ((2, 3),), ()),
    ("mul", ((2, 3), (2, 3)), ()),
    ("add", ((2, 3), (3,)), ()),
    ("sum", ((2, 3),), ()),
    ("sum", ((2, 3),), (("axis", 0),)),
    ("max", ((3, 2),), (("axis", 1),)),
    ("matmul", ((2, 3), (3, 2)), ()),
    ("reshape", ((2, 3),), (("shape", (3, 2)),)),
    ("reshape", ((2, 3),), (("shape", (-1,)),)),
    ("transpose", ((2, 3),), ()),
    ("getitem", ((3, 2),), (("index", (1,)),)),
    ("getitem", ((4,),), (("index", (Slice(1, 3),)),)),
    ("concatenate", ((2, 2), (1, 2)), (("axis", 0),)),
    ("softmax", ((2, 3),), (("axis", -1),)),
)

# By op, the powers of two that its operands are multiplied by: in float32 neither the result nor
# a gradient may leave the normal numbers, 2**-126 to 2**127.
_ANYWHERE: Final = (40, -40, 70, -70, 100, -100)
_HALFWAY: Final = (40, -40, 50, -50)
_THIRDS: Final = (30, -30, 38, -38)
MAGNITUDES: Final[tuple[tuple[_Form, tuple[int, ...]], ...]] = (
    (("add", ((2,), (2,)), ()), _ANYWHERE),
    (("sub", ((2,), (2,)), ()), _ANYWHERE),
    (("neg", ((2,),), ()), _ANYWHERE),
    (("mul", ((2,), (2,)), ()), _HALFWAY),
    (("div", ((2,), (2,)), ()), _THIRDS),
    (("pow", ((2,),), (("exponent", 2),)), _HALFWAY),
    (("pow", ((2,),), (("exponent", -1),)), _HALFWAY),
    (("sqrt", ((2,),), ()), _ANYWHERE),
    (("log", ((2,),), ()), _ANYWHERE),
    (("relu", ((2,),), ()), _ANYWHERE),
    (("abs", ((2,),), ()), _ANYWHERE),
    (("maximum", ((2,), (2,)), ()), _ANYWHERE),
    (("sum", ((3,),), ()), _ANYWHERE),
    (("mean", ((2, 3),), (("axis", 1),)), _ANYWHERE),
    (("matmul", ((2, 2), (2,)), ()), _HALFWAY),
)

# An op, its operands' numbers, where what IEEE 754 gives is known to all: x / 0, log(0), 0 / 0.
_BESIDE: Final = (1.0, 2.0, -2.0, 4.0, 0.5)
_Pole = tuple[str, tuple[tuple[float, ...], ...], Attributes]
POLES: Final[tuple[_Pole, ...]] = (
    ("log", ((0.0,),), ()),
    ("log", ((-1.0, -2.0),), ()),
    ("div", ((1.0, -1.0, 2.0, -3.0), (0.0,)), ()),
    ("div", ((0.0,), (0.0,)), ()),
    ("pow", ((0.0,),), (("exponent", -1),)),
    ("pow", ((0.0,),), (("exponent", -2),)),
)
INFINITE: Final = ("exp", "softmax", "logsumexp", "maximum")
MASKED: Final = ("log", "sqrt", "div")


@st.composite
def without_elements(draw: st.DrawFn, form: _Form) -> Program:
    """Draw a call of which an operand or the result has no elements; shrinks to 1, 2, 3, ..."""
    return _looked_at(draw, _call(draw, form))


@st.composite
def of_rank_4(draw: st.DrawFn, form: _Form) -> Program:
    """Draw a call with an operand or a result of rank 4; shrinks to 1, 2, 3, ..."""
    return _looked_at(draw, _call(draw, form))


@st.composite
def non_contiguous(draw: st.DrawFn, form: _Form) -> Program:
    """Draw a call on views of NumPy arrays, its cotangent one too; shrinks to transposes."""
    call = _call(draw, form)
    laid_out = replace(call, operands=tuple(_laid_out(draw, a) for a in call.operands))
    return _looked_at(draw, laid_out, _laid_out(draw, draw(cotangents(call.result_shape))))


@st.composite
def magnitudes(draw: st.DrawFn, row: tuple[_Form, tuple[int, ...]], world: World) -> Program:
    """Draw a call on numbers times powers of two; shrinks to 2**40 times 1, 2, 3, ..."""
    (name, shapes, attrs), powers = row
    if world.kind == "scalar":
        shapes = ((),) * len(shapes)
    call = _call(draw, (name, shapes, attrs), Domain(1.0, 4.0) if name in _POSITIVE else None)
    scaled = tuple(_times(a, 2.0 ** draw(st.sampled_from(powers))) for a in call.operands)
    return _looked_at(draw, replace(call, operands=scaled))


# Engines take the power of a negative base through the logarithm of its magnitude, which loses
# digits where it is far from 1.
_POSITIVE: Final = ("sqrt", "log", "pow")


@st.composite
def poles(draw: st.DrawFn, pole: _Pole) -> Program:
    """Draw a vector that has a pole of an op in it; shrinks to the pole and 1.

    Half of them sum the results up: the gradients of the other elements stay what they are.
    """
    name, numbers, attrs = pole
    n = draw(st.integers(2, 3))
    k = draw(st.integers(0, n - 1))
    operands = []
    for choices in numbers:
        others = _BESIDE if len(numbers) > 1 or name == "pow" else tuple(map(abs, _BESIDE))
        values = draw(st.lists(st.sampled_from(others), min_size=n, max_size=n))
        values[k] = draw(st.sampled_from(choices))
        operands.append(Array((n,), tuple(values)))
    return _looked_at(draw, Call(name, tuple(operands), attrs), summed=draw(st.booleans()))


@st.composite
def infinite_inputs(draw: st.DrawFn, name: str) -> Program:
    """Draw a vector with minus infinity in it, as a mask puts it there; shrinks to -inf and 1."""
    n = draw(st.integers(2, 4))
    values = list(draw(arrays((n,), Domain())).values)
    values[draw(st.integers(0, n - 1))] = -inf
    operands = [Array((n,), tuple(values))]
    if OPS[name].signature == "binary":
        operands.append(draw(arrays((n,), Domain(-3.5, 3.5))))
    return _looked_at(draw, Call(name, tuple(operands)))


@st.composite
def masked(draw: st.DrawFn, name: str, *, guarded: bool) -> Program:
    """Draw a ``where`` that leaves out what an op has no finite number for; shrinks to [0, 1].

    ``guarded``: another ``where`` puts 1 in its place before, so that no gradient is lost.
    """
    n = draw(st.integers(2, 4))
    kept = draw(st.lists(st.booleans(), min_size=n, max_size=n).filter(lambda c: len({*c}) > 1))
    outside = (0.0,) if name == "div" else (0.0, -1.0, -2.0)
    values = [draw(st.sampled_from((1.0, 2.0, 4.0, 0.5) if k else outside)) for k in kept]
    b = Builder()
    x = b.leaf(Array((n,), tuple(values)))
    condition = b.constant(Array((n,), tuple(kept), "bool"))
    safe = x
    if guarded:
        ones = b.constant(Array((n,), (1.0,) * n))
        safe = b.apply("where", condition, x, ones)
    if name == "div":
        numerator = b.constant(draw(cotangents((n,))))
        result = b.apply(name, numerator, safe)
    else:
        result = b.apply(name, safe)
    other = b.leaf(draw(cotangents((n,))))
    chosen = b.apply("where", condition, result, other)
    b.observe("value", chosen)
    b.backward(chosen, draw(cotangents((n,))))
    b.observe("grad", x, other)
    return b.program()


@st.composite
def negative_bases(draw: st.DrawFn, *, tracked: bool) -> Program:
    """Draw ``x ** y`` for negative x and whole y; shrinks to -1 and 1.

    ``tracked``: y asks for its own gradient too, x ** y * log(x), which is NaN there. Nobody looks
    at it.
    """
    n = draw(st.integers(2, 3))
    b = Builder()
    x = b.leaf(draw(arrays((n,), Domain(-3.0, -0.5))))
    powers = st.lists(st.sampled_from((2.0, 3.0, 1.0, -1.0, 4.0)), min_size=n, max_size=n)
    exponents = Array((n,), tuple(draw(powers)))
    y = b.leaf(exponents) if tracked else b.constant(exponents)
    z = b.apply("power", x, y)
    b.observe("value", z)
    b.backward(z, draw(cotangents((n,))))
    b.observe("grad", x)
    return b.program()


def _call(draw: st.DrawFn, form: _Form, domain: Domain | None = None) -> Call:
    name, shapes, attrs = form
    return call_of(draw, OPS[name], shapes, domain, **dict(attrs))


def _looked_at(
    draw: st.DrawFn,
    call: Call,
    cotangent: Array | None = None,
    *,
    summed: bool = False,
) -> Program:
    """Return: make operands, apply, look at the value, propagate, look at every gradient."""
    b = Builder()
    operands = [b.leaf(array) for array in call.operands]
    result = b.apply(call.op, *operands, **dict(call.attrs))
    b.observe("value", result)
    shape = call.result_shape
    if summed:
        result, shape = b.apply("sum", result), ()
    b.backward(result, cotangent or draw(cotangents(shape)))
    b.observe("grad", *operands)
    return b.program()


def _laid_out(draw: st.DrawFn, array: Array) -> Array:
    """Draw how an array lies in memory: as a transpose where it has two axes, or with gaps."""
    ways: Sequence[Layout] = ("transposed", "strided") if array.rank > 1 else ("strided",)
    return replace(array, layout=draw(st.sampled_from(ways)))


def _times(array: Array, factor: float) -> Array:
    return replace(array, values=tuple(v * factor for v in array.values))
