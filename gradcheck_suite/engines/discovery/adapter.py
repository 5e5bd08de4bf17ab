"""A submission's own adapter, ``gradcheck_adapter.py``."""

from pathlib import Path
from typing import Any

from gradcheck_suite.engines.discovery.importing import Importer
from gradcheck_suite.engines.discovery.search import Found
from gradcheck_suite.engines.discovery.sources import ADAPTER, survey
from gradcheck_suite.errors import SubmissionError
from gradcheck_suite.program.spelling import Spelling

__all__ = ["from_adapter"]


def from_adapter(path: Path) -> Found | None:
    """Return what the adapter in the folder ``path`` offers; None where there is no adapter."""
    if not (path / ADAPTER).is_file():
        return None
    module = Importer(survey(path)).load(Path(ADAPTER).stem)
    names = vars(module)
    if "engine" in names:
        return _from_engine(names["engine"], dict(names))
    spelling = names.get("SPELLING")
    if not isinstance(spelling, Spelling):
        what = f"SPELLING of type {type(spelling).__name__}" if spelling else "neither"
        msg = f"{ADAPTER}: got {what}, expected `SPELLING: Spelling` or a function `engine()`"
        raise SubmissionError(msg)
    namespace = dict(names)
    for line in spelling.imports:
        try:
            exec(line, namespace)  # noqa: S102 - import lines, as in the snippets made of them
        except BaseException as error:  # noqa: BLE001 - foreign code may raise anything
            msg = f"{ADAPTER}: `{line}` stops with {type(error).__name__}: {error}"
            raise SubmissionError(msg) from None
    return Found(spelling, namespace)


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
