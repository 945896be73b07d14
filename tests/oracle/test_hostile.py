"""Damaged networks: our reader refuses them, or ncnn survives them, or only a child dies."""

from __future__ import annotations

import contextlib
import random
import re
import warnings

import numpy as np
import pytest

from workbench.engine import Network
from workbench.errors import WorkbenchError, WorkbenchWarning
from workbench.model import load_model, save_model

NUMBER = re.compile(r"(?<==)-?\d+")
STRANGE = ("0", "-1", "1", "2", "3", "7", "100", "70000", "2147483647", "-2147483648", "-233")


def with_a_strange_number(text: str, rng: random.Random) -> str:
    """Replace one parameter's value."""
    place = rng.choice(list(NUMBER.finditer(text)))
    return text[: place.start()] + rng.choice(STRANGE) + text[place.end() :]


def with_lines_swapped(text: str, rng: random.Random) -> str:
    lines = text.splitlines(keepends=True)
    one, two = rng.sample(range(2, len(lines)), 2)
    lines[one], lines[two] = lines[two], lines[one]
    return "".join(lines)


def with_another_type(text: str, rng: random.Random) -> str:
    types = ("ReLU", "Flatten", "Permute", "Reshape", "Crop", "Interp", "Softmax", "BatchNorm")
    old = rng.choice(("Pooling", "Softmax", "Concat", "ConvolutionDepthWise"))
    return text.replace(f"\n{old} ", f"\n{rng.choice(types)} ", 1)


CHANGES = (with_a_strange_number, with_a_strange_number, with_lines_swapped, with_another_type)


@pytest.mark.parametrize("seed", range(60))
def test_a_damaged_network_is_refused_or_runs(seed, tmp_path, model, arrays):
    rng = random.Random(seed)
    param, weights = tmp_path / "m.param", tmp_path / "m.bin"
    save_model(model, param, weights)
    param.write_text(rng.choice(CHANGES)(param.read_text(), rng))
    with contextlib.suppress(WorkbenchError), warnings.catch_warnings():
        warnings.simplefilter("ignore", WorkbenchWarning)
        damaged = load_model(param, weights)
        result = Network(damaged).run({"data": arrays[0]}, damaged.graph.outputs)
        assert all(isinstance(blob, np.ndarray) for blob in result.values())
