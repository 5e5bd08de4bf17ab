"""Notebooks: the definitions in the code cells of a Jupyter file, as a module.

A notebook is run by hand, cell by cell, with plots and training between the definitions. Of it
only imports, functions, classes and plain assignments are kept, so that nothing else happens.
Format: https://nbformat.readthedocs.io/en/latest/format_description.html (versions 3 and 4).
"""

import ast
import json
import re
from collections.abc import Iterator
from importlib.abc import Loader
from types import ModuleType
from typing import Any, Final

from gradcheck_suite.errors import SubmissionError

__all__ = ["NOTEBOOK", "NotebookLoader", "definitions_of", "module_name"]

NOTEBOOK: Final = ".ipynb"
_NO_PYTHON: Final = re.compile(r"^\s*[%!?].*$", re.MULTILINE)  # magics, commands, help
_DEFINITIONS: Final = (
    *(ast.Import, ast.ImportFrom),
    *(ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef),
)


def definitions_of(text: bytes, shown: str) -> ast.Module:
    """Return what the code cells define; SubmissionError where it is no notebook.

    A cell that is not Python is left out: it may be in another language, or unfinished.
    """
    try:
        cells = list(_cells(json.loads(text)))
    except (ValueError, RecursionError, TypeError, AttributeError):
        msg = f"{shown}: got no notebook, expected JSON with code cells"
        raise SubmissionError(msg) from None
    kept: list[ast.stmt] = []
    for cell in cells:
        try:
            body = ast.parse(_NO_PYTHON.sub("", cell), shown).body
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        kept += [node for node in body if _defines(node)]
    return ast.Module(kept, [])


def _cells(notebook: Any) -> Iterator[str]:  # noqa: ANN401 - JSON
    """Yield the text of each code cell; a cell magic (``%%time``) hides none, a language does."""
    sheets = notebook.get("worksheets") or [notebook]
    for cell in (cell for sheet in sheets for cell in sheet.get("cells", ())):
        if cell.get("cell_type") == "code":
            source = cell.get("source", cell.get("input", ""))
            yield source if isinstance(source, str) else "".join(source)


def _defines(node: ast.stmt) -> bool:
    """Tell whether a statement makes a name for something and does nothing else."""
    if isinstance(node, (ast.Assign, ast.AnnAssign)):
        return node.value is not None and not _calls(node.value)
    return isinstance(node, _DEFINITIONS)


def _calls(node: ast.expr) -> bool:
    """Tell whether anything is called when an expression is evaluated: a lambda's body is not."""
    if isinstance(node, ast.Lambda):
        return False
    if isinstance(node, (ast.Call, ast.Await)):
        return True
    return any(_calls(child) for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr))


def module_name(stem: str) -> str:
    """Return the name under which a notebook is imported: ``02 autograd`` is ``_02_autograd``."""
    name = re.sub(r"\W", "_", stem)
    return name if name.isidentifier() else f"_{name}"


class NotebookLoader(Loader):
    """Runs the definitions of one notebook."""

    def __init__(self, tree: ast.Module, path: str) -> None:
        """Take what ``definitions_of`` returned, and where it came from."""
        self._tree = tree
        self._path = path

    def exec_module(self, module: ModuleType) -> None:
        """Define everything in the module."""
        exec(compile(self._tree, self._path, "exec"), vars(module))  # noqa: S102 - as an import does
