"""Bugs that training shows: data, batches, updates; and slips that only certified numbers show."""

from collections.abc import Callable
from typing import Any, Final
from weakref import WeakKeyDictionary

from gradcheck_suite.bugs.bending import replaced
from gradcheck_suite.bugs.bug import Bug, Patches, Place, module, spelled, structural
from gradcheck_suite.properties.textbook import TEXTBOOK
from reference import ops

__all__ = ["TRAINING"]

SLIP: Final = 1 + 1e-9  # gradients of float64 are certified to some 1e-12
_OTHERS: Final = (
    "000 no_grad",
    "000 detach",
    "000 leaves",
    "000 integer leaf",
    "000 descent by matrix products",
    "001 descent path",
    "001 momentum by hand",
    "001 momentum by optimizer",
    "004 flags",
)
"""Rows that show no gradient of a leaf."""
_SHOWN: Final = " ".join(
    entry.id.replace(" ", "~")
    for entry in TEXTBOOK
    if entry.id[len("textbook[") : -1] not in _OTHERS
)


def first_batch_again(patches: Patches) -> None:
    """Read the first batch whenever one of its size is read from the same array."""
    known: WeakKeyDictionary[Any, dict[Any, Any]] = WeakKeyDictionary()

    def make(function: Callable[..., Any]) -> Callable[..., Any]:
        def getitem(x: Any, index: Any) -> Any:
            found = function(x, index)
            first = known.setdefault(x, {}).setdefault(found.shape, index)
            return function(x, first)

        return getitem

    replaced("getitem", make)(patches)


def without_last_sample(patches: Patches) -> None:
    """Leave the last sample of a batch without a gradient."""

    def make(function: Callable[..., Any]) -> Callable[..., Any]:
        def getitem(x: Any, index: Any) -> Any:
            found = function(x, index)
            if not found.ndim or found.shape[0] < 2:  # noqa: PLR2004 - a batch of several
                return found
            return ops.concatenate([found[:-1], found[-1:].detach()], 0)

        return getitem

    def patch(function: Callable[..., Any]) -> Callable[..., Any]:
        inner = False

        def getitem(x: Any, index: Any) -> Any:
            nonlocal inner
            if inner:
                return function(x, index)
            inner = True
            try:
                return make(function)(x, index)
            finally:
                inner = False

        return getitem

    replaced("getitem", patch)(patches)


def skip_every_second(patches: Patches) -> None:
    """Let every second assignment to a parameter pass without a trace."""
    n_calls = 0
    tensor = module("tensor").Tensor
    original = tensor.copy_

    def copy_(x: Any, y: Any) -> Any:
        """Overwrite, or not."""
        nonlocal n_calls
        n_calls += 1
        return original(x, y) if n_calls % 2 else x

    patches.setattr(tensor, "copy_", copy_)


_bug: Final = structural("training")


def _textbook(id_: str, claim: str, sentence: str, rows: tuple[str, ...], patch: Any) -> Bug:
    killers = tuple(f"textbook[{row}]" for row in rows)
    return Bug(id_, sentence, "the textbook", killers, Place(claim=claim), patch)


TRAINING: Final = (
    _bug(
        "assign-ignored",
        "updates",
        "what is assigned to a parameter does not arrive: training stands still",
        "decreasing_losses gradient_descent",
        spelled(assign="None"),
    ),
    _bug(
        "assign-every-second",
        "updates",
        "every second update of a parameter is lost",
        "gradient_descent mini_batches",
        skip_every_second,
    ),
    _bug(
        "batch-again",
        "data loading",
        "every batch that is read from an array is the first one again",
        "mini_batches",
        first_batch_again,
    ),
    _bug(
        "batch-last-sample",
        "data loading",
        "the last sample of a batch that is read by an index gets no gradient",
        "gradient[getitem]",
        without_last_sample,
    ),
    Bug(
        "gradients-slip",
        "every gradient that is read is off by a billionth",
        "the textbook",
        tuple(name.replace("~", " ") for name in _SHOWN.split()),
        Place(claim="reading"),
        spelled(grad=f"x.grad if x.grad is None else x.grad * {SLIP!r}"),
    ),
    _textbook(
        "gradient-values-slip",
        "reading",
        "a gradient that is used as a value is off by a billionth",
        ("000 descent by matrix products", "001 descent path", "001 momentum by hand"),
        spelled(grad_of=f"x.grad * {SLIP!r}"),
    ),
    _textbook(
        "integer-gradients-slip",
        "dtype",
        "a leaf of integers becomes one of floats, whose gradient is off by a billionth",
        ("000 integer leaf",),
        spelled(
            leaf="reference.Tensor(np.asarray(data, float), requires_grad=requires_grad)",
            grad=f"x.grad if x.grad is None else x.grad * {SLIP!r}",
        ),
    ),
)
