"""A scalar autograd engine: every Value remembers the Values that it was computed from."""

import math


class Value:
    """A number in a graph. After ``root.backward()``, ``grad`` holds d root / d self."""

    def __init__(self, data, parents=(), op=""):
        self.data = float(data)
        self.grad = 0.0
        self._parents = parents
        self._op = op
        # Takes the gradient of this node and adds to the gradients of its parents. It does not
        # capture the node itself, so that a graph nobody refers to is freed at once.
        self._push = None

    def __repr__(self):
        return f"Value(data={self.data}, grad={self.grad})"

    def __add__(self, other):
        other = as_value(other)
        out = Value(self.data + other.data, (self, other), "+")

        def push(grad):
            self.grad += grad
            other.grad += grad

        out._push = push
        return out

    def __mul__(self, other):
        other = as_value(other)
        out = Value(self.data * other.data, (self, other), "*")

        def push(grad):
            self.grad += grad * other.data
            other.grad += grad * self.data

        out._push = push
        return out

    def __truediv__(self, other):
        other = as_value(other)
        quotient = self.data / other.data
        out = Value(quotient, (self, other), "/")

        def push(grad):
            self.grad += grad / other.data
            other.grad -= grad * quotient / other.data

        out._push = push
        return out

    def __pow__(self, other):
        if isinstance(other, Value):
            return self._power(other)
        return self._unary(math.pow(self.data, other), slope_of_power(self.data, other), "**")

    def _power(self, exponent):
        x, y = self.data, exponent.data
        out = Value(math.pow(x, y), (self, exponent), "**")

        def push(grad):
            self.grad += grad * slope_of_power(x, y)
            if x > 0:
                exponent.grad += grad * math.pow(x, y) * math.log(x)
            elif x < 0:
                exponent.grad += math.nan  # x ** y is not defined for the y nearby

        out._push = push
        return out

    def __neg__(self):
        return self._unary(-self.data, -1.0, "neg")

    def __sub__(self, other):
        other = as_value(other)
        out = Value(self.data - other.data, (self, other), "-")

        def push(grad):
            self.grad += grad
            other.grad -= grad

        out._push = push
        return out

    def __radd__(self, other):
        return as_value(other) + self

    def __rsub__(self, other):
        return as_value(other) - self

    def __rmul__(self, other):
        return as_value(other) * self

    def __rtruediv__(self, other):
        return as_value(other) / self

    def __rpow__(self, other):
        return as_value(other) ** self

    def exp(self):
        e = math.exp(self.data)
        return self._unary(e, e, "exp")

    def log(self):
        return self._unary(math.log(self.data), 1 / self.data, "log")

    def sqrt(self):
        root = math.sqrt(self.data)
        return self._unary(root, 0.5 / root if root > 0 else math.inf, "sqrt")

    def sin(self):
        return self._unary(math.sin(self.data), math.cos(self.data), "sin")

    def cos(self):
        return self._unary(math.cos(self.data), -math.sin(self.data), "cos")

    def tanh(self):
        t = math.tanh(self.data)
        return self._unary(t, 1 - t * t, "tanh")

    def sigmoid(self):
        # exp of a negative number only, so that it cannot overflow
        e = math.exp(-abs(self.data))
        s = 1 / (1 + e) if self.data >= 0 else e / (1 + e)
        return self._unary(s, s * (1 - s), "sigmoid")

    def relu(self):
        return self._unary(max(self.data, 0.0), 1.0 if self.data > 0 else 0.0, "relu")

    def _unary(self, data, slope, op):
        """The result of a function of one variable, given its value and its derivative."""
        out = Value(data, (self,), op)

        def push(grad):
            self.grad += grad * slope

        out._push = push
        return out

    def backward(self):
        """Add the gradient of this node to ``grad`` of every leaf below it.

        The gradients of the nodes in between are those of the last pass alone: a pass must not
        find what an earlier one left there.
        """
        order = self._topological_order()
        for node in order:
            if node._parents:
                node.grad = 0.0
        self.grad += 1.0
        for node in reversed(order):
            if node._push is not None:
                node._push(node.grad)

    def zero_grad(self):
        self.grad = 0.0

    def _topological_order(self):
        """Every node below this one, parents first; a loop, as recursion fails on long chains."""
        order, seen, stack = [], set(), [(self, False)]
        while stack:
            node, parents_done = stack.pop()
            if parents_done:
                order.append(node)
            elif node not in seen:
                seen.add(node)
                stack.append((node, True))
                stack.extend((parent, False) for parent in node._parents)
        return order


def as_value(x):
    return x if isinstance(x, Value) else Value(x)


def slope_of_power(x, n):
    """The derivative of x ** n with respect to x."""
    if n == 0:
        return 0.0  # a constant, also at x = 0, where the formula below asks for 0 ** -1
    if x == 0 and n < 1:
        return math.inf
    return n * math.pow(x, n - 1)
