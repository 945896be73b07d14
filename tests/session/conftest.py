from __future__ import annotations

import pytest

from tests.widgets.synthetic import synthetic_session


@pytest.fixture
def session(model):
    return synthetic_session(model)
