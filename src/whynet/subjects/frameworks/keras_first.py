"""A Keras model as it was before it was trained, for as long as it is diagnosed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from whynet.subjects.frameworks.keras_model import array_of, library, weights_of
from whynet.types import Array


@contextmanager
def first_weights(model: Any, weights: list[Array], rate: float) -> Iterator[None]:
    """The model with other weights and another rate, for a time; afterwards all is as before, bit for bit.

    >>> first_weights.__name__
    'first_weights'
    """
    keras, optimizer = library(), model.optimizer
    kept = [one.copy() for one in weights_of(keras, model)]
    schedule = isinstance(optimizer.get_config()["learning_rate"], dict)
    before = None if schedule else np.array(array_of(keras, optimizer._learning_rate))
    try:
        model.set_weights(weights)
        if before is not None:
            optimizer.learning_rate.assign(rate)
        yield
    finally:
        model.set_weights(kept)
        if before is not None:
            optimizer.learning_rate.assign(before)
