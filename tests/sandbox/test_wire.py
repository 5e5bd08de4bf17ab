"""Frames: their length is bounded before they are read, and a reply is of the case asked for."""

import pytest

from gradcheck_suite.errors import SandboxError
from gradcheck_suite.sandbox import wire
from gradcheck_suite.sandbox.wire import Kind


def test_request_is_read_back() -> None:
    """A request is a length, a case number and the program's bytes."""
    frame = wire.request(7, b"program")
    assert wire.LENGTH.unpack_from(frame)[0] == len(frame) - wire.LENGTH.size
    assert wire.split_request(frame[wire.LENGTH.size :]) == (7, b"program")


def test_reply_is_read_back() -> None:
    """A reply is a length, a kind, a case number and a body."""
    frame = wire.reply(Kind.ANSWER, 7, b"body")
    assert wire.frame_end(frame, 0, cap=100) == len(frame)
    assert wire.split_reply(frame, 7) == (Kind.ANSWER, b"body")


@pytest.mark.parametrize("n", range(4))
def test_length_of_a_cut_frame_is_unknown(n: int) -> None:
    """With less than the four bytes of the length nothing is said about the frame."""
    assert wire.frame_end(wire.reply(Kind.ANSWER, 1, b"")[:n], 0, cap=100) is None


@pytest.mark.parametrize("length", [0, 4, 101, 2**32 - 1], ids=["0", "short", "over", "4 GiB"])
def test_length_out_of_bounds_is_refused(length: int) -> None:
    """A frame too short for its head, or longer than the cap, is refused by its length alone."""
    with pytest.raises(SandboxError, match=f"got a reply of {length} bytes, expected 5 to 100"):
        wire.frame_end(wire.LENGTH.pack(length), 0, cap=100)


def test_reply_of_another_case_is_refused() -> None:
    """A reply that was prepared for another case does not count."""
    with pytest.raises(SandboxError, match="got the reply of case 8, expected case 7"):
        wire.split_reply(wire.reply(Kind.ANSWER, 8, b""), 7)


def test_unknown_kind_is_refused() -> None:
    """A kind that is not in the list is refused."""
    frame = bytearray(wire.reply(Kind.ANSWER, 7, b""))
    frame[4] = 99
    with pytest.raises(SandboxError, match="got a reply of kind 99"):
        wire.split_reply(bytes(frame), 7)


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("two\nlines", "two\nlines"),
        ("\x1b[31mred", "\ufffd[31mred"),
        ("a\tb", "a   b"),
        ("\u202etxt.exe", "\ufffdtxt.exe"),
        ("\x00\x07\r", "\ufffd\ufffd\ufffd"),
        ("ünïcode ∂", "ünïcode ∂"),
    ],
    ids=["newline", "escape", "tab", "right-to-left", "control", "letters"],
)
def test_text_is_cleaned(text: str, cleaned: str) -> None:
    """What cannot be printed is replaced; a newline stays, a tab becomes spaces."""
    assert wire.clean(text) == cleaned
