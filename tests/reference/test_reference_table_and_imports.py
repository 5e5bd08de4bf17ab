"""The table of operations, how a row is added, and what the package imports."""

import ast
import doctest
import inspect
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import reference as ref
from reference import function, modes, nn, optim, primitive
from reference.methods import Methods
from reference.operators import OPS
from reference.primitive import elementwise, linear

FOLDER = Path(ref.__file__).parent
MODULES = {
    ".".join(path.relative_to(FOLDER.parent).with_suffix("").parts).removesuffix(".__init__"): path
    for path in FOLDER.rglob("*.py")
}


def imports_of(path):
    """Return the modules of this package that a file imports, lazily or not."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{name.name}" for name in node.names)}
        elif isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
    return found & MODULES.keys()


def test_importing_needs_the_standard_library_and_numpy_alone():
    """A fresh interpreter has loaded nothing else afterwards."""
    code = (
        "import sys, numpy; before = set(sys.modules); import reference;"
        "print(*{name.partition('.')[0] for name in set(sys.modules) - before})"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=FOLDER.parent, capture_output=True, text=True, check=True
    )
    assert set(run.stdout.split()) <= {"reference", "numpy", *sys.stdlib_module_names}


def test_there_is_no_import_circle():
    """Removing modules that import nothing left, again and again, removes all of them."""
    left = {name: imports_of(path) - {name, "reference"} for name, path in MODULES.items()}
    while leaves := {name for name, needs in left.items() if not needs & left.keys()}:
        left = {name: needs for name, needs in left.items() if name not in leaves}
    assert not left


def test_modules_are_short():
    """No module passes 400 lines."""
    assert max(len(path.read_text().splitlines()) for path in MODULES.values()) <= 400


@pytest.mark.parametrize("module", [ref, function, modes, nn.module, optim, primitive])
def test_examples_in_docstrings(module):
    """The examples print what they say."""
    before = dict(OPS)
    assert doctest.testmod(module).failed == 0
    OPS.clear()
    OPS.update(before)


def test_every_exported_operation_is_in_the_table():
    """ops.__all__ and the table agree, and the package re-exports all of it."""
    assert set(ref.ops.__all__) <= OPS.keys()
    assert all(getattr(ref, name) is OPS[name] for name in ref.ops.__all__)


@pytest.mark.parametrize("name", sorted(n for n in vars(Methods) if n.islower() and n[0] != "_"))
def test_a_method_has_the_parameters_of_its_operation(name):
    """A method hands its parameters on, in the order in which the operation has them."""
    operation = OPS[name]
    if isinstance(operation, primitive.Primitive):
        known = [*operation.row.arguments, *operation.row.attributes]
    else:
        known = list(inspect.signature(operation).parameters)
    assert list(inspect.signature(getattr(Methods, name)).parameters)[1:] == known[1:]


def test_a_new_operation_is_one_row(leaf, monkeypatch):
    """A row gives values, gradients of every order, forward mode and broadcasting."""
    monkeypatch.setattr("reference.primitive.OPS", {})
    hypotenuse = elementwise(
        "hypotenuse", np.hypot, x=lambda t, ans, x: t * x / ans, y=lambda t, ans, y: t * y / ans
    )
    x, y = leaf([3.0, 6.0]), leaf(4.0)
    z = hypotenuse(x, y)
    assert z.data[0] == 5
    (first,) = ref.grad(z[0], x, create_graph=True)
    assert first.data.tolist() == [0.6, 0]
    assert ref.grad(first[0], x)[0].data[0] == pytest.approx(16 / 125, rel=1e-15)
    assert ref.jvp(hypotenuse, (3.0, 4.0), (1.0, 1.0))[1].item() == pytest.approx(1.4, rel=1e-15)


def test_a_rule_that_asks_for_what_there_is_not_is_refused(monkeypatch):
    """The row raises when it is entered, not at the first backward."""
    monkeypatch.setattr("reference.primitive.OPS", {})
    with pytest.raises(TypeError, match=r"wrong: a rule asks for \{'y'\}"):
        elementwise("wrong", np.exp, x=lambda t, y: t * y)
    with pytest.raises(TypeError, match="reserved"):
        linear("wrong", lambda x, position: x, x=lambda g: g)


def test_a_rule_of_the_wrong_shape_is_named(leaf, monkeypatch):
    """The message names the operation, the argument and both shapes."""
    monkeypatch.setattr("reference.primitive.OPS", {})
    wrong = linear("wrong", lambda x: x.sum(), x=lambda g: g)
    with pytest.raises(ref.ShapeError, match=r"gradient of wrong in x has shape \(\), .* \(2,\)"):
        wrong(leaf([1.0, 2.0])).backward()


def test_only_what_a_rule_asks_for_is_saved(leaf):
    """Multiplying by a constant saves the constant, not the variable."""
    x, c = leaf([1.0]) * 1, ref.tensor([2.0])
    y = (x * c).sum()
    x += 1
    y.backward()
    z = (leaf([1.0]) * c).sum()
    c += 1
    with pytest.raises(ref.ModifiedInPlaceError):
        z.backward()


def test_a_rule_without_a_forward_mode_raises(leaf, monkeypatch):
    """Forward mode through an operation without a jvp rule raises and names it."""
    monkeypatch.setattr("reference.primitive.OPS", {})
    half = primitive.primitive("half", lambda x: x / 2, vjps={"x": lambda g: g / 2}, jvps={})
    assert ref.grad(half(x := leaf(1.0)), x)[0].item() == 0.5
    with pytest.raises(ref.MissingRuleError, match="half has no jvp rule for x"):
        ref.jvp(half, (1.0,), (1.0,))
