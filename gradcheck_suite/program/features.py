"""Features of a Program: what an engine must have to run it, and what must be sound to judge it.

Both are read off the Program, never declared beside it. ``needs`` decides whether a case applies
to an engine; ``relies_on`` decides whether a failure would count a fault twice that a simpler
property has already found.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final

from gradcheck_suite.program.instructions import (
    Apply,
    Assign,
    Backward,
    BackwardFrom,
    ClearGrad,
    Constant,
    Detach,
    GradOf,
    Hook,
    InPlace,
    Instruction,
    Leaf,
    Misapply,
    Mode,
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
from gradcheck_suite.program.shapes import Shape, shapes
from gradcheck_suite.program.table import op_named

__all__ = ["needs", "op_key", "ops_used", "relies_on"]


def op_key(apply: Apply | Misapply, operands: tuple[Shape, ...]) -> str:
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
    found |= {"empty_arrays"} if any(0 in shape for shape in known.values()) else set()
    for _, instruction in program.numbered():
        found |= _needs_of(instruction, known, plain)
    found |= {"stored_gradients"} if _stores_gradients(program) else set()
    return frozenset(found)


def _stores_gradients(program: Program) -> bool:
    """Tell whether it matters that gradients stay at the values that they belong to.

    In a library of functions a gradient is what a function returned: it can be differentiated, but
    nothing is added to it, cleared, or kept at a result.
    """
    instructions = dict(program.numbered())
    creates = any(isinstance(i, Backward) and i.create_graph for i in instructions.values())
    if not creates and any(isinstance(i, (ClearGrad, GradOf)) for i in instructions.values()):
        return True
    looks = [i for i in instructions.values() if isinstance(i, Observe)]
    at_results = (isinstance(instructions[i.x], Apply) for i in looks if i.what == "grad")
    if any(_starts_at_no_number(i, instructions) for i in instructions.values()):
        return True  # grad(f) need not take a function that gives a place, or truth values
    kept = any(i.what in {"unset", "released"} for i in looks) or any(at_results)
    return kept or "accumulation" in _gradients_meet(program)


def _starts_at_no_number(i: Instruction, instructions: Mapping[int, Instruction]) -> bool:
    root = instructions[i.x] if isinstance(i, Backward) else None
    return isinstance(root, Apply) and not op_named(root.op).differentiable


def relies_on(program: Program) -> frozenset[str]:
    """Return what must be sound: ``value:mul``, ``gradient:mul``, ``sharing``, ``detach``, ..."""
    known = shapes(program)
    plain = _plain(program)
    instructions = [i for _, i in program.numbered()]
    found = {f"value:{op}" for op in ops_used(program)}
    if any(isinstance(i, (Backward, PushForward)) for i in instructions):
        found |= {f"{what}:{op}" for op in ops_used(program) for what in ("gradient", "inputs")}
        found |= _gradients_meet(program)
    found |= _of_higher_modes(instructions, ops_used(program))
    found |= {"custom"} if any(op.startswith("custom_") for op in ops_used(program)) else set()
    found |= {"in_place"} if any(isinstance(i, InPlace) for i in instructions) else set()
    for instruction in instructions:
        found |= _needs_of(instruction, known, plain) & _STRUCTURAL
        if isinstance(instruction, Apply):
            found |= _broadcasts(instruction, known, plain) | _plain_uses(instruction, plain)
            found |= _stretches_batches(instruction, known)
        if isinstance(instruction, Observe) and instruction.what == "dtype":
            found |= {f"precision:{op}" for op in ops_used(program)}
    return frozenset(found)


# Needs that a property of its own establishes: a fault there is told once.
_STRUCTURAL = frozenset(
    {
        *("detach", "no_grad", "enable_grad", "decorator", "clear", "assign", "retain_grad"),
        *("again", "hook", "unhook"),
    }
)


def _of_higher_modes(instructions: Iterable[Instruction], ops: frozenset[str]) -> set[str]:
    """Name the rules of forward mode, and those of a backward that is differentiated in its turn.

    In the graph of a gradient a value is used again wherever the rule of an op needs it.
    """
    found: set[str] = set()
    if any(isinstance(i, PushForward) for i in instructions):
        found |= {f"forward:{op}" for op in ops}
    if any(isinstance(i, Backward) and i.create_graph for i in instructions):
        found |= {"sharing", "fan_out", "create_graph", *(f"second:{op}" for op in ops)}
    return found


def _gradients_meet(program: Program) -> set[str]:
    """Name where gradients add up: ``sharing``, ``fan_out`` (of results), ``accumulation``.

    Where others may hold the array that is added to, they have to be kept ``apart``.
    """
    made = {k: i for k, i in program.numbered() if isinstance(i, (Apply, Leaf))}
    found: set[str] = set()
    holding: set[int] = set()
    ends: set[int] = set()  # constants too: in some engines they have gradients
    looks_at_cotangent = False
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
                ends |= {x for x in uses if not isinstance(made.get(x), Apply)}
            case ClearGrad(x=x):
                holding.discard(x)
            case Observe(what="cotangent"):
                looks_at_cotangent = True
            case _:
                pass
    if "fan_out" in found or (found and (len(ends) > 1 or looks_at_cotangent)):
        found.add("apart")
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
        case Misapply():
            return {f"op:{op_key(instruction, tuple(known[a] for a in instruction.args))}"}
        case Backward(cotangent=cotangent, retain_graph=retain, create_graph=create):
            flags = {"cotangent": cotangent is not None, "again": retain, "create_graph": create}
            flags["cotangent_argument"] = isinstance(instruction, BackwardFrom)
            return {name for name, present in flags.items() if present}
        case Mode(kind=kind, decorator=decorator):
            return {kind, "decorator"} if decorator else {kind}
        case InPlace(op=op):
            return {f"in_place:{op}"}
        case OptimizerClear(rule=rule):
            return {f"optimizer:{rule}", "optimizer_clear"}
        case OptimizerStep(rule=rule, settings=settings):
            names = {name for name, _ in settings} - {"lr"}
            return {f"optimizer:{rule}"} | {f"optimizer:{rule}.{name}" for name in names}
        case Observe(what=("requires_grad" | "is_leaf" | "has_graph") as what):
            return {what}
        case Observe(what="cotangent"):
            return {"cotangent_array"}
        case _:
            name = _NEED_OF.get(type(instruction))
            return {name} if name else set()


_NEED_OF: Final[Mapping[type, str]] = {
    Assign: "assign",
    ClearGrad: "clear",
    Detach: "detach",
    GradOf: "grad_of",
    Hook: "hook",
    PushForward: "push_forward",
    RetainGrad: "retain_grad",
    SetRequiresGrad: "set_requires_grad",
    Thread: "own_modes",
    Unhook: "unhook",
}


def _broadcasts(apply: Apply, known: dict[int, Shape], plain: frozenset[int]) -> set[str]:
    row = op_named(apply.op)
    operands = {known[a] for a in apply.args if a not in plain}
    elementwise = row.signature in {"binary", "where"}
    return {f"broadcast:{apply.op}"} if elementwise and len(operands) > 1 else set()


def _stretches_batches(apply: Apply, known: dict[int, Shape]) -> set[str]:
    """Name what a product of matrices shares with every op that broadcasts: the sum over copies."""
    batches = {known[a][:-2] for a in apply.args} if apply.op == "matmul" else set()
    return {"unbroadcast"} if len(batches) > 1 else set()


def _plain_uses(apply: Apply, plain: frozenset[int]) -> set[str]:
    sides = ("left", "right")
    return {f"plain:{apply.op}.{sides[k]}" for k, a in enumerate(apply.args[:2]) if a in plain}
