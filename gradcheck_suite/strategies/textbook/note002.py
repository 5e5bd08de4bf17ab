"""Note 002: the chain rule through two layers, and a power in place."""

from typing import Final

from gradcheck_suite.program.array import Array
from gradcheck_suite.strategies.textbook.row import NO_NUMBER, Page, Row

__all__ = ["NOTE_002"]


def _two_layers(p: Page) -> None:
    """Two inputs, two hidden neurons, one output; L = 1/2 (y - t)**2."""
    w11, w12, w21, w22 = (p.number(v) for v in (0.5, -0.5, 1.5, 0.25))
    out1, out2 = p.number(2.0), p.number(-0.5)
    x1, x2, target, half = (p.fixed(v) for v in (1.0, 0.5, 0.25, 0.5))
    a1, a2 = (
        p.apply("tanh", p.apply("add", p.apply("mul", u, x1), p.apply("mul", v, x2)))
        for u, v in ((w11, w12), (w21, w22))
    )
    y = p.apply("add", p.apply("mul", out1, a1), p.apply("mul", out2, a2))
    off = p.apply("sub", y, target)
    p.backward(p.apply("mul", half, p.apply("mul", off, off)))
    # (y - t) * out1 * (1 - tanh(z)**2) * x1, with z = w11 x1 + w12 x2 = 1/4
    p.claim("grad", w11, "dL/dw11", "-0.4189", printed=NO_NUMBER)
    p.observe("grad", w12, w21, w22, out1, out2)


def _in_place(p: Page) -> None:
    x = p.leaf(Array((10,), tuple(map(float, range(10)))))
    y = p.in_place("pow", p.apply("add", x, p.fixed(1)), exponent=2)
    p.claim("value", y, "x", *(n * n for n in range(1, 11)))
    p.backward(y, Array((10,), (1.0,) * 10))
    # The power is the last op of the graph: its derivative 2 (x + 1) arrives at the leaf.
    p.claim("grad", x, "gradient of the leaf", *(2 * n for n in range(1, 11)), printed=NO_NUMBER)


NOTE_002: Final = (
    Row(
        "002",
        "two layers",
        "L = 1/2 (y - t)**2, dL/dw11 over all paths",
        (_two_layers,),
        on_numbers=True,
    ),
    Row(
        "002",
        "power in place",
        "x = arange(10); x = x + 1; x **= 2",
        (_in_place,),
        conventions=("in_place",),
    ),
)
