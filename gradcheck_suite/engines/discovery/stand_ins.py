"""Stand-ins for modules that a submission imports at the top without need: plots, other engines.

An honest engine whose file begins with ``import matplotlib.pyplot as plt`` is imported all the
same; only when it uses what is not there does it get an error that says so. A module that is
installed is never replaced.
"""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, Final

__all__ = ["STOOD_IN_FOR", "stand_ins"]

STOOD_IN_FOR: Final = frozenset(
    {
        "IPython",
        "bokeh",
        "cupy",
        "graphviz",
        "ipywidgets",
        "jax",
        "matplotlib",
        "networkx",
        "pandas",
        "plotly",
        "pydot",
        "pygraphviz",
        "pytest",
        "scipy",
        "seaborn",
        "sklearn",
        "sympy",
        "tensorflow",
        "torch",
        "torchvision",
        "torchviz",
        "tqdm",
    },
)


class _Absent(type):
    """The class of names in a stand-in: classes, so that they can be inherited from and asked."""

    def __getattr__(cls, name: str) -> "_Absent":
        if name.startswith("__"):
            raise AttributeError(name)
        return _absent(f"{cls.__qualname__}.{name}")

    def __call__(cls, *_args: object, **_options: object) -> Any:  # noqa: ANN401 - never returns
        name = cls.__qualname__
        package = name.partition(".")[0]
        msg = (
            f"{name} was called, but {package} is not available here: "
            "an engine may use NumPy and the standard library"
        )
        raise ImportError(msg, name=package)


def _absent(name: str) -> _Absent:
    return _Absent("absent", (), {"__qualname__": name})


class _StandIn(ModuleType):
    """A module of which every name exists and none can be used."""

    def __getattr__(self, name: str) -> _Absent:
        if name.startswith("__"):
            raise AttributeError(name)
        return _absent(f"{self.__name__}.{name}")


class _Loader(Loader):
    def create_module(self, spec: ModuleSpec) -> ModuleType:
        module = _StandIn(spec.name)
        module.__path__ = []
        return module

    def exec_module(self, module: ModuleType) -> None:
        """Leave the module empty."""


class _StandIns(MetaPathFinder):
    """The last finder to be asked: it is reached only for what is not installed."""

    def find_spec(
        self,
        fullname: str,
        _path: Sequence[str] | None,
        _target: ModuleType | None = None,
        /,
    ) -> ModuleSpec | None:
        """Return the spec of a stand-in, for the packages of the list alone."""
        package = fullname.partition(".")[0]
        stands_in = isinstance(sys.modules.get(package), _StandIn)
        if package not in STOOD_IN_FOR or ("." in fullname and not stands_in):
            return None
        return ModuleSpec(fullname, _Loader(), is_package=True)


@contextmanager
def stand_ins() -> Iterator[None]:
    """Stand in for absent modules while a submission is imported, and for nobody afterwards.

    What was imported keeps its stand-ins; whoever asks later (``importorskip`` in somebody's own
    tests, say) is told that there is no such module.
    """
    finder = _StandIns()
    sys.meta_path.append(finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
        for name in [n for n, module in sys.modules.items() if isinstance(module, _StandIn)]:
            del sys.modules[name]
