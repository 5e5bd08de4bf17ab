"""Where results go on disk: whole files or none, in folders whose names are safe."""

import os
import re
import tempfile
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path
from typing import Final

from gradcheck_suite.errors import UsageError

__all__ = ["folder_names", "refuse_inside", "write_whole"]

_SAFE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_RESERVED: Final = frozenset({"index.html", "gradebook.csv"})


def folder_names(names: Iterable[str]) -> dict[str, str]:
    """Return a folder name for each submission: readable, distinct, and harmless anywhere.

    A name of plain letters stays as it is; any other is reduced to them and gets a digest of the
    whole. Names are distinct on file systems that do not tell capitals apart, too.
    """
    folders: dict[str, str] = {}
    taken = set(_RESERVED)
    ordered = sorted(set(names), key=lambda n: (_SAFE.fullmatch(n) is None, n))
    for name in ordered:
        folder = name
        n_tries = 0
        while not _SAFE.fullmatch(folder) or folder.endswith(".") or folder.casefold() in taken:
            readable = re.sub(r"[^A-Za-z0-9_-]+", "-", name).strip("-")[:40] or "submission"
            seed = f"{name}\0{n_tries}".encode("utf-8", "backslashreplace")
            folder = f"{readable.lstrip('_') or 'submission'}-{sha256(seed).hexdigest()[:8]}"
            n_tries += 1
        taken.add(folder.casefold())
        folders[name] = folder
    return folders


def refuse_inside(out: Path, folder: Path) -> None:
    """Raise UsageError where results in ``out`` would be taken for a submission of ``folder``."""
    target, top = out.resolve(), folder.resolve()
    if target == top or (
        target.is_relative_to(top) and not target.relative_to(top).parts[0].startswith((".", "_"))
    ):
        msg = f"{out}: got a place among the submissions, expected a folder outside of {folder}"
        raise UsageError(msg)


def write_whole(path: Path, data: bytes | str) -> None:
    """Write ``data`` to ``path`` so that a reader sees the old file or the new one, never a part.

    A symbolic link at ``path`` is replaced, not followed. Folders above are made.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    content = data if isinstance(data, bytes) else data.encode("utf-8", "backslashreplace")
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        temporary.chmod(0o644)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
