"""Each op between two convolutions, in integers and in float."""

from __future__ import annotations

import pytest

from tests.simulation.integer.conftest import conv, graph_of, inputs_of, model_of, plan_of
from workbench.numerics import metrics
from workbench.simulation.integer.propagation import propagate
from workbench.simulation.simulator import Simulator, simulate

ONE = (
    "ReLU op 1 1 x y",
    "ReLU op 1 1 x y 0=0.2",
    "PReLU op 1 1 x y 0=1",
    "PReLU op 1 1 x y 0=4",
    "Clip op 1 1 x y 0=-0.5 1=0.7",
    "Sigmoid op 1 1 x y",
    "TanH op 1 1 x y",
    "ELU op 1 1 x y 0=1.0",
    "GELU op 1 1 x y",
    "Swish op 1 1 x y",
    "Mish op 1 1 x y",
    "HardSigmoid op 1 1 x y",
    "HardSwish op 1 1 x y",
    "Dropout op 1 1 x y",
    "Dropout op 1 1 x y 0=0.5",
    "AbsVal op 1 1 x y",
    "UnaryOp op 1 1 x y 0=0",
    "UnaryOp op 1 1 x y 0=1",
    "BinaryOp op 1 1 x y 0=0 1=1 2=0.3",
    "BinaryOp op 1 1 x y 0=2 1=1 2=-0.3",
    "BinaryOp op 1 1 x y 0=3 1=1 2=2.5",
    "BinaryOp op 1 1 x y 0=4 1=1 2=0.1",
    "BinaryOp op 1 1 x y 0=7 1=1 2=1.0",
    "DeepCopy op 1 1 x y",
    "ShuffleChannel op 1 1 x y 0=2",
    "Pooling op 1 1 x y 0=0 1=3 2=2 3=1",
    "Pooling op 1 1 x y 0=1 1=3 2=1 3=1",
    "Pooling op 1 1 x y 0=1 1=2 2=2 6=1",
    "Pooling op 1 1 x y 0=0 7=1 8=3",
    "Padding op 1 1 x y 0=1 1=2 2=0 3=1 5=0.4",
    "Padding op 1 1 x y 0=1 1=1 2=1 3=1 4=1",
    "Interp op 1 1 x y 0=1 1=2.0 2=2.0",
    "Crop op 1 1 x y 0=1 1=2 2=0 3=3 4=3 5=4",
    "Permute op 1 1 x y 0=1",
    "Reshape op 1 1 x y 0=4 1=16 2=4",
)
TWO = (
    "BinaryOp op 2 1 a b y 0=0",
    "BinaryOp op 2 1 a b y 0=1",
    "BinaryOp op 2 1 a b y 0=7",
    "BinaryOp op 2 1 a b y 0=4",
    "BinaryOp op 2 1 a b y 0=5",
    "Eltwise op 2 1 a b y 0=1",
    "Eltwise op 2 1 a b y 0=1 -23301=2,0.5,-1.5",
    "Eltwise op 2 1 a b y 0=2",
    "Concat op 2 1 a b y 0=1",
    "Concat op 2 1 a b y 0=2",
)


MORE = {
    "a gate": (
        "Split split 1 2 c0 left right",
        "Pooling pool 1 1 left pool 0=1 4=1",
        "InnerProduct pooled 1 1 pool pooled 0=4 1=1 2=16",
        "Sigmoid gate 1 1 pooled gate",
        "BinaryOp op 2 1 right gate y 0=2",
    ),
    "a hard gate": (
        "Split split 1 2 c0 left right",
        "Pooling pool 1 1 left pool 0=1 4=1",
        "InnerProduct pooled 1 1 pool pooled 0=4 1=1 2=16",
        "HardSigmoid gate 1 1 pooled gate",
        "BinaryOp op 2 1 right gate y 0=2",
    ),
    "a part of the rows": ("Slice op 1 2 c0 y z -23300=2,3,5 1=1",),
}
CHAINS = (
    {line: (line.replace(" x y", " c0 y"),) for line in ONE}
    | {
        line: ("Split split 1 2 c0 left right", conv("a", "left"), conv("b", "right"), line)
        for line in TWO
    }
    | MORE
)


def chain(number: int, lines: tuple[str, ...]) -> list[str]:
    """The layers of a chain from a top of the first Split, with names of its own."""
    whole = [conv("c0", "data"), *lines, conv("c9", "y")]
    named = [" ".join(_named(part, number) for part in line.split()) for line in whole]
    named[0] = named[0].replace(f" data_{number} ", f" input_{number} ")
    return named


def _named(part: str, number: int) -> str:
    is_name = "=" not in part and not part.isdigit() and not part[0].isupper()
    return f"{part}_{number}" if is_name else part


@pytest.fixture(scope="module")
def runs():
    """All chains in one network: its scales, and its blobs in float and in integers."""
    tops = " ".join(f"input_{i}" for i in range(len(CHAINS)))
    lines = ["Input data 0 1 data 0=8 1=8 2=4", f"Split all 1 {len(CHAINS)} data {tops}"]
    for number, between in enumerate(CHAINS.values()):
        lines += chain(number, between)
    model, images = model_of(graph_of(*lines)), inputs_of((4, 8, 8))
    plan = plan_of(model, images)
    integer = Simulator(model, plan, "integer")
    runs = [(simulate(model, plan, image, "float"), integer.run(image)) for image in images]
    return integer.propagation, runs


@pytest.mark.parametrize(("number", "name"), list(enumerate(CHAINS)))
def test_an_op_stays_in_integers_and_near_float(runs, number, name):
    propagation, pairs = runs
    layer, top, last = (f"{blob}_{number}" for blob in ("op", "y", "c9"))
    assert propagation.layers[layer].integer, propagation[top].why
    for reference, run in pairs:
        assert run[top].array.dtype.name == "int8"
        assert metrics.cosine(reference[top].real, run[top].real) > 0.99
        assert metrics.cosine(reference[last].real, run[last].real) > 0.99


@pytest.mark.parametrize(
    "line", ["Softmax op 1 1 c0 y", "UnaryOp op 1 1 c0 y 0=9", "Exp op 1 1 c0 y"]
)
def test_what_stays_float_says_why(line):
    first = "Input data 0 1 data 0=8 1=8 2=4"
    graph = graph_of(first, conv("c0", "data"), line, conv("c9", "y"))
    found = propagate(graph, {"c0": 10.0, "c9": 10.0})
    assert not found.layers["op"].integer
    assert found["y"].why.startswith("float: ")
    assert found["c0"].scale is None
