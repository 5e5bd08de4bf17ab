"""The instructions of a Program: one small language in which everything checked is written.

Static single assignment: a value is named by the index of the instruction that made it. Indices
count instructions in reading order; the body of a ``Mode`` continues the count, so in ::

    0  Leaf            1  Mode(body=(2  Apply(args=(0, 0)),))            3  Backward(x=2)

the product made inside the block is value 2. Any instruction may raise; the outcome at its index is
then ``Raised`` and what depended on it is skipped.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from gradcheck_suite.program.array import Array

__all__ = [
    "BLOCKS",
    "Apply",
    "Assign",
    "Attribute",
    "Attributes",
    "Backward",
    "BackwardFrom",
    "ClearGrad",
    "Constant",
    "Detach",
    "GradOf",
    "Hook",
    "HookRule",
    "InPlace",
    "Instruction",
    "Leaf",
    "Look",
    "Meanwhile",
    "Misapply",
    "Mode",
    "ModeKind",
    "Observe",
    "OptimizerClear",
    "OptimizerStep",
    "Program",
    "PushForward",
    "RetainGrad",
    "SetRequiresGrad",
    "Slice",
    "Thread",
    "Unhook",
]


@dataclass(frozen=True, slots=True)
class Slice:
    """A slice in an index: ``start:stop:step`` (Python's own are not hashable before 3.12)."""

    start: int | None = None
    stop: int | None = None
    step: int | None = None

    def python(self) -> slice:
        """Return Python's own slice."""
        return slice(self.start, self.stop, self.step)


# An index is a tuple of integers, Slices, None (a new axis) and Arrays (integer index or mask).
Attribute: TypeAlias = "int | float | bool | str | Slice | Array | tuple[Attribute, ...] | None"
Attributes: TypeAlias = tuple[tuple[str, Attribute], ...]
ModeKind = Literal["no_grad", "enable_grad"]
HookRule = Literal["square", "double", "nothing"]
Look = Literal[
    "value",
    "cotangent",  # the array that the Backward at this index was given, as it is now
    "grad",
    "requires_grad",
    "is_leaf",
    "shape",
    "dtype",  # whether the gradient of the leaf has the dtype of its value
    "has_graph",
    "released",  # nothing keeps the result alive once the program has let go of all results
    "unset",  # whether the gradient is None, or not there at all
]


@dataclass(frozen=True, slots=True)
class Leaf:
    """A new tensor made by the user."""

    array: Array
    requires_grad: bool = True


@dataclass(frozen=True, slots=True)
class Constant:
    """A value that needs no gradient. ``plain``: handed to the engine as a bare Python number."""

    array: Array
    plain: bool = False


@dataclass(frozen=True, slots=True)
class Apply:
    """Apply the op named ``op`` to earlier values."""

    op: str
    args: tuple[int, ...]
    attrs: Attributes = ()


@dataclass(frozen=True, slots=True)
class Misapply:
    """Apply the op named ``op`` to values of shapes that do not fit: the engine has to raise."""

    op: str
    args: tuple[int, ...]
    attrs: Attributes = ()


@dataclass(frozen=True, slots=True)
class Detach:
    """The same value, cut off from its history."""

    x: int


@dataclass(frozen=True, slots=True)
class GradOf:
    """The gradient now stored at ``x``, as a value to compute with."""

    x: int


@dataclass(frozen=True, slots=True)
class Backward:
    """Propagate from ``x``. A cotangent of None stands for the engine's default, 1 at a scalar."""

    x: int
    cotangent: Array | None = None
    retain_graph: bool = False
    create_graph: bool = False


@dataclass(frozen=True, slots=True)
class BackwardFrom(Backward):
    """Likewise, by the engine's own argument for a cotangent, even one that makes no difference.

    Elsewhere what stands for a cotangent that backward makes nothing of is a weighted sum.
    """


@dataclass(frozen=True, slots=True)
class ClearGrad:
    """Forget the gradient stored at ``x``."""

    x: int


@dataclass(frozen=True, slots=True)
class RetainGrad:
    """Ask that the gradient of the non-leaf ``x`` be kept."""

    x: int


@dataclass(frozen=True, slots=True)
class SetRequiresGrad:
    """Set the flag of ``x``."""

    x: int
    flag: bool


@dataclass(frozen=True, slots=True)
class InPlace:
    """Apply ``op`` in place: ``x = op(x, *args)`` with the name ``x`` rebound to the result."""

    op: str
    x: int
    args: tuple[int, ...] = ()
    attrs: Attributes = ()


@dataclass(frozen=True, slots=True)
class Assign:
    """Overwrite the data of leaf ``x`` with the data of ``y``; no gradient flows through this."""

    x: int
    y: int


@dataclass(frozen=True, slots=True)
class Mode:
    """Run ``body`` under a gradient mode.

    ``decorator``: the body is a function decorated with the mode instead of a ``with`` block. A
    ``with`` block that has a Meanwhile in it is that of a generator.
    ``raises``: the body ends in an exception, which the program catches outside of the block.
    """

    kind: ModeKind
    body: tuple["Instruction", ...]
    decorator: bool = False
    raises: bool = False


@dataclass(frozen=True, slots=True)
class Meanwhile:
    """Run ``body`` outside, while the generator whose block this stands in is suspended.

    The generator goes on with what follows in the block. Where nothing does, it is closed. Anywhere
    else than in a ``with`` block of a mode the body is run as it stands.
    """

    body: tuple["Instruction", ...]


@dataclass(frozen=True, slots=True)
class Thread:
    """Run ``body`` in a thread of its own, and wait for it."""

    body: tuple["Instruction", ...]


@dataclass(frozen=True, slots=True)
class Hook:
    """Have a function called with the gradient that arrives at ``x``; the value is its handle.

    What it returns takes the gradient's place: its square, twice it, or None to leave it as it is.
    """

    x: int
    rule: HookRule


@dataclass(frozen=True, slots=True)
class Unhook:
    """Take a hook away again."""

    hook: int


@dataclass(frozen=True, slots=True)
class PushForward:
    """The derivative of ``x`` along ``tangents`` at ``leaves``, by forward mode, as a value."""

    x: int
    leaves: tuple[int, ...]
    tangents: tuple[Array, ...]


@dataclass(frozen=True, slots=True)
class OptimizerStep:
    """One step of the submission's own optimizer ``rule`` over ``parameters``.

    ``settings`` holds what is not left to its default (see ``program.optimizers``). Steps that name
    the same rule, parameters and settings belong to one optimizer object.
    """

    rule: str
    parameters: tuple[int, ...]
    settings: Attributes = ()


@dataclass(frozen=True, slots=True)
class OptimizerClear:
    """Have that optimizer forget the gradients of its parameters."""

    rule: str
    parameters: tuple[int, ...]
    settings: Attributes = ()


@dataclass(frozen=True, slots=True)
class Observe:
    """Look at ``x``; the outcome at this index is what was seen."""

    what: Look
    x: int


Instruction: TypeAlias = (
    Leaf
    | Constant
    | Apply
    | Misapply
    | Detach
    | GradOf
    | Backward
    | BackwardFrom
    | ClearGrad
    | RetainGrad
    | SetRequiresGrad
    | InPlace
    | Assign
    | Mode
    | Meanwhile
    | Thread
    | Hook
    | Unhook
    | PushForward
    | OptimizerStep
    | OptimizerClear
    | Observe
)

BLOCKS: Final = (Mode, Meanwhile, Thread)
"""The instructions that have a body."""


@dataclass(frozen=True, slots=True, weakref_slot=True)
class Program:
    """A straight-line list of instructions: plain data, hashable, serialisable."""

    instructions: tuple[Instruction, ...]

    def numbered(self) -> Iterator[tuple[int, Instruction]]:
        """Yield every instruction with its index, the bodies of modes in reading order."""
        return enumerate(flatten(self.instructions))


def flatten(body: tuple[Instruction, ...]) -> Iterator[Instruction]:
    """Yield the instructions of a body in reading order, each block before what it holds."""
    for instruction in body:
        yield instruction
        if isinstance(instruction, BLOCKS):
            yield from flatten(instruction.body)
