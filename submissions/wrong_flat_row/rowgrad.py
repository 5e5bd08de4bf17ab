"""Tensors in plain Python: numbers in one row, and a shape beside them."""

import math
from array import array


class tensor:
    """Made of a flat list and a shape. Both operands of an op have the same shape."""

    no_grad = False  # set it to True, and nothing is recorded

    def __init__(self, row, shape):
        self._data = array("d", row)
        self.shape = tuple(shape)
        if len(self._data) != math.prod(self.shape):
            raise ValueError(f"{len(self._data)} numbers do not fill {self.shape}")
        self.grad = array("d", bytes(8 * len(self._data)))
        self._links = ()

    def tolist(self):
        """The numbers in lists of lists."""
        found = list(self._data)
        for n in self.shape[:0:-1]:
            found = [found[k : k + n] for k in range(0, len(found), n)]
        return found if self.shape else found[0]

    def _reset_grad(self):
        self.grad = array("d", bytes(8 * len(self._data)))

    def backward(self):
        order, seen, todo = [], set(), [(self, False)]
        while todo:
            x, done = todo.pop()
            if done:
                order.append(x)
            elif id(x) not in seen:
                seen.add(id(x))
                todo.append((x, True))
                todo += [(y, False) for y, _ in x._links]
        flows = {id(self): [1.0] * len(self._data)}
        for x in reversed(order):
            flow = flows[id(x)]
            if not x._links:
                x.grad = array("d", [a + b for a, b in zip(x.grad, flow)])
            for y, pull in x._links:
                part = pull(flow)
                known = flows.get(id(y))
                flows[id(y)] = part if known is None else [a + b for a, b in zip(known, part)]

    def _with(self, other, f, slopes):
        if self.shape != other.shape:
            raise ValueError(f"shapes {self.shape} and {other.shape} differ")
        pairs = list(zip(self._data, other._data))
        out = tensor([f(a, b) for a, b in pairs], self.shape)
        if not tensor.no_grad:
            out._links = tuple(
                (x, lambda flow, slope=slope: [g * slope(a, b) for g, (a, b) in zip(flow, pairs)])
                for x, slope in zip((self, other), slopes)
            )
        return out

    def _each(self, f, slope):
        numbers = list(self._data)
        out = tensor([f(a) for a in numbers], self.shape)
        if not tensor.no_grad:
            out._links = ((self, lambda flow: [g * slope(a) for g, a in zip(flow, numbers)]),)
        return out

    def __add__(self, other):
        return self._with(other, lambda a, b: a + b, (lambda a, b: 1.0, lambda a, b: 1.0))

    def __sub__(self, other):
        return self._with(other, lambda a, b: a - b, (lambda a, b: 1.0, lambda a, b: -1.0))

    def __mul__(self, other):
        return self._with(other, lambda a, b: a * b, (lambda a, b: b, lambda a, b: a))

    def __truediv__(self, other):
        return self._with(other, lambda a, b: a / b, (lambda a, b: 1 / b, lambda a, b: -a / b))

    def __neg__(self):
        return self._each(lambda a: -a, lambda a: -1.0)

    def __pow__(self, n):
        return self._each(lambda a: a**n, lambda a: n * a ** (n - 1) if n != 0 else 0.0)

    def exp(self):
        return self._each(math.exp, math.exp)

    def sin(self):
        return self._each(math.sin, math.cos)

    def cos(self):
        return self._each(math.cos, lambda a: -math.sin(a))

    def sum(self):
        n = len(self._data)
        out = tensor([math.fsum(self._data)], ())
        if not tensor.no_grad:
            out._links = ((self, lambda flow: flow * n),)
        return out
