"""Broadcasting, backwards: an element that was repeated receives the sum of the cotangents."""

from reference.tensor import Tensor

__all__ = ["unbroadcast"]


def unbroadcast(cotangent: Tensor, shape: tuple[int, ...]) -> Tensor:
    """Sum a cotangent over the axes along which a value of ``shape`` was repeated.

    NumPy aligns shapes at their ends: axes that the value did not have are the first ones, and
    axes where it had length 1 stay with length 1.
    """
    if cotangent.shape == shape:
        return cotangent
    n_new = cotangent.ndim - len(shape)
    lengths = enumerate(shape, start=n_new)
    stretched = [axis for axis, n in lengths if n == 1 and cotangent.shape[axis] != 1]
    return cotangent.sum((*range(n_new), *stretched), keepdims=True).reshape(shape)
