"""The search: from files to the one engine class, and from the class to its whole spelling."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from gradcheck_suite.engines.discovery.bench import Bench, attempt
from gradcheck_suite.engines.discovery.classes import Tried, best, engine_classes, try_class
from gradcheck_suite.engines.discovery.functions import find_library
from gradcheck_suite.engines.discovery.gradients import find_clear
from gradcheck_suite.engines.discovery.habits import find_habits
from gradcheck_suite.engines.discovery.importing import Importer
from gradcheck_suite.engines.discovery.means import define, find_means
from gradcheck_suite.engines.discovery.modes import find_modes, gradients_flow
from gradcheck_suite.engines.discovery.names import Names
from gradcheck_suite.engines.discovery.optimizers import find_optimizers
from gradcheck_suite.engines.discovery.reach import find_reach
from gradcheck_suite.engines.discovery.sources import Source, Survey, survey
from gradcheck_suite.engines.discovery.stand_ins import STOOD_IN_FOR
from gradcheck_suite.engines.discovery.stated import Stated, stated_in
from gradcheck_suite.engines.functional import engine_of
from gradcheck_suite.engines.protocol import Engine
from gradcheck_suite.errors import SubmissionError
from gradcheck_suite.program.ops.special import SPECIAL
from gradcheck_suite.program.spelling import Spelling

__all__ = ["Found", "search", "search_class"]

_IMPORTABLE: Final = re.compile(r"[A-Za-z_][\w.]*(:\w+)?")
_NEEDED: Final = (
    "an engine class has arithmetic operators, can be made from numbers, and has a backward method "
    "that leaves a gradient on what it was computed from"
)
_CHOOSE: Final = 'say which: entry = "{}" under [engine] in submission.toml, or --entry {}'


@dataclass(frozen=True)
class Found:
    """What discovery comes to."""

    spelling: Spelling
    namespace: dict[str, Any]
    engine: Engine | None = None
    entry: str = ""
    """``module:Class``, as a submission would state it."""
    missing: tuple[tuple[str, str], ...] = ()
    """(what, why) for what has a name in the submission and was not taken all the same."""

    def engine_here(self) -> Engine:
        """Return the engine, ready to run Programs in this process."""
        return self.engine or engine_of(self.spelling, self.namespace)


def search(path: Path, entry: str | None, overrides: Mapping[str, Any] | None) -> Found:
    """Find the engine at ``path``; SubmissionError says what was found and what was expected."""
    found, entry = _located(path, entry)
    stated = stated_in(found.folder, overrides)
    if path.is_file() and not _concerns(stated, path):
        stated = Stated()
    importer = Importer(found)
    chosen = _chosen(path, found, importer, stated, entry or stated.engine.get("entry"))
    bench = chosen.bench
    assert bench is not None
    if bench.spelling.gradient:
        lines = bench.names.imports([*_texts(bench.spelling), *bench.spelling.imports])
        spelling = bench.but(imports=(*lines, *bench.spelling.imports)).spelling
        return Found(spelling, bench.names.namespace, None, chosen.name, bench.missing)
    return _whole(chosen, found, importer, stated)


def search_class(
    found: Survey, importer: Importer, module: str, cls: type, stated: Stated
) -> Found:
    """Complete what is ``stated`` of the values of class ``cls``, by the names of ``module``."""
    tried = try_class(_names(module, importer.loaded(), found, stated), cls, stated)
    if tried.bench is None:
        msg = f"{stated.where}: {tried.lacks}; gradcheck_suite.conformance tells what is wrong"
        raise SubmissionError(msg)
    return _whole(tried, found, importer, stated)


def _whole(chosen: Tried, found: Survey, importer: Importer, stated: Stated) -> Found:
    assert chosen.bench is not None
    done = _finished(chosen.bench, stated)
    namespace = _unspoilt(done, found, importer)
    define(done.spelling.imports, namespace)
    return Found(done.spelling, namespace, None, chosen.name, done.missing)


def _located(path: Path, entry: str | None) -> tuple[Survey, str | None]:
    """Read the files; a name instead of a path is that of an importable module."""
    if path.exists() or not _IMPORTABLE.fullmatch(str(path)):
        return survey(path), entry
    name = str(path).partition(":")[0]
    spec = attempt(find_spec, name)
    if spec is None or spec.origin is None:
        return survey(path), entry  # which says that there is nothing
    depth = name.count(".") + (Path(spec.origin).name == "__init__.py")
    folder = Path(spec.origin).parents[max(depth - 1, 0)]
    return Survey(folder, (), installed=True), entry or str(path)


def _concerns(stated: Stated, path: Path) -> bool:
    """Tell whether the settings beside a single file are its own."""
    module = stated.engine.get("entry", path.stem).partition(":")[0]
    return module == path.stem


def _chosen(
    path: Path,
    found: Survey,
    importer: Importer,
    stated: Stated,
    entry: str | None,
) -> Tried:
    if entry:
        return _by_entry(found, importer, stated, entry)
    problems = _load_all(found, importer)
    modules = importer.loaded()
    tried = [
        try_class(_names(module, modules, found, stated), cls, stated)
        for module, cls in engine_classes(modules)
    ]
    winners = best(tried)
    if not any(t.has_gradients for t in winners):
        for module in sorted(modules, key=lambda name: (name.count("."), name)):  # packages first
            library = find_library(_names(module, modules, found, stated), stated)
            if library is not None:
                return Tried(module, object, library)
    if len(winners) == 1:
        return winners[0]
    if winners:
        names = " and ".join(t.name for t in winners)
        choose = _CHOOSE.format(winners[0].name, winners[0].name)
        msg = f"{path.name}: got {len(winners)} engine classes, {names}, expected one; {choose}"
        raise SubmissionError(msg)
    raise SubmissionError(_nothing(path.name, tried, problems))


def _names(module: str, modules: dict[str, ModuleType], found: Survey, stated: Stated) -> Names:
    """Return the names of templates, those included that the submission defines for them."""
    names = Names(module, modules, None if found.installed else found.folder)
    try:
        define(stated.definitions, names.namespace)
    except BaseException as error:  # noqa: BLE001 - foreign code may raise anything
        what = f"stops with {type(error).__name__}: {error}"
        msg = f"{stated.place('engine', 'definitions')}: {what}"
        raise SubmissionError(msg) from None
    return names


def _nothing(what: str, tried: list[Tried], problems: list[str]) -> str:
    """Say what was found instead of an engine class."""
    if problems and not tried:
        return f"{what}: " + "; ".join(problems[:3])
    classes = "; ".join(f"{t.name} ({t.lacks})" for t in tried[:6])
    found = f"classes found: {classes}" if classes else "no class with arithmetic operators found"
    more = f"; also {'; '.join(problems[:3])}" if problems else ""
    return f"{what}: got no engine class, expected one: {_NEEDED}; {found}{more}"


def _load_all(found: Survey, importer: Importer) -> list[str]:
    """Import the modules with arithmetic, and the others that only define things."""
    problems = list(found.problems)
    engines = [s for s in found.sources if s.has_operators] or list(found.sources)
    for source in engines:
        problems += _load(source, importer)
    for source in found.sources:
        if source not in engines and _is_harmless(source):
            _load(source, importer)
    return problems


def _is_harmless(source: Source) -> bool:
    return source.is_quiet and not source.packages & STOOD_IN_FOR


def _load(source: Source, importer: Importer) -> list[str]:
    try:
        importer.load(source.module)
    except SubmissionError as error:
        return [str(error)]
    return []


def _by_entry(found: Survey, importer: Importer, stated: Stated, entry: str) -> Tried:
    """Take the class that was named, or the only engine class of the module that was."""
    wanted, _, class_name = entry.partition(":")
    module = _module_named(wanted, found)
    loaded = importer.load(module)
    for source in found.sources:
        if _is_harmless(source):
            _load(source, importer)
    modules = importer.loaded() | {module: loaded}
    names = _names(module, modules, found, stated)
    _check(stated, names)
    classes = {n: v for n, v in vars(loaded).items() if isinstance(v, type)}
    if class_name:
        chosen = [_class_named(class_name, classes, module, entry)]
    else:
        chosen = [c for _, c in engine_classes(modules) if c in classes.values()]
    tried = [try_class(names, cls, stated) for cls in chosen]
    winners = best(tried)
    if not class_name and not any(t.has_gradients for t in winners):
        library = find_library(names, stated)
        if library is not None:
            return Tried(module, object, library)
    if len(winners) == 1:
        return winners[0]
    if winners:
        found_names = " and ".join(t.name for t in winners)
        msg = f"entry {entry!r}: got {found_names}, expected one class: write it as module:Class"
        raise SubmissionError(msg)
    raise SubmissionError(_nothing(f"entry {entry!r}", tried, []))


def _module_named(wanted: str, found: Survey) -> str:
    """Return the dotted name of a module of the submission, or of an installed one."""
    names = [source.module for source in found.sources]
    for name in names:
        if name == wanted or name.endswith(f".{wanted}"):
            return name
    if attempt(find_spec, wanted) is None:
        known = ", ".join(names) or "none"
        msg = f"got no module {wanted!r} in the submission, expected one of: {known}"
        raise SubmissionError(msg)
    return wanted


def _class_named(name: str, classes: Mapping[str, type], module: str, entry: str) -> type:
    if name in classes:
        return classes[name]
    near = get_close_matches(name, classes, n=1)
    own = ", ".join(n for n, c in classes.items() if c.__module__ == module) or "none"
    expected = f"{near[0]!r}" if near else f"one of: {own}"
    msg = f"entry {entry!r}: got no class {name!r} in {module}, expected {expected}"
    raise SubmissionError(msg)


def _check(stated: Stated, names: Names) -> None:
    """Stop at a stated template with a name that stands for nothing."""
    for (table, key), text in stated.lines().items():
        problem = names.unknown(text)
        if problem:
            msg = f"{stated.place(table, key)} = {text!r}: {problem}"
            raise SubmissionError(msg)


def _unspoilt(bench: Bench, found: Survey, importer: Importer) -> dict[str, Any]:
    """Return the names to run templates in: of a second import, where trying spoilt the first.

    A gradient mode that never ends would otherwise show as a fault of everything else.
    """
    if found.installed or gradients_flow(bench):
        return bench.names.namespace
    names = list(importer.loaded())
    again = Importer(found)
    for name in names:
        again.load(name)
    return Names(bench.names.entry, again.loaded(), found.folder).namespace


def _finished(bench: Bench, stated: Stated) -> Bench:
    """Complete a spelling of which leaf, ops and gradient are known."""
    _check(stated, bench.names)
    special = {op.name for op in SPECIAL}  # never searched for by value: taken as they are stated
    bench = bench.but(
        ops=(*bench.spelling.ops, *((k, text) for k, text in stated.ops.items() if k in special)),
        in_place=tuple(stated.in_place.items()),
        optimizers=tuple(stated.optimizers.items()),
    )
    bench = find_clear(bench, stated.templates)
    bench = find_habits(bench)
    bench = find_means(bench)
    bench = find_optimizers(bench)
    bench = find_reach(bench)
    bench = find_modes(bench)
    own = {key: stated.engine[key] for key in ("name", "dtype") if key in stated.engine}
    definitions = bench.spelling.imports  # so far: of what a user would write
    lines = bench.names.imports([*_texts(bench.spelling), *definitions])
    return bench.but(**own, imports=(*lines, *definitions))


def _texts(spelling: Spelling) -> list[str]:
    """Return every template of a spelling."""
    single = [
        getattr(spelling, name)
        for name in Spelling.__dataclass_fields__
        if name not in {"name", "kind", "dtype", "can", "imports", "ops", "in_place", "optimizers"}
    ]
    listed = [text for t in (spelling.ops, spelling.in_place, spelling.optimizers) for _, text in t]
    return [text for text in [*single, *listed] if text]
