"""Closed forms: a small Program's result as one SymPy expression, differentiated whole.

The cross-check of the scalar chain rule, and what a report shows beside a counterexample.
"""

from collections.abc import Mapping

import sympy
from sympy import Expr, Symbol

from gradcheck_suite.engines.dialect import Dialect
from gradcheck_suite.errors import UndecidableError
from gradcheck_suite.oracles.primitive import ARGUMENTS
from gradcheck_suite.oracles.scalarise import Node
from gradcheck_suite.oracles.semantics import Session
from gradcheck_suite.program.instructions import Backward, Leaf, Observe, Program

__all__ = ["ClosedForm", "closed_gradients", "is_small"]

_MAX_NODES = 24  # beyond that a closed form is slow to derive and nobody reads it
_MAX_INSTRUCTIONS = 100  # what is longer has more nodes than that, but for a few odd ones
_DIGITS = 40

ClosedForm = tuple[Expr, dict[Symbol, sympy.Rational]]


def is_small(program: Program) -> bool:
    """Tell whether ``program`` is one short expression, propagated once from one place."""
    kinds = [type(i).__name__ for _, i in program.numbered()]
    return (
        len(kinds) <= _MAX_INSTRUCTIONS
        and kinds.count("Backward") == 1
        and set(kinds)
        <= {
            "Leaf",
            "Constant",
            "Apply",
            "Backward",
            "Observe",
        }
    )


def closed_gradients(program: Program) -> dict[int, list[ClosedForm]] | None:
    """Return, for each Observe of a leaf's gradient, the derivative for each element of the leaf.

    Each is an expression in one symbol for each leaf element, with the numbers to fill in. None
    where the program is not one small expression, or has no derivative there.
    """
    if not is_small(program):
        return None
    session = Session(Dialect())
    try:
        session.run(program)
    except UndecidableError:
        return None
    (backward,) = [i for _, i in program.numbered() if isinstance(i, Backward)]
    if backward.x not in session.values:
        return None  # an engine of torch's conventions raises before it
    root = session.values[backward.x].nodes.ravel().tolist()
    if _count(root) > _MAX_NODES:
        return None
    symbols, values = _symbols(program, session)
    weights = [1] * len(root) if backward.cotangent is None else backward.cotangent.values
    if len(weights) != len(root):
        return None  # a cotangent of another shape has to raise
    total = sum(
        (sympy.Rational(w) * _expression(n, symbols) for w, n in zip(weights, root, strict=True)),
        start=sympy.Integer(0),
    )
    return {
        index: [
            (sympy.diff(total, symbols[node]), values)
            for node in session.values[i.x].nodes.ravel().tolist()
        ]
        for index, i in program.numbered()
        if isinstance(i, Observe) and i.what == "grad" and session.values[i.x].is_leaf
    }


def evaluate(form: ClosedForm) -> str:
    """Return the number of a closed form to 40 digits, as text."""
    expression, values = form
    return str(expression.subs(values).evalf(_DIGITS))


def _symbols(
    program: Program,
    session: Session,
) -> tuple[dict[Node, Symbol], dict[Symbol, sympy.Rational]]:
    found: dict[Node, Symbol] = {}
    values: dict[Symbol, sympy.Rational] = {}
    for index, instruction in program.numbered():
        if not isinstance(instruction, Leaf):
            continue
        nodes = session.values[index].nodes.ravel().tolist()
        for k, (node, value) in enumerate(zip(nodes, instruction.array.values, strict=True)):
            symbol = Symbol(f"a{index}_{k}" if len(nodes) > 1 else f"a{index}", real=True)
            found[node] = symbol
            values[symbol] = sympy.Rational(value)
    return found, values


def _expression(node: Node, symbols: Mapping[Node, Symbol]) -> Expr:
    if node in symbols:
        return symbols[node]
    if node.primitive is None:
        return sympy.Rational(float(node))
    args = [_expression(a, symbols) for a in node.args]
    formula = node.primitive.formulas[0]
    return formula.subs(dict(zip(ARGUMENTS, args, strict=False)), simultaneous=True)


def _count(roots: list[Node]) -> int:
    seen = set(roots)
    stack = list(roots)
    while stack:
        for arg in stack.pop().args:
            if arg not in seen:
                seen.add(arg)
                stack.append(arg)
    return len(seen)
