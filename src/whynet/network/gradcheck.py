"""Is backpropagation right? The analytic gradient against a numeric one that knows nothing of backpropagation.

For a sample of entries of *every* array, in float64, the cost is measured a little to both sides of the entry, and
the centred difference `(C(w + h) - C(w - h)) / 2h` is refined by halving h (Ridders 1982; Press et al., Numerical
Recipes, section 5.7). Per array, with a the analytic and n the numeric gradient,

    relative error = |a - n| / max(|a|, |n|)

Where it exceeds the tolerance and the array is below r, it is "too small to check": r is the least gradient that
differences can confirm to the tolerance, the round-off that they carry, about `epsilon * C / h`, over the tolerance.
Its units are saturated or cut off, and nothing is said about whether backpropagation is right there.

At a kink (ReLU at z = 0, another pixel that is the largest of its window, an absolute error of 0) a difference measures
neither side's slope; entries whose steps cross one are set aside and counted. That takes layers that say on which side
of a kink each unit is (`sides`): where the differences scatter too much before a layer that does not, the verdict is
that its kinks cannot be seen, not that the gradient is too small.

A sample can miss an entry. The projection cannot: along random directions in which every parameter moves, the slope is
the sum of all entries times the direction's, and one wrong entry spoils it.

With `complex_step` the slopes come from the cost in complex numbers instead (`complexstep.py`): right to about 1e-13,
but only for the smooth activations that are spelled out there.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from whynet.errors import UsageError
from whynet.network import complexstep
from whynet.network.complexstep import complex_cost
from whynet.network.network import Network, Trace
from whynet.noise import Noise
from whynet.params import Params
from whynet.types import Array, Features, Targets

TOLERANCE = 1e-7
COMPLEX_TOLERANCE = 1e-9  # saturated units cost digits: the slope 1 - a^2 of a near 1 has few
DIRECTIONS = 3
FIRST_STEP = 0.02
HALVINGS = 8
CHECKED = ("right", "wrong")
ROUND_OFF = float(np.finfo(np.float64).eps)  # relative error of one evaluation of the cost


Verdict = Literal["right", "wrong", "too-small", "kinks-unseen"]

Slope = Callable[[int | Array], tuple[float, float] | None]
"""From one entry of the parameter vector, or a direction, to the cost's slope there and the error it carries."""


@dataclass(frozen=True)
class ArrayCheck:
    """One array's verdict: `"right"`, `"wrong"`, `"too-small"` (saturated: nothing can be said) or `"kinks-unseen"`
    (nothing can be said: this array acts through a layer that may have kinks which the check cannot see).

    >>> ArrayCheck("0.W", "right", 2e-11, norm=0.3, resolution=1e-9, checked=30, kinks=0).verdict
    'right'
    """

    array: str
    verdict: Verdict
    relative_error: float
    norm: float
    resolution: float
    checked: int
    kinks: int


@dataclass(frozen=True)
class WorstEntry:
    """The entry where analytic and numeric gradient differ most, relative to its array.

    >>> WorstEntry("0.W", (3, 1), analytic=0.5, numeric=0.25).index
    (3, 1)
    """

    array: str
    index: tuple[int, ...]
    analytic: float
    numeric: float


@dataclass(frozen=True)
class GradientCheck:
    """The outcome: `passed` unless an array or the projection is wrong; `relative_error` is the largest of the arrays
    checked, `projection` that along random directions in all parameters, relative to a typical one (None: too small, or
    all of them cross kinks). `unseen` names the kinds of layers whose kinks, if they have any, cannot be seen.

    >>> check = check_gradients(Network([3, 2]), np.eye(3), np.eye(3)[:, :2])
    >>> [one.verdict for one in check.arrays], check.kinks
    (['right', 'right'], 0)
    """

    passed: bool
    relative_error: float
    projection: float | None
    worst: WorstEntry | None
    arrays: tuple[ArrayCheck, ...]
    kinks: int
    unseen: tuple[str, ...] = ()


def check_gradients(
    network: Network,
    X: Features,
    targets: Targets,
    *,
    gradients: Callable[[Network, Features, Targets], Params] | None = None,
    penalty: Callable[[Params], float] = lambda _: 0.0,
    kinked_penalty: bool = False,
    noise: Noise | None = None,
    weights: Array | None = None,
    sample: int = 30,
    seed: int = 0,
    complex_step: bool = False,
    tolerance: float | None = None,
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
    weights
        What each row counts, (batch,); 1 by default.
    sample
        Entries of each array to check.
    complex_step
        Take the numeric slopes from the cost in complex numbers; the penalty must then be a smooth formula.
    tolerance
        The largest relative error that is called right: 1e-7, with complex steps 1e-9.

    >>> network = Network([3, 4, 2], activation="tanh")
    >>> check = check_gradients(network, np.eye(3), np.eye(3)[:, :2])
    >>> check.passed, check.relative_error < 1e-8
    (True, True)

    Raises
    ------
    UsageError
        The batch does not fit the network, or complex steps do not know one of its parts.
    """
    tolerance = tolerance or (COMPLEX_TOLERANCE if complex_step else TOLERANCE)
    network = network.astype("float64")
    X = np.asarray(X, dtype=np.float64)
    targets = np.asarray(targets, dtype=np.float64)
    inputs, outputs = network.layers[0].inputs, network.layers[-1].outputs
    if X.ndim != 2 or X.shape[1] != inputs or targets.shape != (len(X), outputs):
        raise UsageError(
            "the batch does not fit the network",
            expected=f"X (n, {inputs}) and targets (n, {outputs})",
            found=f"{X.shape} and {targets.shape}",
        )
    in_complex = complex_cost(network, X, targets, noise, weights) if complex_step else None
    analytic = gradients(network, X, targets) if gradients else network.gradients(X, targets, noise, weights)
    base = network.forward(X, noise)
    signs, parameter_signs = _signs(network, base, targets), np.sign(network.params.vector)

    def cost() -> tuple[float, bool]:
        """The cost with the parameters as they are now, and whether no kink was crossed to get there."""
        trace = network.forward(X, noise)
        same = all(np.array_equal(a, b) for a, b in zip(signs, _signs(network, trace, targets), strict=True))
        if kinked_penalty:
            same = same and np.array_equal(np.sign(network.params.vector), parameter_signs)
        return network.cost.value(trace.scores, targets, weights) + penalty(network.params), same

    slope: Slope = _differences(network, cost)
    if in_complex is not None:
        slope = _complex_steps(network, in_complex, penalty, max(float(np.abs(analytic.vector).max()), 1e-3))
    unseen = {} if complex_step else _unseen(network, base)
    rng = np.random.default_rng(seed)
    checks: list[ArrayCheck] = []
    worst, worst_error = None, -1.0
    start = 0  # of the array in the vector of all parameters
    for (name, array), (_, gradient) in zip(network.params.named(), analytic.named(), strict=True):
        flat = array.reshape(-1)
        entries, numeric, carried, kinks = [], [], 0.0, 0
        for entry in np.sort(rng.choice(flat.size, size=min(sample, flat.size), replace=False)):
            found = slope(start + int(entry))
            if found is None:
                kinks += 1
                continue
            entries.append(entry)
            numeric.append(found[0])
            carried += found[1] ** 2
        a, n = gradient.reshape(-1)[entries], np.array(numeric)
        check = _judge(name, a, n, math.sqrt(carried) / tolerance, tolerance, kinks)
        if check.verdict == "too-small" and check.norm > 0 and int(name.partition(".")[0]) <= max(unseen, default=-1):
            check = replace(check, verdict="kinks-unseen")
        checks.append(check)
        start += flat.size
        if check.verdict in CHECKED and check.relative_error > worst_error:
            at = int(np.abs(a - n).argmax())
            index = tuple(int(i) for i in np.unravel_index(entries[at], array.shape))
            worst, worst_error = WorstEntry(name, index, float(a[at]), float(n[at])), check.relative_error
    projection = _projection(analytic.vector, slope, rng, tolerance)
    return GradientCheck(
        passed=all(check.verdict != "wrong" for check in checks) and not (projection or 0) > tolerance,
        relative_error=max((c.relative_error for c in checks if c.verdict in CHECKED), default=0.0),
        projection=projection,
        worst=worst,
        arrays=tuple(checks),
        kinks=sum(check.kinks for check in checks),
        unseen=tuple(dict.fromkeys(unseen.values())),
    )


def _judge(name: str, a: Array, n: Array, resolution: float, tolerance: float, kinks: int) -> ArrayCheck:
    norm = max(float(np.linalg.norm(a)), float(np.linalg.norm(n)))
    distance = float(np.linalg.norm(a - n))
    verdict: Verdict
    if not math.isfinite(norm):
        verdict, error = "wrong", math.inf
    elif norm > 0 and distance <= tolerance * norm:
        verdict, error = "right", distance / norm
    elif norm < resolution or norm == 0:
        verdict, error = "too-small", distance / resolution if resolution else 0.0
    else:
        verdict, error = "wrong", distance / norm
    return ArrayCheck(name, verdict, error, norm, resolution, len(a), kinks)


def _projection(gradient: Array, slope: Slope, rng: np.random.Generator, tolerance: float) -> float | None:
    """The worst error of `gradient . v` along a few random directions v of length 1, relative to |g| / sqrt(size), the
    usual length of a projection."""
    typical = float(np.linalg.norm(gradient)) / math.sqrt(gradient.size)
    if not math.isfinite(typical):
        return math.inf
    errors = []
    for _ in range(DIRECTIONS):
        v = rng.standard_normal(gradient.size)
        v /= np.linalg.norm(v)
        found = slope(v)
        if found is not None:
            resolution = found[1] / tolerance
            size = max(typical, abs(found[0]), resolution)
            errors.append(abs(float(gradient @ v) - found[0]) / size if size > resolution else 0.0)
    return max(errors, default=None)


def _differences(network: Network, cost: Callable[[], tuple[float, bool]]) -> Slope:
    """The slope of the cost, and the error it carries, by centred differences; None at a kink."""
    vector = network.params.vector

    def slope(along: int | Array) -> tuple[float, float] | None:
        moved, way = (slice(along, along + 1), 1.0) if isinstance(along, int) else (slice(None), along)
        kept = vector[moved].copy()

        def at(shift: float) -> tuple[float, bool]:
            vector[moved] = kept + shift * way
            result = cost()
            vector[moved] = kept
            return result

        return _ridders(at)

    return slope


def _complex_steps(
    network: Network, cost: Callable[[Array], complex], penalty: Callable[[Params], float], largest: float
) -> Slope:
    """The slope of the cost by complex steps; the penalty, a formula in the parameters alone, by differences.

    A slope is a sum of terms that may cancel: it carries the round-off of the `largest`.
    """
    vector = network.params.vector
    quietly = _differences(network, lambda: (penalty(network.params), True))
    penalised = penalty(network.params) != 0

    def slope(along: int | Array) -> tuple[float, float]:
        moved = vector.astype(np.complex128)
        if isinstance(along, int):
            moved[along] += 1j * complexstep.STEP
        else:
            moved += 1j * complexstep.STEP * along
        of_cost = cost(moved).imag / complexstep.STEP
        more = quietly(along) if penalised else None
        return (of_cost, ROUND_OFF * largest) if more is None else (of_cost + more[0], more[1])

    return slope


def _ridders(at: Callable[[float], tuple[float, bool]]) -> tuple[float, float] | None:
    """The slope of `at(shift)` at 0, and the error it carries; None at a kink.

    Ridders' scheme: centred differences with h, h/2, h/4 ... whose errors, even powers of h, are eliminated one after
    the other; of all the estimates the one is taken that differs least from its two parents.
    """
    # The largest first step, down to a thousandth of the usual, that crosses no kink to either side.
    steps = (FIRST_STEP * shrink for shrink in (1, 1e-1, 1e-2, 1e-3))
    step = next((h for h in steps if at(h)[1] and at(-h)[1]), None)
    if step is None:
        return None
    best, best_error, round_off = 0.0, math.inf, 0.0
    previous: list[float] = []
    for halving in range(HALVINGS):
        h = step / 2**halving
        high, low = at(h)[0], at(-h)[0]
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


def _signs(network: Network, trace: Trace, targets: Targets) -> list[Array]:
    """On which side of its kink each unit is, for every layer that has kinks, and each error, if the cost has any."""
    sides = (layer.sides(memo) for layer, memo in zip(network.layers, trace.memos, strict=True))
    return [one for one in sides if one is not None and one.size] + [
        np.sign(trace.scores - targets - kink) for kink in network.cost.kinks
    ]


def _unseen(network: Network, trace: Trace) -> dict[int, str]:
    """The layers that may have kinks which `_signs` does not see: their numbers, and their kinds."""
    return {
        index: type(layer).__name__
        for index, (layer, memo) in enumerate(zip(network.layers, trace.memos, strict=True))
        if layer.sides(memo) is None
    }
