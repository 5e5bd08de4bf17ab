"""What an engine meets that has everything: the forms, ranks and habits of a full library."""

from typing import Final

from gradcheck_suite.program.op import Op
from gradcheck_suite.program.ops.special import SPECIAL
from gradcheck_suite.program.table import OPS

__all__ = ["BROADCASTING", "FORMS", "NUMBERS", "PLAIN_NUMBERS", "RANKS", "every_form"]

RANKS: Final = frozenset(f"rank:{n}" for n in range(6)) | {"empty_arrays"}
"""The shapes that arrays may have."""
NUMBERS: Final = frozenset({"infinities", "negative_bases"})
"""log(0) and 1 / 0 raise nothing; ``power`` has values at negative bases."""
BROADCASTING: Final = frozenset(
    f"broadcast:{op.name}" for op in OPS.values() if op.signature in {"binary", "where"}
)
PLAIN_NUMBERS: Final = frozenset(
    f"plain:{op.name}.{side}"
    for op in OPS.values()
    if op.signature == "binary" and op.operators
    for side in ("left", "right")
)
_REDUCED: Final = ("", ".axis", ".axes", ".keepdims", ".axis+keepdims", ".axes+keepdims")
_PRODUCTS: Final = (
    ".vector@vector",
    ".vector@matrix",
    ".matrix@vector",
    ".matrix@matrix",
    ".batched",
)
_FORMS_OF: Final = {
    "reduction": _REDUCED,
    "matmul": _PRODUCTS,
    "transpose": ("", ".reversed", ".axes"),
    "normalisation": ("", ".axis"),
    "join": ("", ".axis"),
}
_PARTS: Final = ("int", "slice", "step", "reverse", "newaxis", "array", "mask")


def _index_forms() -> frozenset[str]:
    """Return every sorted combination of parts of an index."""
    found = {""}
    for part in sorted(_PARTS):
        found |= {f"{form}+{part}" if form else part for form in found}
    return frozenset(f"op:getitem.{form}" for form in found if form)


def _forms_of(op: Op) -> tuple[str, ...]:
    """Return the calling forms of an op as they stand behind its name."""
    stated = _FORMS_OF.get(op.signature)
    return stated or tuple(f".{form}" if form else "" for form in op.forms)


FORMS: Final = (
    frozenset(f"op:{op.name}{form}" for op in OPS.values() for form in _forms_of(op))
    | _index_forms()
    | {f"op:{op.name}" for op in SPECIAL if op.name != "setitem"}  # which is there in place alone
)
"""Every need ``op:...`` that a Program can have."""


def every_form(ops: tuple[tuple[str, str], ...]) -> frozenset[str]:
    """Return the forms in which an op may be called, of the ops that a Spelling has.

    An op of which single forms alone have a template, ``flip.axis``, is there in those.
    """
    whole = {key for key, _ in ops if "." not in key}
    return frozenset(form for form in FORMS if form.removeprefix("op:").partition(".")[0] in whole)
