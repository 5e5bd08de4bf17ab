"""Num: a number with local gradients towards the numbers that it was made from."""

import math


class Num:
    def __init__(self, data, inputs=()):
        self.data = float(data)
        self.grad = 0.0
        self.inputs = inputs  # pairs (number, local gradient)

    def __repr__(self):
        return f"Num({self.data})"

    def __add__(self, other):
        other = as_num(other)
        return Num(self.data + other.data, ((self, 1.0), (other, 1.0)))

    def __sub__(self, other):
        other = as_num(other)
        return Num(self.data - other.data, ((self, 1.0), (other, -1.0)))

    def __mul__(self, other):
        other = as_num(other)
        return Num(self.data * other.data, ((self, other.data), (other, self.data)))

    def __truediv__(self, other):
        other = as_num(other)
        q = self.data / other.data
        return Num(q, ((self, 1 / other.data), (other, -q / other.data)))

    def __pow__(self, n):
        slope = n * math.pow(self.data, n - 1) if n else 0.0
        return Num(math.pow(self.data, n), ((self, slope),))

    def __neg__(self):
        return Num(-self.data, ((self, -1.0),))

    def __radd__(self, other):
        return as_num(other) + self

    def __rsub__(self, other):
        return as_num(other) - self

    def __rmul__(self, other):
        return as_num(other) * self

    def __rtruediv__(self, other):
        return as_num(other) / self

    def exp(self):
        e = math.exp(self.data)
        return Num(e, ((self, e),))

    def log(self):
        return Num(math.log(self.data), ((self, 1 / self.data),))

    def tanh(self):
        t = math.tanh(self.data)
        return Num(t, ((self, 1 - t * t),))

    def relu(self):
        return Num(max(self.data, 0.0), ((self, float(self.data > 0)),))

    def backward(self):
        """Send 1 down the graph; what arrives at a leaf is added to its grad."""
        order, seen, stack = [], set(), [(self, False)]
        while stack:
            node, done = stack.pop()
            if done:
                order.append(node)
            elif node not in seen:
                seen.add(node)
                stack.append((node, True))
                stack.extend((x, False) for x, _ in node.inputs)
        arrived = dict.fromkeys(order, 0.0)
        arrived[self] = 1.0
        for node in reversed(order):
            for x, slope in node.inputs:
                arrived[x] += arrived[node] * slope
        for node in order:
            node.grad = node.grad + arrived[node] if not node.inputs else arrived[node]

    def zero_grad(self):
        self.grad = 0.0


def as_num(x):
    return x if isinstance(x, Num) else Num(x)
