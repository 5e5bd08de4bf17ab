"""What a script for torch prints, held against what it says is expected."""

import contextlib
import io
import re
import warnings

import pytest

__all__ = ["check_script"]


def check_script(text: str) -> None:
    """Run a script; fail where what came is not what is expected."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch's own, of gradients of results
        exec(text, {})  # noqa: S102 - a script of ours
    for part in re.split(r"\n(?=\S)", re.sub(r"\n\s*\n", " ", out.getvalue().strip())):
        came, _, told = part.partition("\n  expected ")
        assert told, part
        if told == "no exception":
            assert came == "nothing was raised"
        elif told == "an exception":
            assert came.startswith("raised ")
        elif told in {"True", "False"}:
            assert came.endswith(f" is {told}")
        else:
            half = float(told.partition("+- ")[2] or 0.0)
            close = pytest.approx(numbers(told), rel=1e-9, abs=half + 1e-7)
            assert numbers(came.partition(" is ")[2]) == close


def numbers(text: str) -> list[float]:
    """Return the numbers that are printed, without half-widths and types; None counts as zero."""
    plain = re.sub(r"\+- \S+|dtype=\S+|float\d+|grad_fn=\S+", "", text).replace("None", "0.0")
    return [float(n) for n in re.findall(r"-?\d+\.?\d*(?:e[-+]?\d+)?", plain)]
