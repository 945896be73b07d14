"""One array of weights as it is encoded in a .bin file.

The encodings are told in `workbench.formats.weights`. Source: Tencent/ncnn,
src/modelbin.cpp, ModelBinFromDataReader::load; the tag of the codebook from
tools/caffe/caffe2ncnn.cpp, quantize_weight.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.errors import FormatError

TAG_BYTES = 4
CODEBOOK_SIZE = 256


@dataclass(frozen=True)
class Encoding:
    """One way to write numbers.

    Attributes:
        dtype: of an element in the file; "<u2" stands for bfloat16, the upper half of a float32.
        tag: the flag tag of 4 bytes before it, or None.
        codebook: number of float32 that stand before the elements, which are indices into them.
    """

    dtype: str
    tag: int | None
    codebook: int = 0

    @property
    def head(self) -> int:
        """Bytes before the elements: tag and codebook."""
        return TAG_BYTES * (self.tag is not None) + 4 * self.codebook

    def size(self, count: int) -> int:
        """Return the bytes of `count` elements with all that stands before and after them."""
        return self.head + -(-count * np.dtype(self.dtype).itemsize // 4) * 4


ENCODINGS: Mapping[str, Encoding] = MappingProxyType(
    {
        "raw": Encoding("<f4", None),
        "float32": Encoding("<f4", 0),
        "float16": Encoding("<f2", 0x01306B47),
        "bfloat16": Encoding("<u2", 0x01348B83),
        "int8": Encoding("<i1", 0x000D4B38),
        "extra": Encoding("<f4", 0x0002C056),
        "table": Encoding("<u1", 1, CODEBOOK_SIZE),
        "packed": Encoding("<u1", None),
    }
)

_FINITE = {"<f4": ("<u4", 0x7F800000), "<f2": ("<u2", 0x7C00), "<u2": ("<u2", 0x7F80)}


@dataclass(frozen=True)
class Weight:
    """One array of weights, with the bytes that stand for it in the file.

    Attributes:
        name: as its `WeightSpec` calls it, e.g. "weight" or "bias".
        encoding: a key of `ENCODINGS`.
        count: number of elements.
        data: the bytes in the file, tag and padding included. They are the truth: what is read
            and written unchanged is the same to the byte.
    """

    name: str
    encoding: str
    count: int
    data: bytes | memoryview

    @classmethod
    def of(cls, name: str, array: NDArray[Any], encoding: str = "raw") -> Weight:
        """Encode an array.

        Args:
            name: as its `WeightSpec` calls it.
            array: numbers of any shape; whole ones from -128 to 127 for "int8", from 0 to 255
                for "packed", at most 256 different ones for "table".
            encoding: a key of `ENCODINGS`. float16 and bfloat16 round to the nearest, ties to
                even.

        Raises:
            FormatError: a number is not finite, or the encoding cannot hold it.
        """
        kind = ENCODINGS[encoding]
        body = _encode(name, np.asarray(array).ravel(), encoding)
        tag = b"" if kind.tag is None else kind.tag.to_bytes(TAG_BYTES, "little")
        data = (tag + body).ljust(kind.size(array.size), b"\0")
        weight = cls(name, encoding, array.size, data)
        if not weight.is_finite():
            raise _misfit(name, encoding, "has numbers that are NaN, infinite or too large")
        return weight

    @cached_property
    def array(self) -> NDArray[Any]:
        """The numbers, flat and read-only: float32, int8 for "int8", uint8 for "packed"."""
        decoded: NDArray[Any]
        stored = self._stored()
        if self.encoding == "table":
            decoded = self._codebook()[stored]
        elif self.encoding == "float16":
            decoded = stored.astype(np.float32)
        elif self.encoding == "bfloat16":
            decoded = (stored.astype(np.uint32) << 16).view(np.float32)
        else:
            decoded = stored
        decoded.setflags(write=False)
        return decoded

    def is_finite(self) -> bool:
        """Tell whether no number is NaN or infinite, without decoding."""
        if self.encoding == "table":
            return bool(np.isfinite(self._codebook()).all())
        if (dtype := ENCODINGS[self.encoding].dtype) not in _FINITE:
            return True
        bits, exponent = _FINITE[dtype]
        return not bool((self._stored().view(bits) & exponent == exponent).any())

    def _stored(self) -> NDArray[Any]:
        kind = ENCODINGS[self.encoding]
        return np.frombuffer(self.data, kind.dtype, self.count, kind.head)

    def _codebook(self) -> NDArray[np.float32]:
        return np.frombuffer(self.data, "<f4", CODEBOOK_SIZE, TAG_BYTES)


def _encode(name: str, array: NDArray[Any], encoding: str) -> bytes:
    if encoding == "table":
        return _encode_table(name, array)
    if encoding == "bfloat16":
        return _to_bfloat16(array).tobytes()
    dtype = np.dtype(ENCODINGS[encoding].dtype)
    with np.errstate(over="ignore", invalid="ignore"):
        stored = array.astype(dtype)
    if dtype.kind != "f" and not np.array_equal(stored, array):
        raise _misfit(name, encoding, "has numbers that are not whole or too large")
    return stored.tobytes()


def _encode_table(name: str, array: NDArray[Any]) -> bytes:
    codebook, indices = np.unique(array.astype("<f4"), return_inverse=True)
    if codebook.size > CODEBOOK_SIZE:
        raise _misfit(name, "table", f"has {codebook.size} different numbers, more than 256")
    padded = np.zeros(CODEBOOK_SIZE, "<f4")
    padded[: codebook.size] = codebook
    return padded.tobytes() + indices.astype(np.uint8).tobytes()


def _to_bfloat16(array: NDArray[Any]) -> NDArray[np.uint16]:
    """Round to the upper 16 bits of a float32: add half a step, and less for an even one."""
    bits = array.astype("<f4").view("<u4").astype(np.uint64)
    rounded = (bits + 0x7FFF + (bits >> 16 & 1)) >> 16
    return rounded.astype("<u2")


def _misfit(name: str, encoding: str, problem: str) -> FormatError:
    return FormatError(f"{problem}, so it cannot be written as {encoding}", where=f"weight {name}")
