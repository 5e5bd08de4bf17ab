"""The Python files of a submission, and the names under which they import each other."""

import ast
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Final

from gradcheck_suite.engines.discovery.notebooks import NOTEBOOK, definitions_of, module_name
from gradcheck_suite.errors import SubmissionError

__all__ = ["ADAPTER", "SETTINGS", "Source", "Survey", "is_protected", "survey"]

ADAPTER: Final = "gradcheck_adapter.py"
SETTINGS: Final = "submission.toml"

# Not part of an engine, wherever they lie.
_OTHER_FOLDERS: Final = frozenset(
    {
        "__pycache__",
        "benchmark",
        "benchmarks",
        "build",
        "demo",
        "demos",
        "dist",
        "doc",
        "docs",
        "env",
        "example",
        "examples",
        "node_modules",
        "notebook",
        "notebooks",
        "site-packages",
        "test",
        "tests",
        "venv",
    },
)
_OTHER_FILES: Final = frozenset({ADAPTER, "conftest.py", "fabfile.py", "noxfile.py", "setup.py"})
_MAX_BYTES: Final = 1 << 20  # of one file; the largest engine file known has a tenth of it
_MAX_NOTEBOOK: Final = 32 << 20  # with the pictures in it
_MAX_FILES: Final = 400
_OPERATORS: Final = frozenset({"__add__", "__mul__", "__radd__", "__rmul__", "__matmul__"})


# Names that a submission cannot take: what it says under them is Python's, or ours.
_OURS: Final = frozenset(
    {
        "flint",
        "gradcheck_suite",
        "hypothesis",
        "jinja2",
        "matplotlib",
        "mpmath",
        "msgspec",
        "numpy",
        "pytest",
        "rich",
        "sympy",
        "torch",
        "typer",
    },
)


def is_protected(name: str) -> bool:
    """Tell whether a file of that name would hide a module of Python's, or a library in use."""
    top = name.partition(".")[0]
    return top in _OURS or top in sys.stdlib_module_names


@dataclass(frozen=True, slots=True)
class Source:
    """One Python file."""

    path: Path
    module: str
    """The dotted name under which it is imported."""
    root: Path
    """The folder in which that name starts."""
    tree: ast.Module

    @property
    def has_operators(self) -> bool:
        """Tell whether arithmetic is defined here, in a class or by assignment to one."""
        defined = {n.name for n in ast.walk(self.tree) if isinstance(n, ast.FunctionDef)}
        assigned = {
            t.attr if isinstance(t, ast.Attribute) else t.id
            for n in ast.walk(self.tree)
            if isinstance(n, ast.Assign)
            for t in n.targets
            if isinstance(t, (ast.Attribute, ast.Name))
        }
        return bool(_OPERATORS & (defined | assigned))

    @property
    def is_quiet(self) -> bool:
        """Tell whether importing it only defines things: no loop, no call for its effect."""
        return all(_is_quiet(node) for node in self.tree.body)

    @property
    def packages(self) -> frozenset[str]:
        """The top-level packages that are imported anywhere in it."""
        return frozenset(
            name.partition(".")[0] for name in _Imports.of({self.path: self.tree}).dotted
        )


@dataclass(frozen=True, slots=True)
class Survey:
    """What was found on the disk."""

    folder: Path
    """The folder of the submission; that of the file, for a single file."""
    sources: tuple[Source, ...]
    problems: tuple[str, ...] = ()
    """Files that cannot be read as Python, in words."""
    adapter: Source | None = None
    """The submission's own adapter, ``gradcheck_adapter.py``."""
    installed: bool = False
    """Importable from anywhere: a snippet needs no path."""


def survey(path: Path) -> Survey:
    """Read the submission at ``path``, a file or a folder; SubmissionError where nothing is."""
    if path.is_dir():
        return _of_folder(path)
    if path.is_file():
        return _of_file(path)
    what = "something that is neither a file nor a folder" if path.exists() else "nothing there"
    msg = f"{path.name}: got {what}, expected a Python file or a folder that holds an engine"
    raise SubmissionError(msg)


def _of_file(path: Path) -> Survey:
    if path.suffix == NOTEBOOK:
        return Survey(path.parent, (_of_notebook(path, path.name),))
    if path.suffix != ".py":
        sort = path.suffix or "(none)"
        msg = f"{path.name}: got a file of the sort {sort}, expected a .py file or a notebook"
        raise SubmissionError(msg)
    tree = _parsed(path, path.name)
    return Survey(path.parent, (Source(path, path.stem, path.parent.resolve(), tree),))


def _of_folder(folder: Path) -> Survey:
    paths = [p for p in _python_files(folder) if p.name not in _OTHER_FILES and not _is_test(p)]
    adapter = _adapter(folder)
    trees, problems = {}, []
    for path in paths[:_MAX_FILES]:
        try:
            trees[path] = _parsed(path, str(path.relative_to(folder)))
        except SubmissionError as error:
            problems.append(str(error))
    habits = _Imports.of(trees)
    sources = tuple(_named(path, tree, folder, habits) for path, tree in trees.items())
    if not any(source.has_operators for source in sources) and adapter is None:
        sources += tuple(_notebooks(folder, problems))
    if not sources and not problems and adapter is None:
        others = sorted(p.name for p in folder.iterdir() if not p.name.startswith("."))
        found = ", ".join(others[:8]) or "nothing"
        msg = f"{folder.name}: got no Python file of an engine (found: {found})"
        raise SubmissionError(msg)
    return Survey(folder, sources, tuple(problems), adapter)


def _adapter(folder: Path) -> Source | None:
    path = folder / ADAPTER
    if not path.is_file():
        return None
    return Source(path, path.stem, folder.resolve(), _parsed(path, ADAPTER))


def _python_files(folder: Path) -> Iterator[Path]:
    for top, folders, files in os.walk(folder):
        folders[:] = sorted(
            f
            for f in folders
            if f not in _OTHER_FOLDERS and not f.startswith(".") and not f.endswith(".egg-info")
        )
        yield from (Path(top, f) for f in sorted(files) if f.endswith(".py"))


def _is_test(path: Path) -> bool:
    return path.name.startswith(("test_", ".")) or path.name.endswith("_test.py")


def _notebooks(folder: Path, problems: list[str]) -> Iterator[Source]:
    """Yield the notebooks of a folder that define arithmetic."""
    for path in sorted(folder.glob(f"*{NOTEBOOK}")):
        try:
            source = _of_notebook(path, path.name)
        except SubmissionError as error:
            problems.append(str(error))
        else:
            if source.has_operators:
                yield source


def _of_notebook(path: Path, shown: str) -> Source:
    tree = definitions_of(_text_of(path, shown), shown)
    return Source(path, module_name(path.stem), path.parent.resolve(), tree)


def _text_of(path: Path, shown: str) -> bytes:
    limit = _MAX_NOTEBOOK if path.suffix == NOTEBOOK else _MAX_BYTES
    try:
        text = path.read_bytes()
    except OSError as error:
        msg = f"{shown}: cannot be read ({error.strerror})"
        raise SubmissionError(msg) from None
    if len(text) > limit:
        msg = f"{shown}: got {len(text)} bytes, expected an engine in at most {limit}"
        raise SubmissionError(msg)
    return text


def _parsed(path: Path, shown: str) -> ast.Module:
    """Return the syntax tree of a file; SubmissionError says what is wrong and where."""
    text = _text_of(path, shown)
    if b"\0" in text:
        msg = f"{shown}: got binary data, expected Python source"
        raise SubmissionError(msg)
    try:
        tree = ast.parse(text, shown)
    except SyntaxError as error:
        reason = error.msg.removeprefix("(unicode error) ")
        if "codec can't decode" in reason:
            msg = f"{shown}: got text that is not UTF-8, expected Python source ({reason})"
        else:
            msg = f"{shown}, line {error.lineno}: not Python: {reason}"
        raise SubmissionError(msg) from None
    except (RecursionError, MemoryError, ValueError):
        msg = f"{shown}: Python's own parser gives up on it"
        raise SubmissionError(msg) from None
    if not tree.body and path.name != "__init__.py":
        msg = f"{shown}: got an empty file, expected an engine"
        raise SubmissionError(msg)
    return tree


@dataclass(frozen=True)
class _Imports:
    """How the files of a submission import each other."""

    relative: frozenset[Path]
    """Folders that hold a file with a relative import."""
    dotted: frozenset[str]
    """Every name that is imported, with and without the last part of a from-import."""

    @cached_property
    def pairs(self) -> frozenset[tuple[str, str]]:
        """Return every two neighbouring parts of a dotted name."""
        parts = (name.split(".") for name in self.dotted)
        return frozenset(pair for found in parts for pair in pairwise(found))

    @classmethod
    def of(cls, trees: dict[Path, ast.Module]) -> "_Imports":
        relative, dotted = set(), set()
        for path, tree in trees.items():
            for node in ast.walk(tree):
                if isinstance(node, ast.Import):
                    dotted |= {alias.name for alias in node.names}
                elif isinstance(node, ast.ImportFrom) and node.level:
                    relative.add(path.parent)
                elif isinstance(node, ast.ImportFrom) and node.module:
                    dotted |= {node.module, *(f"{node.module}.{a.name}" for a in node.names)}
        return cls(frozenset(relative), frozenset(dotted))


def _named(path: Path, tree: ast.Module, folder: Path, habits: _Imports) -> Source:
    """Find the name under which the file is meant to be imported.

    Folders with an ``__init__.py`` belong to it; folders without one where a file says so, by a
    relative import or by importing the dotted name. The submission's own folder needs such a sign.
    """
    parts = [] if path.name == "__init__.py" else [path.stem]
    root = here = path.parent
    while True:
        name = here.resolve().name
        meant = here in habits.relative or any((name, c) in habits.pairs for c in _children(here))
        if not meant and (here == folder or not (here / "__init__.py").exists()):
            break
        parts.insert(0, name)
        root = here.resolve().parent
        if here == folder:
            break
        here = here.parent
    while len(parts) > 1 and is_protected(parts[0]) and (parts[0], parts[1]) not in habits.pairs:
        root = root / parts.pop(0)  # `code/engine/value.py` is `engine.value`: `code` is Python's
    return Source(path, ".".join(parts or ["__init__"]), root.resolve(), tree)


def _children(folder: Path) -> set[str]:
    return {path.stem for path in folder.iterdir() if path.is_dir() or path.suffix == ".py"}


def _is_quiet(node: ast.stmt) -> bool:
    match node:
        case ast.For() | ast.While() | ast.With() | ast.Raise() | ast.Assert():
            return False
        case ast.Expr(value=value):
            return isinstance(value, ast.Constant)
        case _:
            return True
