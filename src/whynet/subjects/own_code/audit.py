"""Two audits of hand-written code: what a step does to the parameters, and whether the owner's check can check.

A step is compared with the gradient, with the gradient before and with the step before. Plain descent and momentum
are rate x gradient + m x the step before; whatever else is found (the gradient before, a rate that weights and biases
do not share, arrays that never move) is a mistake in the update, however right the gradient is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from whynet.subjects.own_code.anatomy import Anatomy, sane, targets_of
from whynet.subjects.own_code.code import Code
from whynet.subjects.own_code.mistakes import backward
from whynet.types import Array

STEPS = 6
CLOSE = 0.02
CARRIED = 0.05


@dataclass(frozen=True)
class Update:
    """What steps do: the fitted learning rates of weights and biases (units of the loss as it is printed), how much of
    the previous gradient and of the previous step they add, and the arrays that never move though they should.

    >>> Update(rate=0.1, bias_rate=0.1, previous=0.0, momentum=0.9, still=(), misfit=1e-9).lasting
    1.0
    """

    rate: float
    bias_rate: float
    previous: float
    momentum: float
    still: tuple[str, ...]
    misfit: float
    bias_previous: float = 0.0
    decay: float = 0.0
    """How much of the weights themselves each step takes away."""
    rows: int = 1
    """Examples in each of the steps that were taken."""
    adaptive: float = 0.0
    """The size of a first step that is the same for every entry, whatever its gradient: Adam and its kin."""

    @property
    def known(self) -> bool:
        """Whether the steps obey a rule that is known here."""
        return self.misfit < CLOSE and not self.adaptive

    @property
    def raw_momentum(self) -> bool:
        """Whether raw gradients are carried over; Nesterov's rule takes a little of the gradient before away again."""
        nesterov = self.rate * self.momentum / (1 + self.momentum)
        return (
            self.known
            and abs(self.previous) > CARRIED * abs(self.rate)
            and (abs(self.previous + nesterov) > CARRIED * abs(self.rate))
        )

    @property
    def lasting(self) -> float:
        """How far, in all, one gradient moves the weights: the effective learning rate."""
        return round((self.rate + self.previous) / max(1 - self.momentum, 1e-3), 12)


def audit_step(code: Code, anatomy: Anatomy | None, seed: int = 0) -> Update | None:
    """Take a few steps on a copy and fit them; None where nothing moves or no gradient is known.

    >>> from whynet.subjects.own_code.code import Examples
    >>> rng = np.random.default_rng(0)
    >>> W, X, y = rng.normal(size=(3, 2)), rng.normal(size=(20, 3)), rng.normal(size=(20, 2))
    >>> def gradients(X, y): return [X.T @ (X @ W - y) / len(X)]
    >>> def step(X, y): W[...] -= 0.05 * gradients(X, y)[0]
    >>> found = audit_step(Code([W], gradients=gradients, step=step, examples=Examples((X, y))), None)
    >>> round(found.rate, 6), round(found.momentum, 6)
    (0.05, 0.0)
    """
    assert code.examples is not None
    rng = np.random.default_rng([seed, 14])
    count = len(code.examples)
    size = 1 if code.examples.single else min(8, count)
    batches = [np.sort(rng.choice(count, size, replace=False)) for _ in range(STEPS)]
    X = code.examples.rows(batches[0])[0]
    values = code.values
    if anatomy is not None:  # where nothing is saturated
        found = anatomy.shape.write(sane(anatomy.shape, X, rng), code.arrays)
        values = [value.astype(own.dtype) for value, own in zip(found, code.arrays, strict=True)]
    moves = code.moved(values, batches)
    gradients, before, now = [], [], [value.astype(np.float64) for value in values]
    for batch, move in zip(batches, moves, strict=True):
        before.append(now)
        gradients.append(_gradient(code, anatomy, now, batch))
        now = [value + step for value, step in zip(now, move, strict=True)]
    if gradients[0] is None:
        return None
    slopes = [g for g in gradients if g is not None]
    biases = [array.ndim < 2 or 1 in array.shape for array in code.arrays]
    if anatomy is not None:
        biases = [place.part == "b" for place in anatomy.shape.places]
    still = tuple(
        name
        for index, name in enumerate(code.names)
        if all(not np.any(move[index]) for move in moves) and any(np.any(g[index]) for g in slopes)
    )
    if len(still) == len(code.names):
        return Update(0.0, 0.0, 0.0, 0.0, still, 0.0)
    moving = [name not in still for name in code.names]
    W = _fit([i for i, bias in enumerate(biases) if moving[i] and not bias], moves, slopes, before)
    b = _fit([i for i, bias in enumerate(biases) if moving[i] and bias], moves, slopes, before) if any(biases) else W
    W = b if all(biases) else W
    adaptive = _adaptive(moves[0], slopes[0]) if W.misfit > CLOSE else 0.0
    return Update(W.rate, b.rate, W.previous, W.momentum, still, W.misfit, b.previous, W.decay, size, adaptive)


def _adaptive(moves: list[Array], slopes: list[Array]) -> float:
    """The size that all entries of a first step share, against the sign of their gradients; 0 if they do not."""
    move = np.concatenate([one.ravel() for one in moves]).astype(np.float64)
    g = np.concatenate([one.ravel() for one in slopes])
    large = np.abs(g) > 1e-3 * np.abs(g).max(initial=0)
    size = np.abs(move[large])
    if not size.size or not np.isfinite(size).all() or np.mean(np.sign(move[large]) == -np.sign(g[large])) < 0.95:
        return 0.0
    middle = float(np.median(size))
    return middle if np.mean(np.abs(size - middle) <= CLOSE * middle) > 0.9 else 0.0


def _gradient(code: Code, anatomy: Anatomy | None, values: Sequence[Array], rows: Array) -> list[Array] | None:
    if code.gradients is not None:
        return [g.astype(np.float64) for g in code.slopes(values, rows)]
    if anatomy is None or code.examples is None:
        return None
    X, y = code.examples.rows(rows)
    found = backward(anatomy, anatomy.shape.read(values), X, targets_of(y, anatomy.shape.sizes[-1]))
    return anatomy.shape.write(found, code.arrays)


@dataclass(frozen=True)
class _Rule:
    """Steps as -(rate x gradient) - previous x the gradient before + momentum x the step before - decay x weights."""

    rate: float = 0.0
    previous: float = 0.0
    momentum: float = 0.0
    decay: float = 0.0
    misfit: float = 0.0


def _fit(chosen: list[int], moves: list[list[Array]], slopes: list[list[Array]], values: list[list[Array]]) -> _Rule:
    """The rule that the steps obey: the simplest that fits, for a step before is itself a mixture of gradients."""
    if not chosen:
        return _Rule()

    def column(rows: list[list[Array]]) -> Array:
        return np.concatenate([np.asarray(row[i], np.float64).ravel() for row in rows for i in chosen])

    target = column(moves[1:])
    terms = (column(slopes[1:]), column(slopes[:-1]), column(moves[:-1]), column(values[1:]))
    size = max(float(np.linalg.norm(target)), 1e-300)
    best = _Rule(misfit=np.inf)
    for used in ((0,), (0, 2), (0, 3), (0, 1), (0, 2, 3), (0, 1, 2), (0, 1, 2, 3)):
        basis = np.stack([terms[i] for i in used], axis=1)
        norms = np.linalg.norm(basis, axis=0)
        if not np.isfinite(basis).all() or not np.isfinite(target).all() or not norms.all():
            continue
        found = np.linalg.lstsq(basis / norms, target, rcond=1e-10)[0] / norms
        misfit = float(np.linalg.norm(basis @ found - target)) / size
        if misfit < 0.2 * best.misfit - 1e-7:
            c = dict(zip(used, map(float, found), strict=True))
            best = _Rule(-c.get(0, 0.0), -c.get(1, 0.0), c.get(2, 0.0), -c.get(3, 0.0), misfit)
    return best


# ---- the check of the check


def audit_check(
    code: Code,
    anatomy: Anatomy,
    check: Callable[..., Any],
    call: Callable[..., Any],
    right: bool | None = True,
    seed: int = 0,
) -> str | None:
    """Whether the owner's gradient check can tell a right gradient: None if it can, empty if it returns nothing that
    can be judged, else what it does instead.

    `call` asks the owner's check for what it says at given parameters on given examples. What comes back may be numeric
    gradients, one number a layer, a measure of error, or yes and no; it is held against what a sound check gives, and
    against what the usual mistakes give. `right` is whether the gradient that it checks is right, None if unknown.

    >>> from whynet.subjects.own_code.anatomy import identify
    >>> from whynet.subjects.own_code.code import Examples
    >>> rng = np.random.default_rng(0)
    >>> W, X, y = rng.normal(size=(3, 2)), rng.normal(size=(20, 3)), rng.normal(size=(20, 2))
    >>> def loss(X, y): return 0.5 * np.sum((X @ W - y) ** 2) / len(X)
    >>> code = Code([W], loss, examples=Examples((X, y)))
    >>> audit_check(code, identify(code), lambda: None, lambda check, values, rows: 0.93)
    'it says 0.93 of a gradient that is right to eight digits'
    """
    assert code.examples is not None
    rng = np.random.default_rng([seed, 15])
    rows = np.sort(rng.choice(len(code.examples), 1, replace=False))
    X, y = code.examples.rows(rows)
    targets = targets_of(y, anatomy.shape.sizes[-1])
    layers = sane(anatomy.shape, X, rng)
    values = [
        value.astype(own.dtype)
        for value, own in zip(anatomy.shape.write(layers, code.arrays), code.arrays, strict=True)
    ]
    layers = anatomy.shape.read(values)
    found = list(_flat(call(check, values, rows)))
    answers = [bool(one) for one in found if isinstance(one, (bool, np.bool_))]
    said = [one for one in map(_number, found) if one is not None]
    single = any(array.dtype != np.float64 for array in code.arrays)
    exact = backward(anatomy, layers, X, targets)
    owners = anatomy.shape.write(exact, code.arrays)
    sums = [float(W.sum()) for W, _ in exact]
    matched = [g for g in said if g.size > 1 and any(g.shape == own.shape for own in owners)]
    if matched:
        return _numeric(owners, matched, 3e-2 if single else 1e-3, right)
    if not said:
        return _yes_or_no(answers, None if single else right)
    flat = np.concatenate([g.ravel() for g in said]).astype(np.float64)
    one_a_layer = len(flat) == len(sums)
    if one_a_layer and any(np.allclose(flat, order, rtol=CLOSE, atol=1e-7) for order in (sums, sums[::-1])):
        return WHOLE_MATRIX
    ratios = [_ratio_of_whole(W, total) for (W, _), total in zip(exact, sums, strict=True)]
    for form in range(len(ratios[0])):
        expected = [one[form] for one in ratios]
        if one_a_layer and any(np.allclose(flat, order, rtol=CLOSE) for order in (expected, expected[::-1])):
            return WHOLE_MATRIX
    worst = float(np.nanmax(np.abs(flat)))
    if right is None or np.all(np.abs(flat - 1) < 2e-3):  # a cosine, or a ratio, may well be 1
        return ""
    if right and worst > (0.1 if single else 1e-3):
        return f"it says {worst:.3g} of a gradient that is right to eight digits"
    return None if right or worst > 1e-6 else BLIND


def _numeric(owners: list[Array], matched: list[Array], tolerance: float, right: bool | None) -> str | None:
    """Numeric gradients, entry by entry; they may come with the owner's own, or with the differences of the two."""
    for truth in owners:
        size = max(float(np.linalg.norm(truth)), 1e-300)
        alike = [g for g in matched if g.shape == truth.shape]
        off = [min(float(np.linalg.norm(g - truth)), float(np.linalg.norm(g))) / size for g in alike]
        if off and min(off) > tolerance:
            worst = alike[int(np.argmin(off))]
            if np.ptp(worst) <= 1e-12 * abs(float(worst.flat[0])):
                return WHOLE_MATRIX
            if not right:
                return ""  # may be what is left between a sound one and one that is wrong
            return f"its numeric gradient is off by {min(off):.2g} of the true one, though the loss is smooth there"
    return None


def _yes_or_no(answers: list[bool], right: bool | None) -> str | None:
    if not answers or right is None:
        return ""
    if right and not all(answers):
        return "it rejects a gradient that is right to eight digits"
    return BLIND if not right and all(answers) else None


BLIND = "it passes a gradient that is wrong"
WHOLE_MATRIX = (
    "it shifts all entries of a matrix at once and compares that one number, the sum of the whole gradient, with each "
    "of its entries; a gradient that is right scores near 1. Shift one entry at a time"
)


def _ratio_of_whole(W: Array, total: float) -> tuple[float, ...]:
    """How people compare a gradient with the one number of a whole matrix."""
    difference, both = float(np.linalg.norm(W - total)), float(np.linalg.norm(W + total))
    norms = float(np.linalg.norm(W)) + float(np.linalg.norm(np.full(W.shape, total)))
    return difference / both, difference / norms, difference / (float(np.linalg.norm(W)) + abs(total))


def _flat(found: Any) -> Iterator[Any]:
    """All that a check returned, out of lists and dicts."""
    if isinstance(found, dict):
        found = list(found.values())
    if isinstance(found, (list, tuple)):
        for one in found:
            yield from _flat(one)
    else:
        yield found


def _number(found: Any) -> Array | None:
    """A number or an array of them; None for anything else."""
    if found is None or isinstance(found, (str, bool, np.bool_)):
        return None
    try:
        array = np.asarray(found, dtype=np.float64)
    except (TypeError, ValueError):
        return None
    return array if array.size and np.isfinite(array).all() else None
