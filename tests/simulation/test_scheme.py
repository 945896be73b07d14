from __future__ import annotations

import pytest

from workbench.errors import WorkbenchError
from workbench.simulation.scheme import SCHEMES, scheme_of


@pytest.mark.parametrize("name", list(SCHEMES))
def test_a_scheme_is_found_by_its_name(name):
    assert scheme_of(name).name == name
    assert scheme_of(name).about.endswith(".")


def test_only_what_is_quantized_can_be_fused():
    assert all(scheme.quantizes for scheme in SCHEMES.values() if scheme.fuses)


def test_an_unknown_scheme_is_refused_with_the_list_of_all():
    with pytest.raises(WorkbenchError, match="float, dequantize, requantize"):
        scheme_of("int4")
