import numpy as np

from workbench.calibration.plan import with_weight_bits
from workbench.lessons.exercises.lesson_12 import patient

MODEL, SECOND = patient()
ONE = SECOND.changed("unit5_expand", threshold=SECOND["unit5_expand"].threshold * 6)
HEALED = with_weight_bits(MODEL, ONE, "unit3_depthwise", 8)


def _cause(causes):
    parts = {
        "clipping": causes.clipping,
        "rounding": causes.activation_rounding + causes.output_rounding,
        "weights": causes.weight_rounding,
    }
    return max(parts, key=parts.get)


def _apart(causes):
    found = max(vars(causes), key=vars(causes).get)
    return {"clipping": "clipping", "weight_rounding": "weights"}.get(found, "rounding")


def _ratio(right, result):
    return np.sum(right.astype(float) ** 2) / np.sum((result.astype(float) - right) ** 2)


RIGHT = {
    "cause": _cause,
    "ill": lambda alone, limit: sorted((n for n in alone if alone[n] < limit), key=alone.get),
    "sqnr": lambda right, result: 10 * np.log10(_ratio(right, result)),
    "healed": HEALED,
}
WRONG = {
    "cause": [
        _apart,  # the two roundings apart
        lambda causes: "rounding",
        lambda causes: "clipping" if causes.clipping else _cause(causes),
    ],
    "ill": [
        lambda alone, limit: [n for n in alone if alone[n] < limit],  # not sorted
        lambda alone, limit: sorted((n for n in alone if alone[n] <= limit), key=alone.get),
        lambda alone, limit: sorted((n for n in alone if alone[n] > limit), key=alone.get),
        lambda alone, limit: [min(alone, key=alone.get)],
    ],
    "sqnr": [
        lambda right, result: 20 * np.log10(_ratio(right, result)),
        lambda right, result: 10 * np.log(_ratio(right, result)),
        lambda right, result: -10 * np.log10(_ratio(right, result)),
        lambda right, result: _ratio(right, result),
        lambda right, result: 10 * np.log10(_ratio(result, right)),
    ],
    "healed": [
        SECOND,
        ONE,
        with_weight_bits(MODEL, SECOND, "unit3_depthwise", 8),
        HEALED.changed("head", threshold=1.0),
        SECOND.changed("unit5_expand", keep_float=True),
        "unit5_expand",
    ],
}
