"""The trial run: a network runs once in a child process before it may run in this one."""

from __future__ import annotations

import json
import marshal
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from workbench.engine.loading import FLOAT_OPTIONS
from workbench.errors import EngineError
from workbench.model import Model, blob_shapes, save_model

TRIAL_SECONDS = 120
TRIAL_BYTES = 8 << 30
_SURVIVED: set[tuple[str, str]] = set()
"""Networks and shapes that passed their trial in this process."""
CHILD = Path(__file__).with_name("child.py")


def try_out(model: Model, shapes: Mapping[str, tuple[int, ...]]) -> None:
    """Check that a network fits its inputs, then run it once in a child process.

    The shapes of its blobs are checked first, for what does not fit may read beyond its weights
    without a crash. The child runs it on zeros, in bounded time and memory. A network that
    passed is remembered by its hash and shapes, and not tried again.

    Args:
        model: the network.
        shapes: shape of each input blob, as of the arrays for `Network.run`.

    Raises:
        GraphError: a layer does not fit the shape of its bottoms.
        EngineError: ncnn refused it, crashed, ran out of memory or did not come to an end.
    """
    key = (model.sha256, json.dumps(dict(shapes), sort_keys=True))
    if key in _SURVIVED:
        return
    blob_shapes(model.graph, shapes)
    with tempfile.TemporaryDirectory(prefix="workbench-") as folder:
        job = _job(model, shapes, folder)
        save_model(model, job["param"], job["bin"])
        _judge(_run_child(job))
    _SURVIVED.add(key)


def _job(model: Model, shapes: Mapping[str, tuple[int, ...]], folder: str) -> dict[str, Any]:
    """The arguments of the child's `run`."""
    graph = model.graph
    return {
        "param": str(Path(folder, "m.param")),
        "bin": str(Path(folder, "m.bin")),
        "shapes": dict(shapes),
        "outputs": [blob for blob in graph.blobs if blob in graph.outputs],
        "options": FLOAT_OPTIONS,
        "memory": TRIAL_BYTES,
    }


def _run_child(job: dict[str, Any]) -> subprocess.CompletedProcess[bytes]:
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    try:
        return subprocess.run(
            [sys.executable, "-P", str(CHILD)],
            input=marshal.dumps(job),
            capture_output=True,
            timeout=TRIAL_SECONDS,
            env=environment,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise EngineError(
            f"the network did not finish one run on zeros within {TRIAL_SECONDS} s",
            where="trial run",
            advice="Check the shapes that its layers produce.",
        ) from error


def _judge(child: subprocess.CompletedProcess[bytes]) -> None:
    if child.returncode == 0:
        return
    said = " | ".join(child.stderr.decode(errors="replace").strip().splitlines()[-2:])
    if child.returncode < 0:
        how = f"ncnn crashed on this network ({signal.Signals(-child.returncode).name})"
    else:
        how = "ncnn could not run this network"
    raise EngineError(
        f"{how}; it said: {said}" if said else how,
        where="trial run",
        advice="The layers' parameters or shapes do not fit together, or the input's shape is "
        "not the one that the network was made for.",
    )
