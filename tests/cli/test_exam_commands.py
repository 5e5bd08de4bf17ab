"""The commands about stored exams: build, show, verify, and grading with one."""

import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import msgspec
import pytest

from gradcheck_suite.cli import main
from gradcheck_suite.exams.build import build
from gradcheck_suite.exams.store import exam_bytes, read_exam

SAMPLES = Path(__file__).parents[2] / "submissions"
ASSIGNMENT = """
title = 'HW'
properties = { 'value[add]' = 1, 'gradient[mul]' = 2, 'two_losses' = 1 }
exam = { seed = 7, cases = 2 }
"""


class Run:
    """The command, run in this process."""

    def __init__(self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        self._capsys = capsys
        self._monkeypatch = monkeypatch

    def __call__(self, *arguments: str | Path) -> tuple[int, str, str]:
        """Return the status, the output and the errors."""
        self._monkeypatch.setattr(sys, "argv", ["gradcheck-suite", *map(str, arguments)])
        with pytest.raises(SystemExit) as caught:
            main()
        code = caught.value.code
        out, err = self._capsys.readouterr()
        return (code if isinstance(code, int) else int(code is not None)), out, err


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Return a function that runs the command."""
    return Run(capsys, monkeypatch)


@pytest.fixture
def homework(tmp_path: Path) -> Path:
    """Return a folder with an assignment and a class of a right and a wrong engine."""
    (tmp_path / "hw.toml").write_text(ASSIGNMENT)
    folder = tmp_path / "class"
    folder.mkdir()
    for name in ("right_scalar", "wrong_rsub"):
        (source,) = (SAMPLES / name).glob("*.py")
        (folder / f"{name}.py").write_text(source.read_text())
    return tmp_path


@pytest.fixture
def kept(run: Run, homework: Path) -> Path:
    """Return the exam of the homework, built."""
    path = homework / "hw.exam"
    code, _, err = run("exam", "build", homework / "hw.toml", "-o", path)
    assert (code, err) == (0, "")
    return path


def test_build_tells_what_was_made(run: Run, homework: Path) -> None:
    """Programs, versions, witnesses, size and digest are printed, and the file has that digest."""
    path = homework / "new" / "hw.exam"
    code, out, err = run("exam", "build", homework / "hw.toml", "-o", path)
    assert (code, err) == (0, "")
    n = read_exam(path).n_programs
    assert f"{n} for 3 properties" in out
    assert "seed 7, 2 cases" in out
    assert f"reference float64  agreed on {n} of {n}" in out
    assert "SymPy" in out
    assert sha256(path.read_bytes().split(b"\n", 2)[2]).hexdigest() in out


def test_what_is_built_is_the_exam_that_is_graded(kept: Path) -> None:
    """The stored programs and answers are those that are drawn for the assignment."""
    drawn = build(("value[add]", "gradient[mul]", "two_losses"), seed=7, n_cases=2)
    programs = {
        name: [(case.program, case.sheets) for case in cases]
        for name, cases in read_exam(kept).cases.items()
    }
    assert programs == {
        name: [(case.program, case.sheets) for case in cases] for name, cases in drawn.cases.items()
    }


def test_seed_and_cases_replace_those_of_the_assignment(run: Run, homework: Path) -> None:
    """A secret seed need not stand in the file that students see."""
    path = homework / "hw.exam"
    run("exam", "build", homework / "hw.toml", "-o", path, "--seed", "8", "--cases", "1")
    exam = read_exam(path)
    assert (exam.seed, exam.n_cases) == (8, 1)


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_building_again_writes_the_same_bytes(
    run: Run, homework: Path, kept: Path, jobs: str
) -> None:
    """An exam is replaced by the same exam."""
    before = kept.read_bytes()
    code, _, _ = run("exam", "build", homework / "hw.toml", "-o", kept, "--jobs", jobs)
    assert (code, kept.read_bytes() == before) == (0, True)


def test_the_command_by_itself_builds_with_workers(homework: Path, kept: Path) -> None:
    """A process that starts workers of its own writes the same bytes."""
    code = (
        "import sys, gradcheck_suite.exams.crew as crew\n"
        "crew._WORTH_A_WORKER = 1\n"
        "from gradcheck_suite.cli import main\n"
        "if __name__ == '__main__': main()\n"
    )
    script = homework / "script.py"
    script.write_text(code)
    out = homework / "two.exam"
    command = [sys.executable, script, "exam", "build", homework / "hw.toml", "-o", out]
    subprocess.run([*command, "--jobs", "2"], check=True, capture_output=True)
    assert out.read_bytes() == kept.read_bytes()


@pytest.mark.parametrize(
    ("there", "found"), [("hw.toml", "a file that is no exam"), ("class", "a folder")]
)
def test_nothing_but_an_exam_is_replaced(run: Run, homework: Path, there: str, found: str) -> None:
    """An assignment that is given twice survives."""
    code, _, err = run("exam", "build", homework / "hw.toml", "-o", homework / there)
    assert code == 2
    assert f"{there}: got {found}, expected a new file, or an exam to replace" in err
    assert (homework / "hw.toml").read_text() == ASSIGNMENT


def test_a_seed_beyond_all_numbers_is_refused_first(run: Run, homework: Path) -> None:
    """What the file has no room for is told before anything is drawn."""
    where = ("-o", homework / "x.exam", "--seed", str(2**64))
    code, _, err = run("exam", "build", homework / "hw.toml", *where)
    assert code == 2
    assert "expected one below 2**64" in err


def test_a_place_that_cannot_be_written_is_wrong_usage(run: Run, homework: Path) -> None:
    """A folder that is a file ends in a message."""
    code, _, err = run("exam", "build", homework / "hw.toml", "-o", homework / "hw.toml" / "x")
    assert code == 2
    assert "Traceback" not in err


def test_show_has_what_is_covered_and_what_is_not(run: Run, kept: Path) -> None:
    """Levels, a row for each op, and the gaps are printed."""
    code, out, err = run("exam", "show", kept)
    assert (code, err) == (0, "")
    assert "value of each op" in out
    row = next(line for line in out.splitlines() if line.startswith("mul"))
    assert "x, y" in row
    assert "1 of 1" in row
    gaps = out.partition("not covered\n")[2]
    assert "broadcast by ones: " in gaps
    assert "x of mul" in gaps


def test_verify_of_what_was_built_ends_with_0(run: Run, kept: Path) -> None:
    """Every answer is computed again, and is the same."""
    code, out, err = run("exam", "verify", kept)
    assert (code, err) == (0, "")
    assert "certified again, every answer to the last bit" in out


def tampered(path: Path) -> None:
    """Give the first number of an exam another value, and its file the digest that goes with it."""
    body = msgspec.msgpack.decode(path.read_bytes().split(b"\n", 2)[2])
    answer = body[4][0][4][0][1][0][1][0][1]
    answer[2][0] += 1e-9
    data = msgspec.msgpack.encode(body)
    head = f"gradcheck-suite exam 1\nsha256 {sha256(data).hexdigest()} {len(data)}\n"
    path.write_bytes(head.encode() + data)


def test_verify_of_a_tampered_answer_ends_with_1(run: Run, kept: Path) -> None:
    """A number that was changed, digest and all, is told with its program."""
    tampered(kept)
    code, out, _ = run("exam", "verify", kept)
    assert code == 1
    assert "value[add], program 1: at instruction" in out
    assert "    a = reference.Tensor(" in out
    assert "1 of " in out


def test_verify_tells_of_other_versions(
    run: Run, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An exam that another SymPy made says so, whether or not its answers differ."""
    exam = read_exam(kept)
    older = dict(exam.versions) | {"SymPy": "0.0.1"}
    object.__setattr__(exam, "versions", tuple(sorted(older.items())))
    kept.write_bytes(exam_bytes(exam))
    code, out, _ = run("exam", "verify", kept)
    assert code == 0
    assert "(made with 0.0.1)" in out


@pytest.mark.parametrize("command", [("exam", "show"), ("exam", "verify")])
@pytest.mark.parametrize("what", ["cut", "edited", "text", "nothing"])
def test_a_damaged_exam_is_wrong_usage(
    run: Run, kept: Path, command: tuple[str, ...], what: str
) -> None:
    """The reason stands in one message, with status 2 and no traceback."""
    data = kept.read_bytes()
    parts = {"cut": data[:-9], "edited": data[:-1] + b"?", "text": b"hello"}
    if what == "nothing":
        kept.unlink()
    else:
        kept.write_bytes(parts[what])
    code, out, err = run(*command, kept)
    assert (code, out) == (2, "")
    assert "hw.exam: got " in err
    assert "Traceback" not in err


def _graded(run: Run, homework: Path, out: str, *more: str | Path) -> dict[Path, bytes]:
    where = ("--assignment", homework / "hw.toml", "--out", homework / out)
    code, _, err = run("grade", homework / "class", *where, *more)
    assert (code, err) == (0, "")
    files = (p for p in (homework / out).rglob("*.*") if p.is_file())
    return {p.relative_to(homework / out): p.read_bytes() for p in files}


def test_grading_with_the_exam_changes_no_byte(run: Run, homework: Path, kept: Path) -> None:
    """Results, pages and gradebook are those of grading without a file."""
    with_exam = _graded(run, homework, "with", "--exam", kept)
    assert Path("wrong_rsub.py/results.json") in with_exam
    assert with_exam == _graded(run, homework, "without")


def test_grading_asks_what_the_assignment_asks(run: Run, homework: Path, kept: Path) -> None:
    """Properties of the exam that the assignment leaves out are not judged."""
    (homework / "hw.toml").write_text(ASSIGNMENT.replace("'value[add]' = 1, ", ""))
    assert _graded(run, homework, "with", "--exam", kept) == _graded(
        run, homework, "without", "--seed", "7", "--cases", "2"
    )


def test_a_property_that_the_exam_lacks_is_named(run: Run, homework: Path, kept: Path) -> None:
    """An assignment that asks for more is refused before anything is graded."""
    (homework / "hw.toml").write_text(
        ASSIGNMENT.replace("'two_losses'", "'fan_out' = 1, 'detach*'")
    )
    where = ("--assignment", homework / "hw.toml", "--out", homework / "out", "--exam", kept)
    code, _, err = run("grade", homework / "class", *where)
    assert code == 2
    assert "got no programs for fan_out, detached_paths, detach_leaves_upstream" in err
    assert not (homework / "out").exists()


@pytest.mark.parametrize("option", ["--seed", "--cases"])
def test_a_stored_exam_is_drawn_already(run: Run, homework: Path, kept: Path, option: str) -> None:
    """A seed or a number of cases beside a stored exam is a contradiction."""
    where = ("--assignment", homework / "hw.toml", "--out", homework / "out", "--exam", kept)
    code, _, err = run("grade", homework / "class", *where, option, "3")
    assert code == 2
    assert "got --exam with --seed or --cases, expected either" in err
