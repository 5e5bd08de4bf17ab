"""Notebooks: the definitions in the code cells of a Jupyter file, as a module.

A notebook is run by hand, cell by cell, with plots and training between the definitions. Of it
only imports, functions, classes and plain assignments are kept, so that nothing else happens; and
what these need that is made by a call, such as ``_state = threading.local()`` or ``tape = Tape()``.
Format: https://nbformat.readthedocs.io/en/latest/format_description.html (versions 3 and 4).
"""

import ast
import builtins
import json
import re
import symtable
from collections.abc import Iterable, Iterator
from importlib.abc import Loader
from types import ModuleType
from typing import Any, Final

from gradcheck_suite.errors import SubmissionError

__all__ = ["NOTEBOOK", "NotebookLoader", "definitions_of", "module_name"]

NOTEBOOK: Final = ".ipynb"
_NO_PYTHON: Final = re.compile(r"^\s*[%!?].*$", re.MULTILINE)  # magics, commands, help
_TYPES: Final = {name for name, value in vars(builtins).items() if isinstance(value, type)}
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
    body: list[ast.stmt] = []
    for cell in cells:
        try:
            body += ast.parse(_NO_PYTHON.sub("", cell), shown).body
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
    return ast.fix_missing_locations(ast.Module(_kept(body), []))


def _cells(notebook: Any) -> Iterator[str]:  # noqa: ANN401 - JSON
    """Yield the text of each code cell; a cell magic (``%%time``) hides none, a language does."""
    sheets = notebook.get("worksheets") or [notebook]
    for cell in (cell for sheet in sheets for cell in sheet.get("cells", ())):
        if cell.get("cell_type") == "code":
            source = cell.get("source", cell.get("input", ""))
            yield source if isinstance(source, str) else "".join(source)


def _kept(body: list[ast.stmt]) -> list[ast.stmt]:
    """Return what defines, and what that needs; a call that raises leaves its name unmade."""
    defining = [node for node in body if _defines(node)]
    classes = {node.name for node in defining if isinstance(node, ast.ClassDef)}
    makers = {*_TYPES, *classes, *_imported(defining)}
    making = [node for node in body if node not in defining and _only_makes(node, makers)]
    needed = classes | _globals_in(defining)
    lent: list[ast.stmt] = []
    while new := [node for node in making if node not in lent and needed & _targets(node)]:
        lent += new
        needed |= {n.id for node in new for n in ast.walk(node) if isinstance(n, ast.Name)}
    kept = [(node, node in lent) for node in body if node in defining or node in lent]
    return [_tried(node) if is_lent else node for node, is_lent in kept]


def _defines(node: ast.stmt) -> bool:
    """Tell whether a statement makes a name for something and does nothing else."""
    match node:
        case ast.Assign(value=value) | ast.AnnAssign(value=ast.expr() as value):
            return not _calls(value)
        case ast.Expr(ast.Call(ast.Name("setattr"), arguments, [])):
            return not any(map(_calls, arguments))
        case _:
            return isinstance(node, _DEFINITIONS)


def _only_makes(node: ast.stmt, makers: set[str]) -> bool:
    """Tell whether a statement assigns, and calls classes and imported names alone."""
    if not isinstance(node, (ast.Assign, ast.AnnAssign)) or node.value is None:
        return False
    calls = [call for call in ast.walk(node.value) if isinstance(call, ast.Call)]
    return all(_root(call) in makers for call in calls)


def _targets(node: ast.stmt) -> set[str]:
    """Return the names that an assignment makes, or an attribute of which it sets."""
    targets = getattr(node, "targets", None) or [getattr(node, "target", node)]
    return {n.id for target in targets for n in ast.walk(target) if isinstance(n, ast.Name)}


def _imported(body: Iterable[ast.stmt]) -> Iterator[str]:
    for node in body:
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            yield from ((name.asname or name.name).partition(".")[0] for name in node.names)


def _root(node: ast.expr) -> str:
    """Return the name at the beginning of ``np.random.default_rng(0)``; '' where there is none."""
    while isinstance(node, (ast.Call, ast.Attribute)):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""


def _globals_in(body: list[ast.stmt]) -> set[str]:
    """Return what functions and classes refer to outside of themselves."""
    try:
        table = symtable.symtable(ast.unparse(ast.Module(body, [])), "", "exec")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return set()
    found, inner = set(), table.get_children()
    while inner:
        scope = inner.pop()
        inner += scope.get_children()
        found |= {name.get_name() for name in scope.get_symbols() if name.is_global()}
    return found


def _tried(node: ast.stmt) -> ast.stmt:
    """Return a statement that is passed over where it raises."""
    handler = ast.ExceptHandler(ast.Name("Exception", ast.Load()), None, [ast.Pass()])
    return ast.copy_location(ast.Try([node], [handler], [], []), node)


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
