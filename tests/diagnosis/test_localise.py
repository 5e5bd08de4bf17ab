"""Where a fault is said to be."""

from gradcheck_suite.diagnosis.localise import place_of_fault
from gradcheck_suite.diagnosis.reach import Reach
from gradcheck_suite.engines.known import known_engine
from gradcheck_suite.engines.subject import InProcess
from gradcheck_suite.exams.build import build
from gradcheck_suite.properties.catalogue import CATALOGUE
from gradcheck_suite.properties.judging import judge


def test_an_op_without_a_gradient_of_its_own_is_not_blamed() -> None:
    """A program with a mask, whose comparison has no property, has a place of its fault as any."""
    entry = CATALOGUE["masks"]
    subject = InProcess(known_engine("reference"))
    reach = Reach(subject.spelling, subject.capabilities)
    for case in build(["masks"], seed=0, n_cases=2).cases["masks"]:
        judgement = judge(case.sheets, subject.run(case.program), strict_shape=False)
        _, place = place_of_fault(entry, (case, judgement), subject, reach)
        assert place == f"the rule of every op in it is right by itself: {entry.title}"
