"""What a layer, a loss and a whole network have in common: they are called, and have parameters.

A module's parameters are those among its attributes, and those of the modules among its
attributes. Nothing is registered: ``vars`` is read whenever somebody asks.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any

from reference.nn.parameter import Parameter

__all__ = ["Module"]


class Module(ABC):
    """A function with parameters; a subclass says in ``forward`` what it computes.

    >>> class Scale(Module):
    ...     def __init__(self):
    ...         self.factor = Parameter(2.0)
    ...     def forward(self, x):
    ...         return x * self.factor
    >>> Scale()(3.0)
    tensor(6., grad_fn=<mul>)
    >>> dict(Scale().named_parameters())
    {'factor': tensor(2., requires_grad=True)}
    """

    @abstractmethod
    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Compute the result."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Compute the result: the same as ``forward``."""
        return self.forward(*args, **kwargs)

    def named_modules(self) -> Iterator[tuple[str, "Module"]]:
        """Yield this module, named "", and all below it by dotted names; a shared one once."""
        seen: set[Module] = set()
        waiting: list[tuple[str, Module]] = [("", self)]
        while waiting:
            prefix, module = waiting.pop()
            if module not in seen:
                seen.add(module)
                yield prefix, module
                children = [(n, m) for n, m in vars(module).items() if isinstance(m, Module)]
                waiting += [(_joined(prefix, name), child) for name, child in reversed(children)]

    def named_parameters(self) -> Iterator[tuple[str, Parameter]]:
        """Yield all parameters by dotted names, a module's own before those below; each once."""
        seen: set[Parameter] = set()
        for prefix, module in self.named_modules():
            for name, value in vars(module).items():
                if isinstance(value, Parameter) and value not in seen:
                    seen.add(value)
                    yield _joined(prefix, name), value

    def parameters(self) -> Iterator[Parameter]:
        """Yield all parameters, in the order of ``named_parameters``."""
        return (parameter for _, parameter in self.named_parameters())

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients of all parameters: set them to None, or to zeros."""
        for parameter in self.parameters():
            parameter.zero_grad(set_to_none)


def _joined(prefix: str, name: str) -> str:
    return f"{prefix}.{name}" if prefix else name
