"""Killers of the textbook's rows: mutations of the reference that change what a row shows."""

from gradcheck_suite.properties.textbook import TEXTBOOK
from tests.properties.mutations import Mutation

__all__ = ["TEXTBOOK_KILLERS"]

_SLIP = 1 + 1e-9
_BENT = f"x.grad if x.grad is None else x.grad * {_SLIP!r}"
_TRACKED = Mutation({"requires_grad": "True"})
_STEPS = Mutation({"grad_of": f"x.grad * {_SLIP!r}"})
_CAST = "reference.Tensor(np.asarray(data, float), requires_grad=requires_grad)"
_OF_ROW = {
    "000 no_grad": _TRACKED,
    "000 detach": _TRACKED,
    "004 flags": _TRACKED,
    "000 leaves": Mutation({"is_leaf": "True"}),
    "000 integer leaf": Mutation({"leaf": _CAST, "grad": _BENT}),
    "000 descent by matrix products": _STEPS,
    "001 descent path": _STEPS,
    "001 momentum by hand": _STEPS,
    "001 momentum by optimizer": Mutation(
        {
            "optimizers": (
                ("sgd", f"reference.optim.SGD(parameters, lr=lr * {_SLIP!r}, momentum=momentum)"),
            )
        }
    ),
}
TEXTBOOK_KILLERS = {
    entry.id: _OF_ROW.get(entry.id[len("textbook[") : -1], Mutation({"grad": _BENT}))
    for entry in TEXTBOOK
}
