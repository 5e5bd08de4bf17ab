"""Bugs of where a backward starts and what is cleared: roots, seeds, zero_grad."""

from collections.abc import Callable
from typing import Any, Final

import numpy as np

import reference
from gradcheck_suite.bugs.bug import Patches, module, structural

__all__ = ["ROOTS"]

THEME: Final = "roots and clearing"


def clip_gradients(patch: Patches) -> None:
    """Limit what reaches a leaf to a million to either side."""
    original = module("tensor")._sink

    def sink(owner: Any) -> Callable[[Any], None]:
        receive = original(owner)

        def clipped(g: Any) -> None:
            cut = np.clip(g.data, -1e6, 1e6)
            receive(g if np.array_equal(cut, g.data) else reference.Tensor(cut))

        return clipped

    patch.setattr(module("tensor"), "_sink", sink)


def mean_of_ones(x: Any, cotangent: Any) -> Any:
    """Return what makes the gradient that of the mean."""
    if cotangent is not None or x.size == 1:
        return cotangent
    return reference.Tensor(np.full(x.shape, 1 / x.size))


def resized(x: Any, cotangent: Any) -> Any:
    """Return a cotangent of the root's shape, whatever was given."""
    return None if cotangent is None else reference.Tensor(np.resize(cotangent.data, x.shape))


def before_backward(
    change: Callable[[Any, Any], Any], *, runs: Callable[[Any], bool] = lambda _: True
) -> Callable[[Patches], None]:
    """Return a patch by which backward takes ``change(x, cotangent)``, if it ``runs`` at all."""
    original = reference.Tensor.backward

    def backward(x: Any, cotangent: Any = None, **flags: Any) -> None:
        """Run what is left of backward."""
        if runs(x):
            original(x, change(x, cotangent), **flags)

    return lambda patch: patch.setattr(reference.Tensor, "backward", backward)


def clear_to_ones(patches: Patches) -> None:
    """Have clearing set the gradient to what a root starts from."""

    def zero_grad(x: Any, set_to_none: bool = True) -> None:
        """Clear."""
        x.grad = reference.Tensor(np.ones(x.shape))

    patches.setattr(reference.Tensor, "zero_grad", zero_grad)


def clear_all_leaves(patches: Patches) -> None:
    """Have clearing one leaf clear all that backward has ever written to."""
    known: list[Any] = []
    original = module("tensor")._sink

    def sink(owner: Any) -> Any:
        known.append(owner)
        return original(owner)

    def zero_grad(x: Any, set_to_none: bool = True) -> None:
        """Clear."""
        for each in (x, *known):
            each.grad = None

    patches.setattr(module("tensor"), "_sink", sink)
    patches.setattr(reference.Tensor, "zero_grad", zero_grad)


def clear_nothing(patches: Patches) -> None:
    """Have clearing do nothing."""
    patches.setattr(reference.Tensor, "zero_grad", lambda x, set_to_none=True: None)


def seed_of_two(x: Any, cotangent: Any) -> Any:
    """Return what a root starts from: 2, if nothing is given."""
    return reference.Tensor(np.full(x.shape, 2.0)) if cotangent is None else cotangent


def always_ones(x: Any, _cotangent: Any) -> Any:
    """Return ones, whatever is given."""
    return reference.Tensor(np.ones(x.shape))


def absolute(_x: Any, cotangent: Any) -> Any:
    """Return the magnitude of a cotangent."""
    return None if cotangent is None else cotangent.abs()


def limited(_x: Any, cotangent: Any) -> Any:
    """Return a cotangent of which no element is more than a hundred to either side."""
    return None if cotangent is None else reference.Tensor(np.clip(cotangent.data, -100, 100))


def ones_for_zeros(x: Any, cotangent: Any) -> Any:
    """Return ``cotangent or 1``."""
    is_given = cotangent is not None and cotangent.data.any()
    return cotangent if is_given else reference.Tensor(np.ones(x.shape))


def first_of(x: Any, cotangent: Any) -> Any:
    """Return a cotangent whose first element stands for all."""
    if cotangent is None or not cotangent.size:
        return cotangent
    return reference.Tensor(np.full(x.shape, cotangent.data.ravel()[0]))


_bug: Final = structural(THEME)
ROOTS: Final = (
    _bug(
        "clip-gradients",
        "magnitudes",
        "gradients of leaves are cut off at a million",
        "magnitudes",
        clip_gradients,
    ),
    _bug(
        "clear-all",
        "clearing",
        "clearing the gradient of one leaf clears those of all",
        "cleared_gradients",
        clear_all_leaves,
    ),
    _bug(
        "clear-nothing",
        "clearing",
        "zero_grad does nothing: each step of training adds to the gradients of all before",
        "cleared_gradients gradient_descent momentum mini_batches",
        clear_nothing,
    ),
    _bug(
        "clear-to-ones",
        "clearing",
        "zero_grad sets gradients to ones",
        "clear_and_repeat gradient_descent",
        clear_to_ones,
    ),
    _bug(
        "seed-two",
        "roots",
        "a root starts from 2, and not from 1, where no gradient is given",
        "roots_and_branches",
        before_backward(seed_of_two),
    ),
    _bug(
        "seed-mean",
        "roots",
        "backward of a result of several elements, without a gradient, is that of their mean",
        "nonscalar_backward",
        before_backward(mean_of_ones),
    ),
    _bug(
        "seed-resized",
        "roots",
        "a gradient of another shape than the result's is accepted, and repeated to fit",
        "misshapen_cotangent",
        before_backward(resized),
    ),
    _bug(
        "seed-ignored",
        "roots",
        "the gradient that backward is given makes no difference: it starts from ones",
        "given_cotangents",
        before_backward(always_ones),
    ),
    _bug(
        "seed-absolute",
        "roots",
        "the gradient that backward is given loses its sign",
        "gradient[reshape] gradient[transpose]",
        before_backward(absolute),
    ),
    _bug(
        "seed-limited",
        "roots",
        "no element of the gradient that backward is given counts for more than a hundred",
        "linear_in_cotangent",
        before_backward(limited),
    ),
    _bug(
        "seed-or-one",
        "roots",
        "a gradient of zeros that backward is given is taken for none: `gradient or 1`",
        "zero_cotangent",
        before_backward(ones_for_zeros),
    ),
    _bug(
        "seed-first",
        "roots",
        "the first element of the gradient that backward is given stands for all of them",
        "gradient[reshape] gradient[transpose]",
        before_backward(first_of),
    ),
)
