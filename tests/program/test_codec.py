"""Programs as bytes, and what hostile bytes can do: raise ProgramError."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradcheck_suite.errors import ProgramError
from gradcheck_suite.program.array import Array
from gradcheck_suite.program.codec import decode, encode
from gradcheck_suite.program.instructions import (
    Apply,
    Backward,
    Constant,
    Detach,
    Instruction,
    Leaf,
    Mode,
    Observe,
    OptimizerStep,
    Program,
    SetRequiresGrad,
    Slice,
)

SMALL = Program((Leaf(Array((2,), (1.0, 2.0))), Apply("exp", (0,)), Observe("value", 1)))


def raw(*parts: bytes) -> bytes:
    """Return a Program of hand-written instruction bytes."""
    return b"GCP2R\x0f" + body(*parts)


def body(*parts: bytes) -> bytes:
    """Return the bytes of a body: the number of instructions, and the length of each before it."""
    sized = [struct.pack("<I", len(part)) + part for part in parts]
    return struct.pack("<I", len(parts)) + b"".join(sized)


def integer(value: int) -> bytes:
    """Return the bytes of an integer."""
    return b"i" + struct.pack("<q", value)


def test_drawn_programs_survive(drawn):
    """What is read back equals what was written, for programs of every strategy."""
    assert all(decode(encode(program)) == program for program in drawn)


def test_every_instruction_survives(rare):
    """Modes in modes, slices, new axes, masks, empty arrays, nan and infinities come back."""
    again = decode(encode(rare))
    assert repr(again) == repr(rare)  # nan is not equal to itself, its text is


def test_the_rare_program_is_complete(rare):
    """The program above leaves out no instruction of the language."""
    assert {type(i) for _, i in rare.numbered()} == set(Instruction.__args__)


def test_negative_zero_survives():
    """The sign of zero is kept: 1 / -0.0 is not 1 / 0.0."""
    program = Program((Leaf(Array((), (-0.0,))),))
    assert str(decode(encode(program)).instructions[0].array.values[0]) == "-0.0"


def test_equal_programs_have_equal_bytes(drawn):
    """A program that was read back is written as the very same bytes."""
    assert all(encode(decode(encode(p))) == encode(p) for p in drawn)


def test_bytes_are_stable():
    """The bytes of a program are those of this version of the format, on any machine."""
    expected = (
        "4743503252"
        "0f03000000"
        "1a000000520141000102000000000000000000f03f000000000000004054"
        "1d0000005203730300000065787074010000006900000000000000007400000000"
        "15000000520e730500000076616c7565690100000000000000"
    )  # fmt: skip
    assert encode(SMALL).hex() == expected


def test_cut_bytes_raise_everywhere(rare):
    """Every proper prefix is refused."""
    data = encode(rare)
    for n in range(len(data)):
        with pytest.raises(ProgramError):
            decode(data[:n])


@pytest.mark.parametrize("bit", range(8))
def test_flipped_bits_raise_nothing_else(rare, bit):
    """With one bit flipped, bytes are a program that can be written again, or ProgramError."""
    data = encode(rare)
    for k in range(len(data)):
        edited = data[:k] + bytes([data[k] ^ (1 << bit)]) + data[k + 1 :]
        try:
            program = decode(edited)
        except ProgramError:
            continue
        encode(program)


@given(st.binary(max_size=200))
def test_random_bytes_raise_nothing_else(data):
    """Any bytes behind the magic number are a Program or ProgramError."""
    try:
        program = decode(b"GCP2" + data)
    except ProgramError:
        return
    assert isinstance(program, Program)


def test_trailing_bytes_are_refused():
    """Bytes after the program are refused, with their place."""
    data = encode(SMALL)
    with pytest.raises(ProgramError, match=f"at byte {len(data)}"):
        decode(data + b"N")


def test_another_version_is_refused():
    """The first bytes name the version."""
    with pytest.raises(ProgramError, match=r"got b'GCP9' at byte 0, expected b'GCP2'"):
        decode(b"GCP9" + encode(SMALL)[4:])


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (b"GCP2t\xff\xff\xff\xff", "a length of 4294967295"),
        (b"GCP2s\xff\xff\xff\xff", "a length of 4294967295"),
        (b"GCP2A\x00\x01\xff\xff\xff\xff", "an array of shape"),
        (b"GCP2A\x00\x02" + b"\xff" * 8, "an array of shape"),
        (b"GCP2A\x00\xff" + b"\x01\x00\x00\x00" * 255, "rank 255"),
        (b"GCP2A\x07\x00", "an array of kind 7"),
        (b"GCP2" + b"t\x01\x00\x00\x00" * 5000 + b"N", "nested too deep"),
        (b"GCP2R\x63", "record code 99"),
        (b"GCP2\xee", "tag"),
        (b"GCP2s\x01\x00\x00\x00\xff", "not UTF-8"),
        (b"GCP2N", "instead of a Program"),
    ],
    ids=[
        "tuple length",
        "text length",
        "extent",
        "extents that overflow",
        "rank",
        "kind",
        "depth",
        "record",
        "tag",
        "text",
        "no program",
    ],
)
def test_hostile_bytes_are_named(data, found):
    """Lengths, nesting and tags that cannot be are told by what was found."""
    with pytest.raises(ProgramError, match=found):
        decode(data)


_NO_ATTRS = b"t\x00\x00\x00\x00"
_ONE = b"A\x00\x00" + struct.pack("<d", 1.0)
_EXP = b"s\x03\x00\x00\x00exp"


@pytest.mark.parametrize(
    "instruction",
    [
        b"R\x03" + _EXP + _EXP + _NO_ATTRS,
        b"R\x03" + _EXP + b"t\x01\x00\x00\x00T" + _NO_ATTRS,
        b"R\x03" + _EXP + b"t\x01\x00\x00\x00" + integer(-1) + _NO_ATTRS,
        b"R\x03" + integer(3) + _NO_ATTRS + _NO_ATTRS,
        b"R\x03" + _EXP + _NO_ATTRS + b"t\x01\x00\x00\x00" + _EXP,
        b"R\x03" + _EXP + _NO_ATTRS + b"t\x01\x00\x00\x00t\x01\x00\x00\x00" + _EXP,
        b"R\x03" + _EXP + _NO_ATTRS + b"t\x01\x00\x00\x00t\x02\x00\x00\x00" + _EXP + b"R\x04"
        + integer(0),
        b"R\x01" + integer(1) + b"T",
        b"R\x01" + _ONE + integer(1),
        b"R\x04" + b"N",
        b"R\x06" + integer(0) + integer(1) + b"FF",
        b"R\x0c" + b"s\x02\x00\x00\x00no" + body() + b"FF",
        b"R\x0c" + b"s\x07\x00\x00\x00no_grad" + body(integer(1)) + b"FF",
        b"R\x0e" + _EXP + integer(0),
        b"R\x00" + b"NNN",
        b"R\x00" + b"NN" + b"f" + struct.pack("<d", 1.0),
        integer(1),
        b"R\x0f" + body(),
    ],
    ids=[
        "args are text",
        "an arg is a flag",
        "an arg is negative",
        "op is a number",
        "an attribute is no pair",
        "an attribute has no value",
        "an attribute is an instruction",
        "a leaf of an int",
        "a flag that is a number",
        "detach of None",
        "a cotangent that is a number",
        "an unknown mode",
        "a body of numbers",
        "an unknown look",
        "a slice as an instruction",
        "a slice of floats",
        "a number as an instruction",
        "a program in a program",
    ],
)  # fmt: skip
def test_fields_of_a_wrong_type_are_refused(instruction):
    """Well-formed bytes that are no instruction of the language are refused."""
    with pytest.raises(ProgramError, match=r"that the language has not|what is no instruction"):
        decode(raw(instruction))


def test_hand_written_bytes_are_otherwise_read():
    """The bytes of the test above are right where their fields are."""
    program = decode(raw(b"R\x01" + _ONE + b"T", b"R\x03" + _EXP + b"t\x01\x00\x00\x00" + integer(0)
                         + _NO_ATTRS))  # fmt: skip
    assert program == Program((Leaf(Array((), (1.0,))), Apply("exp", (0,))))


@pytest.mark.parametrize(
    "instruction",
    [
        Apply("pow", (0,), (("exponent", 2**63),)),
        Apply("pow", (0,), (("exponent", 1j),)),
        Apply("exp", [0]),
        Apply("exp", (0,), (("name", "\ud800"),)),
        Constant(Array((1,), (0.5,), "int")),
        Observe("colour", 0),
        Mode("no_grad", (Slice(),)),
        SetRequiresGrad(0, flag=1),
        Backward(0, cotangent=1.0),
        OptimizerStep("sgd", 0),
        Detach(None),
    ],
    ids=[
        "an integer of 65 bits",
        "a complex number",
        "a list",
        "half a surrogate",
        "a float among integers",
        "an unknown look",
        "a slice in a body",
        "a number as a flag",
        "a bare cotangent",
        "one parameter",
        "no value",
    ],
)
def test_what_could_not_be_read_back_is_not_written(instruction):
    """Encode refuses what decode would refuse."""
    with pytest.raises(ProgramError):
        encode(Program((instruction,)))


def test_deep_modes_are_not_written():
    """Modes nested beyond what decode reads are refused, not cut and not a RecursionError."""
    body = ()
    for _ in range(2000):
        body = (Mode("no_grad", body),)
    with pytest.raises(ProgramError, match="nested deeper"):
        encode(Program(body))


@pytest.mark.parametrize("layout", ["contiguous", "transposed", "strided"])
@pytest.mark.parametrize("kind", ["float", "int", "bool"])
def test_a_layout_survives(kind, layout):
    """How an array lies in memory is part of the program, whatever its kind."""
    program = Program((Leaf(Array((2,), (1, 0), kind, layout)),))
    assert decode(encode(program)) == program


@pytest.mark.parametrize("code", [3, 15, 0x30, 0xFF])
def test_an_unknown_layout_is_refused(code):
    """A kind or a layout that the language has not is refused."""
    data = bytearray(encode(Program((Leaf(Array((), (1.0,))),))))
    data[data.index(b"A") + 1] = code
    with pytest.raises(ProgramError, match=f"got an array of kind {code} and rank 0"):
        decode(bytes(data))
