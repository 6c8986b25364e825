"""How many updates one call of a step makes: one, one for each example, or a loop over the same examples again.

People's `train` often has a loop in it. Held against one gradient, such a step obeys no rule, or a false one; taken
apart it is plain descent.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from itertools import permutations
from typing import NamedTuple

import numpy as np

from whynet.errors import UsageError
from whynet.subjects.own_code.code import Code
from whynet.types import Array

Gradient = Callable[[Sequence[Array], Array], Sequence[Array]]
"""From parameters and rows to the gradient there."""
LOOPS = (2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 15, 20, 25, 30, 40, 50, 60, 80, 100, 150, 200, 250, 300, 500, 1000)
MOST_UPDATES = 1000
SECONDS = 3.0
SAME, SAME_SINGLE = 1e-5, 1e-3  # relative
FIRST = 0.5  # no loop is looked at further if it is still off by more after some trials


class Loop(NamedTuple):
    """A loop inside a step: updates in one call, the rate of each, and whether each is on one row.

    >>> Loop(4, 0.5, True).updates
    4
    """

    updates: int
    rate: float
    by_row: bool


def one_for_each_row(code: Code, values: Sequence[Array], rng: np.random.Generator) -> bool:
    """Whether a step on some rows is a loop over them: the same as a step on each, one after the other, in any order.

    >>> from whynet.subjects.own_code.code import Examples
    >>> w, X, y = np.zeros(1), np.array([[1.0], [2.0], [3.0]]), np.array([[1.0], [0.0], [2.0]])
    >>> def rows(X, y):
    ...     for x, t in zip(X, y): w[...] -= 0.1 * (w * x - t) * x
    >>> def batch(X, y): w[...] -= 0.1 * ((w * X - y) * X).sum(axis=0)
    >>> code, rng = Code([w], step=rows, examples=Examples((X, y))), np.random.default_rng(0)
    >>> one_for_each_row(code, [w], rng), one_for_each_row(Code([w], step=batch, examples=code.examples), [w], rng)
    (True, False)
    """
    if code.examples is None or code.step is None or code.examples.single or not code.takes_batch(code.step):
        return False
    count = len(code.examples)
    if count < 2:
        return False
    rows = rng.choice(count, min(3, count), replace=False)
    fine = all(array.dtype == np.float64 for array in code.arrays)
    try:
        together = _flat(code.moved(values, [rows])[0])
        if not np.isfinite(together).all() or not together.any():
            return False
        apart = sum((_flat(code.moved(values, [[row]])[0]) for row in rows), 0 * together)
        parallel = min(_off(together, apart), _off(together, apart / len(rows)))
        for order in permutations(rows):
            moves = code.moved(values, [[row] for row in order])
            off = _off(together, sum((_flat(move) for move in moves), 0 * together))
            if off < (1e-7 if fine else 1e-3) and off <= max(1e-2 * parallel, 1e-12 if fine else 1e-6):
                return True
    except UsageError:
        pass
    return False


def inner_loop(
    code: Code, gradient: Gradient, values: Sequence[Array], batches: Sequence[Array], nominal: float | None = None
) -> Loop | None:
    """The loop of plain updates that one call of a step is, if it is one: the same on the first two of `batches`.

    >>> from whynet.subjects.own_code.code import Examples
    >>> w, X, y = np.zeros(1), np.array([[1.0], [2.0], [3.0]]), np.array([[1.0], [0.0], [2.0]])
    >>> def gradient(values, rows): return [((values[0] * X[rows] - y[rows]) * X[rows]).mean(axis=0)]
    >>> def step(A, b):
    ...     for _ in range(4): w[...] -= 0.1 * ((w * A - b) * A).mean(axis=0)
    >>> code = Code([w], step=step, examples=Examples((X, y)))
    >>> found = inner_loop(code, gradient, [w], [np.array([0, 1]), np.array([1, 2])])
    >>> found.updates, round(found.rate, 6)
    (4, 0.1)
    """
    started = time.perf_counter()
    moves = [code.moved(values, [rows])[0] for rows in batches[:2]]
    wanted = [_flat(move) for move in moves]
    g = _flat(gradient(values, batches[0]))
    moving = np.concatenate([np.full(one.size, bool(np.any(one))) for one in moves[0]])
    g = g * moving
    if not np.isfinite(wanted[0]).all() or not wanted[0].any() or not g.any():
        return None
    whole = -float(wanted[0] @ g) / float(g @ g)  # the rate, if all were one update
    rows = len(batches[0])
    likely = () if not nominal else tuple(round(whole / nominal / by) for by in (1, rows) if whole / nominal > 1)
    patterns = [(k, False) for k in (*likely, *LOOPS)] + [(k, True) for k in (1, *likely, *LOOPS) if rows > 1]
    for k, by_row in sorted(dict.fromkeys(patterns), key=lambda one: one[0] * (rows if one[1] else 1)):
        updates = k * (rows if by_row else 1)
        if not 1 < updates <= MOST_UPDATES:
            continue
        if time.perf_counter() - started > SECONDS:
            break
        rate = _rate_of_loop(gradient, values, batches[0], wanted[0], moving, whole / updates, (k, by_row))
        if rate is None:
            continue
        again = _run(gradient, values, batches[-1 if len(batches) < 2 else 1], moving, rate, k, by_row)
        if _off(again, wanted[-1]) < 10 * SAME:
            return Loop(updates, rate, by_row)
    return None


def _rate_of_loop(
    gradient: Gradient, values: Sequence[Array], rows: Array, wanted: Array, moving: Array, rate: float,
    pattern: tuple[int, bool],
) -> float | None:  # fmt: skip
    """The rate at which such a loop comes out where the step did; None if it does not."""
    size, tried = float(wanted @ wanted), []
    best, nearest = rate, np.inf
    for _ in range(12):
        made = _run(gradient, values, rows, moving, rate, *pattern)
        if not np.isfinite(made).all() or not made.any():
            break
        best, nearest = min((best, nearest), (rate, _off(made, wanted)), key=lambda one: one[1])
        tried.append((rate, float(made @ wanted) / size - 1))
        if abs(tried[-1][1]) < 1e-10 or (len(tried) > 4 and abs(tried[-1][1]) > FIRST):
            break
        if len(tried) == 1:
            rate = rate / (1 + tried[0][1]) if tried[0][1] > -0.9 else 2 * rate
            continue
        (r, f), (s, g) = tried[-2:]
        if f == g:
            break
        rate = s - g * (s - r) / (g - f)
    return best if nearest < SAME else None


def of_pairs(code: Code, values: Sequence[Array], rng: np.random.Generator) -> str | None:
    """What a step on several examples is, where each is seen alone elsewhere: the "mean" or the "sum" of the steps on
    each; None if it is neither, or takes one only.

    >>> from whynet.subjects.own_code.code import Examples
    >>> w = np.zeros(1)
    >>> def step(x, t): w[...] -= 0.1 * (w * x - t) * x
    >>> def together(pairs): w[...] -= 0.1 * sum((w * x - t) * x for x, t in pairs)
    >>> data = Examples([(np.ones(1), np.ones(1)), (np.ones(1), np.zeros(1))])
    >>> of_pairs(Code([w], step=step, together=together, examples=data), [w], np.random.default_rng(0))
    'sum'
    """
    if code.step is None or code.together is None or code.examples is None or not code.examples.single:
        return None
    rows = rng.choice(len(code.examples), min(3, len(code.examples)), replace=False)
    if len(rows) < 2:
        return None
    try:
        whole = _flat(code.moved(values, [rows])[0])
        alone = [_flat(code.moved(values, [[row]])[0]) for row in rows]
    except UsageError:
        return None
    near = SAME if all(array.dtype == np.float64 for array in code.arrays) else SAME_SINGLE
    sums = {"mean": np.mean(alone, axis=0), "sum": np.sum(alone, axis=0)}
    return next((name for name, one in sums.items() if _off(whole, one) < near), None)


def _run(
    gradient: Gradient, values: Sequence[Array], rows: Array, moving: Array, rate: float, times: int, by_row: bool
) -> Array:
    """How far such a loop moves the parameters in all."""
    now = [np.asarray(value, dtype=np.float64) for value in values]
    start = _flat(now)
    ends = np.cumsum([value.size for value in now])[:-1]
    parts = [np.array([row]) for row in rows] if by_row else [rows]
    with np.errstate(all="ignore"):
        for _ in range(times):
            for part in parts:
                moved = _flat(now) - rate * moving * _flat(gradient(now, part))
                if not np.isfinite(moved).all():
                    return moved
                now = [one.reshape(v.shape) for one, v in zip(np.split(moved, ends), values, strict=True)]
    return _flat(now) - start


def _flat(arrays: Sequence[Array]) -> Array:
    return np.concatenate([np.asarray(array, dtype=np.float64).ravel() for array in arrays])


def _off(a: Array, b: Array) -> float:
    size = max(float(np.linalg.norm(a)), float(np.linalg.norm(b)), 1e-300)
    off = float(np.linalg.norm(a - b)) / size
    return off if np.isfinite(off) else float("inf")
