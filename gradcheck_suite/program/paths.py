"""Paths: the part of a Program that leads from some of its values to another."""

from gradcheck_suite.program.instructions import (
    Apply,
    Backward,
    Detach,
    GradOf,
    Instruction,
    Leaf,
    Misapply,
    Observe,
    Program,
)

__all__ = ["graph", "path", "seen"]


def path(program: Program, x: int, leaves: tuple[int, ...]) -> tuple[tuple[int, Apply], ...]:
    """Return the ops, in order, by which ``leaves`` reach ``x``: the body of a function of them."""
    made = [(k, i) for k, i in program.numbered() if isinstance(i, Apply) and k <= x]
    moved = set(leaves)
    for k, apply in made:
        if moved.intersection(apply.args):
            moved.add(k)
    wanted = {x}
    for k, apply in reversed(made):
        if k in wanted:
            wanted.update(apply.args)
    return tuple((k, apply) for k, apply in made if k in wanted and k in moved)


def graph(program: Program, x: int) -> tuple[tuple[int, ...], tuple[tuple[int, Instruction], ...]]:
    """Return the leaves that need a gradient and reach ``x``, and all steps on the way, in order.

    A gradient that is used as a value is a step, from all leaves that its backward reached.
    """
    made = dict(program.numbered())
    wanted, stack = set(), [x]
    while stack:
        k = stack.pop()
        if k not in wanted:
            wanted.add(k)
            stack += _operands(made[k])
            stack += _companions(program, made, k)
    leaves = tuple(k for k in sorted(wanted) if _moves(made[k]))
    return leaves, tuple((k, made[k]) for k in sorted(wanted) if _operands(made[k]))


def seen(program: Program) -> frozenset[int]:
    """Return the values whose numbers are looked at, and what they are made from."""
    made = dict(program.numbered())
    stack = [i.x for i in made.values() if isinstance(i, Observe) and i.what in {"value", "shape"}]
    stack += [a for i in made.values() if isinstance(i, Misapply) for a in i.args]
    found: set[int] = set()
    while stack:
        k = stack.pop()
        if k not in found:
            found.add(k)
            stack += _operands(made[k])
    return frozenset(found)


def _companions(program: Program, made: dict[int, Instruction], k: int) -> tuple[int, ...]:
    """Return the leaves of the backward that gave the gradient at ``k``, if there is one."""
    instruction = made[k]
    if isinstance(instruction, GradOf):
        for j in range(k, -1, -1):
            backward = made[j]
            if isinstance(backward, Backward):
                leaves, _ = graph(program, backward.x)
                if instruction.x in leaves:
                    return leaves
    return ()


def _moves(instruction: Instruction) -> bool:
    return isinstance(instruction, Leaf) and instruction.requires_grad


def _operands(instruction: Instruction) -> tuple[int, ...]:
    match instruction:
        case Apply(args=args):
            return args
        case Detach(x) | GradOf(x):
            return (x,)
        case _:
            return ()
