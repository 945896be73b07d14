from __future__ import annotations

import numpy as np
import pytest

from workbench.calibration.collect import collect
from workbench.errors import WorkbenchError
from workbench.samples import bundled, sample, samples


@pytest.mark.parametrize("name", ["mobilenet_v2", "shufflenet_v2"])
def test_a_sample_network_loads_and_its_images_fit(name):
    chosen = sample(name)
    images = chosen.images()
    stats = collect(chosen.load(), images[:2], progress=False)
    assert stats.images == 2
    assert all(np.isfinite(h.absmax) and h.absmax > 0 for h in stats.histograms.values())
    assert chosen.heldout.is_dir()


def test_there_are_three_samples():
    assert len(samples()) == 3


def test_an_unknown_sample_is_answered_with_the_known_ones():
    with pytest.raises(WorkbenchError, match=r"no sample network 'x'.*mobilenet_v2"):
        sample("x")


def test_a_folder_that_does_not_come_with_the_package_is_an_error():
    with pytest.raises(WorkbenchError, match="missing from this installation"):
        bundled("no such folder")
