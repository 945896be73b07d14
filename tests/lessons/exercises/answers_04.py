import numpy as np

RIGHT = {
    "levels": lambda largest, threshold: min(int(largest * 127 / threshold + 0.5), 127) + 1,
    "share": lambda counts, zeros, t: counts[t:].sum() / (counts.sum() + zeros),
    "clipping": lambda x, threshold: np.mean(np.maximum(np.abs(x) - threshold, 0) ** 2),
    "hand": 12.0,
}
WRONG = {
    "levels": [
        lambda largest, threshold: int(largest * 127 / threshold) + 1,  # not rounded
        lambda largest, threshold: min(int(largest * 127 / threshold + 0.5), 127),  # without 0
        lambda largest, threshold: int(largest * 127 / threshold + 0.5) + 1,  # not clipped
        lambda largest, threshold: 255,
    ],
    "share": [
        lambda counts, zeros, t: counts[t:].sum() / counts.sum(),  # zeros left out
        lambda counts, zeros, t: counts[:t].sum() / (counts.sum() + zeros),
        lambda counts, zeros, t: counts[t + 1 :].sum() / (counts.sum() + zeros),
        lambda counts, zeros, t: counts[t:].sum(),
    ],
    "clipping": [
        lambda x, threshold: np.mean(np.maximum(x - threshold, 0) ** 2),  # one side
        lambda x, threshold: np.sum(np.maximum(np.abs(x) - threshold, 0) ** 2),
        lambda x, threshold: np.mean(np.maximum(np.abs(x) - threshold, 0)),
        lambda x, threshold: np.mean(np.maximum(np.abs(x) - threshold, 0)) ** 2,
    ],
    "hand": [300.0, 208.0, 1.0, -5.0, 0.0],
}
