"""One value of a .param line: its text to Python and back.

The format is told in `workbench.formats.param`. A float is held as the Python float that
equals the float32 ncnn would store.

Source: Tencent/ncnn, src/paramdict.cpp, ParamDict::load_param.
"""

from __future__ import annotations

import re
import struct
from math import frexp

import numpy as np

from workbench.graph import ParamValue

MAX_KEYS = 32
MAX_TEXT_BYTES = 255

_ARRAY_KEY = -23300
_INT = re.compile(r"[+-]?[0-9]+")
_FLOAT = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_MAX_DIGITS = 127


def parse_key(key: str) -> tuple[int, bool]:
    """Return the id that a key stands for, and whether it is an array with its count.

    Raises:
        ValueError: the id is not 0 to 31.
    """
    number = parse_int(key)
    counted = number <= _ARRAY_KEY
    id = _ARRAY_KEY - number if counted else number
    if not 0 <= id < MAX_KEYS:
        raise ValueError(f"key {id} is not 0 to {MAX_KEYS - 1}")
    return id, counted


def parse_value(word: str, counted: bool) -> ParamValue:
    """Return the value that a word stands for.

    Args:
        word: what stands after the equals sign, without blanks outside of quotes.
        counted: the word is an array that begins with its count.

    Raises:
        ValueError: ncnn would refuse or misread the word.
    """
    if counted:
        return _parse_counted(word)
    if word[:1] == '"' or word[:1].isalpha():
        return _parse_text(word)
    if "," in word:
        return _parse_array(word.removesuffix(",").split(","))
    return _parse_number(word)


def parse_int(word: str) -> int:
    """Return a whole number of 32 bits.

    Raises:
        ValueError: the word is not one.
    """
    if not _INT.fullmatch(word):
        raise ValueError(f"{shorten(word)} is not a whole number")
    if len(word) > _MAX_DIGITS or not -(2**31) <= int(word) < 2**31:
        raise ValueError(f"{shorten(word)} does not fit in 32 bits")
    return int(word)


def format_value(id: int, value: ParamValue) -> str:
    """Return the text `key=value` of one parameter.

    Raises:
        ValueError: the format cannot hold the key or the value.
    """
    if not 0 <= id < MAX_KEYS:
        raise ValueError(f"key {id} is not 0 to {MAX_KEYS - 1}")
    if isinstance(value, tuple):
        if len({isinstance(element, float) for element in value}) > 1:
            raise ValueError(f"key {id} mixes ints and floats in one array")
        elements = [_format_number(element) for element in value]
        return f"{_ARRAY_KEY - id}={','.join([str(len(value)), *elements])}"
    if isinstance(value, str):
        return f'{id}="{_checked_text(value)}"'
    return f"{id}={_format_number(value)}"


def shorten(word: str) -> str:
    """Return a word in quotes, cut if it is long, for an error message."""
    return repr(word if len(word) <= 40 else f"{word[:37]}...")


def _parse_counted(word: str) -> ParamValue:
    count, *elements = word.split(",")
    if parse_int(count) != len(elements):
        raise ValueError(f"says {shorten(count)} elements and has {len(elements)}")
    return _parse_array(elements)


def _parse_array(words: list[str]) -> tuple[int, ...] | tuple[float, ...]:
    if all(_INT.fullmatch(word) for word in words):
        return tuple(parse_int(word) for word in words)
    for word in words:
        if not _is_float(word):
            raise ValueError(
                f"the array has {shorten(word)} among floats, which ncnn would misread:"
                " give each element a point"
            )
    return tuple(_parse_float(word) for word in words)


def _parse_number(word: str) -> int | float:
    return _parse_float(word) if _is_float(word) else parse_int(word)


def _is_float(word: str) -> bool:
    return any(sign in word for sign in ".eE")


def _parse_float(word: str) -> float:
    if len(word) > _MAX_DIGITS or not _FLOAT.fullmatch(word):
        raise ValueError(f"{shorten(word)} is not a number")
    return _float32(float(word))


def _float32(number: float) -> float:
    try:
        rounded: float = struct.unpack("<f", struct.pack("<f", number))[0]
    except OverflowError:
        rounded = float("inf")
    if not np.isfinite(rounded):
        raise ValueError(f"{number} is not a finite float32")
    return rounded


def _parse_text(word: str) -> str:
    if word[0] != '"':
        return _checked_text(word)
    if len(word) < 2 or word[-1] != '"':
        raise ValueError("the string has no closing quote")
    return _checked_text(word[1:-1])


def _checked_text(text: str) -> str:
    if '"' in text or any(ord(letter) < 32 for letter in text):
        raise ValueError(f"the string {shorten(text)} has a quote or a control character")
    if len(text.encode("utf-8", "surrogatepass")) > MAX_TEXT_BYTES:
        raise ValueError(f"the string is longer than {MAX_TEXT_BYTES} bytes")
    return text


def _format_number(number: int | float) -> str:
    if isinstance(number, float):
        return _format_float(number)
    if not -(2**31) <= number < 2**31:
        raise ValueError(f"{number} does not fit in 32 bits")
    return str(int(number))


def _format_float(number: float) -> str:
    """Write the shortest decimal that any ncnn reads as this float32.

    ncnn before 2026 summed the digits after the point in 32 bits, so there are at most 9, and
    at most 15 characters. Its arithmetic is off by a little, so a decimal that lies midway
    between two float32 would not be safe: that one gets all 9 digits.
    """
    exact = np.float32(_float32(number))
    word = np.format_float_positional(exact, unique=True, trim="0")
    if len(word) > 11 or 0 < abs(exact) < 1e-4:
        word = np.format_float_scientific(exact, unique=True, trim="0", exp_digits=2)
    step = 2.0 ** max(frexp(exact)[1] - 24, -149)
    if abs(float(word) - float(exact)) > 0.49 * step:
        word = np.format_float_scientific(exact, precision=8, unique=False, exp_digits=2)
    return word
