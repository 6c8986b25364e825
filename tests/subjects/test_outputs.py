"""What somebody's loss makes of the outputs."""

from __future__ import annotations

import numpy as np
import pytest

from whynet.doctor.symptoms.outcome import FLOOR
from whynet.network.costs import COSTS
from whynet.subjects.frameworks.outputs import Outputs

LABELS = np.array([0, 0, 0, 1])


def floor_of(outputs, squash, loss):
    facts = Outputs(outputs, squash, loss, smoothing=0.0).facts(LABELS)
    return next(one.value for one in facts if one.symptom == FLOOR)


def test_the_floor_of_one_output_is_that_of_one_output(rng):
    """Two classes and one unit: the entropy of the labels, once."""

    def crossing(outputs, labels):
        return COSTS["sigmoid-cross-entropy"].value(outputs, labels[:, np.newaxis].astype(float))

    entropy = -(0.25 * np.log(0.25) + 0.75 * np.log(0.75))
    assert floor_of(rng.normal(size=(4, 1)), "identity", crossing) == pytest.approx(entropy)


def test_the_floor_of_squares_in_their_own_measure(rng):
    def mean_square(outputs, labels):
        return float(np.mean((outputs - np.eye(2)[labels]) ** 2))

    assert floor_of(rng.random((4, 2)), "softmax", mean_square) == pytest.approx(0.25 * 0.75)
