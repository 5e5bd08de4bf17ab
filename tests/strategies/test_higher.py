"""Programs beyond the first gradient: they hold together, and none asks for what is undefined."""

import numpy as np
import pytest

from gradcheck_suite.engines.interpreter import run
from gradcheck_suite.engines.known import known_engine
from gradcheck_suite.engines.outcome import Raised
from gradcheck_suite.program.instructions import Backward, Observe, PushForward
from gradcheck_suite.program.shapes import shapes
from gradcheck_suite.program.table import OPS
from gradcheck_suite.properties.custom import CUSTOM
from gradcheck_suite.properties.higher import HIGHER
from gradcheck_suite.properties.inplace import IN_PLACE
from gradcheck_suite.strategies.higher import CURVED, second_derivatives
from gradcheck_suite.strategies.world import SCALARS, TENSORS

SESSIONS = [entry for entry in (*HIGHER, *CUSTOM, *IN_PLACE) if not entry.op]
WORLDS = {"scalar": SCALARS, "tensor": TENSORS}


@pytest.mark.parametrize("entry", SESSIONS, ids=lambda entry: entry.id)
def test_programs_hold_together(entry, programs_of):
    """Shapes can be inferred, something is looked at, and numbers are exact in float32."""
    for kind in entry.worlds:
        for stratum in entry.draws(WORLDS[kind]):
            for program in programs_of(stratum, 5):
                found = set(shapes(program).values())
                assert kind == "tensor" or found == {()}
                instructions = [i for _, i in program.numbered()]
                assert any(isinstance(i, Observe) for i in instructions)
                arrays = [getattr(i, "array", None) for i in instructions]
                arrays += [i.cotangent for i in instructions if isinstance(i, Backward)]
                arrays += [
                    t for i in instructions if isinstance(i, PushForward) for t in i.tangents
                ]
                for array in arrays:
                    assert array is None or all(float(np.float32(v)) == v for v in array.values)


@pytest.mark.parametrize("op", sorted(CURVED))
def test_a_gradient_of_a_curved_op_is_no_constant(op, programs_of):
    """A backward from it is never refused."""
    alone = second_derivatives(OPS[op], TENSORS)[0]
    with np.errstate(all="ignore"):
        for program in programs_of(alone, 30):
            seen = run(program, known_engine("reference"))
            assert not any(isinstance(outcome, Raised) for outcome in seen.values()), program


@pytest.mark.parametrize("op", sorted(OPS.keys() - {"sign", "floor"}))
def test_a_weighted_gradient_is_no_constant(op, programs_of):
    """Where the slope of an op is zero, the leaf beside it still needs a gradient."""
    with np.errstate(all="ignore"):
        for stratum in second_derivatives(OPS[op], TENSORS):
            for program in programs_of(stratum, 3):
                seen = run(program, known_engine("reference"))
                assert not any(isinstance(outcome, Raised) for outcome in seen.values()), program
