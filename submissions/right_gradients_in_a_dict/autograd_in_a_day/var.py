"""Numbers that know what they were computed from, and the chain rule over them."""

import math
from collections import defaultdict

import matplotlib.pyplot as plt
import torch
from graphviz import Digraph


class Var:
    """A number. Operands have to be of this class, too: there is no arithmetic with plain ones."""

    def __init__(self, value, local_gradients=()):
        self.value = float(value)
        self.local_gradients = local_gradients  # pairs: what it came from, the derivative by that

    def __add__(self, other):
        return Var(self.value + other.value, ((self, 1.0), (other, 1.0)))

    def __sub__(self, other):
        return Var(self.value - other.value, ((self, 1.0), (other, -1.0)))

    def __mul__(self, other):
        return Var(self.value * other.value, ((self, other.value), (other, self.value)))

    def __truediv__(self, other):
        a, b = self.value, other.value
        return Var(a / b, ((self, 1 / b), (other, -a / b / b)))

    def __neg__(self):
        return Var(-self.value, ((self, -1.0),))

    def __pow__(self, n):
        a = self.value
        slope = n * a ** (n - 1) if n != 0 else 0.0
        return Var(a**n, ((self, slope),))


def exp(x):
    e = math.exp(x.value)
    return Var(e, ((x, e),))


def log(x):
    return Var(math.log(x.value), ((x, 1 / x.value),))


def sin(x):
    return Var(math.sin(x.value), ((x, math.cos(x.value)),))


def cos(x):
    return Var(math.cos(x.value), ((x, -math.sin(x.value)),))


def sqrt(x):
    root = math.sqrt(x.value)
    return Var(root, ((x, 0.5 / root if root else math.inf),))


def tanh(x):
    t = math.tanh(x.value)
    return Var(t, ((x, 1 - t * t),))


def gradients(y):
    """The derivatives of y, by everything that it was computed from."""
    consumers = defaultdict(int)  # how many results still have to hand something on
    found, todo = {y}, [y]
    while todo:
        for x, _ in todo.pop().local_gradients:
            consumers[x] += 1
            if x not in found:
                found.add(x)
                todo.append(x)
    total = defaultdict(float)
    total[y] = 1.0
    ready = [y]
    while ready:
        x = ready.pop()
        for origin, slope in x.local_gradients:
            total[origin] += total[x] * slope
            consumers[origin] -= 1
            if not consumers[origin]:
                ready.append(origin)
    return total


def draw(y):
    """The graph as a picture."""
    picture = Digraph(format="svg")
    for x, slope in y.local_gradients:
        picture.edge(str(id(x)), str(id(y)), label=f"{slope:.3f}")
    return picture


def compare(y, x):
    """Our derivative beside torch's, for y = tanh(x)."""
    t = torch.tensor(x.value, requires_grad=True)
    torch.tanh(t).backward()
    plt.plot([gradients(y)[x], t.grad.item()])
