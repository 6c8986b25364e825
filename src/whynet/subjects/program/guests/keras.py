"""Keras: what `fit` is given, the weights before it, and the losses of its epochs; `fit` runs as it is."""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import numpy as np

from whynet.doctor.change import Wording
from whynet.doctor.diagnosis import UNKNOWN, Diagnosis, Gap, Outcome, Where, said
from whynet.subjects.program.guests.guest import Course, Patches, Told, counted, said_of
from whynet.subjects.program.guests.lines import Places

USUAL = 32  # rows of a batch, where nothing else is said


@dataclass
class Fit:
    """A training: one call of `fit`, or several of the same model on the same data.

    >>> Fit(None, {}, None, 1, costs=[0.7, 0.5]).epochs
    2
    """

    model: Any
    given: dict[str, Any]
    line: Where | None
    compiled: int
    """How often the model had been compiled."""
    first: list[Any] | None = None
    rate: float = math.nan
    costs: list[float] = field(default_factory=list)
    began: bool = False

    @property
    def epochs(self) -> int:
        """Epochs that were made, 1 at least."""
        return max(len(self.costs), 1)


class KerasGuest:
    """Watches `compile`, `fit` and `train_on_batch` of models, and where layers are made.

    >>> sorted(KerasGuest(Places.__new__(Places), iter([1])).wanted())
    ['keras']
    """

    LIBRARY = "Keras"

    def __init__(self, places: Places, clock: Iterator[int]) -> None:
        self.places, self.clock = places, clock
        self.last, self.begun = 0, False
        self.fits: list[Fit] = []
        self.by_batch: Where | None = None
        self._compiled: dict[int, tuple[Where | None, int]] = {}
        self._layers: dict[int, Where | None] = {}
        self._inside = False
        self._patches = Patches()
        self.keras: Any = None

    def wanted(self) -> dict[str, Told]:
        return {"keras": self._imported}

    def _imported(self, keras: ModuleType) -> None:
        self.keras = keras
        model, layer = keras.Model, keras.layers.Layer
        self._patches.put(model, "compile", self._watched_compile(model.compile))
        self._patches.put(model, "fit", self._watched_fit(model.fit))
        self._patches.put(model, "train_on_batch", self._watched_batch(model.train_on_batch))
        self._patches.put(layer, "__init__", self._watched_layer(layer.__init__))

    def close(self) -> None:
        self._patches.undo()

    def _watched_compile(self, function: Any) -> Any:
        @functools.wraps(function)
        def compile(model: Any, *args: Any, **kwargs: Any) -> Any:
            often = self._compiled.get(id(model), (None, 0))[1]
            self._compiled[id(model)] = self.places.here(), often + 1
            return function(model, *args, **kwargs)

        return compile

    def _watched_layer(self, function: Any) -> Any:
        @functools.wraps(function)
        def made(layer: Any, *args: Any, **kwargs: Any) -> None:
            self._layers[id(layer)] = self.places.here()
            function(layer, *args, **kwargs)

        return made

    def _watched_batch(self, function: Any) -> Any:
        @functools.wraps(function)
        def train_on_batch(model: Any, *args: Any, **kwargs: Any) -> Any:
            if self.by_batch is None:
                self.by_batch = self.places.here()
            self.begun, self.last = True, next(self.clock)
            return function(model, *args, **kwargs)

        return train_on_batch

    def _watched_fit(self, function: Any) -> Any:
        @functools.wraps(function)
        def fit(model: Any, *args: Any, **kwargs: Any) -> Any:
            if self._inside:
                return function(model, *args, **kwargs)
            self.begun = self._inside = True
            try:
                kwargs = self._began(function, model, args, kwargs)
                return function(model, **kwargs)
            finally:
                self._inside, self.last = False, next(self.clock)

        return fit

    def _began(self, function: Any, model: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
        """What `fit` is given by name, with one callback more."""
        bound = inspect.signature(function).bind(model, *args, **kwargs)
        given = dict(list(bound.arguments.items())[1:])
        compiled = self._compiled.get(id(model), (None, 0))[1]
        one = Fit(model, given, self.places.here(), compiled)
        before = self.fits[-1] if self.fits else None
        if before is not None and _goes_on(before, one):
            one = before
        else:
            self.fits.append(one)
            if before is not None:
                before.model, before.given, before.first = None, {}, None  # no more is said of it than where it was
        callbacks: Any = given.get("callbacks")
        seen = _callback(self.keras, one)
        if hasattr(callbacks, "append") and not isinstance(callbacks, list):
            callbacks.append(seen)
            return given
        own = list(callbacks) if isinstance(callbacks, (list, tuple)) else [callbacks] if callbacks else []
        return given | {"callbacks": [*own, seen]}

    def diagnosis(self, asked: dict[str, Any]) -> Diagnosis:
        if not self.fits:
            where = said_of(self.by_batch)
            return _untried([Gap("trials", f"it is trained by `train_on_batch` ({where}), whose data are not kept")])
        one = self.fits[-1]
        if not one.began or one.first is None:
            return _untried([Gap("trials", "`fit` did not come to its first step")])
        from whynet.subjects.frameworks.keras3 import diagnose_keras
        from whynet.subjects.frameworks.keras_first import first_weights

        x, y, test, gaps = _data(one.given)
        data = x if y is None else (x, y)
        size = one.given.get("batch_size") or USUAL
        with first_weights(one.model, one.first, one.rate):
            found = diagnose_keras(
                one.model, data=data, test=test, epochs=one.epochs, batch_size=int(size),
                shuffle=bool(one.given.get("shuffle", True)), **asked,
            )  # fmt: skip
        if one.costs:
            words = f"Seen in `fit`: {len(one.costs):,} epochs; loss {one.costs[0]:.4g} -> {one.costs[-1]:.4g}."
            found.remarks.insert(0, said(words))
            _held_against(found, one.costs)
        found.not_examined += gaps
        return found

    def lines(self) -> dict[str, Where]:
        if not self.fits:
            return {} if self.by_batch is None else {"fit": self.by_batch}
        one = self.fits[-1]
        compiled = self._compiled.get(id(one.model), (None, 0))[0]
        layers = getattr(one.model, "layers", [])
        last = self._layers.get(id(layers[-1])) if layers else None
        of_class = self.places.of_class(type(one.model))
        found = {
            "fit": one.line,
            "forward": one.line,
            "loop": one.line,
            "compile": compiled,
            "loss": compiled,
            "optimizer": compiled,
            "model": of_class
            or (self._layers.get(id(layers[0])) if layers else None)
            or self._layers.get(id(one.model)),
            "activation": last,
            "last": last,
        }
        rates = [
            (float(getattr(layer, "rate", 0.0)), self._layers.get(id(layer)))
            for layer in layers
            if "Dropout" in type(layer).__name__
        ]
        found["dropout"] = max(rates, key=lambda one: one[0])[1] if rates else None
        return {name: where for name, where in found.items() if where is not None}

    def course(self) -> Course | None:
        return Course.of(self.fits[-1].costs, len(self.fits[-1].costs)) if self.fits else None

    def others(self) -> list[Gap]:
        if len(self.fits) < 2:
            return []
        lines = ", ".join(dict.fromkeys(said_of(one.line) for one in self.fits[:-1]))
        return [Gap(counted(len(self.fits) - 1, "other training"), f"fit at {lines}; the last one is examined")]


def _held_against(found: Diagnosis, costs: list[float]) -> None:
    """What copies came to does not make a training healthy whose own loss rose, or is no number at last.

    >>> found = Diagnosis("healthy")
    >>> _held_against(found, [2.3, 1.9, math.nan])
    >>> found.state
    'non-finite'
    """
    finite = math.isfinite(costs[-1])
    if found.state == "healthy" and not (finite and costs[-1] <= costs[0]):
        found.state = "diverged" if finite else "non-finite"
        found.before = Outcome(costs[-1], math.nan, steps=len(costs), finite=finite)
        found.remarks.append(said("The copies that were trained in its place ended otherwise."))


def _goes_on(before: Fit, one: Fit) -> bool:
    """Whether a call of `fit` goes on with what the one before it did."""
    same = all(before.given.get(name) is one.given.get(name) for name in ("x", "y"))
    return same and before.model is one.model and before.compiled == one.compiled


def _callback(keras: Any, one: Fit) -> Any:
    from whynet.subjects.frameworks.keras_model import weights_of

    class Seen(keras.callbacks.Callback):  # type: ignore[misc]
        def on_train_begin(self, logs: Any = None) -> None:
            if not one.began:
                one.began, model = True, one.model
                one.first = [array.copy() for array in weights_of(keras, model)] if model.built else None
                rate = keras.ops.convert_to_tensor(model.optimizer.learning_rate)
                one.rate = float(keras.ops.convert_to_numpy(rate))

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            one.costs.append(float((logs or {}).get("loss", math.nan)))

    return Seen()


def _data(given: dict[str, Any]) -> tuple[Any, Any, Any, list[Gap]]:
    """X, y, test data, and what of `fit` is not repeated."""
    x: Any = given.get("x")
    y: Any = given.get("y")
    gaps: list[Gap] = []
    test = given.get("validation_data")
    share = given.get("validation_split") or 0.0
    if test is None and share and hasattr(x, "__len__") and hasattr(y, "__len__"):
        kept = math.floor(len(_first(x)) * (1.0 - share))  # Keras takes the last rows
        test = _part(x, slice(kept, None)), _part(y, slice(kept, None))
        x, y = _part(x, slice(kept)), _part(y, slice(kept))
    if isinstance(test, (tuple, list)):
        test = tuple(test[:2])
    elif test is not None and not hasattr(test, "__iter__") and not hasattr(test, "__getitem__"):
        test = None
    if given.get("class_weight") is not None or given.get("sample_weight") is not None:
        gaps.append(Gap("weights of examples and classes", "the trials train without them"))
    if given.get("steps_per_epoch") is not None:
        gaps.append(Gap("steps_per_epoch", "an epoch of the trials is all of the data"))
    if given.get("callbacks"):
        gaps.append(Gap("its callbacks", "the trials train without them"))
    if isinstance(x, list) and y is not None and not _several(x):
        x = np.asarray(x)
    x, y = (tuple(one) if _several(one) else one for one in (x, y))
    return x, y, test, gaps


def _first(x: Any) -> Any:
    """The first of several arrays, or the one that there is.

    >>> _first([np.zeros((3, 1)), np.zeros((3, 2))]).shape
    (3, 1)
    """
    return next(iter(x.values())) if isinstance(x, dict) else x[0] if _several(x) else x


def _several(x: Any) -> bool:
    """Whether these are several arrays, and not rows."""
    return isinstance(x, (list, tuple)) and len(x) > 0 and getattr(x[0], "ndim", 0) > 0


def _part(x: Any, rows: slice) -> Any:
    """Some rows of one input or of several."""
    if isinstance(x, dict):
        return {name: one[rows] for name, one in x.items()}
    return type(x)(one[rows] for one in x) if _several(x) else x[rows]


def _untried(gaps: list[Gap]) -> Diagnosis:
    return Diagnosis("not-examined", problem=UNKNOWN, not_examined=gaps, wording=Wording("Keras"))
