"""The plain loops as a fixture: test modules cannot import a file that lies beside them."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture(scope="session")
def plain() -> ModuleType:
    spec = importlib.util.spec_from_file_location("plain", Path(__file__).with_name("plain.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(
    params=["laplace", "relu", "gamma", "uniform", "student", "bump", "outliers", "levels", "decay"]
)
def shape(request: pytest.FixtureRequest) -> str:
    """Each of the shapes that `plain.drawn` knows."""
    return str(request.param)
