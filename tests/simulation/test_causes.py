from __future__ import annotations

import pytest

from workbench.calibration.collect import collect
from workbench.calibration.plan import calibrate
from workbench.engine import SingleLayer
from workbench.simulation import causes
from workbench.simulation.causes import Causes, Dissection
from workbench.simulation.simulator import Simulator


@pytest.fixture
def plan(model, arrays):
    return calibrate(model, collect(model, arrays, progress=False))


def dissected(dissection, model, plan, array, name):
    blobs = Simulator(model, plan, "float").run(array).blobs
    simulator = Simulator(model, plan)
    result = simulator.alone(name, blobs)[0].real
    return dissection.causes(simulator.quantized[name], blobs, result)


def test_where_nothing_is_clipped_clipping_costs_nothing(model, plan, arrays):
    wide = plan.changed("dw", threshold=1000.0)
    assert dissected(Dissection(model), model, wide, arrays[0], "dw").clipping == 0


def test_one_dissection_serves_plan_after_plan(model, plan, arrays, monkeypatch):
    made = []

    def counted(layer, weights):
        made.append(layer.name)
        return SingleLayer(layer, weights)

    monkeypatch.setattr(causes, "SingleLayer", counted)
    one = Dissection(model)
    coarse = tuple(scale / 16 for scale in plan["conv1"].weight_scales)
    changed = [{}, {"threshold": 0.5}, {"weight_scales": coarse}]
    for change, count in zip(changed, (2, 0, 1), strict=True):
        new = plan.changed("conv1", **change)
        expected = dissected(Dissection(model), model, new, arrays[0], "conv1")
        made.clear()
        assert dissected(one, model, new, arrays[0], "conv1") == expected
        assert len(made) == count


def test_the_total_is_the_sum():
    assert Causes(1.0, 2.0, 3.0, 4.0).total == 10
