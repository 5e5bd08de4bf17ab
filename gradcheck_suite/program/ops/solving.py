"""Square matrices: the determinant, the inverse, and what a linear system is solved by.

Once by minors and once by elimination, which round differently. Nothing is exchanged on the way:
matrices are drawn with columns that their diagonal dominates, where pivoting has nothing to do.
"""

from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt

from gradcheck_suite.program.calling import calls_with
from gradcheck_suite.program.instructions import Attribute
from gradcheck_suite.program.op import Domain, Op

__all__ = ["SOLVING"]

_Array: TypeAlias = npt.NDArray[Any]
_Shapes: TypeAlias = tuple[tuple[int, ...], ...]


def _minor(x: _Array, row: int, column: int) -> _Array:
    rows = [k for k in range(len(x)) if k != row]
    columns = [k for k in range(len(x)) if k != column]
    return x[np.ix_(rows, columns)]


def _laplace(x: _Array) -> Any:  # noqa: ANN401 - a number or a node
    """Expand along the first row."""
    if len(x) == 1:
        return x[0, 0]
    terms = [x[0, k] * _laplace(_minor(x, 0, k)) * (-1) ** k for k in range(len(x))]
    return sum(terms[1:], terms[0])


def _single(value: Any) -> _Array:  # noqa: ANN401 - a number or a node
    found = np.empty((), dtype=object)
    found[()] = value
    return found if not isinstance(value, float) else np.asarray(value)


def _det(x: _Array) -> _Array:
    return _single(_laplace(x))


def _det_by_elimination(x: _Array) -> _Array:
    """Add the logarithms of the pivots, as NumPy's own does, which cannot overflow that way."""
    pivots = _eliminated(x).diagonal()
    signs = np.where(pivots > 0, 1.0, -1.0)
    return _single(np.exp(np.sum(np.log(pivots * signs))) * np.prod(signs))


def _eliminated(x: _Array) -> _Array:
    """Subtract multiples of each row from those below it; columns beyond the square come along."""
    rows = x.copy()
    for k in range(len(rows)):
        for below in range(k + 1, len(rows)):
            factor = rows[below, k] / rows[k, k]
            rows[below, k:] = rows[below, k:] - rows[k, k:] * factor
    return rows


def _solved(x: _Array, y: _Array) -> _Array:
    """Solve for the columns of ``y`` by elimination and substitution."""
    n = len(x)
    rows = _eliminated(np.concatenate([x, y], axis=1))
    found = rows[:, n:].copy()
    for k in reversed(range(n)):
        for after in range(k + 1, n):
            found[k] = found[k] - found[after] * rows[k, after]
        found[k] = found[k] / rows[k, k]
    return found


def _inv(x: _Array) -> _Array:
    """Divide the transposed cofactors by the determinant."""
    n = len(x)
    found = np.empty_like(x)
    whole = _laplace(x)
    for row, column in np.ndindex(n, n):
        cofactor = _laplace(_minor(x, row, column)) * (-1) ** (row + column) if n > 1 else 1.0
        found[column, row] = cofactor / whole
    return found


def _inv_by_elimination(x: _Array) -> _Array:
    return _solved(x, np.eye(len(x)).astype(x.dtype))


def _columns(y: _Array) -> _Array:
    return y[:, None] if y.ndim == 1 else y


def _solve(x: _Array, y: _Array) -> _Array:
    return _solved(x, _columns(y)).reshape(y.shape)


def _solve_by_inverse(x: _Array, y: _Array) -> _Array:
    return np.asarray(np.matmul(_inv(x), _columns(y)).reshape(y.shape))


def _right_form(shapes: _Shapes, _attrs: dict[str, Attribute]) -> str:
    """Tell a vector on the right from several columns."""
    return "vector" if len(shapes[1]) == 1 else ""


_DOMAIN: Final = Domain(-6.0, 6.0)

SOLVING: Final = (
    Op(
        name="det",
        signature="array",
        operands=("x",),
        forward=_det,
        array_formulas=(_det, _det_by_elimination),
        names=("det", "determinant"),
        domains=(_DOMAIN,),
        examples=(*calls_with((2, 2)), *calls_with((3, 3))),
        teaches="the gradient of det(A) is det(A) times the transposed inverse: the cofactors",
    ),
    Op(
        name="inv",
        signature="array",
        operands=("x",),
        forward=_inv,
        array_formulas=(_inv, _inv_by_elimination),
        names=("inv", "inverse"),
        domains=(_DOMAIN,),
        examples=(*calls_with((2, 2)), *calls_with((3, 3))),
        kinks="a singular matrix",
        teaches="with V = inv(A) and cotangent G, the gradient is -V.T @ G @ V.T",
    ),
    Op(
        name="solve",
        signature="array",
        operands=("x", "y"),
        forward=_solve,
        array_formulas=(_solve, _solve_by_inverse),
        names=("solve",),
        domains=(_DOMAIN, Domain(-2.0, 2.0)),
        variant=_right_form,
        examples=(*calls_with((2, 2), (2, 3)), *calls_with((2, 2), (2,))),
        kinks="a singular matrix",
        teaches="with X = solve(A, B) and cotangent G, the gradient for B is H = solve(A.T, G), "
        "and the one for A is -H @ X.T",
    ),
)
