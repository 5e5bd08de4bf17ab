"""The same program for torch: a script that prints what a library that many trust makes of it."""

from dataclasses import replace
from typing import Final

from gradcheck_suite.diagnosis.reach import in_words
from gradcheck_suite.engines.capabilities import capabilities_of
from gradcheck_suite.engines.dialect import PRESETS
from gradcheck_suite.engines.libraries.torch import TORCH
from gradcheck_suite.exams.exam import Case
from gradcheck_suite.oracles.answer import MustRaise, Sheet
from gradcheck_suite.program.instructions import Observe, Thread
from gradcheck_suite.program.snippet import script
from gradcheck_suite.properties.judging import print_expected

__all__ = ["torch_script"]

_SPELLING: Final = replace(TORCH, imports=(*TORCH.imports, "torch.set_printoptions(precision=12)"))
# Of a program in which there is nothing to see: what is wrong is that an engine raises.
_SILENT: Final = "print('nothing was raised')\nprint('  expected no exception')\n"
_TOO_LONG: Final = 200  # instructions: a chain of ops is no example to compare with


def torch_script(case: Case) -> tuple[str, str]:
    """Return the script, and '' or the reason why there is none.

    Expected is what torch's own conventions ask for: where an engine may add, torch may raise.
    """
    missing = sorted(case.needs - capabilities_of(TORCH))
    sheet = _sheet_of_torch(case)
    if missing:
        return "", f"torch has no {', '.join(map(in_words, missing))}"
    if sheet is None:
        return "", "torch follows another convention than those that are asked for"
    instructions = dict(case.program.numbered())
    if any(isinstance(i, Thread) for i in instructions.values()):
        return "", "it is about threads"
    if len(instructions) > _TOO_LONG:
        return "", "it is too long to read"
    expected = {
        index: print_expected(answer)
        for index, answer in sheet.answers
        if isinstance(instructions[index], Observe) or isinstance(answer, MustRaise)
    }
    text = script(case.program, _SPELLING, expected)
    return text if expected else text + _SILENT, ""


def _sheet_of_torch(case: Case) -> Sheet | None:
    conventions = PRESETS["torch"]
    for sheet in case.sheets:
        if all(getattr(conventions, name) == choice for name, choice in sheet.choices):
            return sheet
    return None
