"""Automatic differentiation of scalar expressions.

>>> x = Var(3.0)
>>> y = x + sin(x)
>>> y.backward()
>>> x.grad == 1 + math.cos(3.0)
True
"""

import math


class Var:
    def __init__(self, value):
        self.value = value
        self.grad = 0.0
        self.inputs = ()
        self.backprop = None

    def __repr__(self):
        return f"Var({self.value})"

    def __add__(self, other):
        other = var(other)

        def backprop(upstream):
            self.grad += upstream
            other.grad += upstream

        return result(self.value + other.value, (self, other), backprop)

    def __sub__(self, other):
        other = var(other)

        def backprop(upstream):
            self.grad += upstream
            other.grad -= upstream

        return result(self.value - other.value, (self, other), backprop)

    def __mul__(self, other):
        other = var(other)

        def backprop(upstream):
            self.grad = upstream * other.value
            other.grad = upstream * self.value

        return result(self.value * other.value, (self, other), backprop)

    def __truediv__(self, other):
        other = var(other)

        def backprop(upstream):
            self.grad += upstream / other.value
            other.grad -= upstream * self.value / other.value**2

        return result(self.value / other.value, (self, other), backprop)

    def __pow__(self, n):
        if isinstance(n, Var):
            return NotImplemented

        def backprop(upstream):
            if n != 0:
                self.grad += upstream * n * self.value ** (n - 1)

        return result(self.value**n, (self,), backprop)

    def __neg__(self):
        def backprop(upstream):
            self.grad -= upstream

        return result(-self.value, (self,), backprop)

    def __radd__(self, other):
        return var(other) + self

    def __rsub__(self, other):
        return var(other) - self

    def __rmul__(self, other):
        return var(other) * self

    def __rtruediv__(self, other):
        return var(other) / self

    def backward(self):
        nodes = ordered(self)
        for node in nodes:
            if node.inputs:
                node.grad = 0.0
        self.grad += 1.0
        for node in reversed(nodes):
            if node.backprop:
                node.backprop(node.grad)


def var(x):
    return x if isinstance(x, Var) else Var(x)


def result(value, inputs, backprop):
    out = Var(value)
    out.inputs = inputs
    out.backprop = backprop
    return out


def ordered(root):
    """All nodes under root, so that inputs come before what is computed from them."""
    nodes = []
    done = set()
    todo = [root]
    while todo:
        node = todo[-1]
        missing = [n for n in node.inputs if n not in done]
        if missing:
            todo.extend(missing)
        else:
            todo.pop()
            if node not in done:
                done.add(node)
                nodes.append(node)
    return nodes


def elementary(value, slope, x):
    """The result of a function of one variable with the given derivative at x."""

    def backprop(upstream):
        x.grad += upstream * slope

    return result(value, (x,), backprop)


def exp(x):
    return elementary(math.exp(x.value), math.exp(x.value), x)


def log(x):
    return elementary(math.log(x.value), 1 / x.value, x)


def sqrt(x):
    root = math.sqrt(x.value)
    return elementary(root, 0.5 / root if root else math.inf, x)


def sin(x):
    return elementary(math.sin(x.value), math.cos(x.value), x)


def cos(x):
    return elementary(math.cos(x.value), -math.sin(x.value), x)


def tanh(x):
    return elementary(math.tanh(x.value), 1 - math.tanh(x.value) ** 2, x)


def relu(x):
    return elementary(max(0.0, x.value), 1.0 if x.value > 0 else 0.0, x)
