"""What int8 costs a network: calibrate it, write its int8 form, run that in ncnn itself.

Every Convolution, ConvolutionDepthWise and InnerProduct gets int8 weights and one scale for its
input; between the layers blobs stay float. The search is ncnn's (Tencent/ncnn,
tools/quantize/ncnn2table.cpp, quantize_KL) in float64.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

import ncnn
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
BINS, LEVELS = 2048, 128
QUANTIZED = ("Convolution", "ConvolutionDepthWise", "InnerProduct")
INT8_TAG = 0x000D4B38


def load(param: Path) -> ncnn.Net:
    """The network of `param` and of the .bin beside it, set for exact comparison."""
    net = ncnn.Net()
    net.opt.num_threads = 1
    net.opt.use_packing_layout = False
    net.opt.lightmode = False
    if net.load_param(str(param)) or net.load_model(str(param.with_suffix(".bin"))):
        raise SystemExit(f"ncnn does not load {param}")
    return net


def run(net: ncnn.Net, inputs: Floats, blobs: list[str]) -> list[list[Floats]]:
    """The named blobs (in topological order) of each input (N, 1, 32, 32)."""
    results = []
    for array in inputs:
        extractor = net.create_extractor()
        extractor.input("data", ncnn.Mat(array))
        results.append([np.array(extractor.extract(blob)[1]) for blob in blobs])
    return results


def accuracy(net: ncnn.Net, inputs: Floats, labels: NDArray[np.int64]) -> float:
    """Top-1, 0 to 1."""
    guesses = [int(np.argmax(prob)) for (prob,) in run(net, inputs, ["prob"])]
    return float(np.mean(np.array(guesses) == labels))


def minmax_threshold(values: Floats) -> float:
    return float(np.abs(values).max())


def kl_threshold(values: Floats) -> float:
    """The threshold that ncnn's KL search takes for `values` (all images together)."""
    absmax = float(np.abs(values).max())
    magnitudes = np.abs(values[values != 0]) / absmax * BINS
    counts = np.bincount(np.minimum(magnitudes.astype(np.int64), BINS - 1), minlength=BINS)
    histogram = counts / counts.sum()
    divergences = [kl_divergence(histogram, t) for t in range(LEVELS, BINS)]
    return (LEVELS + int(np.argmin(divergences)) + 0.5) * absmax / BINS


def kl_divergence(histogram: NDArray[np.float64], t: int) -> float:
    """Between `histogram`, what lies beyond bin `t` put into the last bin kept, and 128 levels."""
    floor, width = 1e-4, t / LEVELS
    clipped = histogram[:t] + floor
    clipped[-1] += histogram[t:].sum()
    # A level ends within a bin: interpolating the running sum splits that bin.
    bins, levels = np.arange(t + 1), np.arange(LEVELS + 1) * width
    levels_sum = np.interp(levels, bins, np.concatenate(([0.0], np.cumsum(histogram[:t]))))
    expanded = floor + np.diff(np.interp(bins, levels, levels_sum))
    return float(np.sum(clipped * np.log(clipped / expanded)))


THRESHOLDS: dict[str, Callable[[Floats], float]] = {"minmax": minmax_threshold, "kl": kl_threshold}


def find_thresholds(
    param: Path, calibration: Floats, threshold: Callable[[Floats], float]
) -> dict[str, float]:
    """For each layer to quantize, the threshold of its input blob over the calibration inputs."""
    rows = [line.split() for line in param.read_text().splitlines()]
    blobs = {row[1]: row[4] for row in rows if row[0] in QUANTIZED}
    values = zip(*run(load(param), calibration, list(blobs.values())), strict=True)
    return {name: threshold(np.stack(v)) for name, v in zip(blobs, values, strict=True)}


def quantize(
    param: Path, calibration: Floats, threshold: Callable[[Floats], float], folder: Path
) -> Path:
    """Write the int8 form of `param` and its .bin into `folder`; return its .param."""
    thresholds = find_thresholds(param, calibration, threshold)
    weights, lines, int8 = param.with_suffix(".bin").read_bytes(), [], b""
    for line in param.read_text().splitlines():
        kind, _, name = line.partition(" ")
        if kind in QUANTIZED:
            packed, used = quantize_layer(line, weights, thresholds[name.split()[0]])
            int8, weights = int8 + packed, weights[used:]
            line += f" 8={1 if kind == 'ConvolutionDepthWise' else 2}"
        lines.append(line)
    (folder / "int8.bin").write_bytes(int8)
    (folder / "int8.param").write_text("\n".join(lines) + "\n")
    return folder / "int8.param"


def quantize_layer(line: str, data: bytes, threshold: float) -> tuple[bytes, int]:
    """The int8 .bin part of the layer at the head of `data`, and its size there in bytes.

    The layer lies in `data` as a tag of 0, the weights and the bias, all fp32. Dense 3x3 stride-1
    convolutions get 6 bits (ncnn's rule for its Winograd form), all others 8.
    """
    kind, keys = line.split()[0], dict(item.split("=") for item in line.split() if "=" in item)
    outputs, size = int(keys["0"]), int(keys["2" if kind == "InnerProduct" else "6"])
    values = np.frombuffer(data, np.float32, 1 + size + outputs)
    weights, bias = values[1 : 1 + size].reshape(outputs, -1), values[1 + size :]
    six_bits = kind == "Convolution" and keys["1"] == "3" and keys["3"] == "1"
    scales = ((31 if six_bits else 127) / np.abs(weights).max(1)).astype(np.float32)
    integers = np.rint(weights * scales[:, None]).astype(np.int8).tobytes()
    tag, scale = struct.pack("<I", INT8_TAG), struct.pack("<f", 127 / threshold)
    packed = tag + integers + bytes(-size % 4) + bias.tobytes() + scales.tobytes() + scale
    return packed, values.nbytes
