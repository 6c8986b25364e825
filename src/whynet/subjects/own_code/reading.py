"""What is read off hand-written code, and what is wrong with it: nothing here trains.

The network is identified, its gradient held against the exact one, its steps against its gradient, its gradient check
against both. What was taken for what is said (`used`), and so is what could not be looked at (`not_examined`). A cost
that is only assumed accuses nobody.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import numpy as np

from whynet.doctor.diagnosis import Finding, Gap
from whynet.doctor.symptom import Measured
from whynet.doctor.symptoms.gradient import GRADIENT_ERROR, GRADIENT_FACTOR
from whynet.doctor.symptoms.update import (
    ARRAYS_LEFT_ALONE,
    ARRAYS_OFF_THEIR_GRADIENT,
    EFFECTIVE_RATE,
    FITTED_PREVIOUS_GRADIENT,
)
from whynet.errors import UsageError
from whynet.mistakes.formulas import LOSSES
from whynet.mistakes.mistake import Mistake, factor_in_words
from whynet.subjects.own_code.anatomy import BROKEN, Anatomy, identify, sane, targets_of
from whynet.subjects.own_code.audit import Update, audit_check, audit_step, is_bias
from whynet.subjects.own_code.backward import backward
from whynet.subjects.own_code.code import Code, Examples, trial_rows
from whynet.subjects.own_code.cost import loss_of, tell
from whynet.subjects.own_code.forensics import Draw, Findings, compare, examine, examine_blindly, where
from whynet.subjects.own_code.losses import required, settle, ways_of_asking
from whynet.subjects.own_code.objects import adapt
from whynet.subjects.own_code.outputs import size_of, suffix, ways
from whynet.types import Array

PLACES = 3
MOST_CLASSES = 1000
OVERFLOW = 1e4  # times ordinary weights, where arithmetic that is not stable gives no finite number
HARMLESS = (
    "at the outputs the derivative of the sigmoid is left out: that is exactly the gradient of the cross-entropy. It "
    "is harmless, and learns faster; only the printed cost is another one"
)
RIGHT = "the gradients are right: stop looking there"
CLASSES_ONLY = ", which says classes only"
UNTAUGHT = "nothing was found that computes it, or takes a step by it"
UNASKED = "there is no loss that can be asked"
UNKNOWN = "not the derivative of the loss, and equal to no mistake that is known here"
T = TypeVar("T")


@dataclass
class Audit:
    """What was found out about the code itself.

    `used` says what was taken for what, `not_examined` what could not be looked at. With an `assumed_cost` the loss
    cannot be asked and no cost explains the steps. `classes` is their number, None where the targets are numbers.
    `unstable`: far from 0 its loss is no finite number, where that of the same network in stable arithmetic is.

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
    used: dict[str, str] = field(default_factory=dict)
    not_examined: list[Gap] = field(default_factory=list)
    assumed_cost: bool = False
    classes: int | None = None
    unstable: bool = False

    @property
    def gradient_right(self) -> bool | None:
        """Whether the gradient is right, as far as it is known."""
        if self.gradient is not None:
            return self.gradient.right
        return True if self.update is not None and self.update.follows else None

    @property
    def pairs(self) -> str | None:
        """What a step on several examples at once is of the steps on each, where its other functions take one."""
        return None if self.update is None else self.update.pairs

    @property
    def rate(self) -> float | None:
        """The learning rate of each update, where a step tells it."""
        update = self.update
        if update is None:
            return None
        if update.adaptive:
            return update.adaptive
        if update.known and update.rate > 0:
            return update.bias_rate if update.raw_momentum else update.rate
        return None


def read(
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
    say: Callable[[str], None] = lambda _: None,
) -> Audit:
    """Read a network off an object, or off its parts, and audit it. Nothing of the owner's is changed.

    >>> rng = np.random.default_rng(0)
    >>> W, b = rng.normal(0, 0.1, (2, 1)), np.zeros(1)
    >>> X = rng.normal(size=(200, 2)); y = (X.sum(axis=1, keepdims=True) > 0).astype(float)
    >>> def forward(X): return 1 / (1 + np.exp(-(X @ W + b)))
    >>> def loss(y_pred, y_true): return 0.5 * np.mean((y_pred - y_true) ** 2)
    >>> def gradients(X, y):
    ...     delta = (y - forward(X)) * forward(X) * (1 - forward(X))
    ...     return [X.T @ delta / len(X), delta.mean(axis=0)]
    >>> audit = read(parameters=[W, b], loss=loss, predict=forward, gradients=gradients, data=(X, y))
    >>> audit.findings[0].cause, audit.used["loss"], audit.classes
    ('gradient-sign-flipped', 'loss(y_pred, y_true)', 2)

    Raises
    ------
    UsageError
        Functions that fail or return something of the wrong shape, data that do not fit.
    """
    if thing is None and parameters is None:
        raise UsageError(
            "there is nothing to diagnose", expected="a network object, or parameters=, loss= and gradients=",
        )  # fmt: skip
    if data is None:
        raise UsageError("a network needs examples to be diagnosed on", expected="data=(X, y)")
    if thing is not None:
        say(f"looking for the parameters of this {type(thing).__name__}")
        adapted = adapt(thing, data, learning_rate=learning_rate, loss=loss, predict=predict, train=step)
        audit = Audit(adapted.code, adapted.anatomy, used=adapted.used, assumed_cost=adapted.assumed_cost)
        audit.used["examples"] = f"as {adapted.form}"
        check = check or adapted.check
        if gradients is not None:
            audit.code.gradients, audit.used["gradients"] = gradients, "gradients"
    else:
        audit = _of_parts(parameters, data, loss, gradients, step, predict)
    assert audit.code.examples is not None
    audit.classes = classes_of(audit.code.examples.all_rows()[1])
    _identify(audit, thing is None, learning_rate, say)
    _audit_gradient(audit, say)
    _audit_step(audit, learning_rate, say)
    if check is not None and audit.anatomy is not None and not audit.assumed_cost:
        _audit_check(audit, check)
    elif check is not None:
        audit.not_examined.append(Gap("the gradient check", "it is not known what it should find"))
    return audit


def classes_of(y: Array) -> int | None:
    """How many classes targets in rows stand for; None where they are numbers.

    >>> classes_of(np.array([0, 2, 1])), classes_of(np.eye(4)), classes_of(np.array([[0.01], [0.99]]))
    (3, 4, 2)
    >>> classes_of(np.array([0.1, 0.7, 0.2])) is None
    True
    """
    values = np.unique(y)
    wide = y.shape[1] if y.ndim == 2 else 1
    if wide > 1:
        return wide if len(values) == 2 else None
    if len(values) <= 2:
        return 2
    whole = bool(np.all(values == np.rint(values)) and values[0] >= 0)
    counted = whole and values[-1] < MOST_CLASSES and len(values) > 0.5 * values[-1] and len(values) < 0.5 * len(y) + 3
    return int(values[-1]) + 1 if counted else None


def _of_parts(
    parameters: Any, data: Any, loss: Callable[..., Any] | None, gradients: Callable[..., Any] | None, step: Any,
    predict: Any,
) -> Audit:  # fmt: skip
    """The same from arrays and functions."""
    if loss is None:
        raise UsageError("a gradient is the derivative of a loss, and there is none", expected="loss=a function")
    if isinstance(step, str) or isinstance(predict, str):
        raise UsageError("without an object, step and predict must be functions", found=f"{step or predict!r}")
    code = Code(parameters, loss, gradients, step, predict)
    code.examples = Examples(data, {side for array in code.arrays for side in array.shape})
    parts = {"loss": loss, "gradients": gradients, "step": step, "predict": predict}
    used = {role: f"{role}({', '.join(required(one))})" for role, one in parts.items() if one is not None}
    used["parameters"] = ", ".join(code.names)
    audit = Audit(code, used=used)
    if predict is not None:
        _find_outputs(audit)
    if predict is not None and len(required(loss)) == 2:
        for one in settle(list(ways_of_asking("loss", loss, code)), code):
            code.loss, used["loss"] = one.ask, one.words
            audit.anatomy = _try(audit, "which network this is", lambda: identify(code))
            if audit.anatomy is not None:
                break
    return audit


def _find_outputs(audit: Audit) -> None:
    """Where the outputs stand in what `predict` returns."""
    code = audit.code
    assert code.examples is not None and code.predict is not None
    rows = trial_rows(code)
    y = code.examples.rows(rows)[1]
    wide = y.shape[1] if y.ndim == 2 else None
    with code.at(code.values), np.errstate(all="ignore"):
        said = code._call(code.predict, rows, "predict")
    for way in ways(said):
        one = np.asarray(functools.reduce(lambda inner, key: inner[key], way, said))
        single = code.examples.single
        sizes = {size_of(one, None if single else len(rows), columns=columns) for columns in (False, True)}
        if (wide in sizes) if wide else sizes - {None}:
            code.way = way
            audit.used["predict"] += suffix(way)
            return


def _try(audit: Audit, what: str, ask: Callable[[], T]) -> T | None:
    """What an audit finds; a gap where its arithmetic does not go through."""
    try:
        return ask()
    except UsageError:
        raise
    except BROKEN as error:
        audit.not_examined.append(Gap(what, f"its arrays have shapes that were not understood ({error})"))
        return None


# ---- which network


def _identify(audit: Audit, asked: bool, nominal: float | None, say: Callable[[str], None]) -> None:
    code = audit.code
    say("asking the loss which network this is")
    if asked and audit.anatomy is None:
        audit.anatomy = _try(audit, "which network this is", lambda: identify(code))
    if audit.assumed_cost:
        _tell_cost(audit, nominal)
    elif audit.anatomy is None and code.loss is not None and code.examples is not None:
        said = [code.cost(code.values, np.arange(1)) for _ in range(2)]
        if np.isfinite(said).all() and said[0] != said[1]:
            raise UsageError(
                "the loss is another number at every call", where="loss", expected="the same for the same arguments",
                found=f"{said[0]:.6g}, then {said[1]:.6g}", do="Leave dropout and noise out, or seed them in the loss",
            )  # fmt: skip
    if audit.anatomy is not None:
        by = "what it predicts" if audit.assumed_cost or "cost" in audit.used else "what the loss answers"
        by = "its steps" if audit.used.get("predict", "").endswith(CLASSES_ONLY) else by
        words = audit.anatomy.words
        if audit.assumed_cost:
            words = words.replace(f"{audit.anatomy.cost}, ", "")
        audit.remarks.append(f"Identified by {by}: {words}.")
        audit.unstable = bool(_try(audit, "its arithmetic", lambda: _unstable(audit)))
    elif not audit.assumed_cost:
        audit.remarks.append(
            "Which network this is could not be told from its arrays and its loss; its gradient was checked by "
            "differences of the loss."
        )


def _tell_cost(audit: Audit, nominal: float | None) -> None:
    """Where no loss can be asked: the cost that the steps, or the gradients, are of."""
    told = _try(audit, "the cost", lambda: tell(audit.code, audit.anatomy, nominal))
    if told is None or told.anatomy is None:
        taught = audit.code.step is not None or audit.code.gradients is not None
        audit.code.loss = None
        audit.not_examined.append(Gap("the gradient", UNASKED if taught else UNTAUGHT))
        return
    if audit.anatomy is None:
        audit.used["predict"] += CLASSES_ONLY
    audit.assumed_cost, audit.anatomy = False, told.anatomy
    audit.used["cost"] = f"{told.words}, told from the {told.source}"
    audit.code.loss = loss_of(audit.code, told.anatomy)


def _unstable(audit: Audit) -> bool:
    """Whether the loss is no finite number at large weights, where it would be in stable arithmetic."""
    code, anatomy = audit.code, audit.anatomy
    assert anatomy is not None and code.examples is not None
    if code.loss is None or "cost" in audit.used:
        return False
    rows = trial_rows(code)
    layers = sane(anatomy.shape, code.examples.rows(rows)[0], np.random.default_rng(24))
    values = [OVERFLOW * value for value in anatomy.shape.write(layers, code.arrays)]
    values = [value.astype(own.dtype) for value, own in zip(values, code.arrays, strict=True)]
    said, X, y = code.cost_of(values, rows)
    with np.errstate(all="ignore"):
        a = anatomy.forward(anatomy.shape.read(values), X)[-1][1]
        ours = LOSSES[anatomy.cost].value(a, targets_of(y, anatomy.shape.sizes[-1]))
    return bool(np.isfinite(ours).all() and not np.isfinite(said))


# ---- the gradient


def _audit_gradient(audit: Audit, say: Callable[[str], None]) -> None:
    code, anatomy = audit.code, audit.anatomy
    if audit.assumed_cost:
        return
    if code.gradients is None:
        if code.step is None:
            audit.not_examined.append(Gap("the gradient", UNTAUGHT))
        return
    say("checking the gradient")
    audit.gradient = _try(
        audit, "the gradient", lambda: examine_blindly(code) if anatomy is None else examine(code, anatomy)
    )
    if audit.gradient is not None and "cost" in audit.used:  # whose unit and sign are not known
        kept = tuple(one for one in audit.gradient.mistakes if (one.kind, one.part) != ("factor", "all"))
        alone = len(kept) < len(audit.gradient.mistakes) and not kept and audit.gradient.explained
        audit.gradient = replace(audit.gradient, mistakes=kept, wrong=() if alone else audit.gradient.wrong)
    _report_gradient(audit)


def _report_gradient(audit: Audit) -> None:
    """What the forensics found, as findings and remarks."""
    found = audit.gradient
    if found is None:
        return
    if found.right and math.isnan(found.error):
        audit.not_examined.append(Gap("the gradient", "the loss is no finite number wherever it was asked"))
        return
    if found.right:
        audit.remarks.append(f"Gradient: {RIGHT} (relative error {found.error:.1g}).")
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
    rest = [name for name in found.wrong if name not in {_array(audit, one) for one in found.mistakes}]
    if rest and not found.explained:
        audit.findings.append(_found("gradient-wrong-term", [_error(found)], f"{', '.join(rest)}: {UNKNOWN}"))


def _array(audit: Audit, mistake: Mistake) -> str:
    """The owner's name of the array that a mistake spoils first."""
    if audit.anatomy is not None:
        return where(audit.code, audit.anatomy, mistake)
    return audit.code.names[mistake.layer] if mistake.layer >= 0 else ""


def _mistaken(audit: Audit, mistake: Mistake, found: Findings) -> Finding:
    name = _array(audit, mistake)
    if audit.anatomy is not None and mistake.part == "b" and audit.anatomy.shape.bias_row:
        name = f"the biases in {name}"
    words = factor_in_words(mistake.factor, found.rows) if mistake.kind == "factor" else mistake.words
    if mistake.part == "error" and name and mistake.layer > 0:
        name += " and what comes before it"
    evidence = [_error(found)]
    if mistake.kind in ("factor", "decay"):
        evidence.append(GRADIENT_FACTOR.measured(mistake.factor))
    return _found(mistake.cause, evidence, f"{name or 'every array'}: {words}")


def _error(found: Findings) -> Measured:
    return GRADIENT_ERROR.measured(found.error)


def _found(cause: str, evidence: Sequence[Measured], words: str) -> Finding:
    return Finding(cause, "found", tuple(evidence), detail=words)


# ---- the step


def _audit_step(audit: Audit, nominal: float | None, say: Callable[[str], None]) -> None:
    code = audit.code
    if code.step is None or code.examples is None or (audit.assumed_cost and code.gradients is None):
        return
    say("checking what a step does")
    anatomy = None if audit.assumed_cost else audit.anatomy
    audit.update = _try(audit, "the step", lambda: audit_step(code, anatomy, nominal=nominal))
    if audit.pairs == "sum" and audit.anatomy is not None:
        audit.anatomy = replace(audit.anatomy, mean=False)
    if audit.update is not None:
        _report_update(audit, nominal)


def _report_update(audit: Audit, nominal: float | None) -> None:
    """What a step does that its rate and its gradient do not say."""
    update = audit.update
    assert update is not None
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
    if update.updates > 1:
        each = (
            "one for each example"
            if update.by_row and update.updates == update.called
            else f"on {update.called} examples"
        )
        audit.remarks.append(f"One call of the step makes {update.updates} updates, {each}; the rate is that of each.")
    if update.wrong or not update.known:
        _report_wrong_steps(audit)
        update = audit.update
        assert update is not None
    if update.follows and audit.gradient is None and not audit.assumed_cost:
        of, end = ("The steps of the others", "") if update.still else ("Its steps", f": {RIGHT}")
        audit.remarks.append(f"{of} follow the gradient of the loss, at a rate of {update.rate:.4g}{end}.")
    if update.known:
        _report_rule(audit, update, nominal)
    _report_still(audit, update)


def _report_rule(audit: Audit, update: Update, nominal: float | None) -> None:
    """What is wrong with a rule that is known."""
    lasting = EFFECTIVE_RATE.measured(update.lasting, at=nominal if nominal is not None else update.bias_rate)
    several = nominal and update.rows > 1 and update.updates == 1 and "cost" not in audit.used
    if several and nominal and np.isclose(update.rate, update.rows * nominal, rtol=1e-2):
        audit.findings.append(_found(
            "gradient-not-averaged",
            [EFFECTIVE_RATE.measured(update.rate, at=nominal)],
            f"a step on {update.rows} examples is {update.rows} times the rate times the gradient of the mean: it adds "
            "up over the batch",
        ))  # fmt: skip
    if update.decay > 1e-9:
        audit.remarks.append(f"Each step takes {update.decay:.3g} of the weights away: weight decay.")
    if update.raw_momentum:
        audit.findings.append(_found(
            "momentum-unscaled",
            [lasting, FITTED_PREVIOUS_GRADIENT.measured(update.previous)],
            f"the step adds {update.previous:.4g} times the previous raw gradient, whatever the rate is; momentum is a "
            "part of the previous step",
        ))  # fmt: skip
    known = {finding.cause for finding in audit.findings}
    if update.uphill and not audit.assumed_cost and "gradient-sign-flipped" not in known:
        audit.findings.append(_found("gradient-sign-flipped", [lasting], "a step goes uphill: its sign is wrong"))


def _report_still(audit: Audit, update: Update) -> None:
    known = {finding.cause for finding in audit.findings}
    for bias in (True, False):
        names = [
            name for name in update.still if is_bias(audit.code, audit.anatomy, audit.code.names.index(name)) == bias
        ]
        cause = "bias-not-updated" if bias else "layer-not-updated"
        if names and cause not in known:
            audit.findings.append(_found(
                cause, [ARRAYS_LEFT_ALONE.measured(len(names))],
                f"{', '.join(names)}: a step does not change {'it' if len(names) == 1 else 'them'}",
            ))  # fmt: skip


def _report_wrong_steps(audit: Audit) -> None:
    """Steps that are not along the gradient, or of which some arrays' are not."""
    update = audit.update
    assert update is not None
    before = len(audit.findings)
    one_update = update.updates == 1 or update.by_row
    if audit.gradient is None and audit.anatomy is not None and audit.code.gradients is None and one_update:
        _try(audit, "the step", lambda: _gradient_from_steps(audit))
    if len(audit.findings) > before or (audit.gradient is not None and audit.gradient.harmless):
        return
    rates = dict(update.rates)
    for name in update.wrong:
        up = rates.get(name, math.nan) < 0 and audit.code.arrays[audit.code.names.index(name)].size > 1
        what = "a step moves it up its gradient" if up else "a step does not move it along its gradient"
        others = f"the others follow theirs, at a rate of {update.rate:.4g}"
        audit.findings.append(_found(
            "gradient-sign-flipped" if up else "gradient-wrong-term",
            [ARRAYS_OFF_THEIR_GRADIENT.measured(len(update.wrong))], f"{name}: {what}; {others}",
        ))  # fmt: skip
    if not update.wrong:
        audit.remarks.append("Its steps follow no rule that is known here: not its gradient, nor that with momentum.")


def _gradient_from_steps(audit: Audit) -> None:
    """Code that only trains: its gradient is what an update takes away, up to the rate."""
    code, anatomy, update = audit.code, audit.anatomy, audit.update
    assert anatomy is not None and code.examples is not None and update is not None and code.step is not None
    rng = np.random.default_rng(16)
    count = len(code.examples)
    size = 1 if code.examples.single or update.by_row else min(7, count)
    rates = [_unit(update, name) for name in code.names]
    draws = []
    for _ in range(PLACES):
        rows = np.sort(rng.choice(count, size, replace=False)) if code.takes_batch(code.step) else np.arange(count)
        X, y = code.examples.rows(rows)
        own = anatomy.shape.write(sane(anatomy.shape, X, rng), code.arrays)
        values = [value.astype(array.dtype) for value, array in zip(own, code.arrays, strict=True)]
        layers, targets = anatomy.shape.read(values), targets_of(y, anatomy.shape.sizes[-1])
        moves = code.moved(values, [rows])[0]
        theirs = [-np.asarray(move, np.float64) / rate for move, rate in zip(moves, rates, strict=True)]
        draws.append(Draw(layers, X, targets, anatomy.shape.read(theirs)))
    found = compare(code, anatomy, draws, any_scale=not update.known, unknown=update.still)
    if found.right:
        return
    if not (update.known or found.explained):
        return  # of no array is it known that it follows its gradient: it may be another rule
    if not update.known and any((one.kind, one.part) == ("factor", "all") and one.factor > 0 for one in found.mistakes):
        found = replace(found, mistakes=tuple(one for one in found.mistakes if one.part != "all"))
    audit.gradient = found
    _report_gradient(audit)
    factor = None if update.known else _rate_of(anatomy, draws[0], found.mistakes)
    if factor is not None:
        audit.update = replace(update, rate=factor, bias_rate=factor, previous=0.0, momentum=0.0, misfit=0.0)


def _unit(update: Update, name: str) -> float:
    """What an array's steps are divided by: its own rate where it has one, the others' where it has not."""
    own = dict(update.rates).get(name, math.nan)
    rate = own if own > 0 and name not in update.wrong else update.rate
    return rate if update.known and rate > 0 else 1.0


def _rate_of(anatomy: Anatomy, draw: Draw, mistakes: tuple[Mistake, ...]) -> float | None:
    made = backward(
        anatomy, draw.layers, draw.X, draw.targets, tuple(one for one in mistakes if one.part != "all")
    )  # fmt: skip
    g = np.concatenate([np.concatenate([W.ravel(), b]) for W, b in draw.theirs])
    t = np.concatenate([np.concatenate([W.ravel(), b]) for W, b in made])
    factor = float(g @ t / max(t @ t, 1e-300))
    return factor if factor > 0 and np.linalg.norm(g - factor * t) < 1e-3 * np.linalg.norm(g) else None


# ---- the check


def _audit_check(audit: Audit, check: Callable[..., Any]) -> None:
    """Can the owner's own gradient check tell a right gradient?"""
    code, anatomy = audit.code, audit.anatomy
    assert anatomy is not None

    def call(function: Callable[..., Any], values: Sequence[Array], rows: Array) -> Any:
        with code.at(values), np.errstate(all="ignore"):
            return code._call(function, rows, "check")

    try:
        audit.check = audit_check(code, anatomy, check, call, audit.gradient_right)
    except UsageError as error:
        audit.not_examined.append(Gap("the gradient check", f"it could not be run: {error.message}"))
        return
    except BROKEN as error:
        audit.not_examined.append(Gap("the gradient check", f"what it returns was not understood ({error})"))
        return
    if audit.check is None:
        audit.remarks.append("Your gradient check tells a right gradient from a wrong one.")
        return
    if not audit.check:
        audit.remarks.append("Your gradient check returns nothing that can be judged: let it return its numbers.")
        return
    start = "your gradient is right, your check is wrong: " if audit.gradient_right else "your check is wrong: "
    off = audit.gradient.error if audit.gradient is not None else 0.0
    evidence = [GRADIENT_ERROR.measured(off)]
    audit.findings.append(_found("gradient-check-invalid", evidence, start + audit.check))
