"""Print gradients as a library of functions gives them: ``def f(a, b)``, then ``grad(f)(a, b)``."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from textwrap import indent

from gradcheck_suite.program.array import Array
from gradcheck_suite.program.instructions import (
    Apply,
    Backward,
    Detach,
    GradOf,
    Instruction,
    Misapply,
    Program,
)
from gradcheck_suite.program.paths import graph, seen
from gradcheck_suite.program.spelling import Spelling
from gradcheck_suite.program.template import template

__all__ = ["Functions", "Texts"]

_INDENT = "    "


@dataclass(frozen=True, slots=True)
class Texts:
    """How a printer names values and writes steps."""

    names: dict[int, str]
    fresh: Iterator[str]
    apply: Callable[[Apply | Misapply], str]
    weighted: Callable[[str, Array], str]
    """Returns the weighted sum that stands for a cotangent."""
    looped: Callable[[int], list[str] | None]
    """Returns the loop that stands for a step, nothing for a step in it; None for any other."""

    def name(self, index: int) -> str:
        """Return the name of a value, a new one if it has none."""
        if index not in self.names:
            self.names[index] = next(self.fresh)
        return self.names[index]


class Functions:
    """The functions of a printed Program, and the names of the gradients that they gave."""

    def __init__(self, program: Program, spelling: Spelling, texts: Texts) -> None:
        """Share the names and texts of a printer."""
        self._program = program
        self._spelling = spelling
        self._texts = texts
        self._names = texts.names
        # Of each leaf: the call that gave its gradient, behind what it takes to repeat it.
        self._calls: dict[int, list[str]] = {}
        self._given: dict[int, list[str]] = {}  # likewise of each gradient that is a value
        self._n_functions = 0
        steps = (k for k, i in program.numbered() if isinstance(i, (Apply, Detach, GradOf)))
        self._hidden = frozenset(steps) - seen(program) if spelling.gradient else frozenset()

    def hides(self, index: int, instruction: Instruction) -> bool:
        """Tell whether nobody looks at the numbers of a step: it is printed in functions alone."""
        if isinstance(instruction, GradOf):
            self._given[index] = self._calls.get(instruction.x, ["None"])
        return index in self._hidden

    def gradient(self, x: int) -> str:
        """Return the name of the gradient by the leaf ``x``, or None as there is none."""
        return f"grad_{self._names[x]}" if x in self._calls else "None"

    def clear(self, x: int) -> str:
        """Print nothing: the next call gives a gradient of its own."""
        self._calls.pop(x, None)
        return ""

    def differentiate(self, backward: Backward) -> str:
        """Return the function that is differentiated, and the gradient by each of its arguments."""
        leaves, steps = graph(self._program, backward.x)
        takes_one = "x" in template(self._spelling.gradient).names
        lines: list[str] = []
        calls: dict[int, list[str]] = {}
        for arguments in [(leaf,) for leaf in leaves] if takes_one else [leaves]:
            function = self._next_name()
            definition = list(self._definition(function, arguments, steps, backward))
            lines += definition
            # One that takes a single argument finds the others around it: at these it is repeated.
            before = definition if takes_one else []
            calls |= {
                x: [*before, self._call(function, arguments, k)] for k, x in enumerate(arguments)
            }
        for leaf, (*_, call) in calls.items():
            name, again = f"grad_{self._names[leaf]}", leaf in self._calls
            lines.append(f"{name} = {name} + {call}" if again else f"{name} = {call}")
        self._calls |= calls
        return "\n".join(lines)

    def _next_name(self) -> str:
        self._n_functions += 1
        return "f" if self._n_functions == 1 else f"f_{self._n_functions}"

    def _definition(
        self,
        name: str,
        arguments: tuple[int, ...],
        steps: tuple[tuple[int, Instruction], ...],
        backward: Backward,
    ) -> Iterator[str]:
        yield f"def {name}({', '.join(self._names[leaf] for leaf in arguments)}):"
        body = [line for k, step in steps for line in self._step(k, step)]
        root = self._names[backward.x]
        given = backward.cotangent
        body.append(f"return {root if given is None else self._texts.weighted(root, given)}")
        yield from (indent(line, _INDENT) for line in body)

    def _step(self, k: int, step: Instruction) -> list[str]:
        loop = self._texts.looped(k)
        if loop is not None:
            return loop
        before: list[str] = []
        match step:
            case Apply():
                text = self._texts.apply(step)
            case GradOf():
                *before, text = self._given[k]
            case Detach(x):
                text = template(self._spelling.detach).print({"x": self._names[x]})
            case _:
                raise AssertionError(step)
        return [*before, f"{self._texts.name(k)} = {text}"]

    def _call(self, function: str, arguments: tuple[int, ...], k: int) -> str:
        names = [self._names[leaf] for leaf in arguments]
        texts = {"f": function, "x": names[k], "primals": f"[{', '.join(names)}]"}
        argnum = str(k) if k else "None"  # the first argument is meant where none is named
        return template(self._spelling.gradient).print({**texts, "argnum": argnum})
