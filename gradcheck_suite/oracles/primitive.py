"""Primitives: the smooth scalar functions, differentiated by SymPy and by nobody else.

A primitive is a set of formulas for one function, as courses write it in different ways. Its value
is the hull of what the formulas give on balls; its partial derivative is again a primitive, whose
formulas are ``sympy.diff`` of each. So derivatives of any order come out of one mechanism.

Engines that keep the output v use it in the derivative, which rounds differently, so these forms
belong to the hull too. A function with an inverse g has ``1 / g'(v)``: 1 - v**2 for tanh,
v * (1 - v) for the sigmoid. A power has v times the derivative of its logarithm: n * v / x, and
v * log(x).
"""

import itertools
from collections.abc import Callable, Sequence
from functools import cache, cached_property
from math import erf, isfinite, nan
from typing import Any

import numpy as np
import sympy
from flint import arb
from sympy import Expr, Symbol
from sympy.codegen.cfunctions import expm1, log1p

from gradcheck_suite.errors import UndecidableError
from gradcheck_suite.oracles import ball as ball_functions
from gradcheck_suite.oracles.ball import Ball
from gradcheck_suite.oracles.reading import current, is_wide
from gradcheck_suite.program.instructions import Attributes
from gradcheck_suite.program.op import Op

__all__ = ["ARGUMENTS", "IDENTITY", "Primitive", "primitive_of"]

ARGUMENTS = sympy.symbols("x y", real=True)
_VALUE = Symbol("v", real=True)
_DIGITS = 60  # of a constant: 39 fill a midpoint of 128 bits
_FUNCTIONS = {
    name: getattr(ball_functions, name) for name in ball_functions.__all__ if name != "Ball"
}


class Primitive:
    """One scalar function of up to two arguments, by all of its accepted formulas."""

    def __init__(
        self,
        formulas: Sequence[Expr],
        arity: int,
        value_forms: Sequence[Expr] = (),
        rates: Sequence[Expr] = (),
    ) -> None:
        """Take formulas in x, y; forms in x, y and the value v of a base function; dv/dx, dv/dy."""
        self.formulas = tuple(dict.fromkeys(formulas))
        self.arity = arity
        self.value_forms = tuple(dict.fromkeys(value_forms))
        self._rates = tuple(rates)
        self._partials: dict[int, Primitive] = {}

    @cached_property
    def constant(self) -> int | None:
        """Return the value where it is 1, 0 or -1 everywhere: such a factor does not round."""
        first = self.formulas[0]
        return int(first) if first in (-1, 0, 1) else None

    def evaluate(self, args: Sequence[Ball], value: Ball | None) -> Ball:
        """Return the hull of all formulas on balls; ``value`` is v.

        Formulas that are not finite where the first one is (``exp(n * log(x))`` for negative x)
        are ways in which an engine cannot have computed it, and are left out.
        """
        if not current().not_finite:
            return self._enclosed(args, value)
        # At an infinity Flint's enclosures are none, and IEEE 754 says what comes out.
        if all(arg.value.is_finite() for arg in args):
            known = value if value is not None and value.value.is_finite() else None
            found = self._enclosed(args, known)
            if found.value.is_finite():
                return found
        return self._limit(args)

    def _enclosed(self, args: Sequence[Ball], value: Ball | None) -> Ball:
        if len(self.formulas) == 1 and not self.value_forms:
            return self._compiled[0](*args)
        ways = [(f, args) for f in self._compiled]
        if value is not None:
            ways += [(f, (*args, value)) for f in self._compiled_forms]
        if current().only_finite:
            found = _sharp(ways)
            return _hull(found) if found else self._continued(args)
        return _hull([f(*given) for f, given in ways])

    def _limit(self, args: Sequence[Ball]) -> Ball:
        """Return what IEEE 754 gives at numbers that are infinite, NaN, or out of the domain.

        Where the formulas differ it is NaN. Raises UndecidableError where rounding decides.
        """
        corners = list(itertools.product(*(_ends(arg) for arg in args)))
        with np.errstate(all="ignore"):
            ways = [{repr(float(f(*corner))) for corner in corners} for f in self._in_floats]
        if any(len(way) > 1 for way in ways):
            msg = f"whether it is finite is within rounding, at {[*args]}"
            raise UndecidableError(msg)
        found = [float(number) for way in ways for number in way]
        if not any(map(isfinite, found)):
            same = all(number == found[0] for number in found)
            return Ball(arb(found[0] if same else nan), args[0].precision)
        if not found[0].is_integer() or all(arg.value.is_finite() for arg in args):
            msg = f"a formula is {found[0]} at {[*args]}, where its enclosure is not finite"
            raise UndecidableError(msg)
        return Ball(arb(found[0]), args[0].precision)

    def _continued(self, args: Sequence[Ball]) -> Ball:
        """Return the limit of a derivative that has no finite formula here: 0 for 0**y * log(0).

        Where a derivative has a limit, that is the derivative (by the mean value theorem).
        """
        if not all(arg.value.is_exact() for arg in args):
            msg = f"no formula is finite at {[*args]}"
            raise UndecidableError(msg)
        limit = _limit_from_above(self.formulas[0], tuple(float(a.value) for a in args))
        if not limit.is_Rational:
            msg = f"the limit at {[*args]} is {limit}"
            raise UndecidableError(msg)
        return args[0].rational(int(limit.p), int(limit.q))

    def partial(self, position: int) -> "Primitive":
        """Return the partial derivative with respect to the argument at ``position``."""
        if position not in self._partials:
            self._partials[position] = self._differentiate(position)
        return self._partials[position]

    def _differentiate(self, position: int) -> "Primitive":
        x = ARGUMENTS[position]
        formulas = [sympy.diff(f, x) for f in self.formulas]
        if not self._rates:
            return Primitive(formulas, self.arity)
        rate = self._rates[position]
        forms = [sympy.diff(f, x) + sympy.diff(f, _VALUE) * rate for f in self.value_forms]
        return Primitive(formulas, self.arity, forms or [rate], self._rates)

    @cached_property
    def _compiled(self) -> tuple[Callable[..., Ball], ...]:
        return tuple(_compile(f, ARGUMENTS[: self.arity]) for f in self.formulas)

    @cached_property
    def _in_floats(self) -> tuple[Callable[..., float], ...]:
        symbols = ARGUMENTS[: self.arity]
        return tuple(sympy.lambdify(symbols, f, [{"erf": erf}, "numpy"]) for f in self.formulas)

    @cached_property
    def _compiled_forms(self) -> tuple[Callable[..., Ball], ...]:
        symbols = (*ARGUMENTS[: self.arity], _VALUE)
        return tuple(_compile(f, symbols) for f in self.value_forms)


IDENTITY = Primitive([ARGUMENTS[0]], 1)


@cache
def primitive_of(op: Op, attrs: Attributes) -> Primitive:
    """Return the primitive of a smooth elementwise op, its attributes filled in."""
    names: dict[str, Any] = {"x": ARGUMENTS[0], "y": ARGUMENTS[1], "log1p": log1p, "expm1": expm1}
    names |= {k: sympy.Rational(v) for k, v in attrs if isinstance(v, int | float)}
    formulas = [_parse(text, names) for text in op.formulas_for(attrs)]
    return Primitive(formulas, len(op.arguments), rates=_rates(op, formulas[0]))


def _parse(text: str, names: dict[str, Any]) -> Expr:
    """Return a formula as it is written, its decimals as the exact numbers that they write."""
    formula = sympy.sympify(text, locals=names, evaluate=False)
    return formula.xreplace({f: sympy.Rational(str(f)) for f in formula.atoms(sympy.Float)})


def _rates(op: Op, formula: Expr) -> tuple[Expr, ...]:
    """Return the derivatives of the value v in terms of v, one for each argument; () for none."""
    if op.inverse:
        inverse = sympy.sympify(op.inverse, locals={"v": _VALUE})
        return (sympy.factor(sympy.simplify(1 / sympy.diff(inverse, _VALUE))),)
    if isinstance(formula, sympy.Pow):
        logarithm = formula.exp * sympy.log(formula.base)
        return tuple(_VALUE * sympy.diff(logarithm, x) for x in ARGUMENTS[: len(op.arguments)])
    return ()


def _ends(ball: Ball) -> set[np.float64]:
    """Return both ends of a ball, in the numbers for which NumPy follows IEEE 754."""
    value = ball.value
    if not value.mid().is_finite():
        return {np.float64(float(value.mid()))}
    return {np.float64(float(value.lower())), np.float64(float(value.upper()))}


def _sharp(ways: list[tuple[Callable[..., Ball], Sequence[Ball]]]) -> list[Ball]:
    """Return what those formulas give that neither overflow, leave the domain, nor lose it all."""
    found = []
    for formula, args in ways:
        try:
            ball = formula(*args)
        except UndecidableError:
            continue
        if ball.value.is_finite() and not is_wide(float(ball.value.rad()), float(ball.value.mid())):
            found.append(ball)
    return found


@cache
def _limit_from_above(formula: Expr, point: tuple[float, ...]) -> Expr:
    """Return the limit of a formula as its first argument falls to its place in ``point``."""
    first, *rest = map(sympy.Rational, point)
    given = formula.subs(dict(zip(ARGUMENTS[1:], rest, strict=False)))
    return sympy.limit(given, ARGUMENTS[0], first, "+")


def _hull(balls: list[Ball]) -> Ball:
    """Return the first ball, widened until it holds every finite one."""
    first = balls[0]
    middle, radius = first.value.mid(), first.value.rad()
    for other in balls[1:]:
        if other.value.is_finite():
            radius = max(radius, (abs(other.value - middle)).upper(), key=float)
    return Ball(arb(middle, radius), first.precision)


def _compile(expression: Expr, symbols: Sequence[Symbol]) -> Callable[..., Ball]:
    """Turn a formula into a function on balls, operation by operation as it is written."""
    if not expression.free_symbols:
        p, q = sympy.Rational(expression).as_numer_denom()
        return lambda *args: args[0].rational(int(p), int(q))
    names = [s.name for s in symbols]
    source = f"lambda {', '.join(names)}: {_print(expression, names[0])}"
    return eval(source, dict(_FUNCTIONS))  # type: ignore[no-any-return]  # noqa: S307 - our own text


def _print(e: Expr, ball: str) -> str:
    """Print a SymPy tree as Python on balls, of which ``ball`` is one: quotients stay quotients."""
    if e.is_number:
        return _print_number(e.doit(), ball)
    match e:
        case sympy.Symbol():
            return str(e.name)
        case sympy.Add():
            return "(" + " + ".join(_print(a, ball) for a in e.args) + ")"
        case sympy.Mul():
            return _print_product(e, ball)
        case sympy.Pow() if e.exp == -1:
            return f"(1 / {_print(e.base, ball)})"
        case sympy.Pow():
            return f"({_print(e.base, ball)} ** {_print(e.exp, ball)})"
        case sympy.Function() if type(e).__name__ in _FUNCTIONS:
            return f"{type(e).__name__}({', '.join(_print(a, ball) for a in e.args)})"
        case _:
            msg = f"the oracle has no ball for {e} ({type(e).__name__})"
            raise UndecidableError(msg)


def _print_number(e: Expr, ball: str) -> str:
    if not e.is_Rational:
        return f"{ball}.constant('{e.evalf(_DIGITS)}')"
    p, q = sympy.Rational(e).as_numer_denom()
    return f"({p})" if q == 1 else f"{ball}.rational({p}, {q})"


def _print_product(e: sympy.Mul, ball: str) -> str:
    above: list[str] = []
    below: list[str] = []
    sign = ""
    for factor in e.args:
        if factor == -1:
            sign = "" if sign else "-"
        elif isinstance(factor, sympy.Pow) and factor.exp.is_number and factor.exp.is_negative:
            below.append(_print(sympy.Pow(factor.base, -factor.exp), ball))
        else:
            above.append(_print(factor, ball))
    product = " * ".join(above) or "1"
    quotient = f"{product} / ({' * '.join(below)})" if below else product
    return f"({sign}({quotient}))"
