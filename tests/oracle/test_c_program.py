"""The C program computes every integer blob as the simulator does, bit for bit."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from workbench.calibration.collect import collect
from workbench.calibration.plan import Plan, calibrate
from workbench.errors import CalibrationError, GraphError
from workbench.export.c_program import c_text, export_c, write_c, written_blobs
from workbench.export.lowering import Program, StoredBlob, lower
from workbench.formats.param import parse_param
from workbench.formats.weights import Weight
from workbench.model import Model
from workbench.numerics.activation import activation
from workbench.ops import values
from workbench.samples import sample, samples
from workbench.simulation.integer.arithmetic import Arithmetic
from workbench.simulation.scheme import Scheme
from workbench.simulation.simulator import Run, Simulator, simulate

compiler = shutil.which("cc")
needs_compiler = pytest.mark.skipif(compiler is None, reason="there is no C compiler here (cc)")
STRICT = ("-std=c99", "-O2", "-Wall", "-Wextra", "-Werror", "-pedantic")
SANITIZED = ("-O0", "-fsanitize=undefined", "-fno-sanitize-recover=undefined")


def build(program: Program, folder: Path, *flags: str) -> Path:
    source = write_c(program, folder)
    words = [str(compiler), *STRICT, *flags, str(source), "-o", str(folder / "net")]
    done = subprocess.run(words, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return folder / "net"


def computed(program: Program, net: Path, data: bytes) -> dict[str, np.ndarray]:
    source, target = net.with_name("input"), net.with_name("output")
    source.write_bytes(data)
    done = subprocess.run([net, source, target], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    raw, start, found = target.read_bytes(), 0, {}
    for blob in written_blobs(program):
        array = np.frombuffer(raw, blob.dtype, blob.count, start)
        start += array.nbytes
        found[blob.name] = array.reshape(blob.shape)
    assert start == len(raw)
    return found


def agrees(blob: StoredBlob, array: np.ndarray, run: Run) -> bool:
    expected = run[blob.name].array
    if blob.dtype == "int32":
        layer = values(run.graph.producers[blob.name])
        kind, params = layer.activation_type, layer.activation_params
        array = activation(blob.real(array), kind, params)
    same = array.shape == expected.shape and array.dtype == expected.dtype
    return same and np.array_equal(array, expected)


def check(
    model: Model, plan: Plan, items, folder: Path, scheme: str | Scheme, *flags: str
) -> Program:
    """Compile, run on each item, and compare every blob of the network that is integer."""
    program = lower(model, plan, scheme)
    simulator, net = Simulator(model, plan, scheme), build(program, folder, *flags)
    for item in items:
        run = simulator.run(item)
        found = computed(program, net, program.input_bytes(run.blobs))
        integer = {name for name, blob in run.blobs.items() if blob.scale is not None}
        ends = {blob.name for blob in program.computed if blob.dtype == "int32"}
        # a blob of the network is missing only where it is the input itself
        inputs = {op.top for op in program.operations if op.kind == "same"} - found.keys()
        assert integer | ends <= found.keys() | inputs
        wrong = [
            name
            for name, array in found.items()
            if name in run.blobs and not agrees(program.blobs[name], array, run)
        ]
        assert wrong == []
    return program


@pytest.fixture(scope="module", params=sorted(samples()))
def calibrated(request: pytest.FixtureRequest):
    one = sample(request.param)
    model, images = one.load(), one.images()
    return model, calibrate(model, collect(model, images[:16], progress=False)), images[16:19]


@needs_compiler
@pytest.mark.parametrize("scheme", ["integer", "integer-shift"])
def test_a_sample_network_in_c_equals_the_simulator(tmp_path, calibrated, scheme):
    model, plan, images = calibrated
    program = check(model, plan, images, tmp_path, scheme)
    assert [one.layer for one in program.left_out] == ["prob"]


@needs_compiler
@pytest.mark.parametrize("flavour", ["floor", "rounded", "one rounding", "two roundings"])
def test_each_way_to_round_is_the_same_in_c(tmp_path, model, arrays, flavour):
    plan = calibrate(model, collect(model, arrays, progress=False))
    late = Arithmetic(flavour=flavour, bias_after=flavour == "floor")
    check(model, plan, arrays, tmp_path, Scheme("mine", "", True, False, late), *SANITIZED)


def test_nothing_in_the_code_is_floating_point(model, arrays):
    plan = calibrate(model, collect(model, arrays, progress=False))
    code = re.sub(r"/\*.*?\*/", "", c_text(lower(model, plan)), flags=re.DOTALL)
    code = re.sub(r'"[^"]*"', '""', code)
    assert not re.search(r"\b(float|double|math\.h)\b|\d\.\d|\de[+-]", code)
    assert "net_run" in code


def test_the_head_says_how_the_input_becomes_int8_and_what_is_left_out(model, arrays):
    plan = calibrate(model, collect(model, arrays, progress=False))
    rounded, shifted = (c_text(lower(model, plan, s)) for s in ("integer", "integer-shift"))
    assert "level = round(real * scale), a half away from zero" in rounded
    assert re.search(r"level = truncate\(real \* \d+ \+ 1/2\) >> \d", shifted)
    assert "prob: Softmax: Softmax computes in float" in rounded
    assert "return NET_ENDS_EARLY;" in rounded


LAYERS = (
    "Pooling x 1 1 a x 0=0 1=3 2=2 3=1",
    "Pooling x 1 1 a x 0=0 1=3 2=2 5=2",
    "Pooling x 1 1 a x 0=1 1=3 2=2 3=1",
    "Pooling x 1 1 a x 0=1 1=3 2=2 3=1 6=1",
    "Pooling x 1 1 a x 0=1 1=3 2=2 3=1 5=1",
    "Pooling x 1 1 a x 0=1 7=1 8=3 18=2",
    "ReLU x 1 1 a x",
    "ReLU x 1 1 a x 0=0.1",
    "Clip x 1 1 a x 0=-0.5 1=0.7",
    "HardSwish x 1 1 a x",
    "Sigmoid x 1 1 a x",
    "BinaryOp x 1 1 a x 0=2 1=1 2=0.5",
    "ShuffleChannel x 1 1 a x 0=2",
    "ShuffleChannel x 1 1 a x 0=2 1=1",
    "Permute x 1 1 a x 0=1",
    "Crop x 1 1 a x 0=1 1=1 3=4 4=5 5=4",
    "Padding x 1 1 a x 0=1 1=2 2=1 3=0 4=0 5=0.3",
    "Interp x 1 1 a x 0=1 1=2.0 2=2.0",
    "Reshape x 1 1 a x 0=-1 1=14 2=4",
    "BinaryOp x 2 1 a b x 0=0",
    "BinaryOp x 2 1 a b x 0=1",
    "BinaryOp x 2 1 a b x 0=4",
    "BinaryOp x 2 1 a b x 0=5",
    "BinaryOp x 2 1 a b x 0=7",
    "Eltwise x 2 1 a b x 0=1 -23301=2,0.5,-2.0",
    "Eltwise x 2 1 a b x 0=2",
    "Concat x 2 1 a b x 0=0",
    "Concat x 2 1 a b x 0=1",
    "Concat x 2 1 a b x 0=-1",
)
IN = "Input in 0 1 in 0=7 1=6 2=3"


def network(*lines: str) -> Model:
    """A network of these layers, with random weights."""
    rng = np.random.default_rng(5)
    blobs = sum(int(line.split()[3]) for line in lines)
    graph = parse_param("\n".join(["7767517", f"{len(lines)} {blobs}", *lines]) + "\n")
    weights = {}
    for layer in graph.layers:
        given = values(layer)
        if "weight_data_size" in given:
            shape = (given.num_output, given.weight_data_size // given.num_output)
            weight = rng.normal(0, 0.4, shape).astype(np.float32)
            bias = rng.normal(0, 0.4, shape[:1]).astype(np.float32)
            weights[layer.name] = (Weight.of("weight", weight, "float32"), Weight.of("bias", bias))
    return Model(graph, weights)


def branches(chosen: Sequence[str]) -> list[str]:
    """Each layer behind two convolutions of its own, a and b, or only a."""
    inputs = " ".join(f"in_{i}{side}" for i in range(len(chosen)) for side in "ab")
    lines = [IN, f"Split s 1 {2 * len(chosen)} in {inputs}"]
    for i, line in enumerate(chosen):
        lines += [
            f"Convolution a{i} 1 1 in_{i}a a{i} 0=4 1=3 4=1 5=1 6=108",
            f"Convolution b{i} 1 1 in_{i}b b{i} 0=4 1=3 4=1 5=1 6=108 9=1",
        ]
        kind, _, *rest = line.split()
        names = {"a": f"a{i}", "b": f"b{i}", "x": f"x{i}"}
        lines.append(" ".join([kind, f"x{i}", *(names.get(word, word) for word in rest)]))
    return lines


def every_kind() -> Model:
    """All layers in one network, each read by an inner product."""
    start = branches(LAYERS)
    sizes = simulate_float(network(*start))
    ends = [f"InnerProduct y{i} 1 1 x{i} y{i} 0=3 1=1 2={3 * n}" for i, n in enumerate(sizes)]
    return network(*start, *ends)


def simulate_float(model: Model) -> list[int]:
    """The number of elements of each x."""
    run = simulate(model, Plan((), model.sha256), np.zeros((3, 6, 7), np.float32), "float")
    return [run[f"x{i}"].array.size for i in range(len(LAYERS))]


def gated() -> Model:
    """Channels multiplied by a gate that their own means open, as in a squeeze-and-excitation."""
    return network(
        IN,
        "Convolution a 1 1 in a 0=4 1=3 4=1 5=1 6=108 9=1",
        "Split s 1 3 a i j k",
        "Convolution other 1 1 k other 0=2 1=1 5=1 6=8",
        "Pooling mean 1 1 j mean 0=1 4=1",
        "InnerProduct open 1 1 mean open 0=4 1=1 2=16",
        "Sigmoid gate 1 1 open gate",
        "BinaryOp x 2 1 i gate x 0=2",
        "InnerProduct last 1 1 x last 0=3 1=1 2=504",
    )


@needs_compiler
@pytest.mark.parametrize("scheme", ["integer", "integer-shift"])
def test_every_kind_of_operation_equals_the_simulator(tmp_path, scheme):
    rng = np.random.default_rng(9)
    items = [rng.normal(0, 1, (3, 6, 7)).astype(np.float32) for _ in range(3)]
    kinds = set()
    for model in (every_kind(), gated()):
        plan = calibrate(model, collect(model, items, progress=False), method="minmax")
        program = check(model, plan, items, tmp_path, scheme, *SANITIZED)
        kinds |= {op.kind for op in program.operations}
    # only a scheme that gives one blob two scales has to change one
    assert kinds - {"rescale"} == {
        "convolution", "inner_product", "inner_product_sums", "convolution_sums", "clamp", "copy",
        "gather", "largest", "lookup", "max_pool", "mean_pool", "product", "same", "shuffle",
        "smallest", "sum",
    }  # fmt: skip
    assert ("rescale" in kinds) == (scheme == "integer-shift")


def test_a_float_layer_in_the_middle_is_refused_by_name(tmp_path):
    model = network(
        IN,
        "Convolution a 1 1 in a 0=4 1=3 4=1 5=1 6=108",
        "Softmax middle 1 1 a middle",
        "InnerProduct last 1 1 middle last 0=3 1=1 2=504",
    )
    rng = np.random.default_rng(9)
    items = [rng.normal(0, 1, (3, 6, 7)).astype(np.float32)]
    plan = calibrate(model, collect(model, items, progress=False), method="minmax")
    with pytest.raises(GraphError, match=r"middle.*Softmax computes in float.*last"):
        export_c(model, plan, tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("scheme", ["requantize", "int32-shift"])
def test_a_scheme_without_int8_blobs_is_refused(tmp_path, model, arrays, scheme):
    plan = calibrate(model, collect(model, arrays, progress=False))
    with pytest.raises(CalibrationError, match=r"Use one of: integer, integer-shift"):
        export_c(model, plan, tmp_path, scheme)


@needs_compiler
def test_several_inputs_lie_one_behind_the_other(tmp_path):
    model = network(
        IN,
        "Input row 0 1 row 0=5",
        "Convolution a 1 1 in a 0=4 1=3 5=1 6=108",
        "InnerProduct b 1 1 row b 0=80 1=1 2=400",
        "Flatten f 1 1 a f",
        "Concat c 2 1 f b c 0=0",
        "InnerProduct last 1 1 c last 0=3 1=1 2=480",
    )
    rng = np.random.default_rng(9)
    items = [
        {name: rng.normal(0, 1, shape).astype(np.float32) for name, shape in shapes}
        for shapes in [(("in", (3, 6, 7)), ("row", (5,)))] * 3
    ]
    plan = calibrate(model, collect(model, items, progress=False), method="minmax")
    program = check(model, plan, items, tmp_path, "integer", *SANITIZED)
    assert [entrance.source for entrance in program.entrances] == ["in", "row"]


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (("Input in 0 1 in", "Convolution a 1 1 in a 0=4 1=3 5=1 6=108"), "does not say its size"),
        (
            (
                IN,
                "Convolution c 1 1 in c 0=4 1=3 4=1 5=1 6=108",
                "Split s 1 3 c i j k",
                "Eltwise x 3 1 i j k x 0=1",
                "InnerProduct last 1 1 x last 0=3 1=1 2=504",
            ),
            r"layer x \(Eltwise\): it combines 3 blobs",
        ),
    ],
)
def test_what_has_no_program_is_refused_with_the_place_and_the_reason(tmp_path, lines, message):
    model = network(*lines)
    items = [np.ones((3, 6, 7), np.float32)]
    plan = calibrate(model, collect(model, items, progress=False), method="minmax")
    with pytest.raises(GraphError, match=message):
        export_c(model, plan, tmp_path / "net.c")
    assert list(tmp_path.iterdir()) == []
