"""Windows of pixels laid out as columns, and back.

Source: Tencent/ncnn, src/layer/unfold.cpp, fold.cpp: load_param.
"""

from __future__ import annotations

from workbench.ops.op import Op, Same, integer, real
from workbench.ops.window import check_kernel, kernel, pads

OPS = (
    Op(
        "Unfold",
        "Each window of pixels as a column.",
        (*kernel(2), *pads(2), real(18, "pad_value")),
        rules=(check_kernel,),
    ),
    Op(
        "Fold",
        "Columns laid back as windows of pixels, summed where they overlap.",
        (*kernel(2), *pads(2), integer(20, "output_w"), integer(21, "output_h", Same("output_w"))),
        rules=(check_kernel,),
    ),
)
