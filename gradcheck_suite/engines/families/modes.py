"""Candidates: context managers of gradient modes, and what else switches gradients off."""

from typing import Final

__all__ = ["ENABLE_GRADS", "FLAG_WORDS", "NO_GRADS", "SETTERS"]

NO_GRADS: Final = (
    "{f:no_grad}()",
    "{f:no_grad}",
    "{f:NoGrad}()",
    "{f:no_gradient}()",
    "{f:no_autodiff}()",
    "{f:no_autodiff}",
    "{f:nograd}()",
    "{f:inference_mode}()",
    "{f:set_grad_enabled}(False)",
    '{f:using_config}("enable_backprop", False)',
    "{C}.no_grad()",
    "{C}.no_autodiff()",
)

ENABLE_GRADS: Final = (
    "{f:enable_grad}()",
    "{f:enable_grad}",
    "{f:EnableGrad}()",
    "{f:set_grad_enabled}(True)",
    '{f:using_config}("enable_backprop", True)',
    "{C}.enable_grad()",
)

# Functions of one flag that stays set.
SETTERS: Final = ("set_grad_enabled", "set_grad", "enable_grad", "set_autograd", "set_recording")

# In the name of a flag, of a module, a class or an object, that may switch gradients.
FLAG_WORDS: Final = ("grad", "backprop", "autodiff", "record", "track", "tape", "graph", "enabl")
