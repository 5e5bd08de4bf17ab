"""Custom functions: what a user of an engine writes to bring a rule of their own.

The form is torch's: a class with a static ``forward(ctx, ...)`` and ``backward(ctx, gradient)``,
called by ``apply``. Engines that offer it mostly take it over as it is; what they change is where
the context keeps what was saved, whether rules are handed values of the engine or bare arrays, and
whether the class itself is the context: ``forward(self, ...)``, called as ``Cube()(x)``.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Final

__all__ = ["BASES", "CUSTOM_OPS", "Custom", "CustomForm", "custom_forms", "custom_functions"]

BASES: Final = (
    "Function",
    "Op",
    "Operation",
    "Autograd",
    "AutogradFunction",
    "AutoFunction",
    "AutogradOp",
    "DifferentiableFunction",
    "CustomFunction",
    "TensorOp",
    "Operator",
    "Context",
)
"""Names of the class that custom functions inherit from."""


@dataclass(frozen=True, slots=True)
class Custom:
    """One custom function: the op that it stands for, its class, and how it is called."""

    op: str
    definition: str
    call: str


@dataclass(frozen=True, slots=True)
class CustomForm:
    """One way to write custom functions; ``scales`` differ in what backward returns for a number.

    In the texts ``{base}`` is the class to inherit from and ``{mark}`` stands before each name.
    """

    cube: Custom
    scales: tuple[Custom, ...]
    broken: Custom

    def over(self, base: str, mark: str = "") -> "CustomForm":
        """Return the form over the class ``base``; ``mark`` sets its names apart from others."""

        def filled(custom: Custom) -> Custom:
            texts = (t.format(base=base, mark=mark) for t in (custom.definition, custom.call))
            return Custom(custom.op, *texts)

        return CustomForm(filled(self.cube), tuple(map(filled, self.scales)), filled(self.broken))


def custom_forms(value: str) -> Iterator[CustomForm]:
    """Yield the forms, torch's own first; ``value`` reads the numbers of an engine value ``x``."""
    for returned, here, there, (save, load) in product(
        _RETURNED, ("x", value), ("x", value), _SAVED
    ):
        yield _static(save, load, here, there, returned)
    for returned, there, (call, *called) in product(_RETURNED, ("x", value), _CALLED):
        yield _own_context(there, returned, call, called)
    yield _COMPUTED


# How forward keeps ``x``, and how backward gets it back.
_SAVED: Final = (
    ("ctx.save_for_backward(x)", "(x,) = ctx.saved_tensors"),
    ("ctx.save_for_backward(x)", "(x,) = ctx.saved_values"),
    ("ctx.save_for_backward(x)", "(x,) = ctx.saved"),
    ("ctx.save_for_backward(x)", "x = ctx.saved_tensors"),
    ("ctx.save_for_backward(x)", "x = ctx.saved_values"),
    ("ctx.save_for_backward(x)", "x = ctx.saved"),
    ("ctx.save(x)", "(x,) = ctx.saved"),
    ("ctx.x = x", "x = ctx.x"),
)
_RETURNED: Final = ("{}", "({},)")

_STATIC_CUBE: Final = """class {mark}Cube({base}):
    @staticmethod
    def forward(ctx, x):
        SAVE
        return HERE * HERE * HERE

    @staticmethod
    def backward(ctx, gradient):
        LOAD
        return RETURNED
"""
_STATIC_SCALE: Final = """class {mark}Scale({base}):
    @staticmethod
    def forward(ctx, x, factor):
        ctx.factor = factor
        return HERE * factor

    @staticmethod
    def backward(ctx, gradient):
        return RETURNED
"""
_STATIC_BROKEN: Final = """class {mark}Broken({base}):
    @staticmethod
    def forward(ctx, x):
        return HERE * 1.0

    @staticmethod
    def backward(ctx, gradient):
        raise ArithmeticError("on purpose")
"""


def _static(save: str, load: str, here: str, there: str, returned: str) -> CustomForm:
    """Return torch's form, with ``x`` read by ``here`` in forward and ``there`` in backward."""
    gradient = returned.format(f"gradient * 3 * {there} * {there}")
    cube = _filled(_STATIC_CUBE, SAVE=save, LOAD=load, HERE=here, RETURNED=gradient)
    scaled = ("gradient * ctx.factor, None", returned.format("gradient * ctx.factor"))
    return CustomForm(
        Custom("custom_cube", cube, "{mark}Cube.apply(x)"),
        tuple(
            Custom(
                "custom_scale",
                _filled(_STATIC_SCALE, HERE=here, RETURNED=text),
                "{mark}Scale.apply(x, factor)",
            )
            for text in scaled
        ),
        Custom("custom_broken", _filled(_STATIC_BROKEN, HERE=here), "{mark}Broken.apply(x)"),
    )


# How the three are called where a function is its own context, and what takes the factor.
_CALLED: Final = (
    ("{mark}Cube()(x)", "{mark}Scale(factor)(x)", "{mark}Broken()(x)"),
    ("{mark}Cube()(x)", "{mark}Scale()(x, factor)", "{mark}Broken()(x)"),
    ("{mark}Cube.apply(x)", "{mark}Scale.apply(x, factor=factor)", "{mark}Broken.apply(x)"),
)

_OWN_CUBE: Final = """class {mark}Cube({base}):
    def forward(self, x):
        self.x = x
        return x * x * x

    def backward(self, gradient):
        x = self.x
        return RETURNED
"""
_OWN_SCALE: Final = """class {mark}Scale({base}):
    def forward(self, x, factor):
        self.factor = factor
        return x * factor

    def backward(self, gradient):
        return RETURNED
"""
_OWN_SCALE_OBJECT: Final = """class {mark}Scale({base}):
    def __init__(self, factor):
        self.factor = factor

    def forward(self, x):
        return x * self.factor

    def backward(self, gradient):
        return RETURNED
"""
_OWN_BROKEN: Final = """class {mark}Broken({base}):
    def forward(self, x):
        return x * 1.0

    def backward(self, gradient):
        raise ArithmeticError("on purpose")
"""


def _own_context(there: str, returned: str, call: str, called: list[str]) -> CustomForm:
    """Return a form in which the function keeps what it needs in itself."""
    scale_call, broken_call = called
    scale = _OWN_SCALE_OBJECT if "(factor)(" in scale_call else _OWN_SCALE
    gradient = returned.format(f"gradient * 3 * {there} * {there}")
    scaled = (returned.format("gradient * self.factor"), "gradient * self.factor, None")
    return CustomForm(
        Custom("custom_cube", _filled(_OWN_CUBE, RETURNED=gradient), call),
        tuple(Custom("custom_scale", _filled(scale, RETURNED=text), scale_call) for text in scaled),
        Custom("custom_broken", _OWN_BROKEN, broken_call),
    )


def _filled(text: str, **parts: str) -> str:
    for name, part in parts.items():
        text = text.replace(name, part)
    return text


# The operands are kept by the engine, and handed over with the node.
_COMPUTED: Final = CustomForm(
    Custom(
        "custom_cube",
        """class {mark}Cube({base}):
    def compute(self, x):
        return x * x * x

    def gradient(self, out_grad, node):
        (x,) = node.inputs
        return out_grad * 3 * x * x
""",
        "{mark}Cube()(x)",
    ),
    (
        Custom(
            "custom_scale",
            """class {mark}Scale({base}):
    def __init__(self, factor):
        self.factor = factor

    def compute(self, x):
        return x * self.factor

    def gradient(self, out_grad, node):
        return out_grad * self.factor
""",
            "{mark}Scale(factor)(x)",
        ),
    ),
    Custom(
        "custom_broken",
        """class {mark}Broken({base}):
    def compute(self, x):
        return x * 1.0

    def gradient(self, out_grad, node):
        raise ArithmeticError("on purpose")
""",
        "{mark}Broken()(x)",
    ),
)

_TORCH: Final = _static(*_SAVED[0], "x", "x", "{}")
CUSTOM_OPS: Final = tuple(
    (custom.op, custom.call.format(mark=""))
    for custom in (_TORCH.cube, _TORCH.scales[0], _TORCH.broken)
)


def custom_functions(base: str) -> tuple[str, ...]:
    """Return the definitions behind ``CUSTOM_OPS``, over the base class ``base``."""
    form = _TORCH.over(base)
    return tuple(c.definition for c in (form.cube, form.scales[0], form.broken))
