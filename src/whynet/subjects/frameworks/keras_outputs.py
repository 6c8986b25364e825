"""A Keras model with several outputs: the loss and the targets that Keras gives each of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from whynet.subjects.frameworks.keras_arrays import array_of, is_real_tensor
from whynet.subjects.frameworks.keras_calls import is_of_keras
from whynet.subjects.inside.probe import ProbeError


class Term(NamedTuple):
    """What a loss of one output is given.

    >>> Term("kind", None, 0, None, None).place
    0
    """

    name: str
    loss: Any
    place: int
    targets: Any
    weight: Any


def terms_of(probe: Any) -> list[Term]:
    """The terms of a loss that is the sum of one for each output; else nothing.

    Keras matches losses, outputs and targets itself: what comes to each loss is noted, and nothing computed.

    >>> import numpy as np, pytest
    >>> keras = pytest.importorskip("keras")
    >>> from whynet.subjects.frameworks.keras_probe import KerasProbe
    >>> x = keras.Input((4,))
    >>> outputs = {"kind": keras.layers.Dense(3, "softmax")(x), "size": keras.layers.Dense(1)(x)}
    >>> model = keras.Model(x, outputs)
    >>> model.compile("sgd", {"kind": "sparse_categorical_crossentropy", "size": "mse"})
    >>> batch = np.ones((6, 4)), {"size": np.ones(6), "kind": np.arange(6) % 3}
    >>> [(one.name, one.place, one.targets.dtype.name) for one in terms_of(KerasProbe.of(keras, model, batch))]
    [('kind', 0, 'int64'), ('size', 1, 'float32')]
    """
    keras, network = probe.keras, probe.copy()
    compiled: Any = getattr(network.model, "_compile_loss", None)
    every = list(getattr(compiled, "_flat_losses", None) or [])
    if len(every) < 2 or not is_of_keras(type(network.model).compute_loss):
        return []
    found: list[Term] = []

    def noting(term: Any, flat: list[Any]) -> Callable[..., Any]:
        def note(y: Any, outputs: Any, weight: Any = None) -> Any:
            places = [place for place, one in enumerate(flat) if one is outputs]
            if places and is_real_tensor(keras, outputs) and keras.ops.is_tensor(y):
                held = None if weight is None else array_of(keras, weight)
                found.append(Term(str(term.name or places[0]), term.loss, places[0], array_of(keras, y), held))
            return keras.ops.zeros(())

        return note

    def then(raw: Any) -> Any:
        flat = keras.tree.flatten(raw)
        compiled._flat_losses = [one._replace(loss=noting(one, flat)) for one in every]
        try:
            return network.cost(raw, probe.inputs, probe.targets, True)
        finally:
            compiled._flat_losses = every

    try:
        network.run(probe.inputs, training=True, then=then)
    except ProbeError:  # whoever asks the whole loss tells why
        return []
    places = {one.place for one in found}
    return found if len(places) == len(found) == len(every) else []
