"""Make the sample networks: data, training, conversion, checks, catalogue, tables in the README.

    python sample_models/make.py

Needs the extra `train`. Everything is seeded and runs on one thread: on one machine two runs write
the same bytes. About five minutes.
"""

from __future__ import annotations

import hashlib
import json
import re
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import int8_check
import numpy as np
import torch
from convert import export
from digits import SIDE, Part, split, write_images
from networks import MobileNetV2, PlainCNN, ShuffleNetV2
from torch import nn
from train import train

HERE = Path(__file__).parent
MEAN, NORM = 0.0, 1 / 64  # an empty pixel is an exact zero, which no histogram counts
PEAK = 300.0  # of PlainCNN's light meter; to ink its other channels answer with 7 at most


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


def table(*rows: tuple[str, ...]) -> str:
    """A Markdown table; the first row is the head."""
    lines = [f"| {' | '.join(row)} |" for row in (rows[0], ("---",) * len(rows[0]), *rows[1:])]
    return "\n".join(lines)


def accuracy_table(networks: dict[str, dict[str, Any]]) -> str:
    rows: list[tuple[str, ...]] = [("network", "float", "int8, min-max", "int8, KL", ".bin")]
    for name, network in networks.items():
        percents = (f"{100 * value:.2f} %" for value in network["accuracy"].values())
        rows.append((name, *percents, f"{(HERE / network['bin']).stat().st_size // 1000} kB"))
    return table(*rows)


def threshold_table(param: Path, calibration: int8_check.Floats) -> str:
    columns = [
        int8_check.find_thresholds(param, calibration, threshold)
        for threshold in int8_check.THRESHOLDS.values()
    ]
    rows = ((name, *(f"{column[name]:.2f}" for column in columns)) for name in columns[0])
    return table((f"input of, in {param.stem}", "largest value", "KL threshold"), *rows)


def hash_table(networks: dict[str, dict[str, Any]]) -> str:
    rows = [(n[k], f"`{n['sha256'][k]}`") for n in networks.values() for k in ("param", "bin")]
    return table(("file", "SHA-256"), *rows)


def write_readme_tables(tables: dict[str, str]) -> None:
    """Put each table between its pair of marks, <!-- name --> and <!-- end -->, in the README."""
    path = HERE / "README.md"
    text = path.read_text()
    for name, lines in tables.items():
        pattern = rf"(?<=<!-- {name} -->\n).*?(?=<!-- end -->)"
        text = re.sub(pattern, lines + "\n", text, count=1, flags=re.DOTALL)
    path.write_text(text)


def write_all_images(parts: dict[str, Part]) -> dict[str, Any]:
    """Write the calibration and the held-out images with their labels; return where they are."""
    places: dict[str, Any] = {name: f"images/{name}" for name in ("calibration", "heldout")}
    for name, folder in places.items():
        write_images(parts[name], HERE / folder)
    heldout = parts["heldout"]
    lines = [f"{n} {label}\n" for n, label in zip(heldout.names(), heldout.labels, strict=True)]
    labels = f"{places['heldout']}/labels.txt"
    (HERE / labels).write_text("".join(lines))
    glare = {name: parts[name].names(parts[name].glare) for name in places}
    return places | {"labels": labels, "glare": glare}


def main() -> None:
    """Make everything, one network after the other."""
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    parts, networks = split(), {}
    for name, recipe in RECIPES.items():
        start, param = time.monotonic(), HERE / f"{name}.param"
        network = make_network(recipe, parts)
        export(network, param)
        networks[name] = entry(param, measure(param, network, parts))
        print(f"{name}: {networks[name]['accuracy']}, {time.monotonic() - start:.0f} s", flush=True)
    catalogue = {"images": write_all_images(parts), "networks": networks}
    (HERE / "samples.json").write_text(json.dumps(catalogue, indent=1) + "\n")
    calibration = inputs_from(parts["calibration"])
    write_readme_tables(
        {
            "accuracies": accuracy_table(networks),
            "thresholds": threshold_table(HERE / "plain_cnn.param", calibration),
            "hashes": hash_table(networks),
        }
    )


if __name__ == "__main__":
    main()
