"""Note 004: polynomials, accumulation, flags, linear regression, a custom function."""

from functools import cache
from typing import Any, Final

import numpy.typing as npt

from gradcheck_suite.data import load_arrays
from gradcheck_suite.program.array import Array
from gradcheck_suite.strategies.textbook.row import NO_NUMBER, Page, Row

__all__ = ["NOTE_004"]


def _polynomial(p: Page, x: int) -> int:
    triple = p.apply("mul", x, p.fixed(3))
    return p.apply("add", p.apply("add", p.squared(x), triple), p.fixed(1))


def _at_two(p: Page) -> None:
    x = p.number(2)
    y = _polynomial(p, x)
    p.claim("value", y, "y", 11)
    p.backward(y)
    p.claim("grad", x, "x.grad", 7)


def _vector(p: Page) -> None:
    x = p.vector(1, 2, 3)
    y = _polynomial(p, x)
    p.claim("value", y, "y", 5, 11, 19)
    loss = p.apply("sum", y)
    p.claim("value", loss, "loss", 35)
    p.backward(loss)
    p.claim("grad", x, "x.grad", 5, 7, 9)


def _composite(p: Page) -> None:
    x, a, b = p.number(1), p.number(2), p.number(3)
    quadratic = p.apply("mul", a, p.squared(x))
    y = p.apply("add", p.apply("add", quadratic, p.apply("mul", b, x)), p.fixed(1))
    z = p.apply("add", p.squared(y), p.apply("mul", p.fixed(2), y))
    p.claim("value", y, "y", 6)
    p.claim("value", z, "z", 48)
    p.backward(z)
    p.claim("grad", x, "dz/dx", 98)
    p.claim("grad", a, "dz/da", 14)
    p.claim("grad", b, "dz/db", 14)


def _accumulation(p: Page) -> None:
    x = p.number(1)
    for k in range(3):
        p.backward(p.apply("add", p.squared(x), p.fixed(k)))
        p.claim("grad", x, f"x.grad, iteration {k + 1}", 2 * (k + 1))
    p.clear(x)
    p.claim("grad", x, "x.grad, cleared", 0)


def _flags(p: Page) -> None:
    x = p.number(1)
    p.claim("requires_grad", p.squared(x), "y1.requires_grad", "True")
    with p.mode("no_grad"):
        y = p.squared(x)
    p.claim("requires_grad", y, "y2.requires_grad", "False")
    z = p.squared(x)
    p.claim("requires_grad", z, "y3.requires_grad", "True")
    p.claim("requires_grad", p.detach(z), "y3.detach().requires_grad", "False")


_PRINTED: Final = {
    20: ("2.3416", "0.6630", "0.3662"),
    40: ("1.0303", "1.1058", "0.5999"),
    60: ("0.4566", "1.4017", "0.7487"),
    80: ("0.2051", "1.5996", "0.8432"),
    100: ("0.0947", "1.7320", "0.9030"),
}


def _regression(p: Page) -> None:
    arrays = _arrays()
    weight, bias = p.number(0), p.number(0)
    inputs, targets = (
        p.constant(Array.of(arrays[name].ravel().astype(float))) for name in ("x", "target")
    )
    rate, n = p.fixed(0.01), p.fixed(100)
    for epoch in range(1, 101):
        predictions = p.apply("add", p.apply("mul", weight, inputs), bias)
        off = p.apply("sub", predictions, targets)
        loss = p.apply("div", p.apply("sum", p.squared(off)), n)
        p.backward(loss)
        p.step(weight, rate)
        p.step(bias, rate)
        if epoch in _PRINTED:
            shown = _PRINTED[epoch]
            p.claim("value", loss, f"loss, epoch {epoch}", shown[0])
            p.claim("value", weight, f"w, epoch {epoch}", shown[1])
            p.claim("value", bias, f"b, epoch {epoch}", shown[2])


def _custom(p: Page) -> None:
    x = p.number(2)
    p.backward(p.apply("custom_cube", x))
    p.claim("grad", x, "x.grad", 12, printed=NO_NUMBER)


@cache
def _arrays() -> dict[str, npt.NDArray[Any]]:
    return load_arrays("textbook", "note004.npz")


NOTE_004: Final = (
    Row("004", "at a point", "x**2 + 3x + 1 at 2", (_at_two,), on_numbers=True),
    Row("004", "at a vector", "x**2 + 3x + 1 at [1, 2, 3], summed", (_vector,)),
    Row(
        "004",
        "composite",
        "y = a x**2 + b x + 1, z = y**2 + 2y at 1, 2, 3",
        (_composite,),
        on_numbers=True,
    ),
    Row(
        "004",
        "accumulation",
        "three backward calls, uncleared; then zero_",
        (_accumulation,),
        conventions=("accumulation",),
        on_numbers=True,
    ),
    Row("004", "flags", "no_grad and detach", (_flags,), on_numbers=True),
    Row(
        "004",
        "linear regression",
        "100 points, lr 0.01, 100 epochs",
        (_regression,),
        certified=False,
    ),
    Row(
        "004",
        "custom function",
        "x**3 with a rule of one's own (a heading alone)",
        (_custom,),
        on_numbers=True,
    ),
)
