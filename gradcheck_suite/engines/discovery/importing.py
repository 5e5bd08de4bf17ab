"""Importing a submission by its own dotted names, without shadowing anything of Python's."""

import importlib
import os
import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import spec_from_file_location
from pathlib import Path
from types import ModuleType

from gradcheck_suite.engines.discovery.notebooks import NOTEBOOK, NotebookLoader
from gradcheck_suite.engines.discovery.sources import Source, Survey, is_protected
from gradcheck_suite.engines.discovery.stand_ins import stand_ins
from gradcheck_suite.errors import SubmissionError

__all__ = ["Importer"]


class _Finder(MetaPathFinder):
    """Finds the top-level modules of one submission, before anything that is installed."""

    def __init__(self, sources: Sequence[Source]) -> None:
        self._names = {s.module.partition(".")[0]: s.root for s in sources}
        self._files = {s.path.resolve(): s.module for s in sources}
        self._notebooks = {s.module: s for s in sources if s.path.suffix == NOTEBOOK}
        self._folders = sorted({str(s.path.parent.resolve()) for s in sources})

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,
        _target: ModuleType | None = None,
        /,
    ) -> ModuleSpec | None:
        if path is not None or is_protected(fullname):
            return None
        if fullname in self._notebooks:
            notebook = self._notebooks[fullname]
            file = str(notebook.path.resolve())
            loader = NotebookLoader(notebook.tree, file)
            return spec_from_file_location(fullname, file, loader=loader)
        if fullname in self._names:
            return PathFinder.find_spec(fullname, [str(self._names[fullname])])
        return self._by_stem(fullname)

    def _by_stem(self, fullname: str) -> ModuleSpec | None:
        """Find a file of a package that is imported as if its folder were on the path."""
        spec = PathFinder.find_spec(fullname, self._folders)
        if spec is None or spec.origin is None:
            return None
        real = self._files.get(Path(spec.origin).resolve())
        return spec if real is None else ModuleSpec(fullname, _Alias(real))


class _Alias(Loader):
    """A second name of a module: without it, one file would make two different classes."""

    def __init__(self, real: str) -> None:
        self._real = real
        self._spec: ModuleSpec | None = None

    def create_module(self, _spec: ModuleSpec, /) -> ModuleType:
        module = importlib.import_module(self._real)
        self._spec = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        module.__spec__ = self._spec


class Importer:
    """Imports modules of one submission, and tells in words why one cannot be."""

    def __init__(self, found: Survey) -> None:
        """Make the names of the submission importable, and forget an earlier one's."""
        self._survey = found
        sources = [*found.sources, *([found.adapter] if found.adapter else [])]
        self._finder = _Finder(sources)
        self._folder = found.folder if found.installed else found.folder.resolve()
        tops = {s.module.partition(".")[0] for s in sources} | {s.path.stem for s in sources}
        if not found.installed:
            _forget([*self.loaded(), *_under({top for top in tops if not is_protected(top)})])
        sys.meta_path[:] = [f for f in sys.meta_path if not isinstance(f, _Finder)]
        sys.meta_path.insert(0, self._finder)
        importlib.invalidate_caches()

    def load(self, module: str) -> ModuleType:
        """Import ``module``; SubmissionError names file and line of what stopped it."""
        source = next((s for s in self._survey.sources if s.module == module), None)
        if source is not None and is_protected(module):
            raise SubmissionError(self._shadow(source))
        with _no_bytecode(), stand_ins():
            try:
                return importlib.import_module(module)
            except BaseException as error:  # noqa: BLE001 - foreign code may raise anything
                shown = self._shown(source) if source else module
                raise SubmissionError(self._reason(shown, error)) from None

    def loaded(self) -> dict[str, ModuleType]:
        """Return the modules of the submission that are imported now, one name for each."""
        found: dict[int, tuple[str, ModuleType]] = {}
        for name, module in list(sys.modules.items()):
            file = getattr(module, "__file__", None)
            if isinstance(file, str) and self._owns(file) and not is_protected(name):
                real = getattr(getattr(module, "__spec__", None), "name", name)
                found[id(module)] = (real if isinstance(real, str) else name, module)
        return dict(found.values())

    def _owns(self, file: str) -> bool:
        return file.startswith(f"{self._folder}{os.sep}")

    def _shown(self, source: Source) -> str:
        return str(source.path.relative_to(self._survey.folder))

    def _shadow(self, source: Source) -> str:
        name = self._shown(source)
        return (
            f"{name}: a file of this name hides the module {source.module.partition('.')[0]!r} "
            "of Python's own or of a library; give it another name"
        )

    def _reason(self, shown: str, error: BaseException) -> str:
        """Describe why an import failed: the last line of the submission that was reached."""
        place, line = shown, 0
        for frame in traceback.extract_tb(error.__traceback__):
            if self._owns(frame.filename):
                place = str(Path(frame.filename).relative_to(self._folder))
                line = frame.lineno or 0
        where = f"{place}, line {line}" if line else place
        kind = type(error).__name__
        if isinstance(error, SyntaxError):
            return f"{where}: not Python: {error.msg}"
        if isinstance(error, ModuleNotFoundError) and error.name:
            return (
                f"{where}: imports {error.name!r}, which is not there; "
                "expected NumPy, the standard library or a module of the submission"
            )
        if isinstance(error, ImportError) and error.name and is_protected(error.name):
            own = f"{error.name}.py"
            if any(s.path.name == own for s in self._survey.sources):
                return f"{where}: {_text(error)}; {own} has the name of a module of Python's own"
        return f"{where}: the import stops with {kind}: {_text(error)}"


def _text(error: BaseException) -> str:
    try:
        return str(error)[:300]
    except BaseException:  # noqa: BLE001 - foreign code again
        return "(its message cannot be printed)"


def _under(tops: set[str]) -> list[str]:
    """Return the names of modules that are there already under one of the top-level names."""
    return [name for name in sys.modules if name.partition(".")[0] in tops]


def _forget(names: Sequence[str]) -> None:
    """Drop modules that an earlier submission left behind, or that stand in this one's way."""
    for name in names:
        sys.modules.pop(name, None)


@contextmanager
def _no_bytecode() -> Iterator[None]:
    """Leave no __pycache__ in the submission's folder."""
    before = sys.dont_write_bytecode
    sys.dont_write_bytecode = True
    try:
        yield
    finally:
        sys.dont_write_bytecode = before
