"""Layers of object detectors: boxes, regions, and what is in them.

Source: Tencent/ncnn, src/layer/priorbox.cpp, detectionoutput.cpp, yolov3detectionoutput.cpp
and their neighbours: load_param.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from workbench.ops.op import (
    INT_MAX,
    SOME,
    TWO,
    Op,
    Param,
    Values,
    flag,
    integer,
    real,
    reals,
)

_UNKNOWN = -233


def _variances(first: int) -> tuple[Param, ...]:
    defaults = (0.1, 0.1, 0.2, 0.2)
    return tuple(real(first + i, f"variance_{i}", value) for i, value in enumerate(defaults))


def _check_sizes(values: Values) -> Iterator[str]:
    low, high = len(values.min_sizes), len(values.max_sizes)
    if not low or high not in (0, low):
        yield f"it has {low} min_sizes (at least 1) and {high} max_sizes (none, or as many)"


def _check_classes(values: Values) -> Iterator[str]:
    if values.num_class < 1 and values.num_class != _UNKNOWN:
        yield f"num_class (key 0) is {values.num_class}, and must be at least 1"


def _check_boxes(values: Values) -> Iterator[str]:
    if values.num_box * (values.num_class + 5) > INT_MAX:
        yield "num_class times num_box does not fit in 32 bits"
    if values.biases and min(values.biases) <= 0:
        yield "biases (key 4) has a size that is not above 0"


def _check_biases(values: Values) -> Iterator[str]:
    if 2 * values.num_box > len(values.biases):
        yield f"{values.num_box} boxes need twice as many biases, not {len(values.biases)}"


def _check_masks(values: Values) -> Iterator[str]:
    masks, boxes = [mask_index(value) for value in values.mask], values.num_box
    if not masks or len(masks) % boxes or len(values.biases) % 2:
        yield f"mask has {len(masks)} elements, no multiple of num_box, {boxes}"
    if len(values.anchors_scale) < len(masks) // boxes:
        yield "anchors_scale (key 6) has too few elements"
    if not all(0 < scale <= INT_MAX for scale in values.anchors_scale):
        yield "anchors_scale (key 6) has an element that is not above 0"
    if not all(mask in range(len(values.biases) // 2) for mask in masks):
        yield "mask (key 5) names a box that biases does not have"


def mask_index(value: float) -> float:
    """Return an element of a mask; ncnn's writer prints the bits of a float32 as an int."""
    if abs(value) < 1 << 23 or abs(value) > INT_MAX:
        return value
    number: float = struct.unpack("<f", struct.pack("<i", int(value)))[0]
    return number


def _yolo() -> tuple[Param, ...]:
    return (
        integer(0, "num_class", 20, low=1),
        integer(1, "num_box", 5, low=1),
        real(2, "confidence_threshold", 0.01),
        real(3, "nms_threshold", 0.45),
        reals(4, "biases"),
    )


def _roi(width: int) -> tuple[Param, ...]:
    return (integer(0, "pooled_width", width, low=1), integer(1, "pooled_height", width, low=1))


OPS = (
    Op(
        "PriorBox",
        "Boxes of several sizes and shapes around each position.",
        (
            reals(0, "min_sizes"),
            reals(1, "max_sizes"),
            reals(2, "aspect_ratios"),
            *_variances(3),
            flag(7, "flip", 1),
            flag(8, "clip"),
            integer(9, "image_width"),
            integer(10, "image_height"),
            real(11, "step_width", -233.0),
            real(12, "step_height", -233.0),
            real(13, "offset"),
            flag(14, "step_mmdetection"),
            flag(15, "center_mmdetection"),
        ),
        bottoms=(1, 2),
        rules=(_check_sizes,),
    ),
    Op(
        "DetectionOutput",
        "Moves the prior boxes, keeps the best of those that overlap.",
        (
            integer(0, "num_class"),
            real(1, "nms_threshold", 0.05),
            integer(2, "nms_top_k", 300, low=0),
            integer(3, "keep_top_k", 100, low=0),
            real(4, "confidence_threshold", 0.5),
            *_variances(5),
        ),
        bottoms=(3, 3),
        rules=(_check_classes,),
    ),
    Op(
        "Proposal",
        "Regions that may hold an object, from scores and box shifts.",
        (
            integer(0, "feat_stride", 16, low=1),
            integer(1, "base_size", 16, low=1),
            integer(2, "pre_nms_topN", 6000, low=0),
            integer(3, "after_nms_topN", 300, low=0),
            real(4, "nms_thresh", 0.7),
            integer(5, "min_size", 16),
        ),
        bottoms=(3, 3),
        tops=(1, 2),
    ),
    Op(
        "YoloDetectionOutput",
        "Boxes from the maps of YOLO v2.",
        _yolo(),
        bottoms=SOME,
        rules=(_check_boxes, _check_biases),
    ),
    Op(
        "Yolov3DetectionOutput",
        "Boxes from the maps of YOLO v3, one map for each size of object.",
        (*_yolo(), reals(5, "mask"), reals(6, "anchors_scale")),
        bottoms=SOME,
        rules=(_check_boxes, _check_masks),
    ),
    Op(
        "ROIPooling",
        "The maximum in each cell of a grid over a region.",
        (*_roi(0), real(2, "spatial_scale", 1.0)),
        bottoms=TWO,
    ),
    Op(
        "ROIAlign",
        "The mean in each cell of a grid over a region, between pixels too.",
        (
            *_roi(0),
            real(2, "spatial_scale", 1.0),
            integer(3, "sampling_ratio"),
            flag(4, "aligned"),
            integer(5, "version", 0, low=0, high=1),
        ),
        bottoms=TWO,
    ),
    Op(
        "PSROIPooling",
        "The mean in each cell of a grid over a region, each cell from its own channels.",
        (*_roi(7), real(2, "spatial_scale", 0.0625), integer(3, "output_dim", 0, low=1)),
        bottoms=TWO,
    ),
)
