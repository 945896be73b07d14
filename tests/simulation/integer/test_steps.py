from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from types import FrameType
from typing import Any

import numpy as np
import pytest

from tests.simulation.integer.conftest import conv, graph_of, inputs_of, model_of, plan_of
from workbench.formats.weights import Weight
from workbench.model import Model
from workbench.numerics import metrics
from workbench.samples import sample
from workbench.simulation.integer.arithmetic import INT32_SHIFT, MODERN, SHIFT
from workbench.simulation.scheme import SCHEMES, Scheme
from workbench.simulation.simulator import Simulator, simulate

INTEGER = [name for name, scheme in SCHEMES.items() if scheme.integer]
ALL_INTEGER = {"integer": MODERN, "integer-shift": SHIFT, "int32-shift": INT32_SHIFT}


def variant(base: str, **changes: Any) -> Scheme:
    return replace(SCHEMES[base], integer=replace(ALL_INTEGER[base], **changes))


def cosine(model: Model, plan: Any, image: Any, scheme: str | Scheme, blob: str) -> float:
    reference, run = simulate(model, plan, image, "float"), simulate(model, plan, image, scheme)
    return metrics.cosine(reference[blob].real, run[blob].real)


def test_there_are_three_integer_schemes():
    assert list(ALL_INTEGER) == INTEGER


@pytest.mark.parametrize(
    ("scheme", "least"), [("integer", 0.99), ("integer-shift", 0.8), ("int32-shift", 0.97)]
)
def test_a_network_of_many_ops_is_near_float(zoo, scheme, least):
    images = inputs_of((4, 12, 12))
    plan = plan_of(zoo, images)
    assert cosine(zoo, plan, images[0], scheme, "logits") > least


def test_every_op_of_the_zoo_but_softmax_computes_in_integers(zoo):
    images = inputs_of((4, 12, 12))
    found = Simulator(zoo, plan_of(zoo, images), "integer").propagation
    assert found is not None
    in_float = [name for name, scales in found.layers.items() if not scales.integer]
    assert in_float == ["data", "prob"]
    run = simulate(zoo, plan_of(zoo, images), images[0], "integer")
    floats = [name for name, blob in run.blobs.items() if blob.array.dtype.kind == "f"]
    assert floats == ["data", "logits", "prob"]


@pytest.mark.parametrize("scheme", INTEGER)
@pytest.mark.parametrize("name", ["mobilenet_v2", "shufflenet_v2", "plain_cnn"])
def test_only_the_input_and_the_outputs_of_a_sample_network_are_float(name, scheme):
    chosen = sample(name)
    model, images = chosen.load(), chosen.images()[:2]
    run = simulate(model, plan_of(model, list(images), "kl"), images[0], scheme)
    kinds = {blob: str(found.array.dtype) for blob, found in run.blobs.items()}
    ends = {"data", "logits", "prob"}
    integer = "int32" if scheme == "int32-shift" else "int8"
    assert {kinds[blob] for blob in kinds if blob not in ends} == {integer}
    assert kinds["data"] == kinds["prob"] == "float32"


RUNTIME = ("/ops/integer/", "/fixed_point/apply", "/fixed_point/rescale", "/simulation/integer/")


@contextmanager
def floats_watched() -> Iterator[list[str]]:
    """Note each function of the integer runtime that has a float array among its variables."""
    seen: list[str] = []

    def watch(frame: FrameType, event: str, argument: Any) -> None:
        code = frame.f_code
        if event != "return" or not any(part in code.co_filename for part in RUNTIME):
            return
        arrays = [*frame.f_locals.items(), ("the result", argument)]
        for name, value in arrays:
            if isinstance(value, np.ndarray) and value.dtype.kind == "f" and value.size > 1:
                seen.append(f"{code.co_name}: {name}")

    sys.setprofile(watch)
    try:
        yield seen
    finally:
        sys.setprofile(None)


@pytest.mark.parametrize(
    ("name", "scheme"),
    [("zoo", "integer"), ("zoo", "integer-shift")]
    + [(name, scheme) for name in ("mobilenet_v2", "shufflenet_v2") for scheme in INTEGER],
)
def test_no_float_array_is_touched_between_the_input_and_the_outputs(zoo, name, scheme):
    """The exact sums of the kernels are no part of this: they are integers held in floats."""
    model = zoo if name == "zoo" else sample(name).load()
    images = inputs_of((4, 12, 12) if name == "zoo" else (1, 32, 32))
    simulator = Simulator(model, plan_of(model, images), scheme)
    run = simulator.run(images[0])  # prepares what is prepared once
    watched = []
    for layer in model.graph.layers:
        blobs = [run[blob] for blob in (*layer.bottoms, *layer.tops)]
        if any(blob.scale is None for blob in blobs):
            continue
        watched.append(layer.name)
        with floats_watched() as seen:
            tops = simulator.alone(layer.name, run.blobs)
        assert seen == []
        assert all(top.array.dtype.kind == "i" for top in tops)
    # all but what the input enters and what gives the output
    most = 5 if scheme != "int32-shift" else 3
    assert len(watched) >= len(model.graph.layers) - most


def test_the_watch_sees_a_float_array():
    from workbench.ops.integer.rescaling import rescaled

    with floats_watched() as seen:
        rescaled(np.ones(4, np.float32), None)
    assert seen == ["rescaled: x"]


@pytest.mark.parametrize(
    "scheme",
    [
        variant("integer-shift", flavour="rounded"),
        variant("integer-shift", bias_after=True),
        variant("integer-shift", add_wraps=True),
        variant("integer", flavour="two roundings"),
        variant("integer", bits=4, flavour="rounded"),
    ],
    ids=lambda scheme: repr(scheme.integer),
)
def test_variants_of_a_scheme_differ_from_it(scheme):
    chosen = sample("mobilenet_v2")
    model, images = chosen.load(), chosen.images()[:8]
    plan = plan_of(model, list(images), "kl")
    base = simulate(model, plan, images[0], scheme.name)
    run = simulate(model, plan, images[0], scheme)
    if not scheme.integer.add_wraps:
        assert any(not run[blob].equals(base[blob]) for blob in base.blobs)
    assert metrics.cosine(base["logits"].real, run["logits"].real) > 0.9


def wide_model() -> tuple[Model, list[np.ndarray]]:
    """An inner product whose sum times an 8-bit multiplier needs more than 32 bits."""
    graph = graph_of(
        "Input data 0 1 data 0=1200",
        "InnerProduct fc1 1 1 data fc1 0=2 1=0 2=2400",
        "InnerProduct fc2 1 1 fc1 fc2 0=2 1=0 2=4",
    )
    model = model_of(graph)
    weight = Weight.of("weight", np.ones(2400, np.float32), "float32")
    model = Model(graph, {**model.weights, "fc1": (weight,)})
    return model, [np.ones(1200, np.float32)]


def test_int32_that_overflows_is_counted_and_wraps_only_if_that_is_wanted():
    model, images = wide_model()
    plan = plan_of(model, images)
    exact = simulate(model, plan, images[0], "integer-shift")
    wrapped = simulate(model, plan, images[0], variant("integer-shift", overflow_wraps=True))
    assert exact.overflows["fc1"] == wrapped.overflows["fc1"] == 2
    assert exact["fc1"].array.tolist() == [126, 126]  # rounded down
    assert wrapped["fc1"].array.tolist() != [126, 126]
    assert simulate(model, plan, images[0], "integer").overflows == {}


def test_a_border_of_a_value_is_a_level_of_the_blobs_scale():
    graph = graph_of(
        "Input data 0 1 data 0=6 1=6 2=4",
        conv("conv0", "data"),
        "Convolution conv1 1 1 conv0 conv1 0=4 1=3 4=1 5=0 6=144 18=1.5",
        conv("conv2", "conv1"),
    )
    model, images = model_of(graph), inputs_of((4, 6, 6))
    plan = plan_of(model, images)
    assert cosine(model, plan, images[0], "integer", "conv2") > 0.999


def test_a_convolution_of_a_vector_keeps_its_axes():
    graph = graph_of(
        "Input data 0 1 data 0=6 1=6 2=4",
        conv("conv0", "data"),
        "Pooling pool 1 1 conv0 pool 0=1 4=1",
        conv("conv1", "pool"),
        conv("conv2", "conv1"),
    )
    model, images = model_of(graph), inputs_of((4, 6, 6))
    plan = plan_of(model, images)
    run, reference = (simulate(model, plan, images[0], name) for name in ("integer", "float"))
    assert run["conv1"].array.shape == reference["conv1"].array.shape
    assert metrics.cosine(reference["conv2"].real, run["conv2"].real) > 0.99


@pytest.mark.parametrize("scheme", INTEGER)
def test_a_rerun_after_a_change_equals_a_run_from_the_start(scheme):
    chosen = sample("shufflenet_v2")
    model, images = chosen.load(), chosen.images()[:4]
    plan = plan_of(model, list(images), "kl")
    simulator = Simulator(model, plan, scheme)
    first = simulator.run(images[0])
    for layer in ("stage2_3_expand", "head", "stem"):
        changed = plan.changed(layer, threshold=plan[layer].threshold * 0.7)
        other = simulator.changed(changed)
        rerun = other.run(images[0], earlier=first)
        fresh = Simulator(model, changed, scheme).run(images[0])
        assert all(rerun[blob].equals(fresh[blob]) for blob in fresh.blobs)
        assert any(not rerun[blob].equals(first[blob]) for blob in fresh.blobs)


def test_a_changed_scale_changes_the_keys_of_the_steps_it_touches_and_no_others():
    chosen = sample("shufflenet_v2")
    model, images = chosen.load(), chosen.images()[:4]
    plan = plan_of(model, list(images), "kl")
    simulator = Simulator(model, plan, "integer")
    first = simulator.run(images[0])
    changed = plan.changed("stage2_2_expand", threshold=plan["stage2_2_expand"].threshold * 0.7)
    other = simulator.changed(changed)
    steps = other.run(images[0]).steps
    touched = {name for name in steps if steps[name] != first.steps[name]}
    assert touched == {
        *("stage2_1_left_project", "stage2_1_right_project", "concat1", "shuffle1", "slice1"),
        "stage2_2_expand",
    }
    assert other._steps["head"] is simulator._steps["head"]


def test_a_run_of_another_scheme_is_no_shortcut_to_a_wrong_result(zoo):
    images = inputs_of((4, 12, 12))
    plan = plan_of(zoo, images)
    for scheme in INTEGER:
        fresh = simulate(zoo, plan, images[0], scheme)
        for other in SCHEMES:
            earlier = simulate(zoo, plan, images[0], other)
            rerun = Simulator(zoo, plan, scheme).run(images[0], earlier=earlier)
            assert all(rerun[blob].equals(fresh[blob]) for blob in fresh.blobs)


def test_layers_kept_in_float_stand_between_integer_ones():
    chosen = sample("mobilenet_v2")
    model, images = chosen.load(), chosen.images()[:8]
    plan = plan_of(model, list(images), "kl")
    for name in ("unit2_depthwise", "unit4_expand", "logits"):
        plan = plan.changed(name, keep_float=True)
    for scheme in INTEGER:
        assert cosine(model, plan, images[0], scheme, "logits") > 0.95
