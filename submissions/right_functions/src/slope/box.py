"""Boxes around arrays: they note which of the primitives was applied to what."""

import numpy as np


class Box:
    __array_priority__ = 100.0  # so that array + box asks the box

    def __init__(self, value, level, links=()):
        self.value, self.level, self.links = value, level, links

    @property
    def shape(self):
        return np.shape(bare(self))


def bare(x):
    """What is inside of all boxes."""
    while isinstance(x, Box):
        x = x.value
    return x


def primitive(forward):
    """Let a function of arrays take boxes; its rules are set by ``derivatives``."""

    def op(*args, **settings):
        level = max((a.level for a in args if isinstance(a, Box)), default=0)
        if not level:
            return forward(*args, **settings)
        opened = [a.value if _is_at(a, level) else a for a in args]
        result = op(*opened, **settings)
        links = [
            (a, lambda g, rule=rule: rule(g, result, *opened, **settings))
            for a, rule in zip(args, op.rules)
            if _is_at(a, level)
        ]
        return Box(result, level, links)

    def derivatives(*rules):
        op.rules = rules

    op.derivatives, op.rules = derivatives, ()
    return op


def _is_at(x, level):
    return isinstance(x, Box) and x.level == level
