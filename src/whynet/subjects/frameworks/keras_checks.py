"""What only Keras can get wrong: layers that `fit` leaves as they are, what its optimizer is set to."""

from __future__ import annotations

from typing import Any

from whynet.doctor.diagnosis import Finding, Gap
from whynet.doctor.symptoms.update import LAYERS_LEFT_OUT
from whynet.subjects.frameworks.keras_steps import clipped, gone
from whynet.subjects.inside.probe import Seen


def left_out(probe: Any) -> Seen:
    """Layers with weights that are not trained; those that look as if they had been trained before are so on purpose.

    >>> import pytest
    >>> keras = pytest.importorskip("keras")
    >>> import numpy as np
    >>> from whynet.subjects.frameworks.keras_probe import KerasProbe
    >>> hidden = keras.layers.Dense(3, trainable=False, name="hidden")
    >>> model = keras.Sequential([keras.Input((4,)), hidden, keras.layers.Dense(1)])
    >>> model.compile("sgd", "mse")
    >>> left_out(KerasProbe.of(keras, model, (np.ones((6, 4)), np.zeros((6, 1))))).findings[0].detail
    "`trainable = True` for the layer 'hidden', and compile again"
    """
    layers = [layer for layer in probe.copy().layers if layer.parameters]
    out = [layer for layer in layers if not set(layer.parameters) & probe.held]
    if not out:
        return Seen()
    if len(out) < len(layers) and any(layer.trained for layer in out):
        why = "they are frozen, and look as if they had been trained before: taken to be so on purpose"
        return Seen(gaps=[Gap(f"the training of `{out[0].name}`" + (" and others" if len(out) > 1 else ""), why)])
    fact = LAYERS_LEFT_OUT.measured(len(out))
    words = f"`trainable = True` for the layer '{out[0].name}', and compile again"
    return Seen(findings=[Finding("layer-not-updated", "found", (fact,), detail=words)])


CHECKS = {
    "what is trained": left_out,
    "what clipping leaves of the gradient": clipped,
    "where the schedule of the rate ends": gone,
}
