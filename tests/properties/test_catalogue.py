"""The catalogue: ids that stay, texts that teach, and how properties are asked for."""

import pytest

from gradcheck_suite.engines.dialect import CONVENTIONS, Dialect
from gradcheck_suite.errors import UsageError
from gradcheck_suite.exams.jury import case_of
from gradcheck_suite.oracles.semantics import answers
from gradcheck_suite.program.features import relies_on
from gradcheck_suite.program.table import OPS
from gradcheck_suite.properties.catalogue import CATALOGUE, THEMES, select
from gradcheck_suite.properties.property import Property
from gradcheck_suite.strategies.drawing import draw
from gradcheck_suite.strategies.world import TENSORS

# Points, gradebooks and test ids hang on these names: one that goes or changes breaks them.
STRUCTURAL = [
    "zero_size",
    "rank_4",
    "magnitudes",
    "non_contiguous",
    "ieee_values",
    "infinite_inputs",
    "masked_nan",
    "negative_base",
    "operand_twice",
    "accumulation",
    "fan_out",
    "roots_and_branches",
    "two_losses",
    "clear_and_repeat",
    "micro_batches",
    "cleared_gradients",
    "graph_that_ran",
    "deep_chains",
    "stacked_doublings",
    "retained_backward",
    "second_backward",
    "middle_then_end",
    "differentiable_gradients",
    "constant_gradients",
    "released_graphs",
    "requires_grad_flags",
    "is_leaf_flags",
    "nonleaf_gradients",
    "retained_gradients",
    "integer_leaves",
    "switched_leaves",
    "switched_results",
    "masks",
    "detached_paths",
    "detach_leaves_upstream",
    "no_grad_results",
    "enable_grad_inside",
    "modes_restored",
    "assigned_parameters",
    "parameters_in_place",
    "modes_of_threads",
    "modes_of_generators",
    "custom_functions",
    "custom_calls",
    "hooks_on_results",
    "hooks_on_leaves",
    "hooks_that_look",
    "hooks_every_pass",
    "hooks_removed",
    "hooks_in_order",
    "hooks_differentiated",
    "in_place_on_results",
    "in_place_on_leaves",
    "set_items",
    "slices_changed",
    "leaf_slices_changed",
    "reshape_changed",
    "transpose_changed",
    "nonscalar_backward",
    "misshapen_cotangent",
    "backward_without_gradient",
    "mismatched_shapes",
    "broken_rule",
    "no_derivative",
    "expressions",
    "linear_in_cotangent",
    "zero_cotangent",
    "forward_expressions",
    "hessians",
    "third_derivatives",
    "gradient_penalties",
    "precision",
    "inputs_unchanged",
    "given_cotangents",
    "gradient_shapes",
    "gradient_dtype",
    "gradients_apart",
    "cotangent_unchanged",
    "training_step",
    "gradient_descent",
    "momentum",
    "mini_batches",
    "gradients_kept",
    "decreasing_losses",
    "optimizer[sgd]",
    "optimizer[adam]",
    "optimizer[adamw]",
    "optimizer[rmsprop]",
    "optimizer[adagrad]",
    "optimizer_clears",
    "textbook[000 from the end]",
    "textbook[000 middle node]",
    "textbook[000 retain_grad]",
    "textbook[000 no_grad]",
    "textbook[000 detach]",
    "textbook[000 leaves]",
    "textbook[000 two squares]",
    "textbook[000 integer leaf]",
    "textbook[000 descent by matrix products]",
    "textbook[001 loss surface]",
    "textbook[001 descent path]",
    "textbook[001 momentum by hand]",
    "textbook[001 momentum by optimizer]",
    "textbook[001 batches]",
    "textbook[002 two layers]",
    "textbook[002 power in place]",
    "textbook[003 dot]",
    "textbook[003 sum]",
    "textbook[003 cotangent of ones]",
    "textbook[003 detach]",
    "textbook[003 control flow]",
    "textbook[003 sine]",
    "textbook[003 question 5]",
    "textbook[003 forward and backward]",
    "textbook[004 at a point]",
    "textbook[004 at a vector]",
    "textbook[004 composite]",
    "textbook[004 accumulation]",
    "textbook[004 flags]",
    "textbook[004 custom function]",
    "history[lifetime]",
    "history[modes]",
    "history[flags]",
    "history[in_place]",
    "history[higher_order]",
    "history[hooks]",
]
ENTRIES = list(CATALOGUE.values())


def test_the_structural_ids_are_these():
    """No structural property is lost or renamed unseen."""
    assert [entry.id for entry in ENTRIES if not entry.op] == STRUCTURAL


@pytest.mark.parametrize("op", list(OPS))
def test_every_op_has_a_value_and_a_gradient(op: str):
    """A row of the op table is two claims at least."""
    assert {f"value[{op}]", f"gradient[{op}]"} <= set(CATALOGUE)


def test_ids_are_unique():
    """No entry hides another one of its id."""
    from gradcheck_suite.properties import catalogue

    assert len(CATALOGUE) == len(catalogue._ALL)


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.id)
def test_an_entry_teaches_under_a_known_theme(entry: Property):
    """Each property has a lesson of whole sentences, a title without a full stop, and a theme."""
    assert entry.lesson.endswith(".")
    assert not entry.title.endswith(".")
    assert entry.theme in THEMES


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.id)
def test_conventions_are_known(entry: Property):
    """A property leaves open only what the dialects name."""
    assert set(entry.conventions) <= set(CONVENTIONS)


@pytest.mark.parametrize("theme", ["the textbook", "gradient arrays", "sharing and accumulation"])
def test_what_accumulation_decides_is_left_to_it(theme: str):
    """Where a second backward takes a gradient's place by assignment, no sum is expected."""
    choices = [Dialect(accumulation=choice) for choice in CONVENTIONS["accumulation"]]
    for entry in (e for e in ENTRIES if e.theme == theme):
        for stratum in entry.draws(TENSORS) if "accumulation" not in entry.conventions else ():
            for program in draw(stratum, 1, seed=1, keep=lambda p, e=entry: case_of(e, p)):
                if "accumulation" in relies_on(program):
                    adds, overwrites = (answers(program, d, entry.asked) for d in choices)
                    assert adds == overwrites, entry.id


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("gradient[tanh]", ("gradient[tanh]",)),
        (
            "*[tanh]",
            (
                "value[tanh]",
                "gradient[tanh]",
                "stable[tanh]",
                "forward_mode[tanh]",
                "second_derivative[tanh]",
            ),
        ),
        ("detached*", ("detached_paths",)),
        ("T1", ("training_step",)),
        ("T3", ("mini_batches", "gradients_kept", "optimizer_clears")),
        ("A4", ("two_losses",)),
        ("F3", ("nonleaf_gradients", "retained_gradients")),
    ],
)
def test_select_takes_an_id_a_glob_a_theme_or_a_code(pattern: str, found: tuple[str, ...]):
    """Brackets stand for themselves; what is found comes in the catalogue's order."""
    assert select(pattern) == found


def test_select_finds_every_gradient():
    """``gradient[*]`` is one for each op."""
    assert len(select("gradient[*]")) == len(OPS)


def test_select_names_the_nearest():
    """A misspelt id is answered by those that come close."""
    with pytest.raises(UsageError, match=r"got the property 'gradient\[tahn\]', expected an id"):
        select("gradient[tahn]")
    with pytest.raises(UsageError, match=r"gradient\[tanh\]"):
        select("gradient[tahn]")
