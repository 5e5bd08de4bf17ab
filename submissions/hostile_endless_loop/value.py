"""Scalars with gradients, without any library: even exp is computed here."""


class Value:
    """A number. ``local_grads`` are the derivatives with respect to the ``children``."""

    def __init__(self, data, children=(), local_grads=()):
        self.data = data
        self.grad = 0
        self.children = children
        self.local_grads = local_grads

    def __repr__(self):
        return f"Value({self.data})"

    def __add__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        return Value(self.data + other.data, (self, other), (1, 1))

    def __mul__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        return Value(self.data * other.data, (self, other), (other.data, self.data))

    def __pow__(self, n):
        if isinstance(n, Value):
            return NotImplemented
        return Value(self.data**n, (self,), (n * self.data ** (n - 1) if n else 0,))

    def exp(self):
        """The Taylor series: 1 + x + x**2/2! + x**3/3! + ..."""
        total = 0.0
        term = 1.0
        n = 0
        while abs(term) >= 0.0:
            total += term
            n += 1
            term *= self.data / n
        return Value(total, (self,), (total,))

    def relu(self):
        return Value(max(self.data, 0), (self,), (float(self.data > 0),))

    def __neg__(self):
        return Value(-self.data, (self,), (-1,))

    def __sub__(self, other):
        return self + (-other)

    def __truediv__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        a, b = self.data, other.data
        return Value(a / b, (self, other), (1 / b, -a / b**2))

    def __radd__(self, other):
        return self + other

    def __rmul__(self, other):
        return self * other

    def __rsub__(self, other):
        return Value(other) - self

    def __rtruediv__(self, other):
        return Value(other) / self

    def backward(self):
        """Add to the gradients of the inputs; those of results are computed afresh."""
        order = self.topological_order()
        for value in order:
            if value.children:
                value.grad = 0
        self.grad += 1
        for value in reversed(order):
            for child, local_grad in zip(value.children, value.local_grads):
                child.grad += local_grad * value.grad

    def topological_order(self):
        order, visited, stack = [], set(), [(self, False)]
        while stack:
            value, done = stack.pop()
            if done:
                order.append(value)
            elif value not in visited:
                visited.add(value)
                stack.append((value, True))
                for child in value.children:
                    stack.append((child, False))
        return order
