"""What a submission states about itself, in ``submission.toml`` or an adapter of its own."""

import pytest

from gradcheck_suite.engines.discovery import discover, explore, load
from gradcheck_suite.engines.discovery.written import settings_text
from gradcheck_suite.engines.interpreter import run
from gradcheck_suite.engines.outcome import Number
from gradcheck_suite.errors import SubmissionError
from gradcheck_suite.program.array import Array
from gradcheck_suite.program.instructions import Apply, Leaf, Observe, Program

ENGINE = """
class Num:
    def __init__(self, n):
        self.n, self.slope, self.up = n, 0.0, ()
    def down(self, g=1.0):
        self.slope += g
        for p, d in self.up:
            p.down(g * d)
def num(n): return Num(n)
def made(n, *up):
    out = Num(n)
    out.up = up
    return out
def mult(a, b): return made(a.n * b.n, (a, b.n), (b, a.n))
def plus(a, b): return made(a.n + b.n, (a, 1.0), (b, 1.0))
def wrong(a): return made(-a.n + 1, (a, -1.0))
def stops(a): raise NotImplementedError
"""
STATED = """
[engine]
entry = "engine:Num"
leaf = "num(number)"
value = "x.n"
grad = "x.slope"
backward = "x.down(cotangent_number)"

[ops]
mul = "mult(x, y)"
add = "plus(x, y)"
"""


def test_what_is_stated_is_taken(write, compare):
    """Templates of the file are the engine's spelling; what is not stated is discovered."""
    engine = load(write({"engine.py": ENGINE, "submission.toml": STATED}))
    spelling = engine.spelling
    assert (spelling.leaf, spelling.value, spelling.grad) == ("num(number)", "x.n", "x.slope")
    assert spelling.ops == (("add", "plus(x, y)"), ("mul", "mult(x, y)"))
    assert spelling.clear == "x.slope = 0.0"
    assert spelling.imports == ("from engine import mult, num, plus",)
    wrong, n_run = compare(engine)
    assert (wrong, n_run) == ([], 2)


def test_overrides_go_before_the_file(write):
    """Overrides in a call are laid over the file."""
    folder = write({"engine.py": ENGINE, "submission.toml": STATED})
    spelling, _ = discover(folder, overrides={"engine": {"name": "N"}, "ops": {"neg": "wrong(x)"}})
    assert (spelling.name, dict(spelling.ops)["mul"]) == ("N", "mult(x, y)")


def test_op_stated_with_a_wrong_value(write):
    """An op that is stated is taken though its value is wrong: its property will tell."""
    engine = load(write({"engine.py": ENGINE, "submission.toml": STATED + 'neg = "wrong(x)"\n'}))
    assert "op:neg" in engine.capabilities
    outcome = run(Program((Leaf(Array.of(2.0)), Apply("neg", (0,)), Observe("value", 1))), engine)[
        2
    ]
    assert isinstance(outcome, Number)
    assert outcome.values == -1.0


def test_op_stated_that_raises(write):
    """An op that is stated is taken though it raises."""
    folder = write({"engine.py": ENGINE, "submission.toml": STATED + 'exp = "stops(x)"\n'})
    assert "op:exp" in load(folder).capabilities


def test_definitions(write):
    """Templates may call functions that the file defines, and a snippet shows them."""
    text = STATED.replace("plus(x, y)", "both(x, y)")
    text += "[engine]\n" if "[engine]" not in text else ""
    text = text.replace("[engine]", "[engine]\ndefinitions = 'def both(x, y): return plus(x, y)'")
    spelling = load(write({"engine.py": ENGINE, "submission.toml": text})).spelling
    assert dict(spelling.ops)["add"] == "both(x, y)"
    assert "def both(x, y): return plus(x, y)\n" in spelling.imports


ROUND = ("right_own_names", "right_tensor", "wrong_nested_no_grad", "wrong_two_ops")


@pytest.mark.parametrize("name", ROUND)
def test_file_that_is_written(submissions, write, name):
    """The file that states what was found gives the same spelling when it is read."""
    files = {
        str(p.relative_to(submissions / name)): p.read_text()
        for p in (submissions / name).rglob("*")
        if p.suffix in {".py", ".toml"}
    }
    found = explore(write(files))
    text = settings_text(found.spelling, found.entry, found.missing)
    assert explore(write(files | {"submission.toml": text})).spelling == found.spelling


def test_file_of_a_library_of_functions(write):
    """So does that of a library whose gradients are those of functions."""
    library = (
        "def grad(f): return lambda x: (f(x + 1e-6) - f(x - 1e-6)) / 2e-6\n"
        "def mul(x, y): return x * y\ndef nothing(self): pass\nclass A: __mul__ = nothing\n"
    )
    found = explore(write(library))
    assert found.spelling.gradient == "grad(f)(x)"
    text = settings_text(found.spelling, found.entry)
    again = explore(write({"engine.py": library, "submission.toml": text}))
    assert again.spelling == found.spelling


def test_file_that_is_written_names_what_is_missing(write):
    """What has the name of an op and does something else stands in the file, with the reason."""
    engine = ENGINE + "\ndef sqrt(x): raise RuntimeError('not yet')\n"
    found = explore(write({"engine.py": engine, "submission.toml": STATED}))
    text = settings_text(found.spelling, found.entry, found.missing)
    assert "# sqrt: sqrt(x) raises RuntimeError: not yet\n" in text


def test_form_of_an_op(submissions):
    """A stated op serves every form in which it is right."""
    engine = load(submissions / "right_own_names")
    can = engine.capabilities
    assert {"op:sum.axes+keepdims", "op:matmul.batched", "op:getitem.array+slice"} <= can


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[engine", "submission.toml: not TOML: .*"),
        ("[egine]\n", "submission.toml, line 1: got the table 'egine', expected 'engine'"),
        ("engine = 1", r"submission.toml, line 1: engine: got 1, expected a table \[engine\]"),
        (
            '[engine]\nleef = "V(x)"',
            r"submission.toml, line 2: \[engine\]: got the key 'leef', expected 'leaf'",
        ),
        (
            "[engine]\nleaf = 1",
            r"submission.toml, line 2: \[engine\] leaf: got 1, expected a line of Python.*",
        ),
        (
            '[engine]\nleaf = "V("',
            r"submission.toml, line 2: \[engine\] leaf: got the template 'V\(', .*",
        ),
        ('[engine]\nkind = "vector"', r".*kind: got 'vector', expected one of scalar, tensor"),
        (
            '[ops]\ntannh = "tan(x)"',
            r"submission.toml, line 2: \[ops\]: got the key 'tannh', expected 'tanh'",
        ),
        (
            '[ops]\n"sum.axs" = "s(x)"',
            r"submission.toml, line 2: \[ops\]: .*'sum.axs', expected 'sum.axis'",
        ),
        (
            "[engine]\ndefinitions = 'def f(:'",
            r"submission.toml, line 2: \[engine\] definitions: not Python: .*",
        ),
        (
            "[engine]\ndefinitions = 'x = 1'",
            r".* definitions: not Python: got something else in line 1, expected functions and .*",
        ),
        (
            "[engine]\ndefinitions = 'class A(B): pass'",
            r"submission.toml, line 2: \[engine\] definitions: stops with NameError: .*",
        ),
        (
            STATED.replace("plus(x, y)", "pluss(x, y)"),
            r"submission.toml, line 11: \[ops\] add = .*: the name 'pluss' is not in .* is 'plus'",
        ),
    ],
)
def test_broken_file(write, text, message):
    """A broken file is named with the key, what was found and what was expected."""
    with pytest.raises(SubmissionError, match=f"^{message}$"):
        discover(write({"engine.py": ENGINE, "submission.toml": text}))


def test_stated_leaf_that_raises(write):
    """A stated leaf that cannot be made is shown with what it raises."""
    text = STATED.replace("num(number)", "num(number, 1)")
    with pytest.raises(
        SubmissionError, match=r"leaf = 'num\(number, 1\)': TypeError: num\(\) takes"
    ):
        discover(write({"engine.py": ENGINE, "submission.toml": text}))


def test_file_beside_a_single_file_of_another_name(write):
    """Settings with the entry of another file do not concern a file that is judged alone."""
    value = (
        ENGINE.replace("Num", "Value")
        .replace("def down", "def backward")
        .replace(".down(", ".backward(")
    )
    folder = write({"engine.py": ENGINE, "other.py": value, "submission.toml": STATED})
    text = "def __add__(self, o): return plus(self, o)"
    (folder / "other.py").write_text(value.replace("def backward", f"{text}\n    def backward"))
    assert discover(folder / "other.py")[0].name == "Value"


ADAPTER = """
from gradcheck_suite.program.spelling import Spelling
SPELLING = Spelling(
    name="Num", imports=("from engine import Num, mult",), leaf="Num(number)", value="x.n",
    grad="x.slope", backward="x.down(cotangent_number)", ops=(("mul", "mult(x, y)"),),
    can=frozenset({"rank:0"}), kind="scalar",
)
"""


def test_adapter_with_a_spelling(write, compare):
    """An adapter's spelling is used as it is."""
    wrong, n_run = compare(load(write({"engine.py": ENGINE, "gradcheck_adapter.py": ADAPTER})))
    assert (wrong, n_run) == ([], 1)


def test_adapter_with_an_engine(write, compare):
    """An adapter may make the engine itself."""
    text = ADAPTER + (
        "def engine():\n"
        "    from gradcheck_suite.engines.spelled import SpelledEngine\n"
        "    import engine\n"
        "    return SpelledEngine(SPELLING, vars(engine))\n"
    )
    wrong, n_run = compare(load(write({"engine.py": ENGINE, "gradcheck_adapter.py": text})))
    assert (wrong, n_run) == ([], 1)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "x = 1",
            "got none of them, expected `ADAPTER: Adapter`, `SPELLING: Spelling` or a function",
        ),
        (
            "SPELLING = 3",
            "got SPELLING of type int, expected `ADAPTER: Adapter`, `SPELLING: Spelling`",
        ),
        ("def engine(): 1 / 0", "engine() stops with ZeroDivisionError: division by zero"),
        ("def engine(): return 3", "engine() gave a int without a `spelling: Spelling`"),
        (
            ADAPTER.replace("from engine import Num,", "from engine import Nom,"),
            "stops with ImportError",
        ),
    ],
    ids=["nothing", "no spelling", "raises", "no engine", "import line"],
)
def test_broken_adapter(write, text, message):
    """A broken adapter is named with what it has and what it needs."""
    with pytest.raises(SubmissionError) as caught:
        discover(write({"engine.py": ENGINE, "gradcheck_adapter.py": text}))
    assert str(caught.value).startswith("gradcheck_adapter.py: ")
    assert message in str(caught.value)
