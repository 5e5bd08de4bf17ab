"""Candidates: hooks, and forward mode."""

from typing import Final

__all__ = ["FORWARDS", "HOOKS", "UNHOOKS"]

HOOKS: Final = (
    "x.register_hook(hook)",
    "x.add_hook(hook)",
    "x.register_backward_hook(hook)",
    "x.register_grad_hook(hook)",
    "x.add_grad_hook(hook)",
    "x.hook(hook)",
    "x.on_grad(hook)",
    "{f:register_hook}(x, hook)",
    "{f:add_hook}(x, hook)",
)

# By the handle, as ``x``; or by what was hooked, as ``y``, with the handle or the function itself.
UNHOOKS: Final = (
    "x.remove()",
    "x.unregister()",
    "x.close()",
    "x.detach()",
    "y.remove_hook(x)",
    "y.remove_hook(hook)",
    "y.unregister_hook(x)",
    "y.unregister_hook(hook)",
    "y.unhook(x)",
    "y.unhook(hook)",
    "{f:remove_hook}(y, x)",
    "{f:remove_hook}(y, hook)",
    "x()",
)

_NAMES: Final = (
    "jvp",
    "push_forward",
    "pushforward",
    "forward_mode",
    "forward_diff",
    "forward_derivative",
    "jacobian_vector_product",
)
_SEQUENCES: Final = (
    "(f, primals, tangents)",
    "(f, tuple(primals), tuple(tangents))",
    "(f, primals, [{value} for x in tangents])",
    "(f, tuple(primals), tuple({value} for x in tangents))",
    "(f)(primals, tangents)",
    "(f)(*primals)(*tangents)",
)
# The tangent beside the value, or alone: the value would not be taken for a tangent.
FORWARDS: Final = tuple(
    f"{{f:{name}}}{arguments}{piece}"
    for name in _NAMES
    for arguments in _SEQUENCES
    for piece in ("[1]", "")
)
