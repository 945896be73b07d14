from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workbench.calibration.collect import collect
from workbench.calibration.plan import Plan, calibrate
from workbench.engine import SingleLayer
from workbench.errors import CalibrationError, InputError, WorkbenchError
from workbench.simulation.blob import Run
from workbench.simulation.simulator import Simulator, simulate
from workbench.simulation.steps import InInt8, InNcnn


@pytest.fixture
def plan(model, arrays) -> Plan:
    return calibrate(model, collect(model, arrays, progress=False))


def assert_same(one: Run, two: Run) -> None:
    assert list(one.blobs) == list(two.blobs)
    for name, blob in one.blobs.items():
        assert blob.scale == two[name].scale
        assert blob.source == two[name].source
        assert blob.array.dtype == two[name].array.dtype
        assert blob.array.tobytes() == two[name].array.tobytes(), name


def computed(monkeypatch) -> list[str]:
    """Names of the layers that are computed from here on, Splits left out."""
    names: list[str] = []
    for kind in (InInt8, InNcnn):
        run = kind.run

        def spy(self, blobs, run=run):
            names.append(self._layer.name)
            return run(self, blobs)

        monkeypatch.setattr(kind, "run", spy)
    return names


def test_every_blob_is_there_in_order_and_cannot_be_written(model, plan, arrays):
    run = simulate(model, plan, arrays[0])
    assert tuple(run.blobs) == model.graph.blobs
    assert run.scheme == "requantize"
    for blob in run.blobs.values():
        assert (blob.scale is None) == (blob.array.dtype == np.float32)
        with pytest.raises(ValueError, match="read-only"):
            blob.array[...] = 0


def test_the_sources_say_what_computed_each_blob(model, plan, arrays):
    blobs = simulate(model, plan, arrays[0]).blobs
    assert {name: blob.source for name, blob in blobs.items()} == {
        "data": "input", "conv1": "int8 kernel", "left": "moved", "right": "moved",
        "dw": "int8 kernel", "conv2": "int8 kernel", "concat": "ncnn float",
        "pool": "ncnn float", "fc": "int8 kernel", "prob": "ncnn float",
    }  # fmt: skip
    assert {n for n, blob in blobs.items() if blob.scale} == {"conv1", "left", "right"}
    assert blobs["conv1"].scale == pytest.approx(plan["dw"].scale, rel=1e-6)


def test_half_quantization_hands_on_float_alone(model, plan, arrays):
    blobs = simulate(model, plan, arrays[0], "dequantize").blobs.values()
    assert all(blob.scale is None for blob in blobs)
    assert sum(blob.source == "int8 kernel" for blob in blobs) == 4


def test_the_float_scheme_quantizes_nothing(model, plan, arrays):
    blobs = simulate(model, plan, arrays[0], "float").blobs.values()
    assert {blob.source for blob in blobs} == {"input", "moved", "ncnn float"}


def test_the_input_may_be_changed_after_a_run(model, plan, arrays):
    x = arrays[0].copy()
    run = simulate(model, plan, x)
    x[...] = 0
    assert np.array_equal(run["data"].array, arrays[0])


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        (np.full((3, 8, 8), np.nan, np.float32), "NaN"),
        ({"other": np.zeros((3, 8, 8), np.float32)}, "data: no array was given"),
    ],
)
def test_a_wrong_input_is_named(model, plan, inputs, message):
    with pytest.raises(InputError, match=message):
        simulate(model, plan, inputs)


def test_a_plan_of_another_network_is_refused(model_with, plan):
    other = model_with(lambda layer, name, array: array * 2)
    with pytest.raises(CalibrationError, match="another network"):
        Simulator(other, plan)


def test_an_unknown_scheme_is_refused_with_those_that_there_are(model, plan):
    with pytest.raises(WorkbenchError, match="requantize"):
        Simulator(model, plan, "int4")


# --- runs that reuse an earlier one ---


def test_the_same_again_computes_nothing(model, plan, arrays, monkeypatch):
    simulator = Simulator(model, plan)
    run = simulator.run(arrays[0])
    names = computed(monkeypatch)
    assert_same(simulator.run(arrays[0], earlier=run), run)
    assert names == []


def test_only_what_lies_behind_a_changed_layer_is_computed(model, plan, arrays, monkeypatch):
    simulator = Simulator(model, plan)
    run = simulator.run(arrays[0])
    other = plan.changed("fc", threshold=plan["fc"].threshold / 2)
    changed = simulator.changed(other)
    names = computed(monkeypatch)
    rerun = changed.run(arrays[0], earlier=run)
    assert names == ["fc", "prob"]
    assert rerun["pool"] is run["pool"]
    assert_same(rerun, simulate(model, other, arrays[0]))


def test_a_scale_changes_the_layer_before_it_too_if_that_hands_int8_on(
    model, plan, arrays, monkeypatch
):
    simulator = Simulator(model, plan)
    run = simulator.run(arrays[0])
    names = computed(monkeypatch)
    other = plan.changed("dw", threshold=plan["dw"].threshold / 2)
    simulator.changed(other).run(arrays[0], earlier=run)
    assert names[0] == "conv1"


def test_a_change_that_comes_to_nothing_goes_no_further(model_with, arrays, monkeypatch):
    """All inputs of the last layer are clipped to 0 by the layer before: its scale is idle."""
    model = model_with(lambda layer, name, array: -abs(array) if layer == "conv1" else array)
    inputs = [abs(array) for array in arrays]
    with pytest.warns(UserWarning, match="always zero"):
        plan = calibrate(model, collect(model, inputs, progress=False))
    run = simulate(model, plan, inputs[0])
    names = computed(monkeypatch)
    other = plan.changed("conv2", weight_scales=tuple(s / 2 for s in plan["conv2"].weight_scales))
    rerun = Simulator(model, other).run(inputs[0], earlier=run)
    assert names == ["conv2"]
    assert rerun["concat"] is run["concat"]


def test_another_input_is_computed_anew(model, plan, arrays):
    simulator = Simulator(model, plan)
    run = simulator.run(arrays[0])
    assert_same(simulator.run(arrays[1], earlier=run), simulator.run(arrays[1]))


def test_a_run_of_another_network_is_of_no_use_and_does_no_harm(model, model_with, plan, arrays):
    other = model_with(lambda layer, name, array: array * 2)
    other_plan = calibrate(other, collect(other, arrays, progress=False))
    earlier = simulate(other, other_plan, arrays[0])
    simulator = Simulator(model, plan, like=Simulator(other, other_plan))
    assert_same(simulator.run(arrays[0], earlier), simulate(model, plan, arrays[0]))


LAYERS = ("conv1", "dw", "conv2", "fc")
edits = st.lists(
    st.tuples(st.sampled_from(LAYERS), st.sampled_from((0.5, 0.9, 2.0, None))), max_size=3
)


def edited(plan: Plan, changes) -> Plan:
    for layer, factor in changes:
        if factor is None:
            plan = plan.changed(layer, keep_float=not plan[layer].keep_float)
        else:
            plan = plan.changed(layer, threshold=plan[layer].threshold * factor)
    return plan


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    first=edits,
    second=edits,
    schemes=st.tuples(*[st.sampled_from(("float", "dequantize", "requantize"))] * 2),
)
def test_a_rerun_equals_a_full_run_to_the_bit(model, plan, arrays, first, second, schemes):
    one, two = edited(plan, first), edited(plan, second)
    before = Simulator(model, one, schemes[0])
    after = Simulator(model, two, schemes[1], like=before)
    rerun = after.run(arrays[0], earlier=before.run(arrays[0]))
    assert_same(rerun, simulate(model, two, arrays[0], schemes[1]))
    assert rerun.scheme == schemes[1]


def test_a_changed_simulator_loads_and_quantizes_only_what_changed(
    model, plan, arrays, monkeypatch
):
    simulator = Simulator(model, plan)
    simulator.run(arrays[0])
    loaded = []
    monkeypatch.setattr(SingleLayer, "__init__", lambda *given, **more: loaded.append(given))
    changed = simulator.changed(plan.changed("fc", threshold=1.0))
    changed.run(arrays[1])
    assert loaded == []
    kept = [name for name in LAYERS if changed.quantized[name] is simulator.quantized[name]]
    assert kept == ["conv1", "dw", "conv2"]


def test_several_threads_may_share_a_simulator(model, plan, arrays):
    expected = [simulate(model, plan, x) for x in arrays]
    simulator = Simulator(model, plan)
    with ThreadPoolExecutor(3) as pool:
        for run, wanted in zip(pool.map(simulator.run, arrays), expected, strict=True):
            assert_same(run, wanted)


def test_a_run_can_be_given_up_between_its_layers(model, plan, arrays, monkeypatch):
    names = computed(monkeypatch)

    def give_up():
        if "dw" in names:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        Simulator(model, plan).run(arrays[0], between=give_up)
    assert names == ["conv1", "dw"]
