"""The textbook: what five course notes on automatic differentiation compute, as Programs.

A note's row is a computation, the numbers that the note prints, and where the note is wrong, the
truth. The notes' own random numbers are kept as data, so that engines without torch can run them.
"""

from typing import Final

from gradcheck_suite.strategies.textbook.note000 import NOTE_000
from gradcheck_suite.strategies.textbook.note001 import NOTE_001
from gradcheck_suite.strategies.textbook.note002 import NOTE_002
from gradcheck_suite.strategies.textbook.note003 import NOTE_003
from gradcheck_suite.strategies.textbook.note004 import NOTE_004

__all__ = ["ROWS"]

ROWS: Final = (*NOTE_000, *NOTE_001, *NOTE_002, *NOTE_003, *NOTE_004)
