"""Theme: edges. Arrays without elements, of rank 4, huge or tiny, not contiguous, not finite."""

from typing import TYPE_CHECKING, Any, Final

from gradcheck_suite.program.table import OPS
from gradcheck_suite.properties.property import Draws, Property
from gradcheck_suite.strategies.world import World

if TYPE_CHECKING:
    from gradcheck_suite.properties.property import Strata

__all__ = ["LIMITS"]

THEME: Final = "edges"


def _of_each(strategy: str, table: str, **settings: Any) -> Draws:  # noqa: ANN401 - of the strategy
    """Return draws of one strategy for each row of a table of ``strategies.limits``."""

    def draws(_world: World) -> "Strata":
        from gradcheck_suite.strategies import limits

        return tuple(getattr(limits, strategy)(row, **settings) for row in getattr(limits, table))

    return draws


def _magnitudes(world: World) -> "Strata":
    from gradcheck_suite.strategies.limits import MAGNITUDES, magnitudes

    rows = [row for row in MAGNITUDES if world.kind == "tensor" or OPS[row[0][0]].is_elementwise]
    return tuple(magnitudes(row, world) for row in rows)


def _masked(world: World) -> "Strata":
    kinds = [_of_each("masked", "MASKED", guarded=guarded)(world) for guarded in (False, True)]
    return tuple(stratum for strata in kinds for stratum in strata)


def _negative_bases(_world: World) -> "Strata":
    from gradcheck_suite.strategies.limits import negative_bases

    return tuple(negative_bases(tracked=tracked) for tracked in (False, True))


def _property(name: str, title: str, lesson: str, draws: Draws, **more: Any) -> Property:  # noqa: ANN401 - further fields of Property
    fields: dict[str, Any] = {"level": 3, "worlds": ("tensor",), **more}
    return Property(
        id=name, code="G6", theme=THEME, title=title, lesson=lesson, draws=draws, **fields
    )


LIMITS: Final = (
    _property(
        "zero_size",
        "arrays without elements are not treated like others",
        "The sum of no numbers is 0, a product of matrices over no columns is a matrix of zeros, "
        "and a gradient has the shape of its array, of no elements too.",
        _of_each("without_elements", "WITHOUT_ELEMENTS"),
        strict_shape=True,
    ),
    _property(
        "rank_4",
        "an op goes wrong on arrays of rank 4",
        "Images and attention have four axes. Rules that name axes from the end (-1, -2) and sum "
        "over all that were stretched hold for every rank.",
        _of_each("of_rank_4", "OF_RANK_4"),
    ),
    _property(
        "magnitudes",
        "huge or tiny numbers have wrong values or gradients",
        "A constant that is added against division by zero, or a limit to the size of gradients, "
        "is a change of the function: at 1e-12 or 1e12 it is what decides.",
        _magnitudes,
        worlds=("scalar", "tensor"),
        asked="limits",
    ),
    _property(
        "non_contiguous",
        "views of arrays are read in the wrong order",
        "A transpose or every second element of a NumPy array is a view: its numbers lie in memory "
        "in another order, or with others between. Read it through its shape and strides.",
        _of_each("non_contiguous", "NON_CONTIGUOUS"),
    ),
    _property(
        "ieee_values",
        "log(0), 1 / 0 or what is beside them is not what IEEE 754 gives",
        "log(0) is -inf, 1 / 0 is inf, and so are the derivatives there; 0 / 0 is NaN. All other "
        "elements of the array stay what they are.",
        _of_each("poles", "POLES"),
        asked="limits",
        needs=("infinities",),
    ),
    _property(
        "infinite_inputs",
        "minus infinity as an input, such as a mask puts there, gives NaN",
        "exp(-inf) is 0: an element that is masked by minus infinity takes no part in a softmax "
        "and gets no gradient. Subtract the maximum before exp, which is finite.",
        _of_each("infinite_inputs", "INFINITE"),
        asked="limits",
        needs=("infinities",),
    ),
    _property(
        "masked_nan",
        "NaN leaves the branch that where() has left out",
        "Select, do not multiply: 0 * NaN is NaN. In the element that was left out a gradient of "
        "0 * inf may come out as NaN, unless a where() before puts a harmless number there; every "
        "other element has to be right.",
        _masked,
        asked="limits",
        needs=("infinities",),
    ),
    _property(
        "negative_base",
        "x ** y for negative x and whole y has a gradient that is not finite",
        "The derivative for x is y * x ** (y - 1). The one for y has log(x) in it, which is NaN "
        "for negative x: it belongs to y alone.",
        _negative_bases,
        asked="limits",
        needs=("negative_bases",),
    ),
)
