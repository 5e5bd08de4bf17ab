"""The soak: programs drawn live, from fresh seeds, until something falls outside or time is up.

Run by ``make soak``. A case is one program put to one engine that is known to be right: reference
and torch, in float64 and float32. Every number that they give must lie in its interval. ``SEED``
repeats a run; ``CASES`` is where it stops; ``WORKERS`` changes nothing but the time.
"""

import os
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from functools import cache
from hashlib import blake2b
from itertools import count
from multiprocessing import get_context
from time import monotonic, time_ns

from gradcheck_suite.engines.interpreter import run
from gradcheck_suite.engines.known import known_engine
from gradcheck_suite.engines.spelled import SpelledEngine
from gradcheck_suite.exams.exam import Case
from gradcheck_suite.exams.jury import WITNESSES, case_of
from gradcheck_suite.program.codec import encode
from gradcheck_suite.program.instructions import Program
from gradcheck_suite.program.printing import lines
from gradcheck_suite.properties.catalogue import CATALOGUE
from gradcheck_suite.properties.judging import judge
from gradcheck_suite.strategies.drawing import draw, seed_for
from gradcheck_suite.strategies.world import SCALARS, TENSORS

SEED = int(os.environ.get("SEED") or time_ns() // 1_000_000)
CASES = int(os.environ.get("CASES") or 200_000)
WORKERS = int(os.environ.get("WORKERS") or 2)
N_EACH = 16  # programs of each form, each round
WORLDS = {"scalar": SCALARS, "tensor": TENSORS}


@dataclass(slots=True)
class Found:
    """What one property came to in one round."""

    programs: dict[bytes, tuple[int, int]] = field(default_factory=dict)
    """To each program's digest the number of engines that ran it, and of numbers judged."""
    outside: list[str] = field(default_factory=list)


@cache
def engines() -> dict[str, SpelledEngine]:
    """Return the engines that are known to be right."""
    found = {}
    for name in WITNESSES:
        engine = known_engine(name)
        found[f"{name} float64"] = engine
        coarse = replace(engine.spelling, dtype="float32")
        found[f"{name} float32"] = SpelledEngine(coarse, engine.namespace)
    return found


def soak(name: str, a_round: int) -> Found:
    """Draw programs of a property as an exam does, and put each to every engine that has all."""
    entry = CATALOGUE[name]
    found = Found()

    def keep(program: Program) -> bool:
        case = case_of(entry, program)
        if case is None:
            return False
        found.programs[blake2b(encode(program), digest_size=12).digest()] = judged(case)
        return True

    def judged(case: Case) -> tuple[int, int]:
        n_engines = n_numbers = 0
        for who, engine in engines().items():
            if not case.needs <= engine.capabilities:
                continue
            judgement = judge(case.sheets, run(case.program, engine), strict_shape=True)
            n_engines += 1
            n_numbers += judgement.n_elements
            for look in judgement.looks:
                if not look.right:
                    told = f"at {look.index} got {look.actual}, expected {look.expected}"
                    found.outside.append(shown(name, who, case.program, told))
        return n_engines, n_numbers

    for kind in entry.worlds:
        for k, stratum in enumerate(entry.draws(WORLDS[kind])):
            draw(stratum, N_EACH, seed_for(SEED, a_round, name, kind, k), keep)
    return found


def shown(name: str, who: str, program: Program, told: str) -> str:
    """Tell what fell outside, with the program as it is written for that engine."""
    spelling = engines()[who].spelling
    listing = [f"    {line}" for line in lines(program, spelling)]
    return "\n".join([f"{name}: {who} {told}, for", *listing])


def main() -> int:
    """Soak until there are enough cases; return the exit status."""
    say(f"seed {SEED}: make soak SEED={SEED} CASES={CASES} repeats this run")
    begin = monotonic()
    known: set[bytes] = set()
    n_cases = n_numbers = n_outside = 0

    def tally() -> str:
        counted = f"{len(known):,} programs, {n_cases:,} cases, {n_numbers:,} numbers judged"
        return f"{counted}, {n_outside:,} outside; {monotonic() - begin:.0f} s"

    with ProcessPoolExecutor(WORKERS, get_context("spawn"), begin_with, (SEED,)) as pool:
        for a_round in count():
            for found in in_order(pool, a_round):
                for digest, (n_engines, n) in found.programs.items():
                    if digest not in known:  # the simplest programs come in every round
                        known.add(digest)
                        n_cases += n_engines
                        n_numbers += n
                for text in found.outside:
                    n_outside += 1
                    say(f"seed {SEED}, round {a_round}, {text}")
                if n_cases >= CASES or n_outside:
                    break
            say(f"round {a_round}: {tally()}")
            if n_cases >= CASES or n_outside:
                pool.shutdown(cancel_futures=True)
                break
    say(f"{', '.join(engines())}: {tally()}")
    return 1 if n_outside else 0


def in_order(pool: ProcessPoolExecutor, a_round: int) -> Iterator[Found]:
    """Yield what each property of the catalogue came to, in the order of the catalogue."""
    return pool.map(soak, CATALOGUE, [a_round] * len(CATALOGUE))


def begin_with(seed: int) -> None:
    """Give a worker the seed of the run; torch's own threads would only get in the way."""
    global SEED  # noqa: PLW0603 - once, before anything is drawn
    SEED = seed
    import torch

    torch.set_num_threads(1)


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
