"""Answers: every outcome comes back as it was, and forged bytes are refused."""

import struct

import numpy as np
import pytest

from gradcheck_suite.engines.outcome import Flag, Nothing, Number, Outcome, Outcomes, Raised
from gradcheck_suite.errors import SandboxError
from gradcheck_suite.program.array import Array
from gradcheck_suite.program.instructions import Leaf, Mode, Observe, Program, Thread
from gradcheck_suite.sandbox.answers import decode_answer, encode_answer

CAP = 1 << 20
LOOKS = Program((Leaf(Array.of(2.0)), *(Observe("value", 0) for _ in range(5))))
NUMBERS = {
    "scalar": np.array(0.1),
    "special": np.array([np.nan, np.inf, -np.inf, -0.0, 5e-324]),
    "matrix": np.arange(6.0).reshape(2, 3),
    "transposed": np.arange(6.0).reshape(2, 3).T,
    "empty": np.zeros((0, 3)),
    "empty-vector": np.zeros(0),
    "deep": np.ones((1,) * 20),
}
TYPICAL: Outcomes = {
    1: Number.of(np.array([1.0, 2.0]), "float32"),
    2: Flag(value=True),
    3: Nothing(),
    4: Raised("ValueError", "no"),
}


@pytest.mark.parametrize("values", NUMBERS.values(), ids=NUMBERS)
def test_array_is_read_back(values: np.ndarray) -> None:
    """An array keeps every bit, its shape and the engine's own dtype name."""
    found = decode_answer(encode_answer({1: Number.of(values, "float32")}, CAP), LOOKS)[1]
    assert isinstance(found, Number)
    assert found.values.shape == values.shape
    assert found.values.tobytes() == values.tobytes()
    assert (found.values.dtype, found.dtype) == (np.float64, "float32")


def test_array_is_writable() -> None:
    """An array from a worker is the grader's own, as one made in this process is."""
    found = decode_answer(encode_answer({1: Number.of(np.zeros(2), "float64")}, CAP), LOOKS)[1]
    assert isinstance(found, Number)
    assert found.values.flags.writeable


@pytest.mark.parametrize(
    "outcome",
    [Flag(value=True), Flag(value=False), Nothing(), Raised("E", ""), Raised("É" * 64, "∂" * 300)],
    ids=["true", "false", "nothing", "raised", "longest"],
)
def test_outcome_is_read_back(outcome: Outcome) -> None:
    """Every outcome without numbers comes back equal."""
    assert decode_answer(encode_answer({1: outcome}, CAP), LOOKS) == {1: outcome}


def test_order_of_outcomes_is_kept() -> None:
    """Outcomes come back in the order in which they were seen."""
    assert list(decode_answer(encode_answer(TYPICAL, CAP), LOOKS)) == [1, 2, 3, 4]


def test_lone_surrogate_does_not_break_an_answer() -> None:
    """A message that is no text that can be encoded arrives with a replacement."""
    found = decode_answer(encode_answer({0: Raised("E", "a\ud800b")}, CAP), LOOKS)
    assert found == {0: Raised("E", "a?b")}


def test_message_is_cleaned() -> None:
    """Escape codes in a message do not reach a terminal."""
    found = decode_answer(encode_answer({0: Raised("E", "\x1b[2J")}, CAP), LOOKS)
    assert found == {0: Raised("E", "\ufffd[2J")}


@pytest.mark.parametrize("block", [lambda body: Mode("no_grad", body), Thread])
def test_outcome_in_a_block_is_one_of_its_body(block) -> None:
    """Instructions inside a mode, or a thread, count as they do for the interpreter."""
    program = Program((Leaf(Array.of(2.0)), block((Observe("value", 0),))))
    answer = encode_answer({2: Flag(value=True)}, CAP)
    assert decode_answer(answer, program) == {2: Flag(value=True)}


def test_answer_over_the_cap_is_an_error_of_the_engine() -> None:
    """Arrays too large for an answer are replaced by what says so."""
    found = decode_answer(encode_answer({1: Number.of(np.zeros(200), "float64")}, 1000), LOOKS)
    assert found == {1: Raised("OverflowError", "got arrays of (200,) and others, over 500 bytes")}


@pytest.mark.parametrize("n", range(len(encode_answer(TYPICAL, CAP))))
def test_cut_answer_is_refused(n: int) -> None:
    """An answer that ends early is a SandboxError wherever it ends."""
    with pytest.raises(SandboxError):
        decode_answer(encode_answer(TYPICAL, CAP)[:n], LOOKS)


def test_edited_answer_never_raises_anything_else() -> None:
    """With any byte set to any of a few values, an answer is read or is a SandboxError."""
    whole = encode_answer(TYPICAL, CAP)
    n_refused = 0
    for position in range(len(whole)):
        for byte in (0, 1, 2, 3, 4, 64, 127, 128, 255):
            edited = whole[:position] + bytes([byte]) + whole[position + 1 :]
            try:
                decode_answer(edited, LOOKS)
            except SandboxError:
                n_refused += 1
    assert n_refused > 100


def _number(rank: int, *shape: int, data: bytes = b"") -> bytes:
    head = struct.pack(f"<HIBBB{len(shape)}I", 1, 1, 0, rank, 3, *shape)
    return head + b"int" + data


FORGED = {
    "further bytes": encode_answer(TYPICAL, CAP) + b"\0",
    "no such instruction": encode_answer({6: Nothing()}, CAP),
    "twice": struct.pack("<HIBIB", 2, 1, 2, 1, 2),
    "seen where nothing is looked at": encode_answer({0: Nothing()}, CAP),
    "unknown type": struct.pack("<HIB", 1, 1, 4),
    "flag of 2": struct.pack("<HIBB", 1, 1, 1, 2),
    "rank 65": _number(65, *(1 for _ in range(65)), data=b"\0" * 8),
    "huge": _number(2, 1 << 31, 1 << 31),
    "huge, but empty": _number(3, (1 << 32) - 1, (1 << 32) - 1, 0),
    "array bomb": _number(64, *(1 << 20 for _ in range(63)), 0),
    "more than there is": _number(1, 3, data=b"\0" * 16),
    "long type name": struct.pack("<HIBHH", 1, 1, 3, 65, 0) + b"x" * 65,
    "long message": struct.pack("<HIBHH", 1, 1, 3, 1, 301) + b"x" * 302,
    "not UTF-8": struct.pack("<HIBHH", 1, 1, 3, 1, 0) + b"\xff",
}


@pytest.mark.parametrize("body", FORGED.values(), ids=FORGED)
def test_forged_answer_is_refused(body: bytes) -> None:
    """What no worker of ours writes for this program is a SandboxError."""
    with pytest.raises(SandboxError, match=r"^got "):
        decode_answer(body, LOOKS)
