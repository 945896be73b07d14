"""Words for what stands for channels."""

from __future__ import annotations

from collections.abc import Sequence


def of_channels(names: Sequence[str]) -> str:
    """Say which channels have which name: "conv2 (channels 0 to 3), conv4 (channel 4)".

    Args:
        names: a name for each channel.
    """
    found = {name: [i for i, one in enumerate(names) if one == name] for name in names}
    if len(found) == 1:
        return next(iter(found))
    return ", ".join(f"{name} ({ranges(channels)})" for name, channels in found.items())


def ranges(channels: Sequence[int]) -> str:
    """Write channel numbers in order as "channels 0 to 3, 7", or "channel 2"."""
    runs: list[list[int]] = []
    for channel in channels:
        if runs and runs[-1][-1] + 1 == channel:
            runs[-1].append(channel)
        else:
            runs.append([channel])
    words = [f"{run[0]} to {run[-1]}" if len(run) > 1 else str(run[0]) for run in runs]
    return f"{'channels' if len(channels) > 1 else 'channel'} {', '.join(words)}"
