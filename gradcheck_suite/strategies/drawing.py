"""Drawing: the same Programs from the same seed, on any machine.

Hypothesis mixes constants that it finds in the local source code into what it draws, so that its
examples depend on which modules happen to be loaded. The provider here leaves that out.
"""

import hashlib
from collections.abc import Callable
from contextlib import suppress
from random import Random
from typing import Any, Final

import hypothesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import NoSuchExample, Unsatisfiable
from hypothesis.internal.conjecture.providers import AVAILABLE_PROVIDERS, HypothesisProvider

from gradcheck_suite.program.instructions import Constant, Leaf, Observe, Program, flatten

__all__ = ["draw", "find_smallest", "n_steps", "seed_for", "size"]


class SeededProvider(HypothesisProvider):
    """Hypothesis's own provider without constants from source code."""

    def _maybe_draw_constant(self, *_args: Any, **_kwargs: Any) -> None:  # noqa: ANN401 - theirs
        return None


_BACKEND: Final = "gradcheck-suite-seeded"
AVAILABLE_PROVIDERS[_BACKEND] = f"{__name__}.{SeededProvider.__name__}"
_REDRAWN: Final = 2  # a third of the draws repeats an earlier Program where these are few
_QUIET: Final = settings(
    database=None,
    derandomize=False,  # seeded instead; the default differs where CI is set
    deadline=None,
    backend=_BACKEND,
    suppress_health_check=list(HealthCheck),
    report_multiple_bugs=False,
)


class EnoughError(BaseException):
    """Nothing more is to be drawn; no Exception, which Hypothesis would take for a failed test."""


def seed_for(*parts: object) -> int:
    """Return a seed that depends on the texts of ``parts`` alone."""
    return int.from_bytes(hashlib.sha256("|".join(map(str, parts)).encode()).digest()[:8], "big")


def draw(
    strategy: st.SearchStrategy[Program],
    n: int,
    seed: int,
    keep: Callable[[Program], bool],
    of_use: Callable[[Program], bool] | None = None,
) -> tuple[Program, ...]:
    """Return up to ``n`` different Programs for which ``keep`` is true, smallest first.

    Those that are not ``of_use`` are passed over, and not drawn again for; EnoughError of either
    function ends the drawing, whatever else they raise is raised. Returns fewer where the strategy
    has not many more than ``n``, or seldom one that is kept.
    """
    found: dict[Program, None] = {}

    @hypothesis.seed(seed)
    @settings(_QUIET, max_examples=_REDRAWN * n, phases=[Phase.generate])
    @given(strategy)
    def collect(program: Program) -> None:
        if program in found or (of_use and not of_use(program)):
            return
        hypothesis.assume(keep(program))
        found[program] = None
        if len(found) == n:
            raise EnoughError

    with suppress(Unsatisfiable, EnoughError):  # nothing was kept, or enough
        collect()
    return tuple(sorted(found, key=size))


def find_smallest(
    strategy: st.SearchStrategy[Program],
    wanted: Callable[[Program], bool],
    *,
    seed: int,
    n_tries: int,
) -> Program | None:
    """Return the smallest Program found for which ``wanted`` is true, shrunk; None if none is."""
    remembered: dict[Program, bool] = {}

    def condition(program: Program) -> bool:
        if program not in remembered:
            remembered[program] = wanted(program)
        return remembered[program]

    try:
        return hypothesis.find(
            strategy,
            condition,
            settings=settings(_QUIET, max_examples=n_tries, phases=[Phase.generate, Phase.shrink]),
            random=Random(seed),  # noqa: S311 - reproducible, not secret
        )
    except NoSuchExample:
        return None


def n_steps(program: Program) -> int:
    """Return how many instructions do something: all but leaves, constants and looks."""
    still = (Leaf, Constant, Observe)
    return sum(not isinstance(i, still) for i in flatten(program.instructions))


def size(program: Program) -> tuple[int, int, int]:
    """Return how large a Program is: instructions, then elements, then digits."""
    instructions = list(flatten(program.instructions))
    values = [v for i in instructions for v in getattr(getattr(i, "array", None), "values", ())]
    return len(instructions), len(values), sum(len(repr(v)) for v in values)
