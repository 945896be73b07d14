"""Turn a trained network into ncnn's .param and .bin with pnnx, and give readable names."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections import Counter
from pathlib import Path

import pnnx
import torch
from digits import SIDE
from torch import nn

KINDS = {
    "BinaryOp": "add", "Concat": "concat", "Flatten": "flatten", "Pooling": "pool",
    "ShuffleChannel": "shuffle", "Slice": "slice", "Split": "split",
}  # fmt: skip


def export(network: nn.Module, param: Path) -> None:
    """Write `network` and a softmax behind it as `param` and, beside it, the .bin in fp32."""
    whole = nn.Sequential(network, nn.Softmax(1)).eval()
    with tempfile.TemporaryDirectory() as folder:
        torch.jit.trace(whole, torch.zeros(1, 1, SIDE, SIDE)).save(f"{folder}/net.pt")
        command = [pnnx.EXEC_PATH, "net.pt", f"inputshape=[1,1,{SIDE},{SIDE}]", "fp16=0"]
        subprocess.run(command, cwd=folder, check=True, capture_output=True)
        text = Path(folder, "net.ncnn.param").read_text()
        param.write_text(rename(text, weighted_names(network)))
        shutil.copyfile(f"{folder}/net.ncnn.bin", param.with_suffix(".bin"))


def weighted_names(network: nn.Module) -> list[str]:
    """The names of the layers with weights, in order: `unit1.expand.conv` is `unit1_expand`."""
    return [
        name.removesuffix(".conv").replace(".", "_")
        for name, module in network.named_modules()
        if isinstance(module, nn.Conv2d | nn.Linear)
    ]


def rename(text: str, weighted: list[str]) -> str:
    """Name the layers of a .param after the torch modules, and each blob after its producer.

    Layers without weights are numbered by kind: `pool1`, `pool2`, `split1`.
    """
    head, lines = text.splitlines()[:2], text.splitlines()[2:]
    names, counts, blobs = iter(weighted), Counter[str](), dict[str, str]()
    for line in lines:
        kind, _, n_in, n_out, *rest = line.split()
        bottoms, tops = rest[: int(n_in)], rest[int(n_in) : int(n_in) + int(n_out)]
        if kind in KINDS:
            counts[kind] += 1
            name = f"{KINDS[kind]}{counts[kind]}"
        else:
            name = {"Input": "data", "Softmax": "prob"}.get(kind) or next(names)
        new = [name] if len(tops) == 1 else [f"{name}_{i}" for i in range(len(tops))]
        blobs |= dict(zip(tops, new, strict=True))
        parameters = " ".join(rest[len(bottoms) + len(tops) :])
        if kind == "Input":
            parameters = f"0={SIDE} 1={SIDE} 2=1"  # pnnx does not say the size
        links = " ".join([blobs[b] for b in bottoms] + new)
        head.append(f"{kind:<24} {name:<24} {n_in} {n_out} {links} {parameters}".rstrip())
    return "\n".join(head) + "\n"
