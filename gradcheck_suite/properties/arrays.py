"""Theme: the arrays that gradients are kept in. Shape, dtype, precision, and who shares them."""

from typing import TYPE_CHECKING, Any, Final

from gradcheck_suite.program.op import Op
from gradcheck_suite.program.table import OPS
from gradcheck_suite.properties.property import Draws, Property
from gradcheck_suite.strategies.world import BINARY, World

if TYPE_CHECKING:
    from gradcheck_suite.program.instructions import Look
    from gradcheck_suite.properties.property import Strata
    from gradcheck_suite.strategies.gradient_arrays import Shared

__all__ = ["ARRAYS"]

THEME: Final = "gradient arrays"

_SHAPED: Final = ("mul", "add", "tanh", "neg", "maximum")
_RESHAPED: Final = ("sum", "mean", "max", "reshape", "transpose", "matmul", "getitem", "stack")
_EXACT: Final = ("sign", "floor")  # whole numbers are the same in float32


def _shapes(_world: World) -> "Strata":
    from gradcheck_suite.strategies.gradient_arrays import looks_after_backward, shaped_gradients

    return (
        *(shaped_gradients(OPS[name]) for name in _SHAPED),
        *(looks_after_backward(OPS[name], "grad") for name in _RESHAPED),
    )


def _dtypes(world: World) -> "Strata":
    from gradcheck_suite.strategies.gradient_arrays import default_seeds

    seeds = [default_seeds(name) for name in ("tanh", "exp", "neg", "sin")]
    return (*seeds, *_each_op("dtype")(world))


def _given_seeds(world: World) -> "Strata":
    from gradcheck_suite.strategies.gradient_arrays import given_seeds

    return tuple(given_seeds(op.name, world.kind) for op in world.having(BINARY))


def _precision(_world: World) -> "Strata":
    from gradcheck_suite.strategies.gradient_arrays import precise_gradients, precise_values

    ops = [op for op in _differentiable() if op.name not in _EXACT]
    return (*map(precise_values, ops), *map(precise_gradients, ops))


def _each_op(what: "Look") -> Draws:
    """Return draws of one call of each op, its backward, and a look at ``what``."""

    def draws(_world: World) -> "Strata":
        from gradcheck_suite.strategies.gradient_arrays import looks_after_backward

        return tuple(looks_after_backward(op, what) for op in _differentiable())

    return draws


def _second_graphs(what: "Shared") -> Draws:
    """Return draws of two graphs on one leaf, then a look at ``what`` was there before."""

    def draws(world: World) -> "Strata":
        from gradcheck_suite.strategies.gradient_arrays import PAIRING, PASSING, second_graphs

        through = PASSING if world.kind == "tensor" else ()
        return (
            *(second_graphs(world, op, "", what) for op in PAIRING),
            *(second_graphs(world, "add", passing, what) for passing in through),
        )

    return draws


def _apart(world: World) -> "Strata":
    from gradcheck_suite.strategies.gradient_arrays import PAIRING, shared_in_one_graph

    return (*_second_graphs("arrays")(world), *(shared_in_one_graph(world, op) for op in PAIRING))


def _cotangents(world: World) -> "Strata":
    return (*_each_op("cotangent")(world), *_second_graphs("cotangent")(world))


def _differentiable() -> tuple[Op, ...]:
    return tuple(op for op in OPS.values() if op.differentiable)


def _property(
    name: str,
    title: str,
    lesson: str,
    level: int,
    draws: Draws,
    **more: Any,  # noqa: ANN401 - further fields of Property
) -> Property:
    fields: dict[str, Any] = {"code": "G9", "worlds": ("tensor",), **more}
    return Property(
        name, theme=THEME, title=title, lesson=lesson, level=level, draws=draws, **fields
    )


ARRAYS: Final = (
    _property(
        "precision",
        "an op computes in float32 although numbers are stored in float64",
        "A cast to float32 inside of one op (astype(np.float32), or an array that was made with "
        "that dtype) costs half of the digits: 0.1 comes back as 0.10000000149. What uses this op "
        "is judged by the digits that are left.",
        1,
        _precision,
        establishes=("precision:{op}",),
        fine=True,
    ),
    _property(
        "inputs_unchanged",
        "forward or backward changes the numbers of a leaf",
        "The numbers of a leaf are the user's: an op that writes into them (x.data -= "
        "x.data.max(), or np.maximum with out=x.data) changes what every later use of it sees.",
        1,
        _each_op("value"),
        establishes=("inputs:{op}",),
    ),
    _property(
        "given_cotangents",
        "backward does not begin at the cotangent that it is given",
        "The argument of backward stands for the derivative of the loss by this value, whatever "
        "comes after it: it takes the place of the 1 at which backward begins by itself.",
        2,
        _given_seeds,
        code="G1",
        worlds=("scalar", "tensor"),
    ),
    _property(
        "gradient_shapes",
        "a gradient has another shape than its leaf",
        "A gradient has one number for each number of the leaf, in the same places: a leaf of "
        "shape (1, 3) has a gradient of shape (1, 3), not (3,), and a scalar one of shape ().",
        2,
        _shapes,
        strict_shape=True,
    ),
    _property(
        "gradient_dtype",
        "a gradient has another dtype than its leaf",
        "A gradient is stored as its leaf is. np.zeros and np.ones give float64 whatever the leaf "
        "has: pass dtype=x.dtype, or use np.zeros_like, also for the first cotangent.",
        2,
        _dtypes,
    ),
    _property(
        "gradients_apart",
        "adding to one gradient changes another array",
        "The rule of x + y hands one array to both operands. Whoever keeps it as a gradient and "
        "then adds with += writes into the other one: keep a copy, or write grad = grad + new.",
        2,
        _apart,
        worlds=("scalar", "tensor"),
        establishes=("apart",),
        conventions=("accumulation",),
    ),
    _property(
        "cotangent_unchanged",
        "backward changes the cotangent that it was given",
        "The array handed to backward is the caller's, who may use it again: keep a copy as the "
        "root's gradient, and do not write into it (grad[mask] = 0, grad += new).",
        2,
        _cotangents,
    ),
)
