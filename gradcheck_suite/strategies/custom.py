"""Custom functions: rules that a user of the engine wrote."""

from typing import Final

from hypothesis import strategies as st

from gradcheck_suite.strategies.scene import GROWING, Scene, Sessions, session

__all__ = ["CUSTOM", "custom_calls", "custom_functions"]

CUSTOM: Final = ("custom_cube", "custom_scale")
_FACTORS: Final = (2.0, -1.5, 0.5)


def _custom(s: Scene, op: str, x: int) -> int:
    if op == "custom_scale":
        return s.b.apply(op, x, factor=s.draw(st.sampled_from(_FACTORS)))
    return s.b.apply(op, x)


def custom_functions(op: str) -> Sessions:
    """Return a session of one custom function, between ops of the engine's own or alone."""

    @session
    def programs(s: Scene) -> None:
        x = s.leaf()
        before = s.step(x) if s.draw(st.booleans()) else x
        result = _custom(s, op, before)
        root = s.step(result) if s.draw(st.booleans()) else result
        s.b.observe("value", result)
        s.backward(root)
        s.b.observe("grad", x)

    return programs


def custom_calls(op: str) -> Sessions:
    """Return a session of two calls of one custom function, each with values of its own."""

    @session
    def programs(s: Scene) -> None:
        x = s.leaf()
        y = s.leaf() if s.draw(st.booleans()) else x
        first = _custom(s, op, x)
        s.backward(s.pair(first, _custom(s, op, s.step(y)), GROWING))
        s.b.observe("grad", *dict.fromkeys((x, y)))

    return programs
