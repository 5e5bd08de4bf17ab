"""Candidates: backward and what surrounds it; ``{f}`` is a function of the submission."""

from typing import Final

__all__ = [
    "ASSIGNMENTS",
    "BACKWARDS",
    "CLEARS",
    "COTANGENTS",
    "CREATE_GRAPH",
    "DETACHES",
    "FLAG_SETTERS",
    "GRADIENT_TABLES",
    "HAS_GRAPHS",
    "IN_PLACE",
    "IS_LEAVES",
    "NO_DERIVATIVES",
    "RETAIN_GRADS",
    "RETAIN_GRAPH",
]

BACKWARDS: Final = (
    "backward",
    "backprop",
    "backpropagate",
    "backpropagation",
    "back_propagate",
    "propagate",
    "backwards",
    "backward_pass",
    "run_backward",
    "compute_gradients",
    "compute_grads",
    "compute_grad",
    "calculate_gradients",
    "autograd",
    "differentiate",
    "back",
)

# Beyond those: names of what returns the gradients, by the values that they belong to.
GRADIENT_TABLES: Final = (
    *BACKWARDS,
    "gradients",
    "get_gradients",
    "grads",
    "get_grads",
    "grad",
    "gradient",
    "derivatives",
    "get_derivatives",
    "adjoints",
    "differentiate",
)

# Arguments of backward that ask for the graph to be kept, or for one of the gradients.
RETAIN_GRAPH: Final = ("retain_graph", "retain", "keep_graph", "preserve_graph")
CREATE_GRAPH: Final = ("create_graph",)

COTANGENTS: Final = frozenset(
    {
        "cotangent",
        "d_output",
        "dout",
        "dy",
        "grad",
        "grad_output",
        "grad_outputs",
        "gradient",
        "gradients",
        "initial",
        "out_grad",
        "output_grad",
        "seed",
        "upper_grad",
        "upstream",
        "upstream_grad",
        "upstream_gradient",
    }
)
"""What the argument of a backward is called that can be nothing but a cotangent."""

CLEARS: Final = (
    "zero_grad",
    "zero_grad_",
    "cleargrad",
    "clear_grad",
    "clear_gradient",
    "reset_grad",
    "reset_gradient",
    "zero_gradient",
    "null_grad",
    "_reset_grad",
    "_zero_grad",
    "zero_grads",
    "clear_gradients",
)

DETACHES: Final = (
    "x.detach()",
    "x.stop_gradient()",
    "x.stop_grad()",
    "{f:detach}(x)",
    "{f:stop_gradient}(x)",
    "{f:stop_grad}(x)",
    "x.data",
)

IS_LEAVES: Final = ("x.is_leaf", "x.is_leaf()", "x.leaf")

# Ops whose results are constants: looked for as values of the engine, which can be computed with.
NO_DERIVATIVES: Final = (
    ("greater", ("x > y", "x.gt(y)", "{f:greater}(x, y)", "{f:gt}(x, y)")),
    ("argmax", ("x.argmax()", "{f:argmax}(x)")),
)

# False at a leaf and True at a result.
HAS_GRAPHS: Final = (
    "x.grad_fn is not None",
    "x.creator is not None",
    "x._ctx is not None",
    "x.ctx is not None",
    "x._node is not None",
    "x.op is not None",
)

FLAG_SETTERS: Final = ("x.{flag} = flag", "x.{flag}_(flag)", "x.set_{flag}(flag)")

RETAIN_GRADS: Final = ("x.retain_grad()",)

ASSIGNMENTS: Final = (
    "{value} = {form}",
    "{value}[...] = data",
    "{value} = y",
    "x.copy_(y)",
    "x.assign(y)",
    "x.set_data({form})",
    "x.set_value({form})",
)

# (op, the method that makes it more than ``x = x + y``, statement)
IN_PLACE: Final = (
    ("add", "__iadd__", "x += y"),
    ("sub", "__isub__", "x -= y"),
    ("mul", "__imul__", "x *= y"),
    ("div", "__itruediv__", "x /= y"),
    ("pow", "__ipow__", "x **= exponent"),
    ("setitem", "__setitem__", "x[index] = y"),
)
