"""Theme: values that are changed in place, and views of them."""

from typing import TYPE_CHECKING, Any, Final

from gradcheck_suite.properties.property import Draws, Property
from gradcheck_suite.strategies.world import World, palettes

if TYPE_CHECKING:
    from gradcheck_suite.properties.property import Strata
    from gradcheck_suite.strategies.inplace import Factor

__all__ = ["IN_PLACE"]

THEME: Final = "in place"


def _session(name: str) -> Draws:
    def draws(world: World) -> "Strata":
        from gradcheck_suite.strategies import inplace

        return tuple(map(getattr(inplace, name), palettes(world)))

    return draws


def _saved(who: "Factor", product: str) -> Property:
    def draws(world: World) -> "Strata":
        from gradcheck_suite.strategies.inplace import saved_changed

        return tuple(map(saved_changed(who, product), palettes(world)))

    under_no_grad = " under no_grad" if who == "leaf" else ""
    return _property(
        f"{who}_changed[{product}]",
        "H4",
        f"a {who} that {product} needs in the backward was changed{under_no_grad}, and a wrong "
        "number came out",
        "A product keeps its factors for the backward. One that was changed since would give a "
        "wrong number in silence: count the changes of a value, and raise if there was one; or "
        "refuse the change; or keep a copy.",
        draws,
        op=product,
        worlds=("scalar", "tensor") if product == "mul" else ("tensor",),
        conventions=("in_place",),
    )


def _views(name: str) -> Draws:
    def draws(world: World) -> "Strata":
        from gradcheck_suite.strategies import views

        return tuple(map(getattr(views, name), palettes(world)))

    return draws


def _reshaped(op: str) -> Draws:
    def draws(world: World) -> "Strata":
        from gradcheck_suite.strategies.views import views_changed

        return tuple(map(views_changed(op), palettes(world)))

    return draws


def _property(
    name: str,
    code: str,
    title: str,
    lesson: str,
    draws: Draws,
    **more: Any,  # noqa: ANN401 - further fields of Property
) -> Property:
    fields: dict[str, Any] = {"level": 5, **more}
    return Property(name, code, THEME, title, lesson, draws=draws, **fields)


_FACTORS: Final[tuple["Factor", ...]] = ("result", "leaf", "constant")
_PRODUCTS: Final = ("mul", "matmul")
_VIEW: Final = (
    "An engine whose slices share memory with what they were cut from has to send gradients "
    "through a change of either; one whose slices are copies leaves the original alone."
)

IN_PLACE: Final = (
    _property(
        "in_place_on_results",
        "H3",
        "a result that was changed in place has a wrong gradient",
        "After y += w the name y stands for a new value with a history of its own: the old y and w "
        "are its operands, and its rule needs their old numbers.",
        _session("in_place_on_results"),
        level=4,
        establishes=("in_place",),
    ),
    _property(
        "in_place_on_leaves",
        "H3",
        "a leaf that needs a gradient is changed in place",
        "The gradient of a leaf is taken at its value. Where x += 1 changes the leaf itself, that "
        "value is gone: raise, unless gradients are off; or let x stand for a new result.",
        _session("in_place_on_leaves"),
        conventions=("in_place",),
    ),
    *(_saved(who, product) for who in _FACTORS for product in _PRODUCTS),
    _property(
        "set_items",
        "H5",
        "assignment to a part of a result has a wrong gradient",
        "After y[index] = w what was overwritten no longer counts: its gradient is zero. That of w "
        "is what arrives at those places, summed where one number was put into several.",
        _views("set_items"),
        worlds=("tensor",),
    ),
    _property(
        "slices_changed",
        "H5",
        "a slice that was changed in place leaves a wrong gradient",
        _VIEW,
        _views("slices_changed"),
        worlds=("tensor",),
        conventions=("in_place", "views"),
    ),
    _property(
        "leaf_slices_changed",
        "H5",
        "a leaf that needs a gradient is changed through a slice",
        "A slice that shares memory with a leaf is a way round the guard of the leaf: changing it "
        "in place has to raise too, or to change a copy.",
        _views("leaf_slices_changed"),
        worlds=("tensor",),
        conventions=("in_place", "views"),
    ),
    *(
        _property(
            f"{op}_changed",
            "H5",
            f"a result of {op} that was changed in place leaves a wrong gradient",
            _VIEW,
            _reshaped(op),
            worlds=("tensor",),
            conventions=("in_place", "views"),
        )
        for op in ("reshape", "transpose")
    ),
)
