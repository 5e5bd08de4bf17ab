"""The engine behind the Spelling of a library of functions: ``grad(f)(x)``, no ``x.backward()``.

There no value has a gradient of its own. What a Program does to values is recorded; where it asks
for a backward, the record becomes a function of the leaves that does the same once more, and the
library is asked for the gradient of that. A gradient is recorded too, as what it is: the result of
``grad(f)`` at the leaves, so that its own gradient is that of a function which calls ``grad(f)``.

Which gradient belongs to which leaf, and their sum over several passes, is kept here and says
nothing of the library: ``capabilities_of`` leaves out what would test it.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from gradcheck_suite.engines.capabilities import capabilities_of
from gradcheck_suite.engines.outcome import Nothing, Number, Outcome
from gradcheck_suite.engines.plan import Bound
from gradcheck_suite.engines.protocol import Handle, Maker, Sweeper
from gradcheck_suite.engines.ready import Call, Numbers, Sweep
from gradcheck_suite.engines.spelled import SpelledEngine
from gradcheck_suite.program.instructions import Attributes
from gradcheck_suite.program.spelling import Spelling
from gradcheck_suite.program.template import template

__all__ = ["FunctionalEngine", "SpokenEngine", "engine_of"]

SpokenEngine: TypeAlias = "SpelledEngine | FunctionalEngine"


def engine_of(spelling: Spelling, namespace: dict[str, Any]) -> SpokenEngine:
    """Return the engine of a spelling, bound to the names in ``namespace``."""
    return (FunctionalEngine if spelling.gradient else SpelledEngine)(spelling, namespace)


@dataclass(eq=False, slots=True)
class Recorded:
    """A value of the library's, and how it came about."""

    value: Any
    run: Callable[..., Any] | None = None
    """From the values of the operands to this one; None for what the user made."""
    operands: tuple[Any, ...] = ()
    """Records, and bare numbers."""
    moves: bool = False
    """Whether it is, or comes from, a leaf that needs a gradient."""
    grad: "Recorded | None" = None


class FunctionalEngine:
    """Any library that differentiates functions."""

    def __init__(self, spelling: Spelling, namespace: dict[str, Any]) -> None:
        """Bind ``spelling`` to the names that its imports brought into ``namespace``."""
        self.spelling = spelling
        self.name = spelling.name
        self.capabilities = capabilities_of(spelling)
        self.namespace = namespace
        self.bound = Bound(self)
        """The functions of the forms of plans, for the interpreter."""
        self._library = SpelledEngine(spelling, namespace)

    def maker(self, *, constant: bool) -> Maker:
        make = self._library.maker(constant=constant)

        def made(numbers: Numbers, moves: bool) -> Handle:
            x = Recorded(make(numbers, moves), moves=moves)
            data = numbers.array()
            if moves and data.dtype.kind == "i":  # a library that refuses these does it when asked
                self._gradients(self._weighted(x, np.ones(data.shape)), [x])
            return x

        return made

    def caller(self, _call: Call) -> None:
        """Leave every op to ``apply``, which records it."""

    def apply(self, op: str, args: Sequence[Handle], attrs: Attributes) -> Handle:
        return _recorded(lambda *values: self._library.apply(op, values, attrs), args)

    def detach(self, x: Handle) -> Handle:
        return _recorded(self._library.detach, (x,))

    def sweeper(self, _sweep: Sweep) -> Sweeper:
        def differentiate(x: Handle, cotangent: Numbers | None) -> None:
            root = self._single(x) if cotangent is None else self._weighted(x, cotangent.array())
            leaves = list(_leaves(root))
            for leaf, gradient in zip(leaves, self._gradients(root, leaves), strict=True):
                # Sums of recorded gradients are differentiated with them.
                both = (leaf.grad, gradient)
                leaf.grad = gradient if leaf.grad is None else self.apply("add", both, ())

        return differentiate

    def grad_of(self, x: Handle) -> Handle:
        if x.grad is None:
            msg = "got no gradient, expected one: it was to be used as a value"
            raise ValueError(msg)
        return x.grad

    def clear_grad(self, x: Handle) -> None:
        x.grad = None

    def push_forward(
        self,
        function: Callable[..., Handle],
        primals: Sequence[Handle],
        tangents: Sequence[npt.NDArray[np.generic]],
    ) -> Handle:
        leaves = [Recorded(primal.value, moves=True) for primal in primals]
        again = _function(function(*leaves), leaves)
        values = [leaf.value for leaf in leaves]
        return Recorded(self._library.push_forward(again, values, tangents))

    def viewer(self, what: str) -> Callable[[Handle], Outcome]:
        nothing = Nothing()
        return self.value if what == "value" else lambda x: self.grad(x) or nothing

    def value(self, x: Handle) -> Number:
        return self._library.value(_value(x))

    def grad(self, x: Handle) -> Number | None:
        return None if x.grad is None else self.value(x.grad)

    def flag(self, what: str, x: Handle) -> bool:
        if what == "dtype":
            return self.value(self.grad_of(x)).dtype in {self.value(x).dtype, "int"}
        return bool(self._absent(what))

    def _absent(self, *_what: Any, **_named: Any) -> Any:  # noqa: ANN401 - never returns
        msg = "got a Program about values that have gradients, expected one about functions"
        raise TypeError(msg)

    apply_in_place = retain_grad = hook = unhook = set_requires_grad = _absent
    assign = mode = decorate = optimizer_step = optimizer_clear = _absent

    def tried(self, run: Callable[..., Any], values: Sequence[Any]) -> Any:  # noqa: ANN401 - theirs
        """Return ``run`` of ``values``, if the library can differentiate it by each of them."""
        leaves = [Recorded(value, moves=True) for value in values]
        result = _recorded(run, leaves)
        is_number = self.value(result).shape == ()
        self._gradients(result if is_number else self.apply("sum", (result,), ()), leaves)
        return result.value

    def _single(self, x: Handle) -> Handle:
        """Return the only element of an array of several axes, which some libraries take for many.

        Whether an array of one element is a number is no matter of right and wrong.
        """
        found = self.value(x)
        is_single = found.shape and len(found.numbers) == 1 and "op:sum" in self.capabilities
        return self.apply("sum", (x,), ()) if is_single else x

    def _weighted(self, x: Handle, cotangent: npt.NDArray[np.generic]) -> Handle:
        """Return ``sum(x * cotangent)``: a function with a gradient is a number."""
        weights = Recorded(self._library.constant(cotangent, plain=False))
        product = self.apply("mul", (x, weights), ())
        return self.apply("sum", (product,), ()) if cotangent.shape else product

    def _gradients(self, root: Recorded, leaves: list[Recorded]) -> list[Recorded]:
        """Return the gradient of ``root`` by each of its leaves, as the library gives it."""
        text, again = self.spelling.gradient, _function(root, leaves)

        def by_one(k: int) -> Callable[..., Any]:
            def gradient(*values: Any) -> Any:  # noqa: ANN401 - theirs
                def alone(x: Any) -> Any:  # noqa: ANN401 - theirs
                    return again(*values[:k], x, *values[k + 1 :])

                names = {"primals": list(values), "argnum": k or None, "x": values[k]}
                function = alone if "x" in template(text).names else again
                return self._library.run_line(text, f=function, **names)

            return gradient

        return [_recorded(by_one(k), leaves) for k in range(len(leaves))]


def _value(x: Handle) -> Any:  # noqa: ANN401 - theirs
    return x.value if type(x) is Recorded else x


def _recorded(run: Callable[..., Any], operands: Sequence[Handle]) -> Recorded:
    moves = any(type(x) is Recorded and x.moves for x in operands)
    return Recorded(run(*map(_value, operands)), run, tuple(operands), moves)


def _moving(x: Recorded) -> list[Recorded]:
    return [y for y in x.operands if type(y) is Recorded and y.moves]


def _upstream(root: Recorded) -> Iterator[Recorded]:
    """Yield what ``root`` depends on and what moves with a leaf, operands first, and itself."""
    seen: set[int] = set()
    stack = [(root, False)] if root.moves else []
    while stack:
        x, operands_are_done = stack.pop()
        if operands_are_done:
            yield x
        elif id(x) not in seen:
            seen.add(id(x))
            stack.append((x, True))
            stack += [(y, False) for y in _moving(x)]


def _leaves(root: Recorded) -> Iterator[Recorded]:
    return (x for x in _upstream(root) if x.run is None)


def _function(root: Recorded, leaves: Sequence[Recorded]) -> Callable[..., Any]:
    """Return the function of ``leaves`` that has ``root`` as its value."""
    steps = [(x, x.run) for x in _upstream(root) if x.run is not None]

    def again(*values: Any) -> Any:  # noqa: ANN401 - theirs
        known = dict(zip(map(id, leaves), values, strict=True))
        for x, run in steps:
            known[id(x)] = run(*[known.get(id(y), _value(y)) for y in x.operands])
        return known.get(id(root), root.value)

    return again
