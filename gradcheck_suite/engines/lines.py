"""The lines of one engine: its templates as functions, each compiled when it is first asked for."""

from collections.abc import Callable
from typing import Any, Final, TypeAlias

from gradcheck_suite.program.template import OPTIONAL, template

__all__ = ["Lines", "Over"]

_X: Final = ("x",)
_GIVEN: Final = (False,)
_Key: TypeAlias = tuple[str, tuple[str, ...], tuple[bool, ...], str]


class Lines(dict[_Key, Callable[..., Any]]):
    """The lines of one engine.

    The key: the template; the names that are filled in, by position; which of them are None or
    False, and so left out where the template allows it; the name whose value a statement returns.
    """

    def __init__(self, namespace: dict[str, Any]) -> None:
        """Run them in ``namespace``."""
        super().__init__()
        self._namespace = namespace

    def __missing__(self, key: _Key) -> Callable[..., Any]:
        text, names, absent, result = key
        dropped = OPTIONAL.intersection(n for n, a in zip(names, absent, strict=True) if a)
        self[key] = template(text).compile(names, dropped, self._namespace, result)
        return self[key]

    def always(self, text: str, names: tuple[str, ...]) -> Callable[..., Any]:
        """Return the line of a template that leaves none of ``names`` out."""
        return self[text, names, (False,) * len(names), ""]


class Over(dict[str, Callable[[Any], Any]]):
    """Those of the lines that run over ``x`` alone, by their templates."""

    def __init__(self, lines: Lines) -> None:
        """Take them from ``lines``."""
        super().__init__()
        self._lines = lines

    def __missing__(self, text: str) -> Callable[[Any], Any]:
        self[text] = self._lines[text, _X, _GIVEN, ""]
        return self[text]
