"""Where in a TOML text a key stands; the standard parser keeps no positions."""

import re
from typing import Final

__all__ = ["place_of"]

_TABLE: Final = re.compile(r"\s*\[\[?\s*(?P<name>[^\[\]]+?)\s*\]\]?\s*(#.*)?$")
_KEY: Final = re.compile(
    r"""\s*(?P<key>(?:"[^"]*"|'[^']*'|[A-Za-z0-9_-]+)(?:\s*\.\s*(?:"[^"]*"|'[^']*'|[\w-]+))*)\s*="""
)
_PART: Final = re.compile(r"""\s*(?:"([^"]*)"|'([^']*)'|([\w-]+))\s*\.?""")


def place_of(text: str, keys: tuple[str, ...]) -> int:
    """Return the line, from 1, at which the value of ``keys`` or its table begins; 0: unknown.

    A line of a multi-line string that looks like a key could be taken for one; this serves the
    wording of errors and nothing else.
    """
    table: tuple[str, ...] = ()
    best, depth = 0, 0
    for number, line in enumerate(text.splitlines(), start=1):
        if header := _TABLE.match(line):
            table = _parts(header["name"])
            found = table
        elif assigned := _KEY.match(line):
            found = (*table, *_parts(assigned["key"]))
        else:
            continue
        shared = min(len(found), len(keys))
        if found[:shared] == keys[:shared] and shared > depth:
            best, depth = number, shared
    return best


def _parts(key: str) -> tuple[str, ...]:
    return tuple("".join(groups) for groups in _PART.findall(key))
