"""Arithmetic of int8 quantization: arrays in, arrays out, NumPy only."""
