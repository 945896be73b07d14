"""Sound to its frequencies over time, and back.

Source: Tencent/ncnn, src/layer/spectrogram.cpp, inversespectrogram.cpp: load_param.
"""

from __future__ import annotations

from collections.abc import Iterator

from workbench.ops.op import Op, Param, Same, Values, flag, integer

_MOST_SAMPLES = 1 << 24


def _quarter(values: Values) -> int:
    return int(values.n_fft / 4)


def _check_window(values: Values) -> Iterator[str]:
    if values.winlen > values.n_fft:
        yield f"winlen (key 3) is {values.winlen}, larger than n_fft, {values.n_fft}"


def _check_pad(values: Values) -> Iterator[str]:
    if values.center == 1 and not 0 <= values.pad_type <= 2:
        yield f"pad_type (key 6) is {values.pad_type}, and must be 0 to 2"


def _params(kind: str) -> tuple[Param, ...]:
    return (
        integer(0, "n_fft", 0, low=1, high=_MOST_SAMPLES),
        integer(1, kind, 0, low=0, high=2),
        integer(2, "hoplen", _quarter, low=1),
        integer(3, "winlen", Same("n_fft"), low=1),
        integer(4, "window_type", 0, low=0, high=2),
        flag(5, "center", 1),
        integer(7, "normalized", 0, low=0, high=2),
    )


OPS = (
    Op(
        "Spectrogram",
        "The strength of each frequency in each stretch of a sound.",
        (*_params("power"), integer(6, "pad_type", 2), flag(8, "onesided", 1)),
        rules=(_check_window, _check_pad),
    ),
    Op(
        "InverseSpectrogram",
        "A sound from the strength and phase of its frequencies.",
        _params("returns"),
        rules=(_check_window,),
    ),
)
