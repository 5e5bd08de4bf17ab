r"""Texts that a submission wrote, made safe to look at.

A name, a message or a listing may hold escape sequences that repaint a terminal, bidirectional
overrides that reorder what is read, or lone surrogates that no file takes. They are shown as what
they are: ``\x1b``, ``\u202e``. Escaping for HTML or for a spreadsheet comes on top, in the
exporters.
"""

import unicodedata
from typing import Final

__all__ = ["one_line", "visible"]

# The general categories (Unicode 15, section 4.5) that have no shape of their own: controls,
# formats (zero width, bidirectional), surrogates, private use, unassigned, line separators.
_SHAPELESS: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_MAX_MARKS: Final = 4  # combining marks on one letter; the densest orthographies need three


def visible(text: str) -> str:
    """Return ``text`` with every shapeless character spelled out; newlines stay, tabs are spaces.

    Idempotent: what it returns comes back unchanged.
    """
    if text.isascii() and text.replace("\n", "").isprintable():
        return text
    out = []
    n_marks = 0
    for character in text.expandtabs(4):
        category = unicodedata.category(character)
        n_marks = n_marks + 1 if category in {"Mn", "Me"} else 0
        shapeless = character != "\n" and category in _SHAPELESS
        out.append(_spelled(character) if shapeless or n_marks > _MAX_MARKS else character)
    return "".join(out)


def one_line(text: str, limit: int = 300) -> str:
    """Return ``text`` visible, on one line, cut to ``limit`` characters with an ellipsis."""
    line = " ".join(visible(text).split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def _spelled(character: str) -> str:
    code = ord(character)
    for letter, n_digits in (("x", 2), ("u", 4)):
        if code < 16**n_digits:
            return f"\\{letter}{code:0{n_digits}x}"
    return f"\\U{code:08x}"
