from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from workbench.errors import CalibrationError
from workbench.numerics.thresholds.groups import borders, groups_of


@pytest.mark.parametrize(("bins", "target_bins"), [(300, 128), (97, 7), (65, 64)])
def test_the_borders_are_exact(bins: int, target_bins: int) -> None:
    groups = groups_of(bins, target_bins)
    assert groups.candidates.tolist() == list(range(target_bins, bins))
    whole = np.concatenate([block.whole for block in groups.blocks], axis=1)
    left = np.concatenate([block.left for block in groups.blocks], axis=1)
    for column, t in enumerate(groups.candidates.tolist()):
        for border in range(target_bins + 1):
            place = Fraction(border * t, target_bins)
            assert whole[border, column] == int(place)
            assert left[border, column] == float(place - int(place))


def test_tables_are_shared_and_read_only() -> None:
    groups = groups_of(300, 128)
    assert groups is groups_of(300, 128)
    assert not groups.candidates.flags.writeable
    assert not borders(groups.candidates, 128).whole.flags.writeable


@pytest.mark.parametrize(("bins", "target_bins"), [(128, 128), (10, 0), (10, -3)])
def test_impossible_groups_are_refused(bins: int, target_bins: int) -> None:
    with pytest.raises(CalibrationError, match=f"{bins} bins cannot be searched"):
        groups_of(bins, target_bins)
