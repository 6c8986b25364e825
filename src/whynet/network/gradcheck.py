"""Is backpropagation right? The analytic gradient against a numeric one that knows nothing of backpropagation.

For a sample of entries of *every* array, in float64, the cost is measured a little to both sides of the entry, and
the centred difference `(C(w + h) - C(w - h)) / 2h` is refined by halving h (Ridders 1982; Press et al., Numerical
Recipes, section 5.7). Per array, with a the analytic and n the numeric gradient,

    relative error = |a - n| / max(|a|, |n|, r)

where r is the least gradient that differences can confirm to the tolerance: the round-off that they carry, about
`epsilon * C / h`, over the tolerance. An array below r is "too small to check": its units are saturated or cut off,
and nothing is said about whether backpropagation is right there.

At a kink (ReLU at z = 0) a difference measures neither side's slope; entries whose steps cross one are set aside and
counted.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from whynet.errors import UsageError
from whynet.network.activations import activation
from whynet.network.layers import BatchNorm, BatchNormMemo, Dense, DenseMemo
from whynet.network.network import Network, Trace
from whynet.noise import Noise
from whynet.params import Params
from whynet.types import Array, Features, Targets

TOLERANCE = 1e-7
FIRST_STEP = 0.02
HALVINGS = 8
ROUND_OFF = float(np.finfo(np.float64).eps)  # relative error of one evaluation of the cost


@dataclass(frozen=True)
class ArrayCheck:
    """One array's verdict: `"right"`, `"wrong"` or `"too-small"` (saturated: nothing can be said)."""

    array: str
    verdict: Literal["right", "wrong", "too-small"]
    relative_error: float
    norm: float
    resolution: float
    checked: int
    kinks: int


@dataclass(frozen=True)
class WorstEntry:
    """The entry where analytic and numeric gradient differ most, relative to its array."""

    array: str
    index: tuple[int, ...]
    analytic: float
    numeric: float


@dataclass(frozen=True)
class GradientCheck:
    """The outcome: `passed` unless an array is wrong; `relative_error` is the largest of the arrays checked."""

    passed: bool
    relative_error: float
    worst: WorstEntry | None
    arrays: tuple[ArrayCheck, ...]
    kinks: int


def check_gradients(
    network: Network,
    X: Features,
    targets: Targets,
    *,
    gradients: Callable[[Network, Features, Targets], Params] | None = None,
    penalty: Callable[[Params], float] = lambda _: 0.0,
    kinked_penalty: bool = False,
    noise: Noise | None = None,
    sample: int = 30,
    seed: int = 0,
    tolerance: float = TOLERANCE,
) -> GradientCheck:
    """Check the gradient of `network`'s cost on one batch; the network is left as it was.

    Parameters
    ----------
    X, targets
        A batch, `(batch, features)` and `(batch, outputs)`; ten rows are plenty.
    gradients
        What to check: by default the network's own backpropagation.
    penalty
        What the parameters add to the cost; `kinked_penalty` if its slope jumps where a parameter is 0, as L1's does.
    noise
        Check as in training, with this step's dropout and noise; by default as in evaluation.
    sample
        Entries of each array to check.

    >>> network = Network([3, 4, 2], activation="tanh")
    >>> check = check_gradients(network, np.eye(3), np.eye(3)[:, :2])
    >>> check.passed, check.relative_error < 1e-8
    (True, True)

    Raises
    ------
    UsageError
        The batch does not fit the network.
    """
    network = network.astype("float64")
    X = np.asarray(X, dtype=np.float64)
    targets = np.asarray(targets, dtype=np.float64)
    if X.ndim != 2 or X.shape[1] != network.sizes[0] or targets.shape != (len(X), network.sizes[-1]):
        raise UsageError(
            "the batch does not fit the network",
            expected=f"X (n, {network.sizes[0]}) and targets (n, {network.sizes[-1]})",
            found=f"{X.shape} and {targets.shape}",
        )
    analytic = gradients(network, X, targets) if gradients else network.gradients(X, targets, noise)
    base = network.forward(X, noise)
    signs, parameter_signs = _signs(network, base), np.sign(network.params.vector)

    def cost() -> tuple[float, bool]:
        """The cost with the parameters as they are now, and whether no kink was crossed to get there."""
        trace = network.forward(X, noise)
        same = all(np.array_equal(a, b) for a, b in zip(signs, _signs(network, trace), strict=True))
        if kinked_penalty:
            same = same and np.array_equal(np.sign(network.params.vector), parameter_signs)
        return network.cost.value(trace.scores, targets) + penalty(network.params), same

    rng = np.random.default_rng(seed)
    checks: list[ArrayCheck] = []
    worst, worst_error = None, -1.0
    for (name, array), (_, gradient) in zip(network.params.named(), analytic.named(), strict=True):
        flat = array.reshape(-1)
        entries, numeric, carried, kinks = [], [], 0.0, 0
        for entry in np.sort(rng.choice(flat.size, size=min(sample, flat.size), replace=False)):
            found = _derivative(flat, entry, cost)
            if found is None:
                kinks += 1
                continue
            entries.append(entry)
            numeric.append(found[0])
            carried += found[1] ** 2
        a, n = gradient.reshape(-1)[entries], np.array(numeric)
        check = _judge(name, a, n, math.sqrt(carried) / tolerance, tolerance, kinks)
        checks.append(check)
        if check.verdict != "too-small" and check.relative_error > worst_error:
            at = int(np.abs(a - n).argmax())
            index = tuple(int(i) for i in np.unravel_index(entries[at], array.shape))
            worst, worst_error = WorstEntry(name, index, float(a[at]), float(n[at])), check.relative_error
    return GradientCheck(
        passed=all(check.verdict != "wrong" for check in checks),
        relative_error=max((c.relative_error for c in checks if c.verdict != "too-small"), default=0.0),
        worst=worst,
        arrays=tuple(checks),
        kinks=sum(check.kinks for check in checks),
    )


def _judge(name: str, a: Array, n: Array, resolution: float, tolerance: float, kinks: int) -> ArrayCheck:
    norm = max(float(np.linalg.norm(a)), float(np.linalg.norm(n)))
    finite = math.isfinite(norm)
    error = float(np.linalg.norm(a - n)) / max(norm, resolution) if norm and finite else 0.0
    verdict: Literal["right", "wrong", "too-small"]
    if not finite:
        verdict, error = "wrong", math.inf
    elif norm < resolution or not len(a):
        verdict = "too-small"
    else:
        verdict = "right" if error <= tolerance else "wrong"
    return ArrayCheck(name, verdict, error, norm, resolution, len(a), kinks)


def _derivative(flat: Array, entry: int, cost: Callable[[], tuple[float, bool]]) -> tuple[float, float] | None:
    """The slope of the cost along one entry of `flat`, and the error it carries; None at a kink.

    Ridders' scheme: centred differences with h, h/2, h/4 ... whose errors, even powers of h, are eliminated one after
    the other; of all the estimates the one is taken that differs least from its two parents.
    """
    kept = float(flat[entry])
    step = _step_without_kink(flat, entry, kept, cost)
    if step is None:
        return None
    best, best_error, round_off = 0.0, math.inf, 0.0
    previous: list[float] = []
    for halving in range(HALVINGS):
        h = step / 2**halving
        high, low = _at(flat, entry, kept, h, cost)[0], _at(flat, entry, kept, -h, cost)[0]
        row = [(high - low) / (2 * h)]
        noise = ROUND_OFF * max(abs(high), abs(low)) / h
        for order, older in enumerate(previous, 1):
            row.append(row[-1] + (row[-1] - older) / (4**order - 1))
            error = max(abs(row[-1] - row[-2]), abs(row[-1] - older))
            if error < best_error:
                best, best_error, round_off = row[-1], error, noise
        if best_error < round_off:  # smaller steps could only add noise
            break
        previous = row
    return best, max(round_off, best_error)


def _step_without_kink(flat: Array, entry: int, kept: float, cost: Callable[[], tuple[float, bool]]) -> float | None:
    """The largest first step, down to a thousandth of the usual, that crosses no kink to either side."""
    for shrink in (1, 1e-1, 1e-2, 1e-3):
        step = FIRST_STEP * shrink
        if _at(flat, entry, kept, step, cost)[1] and _at(flat, entry, kept, -step, cost)[1]:
            return step
    return None


def _at(
    flat: Array, entry: int, kept: float, shift: float, cost: Callable[[], tuple[float, bool]]
) -> tuple[float, bool]:
    """The cost with one entry shifted, which is put back at once."""
    flat[entry] = kept + shift
    result = cost()
    flat[entry] = kept
    return result


def _signs(network: Network, trace: Trace) -> list[Array]:
    """On which side of its kink each unit is, for every layer that has kinks."""
    return [
        memo.z > 0
        for layer, memo in zip(network.layers, trace.memos, strict=True)
        if isinstance(memo, (DenseMemo, BatchNormMemo)) and _kinked(layer)
    ]


def _kinked(layer: object) -> bool:
    return isinstance(layer, (Dense, BatchNorm)) and activation(layer.activation).kinked
