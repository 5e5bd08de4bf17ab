"""Note 003: dot products, detach, control flow, and the exercises."""

from math import cos
from typing import Final

from gradcheck_suite.program.array import Array
from gradcheck_suite.strategies.textbook.row import NO_NUMBER, Page, Row

__all__ = ["NOTE_003"]

_RANGE: Final = (0.0, 1.0, 2.0, 3.0, 4.0)
_BOUND: Final = 1000


def _dot(p: Page) -> None:
    x = p.vector(*_RANGE)
    p.backward(p.apply("mul", p.fixed(2), p.apply("dot", x, x)))
    p.claim("grad", x, "x.grad", *(4 * v for v in _RANGE))


def _dot_by_sum(p: Page) -> None:
    x = p.vector(*_RANGE)
    p.backward(p.apply("mul", p.fixed(2), p.apply("sum", p.apply("mul", x, x))))
    p.claim("grad", x, "x.grad", *(4 * v for v in _RANGE))


def _sum(p: Page) -> None:
    x = p.vector(*_RANGE)
    p.backward(p.apply("sum", x))
    p.claim("grad", x, "x.grad", *(1 for _ in _RANGE))


def _ones(p: Page) -> None:
    x = p.vector(*_RANGE)
    p.backward(p.apply("mul", x, x), Array((5,), (1.0,) * 5))
    p.claim("grad", x, "x.grad", *(2 * v for v in _RANGE))


def _detached(p: Page) -> None:
    x = p.vector(*_RANGE)
    u = p.detach(p.apply("mul", x, x))
    p.backward(p.apply("sum", p.apply("mul", u, x)))
    p.claim("grad", x, "x.grad, which is u", *(v * v for v in _RANGE))


def _control_flow(p: Page) -> None:
    """B = 2 a, doubled while its norm is below 1000; then b, or 100 b where its sum is not > 0."""
    value = -0.75
    a = p.leaf(Array((1,), (value,)))
    two, hundred = p.fixed(2), p.fixed(100)
    b, size = p.apply("mul", a, two), abs(2 * value)
    while size < _BOUND:
        b, size = p.apply("mul", b, two), size * 2
    d = b if value > 0 else p.apply("mul", hundred, b)
    factor = size / abs(value) * (1 if value > 0 else 100)
    p.backward(d, Array((1,), (1.0,)))
    p.claim("value", d, "d", factor * value, printed=NO_NUMBER)
    p.claim("grad", a, "a.grad, which is d / a", factor, printed=NO_NUMBER)


def _sine(p: Page) -> None:
    x = p.vector(0, 1, 2)
    p.backward(p.apply("sum", p.apply("sin", x)))
    p.claim("grad", x, "x.grad", *(f"{cos(v):.4f}" for v in (0, 1, 2)))


def _question_5(p: Page) -> None:
    x = p.vector(*_RANGE)
    logs, sines = p.apply("log", p.apply("mul", x, x)), p.apply("sin", x)
    product = p.apply("sum", p.apply("mul", logs, sines))
    y = p.apply("add", product, p.apply("div", p.fixed(1), x))
    p.backward(p.apply("sum", y))
    p.claim("grad", x, "x.grad", "nan", "7.4147", "1.4120", "-10.5169", "-11.0159")


def _forward(p: Page) -> None:
    x = p.vector(0.5, 1, 2)
    y = p.apply("sin", p.apply("mul", x, x))
    direction = Array((3,), (1.0, -1.0, 0.5))
    tangent = p.push_forward(y, {x: direction})
    moves = ("0.9689", "-1.0806", "-1.3073")
    p.claim("value", tangent, "J v", *moves, printed=NO_NUMBER)
    p.backward(y, direction)
    p.claim("grad", x, "v J, the same where J is diagonal", *moves, printed=NO_NUMBER)


NOTE_003: Final = (
    Row("003", "dot", "2 x.x, x = arange(5)", (_dot, _dot_by_sum)),
    Row("003", "sum", "x.sum()", (_sum,)),
    Row("003", "cotangent of ones", "(x * x).backward(ones)", (_ones,)),
    Row("003", "detach", "u = (x * x).detach(); (u * x).sum()", (_detached,)),
    Row("003", "control flow", "doubled until the norm is 1000", (_control_flow,)),
    Row("003", "sine", "sin(x).sum(), x = arange(3)", (_sine,)),
    Row(
        "003",
        "question 5",
        "dot(log(x * x), sin(x)) + 1 / x, x = arange(5)",
        (_question_5,),
        finite=False,
    ),
    Row("003", "forward and backward", "a tangent and a cotangent through one graph", (_forward,)),
)
