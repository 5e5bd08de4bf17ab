"""The catalogue: ids that stay, texts that teach, and how properties are asked for."""

import pytest

from gradcheck_suite.engines.dialect import CONVENTIONS
from gradcheck_suite.errors import UsageError
from gradcheck_suite.program.table import OPS
from gradcheck_suite.properties.catalogue import CATALOGUE, THEMES, select
from gradcheck_suite.properties.property import Property

# Points, gradebooks and test ids hang on these names: one that goes or changes breaks them.
STRUCTURAL = [
    "operand_twice",
    "accumulation",
    "fan_out",
    "roots_and_branches",
    "two_losses",
    "clear_and_repeat",
    "retained_backward",
    "second_backward",
    "middle_then_end",
    "requires_grad_flags",
    "is_leaf_flags",
    "nonleaf_gradients",
    "retained_gradients",
    "detached_paths",
    "detach_leaves_upstream",
    "no_grad_results",
    "enable_grad_inside",
    "modes_restored",
    "expressions",
    "training_step",
    "gradient_descent",
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
    from gradcheck_suite.properties.edges import EDGES
    from gradcheck_suite.properties.operations import OPERATIONS
    from gradcheck_suite.properties.structure import STRUCTURE
    from gradcheck_suite.properties.training import TRAINING

    assert len(CATALOGUE) == len(OPERATIONS) + len(EDGES) + len(STRUCTURE) + len(TRAINING)


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


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("gradient[tanh]", ("gradient[tanh]",)),
        ("*[tanh]", ("value[tanh]", "gradient[tanh]")),
        ("detached*", ("detached_paths",)),
        ("training runs", ("training_step", "gradient_descent")),
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
