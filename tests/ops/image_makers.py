"""Graphs of ops on images: patches, boxes, crops, colours."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from tests.ops.graphs import raw, x
from tests.ops.state_makers import FLOAT, INT, LONG, const, several

# Space, batch and patches.
several("BatchToSpace", lambda op: raw(op, input=x(4, 2, 2, 1), block_size=2,
        crops=const([[0, 0], [0, 0]], INT)))  # fmt: skip
several("BatchToSpaceND", lambda op: raw(op, input=x(4, 2, 2, 1),
        block_shape=const([2, 2], INT), crops=const([[0, 0], [0, 0]], INT)))  # fmt: skip
several("SpaceToBatchND", lambda op: raw(op, input=x(1, 4, 4, 1),
        block_shape=const([2, 2], INT), paddings=const([[0, 0], [0, 0]], INT)))  # fmt: skip
several("ExtractImagePatches", lambda op: raw(op, images=x(1, 4, 4, 1), ksizes=[1, 2, 2, 1],
        strides=[1, 2, 2, 1], rates=[1, 1, 1, 1], padding="VALID"))  # fmt: skip
several("ExtractVolumePatches", lambda op: raw(op, input=x(1, 4, 4, 4, 1),
        ksizes=[1, 2, 2, 2, 1], strides=[1, 2, 2, 2, 1], padding="VALID"))  # fmt: skip

# Images.
BOXES = [[0.1, 0.1, 0.6, 0.7], [0.2, 0.1, 0.7, 0.7], [0.5, 0.5, 1.0, 1.0]]


def _suppressed(op: str) -> Any:
    more: dict[str, Any] = {"iou_threshold": 0.5}
    if op[-2:] in {"V2", "V3", "V4", "V5"}:
        more = {"iou_threshold": const(0.5)}
    if op[-2:] in {"V3", "V4", "V5"}:
        more["score_threshold"] = const(0.0)
    if op.endswith("V5"):
        more["soft_nms_sigma"] = const(0.1)
    return raw(op, boxes=const(BOXES), scores=const([0.9, 0.8, 0.7]) + 0.1 * x(3),
               max_output_size=const(2, INT), **more)  # fmt: skip


several("NonMaxSuppression NonMaxSuppressionV2 NonMaxSuppressionV3 NonMaxSuppressionV4 "
        "NonMaxSuppressionV5", _suppressed)  # fmt: skip
several("NonMaxSuppressionWithOverlaps", lambda op: raw(op, overlaps=x(3, 3), scores=x(3),
        max_output_size=const(2, INT), overlap_threshold=const(0.5),
        score_threshold=const(0.0)))  # fmt: skip
several(
    "CombinedNonMaxSuppression",
    lambda op: raw(
        op,
        boxes=const([[[b] for b in BOXES]]),
        scores=x(1, 3, 2),
        max_output_size_per_class=const(2, INT),
        max_total_size=const(3, INT),
        iou_threshold=const(0.5),
        score_threshold=const(0.0),
    ),
)
several("CropAndResize", lambda op: raw(op, image=x(1, 4, 4, 1), boxes=const(BOXES),
        box_ind=const([0, 0, 0], INT), crop_size=const([2, 2], INT)))  # fmt: skip
several("CropAndResizeGradBoxes", lambda op: raw(op, grads=x(3, 2, 2, 1), image=x(1, 4, 4, 1),
        boxes=const(BOXES), box_ind=const([0, 0, 0], INT)))  # fmt: skip
several(
    "CropAndResizeGradImage",
    lambda op: raw(
        op,
        grads=x(3, 2, 2, 1),
        boxes=const(BOXES),
        box_ind=const([0, 0, 0], INT),
        image_size=const([1, 4, 4, 1], INT),
        T=FLOAT,
    ),
)
several("AdjustContrast", lambda op: raw(op, images=x(4, 4, 3), contrast_factor=const(0.5),
        min_value=const(0.0), max_value=const(1.0)))  # fmt: skip
several("AdjustContrastv2", lambda op: raw(op, images=x(4, 4, 3), contrast_factor=const(0.5)))
several("AdjustHue", lambda op: raw(op, images=x(4, 4, 3), delta=const(0.2)))
several("AdjustSaturation", lambda op: raw(op, images=x(4, 4, 3), scale=const(0.7)))
several("HSVToRGB RGBToHSV", lambda op: raw(op, images=x(4, 4, 3)))
several("DrawBoundingBoxes", lambda op: raw(op, images=x(1, 8, 8, 3), boxes=const([BOXES])))
several("DrawBoundingBoxesV2", lambda op: raw(op, images=x(1, 8, 8, 3), boxes=const([BOXES]),
        colors=x(2, 3)))  # fmt: skip
several("ExtractGlimpse ExtractGlimpseV2", lambda op: raw(op, input=x(1, 6, 6, 1),
        size=const([2, 2], INT), offsets=const([[0.0, 0.0]]), uniform_noise=False,
        noise="zero"))  # fmt: skip
several("ImageProjectiveTransformV2", lambda op: raw(op, images=x(1, 4, 4, 1),
        transforms=const([[1.0, 0.1, 0, 0, 1.0, 0, 0, 0]]), output_shape=const([4, 4], INT),
        interpolation="BILINEAR"))  # fmt: skip
several("ImageProjectiveTransformV3", lambda op: raw(op, images=x(1, 4, 4, 1),
        transforms=const([[1.0, 0.1, 0, 0, 1.0, 0, 0, 0]]), output_shape=const([4, 4], INT),
        fill_value=const(0.0), interpolation="BILINEAR"))  # fmt: skip
several(
    "ResizeArea ResizeBicubic ResizeBilinear ResizeNearestNeighbor",
    lambda op: raw(op, images=x(1, 4, 4, 2), size=const([6, 3], INT)),
)
several(
    "ResizeBicubicGrad ResizeBilinearGrad",
    lambda op: raw(op, grads=x(1, 6, 3, 2), original_image=x(1, 4, 4, 2)),
)
several(
    "ResizeNearestNeighborGrad", lambda op: raw(op, grads=x(1, 6, 3, 2), size=const([4, 4], INT))
)
several("RandomCrop", lambda op: raw(op, image=tf.cast(x(4, 4, 3), tf.uint8),
        size=const([2, 2], LONG), seed=1, seed2=2))  # fmt: skip
several("ScaleAndTranslate", lambda op: raw(op, images=x(1, 4, 4, 2), size=const([3, 3], INT),
        scale=const([0.7, 0.8]), translation=const([0.1, 0.0])))  # fmt: skip
several(
    "ScaleAndTranslateGrad",
    lambda op: raw(
        op,
        grads=x(1, 3, 3, 2),
        original_image=x(1, 4, 4, 2),
        scale=const([0.7, 0.8]),
        translation=const([0.1, 0.0]),
    ),
)


def _distorted(op: str) -> Any:
    more: dict[str, Any] = {"seed": 1, "seed2": 2, "min_object_covered": 0.1}
    if op.endswith("V2"):
        more["min_object_covered"] = const(0.1)
    if op.startswith("Stateless"):
        more = {"seed": const([1, 2], INT), "min_object_covered": const(0.1)}
    boxes = const([BOXES])
    return raw(op, image_size=const([8, 8, 3], INT), bounding_boxes=boxes, **more)


several("SampleDistortedBoundingBox SampleDistortedBoundingBoxV2 "
        "StatelessSampleDistortedBoundingBox", _distorted)  # fmt: skip
