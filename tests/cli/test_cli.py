"""The command line: what it prints, what it writes, and how it ends."""

import subprocess
import sys
from pathlib import Path

import pytest

from gradcheck_suite import __version__
from gradcheck_suite.cli import main

SAMPLES = Path(__file__).parents[2] / "submissions"


def _run(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *arguments: str | Path
) -> tuple[int, str, str]:
    """Run the command in this process; return its status and what it printed."""
    monkeypatch.setattr(sys, "argv", ["gradcheck-suite", *map(str, arguments)])
    with pytest.raises(SystemExit) as caught:
        main()
    code = caught.value.code
    out, err = capsys.readouterr()
    return (code if isinstance(code, int) else int(code is not None)), out, err


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> "Run":
    """Return a function that runs the command."""
    return Run(capsys, monkeypatch)


class Run:
    """The command, run in this process."""

    def __init__(self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        self._fixtures = (capsys, monkeypatch)

    def __call__(self, *arguments: str | Path) -> tuple[int, str, str]:
        """Return the status, the output and the errors."""
        return _run(*self._fixtures, *arguments)


def test_version(run: Run) -> None:
    """``--version`` prints the version and ends well."""
    assert run("--version") == (0, f"gradcheck-suite {__version__}\n", "")


def test_starting_imports_nothing_heavy() -> None:
    """Help is there without the packages that take long to load."""
    code = (
        "import sys; sys.argv = ['gradcheck-suite', '--help']\n"
        "import gradcheck_suite.cli\n"
        "try: gradcheck_suite.cli.main()\n"
        "except SystemExit: pass\n"
        "heavy = {'hypothesis', 'sympy', 'flint', 'torch', 'jinja2', 'numpy', 'matplotlib'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (("check", "tosh"), "did you mean 'torch'"),
        (("check", "reference", "--property", "gradient[tannh]"), "gradient[tanh]"),
        (("check", "no_such_module:Value"), "got no module 'no_such_module'"),
        (("show", "reference", "gradient[*]"), "expected the id of one"),
        (("properties", "nothing"), "got the property 'nothing'"),
        (("check", "reference", "--cases", "0"), "Invalid value"),
        (("check", "reference", "--dialect", "needles"), "did you mean 'needle'"),
        (("check", "reference", "--dialect", "view=shared"), "did you mean 'views'"),
        (("check",), "Missing argument"),
        (("frob",), "No such command"),
    ],
)
def test_wrong_usage_ends_with_2(run: Run, arguments: tuple[str, ...], part: str) -> None:
    """One message says what was expected, without a traceback."""
    code, out, err = run(*arguments)
    assert (code, out) == (2, "")
    assert part in err
    assert "Traceback" not in err


def test_a_right_engine_ends_with_0(run: Run) -> None:
    """Themes are counted and nothing else is said."""
    code, out, err = run("check", "reference", "--property", "gradient[tan*]", "--cases", "2")
    assert (code, err) == (0, "")
    assert "gradient of each op  2 of 2" in out


def test_a_wrong_engine_ends_with_1(run: Run) -> None:
    """The finding has the program in the engine's own spelling and the command for more."""
    engine = SAMPLES / "wrong_tanh"
    code, out, _ = run("check", engine, "--property", "gradient[tanh]", "--cases", "2")
    assert code == 1
    assert "tanh has a wrong derivative" in out
    assert "    b.backward()" in out
    assert f"gradcheck-suite show {engine} 'gradient[tanh]'" in out


def test_the_conventions_of_an_engine_can_be_stated(run: Run) -> None:
    """The reference adds gradients up: held to needle's conventions it is wrong."""
    held = ("check", "reference", "--property", "accumulation", "--cases", "2", "--dialect")
    assert run(*held, "torch")[0] == 0
    code, out, _ = run(*held, "needle")
    assert code == 1
    assert "gradcheck-suite show --dialect needle reference accumulation" in out


def test_show_has_the_whole_finding(run: Run) -> None:
    """``show`` adds the place and a script that runs by itself."""
    code, out, _ = run("show", SAMPLES / "wrong_tanh", "gradient[tanh]", "--cases", "2")
    assert code == 1
    assert "A script that shows it by itself:" in out


def test_show_of_what_holds_ends_with_0(run: Run) -> None:
    """A property that holds says so."""
    code, out, _ = run("show", "reference", "gradient[tanh]", "--cases", "1")
    assert (code, "gradient[tanh]: passed" in out) == (0, True)


def test_an_engine_without_a_class_is_wrong_usage(run: Run, tmp_path: Path) -> None:
    """A file in which there is no engine is told, with status 2."""
    (tmp_path / "empty.py").write_text("x = 1\n")
    code, _, err = run("check", tmp_path / "empty.py", "--property", "value[add]")
    assert code == 2
    assert err.startswith("gradcheck-suite: ")


def test_a_message_cannot_repaint_the_terminal(run: Run) -> None:
    """Escape sequences in what was typed or found are spelled out."""
    _, _, err = run("check", "\x1b[2Jno/such")
    assert "\x1b" not in err
    assert "\\x1b[2Jno/such" in err


def test_properties_are_listed_and_explained(run: Run) -> None:
    """Without an id, all are listed by theme; with one, it is explained."""
    code, listed, _ = run("properties")
    assert code == 0
    assert "sharing and accumulation\n" in listed
    assert "  two_losses" in listed
    code, one, _ = run("properties", "two_losses")
    assert code == 0
    assert "level" in one


@pytest.fixture
def homework(tmp_path: Path) -> Path:
    """Return a folder with a class of two and an assignment of two properties."""
    folder = tmp_path / "class"
    folder.mkdir()
    (folder / "ada.py").write_text((SAMPLES / "right_scalar" / "engine.py").read_text())
    (folder / "<b>.py").write_text("x = 1\n")
    assignment = "title = 'HW'\nproperties = {'value[add]' = 1, 'gradient[mul]' = 2}\n"
    (tmp_path / "hw.toml").write_text(assignment)
    return tmp_path


def _grade(run: Run, homework: Path, *more: str, out: str = "out") -> tuple[int, str, str]:
    where = ("--assignment", homework / "hw.toml", "--out", homework / out)
    return run("grade", homework / "class", *where, "--cases", "1", *more)


def test_grading_writes_the_folder_of_a_class(run: Run, homework: Path) -> None:
    """Results, pages and the gradebook are there; the table and the isolation are printed."""
    code, out, err = _grade(run, homework)
    assert (code, err) == (0, "")
    files = {str(p.relative_to(homework / "out")) for p in (homework / "out").rglob("*.*")}
    assert {"index.html", "gradebook.csv", "ada.py/results.json", "ada.py/index.html"} <= files
    assert not [name for name in files if "<" in name]
    assert "3 / 3" in out
    assert "Isolation level" in out
    assert "Report:" in out


def test_the_number_of_workers_changes_no_byte(run: Run, homework: Path) -> None:
    """One worker and three write the same files."""
    _grade(run, homework, "--jobs", "1", out="one")
    _grade(run, homework, "--jobs", "3", out="three")
    one, three = (
        {
            p.relative_to(homework / out): p.read_bytes()
            for p in (homework / out).rglob("*.*")
            if p.is_file()
        }
        for out in ("one", "three")
    )
    assert one == three


@pytest.mark.parametrize(
    ("folder", "assignment", "out", "part"),
    [
        ("missing", "hw.toml", "out", "got no such folder"),
        ("class", "missing.toml", "out", "got no such file"),
        ("class", "broken.toml", "out", "broken.toml, line 1: titel: got an unknown key"),
        ("class", "hw.toml", "class/out", "expected a folder outside of"),
        ("class", "hw.toml", "hw.toml", "expected a folder for the results"),
    ],
)
def test_grading_refuses_wrong_usage(
    run: Run, homework: Path, folder: str, assignment: str, out: str, part: str
) -> None:
    """What is missing or broken is told before anything runs."""
    (homework / "broken.toml").write_text("titel = 'x'\n")
    where = ("--assignment", homework / assignment, "--out", homework / out)
    code, _, err = run("grade", homework / folder, *where)
    assert code == 2
    assert part in err


def test_inspect_writes_what_it_prints(run: Run, tmp_path: Path) -> None:
    """``inspect`` prints the spelling, and with ``--write`` leaves it in the engine's folder."""
    engine = tmp_path / "engine.py"
    engine.write_text((SAMPLES / "wrong_every_path" / "scalar.py").read_text())
    code, out, _ = run("inspect", engine, "--write")
    assert code == 0
    assert "  value             x.value\n" in out
    assert 'value = "x.value"\n' in (tmp_path / "submission.toml").read_text()


def test_thorough_check_draws_more(run: Run) -> None:
    """``--thorough`` asks four times as many programs of each property."""
    counts = []
    for option in ([], ["--thorough"]):
        _, out, _ = run("check", "reference", "--property", "gradient[tanh]", *option)
        (line,) = [line for line in out.splitlines() if " programs, " in line]
        counts.append(int(line.split()[0]))
    assert counts[1] > 2 * counts[0]
