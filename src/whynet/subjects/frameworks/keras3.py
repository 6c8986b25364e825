"""Keras 3: a compiled model and its data -> why it does not learn, on whichever backend it runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from whynet.doctor.budget import TIMES
from whynet.doctor.diagnosis import Diagnosis, Gap
from whynet.errors import NoRecipe, UsageError
from whynet.subjects.frameworks.course import chance_kept, finite_weights
from whynet.subjects.frameworks.keras_arrays import Weighted, array_of
from whynet.subjects.frameworks.keras_checks import CHECKS
from whynet.subjects.frameworks.keras_data import Feed
from whynet.subjects.frameworks.keras_model import library
from whynet.subjects.frameworks.keras_patient import Patient, settings_of
from whynet.subjects.frameworks.keras_probe import KerasProbe
from whynet.subjects.frameworks.keras_refusals import why_refused
from whynet.subjects.inside.counted import weights_in_all_rows
from whynet.subjects.inside.few_kinds import few_kinds
from whynet.subjects.inside.look import Look
from whynet.subjects.inside.pictures import unlike_training
from whynet.subjects.inside.probe import Seen, arrays_in
from whynet.subjects.inside.repairs import BARE
from whynet.subjects.inside.through_time import told_out_of_reach
from whynet.subjects.inside.unlike_rows import Training, unlike_rows
from whynet.types import Array


def diagnose_keras(
    model: Any,
    *,
    data: Any,
    test: Any = None,
    epochs: int = 1,
    batch_size: int = 32,
    shuffle: bool = True,
    effort: float = TIMES,
    budget: float | None = None,
    trials: bool = True,
    say: Callable[[str], None] = lambda _: None,
) -> Diagnosis:
    """Why does this compiled model not learn? `data` and `test` are `(X, y)`, arrays or several of them by place or by
    name, or a dataset that `fit` takes; the rest is what `fit` would be given.

    A chain of `Dense`, activations, `Dropout` and what prepares the inputs is trained again as a recipe of whynet's,
    with every trial; anything else is trained by Keras itself, with fewer. The model is not trained, nor changed.

    >>> diagnose_keras.__name__  # docs/frameworks.md shows it at work
    'diagnose_keras'

    Raises
    ------
    UsageError
        Something that is not what it should be, weights that hold NaN for one; the message says what.
    ResourceError
        Keras is not installed.
    """
    keras = library()
    if not isinstance(model, keras.Model):
        raise UsageError("this is no model", expected="a keras.Model", found=type(model).__name__)
    if not getattr(model, "compiled", False):
        raise UsageError(
            "the model is not compiled", do="model.compile(optimizer=..., loss=...) before it is handed over"
        )
    if not isinstance(epochs, int) or isinstance(epochs, bool) or epochs < 1:
        raise UsageError("epochs makes no sense", expected="a whole number, 1 or more", found=repr(epochs))
    if not isinstance(batch_size, int) or isinstance(batch_size, bool) or batch_size < 1:
        raise UsageError("batch_size makes no sense", expected="a whole number, 1 or more", found=repr(batch_size))
    asked: dict[str, Any] = {"effort": effort, "budget": budget, "trials": trials, "say": say}
    finite_weights((one.path, array_of(keras, one)) for one in model.weights)
    with chance_kept():
        feed = Feed(data, batch_size=batch_size, shuffle=shuffle)
        steps = None if feed.per_epoch is None else epochs * feed.per_epoch
        look = Look.at(
            lambda: KerasProbe.of(keras, model, feed.first(), steps=steps), CHECKS, known=why_refused, library="Keras"
        )
        order = "shuffled" if shuffle else "file"
        settings = settings_of(keras, model, batch=batch_size, epochs=epochs, order=order)
        training = Training(lambda: iter(feed), feed.per_epoch, epochs, settings)
        try:
            X, y = _rows(feed)
            streamed = 0 if feed.whole is not None else len(feed.some())  # there may be others
            look.add("whether rows come again", lambda: few_kinds([(X, y)], steps=streamed))
            probe = look.probe
            if probe is not None:
                look.add("what the classes weigh", lambda: weights_in_all_rows(probe, y))
                look.add("which steps of a sequence tell the targets", lambda: told_out_of_reach(probe, X, y))
            look.gaps += _weights_left_out(feed)
            tested = None if test is None else _rows(Feed(test, batch_size=batch_size))
            if tested is not None:
                look.add("whether the test rows are like the training rows", lambda: _unlike(X, tested))
            patient = Patient(keras, model, (X, y), tested, epochs, feed.batch_size, shuffle, look)
            _refuse_what_is_mended_inside(patient)
        except UsageError as reason:
            return unlike_rows(look, reason, training, **asked)
        return patient.course().run(**asked)


def _refuse_what_is_mended_inside(patient: Patient) -> None:
    """What was found by looking is mended on copies that are judged by their loss: `fit` knows no such repair.

    Raises
    ------
    UsageError
        There is something of that kind.
    """
    changes = [one.change for one in patient.found if one.status == "found" and one.change is not None]
    if any(change != BARE and change.kind == "mend" for change in changes):
        raise UsageError("what was found in it is mended on copies that are judged by their loss")
    if BARE in changes:
        try:
            patient.describe()
        except NoRecipe as reason:
            raise UsageError(reason.message) from None


def _unlike(X: Array, tested: tuple[Array, Array]) -> Seen:
    return unlike_training(X, tested[0])


def _held(feed: Feed) -> list[tuple[Any, Any]]:
    return [feed.whole] if feed.whole is not None else feed.some()


def _weights_left_out(feed: Feed) -> list[Gap]:
    """Rows that count differently do so in the loss of a batch, and are alike where all rows are trained on."""
    weights = [one for _, y in _held(feed) if isinstance(y, Weighted) for one in arrays_in(y.sample_weight)]
    uneven = any(bool((one != weights[0].flat[0]).any()) for one in weights)
    return [Gap("the weights of the rows", "the trials are made without them")] if uneven else []


def _rows(feed: Feed) -> tuple[Array, Array]:
    """All rows as one array of inputs and one of targets.

    Raises
    ------
    UsageError
        There are several arrays of either, or their shapes differ from batch to batch.
    """
    batches = [(x, y.targets if isinstance(y, Weighted) else y) for x, y in _held(feed)]
    if any(len(arrays_in(x)) != 1 or len(arrays_in(y)) != 1 for x, y in batches):
        x, y = batches[0]
        found = f"{len(arrays_in(x))} of inputs, {len(arrays_in(y))} of targets"
        raise UsageError(
            "its data are no rows of one array each", expected="one of inputs, one of targets", found=found
        )
    pairs = [(arrays_in(x)[0], arrays_in(y)[0]) for x, y in batches]
    if len({(x.shape[1:], y.shape[1:]) for x, y in pairs}) > 1:
        raise UsageError("its batches have rows of different shapes")
    X, y = (np.concatenate(part) for part in zip(*pairs, strict=True))
    if X.ndim < 2:
        raise UsageError(
            "X and y do not fit together",
            expected="X (n, features) or (n, rows, columns[, channels]) of numbers, and n targets",
            found=f"X {X.dtype} {X.shape} and y {y.shape}",
        )
    return X, y
