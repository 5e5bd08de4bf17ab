"""The bench: a spelling in the making, on which candidates are tried out."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Final, ParamSpec, TypeVar

import numpy as np
import numpy.typing as npt

from gradcheck_suite.engines.discovery.names import Names
from gradcheck_suite.engines.functional import FunctionalEngine
from gradcheck_suite.engines.spelled import SpelledEngine
from gradcheck_suite.program.op import Domain
from gradcheck_suite.program.spelling import Spelling

__all__ = ["Bench", "attempt", "close", "fill", "numbers"]

P = ParamSpec("P")
T = TypeVar("T")

_RELATIVE: Final = 1e-4  # an engine in float32 passes, another function does not
_ABSOLUTE: Final = 1e-5
_GOLDEN: Final = 0.6180339887498949  # its multiples, modulo 1, are spread evenly and never repeat
_STEPS: Final = 64  # numbers are multiples of 1/64: exact in float32


@dataclass(frozen=True)
class Bench:
    """A spelling that is known in part, and the names in which its templates run."""

    spelling: Spelling
    names: Names
    cls: type
    made: tuple[type, ...] = field(default=())
    """Further classes that the engine makes values of."""
    missing: tuple[tuple[str, str], ...] = ()
    """(what, why) for what has a name in the submission and was not taken all the same."""
    total: str = ""
    """How a library of functions adds up an array: what is differentiated has to be a number."""

    @cached_property
    def engine(self) -> SpelledEngine:
        """The engine as far as it is known."""
        return SpelledEngine(self.spelling, self.names.namespace)

    def but(self, **changes: Any) -> "Bench":  # noqa: ANN401 - fields of Spelling
        """Return a bench with some templates changed."""
        return replace(self, spelling=replace(self.spelling, **changes))

    def also(self, *can: str) -> "Bench":
        """Return a bench whose engine has been seen to meet further needs."""
        return self.but(can=self.spelling.can | frozenset(can))

    def without(self, what: str, why: str) -> "Bench":
        """Return a bench that knows why something is not taken."""
        return replace(self, missing=(*self.missing, (what, why)))

    def leaf(self, data: npt.NDArray[Any], *, requires_grad: bool = True) -> Any:  # noqa: ANN401 - theirs
        """Make a leaf."""
        return self.engine.leaf(data, requires_grad)

    def run(self, text: str, result: str = "", /, **values: Any) -> Any:  # noqa: ANN401 - theirs
        """Run a template; in a library of functions, where it can be differentiated."""
        if not self.spelling.gradient:
            return self.engine.run_line(text, result, **values)
        operands = {name: v for name, v in values.items() if _is_operand(name, v)}
        flat = [x for v in operands.values() for x in (v if isinstance(v, list) else [v])]

        def line(*given: Any) -> Any:  # noqa: ANN401 - theirs
            left = iter(given)
            changed = {
                name: [next(left) for _ in v] if isinstance(v, list) else next(left)
                for name, v in operands.items()
            }
            return self.engine.run_line(text, **{**values, **changed})

        return self._tracing.tried(line, flat)

    def apply(self, op: str, operands: Sequence[Any]) -> Any:  # noqa: ANN401 - theirs
        """Apply an op without settings; in a library of functions, likewise."""
        if not self.spelling.gradient:
            return self.engine.apply(op, operands, ())
        moving = [k for k, x in enumerate(operands) if _is_operand("x", x)]

        def line(*given: Any) -> Any:  # noqa: ANN401 - theirs
            changed = dict(zip(moving, given, strict=True))
            return self.engine.apply(op, [changed.get(k, x) for k, x in enumerate(operands)], ())

        return self._tracing.tried(line, [operands[k] for k in moving])

    @cached_property
    def _tracing(self) -> FunctionalEngine:
        ops = (("sum", self.total),) if self.total else ()
        return FunctionalEngine(replace(self.spelling, ops=ops), self.names.namespace)

    def some(self, n: int) -> list[npt.NDArray[Any]]:
        """Return generic numbers for ``n`` operands of the smallest shape."""
        return [numbers(self.single, salt=k) for k in range(n)]

    def value(self, x: object) -> npt.NDArray[Any]:
        """Read an engine value; TypeError where it is none."""
        if not self.is_value(x):
            msg = f"got {type(x).__name__}, expected a value of the engine"
            raise TypeError(msg)
        return self.engine.value(x).values

    def is_value(self, x: object) -> bool:
        """Tell whether ``x`` is of a class of the submission, not a bare array or number."""
        return isinstance(x, self.cls) or type(x).__module__ in self.names.modules

    def grad(self, x: object) -> npt.NDArray[Any] | None:
        """Read the gradient of a leaf."""
        found = self.engine.grad(x)
        return None if found is None else found.values

    def spelled(self, candidates: Iterable[str]) -> Iterator[str]:
        """Yield candidates with ``{C}`` and ``{f:name}`` filled in, for each place of a name."""
        for text in candidates:
            yield from fill(text, self.names, self.cls)

    def first(self, candidates: Iterable[str], test: Callable[[str], bool]) -> str:
        """Return the first candidate that passes ``test``; '' where none does."""
        for text in self.spelled(candidates):
            if attempt(test, text):
                return text
        return ""

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape in which elementwise ops are tried: the highest rank up to 2."""
        ranks = [n for n in range(3) if f"rank:{n}" in self.spelling.can]
        return (2, 3)[: max(ranks, default=0)]

    @property
    def single(self) -> tuple[int, ...]:
        """The smallest shape that holds one number."""
        return next(((1,) * n for n in range(3) if f"rank:{n}" in self.spelling.can), ())


def fill(text: str, names: Names, cls: type) -> Iterator[str]:
    """Yield ``text`` for each place where the submission has what it names."""
    text = text.replace("{C}", names.spelled(cls))
    wanted = re.search(r"{f:(\w+)}", text)
    if wanted is None:
        yield text
        return
    for place, _ in names.places(wanted[1]):
        yield text.replace(wanted[0], place)


def _is_operand(name: str, value: object) -> bool:
    """Tell whether a name of a template stands for what an op is differentiated by."""
    if isinstance(value, list):
        return name == "xs"
    is_array = isinstance(value, np.ndarray) and value.dtype.kind == "f"
    return is_array or (isinstance(value, float) and name in {"x", "y"})


def attempt(trial: Callable[P, T], *args: P.args, **options: P.kwargs) -> T | None:
    """Return what ``trial`` returns; None where the submission raises, whatever it raises."""
    try:
        return trial(*args, **options)
    except BaseException:  # noqa: BLE001 - foreign code: SystemExit and KeyboardInterrupt too
        return None


def close(actual: npt.NDArray[Any] | None, expected: npt.ArrayLike) -> bool:
    """Compare to what float32 allows; a single number counts whatever its number of axes."""
    wanted = np.asarray(expected, dtype=np.float64)
    if actual is None or (actual.shape != wanted.shape and not actual.size == wanted.size == 1):
        return False
    bound = _ABSOLUTE + _RELATIVE * np.abs(wanted)
    return bool(np.all(np.abs(actual.reshape(wanted.shape) - wanted) <= bound))


def numbers(shape: tuple[int, ...], domain: Domain | None = None, salt: int = 0) -> Any:  # noqa: ANN401 - an array
    """Return generic numbers of a domain: no two alike, of both signs where the domain allows."""
    domain = domain or Domain(-2.0, 2.0, 0.25)
    low, high = max(domain.low, -3.0), min(domain.high, 3.0)
    size = int(np.prod(shape))
    spread = ((np.arange(size) + 1 + 11 * salt) * _GOLDEN) % 1.0
    if low < 0 < high and domain.hole:
        signed = 2 * spread - 1
        ends = np.where(signed > 0, high, -low)
        found = np.sign(signed) * (domain.hole + np.abs(signed) * (ends - domain.hole))
    else:
        found = low + max(domain.hole, 0.0) * (low == 0) + spread * (high - low)
    return (np.round(found * _STEPS) / _STEPS).reshape(shape)
