"""Somebody's own network, written by hand: is its gradient right, does its step follow it, and why does it not learn?

First the code is read and audited (`reading.py`). Then it is trained: where a recipe is shown to take the same steps,
by whynet's engine; else the code itself is, with its own step or its own gradient.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from whynet.data.problem import Classification, MultiLabel, Regression
from whynet.data.protocol import Problem, names_of
from whynet.doctor.budget import TIMES
from whynet.doctor.change import Wording
from whynet.doctor.diagnose import examine
from whynet.doctor.diagnosis import Diagnosis, Gap, Remark, said
from whynet.doctor.symptom import Measured
from whynet.doctor.symptoms.outcome import FLOOR
from whynet.errors import BadFile, NoRecipe, UsageError
from whynet.mistakes.catalogue import planted_as
from whynet.network.activations import ACTIVATIONS
from whynet.network.costs import COSTS, floor
from whynet.subjects.adapted import AdaptedSubject
from whynet.subjects.own_code.reading import Audit, read
from whynet.subjects.own_code.training import PROBE, CodeAdapter, settings_of
from whynet.subjects.recreate import Description
from whynet.subjects.standin import StandIn, stand_in
from whynet.types import Array

ASSUMED_RATE = 0.1  # where none is given and no step tells it
ASSUMED_BATCH = 10
OF_CLASSES = {name: name for name in ("quadratic", "sigmoid-cross-entropy", "softmax-cross-entropy")}
OF_NUMBERS = {"quadratic": "quadratic", "absolute error": "absolute"}
"""The costs that a recipe has, by what they are called where they are told from the code."""


def diagnose_code(
    thing: Any = None,
    data: Any = None,
    *,
    parameters: Any = None,
    loss: Callable[..., Any] | None = None,
    gradients: Callable[..., Any] | None = None,
    step: Callable[..., Any] | str | None = None,
    predict: Callable[..., Any] | str | None = None,
    check: Callable[..., Any] | None = None,
    learning_rate: float | None = None,
    momentum: float = 0.0,
    batch_size: int | None = None,
    epochs: int | None = None,
    effort: float = TIMES,
    budget: float | None = None,
    trials: bool = True,
    say: Callable[[str], None] = lambda _: None,
) -> Diagnosis:
    """Diagnose a hand-written network: an object, or its `parameters`, `loss` and `gradients`.

    Parameters
    ----------
    thing
        A network object; it is copied, and found out by trying (see `subjects/own_code/objects.py`).
    data
        `(X, y)` with examples in rows or columns, a list of `(x, y)` pairs, or a `Dataset`.
    parameters, loss, gradients, step, predict, check
        Instead of an object: the arrays, in lists or dicts, and functions of `()`, `(X, y)`, `(parameters, X, y)` or
        `(parameters)`; a loss may also take predictions and targets. `loss` returns one number, `gradients` one array
        for each parameter, `step` takes one step in place, `check` is your own gradient check. Arrays hold their own
        numbers again afterwards.
    learning_rate, momentum, batch_size, epochs
        How it is trained. The rate is measured where there is a `step`.
    effort, budget, trials, say
        As for `whynet.diagnose`.

    >>> rng = np.random.default_rng(0)
    >>> W, b = rng.normal(0, 0.1, (2, 1)), np.zeros(1)
    >>> X = rng.normal(size=(200, 2)); y = (X.sum(axis=1, keepdims=True) > 0).astype(float)
    >>> def forward(X): return 1 / (1 + np.exp(-(X @ W + b)))
    >>> def loss(X, y): return 0.5 * np.mean((forward(X) - y) ** 2)
    >>> def gradients(X, y):
    ...     delta = (y - forward(X)) * forward(X) * (1 - forward(X))
    ...     return [X.T @ delta / len(X), delta.mean(axis=0)]
    >>> found = diagnose_code(parameters=[W, b], loss=loss, gradients=gradients, data=(X, y), learning_rate=1.0)
    >>> found.verdict[0].cause
    'gradient-sign-flipped'

    Raises
    ------
    UsageError
        Functions that fail or return something of the wrong shape, data that do not fit.
    """
    for name, value, least in (
        ("learning_rate", learning_rate, -math.inf), ("momentum", momentum, -math.inf),
        ("batch_size", batch_size, 1), ("epochs", epochs, 1),
    ):  # fmt: skip
        if value is not None and (isinstance(value, bool) or not isinstance(value, (int, float, np.number))):
            raise UsageError(f"{name} must be a number", where=name, found=f"{value!r}")
        if value is not None and not value >= least and not math.isnan(value):
            raise UsageError(f"{name} must be at least {least}", where=name, found=f"{value}")
    audit = read(
        thing, data, parameters=parameters, loss=loss, gradients=gradients, step=step, predict=predict, check=check,
        learning_rate=learning_rate, say=say,
    )  # fmt: skip
    subject = _subject(audit, learning_rate, momentum, batch_size, epochs)
    epochs = int(epochs or 1)
    asked: dict[str, Any] = {"effort": effort, "budget": budget, "trials": trials, "say": say}
    if isinstance(subject, Diagnosis):
        return subject
    try:
        own: AdaptedSubject | StandIn = _as_recipe(audit, subject, epochs)
        own.found, own.remarks, own.not_examined = subject.found, subject.remarks, subject.not_examined
    except NoRecipe as reason:
        subject.used["trials"] = f"your own code is trained ({reason.message})"
        own = subject
    diagnosis = examine(own, **asked)
    if audit.gradient is not None and audit.gradient.harmless:
        harmless = "gradient-missing-derivative"
        diagnosis.verdict = [f for f in diagnosis.verdict if f.cause != harmless or f.status in ("proved", "helps")]
    return diagnosis


def _subject(
    audit: Audit, nominal: float | None, momentum: float, batch_size: int | None, epochs: int | None
) -> AdaptedSubject | Diagnosis:
    """The code with its data; a diagnosis of what was read off it where it cannot be trained or judged."""
    examples, used = audit.code.examples, audit.used
    assert examples is not None
    X, y = examples.all_rows()
    assumed: dict[str, float] = {}
    if epochs is None:
        assumed["epochs"] = 1
    epochs = int(epochs or 1)
    several = not examples.single or audit.pairs is not None or (audit.code.step is None and batch_size is not None)
    size = batch_size or min(ASSUMED_BATCH, len(X)) if several else 1
    if batch_size is None and several:
        assumed["batch_size"] = size
    rate = audit.rate if nominal is None else nominal
    if rate is None:
        rate = assumed["learning_rate"] = ASSUMED_RATE
    remarks = [said(text) for text in audit.remarks]
    if assumed:
        remarks.insert(0, Remark("assumed", assumed))
    if batch_size is not None and batch_size > size:
        remarks.append(said(f"Its step takes one example at a time: the batch size of {batch_size} is not used."))
    update = audit.update
    if update is not None and update.updates > 1:
        used["step"] = f"one call makes {update.updates} updates" + (", one for each row" if update.by_row else "")
    finite = math.isfinite(rate) and rate > 0
    settings = settings_of(
        audit, rate=rate if finite else None, momentum=momentum, batch=min(size, len(X)), epochs=epochs,
        optimizer="adam" if update is not None and update.adaptive else "sgd",
    )  # fmt: skip
    adapter = CodeAdapter(audit, settings, momentum=momentum, middle=_middle(audit))
    gaps = list(audit.not_examined)
    if not adapter.trains:
        gaps.append(Gap("its training", "it has neither a step nor a gradient that can be asked for"))
    if audit.anatomy is None and audit.code.predict is None:
        gaps.append(Gap("how well it predicts", "there is no function that predicts: hand over predict="))
    if not adapter.trains or (audit.anatomy is None and audit.code.predict is None):
        return Diagnosis(
            "not-examined", verdict=list(audit.findings), remarks=remarks,
            used=dict(used), not_examined=gaps, settings=settings, wording=Wording("NumPy"),
        )  # fmt: skip
    problem = _problem(y, audit)
    used["problem"] = _in_words(problem, audit)
    subject = AdaptedSubject(
        adapter, X, _targets(y, problem), problem=problem, found=audit.findings,
        noted=_floor(audit, y), remarks=remarks, used=dict(used), not_examined=gaps,
    )  # fmt: skip
    adapter.rows = subject.rest
    return subject


def _floor(audit: Audit, y: Array) -> list[Measured]:
    """What the best constant numbers cost, where it is known which cost of numbers this is."""
    anatomy = audit.anatomy
    name = None if anatomy is None else OF_NUMBERS.get(anatomy.cost)
    if audit.classes is not None or anatomy is None or name is None:
        return []
    rows = 1 if anatomy.mean else min(len(y), PROBE)
    return [FLOOR.measured(anatomy.scale * rows * floor(COSTS[name], y.reshape(len(y), -1)))]


def _targets(y: Array, problem: Problem) -> Array:
    """Targets as the problem keeps them."""
    if problem.kind == "regression":
        return y.reshape(len(y), -1).astype(np.float64)
    if problem.kind == "labels":
        labels: Array = (y == y.max()).astype(np.uint8)
        return labels
    if y.ndim == 2 and y.shape[1] > 1:
        classes: Array = y.argmax(axis=1)
        return classes
    return np.rint(y.reshape(-1)).astype(np.intp)


def _problem(y: Array, audit: Audit) -> Problem:
    if audit.classes is None:
        return Regression(names_of(y.reshape(len(y), -1).shape[1]))
    if y.ndim == 2 and y.shape[1] > 1 and not ((y == y.max()).sum(axis=1) == 1).all():
        return MultiLabel(names_of(audit.classes))  # any number of them, where one-hot rows have one
    return Classification(tuple(map(str, range(audit.classes))))


def _in_words(problem: Problem, audit: Audit) -> str:
    """What is learned, and how that was told."""
    count, cost = problem.outputs, None if audit.anatomy is None else audit.anatomy.cost
    said = "its targets" if cost is None else f"{cost} of its targets"
    if problem.kind == "regression":
        return f"a regression of {'1 number' if count == 1 else f'{count} numbers'}: {said}"
    return f"{count} {problem.kind if problem.kind == 'labels' else 'classes'}: {said}"


def _middle(audit: Audit) -> float:
    """Of one output, where the prediction changes: 0.5 of a probability, 0 of what a cross-entropy still squashes."""
    anatomy = audit.anatomy
    squashed_later = anatomy is not None and anatomy.output == "identity" and anatomy.cost != "quadratic"
    return 0.0 if squashed_later else 0.5


def _as_recipe(audit: Audit, subject: AdaptedSubject, epochs: int) -> StandIn:
    """A recipe that is shown to take the same steps, the mistakes included.

    Raises
    ------
    NoRecipe
        There is none.
    """
    code, anatomy, settings = audit.code, audit.anatomy, subject.adapter.settings
    if anatomy is None:
        raise NoRecipe("which network it is could not be told")
    cost = (OF_NUMBERS if audit.classes is None else OF_CLASSES).get(anatomy.cost)
    if cost is None:
        raise NoRecipe(f"no recipe has the cost {anatomy.cost}")
    if len(set(anatomy.hidden)) > 1 or not set(anatomy.hidden) <= set(ACTIVATIONS):
        raise NoRecipe(f"no recipe has {', then '.join(anatomy.hidden)} hidden units")
    if audit.assumed_cost:
        raise NoRecipe("its cost is not known")
    if audit.unstable:
        raise NoRecipe("its own arithmetic overflows where whynet's does not")
    faults = _faults(audit)
    if faults is None:
        raise NoRecipe("its mistake is none that a recipe can make")
    momentum, update = settings.momentum or 0.0, audit.update
    if update is not None and update.raw_momentum:
        momentum, faults = update.previous, (*faults, "raw-momentum")
    elif update is not None and update.known and abs(update.momentum) > 1e-3:
        momentum = update.momentum
    X, y = subject.whole
    if len(X) < 2:
        raise NoRecipe("there is only one example")
    size, layers = settings.batch or 1, anatomy.shape.read(code.values)
    if update is not None and update.updates > 1:
        if not update.by_row:
            raise NoRecipe("each of its steps makes several updates")
        size = 1
    decay = audit.gradient.penalty if audit.gradient is not None else 0.0
    factor = anatomy.scale * (1 if anatomy.mean else size)
    description = Description(
        layers=layers, X=X, y=y, problem=subject.problem, outputs=anatomy.forward(layers, X[:50])[-1][1],
        last=anatomy.output, activation=(anatomy.hidden or ("sigmoid",))[0], output_activation=anatomy.output,
        cost=cost, factor=factor, learning_rate=settings.rate if settings.rate is not None else math.nan,
        momentum=momentum, l2=2 * anatomy.l2 + decay,
        optimizer="adam" if update is not None and update.adaptive else "sgd",
        batch_size=size, epochs=epochs, faults=faults,
    )  # fmt: skip
    try:
        return stand_in(subject, description, Wording("NumPy", rate=1 / factor if factor else 1.0))
    except (UsageError, BadFile) as error:
        raise NoRecipe(error.message) from None


def _faults(audit: Audit) -> tuple[str, ...] | None:
    """The mistakes as faults of a recipe; None if one of them has no such name."""
    found = audit.gradient
    assert audit.anatomy is not None
    biased = any(place.part in ("b", "Wb") for place in audit.anatomy.shape.places)
    faults = [] if biased else ["no-biases"]
    faults += ["flipped-gradient"] if audit.update is not None and audit.update.uphill else []
    if audit.update is not None and audit.update.wrong:
        return None
    if found is None or found.right:
        return tuple(faults)
    if not found.explained:
        return None
    faults += ["stale-gradients"] if found.stale.startswith("each call adds") else []
    if found.stale and "stale-gradients" not in faults:
        return None
    names, left = planted_as(found.mistakes, audit.anatomy.shape.layers)
    for one in left:
        if one.kind == "factor" and one.layer == -1 and np.isclose(one.factor, -1):
            faults.append("flipped-gradient")
        elif one.kind == "factor" and one.layer == -1 and found.rows > 1 and np.isclose(one.factor, found.rows):
            faults.append("summed-gradient")
        else:
            return None
    return (*faults, *names)
