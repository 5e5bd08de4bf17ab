"""The structural claim that a property is about: what breaks where every op's rule is right."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from gradcheck_suite.properties.property import Property

__all__ = ["claim_of"]

_LIFETIME: Final = "graph lifetime"
_OF_THEME: Final[Mapping[str, str]] = MappingProxyType(
    {
        "edges": "edges",
        "whole expressions": "order",
        "sharing and accumulation": "sharing",
        "gradient arrays": "aliasing",
        _LIFETIME: "second pass",
        "leaves and flags": "flags",
        "detach, no_grad": "modes",
        "errors": "errors",
        "forward mode": "forward mode",
        "higher derivatives": "higher order",
        "custom functions": "custom functions",
        "hooks": "hooks",
        "in place": "in place",
        "training runs": "clearing",
        "optimizers": "optimizers",
        "histories": "lifetime",
    }
)
_OF_PROPERTY: Final[Mapping[str, str]] = MappingProxyType(
    {
        "accumulation": "accumulation",
        "micro_batches": "accumulation",
        "gradients_kept": "accumulation",
        "fan_out": "order",
        "training_step": "order",
        "deep_chains": "depth",
        "stacked_doublings": "paths",
        "roots_and_branches": "roots",
        "nonscalar_backward": "roots",
        "misshapen_cotangent": "roots",
        "two_losses": "second pass",
        "clear_and_repeat": "second pass",
        "cleared_gradients": "clearing",
        "graph_that_ran": "lifetime",
        "released_graphs": "lifetime",
        "nonleaf_gradients": "leaves",
        "retained_gradients": "leaves",
        "integer_leaves": "dtype",
        "gradient_dtype": "dtype",
        "gradient_shapes": "shapes",
        "non_contiguous": "memory",
        "magnitudes": "magnitudes",
        "detached_paths": "detach",
        "detach_leaves_upstream": "detach",
        "assigned_parameters": "flags",
        "result_changed[mul]": "saved values",
        "history[in_place]": "saved values",
        "history[modes]": "modes",
        "history[flags]": "aliasing",
        "history[higher_order]": "accumulation",
        "history[hooks]": "leaves",
        "decreasing_losses": "updates",
        "no_derivative": "no derivative",
        "masks": "no derivative",
    }
)
_OF_FAMILY: Final[Mapping[str, str]] = MappingProxyType(
    {
        **dict.fromkeys(("result_changed", "leaf_changed", "constant_changed"), "saved values"),
        "forward_mode": "forward mode",
        "second_derivative": "higher order",
    }
)


def claim_of(entry: Property, *, raised: bool = False) -> str:
    """Return a word or two: order, sharing, accumulation, second pass, lifetime, modes, ...

    ``raised`` tells whether what went wrong is an exception: a graph that is gone raises.
    """
    if raised and entry.theme == _LIFETIME:
        return "lifetime"
    family, bracket, name = entry.id.removesuffix("]").partition("[")
    if family == "optimizer":
        return f"optimizer {name}"
    named = _OF_PROPERTY.get(entry.id) or (_OF_FAMILY.get(family, "") if bracket else "")
    return named or _OF_THEME.get(entry.theme, "")
