"""Damaged files: each either loads or raises a WorkbenchError, at once and in little memory."""

from __future__ import annotations

import random
import time
import tracemalloc
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from workbench.errors import WorkbenchError, WorkbenchWarning
from workbench.formats.param import parse_param
from workbench.formats.weights import Weight
from workbench.graph import Graph
from workbench.model import Model, load_model, save_model
from workbench.ops import weights

SAMPLES = Path(__file__).parents[1] / "sample_models"

PARAMS = {
    "chain": """7767517
6 6
Input                data 0 1 data 0=8 1=8 2=3
Convolution          conv 1 1 data conv 0=4 1=3 4=1 5=1 6=108 9=2 -23310=1,1.000000e-01
Pooling              pool 1 1 conv pool 0=0 1=2 2=2
BatchNorm            norm 1 1 pool norm 0=4 1=1.000000e-05
InnerProduct         fc   1 1 norm fc 0=5 1=1 2=320
Softmax              prob 1 1 fc prob 0=0 1=1
""",
    "branches": """7767517
9 12
Input                data  0 1 data 0=8 1=8 2=4
Split                split 1 2 data a b
ConvolutionDepthWise dw    1 1 a dw 0=4 1=3 4=1 6=36 7=4
ShuffleChannel       mix   1 1 dw mix 0=2
Slice                cut   1 2 b c d -23300=2,-233,-233
Concat               cat   3 1 mix c d cat 0=0
Reshape              flat  1 1 cat flat 0=-1 6="*(0w,0h),0c"
Gemm                 gemm  1 1 flat gemm 5=1 8=3 9=64 3=1
MyOwnLayer           mine  1 2 gemm x y 0=1,2.5e1, 1=word 30=1,2,3,4
""".replace("0=1,2.5e1,", "0=1.0,2.5e1,"),
    "int8": """7767517
5 5
Input                data 0 1 data 0=8 1=8 2=3
Convolution          conv 1 1 data conv 0=4 1=3 5=1 6=108 8=102
ConvolutionDepthWise dw   1 1 conv dw 0=4 1=3 6=36 7=4 8=1
LSTM                 lstm 1 1 dw lstm 0=4 1=64 8=2
Embed                emb  1 1 lstm emb 0=3 1=5 3=15 2=1
""",
}


def with_weights(graph: Graph) -> Model:
    """The network with random weights, each tagged array in another encoding."""
    rng, encodings = np.random.default_rng(0), ["float32", "float16", "table", "bfloat16"]
    found = {}
    for layer in graph.layers:
        arrays = []
        for spec in weights(layer):
            numbers = rng.integers(-100, 100, spec.shape)
            encoding = "int8" if spec.int8 != "never" else encodings[0]
            if spec.load == "tagged":
                encodings.append(encodings.pop(0))
            arrays.append(
                Weight.of(spec.name, numbers, encoding if spec.load == "tagged" else "raw")
            )
        found[layer.name] = tuple(arrays)
    return Model(graph, found)


@pytest.fixture(params=[*PARAMS, *sorted(path.stem for path in SAMPLES.glob("*.param"))])
def files(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[bytes, bytes]:
    """The bytes of the two files of a good network."""
    if request.param in PARAMS:
        save_model(with_weights(parse_param(PARAMS[request.param])), *paths(tmp_path))
        return paths(tmp_path)[0].read_bytes(), paths(tmp_path)[1].read_bytes()
    sample = SAMPLES / request.param
    return sample.with_suffix(".param").read_bytes(), sample.with_suffix(".bin").read_bytes()


def paths(folder: Path) -> tuple[Path, Path]:
    return folder / "m.param", folder / "m.bin"


def flip(data: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(data))
    return data[:at] + bytes([data[at] ^ (1 << rng.randrange(8))]) + data[at + 1 :]


def insert(data: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(data) + 1)
    return data[:at] + rng.randbytes(rng.choice([1, 2, 4, 100])) + data[at:]


def delete(data: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(data))
    return data[:at] + data[at + rng.choice([1, 2, 4, 100]) :]


def repeat(data: bytes, rng: random.Random) -> bytes:
    start, end = sorted(rng.choices(range(len(data)), k=2))
    return data[:end] + data[start:end] + data[end:]


def truncate(data: bytes, rng: random.Random) -> bytes:
    return data[: rng.randrange(len(data))]


def swap_lines(data: bytes, rng: random.Random) -> bytes:
    lines = data.split(b"\n")
    i, j = rng.choices(range(len(lines)), k=2)
    lines[i], lines[j] = lines[j], lines[i]
    return b"\n".join(lines)


NUMBERS = (
    b"0 1 -1 2 3 -233 100 65536 2147483647 2147483648 -2147483648 1.5 1e39 nan inf , 0=0".split()
)


def renumber(data: bytes, rng: random.Random) -> bytes:
    """Put another number or word for what stands between blanks, commas and equals signs."""
    starts = [0, *(i + 1 for i, byte in enumerate(data) if byte in b" =,")]
    start = rng.choice(starts)
    end = min((at for sign in b" =,\n" if (at := data.find(sign, start)) >= 0), default=start)
    return data[:start] + rng.choice(NUMBERS) + data[end:]


WORDS = [0, 1, 0x01306B47, 0x01348B83, 0x000D4B38, 0x0002C056, 0x7F800000, 0x7FC00000, 2**32 - 1]


def retag(data: bytes, rng: random.Random) -> bytes:
    """Put a tag, an infinity or a NaN for some four bytes, often the first."""
    at = rng.choice([0, 4 * rng.randrange(len(data) // 4 + 1)])
    return data[:at] + rng.choice(WORDS).to_bytes(4, "little") + data[at + 4 :]


TEXT: list[Callable[[bytes, random.Random], bytes]] = [
    *(flip, insert, delete, repeat, truncate, swap_lines, renumber, renumber, renumber)
]
BINARY: list[Callable[[bytes, random.Random], bytes]] = [
    *(flip, insert, delete, repeat, truncate, retag, retag)
]


def outcome(folder: Path) -> str:
    """Load the files in a folder, and use what loads."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", WorkbenchWarning)
            model = load_model(*paths(folder))
        for name, arrays in model.weights.items():
            assert all(np.isfinite(model.weight(name, array.name)).all() for array in arrays)
        save_model(model, folder / "again.param", folder / "again.bin")
    except WorkbenchError as error:
        return str(error)
    assert (folder / "again.param").read_bytes() == paths(folder)[0].read_bytes()
    assert (folder / "again.bin").read_bytes() == paths(folder)[1].read_bytes()
    return ""


def try_out(
    files: tuple[bytes, bytes],
    which: int,
    seed: int,
    mutations: list[Callable[..., bytes]],
    folder: Path,
) -> list[str]:
    """What became of a network after each of many random changes to one of its files."""
    rng, found = random.Random(seed), []
    for path, data in zip(paths(folder), files, strict=True):
        path.write_bytes(data)
    for _ in range(120 if len(files[1]) < 10_000 else 40):
        data = files[which]
        for _ in range(rng.choice([1, 1, 2])):
            data = rng.choice(mutations)(data or b"7", rng)
        paths(folder)[which].write_bytes(data)
        started = time.perf_counter()
        found.append(outcome(folder))
        assert time.perf_counter() - started < 5
    return found


@pytest.mark.parametrize(("which", "mutations"), [(0, TEXT), (1, BINARY)], ids=["param", "bin"])
def test_a_damaged_file_loads_or_says_what_is_wrong(
    files: tuple[bytes, bytes],
    which: int,
    mutations: list[Callable[..., bytes]],
    tmp_path: Path,
) -> None:
    tracemalloc.start()
    try:
        problems = try_out(files, which, len(files[0]), mutations, tmp_path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 12 * sum(map(len, files)) + 4_000_000
    assert 0 < sum(not problem for problem in problems) < len(problems)
    assert all(len(problem) < 500 for problem in problems)
