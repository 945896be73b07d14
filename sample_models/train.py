"""Train one network: Adam, a one-cycle schedule, shifted, turned and scaled digits."""

from __future__ import annotations

import math

import numpy as np
import torch
from digits import GLARE_RATE, Part, draw_glare
from torch import Tensor, nn

BATCH = 64


def augment(pixels: Tensor, rng: np.random.Generator) -> Tensor:
    """Turn (11 degrees), scale (12 %) and shift (3 pixels) each digit; draw glare into a few.

    `pixels` is float32 (N, 1, 32, 32) of grey levels, and so is the result.
    """
    n = len(pixels)
    angle, scale = rng.uniform(-0.2, 0.2, n), rng.uniform(0.88, 1.12, n)
    rows = np.zeros((n, 2, 3), np.float32)
    rows[:, 0, 0], rows[:, 0, 1] = np.cos(angle) / scale, np.sin(angle) / scale
    rows[:, 1, 0], rows[:, 1, 1] = -np.sin(angle) / scale, np.cos(angle) / scale
    rows[:, :, 2] = rng.uniform(-3, 3, (n, 2)) / 16
    grid = nn.functional.affine_grid(
        torch.from_numpy(rows), list(pixels.shape), align_corners=False
    )
    moved = nn.functional.grid_sample(pixels, grid, align_corners=False).round()
    for i in np.flatnonzero(rng.random(n) < GLARE_RATE):
        spotted = draw_glare(moved[i, 0].numpy().astype(np.uint8), rng)
        moved[i, 0] = torch.from_numpy(spotted.astype(np.float32))
    return moved


def train(
    network: nn.Module, part: Part, mean: float, norm: float, epochs: int, rate: float
) -> None:
    """Train `network` in place on (pixel - mean) * norm and leave it in evaluation mode."""
    rng = np.random.default_rng(1)
    pixels = torch.from_numpy(part.pixels.astype(np.float32))[:, None]
    labels = torch.from_numpy(part.labels)
    steps = epochs * math.ceil(len(labels) / BATCH)
    optimizer = torch.optim.AdamW(network.parameters(), lr=rate, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, steps)
    network.train()
    for _ in range(epochs):
        for chosen in torch.split(torch.from_numpy(rng.permutation(len(labels))), BATCH):
            inputs = (augment(pixels[chosen], rng) - mean) * norm
            loss = nn.functional.cross_entropy(
                network(inputs), labels[chosen], label_smoothing=0.05
            )
            optimizer.zero_grad()
            torch.autograd.backward(loss)
            optimizer.step()
            schedule.step()
    network.eval()
