"""Blocks as they are written: what stands around the lines of a body."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from textwrap import indent

__all__ = ["INDENT", "Line", "Lines", "caught", "decorated", "generator", "thread", "with_block"]

INDENT = "    "


@dataclass(frozen=True, slots=True)
class Line:
    """One printed line, the instruction that it belongs to (None: scaffolding), its indentation."""

    index: int | None
    text: str
    depth: int = 0

    def __str__(self) -> str:
        return indent(self.text, INDENT * self.depth)


Lines = Sequence[Line]


def with_block(manager: str, inner: Lines) -> Iterator[Line]:
    """Yield a ``with`` block."""
    yield Line(None, f"with {manager}:")
    yield from _deeper(inner or [Line(None, "pass")])


def caught(inner: Lines) -> Iterator[Line]:
    """Yield lines that end in a ValueError, and where it is caught."""
    yield Line(None, "try:")
    yield from _deeper(inner)
    yield Line(None, "except ValueError:")
    yield Line(None, "pass", 1)


def decorated(manager: str, inner: Lines, made: Iterable[str]) -> Iterator[Line]:
    """Yield a decorated function that gives values to the names ``made``, and its call."""
    yield Line(None, f"@{manager}")
    yield from _function("run", inner, made)
    yield Line(None, "run()")


def thread(inner: Lines, made: Iterable[str]) -> Iterator[Line]:
    """Yield a function that a thread runs, and how it is waited for."""
    yield from _function("run", inner, made)
    yield Line(None, "thread = threading.Thread(target=run)")
    yield Line(None, "thread.start()")
    yield Line(None, "thread.join()")


def generator(
    name: str, block: Lines, outside: Iterable[Lines], made: Iterable[str], *, raises: bool
) -> Iterator[Line]:
    """Yield a generator function with ``block`` for a body, and what drives it.

    ``outside``: the lines that are run at each suspension. A block that ends with one is closed.
    """
    yield from _function("steps", block, made)
    yield Line(None, f"{name} = steps()")
    for lines in outside:
        yield Line(None, f"next({name})")
        yield from lines
    if raises:
        yield from caught([Line(None, f"next({name})")])
    elif block[-1].text == "yield":
        yield Line(None, f"{name}.close()")
    else:
        yield Line(None, f"next({name}, None)")


def _function(name: str, inner: Lines, made: Iterable[str]) -> Iterator[Line]:
    names = ", ".join(dict.fromkeys(made))
    yield Line(None, f"def {name}():")
    if names:
        yield Line(None, f"global {names}", 1)
    yield from _deeper(inner or [Line(None, "pass")])


def _deeper(lines: Iterable[Line]) -> Iterator[Line]:
    return (replace(line, depth=line.depth + 1) for line in lines)
