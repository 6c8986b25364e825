"""Two audits of hand-written code: what a step does to the parameters, and whether the owner's check can check.

A step is taken apart first, if it is a loop of updates (`updates.py`). An update is compared with the gradient, with
the gradient before and with the step before. Plain descent and momentum are rate x gradient + m x the step before;
whatever else is found (the gradient before, a rate that arrays do not share, arrays that never move) is a mistake in
the update, however right the gradient is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from whynet.errors import UsageError
from whynet.subjects.own_code.anatomy import Anatomy, sane, targets_of
from whynet.subjects.own_code.backward import backward
from whynet.subjects.own_code.code import Code
from whynet.subjects.own_code.forensics import finite, sampled
from whynet.subjects.own_code.updates import inner_loop, of_pairs, one_for_each_row
from whynet.types import Array

STEPS = 6
CLOSE = 0.02
EXACT = 2e-3  # a rule of more than one term must fit so well, for it could fit anything roughly
LOOSE = 1e-4  # what fits no better may be a loop
CARRIED = 0.05
DISTINCT = 1e4  # the largest condition number of terms that are told apart
ENTRIES = 6  # of each array, where the gradient is known by differences alone


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
    updates: int = 1
    """Updates that one call makes on `called` rows; `rate` is that of each."""
    by_row: bool = False
    """Whether each update is on one row."""
    called: int = 1
    """Examples handed over in the call of which `updates` are counted."""
    wrong: tuple[str, ...] = ()
    """Arrays that move, but not by the rule that the others obey."""
    pairs: str | None = None
    """What a step on several examples, handed over in a list, is of the steps on each: their "mean" or their "sum"."""
    rates: tuple[tuple[str, float], ...] = ()
    """The rate of each array that moves, NaN where its steps are no constant multiple of its gradient."""

    @property
    def known(self) -> bool:
        """Whether the steps obey a rule that is known here."""
        return self.misfit < CLOSE and not self.adaptive

    @property
    def uphill(self) -> bool:
        """Whether every array moves up its gradient."""
        return self.known and bool(self.rates) and all(rate < 0 for _, rate in self.rates)

    @property
    def follows(self) -> bool:
        """Whether all arrays that move go down their gradients, by a known rule."""
        return self.known and not self.wrong and self.rate > 0

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


def audit_step(code: Code, anatomy: Anatomy | None, seed: int = 0, nominal: float | None = None) -> Update | None:
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
    assert code.examples is not None and code.step is not None
    rng = np.random.default_rng([seed, 14])
    count = len(code.examples)
    values = _start(code, anatomy, rng)
    by_row = one_for_each_row(code, values, rng)
    batches = _batches(code, rng, by_row)
    moves = code.moved(values, batches)
    data = _watched(code, anatomy, values, batches, moves)
    if data is None:
        return None
    rows = len(batches[0])
    still = tuple(
        name
        for index, name in enumerate(code.names)
        if all(not np.any(move[index]) for move in moves) and any(np.any(g[index]) for g in data.slopes)
    )
    if len(still) == len(code.names):
        return Update(0.0, 0.0, 0.0, 0.0, still, 0.0)
    found = _judge(code, anatomy, data, still, rows)
    if found.misfit > LOOSE and not by_row and not data.sampled:
        looped = _loop(code, anatomy, values, batches, still, nominal)
        found = found if looped is None else looped
    if found.misfit > CLOSE or found.wrong:
        adaptive = _adaptive(moves[0], data.slopes[0], data.seen)
        found = replace(found, adaptive=adaptive, wrong=() if adaptive else found.wrong)
    found = replace(found, pairs=of_pairs(code, values, rng))
    if by_row:
        n = min(3, count)
        return replace(found, updates=n, by_row=True, called=n, rows=1)
    return found


def _start(code: Code, anatomy: Anatomy | None, rng: np.random.Generator) -> list[Array]:
    """Parameters at which nothing is saturated."""
    assert code.examples is not None
    rows = np.sort(rng.choice(len(code.examples), min(8, len(code.examples)), replace=False))
    if anatomy is None:
        return code.values if code.loss is None else finite(code, rng, rows)
    found = anatomy.shape.write(sane(anatomy.shape, code.examples.all_rows(64)[0], rng), code.arrays)
    return [value.astype(own.dtype) for value, own in zip(found, code.arrays, strict=True)]


def _batches(code: Code, rng: np.random.Generator, by_row: bool) -> list[Array]:
    """Examples for some steps: not the same ones each time, where there are more."""
    assert code.examples is not None and code.step is not None
    count = len(code.examples)
    if not code.takes_batch(code.step) and not code.examples.single:
        return [np.arange(count)] * STEPS
    size = 1 if code.examples.single or by_row else max(1, min(8, count // 2))
    return [np.sort(rng.choice(count, size, replace=False)) for _ in range(STEPS)]


@dataclass(frozen=True)
class _Watched:
    """Steps with the gradients and the parameters where each was taken; `seen` are the entries that are looked at."""

    moves: list[list[Array]]
    slopes: list[list[Array]]
    values: list[list[Array]]
    seen: list[Array]
    sampled: bool

    def column(self, rows: Sequence[Sequence[Array]], chosen: Sequence[int]) -> Array:
        return np.concatenate([np.asarray(row[i], np.float64).ravel()[self.seen[i]] for row in rows for i in chosen])

    def terms(self, chosen: Sequence[int]) -> tuple[Array, list[Array]]:
        """The steps after the first, and what they may be made of."""
        target = self.column(self.moves[1:], chosen)
        parts = (self.slopes[1:], self.slopes[:-1], self.moves[:-1], self.values[1:])
        return target, [self.column(part, chosen) for part in parts]


def _watched(
    code: Code, anatomy: Anatomy | None, values: Sequence[Array], batches: Sequence[Array], moves: list[list[Array]]
) -> _Watched | None:
    slopes: list[list[Array]] = []
    before: list[list[Array]] = []
    now = [value.astype(np.float64) for value in values]
    exact = code.gradients is not None or anatomy is not None
    rng = np.random.default_rng(15)
    seen = [
        np.arange(own.size) if exact else rng.choice(own.size, min(ENTRIES, own.size), replace=False)
        for own in code.arrays
    ]
    for batch, move in zip(batches, moves, strict=True):
        before.append(now)
        gradient = gradient_at(code, anatomy, now, batch) if exact else _differences(code, now, batch, seen)
        if gradient is None:
            return None
        slopes.append(gradient)
        now = [value + step for value, step in zip(now, move, strict=True)]
    return _Watched(moves, slopes, before, seen, not exact)


def _differences(code: Code, values: list[Array], rows: Array, seen: Sequence[Array]) -> list[Array] | None:
    """The gradient by differences of the loss, at the entries that are looked at; 0 elsewhere."""
    if code.loss is None:
        return None
    found = []
    now = [value.astype(own.dtype) for value, own in zip(values, code.arrays, strict=True)]
    for index, own in enumerate(code.arrays):
        gradient = np.zeros(own.shape)
        for entry in seen[index]:
            known = sampled(code, now, rows, index, np.array([entry]), gradient)
            gradient.flat[entry] = known[0][1] if known else np.nan
        found.append(gradient)
    return found


def _judge(code: Code, anatomy: Anatomy | None, data: _Watched, still: Sequence[str], rows: int) -> Update:
    """The rule that all arrays obey, or weights and biases each, or as many as do."""
    places = ["b" if is_bias(code, anatomy, i) else "W" for i in range(len(code.names))]
    moving = [
        i for i, name in enumerate(code.names)
        if name not in still and (any(np.any(m[i]) for m in data.moves) or any(np.any(g[i]) for g in data.slopes))
    ]  # fmt: skip
    each = {i: _fit(data, [i], plain=True) for i in moving}
    rates = tuple((code.names[i], one.rate if one.misfit < CLOSE else np.nan) for i, one in each.items())
    W = b = _fit(data, moving)
    if W.misfit > LOOSE and {"W", "b"} <= {places[i] for i in moving}:
        parts = [_fit(data, [i for i in moving if places[i] == part]) for part in ("W", "b")]
        if max(parts[0].misfit, parts[1].misfit) < min(CLOSE, W.misfit):
            W, b = parts
    if max(W.misfit, b.misfit) < CLOSE:
        wrong = [i for i in moving if _residual(data, b if places[i] == "b" else W, i) > 5 * CLOSE]
    else:
        together = _alike(each)
        wrong = [i for i in moving if i not in together]
        if sum(data.seen[i].size for i in together) > 1:
            W = b = _fit(data, together)
    if len(wrong) == len(moving):
        wrong = []
    names = tuple(code.names[i] for i in wrong)
    misfit = max(W.misfit, b.misfit)
    return Update(
        W.rate, b.rate, W.previous, W.momentum, tuple(still), misfit, b.previous, W.decay, rows, wrong=names,
        rates=rates, called=rows,
    )  # fmt: skip


def _alike(each: dict[int, _Rule]) -> list[int]:
    """The largest group of arrays that share a rate; of several the one nearest to the outputs."""
    known = [i for i, one in each.items() if one.misfit < CLOSE]
    groups = [[j for j in known if np.isclose(each[j].rate, each[i].rate, rtol=CLOSE)] for i in known]
    return max(groups, key=lambda group: (len(group), group[-1]), default=[])


def _loop(
    code: Code, anatomy: Anatomy | None, values: Sequence[Array], batches: Sequence[Array], still: tuple[str, ...],
    nominal: float | None,
) -> Update | None:  # fmt: skip
    def gradient(now: Sequence[Array], rows: Array) -> list[Array]:
        found = gradient_at(code, anatomy, now, rows)
        assert found is not None
        return found

    try:
        found = inner_loop(code, gradient, values, batches, nominal)
    except UsageError:
        return None
    if found is None:
        return None
    rates = tuple((name, found.rate) for name in code.names if name not in still)
    rows = len(batches[0])
    return Update(
        found.rate, found.rate, 0.0, 0.0, still, 0.0, rows=1 if found.by_row else rows, updates=found.updates,
        by_row=found.by_row, called=rows, rates=rates,
    )  # fmt: skip


def is_bias(code: Code, anatomy: Anatomy | None, index: int) -> bool:
    """Whether an array holds biases, as far as that is known.

    >>> is_bias(Code([np.zeros((2, 2)), np.zeros(2)]), None, 1)
    True
    """
    if anatomy is not None:
        return anatomy.shape.places[index].part == "b"
    array = code.arrays[index]
    return array.ndim < 2 or 1 in array.shape


def _adaptive(moves: list[Array], slopes: list[Array], seen: list[Array]) -> float:
    """The size that all entries of a first step share, against the sign of their gradients; 0 if they do not."""
    move = np.concatenate([one.ravel()[at] for one, at in zip(moves, seen, strict=True)]).astype(np.float64)
    g = np.concatenate([one.ravel()[at] for one, at in zip(slopes, seen, strict=True)])
    large = np.abs(g) > 1e-3 * np.abs(g).max(initial=0)
    size = np.abs(move[large])
    if size.size < 2 or not np.isfinite(size).all() or np.mean(np.sign(move[large]) == -np.sign(g[large])) < 0.95:
        return 0.0
    middle = float(np.median(size))
    return middle if np.mean(np.abs(size - middle) <= CLOSE * middle) > 0.9 else 0.0


def gradient_at(code: Code, anatomy: Anatomy | None, values: Sequence[Array], rows: Array) -> list[Array] | None:
    """The owner's gradient, else the exact one of the network that was identified.

    >>> w = np.array([2.0])
    >>> gradient_at(Code([w], gradients=lambda: [2 * w]), None, [w], np.arange(1))
    [array([4.])]
    """
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


RULES = ((0,), (0, 2), (0, 3), (0, 1), (0, 2, 3), (0, 1, 2), (0, 1, 2, 3))
"""Which terms a rule has, the simplest first."""


def _fit(data: _Watched, chosen: Sequence[int], *, plain: bool = False) -> _Rule:
    """The rule that the steps obey: the simplest that fits, for a step before is itself a mixture of gradients. A rule
    of several terms must fit closely, and its terms must be told apart: batches that repeat give gradients alike."""
    if not chosen:
        return _Rule()
    target, terms = data.terms(chosen)
    known = np.isfinite(terms[0]) & np.isfinite(terms[1]) if data.sampled else np.ones(len(target), bool)
    size = max(float(np.linalg.norm(target[known])), 1e-300)
    best = _Rule(misfit=np.inf)
    for used in RULES[:1] if plain else RULES:
        basis = np.stack([terms[i][known] for i in used], axis=1)
        norms = np.linalg.norm(basis, axis=0)
        if not np.isfinite(basis).all() or not np.isfinite(target).all() or not norms.all():
            continue
        scaled = basis / norms
        if len(used) > 1 and (len(scaled) < 4 * len(used) or np.linalg.cond(scaled) > DISTINCT):
            continue
        found = np.linalg.lstsq(scaled, target[known], rcond=1e-10)[0] / norms
        misfit = float(np.linalg.norm(basis @ found - target[known])) / size
        enough = len(used) == 1 or misfit < (CLOSE if _single(data) else EXACT)
        if enough and misfit < 0.2 * best.misfit - 1e-7:
            c = dict(zip(used, map(float, found), strict=True))
            best = _Rule(-c.get(0, 0.0), -c.get(1, 0.0), c.get(2, 0.0), -c.get(3, 0.0), misfit)
    return best


def _single(data: _Watched) -> bool:
    return any(move.dtype != np.float64 for move in data.moves[0])


def _residual(data: _Watched, rule: _Rule, index: int) -> float:
    """How far an array is from obeying a rule."""
    target, (g, before, step, value) = data.terms([index])
    made = -rule.rate * g - rule.previous * before + rule.momentum * step - rule.decay * value
    known = np.isfinite(made)
    whole = float(np.linalg.norm(data.column(data.moves[1:], range(len(data.seen)))))
    size = max(float(np.linalg.norm(target[known])), float(np.linalg.norm(made[known])), 1e-6 * whole, 1e-300)
    return float(np.linalg.norm((made - target)[known])) / size


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
