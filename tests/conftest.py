"""What all tests share: Hypothesis without chance, and markers for what may be missing."""

import os
import shutil
from importlib.util import find_spec

import pytest
from hypothesis import settings

from gradcheck_suite.sandbox.threads import ONE_THREAD

# There is a process of tests for each core: before anything imports NumPy or torch.
os.environ.update(ONE_THREAD)

# The same examples on every machine and in every run; slow machines do not fail.
settings.register_profile("suite", derandomize=True, deadline=None, database=None)
settings.load_profile("suite")


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test whose command or module is missing; in CI, where nothing may be, fail it."""
    problems = [
        f"needs one of the commands {', '.join(marker.args)}"
        for marker in item.iter_markers("needs_command")
        if not any(shutil.which(name) for name in marker.args)
    ]
    problems += [
        f"needs the module {name}"
        for marker in item.iter_markers("needs_module")
        for name in marker.args
        if find_spec(name) is None
    ]
    if problems:
        stop = pytest.fail if os.environ.get("CI") else pytest.skip
        stop("; ".join(problems))
