"""Count again how many properties each submission of the sample class passes.

Run by ``make expectations`` when the catalogue has grown. It writes ``n_pass`` alone, and only
where every other verdict is the expected one: what fails, or is blocked, is for a person to write.
"""

import re
import sys
import tomllib

from test_sample_class import CLASS, NAMES, grade_class, verdicts_of


def main() -> int:
    """Write the numbers; return 1 where some verdict is not the expected one."""
    grades = grade_class()
    written = [renewed(name, grades[name]) for name in NAMES]
    return 0 if all(written) else 1


def renewed(name: str, grade: object) -> bool:
    """Write the number of one submission, or print what was not expected of it."""
    path = CLASS / name / "expected.toml"
    text = path.read_text(encoding="utf-8")
    expected = tomllib.loads(text).get("verdicts", {})
    verdicts, passed = verdicts_of(grade)
    for verdict in sorted({*verdicts, *expected}):
        found, wanted = (set(of.get(verdict, ())) for of in (verdicts, expected))
        for sign, names in (("+", found - wanted), ("-", wanted - found)):
            for one in sorted(names):
                say(f"{name}: {sign} {verdict} {one}")
    if verdicts != expected:
        return False
    path.write_text(re.sub(r"(?m)^n_pass = \d+$", f"n_pass = {len(passed)}", text), "utf-8")
    return True


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
