"""The names that templates of one submission are written in, and the imports that bring them."""

import ast
import builtins
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import numpy as np

from gradcheck_suite.engines.discovery.notebooks import NOTEBOOK
from gradcheck_suite.program.optimizers import OPTIMIZERS
from gradcheck_suite.program.table import OPS
from gradcheck_suite.program.template import template

__all__ = ["Names"]

# What stands for something else in a template, or in the listings made from one.
_RESERVED: Final = frozenset(
    {
        *("x", "y", "xs", "condition", "data", "number", "nested", "flag", "parameters"),
        *("cotangent", "cotangent_number", "cotangent_nested"),
        *("requires_grad", "retain_graph", "create_graph"),
        *("lr", "np", "hook", "primals", "tangents", "factor", "argnum"),
        *(name for rule in OPTIMIZERS.values() for name, _ in rule.settings),
        *(name for op in OPS.values() for name, _ in op.attributes),
        *(name for op in OPS.values() for name in op.operands),
    },
)


class Names:
    """Public names of the entry module as they are; other modules by their last or whole name."""

    def __init__(self, entry: str, modules: Mapping[str, ModuleType], folder: Path | None) -> None:
        """Collect the names; ``folder`` is where a snippet will be run, None for anywhere."""
        self.entry = entry
        self.modules = dict(modules)
        self._folder = folder
        self._public = {
            name: value
            for name, value in vars(modules[entry]).items()
            if not name.startswith("_") and name not in _RESERVED and not _is_module(value)
        }
        self._short = self._short_names()
        self.namespace: dict[str, Any] = {"np": np}
        self.namespace |= {name.partition(".")[0]: self._top(name) for name in self.modules}
        self.namespace |= {short: self.modules[name] for short, name in self._short.items()}
        self.namespace |= self._public

    def places(self, name: str) -> Iterator[tuple[str, Any]]:
        """Yield (text, value) for everything of that name at the top of a module, entry first."""
        if name in self._public:
            yield name, self._public[name]
        seen = {id(self._public.get(name))}
        texts = {module: short for short, module in self._short.items()}
        for module_name, module in self.modules.items():
            value = vars(module).get(name)
            if value is None or id(value) in seen or _is_module(value):
                continue
            seen.add(id(value))
            yield f"{texts.get(module_name, module_name)}.{name}", value

    def objects_with(self, method: str) -> Iterator[str]:
        """Yield the texts of public objects of the submission's own classes with that method."""
        for name, value in self._public.items():
            own = type(value).__module__ in self.modules and not isinstance(value, type)
            if own and callable(getattr(type(value), method, None)):
                yield name

    def flags(self) -> Iterator[tuple[str, bool]]:
        """Yield (text, value) for what is True or False in a module, a class, or an object of one.

        A name of a module is written with the module: what is imported of it is a copy.
        """
        short = {name: text for text, name in self._short.items()}
        for name, module in self.modules.items():
            yield from _booleans(short.get(name, name), module)
        for name, value in self._public.items():
            cls = value if isinstance(value, type) else type(value)
            if cls.__module__ in self.modules:
                yield from _booleans(name, value)

    def spelled(self, cls: type) -> str:
        """Return the text by which a class is called."""
        return next((t for t, value in self.places(cls.__name__) if value is cls), cls.__name__)

    def unknown(self, text: str) -> str:
        """Return a sentence on the first name of a template that stands for nothing, or ''."""
        known = {*self.namespace, *_RESERVED, "f", *vars(builtins), *_bound(text)}
        for name in sorted(template(text).names - known):
            near = get_close_matches(name, self.namespace, n=1)
            hint = f"; the nearest is {near[0]!r}" if near else ""
            return f"the name {name!r} is not in {self.entry} or its modules{hint}"
        return ""

    def imports(self, texts: Iterable[str]) -> tuple[str, ...]:
        """Return the import lines that templates need, run from the submission's folder."""
        used: set[str] = set()
        chains: set[str] = set()
        for text in texts:
            used |= template(text).names - _bound(text)
            chains |= _chains(text)
        arrays = {"np", "data", "cotangent"} & used
        lines = ["import numpy as np"] if arrays else []
        public = sorted(n for n in used if n in self._public)
        if public:
            lines.append(f"from {self.entry} import {', '.join(public)}")
        lines += map(self._import_of, sorted(used & self._short.keys() - set(public)))
        tops = used - self._short.keys() - _RESERVED
        whole = (name for name in chains & self.modules.keys() if name.partition(".")[0] in tops)
        lines += (f"import {name}" for name in sorted(whole))
        return (*self._notebook_lines(), *self._path_lines(), *lines)

    def _notebook_lines(self) -> tuple[str, ...]:
        """Return, in words that are a statement, what Python itself cannot import."""
        path = Path(getattr(self.modules[self.entry], "__file__", None) or "")
        said = f"{path.name}: save its code cells as {self.entry}.py first"
        return (repr(said),) if path.suffix == NOTEBOOK else ()

    def _import_of(self, short: str) -> str:
        package, _, last = self._short[short].rpartition(".")
        alias = "" if last == short else f" as {short}"
        return f"from {package} import {last}{alias}" if package else f"import {last}{alias}"

    def _short_names(self) -> dict[str, str]:
        """Give each module its last name, with a mark where that name is taken."""
        found: dict[str, str] = {}
        tops = {name.partition(".")[0] for name in self.modules}
        for name in sorted(self.modules, key=lambda n: (n.count("."), n)):
            last = name.rpartition(".")[2]
            taken = _RESERVED | self._public.keys() | found.keys() | (tops - {name})
            short = f"{last}_" if last in taken else last
            if short not in taken and short.isidentifier():
                found[short] = name
        return found

    def _top(self, name: str) -> ModuleType:
        import sys

        return sys.modules.get(name.partition(".")[0], self.modules[name])

    def _path_lines(self) -> tuple[str, ...]:
        """Return what puts the modules in reach where they do not start in the folder itself."""
        if self._folder is None:
            return ()
        file = getattr(self.modules[self.entry], "__file__", None) or str(self._folder)
        depth = self.entry.count(".") + (Path(file).name == "__init__.py")
        if self.entry == "__init__":
            depth = 0
        root = Path(file).resolve().parents[depth]
        folder = self._folder.resolve()
        if root == folder or (folder not in root.parents and root != folder.parent):
            return ()
        where = ".." if root == folder.parent else root.relative_to(folder).as_posix()
        return ("import sys", f"sys.path.insert(0, {where!r})")


def _booleans(text: str, holder: object) -> Iterator[tuple[str, bool]]:
    found = getattr(holder, "__dict__", {})
    yield from ((f"{text}.{name}", value) for name, value in found.items() if type(value) is bool)


def _is_module(value: object) -> bool:
    return isinstance(value, ModuleType)


def _bound(text: str) -> frozenset[str]:
    """Return the names that a template binds itself: in a comprehension, a lambda, a ``with``."""
    tree = ast.parse(text)
    names = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and _stores(n)}
    return frozenset(names | {a.arg for a in ast.walk(tree) if isinstance(a, ast.arg)})


def _stores(name: ast.Name) -> bool:
    return isinstance(name.ctx, ast.Store)


def _chains(text: str) -> set[str]:
    """Return every dotted name in a template, with each of its beginnings."""
    return {
        ast.unparse(node)
        for node in ast.walk(ast.parse(text))
        if isinstance(node, (ast.Attribute, ast.Name))
    }
