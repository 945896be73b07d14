"""Make the sample networks: data, training, conversion, checks, catalogue, tables in the README.

    python sample_models/make.py

Needs the extra `train`. Everything is seeded and runs on one thread: on one machine two runs write
the same bytes. About five minutes.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

import int8_check
from convert import export
from digits import SIDE, Part, split, write_images
from networks import MobileNetV2, PlainCNN, ShuffleNetV2
from train import train

HERE = Path(__file__).parent
MEAN, NORM = 0.0, 1 / 64  # an empty pixel is an exact zero, which no histogram counts
PEAK = 300.0  # of PlainCNN's light meter; its other channels answer with about 5


@dataclass(frozen=True)
class Recipe:
    """How to train one network."""

    network: Callable[[], nn.Module]
    epochs: int
    rate: float


RECIPES = {
    "mobilenet_v2": Recipe(MobileNetV2, 40, 3e-3),
    "shufflenet_v2": Recipe(ShuffleNetV2, 40, 3e-3),
    "plain_cnn": Recipe(PlainCNN, 20, 3e-3),
}


def inputs_from(part: Part) -> int8_check.Floats:
    """What the networks are given: (pixel - mean) * norm, float32 (N, 1, 32, 32)."""
    return ((part.pixels[:, None].astype(np.float32) - MEAN) * NORM).astype(np.float32)


def make_network(recipe: Recipe, parts: dict[str, Part]) -> nn.Module:
    """Train from a fixed seed."""
    torch.manual_seed(0)
    network = recipe.network()
    train(network, parts["train"], MEAN, NORM, recipe.epochs, recipe.rate)
    if isinstance(network, PlainCNN):
        network.raise_light_meter(torch.from_numpy(inputs_from(parts["calibration"])), PEAK)
    return network


def check_same(network: nn.Module, net: Any, inputs: int8_check.Floats) -> None:
    """Stop unless ncnn's probabilities are torch's."""
    with torch.no_grad():
        expected = network(torch.from_numpy(inputs)).softmax(1).numpy()
    got = np.concatenate(int8_check.run(net, inputs, ["prob"]))
    if not np.allclose(got, expected, atol=2e-3):
        raise SystemExit(f"ncnn and torch differ by {np.abs(got - expected).max()}")


def measure(param: Path, network: nn.Module, parts: dict[str, Part]) -> dict[str, float]:
    """Top-1 on the held-out images, all in ncnn: float, and int8 by either calibration."""
    inputs, labels = inputs_from(parts["heldout"]), parts["heldout"].labels
    calibration = inputs_from(parts["calibration"])
    net = int8_check.load(param)
    check_same(network, net, inputs)
    result = {"float": int8_check.accuracy(net, inputs, labels)}
    for method, threshold in int8_check.THRESHOLDS.items():
        with tempfile.TemporaryDirectory() as folder:
            int8 = int8_check.quantize(param, calibration, threshold, Path(folder))
            result[method] = int8_check.accuracy(int8_check.load(int8), inputs, labels)
    return {method: round(value, 4) for method, value in result.items()}


def entry(param: Path, accuracy: dict[str, float]) -> dict[str, Any]:
    """One network in the catalogue."""
    files = {"param": param, "bin": param.with_suffix(".bin")}
    return {
        "param": files["param"].name,
        "bin": files["bin"].name,
        "input": "data",
        "shape": [SIDE, SIDE, 1],
        "mean": [MEAN],
        "norm": [NORM],
        "pixel": "GRAY",
        "output": "prob",
        "classes": [str(digit) for digit in range(10)],
        "accuracy": accuracy,
        "sha256": {k: hashlib.sha256(f.read_bytes()).hexdigest() for k, f in files.items()},
    }


def write_readme_tables(networks: dict[str, dict[str, Any]]) -> None:
    """Replace what stands between the two marks in the README."""
    accuracy = ["| network | float | int8, min-max | int8, KL | size of .bin |", "|---|---|---|---|---|"]
    hashes = ["| file | SHA-256 |", "|---|---|"]
    for name, network in networks.items():
        percents = " | ".join(f"{100 * v:.2f} %" for v in network["accuracy"].values())
        size = (HERE / network["bin"]).stat().st_size / 1000
        accuracy.append(f"| `{name}` | {percents} | {size:.0f} kB |")
        hashes += [f"| `{network[k]}` | `{network['sha256'][k]}` |" for k in ("param", "bin")]
    path = HERE / "README.md"
    before, _, after = path.read_text().split("<!-- measured -->")
    middle = "\n".join(["", *accuracy, "", *hashes, ""])
    path.write_text("<!-- measured -->".join((before, middle, after)))


def main() -> None:
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    parts = split()
    images: dict[str, Any] = {"glare": {}}
    for name in ("calibration", "heldout"):
        images[name] = f"images/{name}"
        images["glare"][name] = parts[name].names(parts[name].glare)
        write_images(parts[name], HERE / images[name])
    images["labels"] = "images/heldout/labels.txt"
    rows = zip(parts["heldout"].names(), parts["heldout"].labels, strict=True)
    (HERE / images["labels"]).write_text("".join(f"{name} {label}\n" for name, label in rows))
    networks = {}
    for name, recipe in RECIPES.items():
        start, param = time.monotonic(), HERE / f"{name}.param"
        network = make_network(recipe, parts)
        export(network, param)
        networks[name] = entry(param, measure(param, network, parts))
        print(f"{name}: {networks[name]['accuracy']}, {time.monotonic() - start:.0f} s", flush=True)
    catalogue = {"images": images, "networks": networks}
    (HERE / "samples.json").write_text(json.dumps(catalogue, indent=1) + "\n")
    write_readme_tables(networks)


if __name__ == "__main__":
    main()
