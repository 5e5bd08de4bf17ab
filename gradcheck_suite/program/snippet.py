"""Snippets: a Program as a script that runs by itself and prints what comes."""

import ast
from collections.abc import Mapping
from textwrap import indent

from gradcheck_suite.program.blocks import INDENT
from gradcheck_suite.program.instructions import Observe, Program
from gradcheck_suite.program.naming import bound_names
from gradcheck_suite.program.printing import lines
from gradcheck_suite.program.spelling import Spelling
from gradcheck_suite.program.template import template

__all__ = ["script"]

_MODULES = {"np": "import numpy as np", "gc": "import gc", "threading": "import threading"}
"""What the printed lines use beside the engine's own names."""


def script(program: Program, spelling: Spelling, expected: Mapping[int, str]) -> str:
    """Return a script that runs by itself and prints what comes beside what is expected.

    ``expected``: the text for each Observe to be shown, and for each instruction that has to raise.
    Run it where the spelling's imports work: in the folder of the submission.
    """
    out: list[str] = []
    observed = {k: i for k, i in program.numbered() if isinstance(i, Observe)}
    for line in lines(program, spelling):
        told = None if line.index is None else expected.get(line.index)
        if told is None:
            shown = [line.text] if line.index not in observed else ["pass"] * bool(line.depth)
        elif line.index in observed:
            readable = _readable(observed[line.index], line.text, spelling)
            shown = [f"print({f'{line.text} is'!r}, {readable})"]
        else:
            shown = [
                "try:",
                indent(line.text, INDENT),
                f"{INDENT}print('no exception was raised')",
                "except Exception as error:",
                f"{INDENT}print('raised', type(error).__name__, error)",
            ]
        if told is not None:
            shown.append(f"print({'  expected ' + told!r})")
        out += [indent(text, INDENT * line.depth) for text in shown]
    imports = _imports_needed(spelling, "\n".join(out))
    bound = bound_names(tuple(imports))
    used = [name for name in _MODULES if any(f"{name}." in text for text in out)]
    modules = [_MODULES[name] for name in used if name not in bound]
    return "\n".join([*modules, *imports, "", *out]) + "\n"


def _readable(look: Observe, text: str, spelling: Spelling) -> str:
    """Return what prints numbers: of a value of the engine's own, its class may show an address."""
    is_value = bool(spelling.grad_of) and spelling.grad_of == spelling.grad
    if look.what != "grad" or not is_value or spelling.gradient:
        return text
    return f"{text} if {text} is None else {template(spelling.value).print({'x': text})}"


def _imports_needed(spelling: Spelling, body: str) -> list[str]:
    """Return the spelling's lines without the names that ``body`` does not use.

    A name that stands in the way of one of Python's own (``from engine import sum``) is in the
    script for those alone who use it. Lines that are no plain imports stay as they are.
    """
    statements = [ast.parse(line).body[0] for line in spelling.imports]
    called = {n.id for n in ast.walk(ast.parse(body)) if isinstance(n, ast.Name)}
    statements = [s for s in statements if not isinstance(s, ast.ClassDef) or s.name in called]
    others = [s for s in statements if not isinstance(s, (ast.Import, ast.ImportFrom))]
    nodes = [n for tree in (ast.parse(body), *others) for n in ast.walk(tree)]
    used = {n.id for n in nodes if isinstance(n, ast.Name)}
    kept = []
    for statement in statements:
        if isinstance(statement, (ast.Import, ast.ImportFrom)):
            names = [a for a in statement.names if (a.asname or a.name).partition(".")[0] in used]
            statement.names = names
            kept += [ast.unparse(statement)] if names else []
        else:
            kept.append(ast.unparse(statement))
    return kept
