"""Every session by its name, whatever the file of its theme."""

from gradcheck_suite.strategies import (
    detaching,
    errors,
    expressions,
    leaves,
    lifetime,
    sharing,
)

_THEMES = (sharing, lifetime, leaves, detaching, errors, expressions)
SESSIONS = {name: getattr(theme, name) for theme in _THEMES for name in theme.__all__}
OF_ARRAYS = frozenset({"nonscalar_backward", "misshapen_cotangent", "mismatched_shapes"})
"""Those that are about several numbers, whatever the world."""
RAISING = frozenset(errors.__all__) | {"second_backward", "integer_leaves", "switched_results"}
"""Those in which something raises in torch, as it has to."""
