"""The script for torch: the same program, and the right number."""

import pytest

from gradcheck_suite.diagnosis.comparison import torch_script
from gradcheck_suite.exams.build import draw_cases
from gradcheck_suite.exams.exam import Case
from gradcheck_suite.properties.catalogue import CATALOGUE
from tests.diagnosis.torch_scripts import check_script

# Of each kind of program one: numbers, flags, what must raise, several passes, optimizers.
IDS = (
    *("gradient[mul]", "value[softmax]", "broadcasting[add]", "kinks[relu]", "two_losses"),
    *("second_backward", "retained_gradients", "no_grad_results", "misshapen_cotangent"),
    *("hooks_on_results", "hessians", "optimizer[adam]", "in_place_on_results", "custom_functions"),
)


def smallest(name: str) -> Case:
    """Return the smallest case of a property."""
    return draw_cases(CATALOGUE[name], "tensor", seed=4, n_cases=1)[0]


@pytest.mark.needs_module("torch")
@pytest.mark.parametrize("name", IDS)
def test_torch_prints_what_is_expected(name: str):
    """Every line of what came is followed by the same numbers, as expected."""
    text, reason = torch_script(smallest(name))
    assert not reason
    check_script(text)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("deep_chains", "it is too long to read"),
        ("modes_of_threads", "it is about threads"),
    ],
)
def test_what_is_no_example_is_left_out(name: str, reason: str):
    """There is no script, and it is said why."""
    assert torch_script(smallest(name)) == ("", reason)


def test_what_torch_cannot_run_is_left_out():
    """What torch has no means for is named."""
    cases = draw_cases(CATALOGUE["value[getitem]"], "tensor", seed=4, n_cases=12)
    reasons = {torch_script(case)[1] for case in cases}
    assert any(reason.startswith("torch has no getitem") for reason in reasons)
