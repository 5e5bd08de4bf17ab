"""The exception tree: what can go wrong with the input, and whose fault it is.

::

    GradcheckError                  everything that this package raises on purpose
    |-- UsageError                  the command line or a call is wrong (exit status 2)
    |   |-- AssignmentError         an assignment file is broken: file, key, found
    |   |-- ExamError               a stored exam cannot be used: cut, edited, of another version
    |   `-- SubmissionError         a submission cannot be graded: no engine, two engines, no import
    |-- ProgramError                a Program is malformed: a bad index, a bad shape, cut bytes
    |-- UndecidableError            the oracle cannot certify a case (a tie, an overflow)
    |-- JuryError                   oracles contradict each other: a fault of this project
    `-- SandboxError                the worker broke the protocol or could not be started

A submission's own exceptions never appear here: they are data (``engines.outcome.Raised``).
"""

__all__ = [
    "AssignmentError",
    "ExamError",
    "GradcheckError",
    "JuryError",
    "ProgramError",
    "SandboxError",
    "SubmissionError",
    "UndecidableError",
    "UsageError",
]


class GradcheckError(Exception):
    """Base of every error that this package raises on purpose."""


class UsageError(GradcheckError):
    """A command or a call is wrong; the message says what was expected."""


class AssignmentError(UsageError):
    """An assignment file is broken; names the file, the key, what was found and expected."""


class ExamError(UsageError):
    """A stored exam is no exam, damaged or of another version; names file, found and expected."""


class SubmissionError(UsageError):
    """A submission cannot be graded; names the file and what was found there."""


class ProgramError(GradcheckError):
    """A Program is malformed."""


class UndecidableError(GradcheckError):
    """The oracle cannot enclose the answer of a Program tightly enough to grade with it."""


class JuryError(GradcheckError):
    """Two oracles disagree about a Program: a fault of this project, never dropped in silence."""


class SandboxError(GradcheckError):
    """A worker broke the wire protocol or could not be started."""
