"""Mutations: what makes the reference engine a wrong one."""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest


@dataclass(frozen=True)
class Mutation:
    """Templates to replace, and a patch of the reference's internals."""

    fields: Mapping[str, Any] = field(default_factory=dict)
    ops: Mapping[str, str] = field(default_factory=dict)
    patch: Callable[[pytest.MonkeyPatch], None] = lambda patch: None


def module(name: str) -> Any:
    """Return a module of the reference; `reference.tensor` is a function too."""
    return sys.modules[f"reference.{name}"]
