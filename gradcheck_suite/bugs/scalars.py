"""Bugs of a scalar engine: lines of right_scalar's source, and what stands there instead."""

from typing import Final

from gradcheck_suite.bugs.base import SCALAR
from gradcheck_suite.bugs.bug import Bug, Patch, Place

__all__ = ["SCALARS"]

THEME: Final = "a scalar engine"


def _edited(*changes: tuple[str, str]) -> Patch:
    return lambda patches: patches.source.extend(changes)


_ADD: Final = "            self.grad += grad\n            other.grad += grad\n"
_MUL: Final = (
    "            self.grad += grad * other.data\n            other.grad += grad * self.data\n"
)
_SUB: Final = "            self.grad += grad\n            other.grad -= grad\n"
_UNARY: Final = "            self.grad += grad * slope\n"
_CLEARING: Final = (
    "        for node in order:\n            if node._parents:\n                node.grad = 0.0\n"
)

# id, op or claim, sentence, killer, old text, new text
_OPS: Final = (
    (
        "sub-plus",
        "sub",
        "y",
        "x - y adds to y's gradient, and should subtract",
        _SUB,
        _SUB.replace("-=", "+="),
    ),
    (
        "mul-swapped",
        "mul",
        "",
        "x * y multiplies each operand's gradient by the operand itself",
        _MUL,
        _MUL.replace("other.data", "this")
        .replace("self.data", "other.data")
        .replace("this", "self.data"),
    ),
    (
        "div-square",
        "div",
        "y",
        "x / y divides y's gradient once too little",
        "other.grad -= grad * quotient / other.data",
        "other.grad -= grad * quotient",
    ),
    (
        "pow-exponent",
        "pow",
        "",
        "x ** n does not lower the exponent in its derivative",
        "return n * math.pow(x, n - 1)",
        "return n * math.pow(x, n)",
    ),
    (
        "power-log",
        "power",
        "y",
        "x ** y leaves log(x) out of the exponent's gradient",
        "exponent.grad += grad * math.pow(x, y) * math.log(x)",
        "exponent.grad += grad * math.pow(x, y)",
    ),
    (
        "neg-identity",
        "neg",
        "",
        "-x passes its gradient on with a plus",
        'self._unary(-self.data, -1.0, "neg")',
        'self._unary(-self.data, 1.0, "neg")',
    ),
    (
        "exp-operand",
        "exp",
        "",
        "exp multiplies by its operand, and should by its result",
        'self._unary(e, e, "exp")',
        'self._unary(e, self.data, "exp")',
    ),
    (
        "log-missing",
        "log",
        "",
        "log passes its gradient on without the factor 1 / x",
        '1 / self.data, "log")',
        '1.0, "log")',
    ),
    (
        "tanh-square",
        "tanh",
        "",
        "tanh has the derivative 1 - t: the square is missing",
        "1 - t * t",
        "1 - t",
    ),
    (
        "sigmoid-factor",
        "sigmoid",
        "",
        "sigmoid has the derivative s: the factor 1 - s is missing",
        "s * (1 - s)",
        "s",
    ),
    (
        "relu-data",
        "relu",
        "",
        "relu multiplies the gradient by its input, and should by 1",
        "1.0 if self.data > 0 else 0.0",
        "max(self.data, 0.0)",
    ),
    (
        "cos-sign",
        "cos",
        "",
        "cos has the derivative sin(x) without a minus",
        "-math.sin(self.data)",
        "math.sin(self.data)",
    ),
    (
        "sin-slip",
        "sin",
        "",
        "sin's derivative is off by 0.1 %",
        'math.cos(self.data), "sin"',
        '1.001 * math.cos(self.data), "sin"',
    ),
)
_STRUCTURE: Final = (
    (
        "add-assigns",
        "sharing",
        "x + y writes x's gradient with = and not +=",
        "operand_twice",
        _ADD,
        _ADD.replace("self.grad +=", "self.grad ="),
    ),
    (
        "unary-assigns",
        "sharing",
        "functions of one operand write its gradient with = and not +=",
        "accumulation",
        _UNARY,
        _UNARY.replace("+=", "="),
    ),
    (
        "stale",
        "second pass",
        "the gradients of the nodes in between are not reset before a pass",
        "second_backward",
        _CLEARING,
        "",
    ),
    (
        "cleared-too-much",
        "accumulation",
        "a backward resets the gradients of the leaves too: nothing adds up",
        "micro_batches",
        "            if node._parents:\n                node.grad = 0.0\n",
        "            node.grad = 0.0\n",
    ),
    (
        "wrong-order",
        "order",
        "backward walks from the leaves to the root",
        "expressions",
        "for node in reversed(order):",
        "for node in order:",
    ),
    (
        "seen-missing",
        "order",
        "a node that is met twice is put into the order twice",
        "fan_out",
        "elif node not in seen:",
        "else:",
    ),
    (
        "root-twice",
        "roots",
        "the root starts from 2",
        "roots_and_branches",
        "self.grad += 1.0",
        "self.grad += 2.0",
    ),
    (
        "zero-grad",
        "clearing",
        "zero_grad sets the gradient to 1",
        "clear_and_repeat",
        "    def zero_grad(self):\n        self.grad = 0.0\n",
        "    def zero_grad(self):\n        self.grad = 1.0\n",
    ),
)
_NUMBERS: Final = (
    ("rsub", "sub", "2 - x is x - 2", "return as_value(other) - self", "return self - other"),
    ("rtruediv", "div", "2 / x is x / 2", "return as_value(other) / self", "return self / other"),
    ("rpow", "power", "2 ** x is x ** 2", "return as_value(other) ** self", "return self ** other"),
)

SCALARS: Final = (
    *(
        Bug(
            f"value-{id_}",
            f"{told} (a scalar engine)",
            THEME,
            (f"gradient[{op}]",),
            Place(op, argument),
            _edited((old, new)),
            SCALAR,
        )
        for id_, op, argument, told, old, new in _OPS
    ),
    *(
        Bug(
            f"value-{id_}",
            f"{told} (a scalar engine)",
            THEME,
            (killer,),
            Place(claim=claim),
            _edited((old, new)),
            SCALAR,
        )
        for id_, claim, told, killer, old, new in _STRUCTURE
    ),
    *(
        Bug(
            f"value-{id_}",
            f"{told}: a reflected operator (a scalar engine)",
            THEME,
            (f"numbers[{op}]",),
            Place(op),
            _edited((old, new)),
            SCALAR,
        )
        for id_, op, told, old, new in _NUMBERS
    ),
    Bug(
        "value-seed-assigned",
        "a backward that starts at a leaf overwrites the gradient it had (a scalar engine)",
        THEME,
        (),
        Place(claim="accumulation"),
        _edited(("        self.grad += 1.0\n", "        self.grad = 1.0\n")),
        SCALAR,
        equivalent="only a leaf that is itself a root, and had a gradient before, shows it; right "
        "engines do the same (micrograd), so that no property may ask for it",
    ),
)
