from __future__ import annotations

import numpy as np

from workbench.simulation.blob import Blob


def test_int8_is_divided_by_its_scale():
    blob = Blob(np.array([127, -3], np.int8), 4.0, "int8 kernel")
    assert blob.real.dtype == np.float32
    assert blob.real.tolist() == [31.75, -0.75]


def test_float_is_real_as_it_is():
    array = np.array([1.5], np.float32)
    assert Blob(array, None, "input").real is array


def test_blobs_are_equal_by_numbers_and_scale():
    one = Blob(np.array([1, 2], np.int8), 4.0, "int8 kernel")
    assert one.equals(Blob(np.array([1, 2], np.int8), 4.0, "moved"))
    assert not one.equals(Blob(np.array([1, 3], np.int8), 4.0, "moved"))
    assert not one.equals(Blob(np.array([1, 2], np.int8), 5.0, "moved"))
    assert not one.equals(Blob(np.array([1, 2], np.float32), None, "moved"))


def test_nan_equals_nan():
    nan = np.array([np.nan], np.float32)
    assert Blob(nan, None, "ncnn float").equals(Blob(nan.copy(), None, "ncnn float"))


def test_each_channel_may_have_its_own_scale():
    array = np.array([[[4, 8]], [[4, 8]]], np.int8)
    blob = Blob(array, np.array([4, 2], np.float32), "integers")
    assert blob.real.tolist() == [[[1, 2]], [[2, 4]]]
    assert not blob.scale.flags.writeable
    assert blob.equals(Blob(array.copy(), np.array([4, 2], np.float32), "moved"))
    assert not blob.equals(Blob(array.copy(), np.array([4, 3], np.float32), "moved"))
    assert not blob.equals(Blob(array.copy(), 4.0, "moved"))
