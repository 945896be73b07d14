"""The parameter quantize_term of Gemm and MultiHeadAttention.

0 is float, a number below 400 is int8 with a scale for each row. From 400 on it is read as
three digits: bits of a weight (4, 6, 8), 1 if the inputs have scales too, and the length of the
blocks that share a scale (32, 64, 128). Source: Tencent/ncnn, src/layer/gemm.cpp,
Gemm::get_weight_block_quantize_params.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from workbench.ops.op import Values


@dataclass(frozen=True)
class Block:
    """How weights are quantized in blocks.

    Attributes:
        bits: of one weight.
        size: weights that share one scale.
        input_scales: True if each input has a scale.
    """

    bits: int
    size: int
    input_scales: bool

    def count(self, length: int) -> int:
        """Return the number of blocks in a row of weights."""
        return -(-length // self.size)


def block_of(quantize_term: int) -> Block | None:
    """Return how weights are quantized in blocks, or None if they are not."""
    bits, input_scales, size = quantize_term // 100, quantize_term // 10 % 10, quantize_term % 10
    if bits not in (4, 6, 8) or input_scales > 1 or size > 2:
        return None
    return Block(bits, 32 << size, bool(input_scales))


def block_bytes(length: int, bits: int) -> int:
    """Return the bytes of a row of weights."""
    return -(-length * bits // 8)


def check_quantize_term(values: Values) -> Iterator[str]:
    """Check that ncnn knows the way of quantizing."""
    term = values.quantize_term
    if term in (4, 5, 6) or (term >= 400 and block_of(term) is None):
        yield f"quantize_term (key 18) is {term}, which ncnn does not know"
