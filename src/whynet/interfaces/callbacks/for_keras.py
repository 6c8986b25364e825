"""Keras: `model.fit(X, y, callbacks=[whynet.callbacks.Keras(X, y)])`."""

from __future__ import annotations

import math
from typing import Any

from whynet.doctor.change import Wording
from whynet.doctor.diagnosis import UNKNOWN, Diagnosis, Gap, Remark, said
from whynet.interfaces.callbacks.common import Doctor, imported
from whynet.subjects.frameworks.keras3 import diagnose_keras
from whynet.subjects.frameworks.keras_first import first_weights
from whynet.subjects.frameworks.keras_model import library, weights_of
from whynet.subjects.inside.by_loss import judged_curve
from whynet.subjects.inside.judged import judge
from whynet.types import Array

LOOKS = 10  # epochs
USUAL = 32  # rows of a batch, where nothing else is said


class OfKeras(Doctor):
    """Says at the end of `fit` why a model does not learn: `model.fit(X, y, callbacks=[Keras(X, y)])`.

    `fit` does not show its data to callbacks: they are handed over here, with `batch_size` and `shuffle` where they are
    not those that Keras has by itself. The compiled model is diagnosed from its first weights, which it has for that
    time; afterwards it has those that it was trained to. Without data only the losses are judged. Looks at the loss are
    made once an epoch.
    """

    model: Any
    params: Any

    def __init__(
        self,
        X: Any = None,
        y: Any = None,
        *,
        test: Any = None,
        batch_size: int | None = None,
        shuffle: bool = True,
        looks: int = LOOKS,
        **options: Any,
    ) -> None:
        self.X, self.y, self.test = X, y, test
        self.batch_size, self.shuffle = batch_size, shuffle
        super().__init__(looks=looks, **options)

    def begin(self) -> None:
        """A training begins."""
        super().begin()
        self.costs: list[float] = []
        self.rates: list[float] = []
        self.first: list[Array] | None = None

    def on_train_begin(self, logs: Any = None) -> None:
        """The first weights."""
        self.begin()
        if self.model.built:
            self.first = [one.copy() for one in weights_of(library(), self.model)]
        self._rate()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """An epoch's loss and rate."""
        cost = float((logs or {}).get("loss", math.nan))
        self.costs.append(cost)
        self._rate()
        self.looked(len(self.costs) * self._steps(), cost)
        if self.stopped:
            self.model.stop_training = True

    def on_train_end(self, logs: Any = None) -> None:
        """The diagnosis."""
        self.finish(self._diagnosed)

    def _rate(self) -> None:
        keras = library()
        rate = keras.ops.convert_to_numpy(keras.ops.convert_to_tensor(self.model.optimizer.learning_rate))
        self.rates.append(float(rate))

    def _steps(self) -> int:
        return int((self.params or {}).get("steps") or 1)

    def _diagnosed(self) -> Diagnosis:
        about = "`fit` does not say it to callbacks"
        if self.X is None or self.first is None:
            reason = "no data were handed over: Keras(X, y)" if self.X is None else "the model was not built before"
            return self._by_costs(reason)
        size = self.batch_size
        if size is None:
            size = _size(len(self.X), self._steps())
            self.gaps.append(Gap("the size of its batches", f"{about}; {size} rows make as many steps"))
        self.gaps.append(Gap("weights of examples and classes", f"{about}; trained without"))
        with first_weights(self.model, self.first, self.rates[0]):
            found = diagnose_keras(
                self.model, data=(self.X, self.y), test=self.test, epochs=max(len(self.costs), 1), batch_size=size,
                shuffle=self.shuffle, **self.limits,
            )  # fmt: skip
        found.remarks[:0] = self._remarks()
        return found

    def _by_costs(self, reason: str) -> Diagnosis:
        found = Diagnosis(
            "not-examined",
            remarks=self._remarks(),
            not_examined=[Gap("trials", reason)],
            problem=UNKNOWN,
            wording=Wording("Keras"),
        )
        if len(self.costs) > 1:
            steps = self._steps()
            curve = [(epoch * steps, cost) for epoch, cost in enumerate(self.costs, 1)]
            judge(found, judged_curve(curve, curve[-1][0], curve[-1][0]))
        return found

    def _remarks(self) -> list[Remark]:
        if not self.costs:
            return []
        remarks = [f"Seen in `fit`: {len(self.costs):,} epochs; loss {self.costs[0]:.4g} -> {self.costs[-1]:.4g}."]
        if min(self.rates) != max(self.rates):
            remarks.append(f"The rate went from {self.rates[0]:g} to {self.rates[-1]:g}; in the trials it is constant.")
        return [said(text) for text in remarks]


def _size(rows: int, steps: int) -> int:
    """The size of batches that makes so many steps: the usual one, else the largest power of two, else the largest."""
    fit = [size for size in range(1, rows + 1) if -(-rows // size) == steps]
    if not fit:
        return USUAL
    powers = [size for size in fit if size & (size - 1) == 0]
    return USUAL if USUAL in fit else max(powers or fit)


def classes() -> tuple[type, Any]:
    """This class and the library's.

    >>> classes.__name__
    'classes'
    """
    return OfKeras, imported("keras.callbacks", "Keras", "keras jax").Callback
