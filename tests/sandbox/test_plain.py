"""Plain data: what a worker says once is bounded in depth, length and type."""

import struct
from dataclasses import fields, replace

import pytest

from gradcheck_suite.errors import SandboxError
from gradcheck_suite.program.spelling import Spelling
from gradcheck_suite.sandbox.plain import (
    Discovery,
    Plain,
    pack,
    pack_discovery,
    unpack,
    unpack_discovery,
)

SPELLING = Spelling(
    name="Väl",
    leaf="Value(number)",
    imports=("from engine import Value",),
    ops=(("mul", "x * y"), ("sum.axis", "x.sum(axis)")),
    can=frozenset({"rank:0", "plain:mul.left"}),
    dtype="float32",
    kind="scalar",
)


@pytest.mark.parametrize(
    "value",
    [None, True, False, 0, -(2**63), 0.5, "", "∂\n", (), ((("deep",),),), (None, 1, "x", True)],
    ids=repr,
)
def test_value_is_read_back(value: Plain) -> None:
    """Every kind of plain data comes back as it was."""
    assert unpack(pack(value)) == value


@pytest.mark.parametrize("n", range(len(pack(("ab", 1, 0.5)))))
def test_cut_bytes_are_refused(n: int) -> None:
    """Bytes that end early are a SandboxError wherever they end."""
    with pytest.raises(SandboxError):
        unpack(pack(("ab", 1, 0.5))[:n])


@pytest.mark.parametrize(
    "data",
    [
        pack(1) + b"N",
        b"x",
        struct.pack("<cI", b"s", 2**32 - 1),
        struct.pack("<cI", b"t", 2**32 - 1),
        struct.pack("<cI", b"t", 1) * 100_000 + b"N",
        struct.pack("<cI", b"s", 1) + b"\xff",
    ],
    ids=["more", "tag", "long-text", "long-tuple", "depth-bomb", "not-UTF-8"],
)
def test_hostile_bytes_are_refused(data: bytes) -> None:
    """Bytes that no worker of ours writes are a SandboxError and nothing else."""
    with pytest.raises(SandboxError):
        unpack(data)


def test_spelling_is_read_back() -> None:
    """A Spelling comes back equal, its set included."""
    found = Discovery(SPELLING, "engine:Value", (("exp", "x.exp() raises"),))
    assert unpack_discovery(pack_discovery(found)) == found


def test_bytes_of_a_spelling_do_not_depend_on_the_order_of_a_set() -> None:
    """Sets are sorted, so that the same Spelling has the same bytes."""
    names = [f"rank:{n}" for n in range(50)]
    there, back = (replace(SPELLING, can=frozenset(order)) for order in (names, names[::-1]))
    assert pack_discovery(Discovery(there)) == pack_discovery(Discovery(back))


_VALUES = tuple("" for _ in fields(Spelling))


@pytest.mark.parametrize("field", [f.name for f in fields(Spelling)])
def test_field_of_another_type_is_refused(field: str) -> None:
    """A field that is a number where a Spelling has text, texts or a choice is named."""
    values = [7 if f.name == field else _plain(getattr(SPELLING, f.name)) for f in fields(Spelling)]
    with pytest.raises(SandboxError, match=f"got 7 for {field} of a Spelling"):
        unpack_discovery(pack((tuple(values), "", ())))


@pytest.mark.parametrize(
    "change",
    [{"leaf": "x" * 501}, {"leaf": "\x1b[2J"}, {"imports": ("\u202e",)}, {"dtype": "float8"}],
    ids=["long", "escape", "right-to-left", "choice"],
)
def test_spelling_that_cannot_be_printed_is_refused(change: dict[str, str]) -> None:
    """Text of a Spelling ends in reports: it is short and printable, and a choice is one of few."""
    with pytest.raises(SandboxError, match="of a Spelling, expected"):
        unpack_discovery(pack_discovery(Discovery(replace(SPELLING, **change))))


def test_missing_field_is_refused() -> None:
    """A Spelling has all of its fields."""
    with pytest.raises(SandboxError, match="got no Spelling, expected its"):
        unpack_discovery(pack((("Value",), "", ())))


@pytest.mark.parametrize(
    "data",
    [("Value",), (_VALUES, 7, ()), (_VALUES, "", (("exp",),)), (_VALUES, "", "exp")],
    ids=["fields", "entry", "pair", "reasons"],
)
def test_discovery_of_another_form_is_refused(data: tuple[Plain, ...]) -> None:
    """What a worker tells has a Spelling, an entry and pairs of texts, or is refused."""
    with pytest.raises(SandboxError, match=r"got .*, expected"):
        unpack_discovery(pack(data))


def test_reason_is_printable() -> None:
    """What a submission worded cannot steer a terminal, and is short."""
    found = Discovery(SPELLING, "", (("exp", "\x1b[2J" + "x" * 1000),))
    ((_, why),) = unpack_discovery(pack_discovery(found)).missing
    assert why.isprintable()
    assert len(why) == 300


def _plain(value: object) -> object:
    return tuple(sorted(value)) if isinstance(value, frozenset) else value
