"""Running sums and products: one result for each element, made of all elements up to it."""

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from gradcheck_suite.program.op import Domain, Op
from gradcheck_suite.program.ops.reductions import last_form

__all__ = ["CUMULATIVE"]


def _running_product(x: npt.NDArray[Any], axis: int) -> npt.NDArray[Any]:
    return np.asarray(np.multiply.accumulate(x, axis=axis))


def _running_product_by_logarithms(x: npt.NDArray[Any], axis: int) -> npt.NDArray[Any]:
    """Differentiate to a sum of products over the element, which is how most engines have it."""
    signs = np.where(x > 0, 1.0, -1.0)
    logarithms = np.add.accumulate(np.log(x * signs), axis=axis)
    return np.asarray(np.exp(logarithms) * np.multiply.accumulate(signs, axis=axis))


CUMULATIVE: Final = (
    Op(
        name="cumsum",
        signature="normalisation",
        forward=lambda x, axis: np.add.accumulate(x, axis=axis),
        names=("cumsum", "cumulative_sum"),
        attributes=(("axis", -1),),
        variant=last_form,
        teaches="each element of cumsum is in its own result and all later ones, so its gradient "
        "is the sum of the cotangent from there to the end",
    ),
    Op(
        name="cumprod",
        signature="normalisation",
        forward=_running_product,
        array_formulas=(_running_product, _running_product_by_logarithms),
        names=("cumprod", "cumulative_product"),
        attributes=(("axis", -1),),
        domains=(Domain(-2.0, 2.0, hole=0.25),),
        variant=last_form,
        teaches="each element of cumprod is a factor of its own result and of all later ones",
    ),
)
