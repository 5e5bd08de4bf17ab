"""Backpropagation on scalars: a Node hands its derivative on to the nodes it was made from."""

import math


class Node:
    def __init__(self, v, sources=()):
        self.v = v
        self.derivative = 0.0
        self.sources = sources  # pairs: a node, and the partial derivative with respect to it

    def __repr__(self):
        return f"Node({self.v}, derivative={self.derivative})"

    def backward(self):
        """Add the derivatives of this node to those of the nodes that it depends on."""
        self._clear_results()
        self.derivative += 1.0
        self._propagate()

    def _propagate(self):
        """Go down every path; a stack of the paths' ends, since Python's own ends at a thousand."""
        paths = [self._pushes()]
        while paths:
            source = next(paths[-1], None)
            if source is None:
                paths.pop()
            else:
                paths.append(source._pushes())

    def _pushes(self):
        for source, partial in self.sources:
            source.derivative += partial * self.derivative
            yield source

    def _clear_results(self):
        """Results start at zero in each backward; what was not computed keeps its sum."""
        waiting, seen = [self], {self}
        while waiting:
            node = waiting.pop()
            if node.sources:
                node.derivative = 0.0
            for source, _ in node.sources:
                if source not in seen:
                    seen.add(source)
                    waiting.append(source)

    def __add__(self, other):
        other = node(other)
        return Node(self.v + other.v, ((self, 1.0), (other, 1.0)))

    def __sub__(self, other):
        other = node(other)
        return Node(self.v - other.v, ((self, 1.0), (other, -1.0)))

    def __mul__(self, other):
        other = node(other)
        return Node(self.v * other.v, ((self, other.v), (other, self.v)))

    def __truediv__(self, other):
        other = node(other)
        quotient = self.v / other.v
        return Node(quotient, ((self, 1.0 / other.v), (other, -quotient / other.v)))

    def __pow__(self, n):
        if isinstance(n, Node):
            return NotImplemented
        if n == 0:
            slope = 0.0
        elif n < 1 and self.v == 0:
            slope = math.inf
        else:
            slope = n * self.v ** (n - 1)
        return Node(self.v**n, ((self, slope),))

    def __neg__(self):
        return Node(-self.v, ((self, -1.0),))

    def __radd__(self, other):
        return node(other) + self

    def __rsub__(self, other):
        return node(other) - self

    def __rmul__(self, other):
        return node(other) * self

    def __rtruediv__(self, other):
        return node(other) / self


def node(x):
    return x if isinstance(x, Node) else Node(x)


def exp(x):
    y = math.exp(x.v)
    return Node(y, ((x, y),))


def log(x):
    return Node(math.log(x.v), ((x, 1.0 / x.v),))


def sin(x):
    return Node(math.sin(x.v), ((x, math.cos(x.v)),))


def cos(x):
    return Node(math.cos(x.v), ((x, -math.sin(x.v)),))


def tanh(x):
    y = math.tanh(x.v)
    return Node(y, ((x, 1.0 - y**2),))


def relu(x):
    return Node(max(x.v, 0.0), ((x, 1.0 if x.v > 0 else 0.0),))
