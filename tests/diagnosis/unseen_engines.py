"""Wrong engines that the catalogue of bugs was not made from: the sample class's, with other code.

Each row is a right engine of the sample class with one place of its source changed. ``bugs`` names
what the fault is called in the catalogue, '' stands for a fault that is not in it.
"""

import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from gradcheck_suite.engines.discovery import load
from gradcheck_suite.engines.known import bind
from gradcheck_suite.engines.subject import InProcess
from gradcheck_suite.program.spelling import Spelling
from gradcheck_suite.records import Mistake

__all__ = ["PAIRS", "UNSEEN", "Unseen", "is_told", "wrong_engine"]

CLASS = Path(__file__).parents[2] / "submissions"
OPS, GRAPH, TENSOR = "lumen/ops.py", "lumen/graph.py", "lumen/tensor.py"


@dataclass(frozen=True)
class Unseen:
    """One change of a source, and where it shows."""

    file: str
    old: str
    new: str
    property: str
    bugs: tuple[str, ...]
    """Ids of the bugs that are this fault, or how a sentence on it begins; none where the catalogue
    has nothing like it."""
    base: str = "right_tensor"


def is_told(row: Unseen, mistake: Mistake | None) -> bool:
    """Tell whether a mistake is that of a row; of a fault that nobody knows, whether none is."""
    if mistake is None or not row.bugs:
        return mistake is None and not row.bugs
    return bool({*mistake.bugs} & {*row.bugs}) or mistake.sentences[0].startswith(row.bugs)


def _in_op(op: str, old: str, new: str, *bugs: str, at: str = "") -> Unseen:
    name = at or f"gradient[{op}]"
    return Unseen(OPS, old, new, name, tuple(f"{op}.{bug}" for bug in bugs))


def _scalar(old: str, new: str, at: str, *bugs: str) -> Unseen:
    return Unseen("engine.py", old, new, at, bugs, "right_scalar")


UNSEEN = {
    # in the catalogue, as a rule of the reference
    "tanh": _in_op("tanh", "(g * (1 - out * out),)", "(g * (1 - a * a),)", "operand_saved"),
    "sigmoid": _in_op("sigmoid", "(g * out * (1 - out),)", "(g * out,)", "factor_missing"),
    "exp": _in_op("exp", "lambda g: (g * out,)", "lambda g: (g * a,)", "operand_saved"),
    "sqrt": _in_op("sqrt", "(g / (2 * out),)", "(g / out,)", "half_missing"),
    "sin": _in_op("sin", "(g * np.cos(a),)", "(-g * np.cos(a),)", "minus", "sign"),
    "cos": _in_op("cos", "(-g * np.sin(a),)", "(g * np.sin(a),)", "minus_missing", "sign"),
    "relu": _in_op("relu", "(g * (a > 0),)", "(g * (g > 0),)", "mask_of_cotangent"),
    "abs": _in_op("abs", "(g * np.sign(a),)", "(g,)", "identity"),
    "mul": _in_op(
        "mul", "unbroadcast(g * b, a.shape)", "unbroadcast(g * a, a.shape)", "x_own_operand"
    ),
    "sub": _in_op(
        "sub", "unbroadcast(-g, b.shape)", "unbroadcast(g, b.shape)", "y_plus", "y_negated"
    ),
    "div": _in_op(
        "div", "unbroadcast(-g * out / b", "unbroadcast(g * out / b", "y_minus_missing", "y_negated"
    ),
    "softmax": _in_op(
        "softmax",
        "out * (g - (g * out).sum(axis=axis, keepdims=True))",
        "g * out * (1 - out)",
        "diagonal_alone",
    ),
    "mean": _in_op("mean", "g.reshape(kept.shape) / n", "g.reshape(kept.shape)", "not_divided"),
    "getitem": _in_op("getitem", "np.add.at(out, index, g)", "out[index] = g", "assigned"),
    "sub not summed": _in_op(
        "sub",
        "(unbroadcast(g, a.shape), unbroadcast(-g, b.shape))",
        "(g, -g)",
        "not_summed",
        at="broadcasting[sub]",
    ),
    "sum of shares": Unseen(
        GRAPH,
        "pending[key] + share if key in pending else share",
        "share",
        "operand_twice",
        ("acc-assign",),
    ),
    "leaf overwritten": Unseen(
        TENSOR,
        "g if self.grad is None else self.grad.data + g",
        "g",
        "gradients_kept",
        ("a backward takes the place of the gradient that is there",),
    ),
    "stale": _scalar(
        "                node.grad = 0.0", "                pass", "two_losses", "acc-intermediate"
    ),
    "scalar tanh": _scalar("1 - t * t", "1 - t", "gradient[tanh]", "tanh.square_missing"),
    "scalar mul": _scalar(
        "other.grad += grad * self.data",
        "other.grad = grad * self.data",
        "operand_twice",
        "acc-assign",
    ),
    # with nothing like it
    "tanh bent": _in_op("tanh", "(g * (1 - out * out),)", "(1.07 * g * (1 - out * out),)"),
    "exp moved": _in_op("exp", "lambda g: (g * out,)", "lambda g: (g * out + 0.01,)"),
    "matmul bent": _in_op(
        "matmul", "return by_a.reshape(a.shape)", "return 1.3 * by_a.reshape(a.shape)"
    ),
    "softmax halved": _in_op("softmax", "(g - (g * out)", "(g - 0.5 * (g * out)"),
    "mul leaks": _in_op(
        "mul", "unbroadcast(g * a, b.shape)", "unbroadcast(g * a + g / 4, b.shape)"
    ),
    "sigmoid cubed": _in_op("sigmoid", "(g * out * (1 - out),)", "(g * out**3 * (1 - out),)"),
    "log turned": _in_op("log", "(g / a,)", "(g * a,)"),
    "log_softmax elementwise": _in_op(
        "log_softmax",
        "np.exp(out) * g.sum(axis=axis, keepdims=True)",
        "np.exp(out) * g",
    ),
    "shares averaged": Unseen(
        GRAPH, "pending[key] + share if", "0.8 * pending[key] + share if", "operand_twice", ()
    ),
    "stale half": _scalar(
        "                node.grad = 0.0", "                node.grad *= 0.5", "two_losses"
    ),
}

PAIRS: Sequence[tuple[str, str]] = (
    ("tanh", "sin"),
    ("exp", "sum of shares"),
    ("softmax", "leaf overwritten"),
    ("sub", "mul"),
    ("cos", "sub not summed"),
    ("mean", "getitem"),
    ("stale", "scalar tanh"),
    ("tanh bent", "sqrt"),
    ("mul leaks", "log_softmax elementwise"),
    ("sigmoid", "shares averaged"),
)


@cache
def _spelling(base: str) -> Spelling:
    """Return how the right engine is spoken to: the wrong ones are, too."""
    with _importing(CLASS / base):
        return load(CLASS / base).spelling


@contextmanager
def wrong_engine(*rows: Unseen) -> Iterator[InProcess]:
    """Return an engine of the sample class with one or more changes to its source."""
    spelling = _spelling(rows[0].base)
    with TemporaryDirectory() as folder:
        place = Path(folder, "engine")
        shutil.copytree(CLASS / rows[0].base, place)
        for row in rows:
            path = place / row.file
            text = path.read_text()
            assert text.count(row.old) == 1, (row.file, row.old, text.count(row.old))
            path.write_text(text.replace(row.old, row.new))
        with _importing(place):
            yield InProcess(bind(spelling))


@contextmanager
def _importing(place: Path) -> Iterator[None]:
    """Import from ``place``, and forget at the end what was imported from there."""
    path, finders = [*sys.path], [*sys.meta_path]
    # Whatever was discovered before in this process has the same names.
    before = {name: sys.modules.pop(name) for name in [*sys.modules] if _is_ours(name)}
    sys.meta_path[:] = [f for f in finders if not type(f).__module__.startswith("gradcheck_suite")]
    sys.path.insert(0, str(place))
    writes, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        yield
    finally:
        sys.path[:], sys.meta_path[:] = path, finders  # discovery leaves one of its own there
        sys.dont_write_bytecode = writes
        for name in [name for name in sys.modules if _is_ours(name)]:
            del sys.modules[name]
        sys.modules.update(before)


def _is_ours(name: str) -> bool:
    return name.partition(".")[0] in {"lumen", "engine"}
