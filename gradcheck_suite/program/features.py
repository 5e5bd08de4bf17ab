"""Features of a Program: what an engine must have to run it, and what must be sound to judge it.

Both are read off the Program, never declared beside it. ``needs`` decides whether a case applies
to an engine; ``relies_on`` decides whether a failure would count a fault twice that a simpler
property has already found.
"""

from collections import Counter
from collections.abc import Mapping

from gradcheck_suite.program.instructions import (
    Apply,
    Assign,
    Backward,
    ClearGrad,
    Constant,
    Detach,
    GradOf,
    InPlace,
    Instruction,
    Leaf,
    Mode,
    Observe,
    OptimizerStep,
    Program,
    RetainGrad,
    SetRequiresGrad,
)
from gradcheck_suite.program.shapes import Shape, shapes
from gradcheck_suite.program.table import op_named

__all__ = ["needs", "op_key", "ops_used", "relies_on"]


def op_key(apply: Apply, operands: tuple[Shape, ...]) -> str:
    """Return the name of the op with the form of the call: ``sum.axis+keepdims``, ``add``."""
    row = op_named(apply.op)
    variant = row.variant(operands, row.settings(apply.attrs))
    return f"{apply.op}.{variant}" if variant else apply.op


def ops_used(program: Program) -> frozenset[str]:
    """Return the names of the ops that occur."""
    return frozenset(i.op for _, i in program.numbered() if isinstance(i, (Apply, InPlace)))


def needs(program: Program) -> frozenset[str]:
    """Return what an engine must have: ``op:tanh``, ``rank:2``, ``detach``, ``cotangent``, ..."""
    known = shapes(program)
    plain = _plain(program)
    bare = plain | _conditions(program)
    found = {f"rank:{len(shape)}" for index, shape in known.items() if index not in bare}
    for _, instruction in program.numbered():
        found |= _needs_of(instruction, known, plain)
    return frozenset(found)


def relies_on(program: Program) -> frozenset[str]:
    """Return what must be sound: ``value:mul``, ``gradient:mul``, ``sharing``, ``detach``, ..."""
    known = shapes(program)
    plain = _plain(program)
    instructions = [i for _, i in program.numbered()]
    found = {f"value:{op}" for op in ops_used(program)}
    if any(isinstance(i, Backward) for i in instructions):
        found |= {f"gradient:{op}" for op in ops_used(program)} | _gradients_meet(program)
    for instruction in instructions:
        found |= _needs_of(instruction, known, plain) & _STRUCTURAL
        if isinstance(instruction, Apply):
            found |= _broadcasts(instruction, known, plain) | _plain_uses(instruction, plain)
    return frozenset(found)


# Needs that a property of its own establishes: a fault there is told once.
_STRUCTURAL = frozenset(
    {"detach", "no_grad", "enable_grad", "decorator", "clear", "assign", "retain_grad", "again"},
)


def _gradients_meet(program: Program) -> set[str]:
    """Name where gradients add up: ``sharing``, ``fan_out`` (of results), ``accumulation``."""
    made = {k: i for k, i in program.numbered() if isinstance(i, (Apply, Leaf))}
    found: set[str] = set()
    holding: set[int] = set()
    for _, instruction in program.numbered():
        match instruction:
            case Backward(x=root):
                uses = _uses(root, made)
                twice = {type(made[x]) for x, n in uses.items() if n > 1 and x in made}
                found |= {"sharing"} if twice else set()
                found |= {"fan_out"} if Apply in twice else set()
                reached = {x for x in uses if isinstance(made.get(x), Leaf)}
                found |= {"accumulation"} if reached & holding else set()
                holding |= reached
            case ClearGrad(x=x):
                holding.discard(x)
            case _:
                pass
    return found


def _uses(root: int, made: Mapping[int, Apply | Leaf]) -> Counter[int]:
    """Return how often each value of the graph of ``root`` is an operand in it; once for itself."""
    uses = Counter({root: 1})
    stack = [root]
    while stack:
        instruction = made.get(stack.pop())
        for x in instruction.args if isinstance(instruction, Apply) else ():
            if x not in uses:
                stack.append(x)
            uses[x] += 1
    return uses


def _plain(program: Program) -> frozenset[int]:
    return frozenset(k for k, i in program.numbered() if isinstance(i, Constant) and i.plain)


def _conditions(program: Program) -> frozenset[int]:
    return frozenset(
        k for k, i in program.numbered() if isinstance(i, Constant) and i.array.kind == "bool"
    )


def _needs_of(
    instruction: Instruction,
    known: dict[int, Shape],
    plain: frozenset[int],
) -> set[str]:
    match instruction:
        case Leaf(requires_grad=False):
            return {"frozen_leaf"}
        case Apply():
            key = op_key(instruction, tuple(known[a] for a in instruction.args))
            return (
                {f"op:{key}"}
                | _broadcasts(instruction, known, plain)
                | _plain_uses(instruction, plain)
            )
        case Backward(cotangent=cotangent, retain_graph=retain, create_graph=create):
            flags = {"cotangent": cotangent is not None, "again": retain, "create_graph": create}
            return {name for name, present in flags.items() if present}
        case Mode(kind=kind, decorator=decorator):
            return {kind, "decorator"} if decorator else {kind}
        case InPlace(op=op):
            return {f"in_place:{op}"}
        case OptimizerStep(rule=rule):
            return {f"optimizer:{rule}"}
        case Observe(what=("requires_grad" | "is_leaf" | "has_graph") as what):
            return {what}
        case Detach():
            return {"detach"}
        case GradOf():
            return {"grad_of"}
        case ClearGrad():
            return {"clear"}
        case RetainGrad():
            return {"retain_grad"}
        case SetRequiresGrad():
            return {"set_requires_grad"}
        case Assign():
            return {"assign"}
        case _:
            return set()


def _broadcasts(apply: Apply, known: dict[int, Shape], plain: frozenset[int]) -> set[str]:
    row = op_named(apply.op)
    operands = {known[a] for a in apply.args if a not in plain}
    elementwise = row.signature in {"binary", "where"}
    return {f"broadcast:{apply.op}"} if elementwise and len(operands) > 1 else set()


def _plain_uses(apply: Apply, plain: frozenset[int]) -> set[str]:
    sides = ("left", "right")
    return {f"plain:{apply.op}.{sides[k]}" for k, a in enumerate(apply.args[:2]) if a in plain}
