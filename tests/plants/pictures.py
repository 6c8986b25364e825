"""Layers of pictures, one of each kind and many convolutions and pools, for pictures of 6 x 5 and 2 channels."""

from __future__ import annotations

from itertools import product

from whynet.network.layers import (
    AveragePool2D,
    BatchNorm,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    GaussianNoise,
    GlobalAveragePool,
    MaxPool2D,
)

EVERY = {  # one of each kind
    "average-pool2d": AveragePool2D((6, 5, 2), 2, stride=1),
    "batch-norm": BatchNorm((6, 5, 2), "tanh"),
    "conv2d": Conv2D((6, 5, 2), 3, (3, 2), stride=2, padding="same", activation="tanh"),
    "dense": Dense(60, 7, "tanh"),
    "dropout": Dropout((6, 5, 2), 0.3),
    "flatten": Flatten((6, 5, 2)),
    "gaussian-noise": GaussianNoise((6, 5, 2), 0.2),
    "global-average-pool": GlobalAveragePool((6, 5, 2)),
    "max-pool2d": MaxPool2D((6, 5, 2), (2, 3)),
}
CONVOLUTIONS = [
    Conv2D((6, 5, 2), 3, kernel, stride, padding)
    for kernel, stride, padding in product([1, 2, (3, 2), (5, 4)], [1, 2, (1, 3)], ["valid", "same"])
]
POOLS = [(size, stride) for size in (1, 2, (3, 2), (6, 5)) for stride in (size, 1, (2, 3))]
