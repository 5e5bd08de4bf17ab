"""Note 000: the graph, backward from its middle, leaves, and gradient descent by hand."""

from typing import Final

from gradcheck_suite.program.array import Array
from gradcheck_suite.strategies.textbook.row import NO_NUMBER, Page, Row

__all__ = ["NOTE_000"]


def _from_the_end(p: Page) -> None:
    x = p.number(1)
    p.backward(p.apply("add", p.squared(x), p.fixed(1)))
    p.claim("grad", x, "x.grad", 2)


def _from_the_middle(p: Page) -> None:
    x = p.number(1)
    y = p.squared(x)
    p.apply("add", y, p.fixed(1))
    p.backward(y)
    p.claim("grad", x, "x.grad", 2)


def _retained(p: Page) -> None:
    x = p.number(1)
    y = p.squared(x)
    p.retain_grad(y)
    p.backward(p.squared(y))
    p.claim("grad", y, "y.grad", 2)
    p.claim("grad", x, "x.grad", 4)


def _no_grad(p: Page) -> None:
    y = p.squared(p.number(1))
    with p.mode("no_grad"):
        z = p.squared(y)
    p.claim("requires_grad", z, "z.requires_grad", "False")


def _detached(p: Page) -> None:
    y = p.squared(p.number(1))
    cut = p.detach(y)
    p.claim("value", cut, "y1", 1)
    p.claim("requires_grad", cut, "y1.requires_grad", "False")
    p.claim("requires_grad", y, "y.requires_grad", "True")


def _leaves(p: Page) -> None:
    x = p.number(1)
    y = p.squared(x)
    p.claim("is_leaf", x, "x.is_leaf", "True")
    p.claim("is_leaf", y, "y.is_leaf", "False")


def _two_squares(p: Page) -> None:
    a, b = p.number(0), p.number(0)
    first = p.apply("add", p.apply("add", p.fixed(2), a), b)
    triple = p.apply("mul", p.fixed(3), a)
    second = p.apply("add", p.apply("add", p.fixed(4), triple), b)
    p.backward(p.apply("add", p.squared(first), p.squared(second)))
    p.claim("grad", a, "a.grad", 28, printed=(-28,))
    p.claim("grad", b, "b.grad", 12, printed=(-12,))


def _integer_leaf(p: Page) -> None:
    x = p.leaf(Array((), (1,), "int"))
    p.raises(x, "torch.tensor(1, requires_grad=True)")
    p.backward(p.apply("mul", x, p.fixed(0.5)))  # an engine that takes it for a number has 1/2
    p.observe("grad", x)


def _descent(p: Page) -> None:
    """Ten steps down 1/4 |X w - y|**2, whose gradient is X.T (X w - y) / 2."""
    weights = p.leaf(Array((2, 1), (0.0, 0.0)))
    inputs = p.constant(Array((2, 2), (1.0, 1.0, 3.0, 1.0)))
    targets = p.constant(Array((2, 1), (2.0, 4.0)))
    quarter, rate = p.fixed(0.25), p.fixed(0.01)
    for _ in range(10):
        off = p.apply("sub", p.apply("matmul", inputs, weights), targets)
        p.backward(p.apply("sum", p.apply("mul", p.apply("mul", off, off), quarter)))
        p.step(weights, rate)
    p.claim("value", weights, "weights after 10 steps", "0.5414", "0.2342", printed=NO_NUMBER)


NOTE_000: Final = (
    Row(
        "000",
        "from the end",
        "y = x**2, z = y + 1 at x = 1, z.backward()",
        (_from_the_end,),
        on_numbers=True,
    ),
    Row("000", "middle node", "the same, y.backward()", (_from_the_middle,), on_numbers=True),
    Row(
        "000",
        "retain_grad",
        "y = x**2, z = y**2 at x = 1, y.retain_grad()",
        (_retained,),
        on_numbers=True,
    ),
    Row("000", "no_grad", "z = y**2 under no_grad", (_no_grad,), on_numbers=True),
    Row("000", "detach", "y1 = y.detach()", (_detached,), on_numbers=True),
    Row("000", "leaves", "x is a leaf, y = x**2 is not", (_leaves,), on_numbers=True),
    Row(
        "000",
        "two squares",
        "(2 + a + b)**2 + (4 + 3a + b)**2 at 0, 0",
        (_two_squares,),
        correction="the note prints -28 and -12, which belong to note 001's "
        "(2 - w1 - w2)**2 + (4 - 3 w1 - w2)**2; here the gradient is (28, 12)",
        on_numbers=True,
    ),
    Row(
        "000",
        "integer leaf",
        "torch.tensor(1, requires_grad=True)",
        (_integer_leaf,),
        correction="the note writes it as if it worked; an integer has no small change, so a "
        "tensor of integers cannot need a gradient",
        conventions=("integer_leaf",),
        on_numbers=True,
    ),
    Row(
        "000",
        "descent by matrix products",
        "X = [[1, 1], [3, 1]], y = [2, 4], eps = 0.01, 10 steps towards (1, 1)",
        (_descent,),
        correction="the note leaves out the sign between X w and y, and climbs: it adds eps times "
        "the gradient; descending, the weights approach the least-squares solution (1, 1)",
    ),
)
