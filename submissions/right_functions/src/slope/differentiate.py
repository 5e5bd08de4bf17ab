"""From a function to its gradient, which is a function again and can be differentiated."""

import numpy as np

from .box import Box, bare
from .numeric import add

_levels = [0]


def vjp(f, x):
    """f(x), and the function that pulls a cotangent back to x."""
    _levels[0] += 1
    box = Box(x, _levels[0])
    try:
        y = f(box)
    finally:
        _levels[0] -= 1
    if not isinstance(y, Box) or y.level != box.level:
        return y, lambda g: np.zeros(np.shape(bare(x)))
    return y.value, lambda g: _pull(y, g).get(id(box), np.zeros(np.shape(bare(x))))


def _pull(y, g):
    """The cotangents of all boxes behind y, by their ids; each is complete when it is used."""
    order, seen, todo = [], set(), [(y, False)]
    while todo:
        box, done = todo.pop()
        if done:
            order.append(box)
        elif id(box) not in seen:
            seen.add(id(box))
            todo.append((box, True))
            todo += [(origin, False) for origin, _ in box.links]
    found = {id(y): g}
    for box in reversed(order):
        for origin, rule in box.links:
            part = rule(found[id(box)])
            found[id(origin)] = add(found[id(origin)], part) if id(origin) in found else part
    return found


def value_and_grad(f, argnum=0):
    def both(*args):
        value, pull = vjp(lambda x: f(*args[:argnum], x, *args[argnum + 1 :]), args[argnum])
        if np.shape(bare(value)) != ():
            raise TypeError(f"grad: the function gave shape {np.shape(bare(value))}, not a number")
        return value, pull(np.float64(1.0))

    return both


def grad(f, argnum=0):
    return lambda *args: value_and_grad(f, argnum)(*args)[1]


def elementwise_grad(f, argnum=0):
    def gradient(*args):
        value, pull = vjp(lambda x: f(*args[:argnum], x, *args[argnum + 1 :]), args[argnum])
        return pull(np.ones(np.shape(bare(value))))

    return gradient
