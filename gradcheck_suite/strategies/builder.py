"""A builder: the one mutable thing of this floor, by which strategies write Programs down."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from gradcheck_suite.program.array import Array
from gradcheck_suite.program.instructions import (
    Apply,
    Assign,
    Attribute,
    Backward,
    BackwardFrom,
    ClearGrad,
    Constant,
    Detach,
    GradOf,
    Hook,
    HookRule,
    InPlace,
    Instruction,
    Leaf,
    Look,
    Meanwhile,
    Misapply,
    Mode,
    ModeKind,
    Observe,
    OptimizerClear,
    OptimizerStep,
    Program,
    PushForward,
    RetainGrad,
    SetRequiresGrad,
    Thread,
    Unhook,
)

__all__ = ["Builder"]


class Builder:
    """Instructions in the making; every method that makes a value returns its index."""

    def __init__(self) -> None:
        self._bodies: list[list[Instruction]] = [[]]
        self._n = 0

    def add(self, instruction: Instruction) -> int:
        """Append an instruction and return its index."""
        self._bodies[-1].append(instruction)
        self._n += 1
        return self._n - 1

    def leaf(self, array: Array, *, requires_grad: bool = True) -> int:
        return self.add(Leaf(array, requires_grad))

    def constant(self, array: Array, *, plain: bool = False) -> int:
        return self.add(Constant(array, plain))

    def apply(self, op: str, *args: int, **attrs: Attribute) -> int:
        return self.add(Apply(op, args, tuple(sorted(attrs.items()))))

    def misapply(self, op: str, *args: int, **attrs: Attribute) -> None:
        self.add(Misapply(op, args, tuple(sorted(attrs.items()))))

    def in_place(self, op: str, x: int, *args: int, **attrs: Attribute) -> int:
        return self.add(InPlace(op, x, args, tuple(sorted(attrs.items()))))

    def hook(self, x: int, rule: HookRule) -> int:
        return self.add(Hook(x, rule))

    def unhook(self, hook: int) -> None:
        self.add(Unhook(hook))

    def push_forward(self, x: int, tangents: dict[int, Array]) -> int:
        return self.add(PushForward(x, tuple(tangents), tuple(tangents.values())))

    def optimizer_step(self, rule: str, parameters: Sequence[int], **settings: Attribute) -> None:
        self.add(OptimizerStep(rule, tuple(parameters), tuple(sorted(settings.items()))))

    def optimizer_clear(self, rule: str, parameters: Sequence[int], **settings: Attribute) -> None:
        self.add(OptimizerClear(rule, tuple(parameters), tuple(sorted(settings.items()))))

    def detach(self, x: int) -> int:
        return self.add(Detach(x))

    def grad_of(self, x: int) -> int:
        return self.add(GradOf(x))

    def backward(
        self,
        x: int,
        cotangent: Array | None = None,
        *,
        retain: bool = False,
        create: bool = False,
    ) -> int:
        return self.add(Backward(x, cotangent, retain_graph=retain, create_graph=create))

    def backward_from(self, x: int, cotangent: Array) -> None:
        self.add(BackwardFrom(x, cotangent))

    def clear(self, x: int) -> None:
        self.add(ClearGrad(x))

    def retain_grad(self, x: int) -> None:
        self.add(RetainGrad(x))

    def set_requires_grad(self, x: int, *, flag: bool) -> None:
        self.add(SetRequiresGrad(x, flag))

    def assign(self, x: int, y: int) -> None:
        self.add(Assign(x, y))

    def observe(self, what: Look, *xs: int) -> None:
        for x in xs:
            self.add(Observe(what, x))

    @contextmanager
    def mode(
        self,
        kind: ModeKind,
        *,
        decorator: bool = False,
        raises: bool = False,
    ) -> Iterator[None]:
        """Write what follows into the body of a gradient mode."""
        self._n += 1  # the Mode's own index
        self._bodies.append([])
        yield
        body = tuple(self._bodies.pop())
        self._bodies[-1].append(Mode(kind, body, decorator, raises))

    @contextmanager
    def meanwhile(self) -> Iterator[None]:
        """Write what follows into what is run while the generator of the open mode waits."""
        self._n += 1  # the Meanwhile's own index
        self._bodies.append([])
        yield
        body = tuple(self._bodies.pop())
        self._bodies[-1].append(Meanwhile(body))

    @contextmanager
    def thread(self) -> Iterator[None]:
        """Write what follows into the body of a thread."""
        self._n += 1  # the Thread's own index
        self._bodies.append([])
        yield
        body = tuple(self._bodies.pop())
        self._bodies[-1].append(Thread(body))

    def program(self) -> Program:
        """Return what was written."""
        assert len(self._bodies) == 1, "a mode is still open"
        return Program(tuple(self._bodies[0]))
