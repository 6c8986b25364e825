"""Somebody's own network, written by hand: is its gradient right, does its step follow it, and why does it not learn?

First the code is audited: the network is identified, its gradient held against the exact one, its steps against its
gradient, its gradient check against both. Then, where a recipe can say what the code does (its mistakes included), the
doctor trains that recipe and proves what it finds; where none can, the code itself is trained for a while, once with
its own gradient and once with the right one.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from whynet.data.dataset import Dataset
from whynet.doctor.case import Case, Symptom
from whynet.doctor.states import state_of
from whynet.doctor.trials import Outcome
from whynet.doctor.verdict import Diagnosis, Finding, diagnose
from whynet.errors import NoRecipe, UsageError
from whynet.network.activations import ACTIVATIONS
from whynet.subjects.own_code.anatomy import LOSSES, Anatomy, identify, sane, targets_of
from whynet.subjects.own_code.audit import Update, audit_check, audit_step
from whynet.subjects.own_code.code import Code, Examples
from whynet.subjects.own_code.forensics import Findings, compare, examine, examine_blindly, where
from whynet.subjects.own_code.mistakes import Mistake, backward, factor_in_words
from whynet.subjects.own_code.objects import adapt
from whynet.subjects.recreate import Description, recreate
from whynet.subjects.words import NUMPY, Tongue, in_their_words
from whynet.training.recipe import Recipe
from whynet.types import Array

ASSUMED_RATE = 0.1  # where none is given and no step tells it
MOST_ROWS = 20_000  # of the trial on the code itself
TRIAL_SECONDS = 8.0
BLIND_STEPS = 300
HARMLESS = (
    "at the outputs the slope of the sigmoid is left out: that is exactly the gradient of the cross-entropy. It is "
    "harmless, and learns faster; only the printed cost is another one"
)
SOUND = "the gradients are right: stop looking there"


@dataclass
class Audit:
    """What was found out about the code itself.

    >>> Audit(Code([np.zeros((2, 2))])).findings
    []
    """

    code: Code
    anatomy: Anatomy | None = None
    gradient: Findings | None = None
    update: Update | None = None
    check: str | None = None
    findings: list[Finding] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)


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
    epochs: int = 1,
    budget: float = 30.0,
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
        `(parameters)`. `loss` returns one number, `gradients` one array for each parameter, `step` takes one step in
        place, `check` is your own gradient check. Arrays hold their own numbers again afterwards.
    learning_rate, momentum, batch_size, epochs
        How it is trained. The rate is measured where there is a `step`.

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
    started = time.perf_counter()
    if thing is None and parameters is None:
        raise UsageError(
            "there is nothing to diagnose", expected="a network object, or parameters=, loss= and gradients=",
        )  # fmt: skip
    if data is None:
        raise UsageError("a network needs examples to be diagnosed on", expected="data=(X, y)")
    for name, value, least in (
        ("learning_rate", learning_rate, -math.inf), ("momentum", momentum, -math.inf),
        ("batch_size", batch_size, 1), ("epochs", epochs, 1),
    ):  # fmt: skip
        if value is not None and (isinstance(value, bool) or not isinstance(value, (int, float, np.number))):
            raise UsageError(f"{name} must be a number", where=name, found=f"{value!r}")
        if value is not None and not value >= least and not math.isnan(value):
            raise UsageError(f"{name} must be at least {least}", where=name, found=f"{value}")
    own_check: Callable[..., Any] | None = check
    if thing is not None:
        say(f"looking for the parameters of this {type(thing).__name__}")
        adapted = adapt(thing, data, learning_rate=learning_rate, loss=loss, predict=predict, train=step)
        code, own_check = adapted.code, check or adapted.check
        if gradients is not None:
            code.gradients = gradients
    else:
        if loss is None:
            raise UsageError("a gradient is the slope of a loss, and there is none", expected="loss=a function")
        if isinstance(step, str) or isinstance(predict, str):
            raise UsageError("without an object, step and predict must be functions", found=f"{step or predict!r}")
        code = Code(parameters, loss, gradients, step, predict)
        code.examples = Examples(data, {side for array in code.arrays for side in array.shape})
    audit = _audit(code, own_check, learning_rate, say)
    if own_check is not None and audit.anatomy is not None:
        _audit_check(audit, own_check)
    rate = _rate(audit, learning_rate)
    if rate is None:
        rate = ASSUMED_RATE
        audit.remarks.append(f"No learning rate is known, {rate:g} is assumed: hand over learning_rate=.")
    diagnosis = None
    if audit.anatomy is not None:
        recreated = _as_recipe(audit, rate, momentum, batch_size, epochs)
        if isinstance(recreated, str):
            audit.remarks.append(f"Trained as your own code, not as a recipe: {recreated}")
        else:
            say("training a recipe that does the same, mistakes included")
            left = max(budget - (time.perf_counter() - started), 5.0)
            diagnosis = diagnose(*recreated, budget=left, trials=trials, say=say)
            diagnosis = in_their_words(diagnosis, Tongue("NumPy", NUMPY, rate=rate / recreated[0].rate))
    if diagnosis is None:
        diagnosis = _on_its_own(audit, rate, batch_size or 10, trials, say)
    _join(diagnosis, audit)
    diagnosis.seconds = time.perf_counter() - started
    return diagnosis


# ---- the audit


def _audit(code: Code, check: Callable[..., Any] | None, nominal: float | None, say: Callable[[str], None]) -> Audit:
    audit = Audit(code)
    say("asking the loss which network this is")
    audit.anatomy = anatomy = identify(code)
    if anatomy is None and code.loss is not None and code.examples is not None:
        said = [code.cost(code.values, np.arange(1)) for _ in range(2)]
        if np.isfinite(said).all() and said[0] != said[1]:
            raise UsageError(
                "the loss is another number at every call", where="loss", expected="the same for the same arguments",
                found=f"{said[0]:.6g}, then {said[1]:.6g}", do="Leave dropout and noise out, or seed them in the loss",
            )  # fmt: skip
    if anatomy is None:
        audit.remarks.append(
            "Which network this is could not be told from its arrays and its loss; its gradient was checked by "
            "differences of the loss."
        )
    else:
        audit.remarks.append(f"Identified by what the loss answers: {anatomy.words}.")
    if code.gradients is not None:
        say("checking the gradient")
        audit.gradient = examine(code, anatomy) if anatomy is not None else examine_blindly(code)
        _report_gradient(audit)
    if code.step is not None and code.examples is not None:
        say("checking what a step does")
        audit.update = audit_step(code, anatomy)
        if audit.update is not None:
            _report_update(audit, nominal)
    return audit


def _report_gradient(audit: Audit) -> None:
    """What the forensics found, as findings and remarks."""
    found = audit.gradient
    assert found is not None
    if found.right and math.isnan(found.error):
        audit.remarks.append("The gradient could not be checked: the loss is no finite number wherever it was asked.")
        return
    if found.right:
        audit.remarks.append(f"Gradient: {SOUND} (relative error {found.error:.1g}).")
        if found.penalty:
            audit.remarks.append(
                f"The gradient holds a weight decay of {found.penalty:.4g} that the loss does not print."
            )
        return
    if found.stale:
        audit.findings.append(_found("gradient-buffer-not-reset", [_error(found)], found.stale))
    if found.harmless:
        audit.remarks.append("Gradient: " + HARMLESS + ".")
        return
    for mistake in found.mistakes:
        audit.findings.append(_mistaken(audit, mistake, found))
    if found.wrong and not found.explained:
        what = f"{', '.join(found.wrong)}: not the slope of the loss, and equal to no mistake that is known here"
        if not any(finding.cause == "gradient-wrong-term" for finding in audit.findings):
            audit.findings.append(_found("gradient-wrong-term", [_error(found)], what))


def _mistaken(audit: Audit, mistake: Mistake, found: Findings) -> Finding:
    name = audit.code.names[mistake.layer] if audit.anatomy is None and mistake.layer >= 0 else ""
    if audit.anatomy is not None:
        name = where(audit.code, audit.anatomy, mistake)
        if mistake.part == "b" and audit.anatomy.shape.bias_row:
            name = f"the biases in {name}"
    words = factor_in_words(mistake.factor, found.rows) if mistake.kind == "factor" else mistake.words
    if mistake.part == "error" and name:
        name += " and what comes before it"
    evidence = [_error(found)]
    if mistake.kind in ("factor", "decay"):
        evidence.append(Symptom("gradient-factor", mistake.factor, "of the true one", "1"))
    return _found(mistake.cause, evidence, f"{name or 'every array'}: {words}")


def _error(found: Findings) -> Symptom:
    return Symptom("gradient-error", found.error, "relative to the true gradient", "below 1e-5")


def _found(cause: str, evidence: Sequence[Symptom], words: str) -> Finding:
    return Finding(cause, "found", (), tuple(evidence), None, None, None, words)


def _report_update(audit: Audit, nominal: float | None) -> None:
    """What a step does that its rate and its gradient do not say."""
    update = audit.update
    assert update is not None
    rate = nominal if nominal is not None else update.bias_rate
    if update.adaptive:
        audit.remarks.append(
            f"Its steps are adaptive, as Adam's are: the first is {update.adaptive:.3g} for every entry, whatever its "
            "gradient."
        )
        return
    if len(update.still) == len(audit.code.names):
        audit.remarks.append(
            "A step changed none of the arrays, so nothing is known of it: it must change those that were handed over, "
            "in place."
        )
        return
    if audit.gradient is None and not update.known and audit.anatomy is not None:
        _gradient_from_steps(audit)
        update = audit.update
        assert update is not None
    elif not update.known:
        audit.remarks.append("Its steps follow no rule that is known here: not its gradient, nor that with momentum.")
    if update.known and audit.gradient is None and update.rate > 0:
        audit.remarks.append(f"Its steps follow the gradient of the loss, at a rate of {update.rate:.4g}: {SOUND}.")
    if update.known and nominal and update.rows > 1 and np.isclose(update.rate, update.rows * nominal, rtol=1e-2):
        audit.findings.append(_found(
            "gradient-not-averaged",
            [Symptom("effective-rate", update.rate, "of the gradient", f"{nominal:.4g}, the learning rate")],
            f"a step on {update.rows} examples is {update.rows} times the rate times the gradient of the mean: it adds "
            "up over the batch",
        ))  # fmt: skip
    if update.known and update.decay > 1e-9:
        audit.remarks.append(f"Each step takes {update.decay:.3g} of the weights away: weight decay.")
    lasting = Symptom("effective-rate", update.lasting, "of the gradient", f"{rate:.4g}, the learning rate")
    if update.raw_momentum:
        audit.findings.append(_found(
            "momentum-unscaled",
            [lasting, Symptom("fitted-previous-gradient", update.previous, "of the previous gradient", "0")],
            f"the step adds {update.previous:.4g} times the previous raw gradient, whatever the rate is; momentum is a "
            "part of the previous step",
        ))  # fmt: skip
    biases = [i for i, name in enumerate(audit.code.names) if name in update.still and _is_bias(audit, i)]
    for name in update.still:
        cause = "bias-not-updated" if audit.code.names.index(name) in biases else "layer-not-updated"
        if not any(finding.cause == cause for finding in audit.findings):
            audit.findings.append(_found(
                cause, [Symptom("arrays-left-alone", len(update.still), "arrays with a gradient that never move", "0")],
                f"{', '.join(update.still)}: a step does not change it",
            ))  # fmt: skip
    if update.known and update.rate < 0 and not any(f.cause == "gradient-sign-flipped" for f in audit.findings):
        audit.findings.append(_found("gradient-sign-flipped", [lasting], "a step goes uphill: its sign is wrong"))


def _is_bias(audit: Audit, index: int) -> bool:
    if audit.anatomy is not None:
        return audit.anatomy.shape.places[index].part == "b"
    array = audit.code.arrays[index]
    return array.ndim < 2 or 1 in array.shape


def _gradient_from_steps(audit: Audit) -> None:
    """Code that only trains: its gradient is what its first step takes away, up to the rate."""
    code, anatomy = audit.code, audit.anatomy
    assert anatomy is not None and code.examples is not None
    rng = np.random.default_rng(16)
    rows = np.sort(
        rng.choice(len(code.examples), 1 if code.examples.single else min(7, len(code.examples)), replace=False)
    )
    X, y = code.examples.rows(rows)
    own = anatomy.shape.write(sane(anatomy.shape, X, rng), code.arrays)
    values = [value.astype(array.dtype) for value, array in zip(own, code.arrays, strict=True)]
    move = code.moved(values, [rows])[0]
    theirs = anatomy.shape.read([-step for step in move])
    layers = anatomy.shape.read(values)
    audit.gradient = compare(code, anatomy, layers, X, targets_of(y, anatomy.shape.sizes[-1]), theirs, any_scale=True)
    _report_gradient(audit)
    factor = _rate_of(anatomy, layers, X, targets_of(y, anatomy.shape.sizes[-1]), theirs, audit.gradient.mistakes)
    if factor is not None and audit.update is not None:
        audit.update = replace(audit.update, rate=factor, bias_rate=factor, previous=0.0, momentum=0.0, misfit=0.0)


def _rate_of(
    anatomy: Anatomy, layers: Any, X: Array, targets: Array, theirs: Any, mistakes: tuple[Mistake, ...]
) -> float | None:
    made = backward(anatomy, layers, X, targets, tuple(one for one in mistakes if one.part != "all"))
    g = np.concatenate([np.concatenate([W.ravel(), b]) for W, b in theirs])
    t = np.concatenate([np.concatenate([W.ravel(), b]) for W, b in made])
    factor = float(g @ t / max(t @ t, 1e-300))
    return factor if factor > 0 and np.linalg.norm(g - factor * t) < 1e-3 * np.linalg.norm(g) else None


def _right(audit: Audit) -> bool | None:
    """Whether the owner's gradient is right, as far as it is known."""
    if audit.gradient is not None:
        return audit.gradient.right
    return True if audit.update is not None and audit.update.known and audit.update.rate > 0 else None


def _audit_check(audit: Audit, check: Callable[..., Any]) -> None:
    """Can the owner's own gradient check tell a right gradient?"""
    code, anatomy = audit.code, audit.anatomy
    assert anatomy is not None

    def call(function: Callable[..., Any], values: Sequence[Array], rows: Array) -> Any:
        with code.at(values), np.errstate(all="ignore"):
            return code._call(function, rows, "check")

    try:
        audit.check = audit_check(code, anatomy, check, call, _right(audit))
    except UsageError as error:
        audit.remarks.append(f"Your gradient check could not be run: {error.message}.")
        return
    if audit.check is None:
        audit.remarks.append("Your gradient check tells a right gradient from a wrong one.")
        return
    if not audit.check:
        audit.remarks.append("Your gradient check returns nothing that can be judged: let it return its numbers.")
        return
    start = "your gradient is right, your check is wrong: " if _right(audit) else "your check is wrong: "
    off = audit.gradient.error if audit.gradient is not None else 0.0
    evidence = [Symptom("gradient-error", off, "relative to the true gradient", "below 1e-5")]
    audit.findings.append(_found("gradient-check-invalid", evidence, start + audit.check))


# ---- the code as a recipe


def _rate(audit: Audit, nominal: float | None) -> float | None:
    if nominal is not None:
        return nominal
    if audit.update is not None and audit.update.adaptive:
        return audit.update.adaptive
    if audit.update is not None and audit.update.known and audit.update.rate > 0:
        return audit.update.bias_rate if audit.update.raw_momentum else audit.update.rate
    return None


def _as_recipe(
    audit: Audit, rate: float, momentum: float, batch_size: int | None, epochs: int
) -> tuple[Recipe, Dataset] | str:
    """The recipe that does what the code does, its mistakes as faults; or a sentence why there is none."""
    code, anatomy = audit.code, audit.anatomy
    assert anatomy is not None and code.examples is not None
    if anatomy.cost not in ("quadratic", "sigmoid-cross-entropy", "softmax-cross-entropy"):
        return f"no recipe has the cost {anatomy.cost}."
    if len(set(anatomy.hidden)) > 1 or not set(anatomy.hidden) <= set(ACTIVATIONS):
        return f"no recipe has {', then '.join(anatomy.hidden)} hidden units."
    faults = _faults(audit)
    if faults is None:
        return "its mistake is none that a recipe can make."
    update = audit.update
    if update is not None and update.raw_momentum:
        momentum, faults = update.previous, (*faults, "raw-momentum")
    elif update is not None and update.known and abs(update.momentum) > 1e-3:
        momentum = update.momentum
    X, y = code.examples.all_rows()
    if len(X) < 2:
        return "there is only one example."
    labels = y.argmax(axis=1) if y.ndim == 2 and y.shape[1] > 1 else np.rint(y.ravel())
    if y.ndim == 2 and y.shape[1] > 1 and not ((y == 0) | (y == 1)).all():
        return "its targets are not one-hot."
    layers = anatomy.shape.read(code.values)
    size = 1 if code.examples.single else batch_size or min(10, len(X))
    decay = audit.gradient.penalty if audit.gradient is not None else 0.0
    try:
        recipe, data = recreate(Description(
            layers=layers, X=X, labels=labels.astype(np.int64),
            outputs=anatomy.forward(layers, X[:50])[-1][1], last=anatomy.output,
            activation=(anatomy.hidden or ("sigmoid",))[0], output_activation=anatomy.output, cost=anatomy.cost,
            factor=anatomy.scale * (1 if anatomy.mean else size), learning_rate=rate, momentum=momentum,
            l2=2 * anatomy.l2 + decay,
            optimizer="adam" if update is not None and update.adaptive else "sgd",
            batch_size=size, epochs=epochs, faults=faults,
        ))  # fmt: skip
    except (NoRecipe, UsageError) as error:
        return f"{error.message}."
    return recipe, data


def _faults(audit: Audit) -> tuple[str, ...] | None:
    """The mistakes as faults of a recipe; None if one of them has no such name."""
    found = audit.gradient
    if found is None or found.right:
        return ()
    if not found.explained:
        return None
    assert audit.anatomy is not None
    last = audit.anatomy.shape.layers - 1
    faults = ["stale-gradients"] if found.stale.startswith("each call adds") else []
    if found.stale and not faults:
        return None
    kinds: dict[tuple[str, str], set[int]] = {}
    for one in found.mistakes:
        if one.kind == "factor":
            if one.layer != -1:
                return None
            if np.isclose(one.factor, -1):
                faults.append("flipped-gradient")
            elif found.rows > 1 and np.isclose(one.factor, found.rows):
                faults.append("summed-gradient")
            else:
                return None
            continue
        kinds.setdefault((one.kind, one.part), set()).add(one.layer)
    hidden, everywhere = set(range(last)), set(range(last + 1))
    for (kind, _), layers in kinds.items():
        name = {
            ("missing-slope", frozenset({last})): "no-output-slope",
            ("missing-slope", frozenset(hidden)): "no-hidden-slope",
            ("slope-of-value", frozenset(hidden)): "wrong-slope",
            ("bias-zero", frozenset(everywhere)): "forgotten-bias",
        }.get((kind, frozenset(layers)))
        if kind == "missing-slope" and layers == everywhere:
            faults += ["no-output-slope", "no-hidden-slope"]
        elif name is None:
            return None
        else:
            faults.append(name)
    return tuple(faults)


# ---- the code trained as it is


def _on_its_own(audit: Audit, rate: float, batch: int, trials: bool, say: Callable[[str], None]) -> Diagnosis:
    """Train a copy of the parameters with the owner's gradient, and with the right one, and judge both."""
    code = audit.code
    assert code.examples is not None
    if audit.anatomy is None:
        return _blind(audit, rate, batch)
    say("training the code as it is")
    own = _train(audit, rate, batch, theirs=True)
    case, state = _state(audit, own)
    diagnosis = Diagnosis(state=state, floor=case.value("floor"), before=own.outcome, linear=own.linear)
    if trials and audit.gradient is not None and not (audit.gradient.right or audit.gradient.harmless):
        say("training it with the right gradient")
        mended = _train(audit, rate, batch, theirs=False)
        if mended.outcome.validation_accuracy > own.outcome.validation_accuracy + 0.02:
            diagnosis.after = mended.outcome
            diagnosis.fix_changes = tuple(f"mend {finding.words}" for finding in audit.findings)
            audit.findings = [
                replace(finding, status="proved", before=own.outcome, after=mended.outcome)
                if finding.cause.startswith(("gradient-", "bias-", "layer-")) and "check" not in finding.cause
                else finding
                for finding in audit.findings
            ]  # fmt: skip
    return diagnosis


def _blind(audit: Audit, rate: float, batch: int) -> Diagnosis:
    """Train a network of which nothing is known but its loss and its gradient, and judge by the loss alone."""
    code = audit.code
    if code.gradients is None or code.loss is None:
        return Diagnosis(state="not-started", floor=math.nan)
    n = 1 if code.examples is None else len(code.examples)
    rng = np.random.default_rng(18)
    probe = np.sort(rng.choice(n, 1 if code.examples is None or code.examples.single else min(n, 500), replace=False))
    values, costs, started = code.values, [code.cost(code.values, probe)], time.perf_counter()
    while len(costs) < BLIND_STEPS and time.perf_counter() - started < TRIAL_SECONDS / 2 and math.isfinite(costs[-1]):
        slopes = code.slopes(values, rng.choice(n, min(batch, n), replace=False))
        with np.errstate(all="ignore"):
            values = [(value - rate * slope).astype(value.dtype) for value, slope in zip(values, slopes, strict=True)]
        costs.append(code.cost(values, probe))
    start, middle, end = costs[0], costs[len(costs) // 2], costs[-1]
    audit.remarks.append(f"Judged by its loss alone: {start:.4g} before, {end:.4g} after {len(costs) - 1} steps.")
    if not math.isfinite(end):
        state = "non-finite"
    elif end > 1.02 * start:
        state = "diverged"
    elif start - end < 0.01 * abs(start):
        state = "not-started"
    elif end < 0.5 * start:
        state = "healthy"
    else:
        state = "undertrained" if middle - end > 0.01 * abs(middle) else "stalled"
    return Diagnosis(state=state, floor=math.nan)


@dataclass
class _Trained:
    outcome: Outcome
    start: float
    answers: Array
    labels: Array
    train_accuracy: float
    linear: float
    floor: float


def _train(audit: Audit, rate: float, batch: int, *, theirs: bool) -> _Trained:
    """Plain descent from the owner's parameters, on four fifths of the data, for some seconds at most."""
    code, anatomy = audit.code, audit.anatomy
    assert anatomy is not None and code.examples is not None
    X, y = code.examples.all_rows(MOST_ROWS)
    T = targets_of(y, anatomy.shape.sizes[-1])
    rng = np.random.default_rng(17)
    order = rng.permutation(len(X))
    held = order[: len(X) // 5] if len(X) >= 50 else order
    rest = order[len(X) // 5 :] if len(X) >= 50 else order
    values = [value.astype(np.float64) for value in code.values]
    size = 1 if code.examples.single else min(batch, len(rest))
    started, steps = time.perf_counter(), 0

    def cost(layers: Any) -> float:
        rows = rest[:2000]
        with np.errstate(all="ignore"):
            found = LOSSES[anatomy.cost].value(anatomy.forward(layers, X[rows])[-1][1], T[rows])
        return float(found.mean())

    start = cost(anatomy.shape.read(values))
    most = max(2 * len(rest) // size, 300)
    while steps < most and time.perf_counter() - started < TRIAL_SECONDS / 2:
        rows = rng.choice(rest, size, replace=False)
        with np.errstate(all="ignore"):
            if theirs and (code.gradients is not None or code.step is not None):
                now = [value.astype(array.dtype) for value, array in zip(values, code.arrays, strict=True)]
                moves = code.moved(now, [rows])[0] if code.gradients is None else _descent(rate, code.slopes(now, rows))
            else:
                right = backward(anatomy, anatomy.shape.read(values), X[rows], T[rows])
                moves = _descent(rate, anatomy.shape.write(right, code.arrays))
            values = [value + move for value, move in zip(values, moves, strict=True)]
        steps += 1
        if not all(np.isfinite(value).all() for value in values):
            break
    layers = anatomy.shape.read(values)
    with np.errstate(all="ignore"):
        scores = np.nan_to_num(anatomy.forward(layers, X)[-1][1])
    single = scores.shape[1] == 1
    middle = 0.0 if anatomy.output == "identity" and anatomy.cost != "quadratic" else 0.5
    answers = (scores[:, 0] > middle).astype(int) if single else scores.argmax(axis=1)
    labels = (T[:, 0] > 0.5).astype(int) if single else T.argmax(axis=1)
    recalls = tuple(float(np.mean(answers[held][labels[held] == k] == k)) for k in np.unique(labels[held]))
    end = cost(layers)
    outcome = Outcome(
        cost=end, validation_accuracy=float(np.mean(answers[held] == labels[held])), test_accuracy=None,
        recalls=recalls, one_answer=float(np.bincount(answers[held]).max() / len(held)), steps=steps,
        finite=math.isfinite(end), seconds=time.perf_counter() - started,
    )  # fmt: skip
    prior = T[rest].mean(axis=0)
    squashed = np.clip(prior, 1e-12, 1 - 1e-12)
    constant = {"sigmoid-cross-entropy": np.log(squashed / (1 - squashed)), "softmax-cross-entropy": np.log(squashed)}
    floor = float(LOSSES[anatomy.cost].value(
        np.tile(constant.get(anatomy.cost, squashed), (len(rest), 1)), T[rest]).mean())  # fmt: skip
    return _Trained(
        outcome, start, answers[held], labels[held], float(np.mean(answers[rest] == labels[rest])),
        _linear(X[rest], T[rest], X[held], labels[held]), floor,
    )  # fmt: skip


def _descent(rate: float, slopes: Sequence[Array]) -> list[Array]:
    return [-rate * slope for slope in slopes]


def _linear(X: Array, T: Array, X_held: Array, labels: Array) -> float:
    """Accuracy of a linear classifier by least squares, a little ridge for constant pixels."""
    A = np.concatenate([X, np.ones((len(X), 1))], axis=1)
    W = np.linalg.solve(A.T @ A + 1e-3 * len(X) * np.eye(A.shape[1]), A.T @ T)
    scores = np.concatenate([X_held, np.ones((len(X_held), 1))], axis=1) @ W
    answers = (scores[:, 0] > 0.5).astype(int) if T.shape[1] == 1 else scores.argmax(axis=1)
    return float(np.mean(answers == labels))


def _state(audit: Audit, trained: _Trained) -> tuple[Case, str]:
    assert audit.anatomy is not None
    sizes = audit.anatomy.shape.sizes
    classes = max(sizes[-1], 2)
    case = Case(Recipe(), len(sizes) - 1, len(trained.labels), len(trained.labels), classes, sizes[0])
    case.note("cost", trained.outcome.cost)
    case.note("start-cost", trained.start)
    case.note("floor", trained.floor)
    case.note("accuracy", trained.outcome.validation_accuracy)
    case.note("one-answer", trained.outcome.one_answer)
    case.note("largest-class", float(np.bincount(trained.labels).max() / len(trained.labels)))
    case.note("train-accuracy", trained.train_accuracy)
    case.note("gap", trained.train_accuracy - trained.outcome.validation_accuracy)
    case.note("doubt", math.sqrt(0.05 * 0.95 / len(trained.labels)))
    case.note("still-falling", 0.0)
    state = state_of(case, linear=trained.linear, finite=trained.outcome.finite, recalls=trained.outcome.recalls)
    return case, state


def _join(diagnosis: Diagnosis, audit: Audit) -> None:
    """What the audit found beside what the trials proved: a cause that both name keeps its proof and gets the words."""
    words = {finding.cause: finding for finding in audit.findings}
    harmless = audit.gradient is not None and audit.gradient.harmless
    joined = []
    for finding in diagnosis.verdict:
        if harmless and finding.cause == "gradient-missing-derivative" and finding.status != "proved":
            continue
        mine = words.pop(finding.cause, None)
        if mine is not None:
            known = {one.name for one in mine.evidence}
            others = tuple(one for one in finding.evidence if one.name not in known)
            said = ". ".join(part for part in (mine.words, finding.words) if part)
            finding = replace(finding, evidence=(*mine.evidence, *others), words=said)
        joined.append(finding)
    proved = [finding for finding in (*joined, *words.values()) if finding.status == "proved"]
    rest = [finding for finding in (*words.values(), *joined) if finding.status != "proved"]
    diagnosis.verdict = [*proved, *rest]
    accused = {finding.cause for finding in diagnosis.verdict}
    diagnosis.acquitted = [(name, why) for name, why in diagnosis.acquitted if name not in accused]
    diagnosis.remarks = [*audit.remarks, *diagnosis.remarks]
