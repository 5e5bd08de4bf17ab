"""A submission's own adapter, ``gradcheck_adapter.py``."""

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from gradcheck_suite.engines.adapter import Adapter
from gradcheck_suite.engines.discovery.bench import attempt
from gradcheck_suite.engines.discovery.importing import Importer
from gradcheck_suite.engines.discovery.search import Found, search_class
from gradcheck_suite.engines.discovery.sources import ADAPTER, Survey, survey
from gradcheck_suite.engines.discovery.stated import Stated
from gradcheck_suite.engines.unwrap import unwrap
from gradcheck_suite.errors import SubmissionError
from gradcheck_suite.program.spelling import Spelling
from gradcheck_suite.program.table import OPS

__all__ = ["from_adapter"]


def from_adapter(path: Path) -> Found | None:
    """Return what the adapter in the folder ``path`` offers; None where there is no adapter."""
    if not (path / ADAPTER).is_file():
        return None
    found = survey(path)
    importer = Importer(found)
    names = vars(importer.load(Path(ADAPTER).stem))
    adapter = names.get("ADAPTER")
    if isinstance(adapter, Adapter):
        return _from_functions(adapter, importer, found)
    if "engine" in names:
        return _from_engine(names["engine"], dict(names))
    spelling = names.get("SPELLING")
    if not isinstance(spelling, Spelling):
        what = f"SPELLING of type {type(spelling).__name__}" if spelling else "none of them"
        expected = "`ADAPTER: Adapter`, `SPELLING: Spelling` or a function `engine()`"
        msg = f"{ADAPTER}: got {what}, expected {expected}"
        raise SubmissionError(msg)
    namespace = dict(names)
    for line in spelling.imports:
        try:
            exec(line, namespace)  # noqa: S102 - import lines, as in the snippets made of them
        except BaseException as error:  # noqa: BLE001 - foreign code may raise anything
            msg = f"{ADAPTER}: `{line}` stops with {type(error).__name__}: {error}"
            raise SubmissionError(msg) from None
    return Found(spelling, namespace)


def _from_functions(adapter: Adapter, importer: Importer, found: Survey) -> Found:
    """Search as for any engine, with the functions of the adapter as what is stated."""
    unknown = ", ".join(sorted(adapter.ops.keys() - OPS.keys()))
    if unknown:
        msg = f"{ADAPTER}: ops: got {unknown}, expected names of ops"
        raise SubmissionError(msg)
    engine = {
        "name": adapter.name,
        "leaf": "ADAPTER.leaf(data, requires_grad)",
        "value": "ADAPTER.value(x)",
        "backward": "ADAPTER.propagate(x, cotangent)",
        "grad": "ADAPTER.grad(x)",
    }
    further = {"clear": "(x)", "detach": "(x)", "no_grad": "()"}
    engine |= {k: f"ADAPTER.{k}{v}" for k, v in further.items() if getattr(adapter, k) is not None}
    ops = {name: _call(name, function) for name, function in adapter.ops.items()}
    stated = Stated(ADAPTER, engine=engine, ops=ops)
    return search_class(found, importer, Path(ADAPTER).stem, _class_of_values(adapter), stated)


def _class_of_values(adapter: Adapter) -> type:
    """Return the class of what the adapter makes of a number, in the first shape that it takes."""
    reasons = []
    for shape in ((), (1,), (1, 1)):
        try:
            made = adapter.leaf(np.full(shape, 0.5), True)
            unwrap(adapter.value(made))
            return type(made)
        except BaseException as error:  # noqa: BLE001 - foreign code may raise anything
            reasons.append(f"{type(error).__name__}: {error}")
    more = "gradcheck_suite.conformance tells what is wrong"
    msg = f"{ADAPTER}: leaf and value of 0.5 stop with {reasons[0]}; {more}"
    raise SubmissionError(msg)


def _call(name: str, function: Callable[..., Any]) -> str:
    """Return the template that calls an op of the adapter with those settings that it takes."""
    row = OPS[name]
    operands = ["xs"] if row.signature == "join" else list(row.arguments)
    signature = attempt(inspect.signature, function)
    taken = signature.parameters if signature else {}
    settings = [f"{key}={key}" for key, _ in row.attributes if key in taken]
    return f"ADAPTER.ops[{name!r}]({', '.join([*operands, *settings])})"


def _from_engine(maker: Any, namespace: dict[str, Any]) -> Found:  # noqa: ANN401 - theirs
    try:
        engine = maker()
    except BaseException as error:  # noqa: BLE001 - foreign code may raise anything
        msg = f"{ADAPTER}: engine() stops with {type(error).__name__}: {error}"
        raise SubmissionError(msg) from None
    spelling = getattr(engine, "spelling", None)
    if not isinstance(spelling, Spelling):
        msg = f"{ADAPTER}: engine() gave a {type(engine).__name__} without a `spelling: Spelling`"
        raise SubmissionError(msg)
    return Found(spelling, namespace, engine)
