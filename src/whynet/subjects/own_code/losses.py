"""In which order a loss takes what: `loss(X, y)`, `loss(y_pred, y_true)`, `loss(y_true, y_pred)`, told by trying.

The right way gives a finite number that changes with every parameter. Where several do, names decide, and that no loss
is linear in the predictions, as cross-entropy is with its arguments exchanged.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from whynet.errors import UsageError
from whynet.subjects.own_code.code import BATCH_NAMES, Code, ordinary, trial_rows
from whynet.subjects.own_code.outputs import at, ways

PREDICTED = {
    "pred", "preds", "ypred", "yhat", "prediction", "predictions", "predicted", "output", "outputs", "out", "o", "a",
    "al", "yp", "p", "probs", "probabilities", "scores", "logits", "activation", "activations", "ypredicted", "h",
    "hypothesis",
}  # fmt: skip
TARGETS = {
    "y", "ytrue", "target", "targets", "t", "label", "labels", "expected", "truth", "actual", "desired", "yt", "ytrain",
    "ybatch", "groundtruth", "correct",
}  # fmt: skip
DRAWS = 3


@dataclass(frozen=True)
class Asked:
    """A way of asking a loss: as people write it, and as a function of `(X, y)`.

    >>> Asked("loss(X, y)", lambda X, y: 0.0).words
    'loss(X, y)'
    """

    words: str
    ask: Callable[..., Any]
    names: int = 0
    """How well the names of its arguments fit: 1, 0 where they say nothing, -1."""
    of_outputs: Callable[[Any, Any], Any] | None = None
    """The same as a function of outputs and targets, where it is one."""


def ways_of_asking(name: str, loss: Callable[..., Any], code: Code) -> Iterator[Asked]:
    """Every order in which a loss may take what it takes.

    >>> code = Code([np.ones(1)], predict=lambda X: X)
    >>> [one.words for one in ways_of_asking("loss", lambda y_hat, y: 0.0, code)]
    ['loss(X, y)', 'loss(y_pred, y_true)', 'loss(y_true, y_pred)']
    """
    needed = required(loss)
    if len(needed) == 1:  # loss(X, y=None)
        needed = needed + [one for one in _optional(loss) if _plain(one) in TARGETS | PREDICTED][:1]
    if len(needed) == 0 and not _any(loss):
        yield Asked(f"{name}()", lambda: loss())
    elif len(needed) == 1 and _plain(needed[0]) in TARGETS and code.predict is not None:
        yield Asked(f"{name}(y) after predicting", lambda X, y: _after(code.answer(X), loss(y)))
    elif len(needed) == 2 or _any(loss):
        first, second = (*map(_plain, needed), "x", "y")[:2]
        yield Asked(
            f"{name}(X, y)", lambda X, y: loss(X, y), (first in BATCH) - (first in PREDICTED or first in TARGETS)
        )
        if code.predict is None:
            return
        order = (first in PREDICTED or second in TARGETS) - (second in PREDICTED)
        order = 0 if first in BATCH else order
        yield Asked(f"{name}(y_pred, y_true)", lambda X, y: loss(code.answer(X), y), order, loss)
        yield Asked(
            f"{name}(y_true, y_pred)", lambda X, y: loss(y, code.answer(X)), -order, lambda p, y: loss(y, p)
        )  # fmt: skip


BATCH = {name.replace("_", "") for name in BATCH_NAMES}


def settle(candidates: Sequence[Asked], code: Code, seed: int = 0) -> list[Asked]:
    """Those that may be the loss, the best first.

    >>> from whynet.subjects.own_code.code import Examples
    >>> W, X = np.ones((3, 2)), np.eye(3)
    >>> code = Code([W], predict=lambda X: X @ W, examples=Examples((X, np.eye(2)[[0, 1, 0]])))
    >>> candidates = list(ways_of_asking("mse", lambda y_pred, y_true: np.mean((y_pred - y_true) ** 2), code))
    >>> [one.words for one in settle(candidates, code)][:1]
    ['mse(y_pred, y_true)']
    """
    scored = [(_arrays_that_matter(one, code, seed), one) for one in candidates]
    most = max((count for count, _ in scored), default=0)
    fitting = [one for count, one in scored if count == most and count > 0]
    if len(fitting) < 2:
        return fitting
    fitting.sort(key=lambda one: (-one.names, _linear(one, code, seed)))
    return fitting


def _arrays_that_matter(asked: Asked, code: Code, seed: int) -> int:
    """How many of the parameters change what it says; 0 where it never says a finite number."""
    rng = np.random.default_rng([seed, 21])
    kept, code.loss = code.loss, asked.ask
    rows = trial_rows(code)
    matter: set[int] = set()
    try:
        for values in (code.values, *(ordinary(code, rng, rows) for _ in range(DRAWS - 1))):
            said = code.cost(values, rows)
            if not np.isfinite(said):
                continue
            for index in range(len(values)):
                if index not in matter:
                    moved = [value.copy() for value in values]
                    own = moved[index]
                    own += (0.1 * (np.abs(own).mean() + 0.1) * rng.normal(size=own.shape)).astype(own.dtype)
                    other = code.cost(moved, rows)
                    if np.isfinite(other) and other != said:
                        matter.add(index)
    except UsageError:
        return 0
    finally:
        code.loss = kept
    return len(matter)


def _linear(asked: Asked, code: Code, seed: int) -> bool:
    """Whether it is a linear function of the outputs, or none that can be asked about them."""
    if asked.of_outputs is None or code.examples is None:
        return False
    rng = np.random.default_rng([seed, 22])
    rows = trial_rows(code)
    X, y = code.examples.take(rows)
    try:
        both = []
        for _ in range(2):
            with code.at(ordinary(code, rng, rows)), np.errstate(all="ignore"):
                code.push()
                both.append(np.asarray(code.answer(X), dtype=np.float64))
                code.pull()
        with np.errstate(all="ignore"):
            ends = [float(np.asarray(asked.of_outputs(one, y)).ravel()[0]) for one in both]
            middle = float(np.asarray(asked.of_outputs((both[0] + both[1]) / 2, y)).ravel()[0])
    except Exception:  # what people write may raise anything
        return True
    size = max(map(abs, ends)) + 1e-300
    return not np.isfinite(middle) or abs(middle - sum(ends) / 2) <= 1e-9 * size


def required(function: Callable[..., Any]) -> list[str]:
    """The names of the arguments that a function must be given.

    >>> required(lambda X, y, rate=0.1: 0)
    ['X', 'y']
    """
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return ["x", "y"]
    return [
        one.name for one in signature.parameters.values()
        if one.default is one.empty and one.kind in (one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD)
    ]  # fmt: skip


def _optional(function: Callable[..., Any]) -> list[str]:
    try:
        return list(inspect.signature(function).parameters)[len(required(function)) :]
    except (TypeError, ValueError):
        return []


def _any(function: Callable[..., Any]) -> bool:
    """Whether it takes any number of arguments."""
    try:
        kinds = [one.kind for one in inspect.signature(function).parameters.values()]
    except (TypeError, ValueError):
        return False
    return inspect.Parameter.VAR_POSITIONAL in kinds


def _plain(name: str) -> str:
    return name.lower().replace("_", "")


def _after(_: Any, said: Any) -> Any:
    return said


def number_of(said: Any) -> Any:
    """The loss in what its method returned: some return more with it.

    >>> number_of((0.5, np.zeros((2, 2))))
    0.5
    """
    if isinstance(said, (tuple, list, dict)):
        single = [way for way in ways(said) if np.size(at(said, way)) == 1]
        return at(said, single[0]) if single else said
    return said
