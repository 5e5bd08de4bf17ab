"""Property by engine: what each engine that is known by name, and each submission, came to.

Run by ``make verdicts`` once a class was graded: ``GRADED`` is the folder of its report. The known
engines are asked ``CASES`` programs for each property, drawn from ``SEED``. One table by theme is
printed, as Markdown; the lines below it name every property that failed, and where.
"""

import os
import sys
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

from gradcheck_suite.diagnosis.examine import examine
from gradcheck_suite.engines.discovery import load
from gradcheck_suite.engines.known import known_engine
from gradcheck_suite.engines.subject import InProcess
from gradcheck_suite.exams.build import build
from gradcheck_suite.exams.crew import Crew
from gradcheck_suite.grading.results import read_result
from gradcheck_suite.grading.tally import Tally, by_theme, tally
from gradcheck_suite.properties.catalogue import CATALOGUE
from gradcheck_suite.records import PropertyResult

GRADED = Path(os.environ.get("GRADED", "reports/sample"))
CASES = int(os.environ.get("CASES", "2"))
SEED = int(os.environ.get("SEED", "0"))

Results = Mapping[str, Sequence[PropertyResult]]


def main() -> None:
    """Print the table and the list."""
    found: Results = {**known(), **graded()}
    themes = tuple(dict.fromkeys(entry.theme for entry in CATALOGUE.values()))
    grouped = {engine: by_theme(results, themes) for engine, results in found.items()}
    say("| theme |", *(f" {engine} |" for engine in found))
    say("|---|" + "---|" * len(found))
    for theme in themes:
        cells = (cell(tally(r.verdict for r in g.get(theme, ()))) for g in grouped.values())
        say(f"| {theme} |", *(f" {text} |" for text in cells))
    say()
    for name in CATALOGUE:
        bad = [e for e, results in found.items() if is_bad(name, results)]
        if bad:
            say(f"{name}: {', '.join(bad)}")


def is_bad(name: str, results: Sequence[PropertyResult]) -> bool:
    """Tell whether a property failed."""
    return any(r.verdict.is_bad for r in results if r.property == name)


def known() -> Results:
    """Examine the engines that are known by name in this process, with one exam for all."""
    with Crew(os.cpu_count() or 1) as crew:
        exam = build(tuple(CATALOGUE), seed=SEED, n_cases=CASES, crew=crew)
    engines = {name: known_engine(name) for name in ("reference", "torch")}
    if find_spec("micrograd"):
        engines["micrograd"] = load(Path("micrograd.engine:Value"))
    return {
        name: examine(exam, InProcess(engine), with_findings=False)
        for name, engine in engines.items()
    }


def graded() -> Results:
    """Read what the submissions of a class came to."""
    files = sorted(GRADED.glob("*/results.json"))
    if not files:
        sys.exit(f"{GRADED}: found no results.json, expected the report of a class")
    read = {file.parent.name: read_result(file.read_bytes(), str(file)) for file in files}
    return {name: one.grade.results for name, one in read.items()}


def cell(counts: Tally) -> str:
    """Return how many properties passed, failed, and were left out: ``11``, ``9, 2 failed``."""
    parts = [
        (str(counts.passed), counts.passed),
        (f"{counts.failed} failed", counts.failed),
        (f"{counts.blocked} left out", counts.blocked),
        (f"{counts.inconclusive} open", counts.inconclusive + counts.infrastructure),
    ]
    return ", ".join(text for text, n in parts if n) or "-"


def say(*parts: str) -> None:
    """Print a line."""
    sys.stdout.write("".join(parts) + "\n")


if __name__ == "__main__":
    main()
