"""Symptoms: what can be measured on a network in training. Numbers only; nothing is judged here.

`Watch` is handed to a training and looks at it between engine calls, at steps 0, 1, 2, 4, 8 ... and at the end, always
on the same probe rows and always with the readable code: whoever takes the steps, the numbers mean the same.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from itertools import permutations
from typing import Any

import numpy as np

from whynet.data.dataset import Dataset
from whynet.doctor.case import Case
from whynet.engines.reference import Reference
from whynet.errors import UsageError, WhynetError
from whynet.network.activations import activation
from whynet.network.gradcheck import check_gradients
from whynet.network.layers import BatchNorm, BatchNormMemo, Dense, DenseMemo
from whynet.network.network import Network
from whynet.noise import Noise
from whynet.optimizers.optimizers import optimizer
from whynet.params import Params
from whynet.training.checking import own_check
from whynet.training.faults import FAULTS, with_faults
from whynet.training.loop import Training
from whynet.types import Array

PROBE_ROWS = 500
CHECK_ROWS = 8
FLAT = 0.01  # a unit whose slope is below this share of its largest is saturated
HEALTHY_START = {"quadratic": 0.125, "sigmoid-cross-entropy": math.log(2)}  # per output, all at one half


def pauses(total: int) -> list[int]:
    """The steps at which to look: 1, 2, 4, 8 ..., half way, three quarters, the end.

    >>> pauses(20)
    [1, 2, 4, 8, 10, 15, 16, 20]
    """
    doubling = {1 << power for power in range(40) if 1 << power <= total}
    return sorted(doubling | {total // 2, 3 * total // 4, total} - {0})


@np.errstate(all="ignore")
def measure_data(case: Case, training: Training, *, pixels_across: int) -> None:
    """What is fed to the network: ranges, blanks, classes, order, neighbours.

    >>> from whynet.doctor.trials import Laboratory
    >>> from whynet.data.sources import load
    >>> from whynet.training.recipe import Recipe
    >>> case, _ = Laboratory(load("digits"), seed=0, budget=10).watch(Recipe(epochs=1), longest=5)
    >>> case.value("largest-input"), case.value("blank-rows")
    (1.0, 0.0)
    """
    examples, data = training.task.examples, training.train
    n = len(data)
    some = np.linspace(0, n - 1, min(n, 2000)).astype(np.intp)
    X = examples.features(some, np.dtype(np.float64))
    sd = float(X.std())
    case.note("largest-input", np.abs(X).max(), "", "about 1 to 3")
    case.note("input-offset", abs(X.mean()) / max(sd, 1e-12), "sd", "below 1")
    if X.shape[1] >= 16:  # of a few features, all may be equal by chance
        case.note("blank-rows", np.mean(X.max(axis=1) == X.min(axis=1)), "share", "0")
    shares = data.prior
    entropy = -float(np.sum(shares[shares > 0] * np.log(shares[shares > 0])))
    case.note("class-balance", entropy / math.log(max(len(shares), 2)), "of the most possible", "above 0.9")
    case.note("largest-class", shares.max(), "share", f"about {1 / len(shares):.2g}")
    case.note("rows", n, "examples", "thousands")
    order = training.peek()
    case.note("rows-visited", len(np.unique(order)) / n, "share of an epoch's rows", "above 0.6")
    size = min(training.batch_size, max(n // 4, 1), 200)
    if size > 1:
        batches = order[: len(order) // size * size].reshape(-1, size)[:200]
        rng = np.random.default_rng(0)
        mixed = rng.integers(n, size=batches.shape)
        own, chance = (float(np.mean([_kinds(data.labels[row]) for row in rows])) for rows in (batches, mixed))
        case.note("classes-per-batch", own / chance, "of shuffled ones", "about 1")
    else:
        runs = data.labels[order[:2000]]
        chance = float(np.sum(shares**2))
        case.note("same-class-in-a-row", np.mean(runs[1:] == runs[:-1]), "share", f"about {chance:.2f}")
    if pixels_across > 1:
        images = X.reshape(len(X), -1, pixels_across)
        left, right = images[:, :, :-1].ravel(), images[:, :, 1:].ravel()
        spread = float(left.std() * right.std())
        case.note(
            "neighbouring-pixels",
            float(np.mean((left - left.mean()) * (right - right.mean()))) / max(spread, 1e-12),
            "correlation",
            "above 0.5 in pictures",
        )


def _kinds(labels: Array) -> int:
    return len(np.unique(labels))


def measure_neighbours(case: Case, train: Dataset, held: Dataset, test: Dataset | None) -> None:
    """Can these data be learned at all? One nearest neighbour, and whether all sets look alike.

    >>> from whynet.doctor.trials import Laboratory
    >>> from whynet.data.sources import load
    >>> from whynet.training.recipe import Recipe
    >>> case, _ = Laboratory(load("digits"), seed=0, budget=10).watch(Recipe(epochs=1), longest=5)
    >>> case.value("nearest-neighbour") > 0.9, case.value("test-set-differs") < 0.3
    (True, True)
    """
    rng = np.random.default_rng(0)
    some = np.sort(rng.choice(len(train), min(len(train), 4000), replace=False))
    asked = np.sort(rng.choice(len(held), min(len(held), 800), replace=False))
    A, B = train.pixels[some].astype(np.float32), held.pixels[asked].astype(np.float32)
    distances = (A * A).sum(axis=1) - 2 * (B @ A.T)
    case.note(
        "nearest-neighbour",
        np.mean(train.labels[some][distances.argmin(axis=1)] == held.labels[asked]),
        "share right",
        "above 0.9 on digits",
    )
    own = A[:1500]
    among = (own * own).sum(axis=1) - 2 * (own @ own.T)
    np.fill_diagonal(among, np.inf)
    mine = train.labels[some][:1500]
    case.note("neighbours-agree", np.mean(mine[among.argmin(axis=1)] == mine), "share", "above 0.9 on digits")
    if test is not None:
        case.note("test-set-differs", _difference(train, test), "sd", "below 0.3")
        ours, theirs = copies(train, held), copies(train, test)
        case.note("test-images-in-training", max(theirs - ours, 0.0), "share, beyond what chance gives", "0")


def copies(train: Dataset, others: Dataset) -> float:
    """The share of the other images that are among the training images, byte for byte.

    >>> from whynet.data.sources import load
    >>> data = load("digits")
    >>> copies(data, data.take(slice(10))), copies(data, data.test)
    (1.0, 0.0)
    """
    asked = others.pixels[np.linspace(0, len(others) - 1, min(len(others), 1000)).astype(np.intp)]
    ink, own = (pixels.sum(axis=1, dtype=np.uint32) for pixels in (asked, train.pixels))  # alike, if images are
    known = {row.tobytes() for row in train.pixels[np.isin(own, ink)]}
    return sum(row.tobytes() in known for row in asked) / len(asked)


def _difference(a: Dataset, b: Dataset) -> float:
    """How far apart two sets of images are: brightness and centre of mass, in standard deviations of the first."""

    def facts(data: Dataset) -> Array:
        images = data.images[:: max(1, len(data) // 2000)].astype(np.float64)
        mass = images.sum(axis=(1, 2)) + 1e-9
        rows = (images.sum(axis=2) * np.arange(images.shape[1])).sum(axis=1) / mass
        columns = (images.sum(axis=1) * np.arange(images.shape[2])).sum(axis=1) / mass
        return np.stack([mass, rows, columns], axis=1)

    first, second = facts(a), facts(b)
    return float(
        np.max(np.abs(first.mean(axis=0) - second.mean(axis=0)) / (first.std(axis=0) + 0.02 * a.images.shape[1]))
    )


class Watch:
    """Measures a training as it goes; `look` is what `Training` calls.

    >>> from whynet.data.sources import load
    >>> from whynet.training.loop import build
    >>> from whynet.training.recipe import Recipe
    >>> data, recipe = load("digits"), Recipe(epochs=1)
    >>> case = Case(recipe, layers=2, rows=len(data), available=len(data), classes=10, features=64)
    >>> training = Training(build(recipe, data), data, recipe, pauses=pauses(150))
    >>> watch = Watch(case, training)
    >>> training.look = watch.look
    >>> _ = list(training)
    >>> watch.finish()
    >>> case.value("cost") < case.value("start-cost")
    True
    """

    def __init__(self, case: Case, training: Training) -> None:
        self.case, self.training = case, training
        n = len(training.train)
        self.rows = np.linspace(0, n - 1, min(n, PROBE_ROWS)).astype(np.intp)
        examples = training.task.examples
        self.X = examples.features(self.rows, training.network.dtype)
        self.labels = examples.labels[self.rows]
        self.targets = examples.targets[self.labels]
        self.steps: list[int] = []
        self.costs: list[float] = []
        self.dead: list[float] = []
        self.ratios: list[float] = []
        self.first = training.network.params.vector.copy()
        with np.errstate(all="ignore"):
            self._start()

    def look(self, training: Training) -> None:
        """Between engine calls: at the pauses, the cost of the probe rows and the state of the units."""
        if training.steps not in training.pauses:
            return
        with np.errstate(all="ignore"):
            network = training.network
            trace = network.forward(self.X)
            self.steps.append(training.steps)
            self.costs.append(network.cost.value(trace.scores, self.targets))
            self.dead.append(_dead(network, trace.memos))

    # ---- before the first step

    def _start(self) -> None:
        case, network = self.case, self.training.network
        trace = network.forward(self.X)
        cost = network.cost.value(trace.scores, self.targets)
        self.costs.append(cost)
        self.steps.append(0)
        outputs = self.targets.shape[1]
        healthy = HEALTHY_START.get(network.cost_name, math.log(outputs) / outputs if outputs > 1 else 0.0) * outputs
        case.note("start-cost", cost, "", f"about {healthy:.3g}: outputs that know nothing yet")
        case.note("start-cost-ratio", cost / max(healthy, 1e-12), "of a healthy start", "0.5 to 2.5")
        self.dead.append(_dead(network, trace.memos))
        self._units("start", trace)
        first = next(i for i, layer in enumerate(network.layers) if isinstance(layer, Dense))
        W = network.params[first]["W"].astype(np.float64)
        memo = trace.memos[first]
        x = memo.x if isinstance(memo, DenseMemo) else self.X
        mean = max(abs(W.mean()) - 3 * W.std() / math.sqrt(W.size), 0.0)  # beyond what chance gives
        push = float(mean * x.astype(np.float64).sum(axis=1).mean())
        case.note("one-sided-push", push, "", "below 2: weights of both signs cancel")
        case.note("weighted-input-sd", float(memo.z.std()) if isinstance(memo, DenseMemo) else math.nan, "", "0.2 to 3")
        case.note("identical-units", _identical(network), "share of hidden units", "0")
        last = network.params[len(network.layers) - 1]["W"].astype(np.float64)
        final = trace.memos[-1]
        if isinstance(final, DenseMemo):
            hidden = final.x.astype(np.float64)
            spread = float(np.sqrt(np.mean((hidden @ (last - last.mean())) ** 2)))
            case.note("bend", _bend(network, self.X), "of its answers' differences", "above 0.001")
            case.note("output-weighted-input", max(float(np.abs(final.z).mean()), 0 * spread), "mean size", "below 4")
        gains = [
            float(network.params[i]["W"].std() * math.sqrt(layer.inputs))
            for i, layer in enumerate(network.layers)
            if isinstance(layer, Dense)
        ]
        case.note("weight-gain", max(gains), "sd of weights x root of fan-in", "0.5 to 2")
        case.note("least-weight-gain", min(gains), "sd of weights x root of fan-in", "0.5 to 2")
        weights = case.recipe.optimizer
        gradient = network.gradients(self.X, self.targets)
        sizes = _layer_norms(network, gradient)
        if len(sizes) > 1:
            case.note("gradient-fall", sizes[0] / max(sizes[-1], 1e-300), "first layer's to last's", "above 0.001")
        case.note("optimizer-plain", float(weights in ("sgd", "nesterov")))
        self._outputs(trace.scores)

    def _units(self, when: str, trace: Any) -> None:
        """Saturation, spread and death of the hidden units."""
        saturated, spreads, row_sums = [], [], []
        network = self.training.network
        for layer, memo in list(zip(network.layers, trace.memos, strict=True))[:-1]:
            if not (isinstance(layer, (Dense, BatchNorm)) and isinstance(memo, (DenseMemo, BatchNormMemo))):
                continue
            if isinstance(layer, Dense) and layer.activation == "identity":
                continue
            z = memo.z.astype(np.float64)
            a, inner = activation(layer.activation).forward(z)
            slope = activation(layer.activation).backward(inner, np.ones_like(a))
            if layer.activation in ("sigmoid", "tanh", "scaled-tanh"):
                top = {"sigmoid": 0.25, "tanh": 1.0, "scaled-tanh": 1.7159 * 2 / 3}[layer.activation]
                saturated.append(float(np.mean(np.abs(slope) < FLAT * top)))
            if layer.activation == "softmax":
                row_sums.append(float(np.abs(a.sum(axis=1) - 1).max()))
            spreads.append(float(np.sqrt(a.var(axis=0).mean()) / max(np.sqrt(np.mean(a**2)), 1e-300)))
        if saturated:
            self.case.note(f"saturated-{when}", max(saturated), "share of a hidden layer's answers", "below 0.3")
        if spreads:
            self.case.note(f"spread-{when}", min(spreads), "of a hidden layer's answers over images", "above 0.05")
        if row_sums:
            self.case.note("hidden-shares", 1.0, "hidden layers whose answers sum to 1", "none")
        self.case.note(f"dead-{when}", _dead(network, trace.memos), "share of a hidden layer's units", "below 0.5")

    def _outputs(self, scores: Array) -> None:
        network, case = self.training.network, self.case
        layer = network.layers[-1]
        if not isinstance(layer, Dense):
            return
        case.note("least-output", scores.min())
        case.note("largest-output", scores.max())
        if scores.shape[1] > 1:
            case.note("outputs-sum", float(np.abs(scores.sum(axis=1) - 1).max()), "off 1", "")

    # ---- when it is over

    def finish(self) -> None:
        """Everything that is measured at the end."""
        case, training = self.case, self.training
        network = training.outcome
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            trace = network.forward(self.X)
            cost = network.cost.value(trace.scores, self.targets)
            case.note("cost", cost if math.isfinite(cost) else math.nan)
            self._units("end", trace)
            moved = float(np.linalg.norm(network.params.vector - self.first))
            case.note("moved", moved / max(float(np.linalg.norm(self.first)), 1e-12), "of the first weights' length")
            regular = case.recipe
            gradient = network.gradients(self.X, self.targets)
            decay = regular.l2 + regular.decay
            if decay or regular.l1:
                pulls = sum(float(np.sum((decay * W + regular.l1 * np.sign(W)) ** 2)) for W in network.params.weights())
                pushes = sum(float(np.sum(g**2)) for g in gradient.weights())
                case.note("penalty-pull", math.sqrt(pulls / max(pushes, 1e-300)), "of the data's gradient", "below 0.5")
            last = trace.memos[-1]
            if isinstance(last, DenseMemo) and len(network.sizes) > 2 and np.isfinite(last.x).all():
                values = np.linalg.svd(last.x - last.x.mean(axis=0), compute_uv=False)
                rank = int(np.sum(values > 0.01 * max(values[0], 1e-300)))
                case.note("rank", rank, "of the last hidden layer", f"at least {min(case.classes - 1, len(values))}")
            kept = float(np.mean(np.abs(network.params.vector)))
            case.note("weights", kept, "mean size")


def _bend(network: Network, X: Array) -> float:
    """How far the outputs' weighted inputs are, half way between two examples, from the mean of both: 0 for a linear
    map, whatever its layers are called."""
    if len(X) < 2:
        return math.nan
    ends = X.astype(np.float64)
    double = network.astype("float64")
    first, second, between = (double.forward(x).memos[-1].z for x in (ends[:-1], ends[1:], (ends[:-1] + ends[1:]) / 2))
    return float(np.abs(between - (first + second) / 2).max() / max(np.abs(first - second).max(), 1e-300))


def _dead(network: Network, memos: Any) -> float:
    """The largest share, over hidden layers, of units that are 0 or less (ReLU) for every probe row."""
    shares = [
        float(np.mean((memo.z <= 0).all(axis=0)))
        for layer, memo in list(zip(network.layers, memos, strict=True))[:-1]
        if isinstance(layer, Dense) and layer.activation == "relu" and isinstance(memo, DenseMemo)
    ]
    return max(shares, default=0.0)


def _identical(network: Network) -> float:
    """Share of hidden units that start with the very weights of another unit of their layer."""
    shares = []
    for index, layer in list(enumerate(network.layers))[:-1]:
        if isinstance(layer, Dense) and layer.outputs > 1:
            columns = np.concatenate([network.params[index]["W"], network.params[index]["b"][None]]).T
            shares.append(1 - (len(np.unique(columns, axis=0)) - 1) / max(layer.outputs - 1, 1))
    return max(shares, default=0.0)


def _layer_norms(network: Network, gradient: Any) -> list[float]:
    return [
        float(np.linalg.norm(gradient[i]["W"])) / math.sqrt(gradient[i]["W"].size)
        for i, layer in enumerate(network.layers)
        if isinstance(layer, Dense)
    ]


# ---- the patient's own gradient and update, as black boxes


@np.errstate(all="ignore")
def audit_gradient(case: Case, training: Training) -> None:
    """Is the gradient that the patient computes the slope of its cost? If not, which known mistake equals it?

    >>> from whynet.doctor.trials import Laboratory
    >>> from whynet.data.sources import load
    >>> from whynet.training.recipe import Recipe
    >>> case, _ = Laboratory(load("digits"), seed=0, budget=10).watch(Recipe(epochs=1), longest=5)
    >>> case.value("gradient-error") < 1e-6, case.fitting
    (True, ())
    """
    task = training.task
    rows = np.arange(min(CHECK_ROWS, len(training.train)))
    sound = _with_biases(training.network)
    X = task.examples.features(rows, np.dtype(np.float64))
    targets = task.examples.targets[task.examples.labels[rows]].astype(np.float64)
    patient = task.network.having(sound.params.vector, sound.statistics.vector)
    with np.errstate(all="ignore"):
        theirs = patient.gradients(X, targets)
        if case.recipe.cost == "softmax-cross-entropy" and targets.shape[1] > 1:
            shares = patient.cost.probabilities(patient.scores(X)).sum(axis=1)
            case.note("rows-sum", float(np.abs(shares - 1).max()), "off 1", "0")
    case.note("biases", _working_biases(patient, X), "biases that do anything", "one for each unit")
    case.note("gradient-error", _gradient_error(patient, X, targets, theirs), "relative", "below 1e-6")
    size = float(np.linalg.norm(theirs.vector))
    right = sound.gradients(X, targets)
    norm = float(np.linalg.norm(right.vector))
    if norm > 0 and size > 0:
        case.note("gradient-cosine", float(theirs.vector @ right.vector) / (size * norm), "with the true gradient", "1")
        case.note("gradient-length", size / norm, "of the true gradient's", "1")
    case.note("overflows", _overflows(sound, task.network, X, targets), "arrays of the gradient", "0")
    check = own_check(training.recipe)
    if check is not None:
        case.note("own-check", check, "of a gradient that is right", "below 1e-6")
    if not np.allclose(theirs.vector, right.vector, rtol=1e-6, atol=1e-12 * max(size, 1e-300)):
        case.fitting += _fitting(training, sound, X, targets, theirs)


def _overflows(sound: Network, patient: Network, X: Array, targets: Array) -> int:
    """How many arrays of the patient's gradient are not finite where the sound one's are, with weighted inputs of a
    thousand and more."""
    largest = min(float(memo.z.max()) for memo in sound.forward(X).memos if isinstance(memo, DenseMemo))
    large = sound.params.vector * (1000 / max(largest, 1e-3))
    theirs, right = (one.having(large, sound.statistics.vector).gradients(X, targets) for one in (patient, sound))
    return sum(
        not np.isfinite(a).all() and bool(np.isfinite(b).all())
        for (_, a), (_, b) in zip(theirs.named(), right.named(), strict=True)
    )


def _with_biases(network: Network) -> Network:
    """The network in float64 with its biases moved a little: biases of 0 look the same whatever is done with them."""
    rng = np.random.default_rng(0)
    biases = np.concatenate([np.full(array.size, name.endswith("b")) for name, array in network.params.named()])
    vector = network.params.vector + biases * rng.normal(0, 0.1, len(biases))
    return network.having(vector.astype(np.float64), network.statistics.vector.astype(np.float64))


def _working_biases(network: Network, X: Array) -> int:
    """How many biases there are, of layers whose weighted inputs follow them."""
    count = 0
    for index, arrays in enumerate(network.params):
        if "b" in arrays:
            moved = network.params.copy()
            other = network.having(moved.vector, network.statistics.vector)
            np.add(moved[index]["b"], 1, out=moved[index]["b"])
            z, shifted = (one.forward(X).memos[index].z for one in (network, other))
            count += arrays["b"].size if np.any(z != shifted) else 0
    return count


def _fitting(training: Training, sound: Network, X: Array, targets: Array, theirs: Params) -> tuple[str, ...]:
    """The known mistake, or the two of them together, with which the sound network gives the patient's gradient."""
    atol = 1e-12 * max(float(np.linalg.norm(theirs.vector)), 1e-300)

    def fits(faults: Sequence[str]) -> bool:
        mine = sound.having(sound.params.vector.copy(), sound.statistics.vector)
        try:
            spoilt = with_faults(training.task._replace(network=mine), faults).network
        except UsageError:  # a mistake that this network cannot make
            return False
        if spoilt is mine:
            return False
        guess = spoilt.gradients(X, targets).vector
        return np.allclose(guess, theirs.vector, rtol=1e-6, atol=atol)

    single = tuple(name for name in FAULTS if fits([name]))
    return single or next((pair for pair in permutations(FAULTS, 2) if fits(pair)), ())


def _gradient_error(patient: Network, X: Array, targets: Array, theirs: Params) -> float:
    """How far the patient's gradient is from differences of its cost."""
    try:
        found = check_gradients(patient, X, targets, gradients=lambda *_: theirs, sample=8)
    except (WhynetError, FloatingPointError):
        return math.nan
    return max(found.relative_error, min(found.projection or 0.0, 1e3))


@np.errstate(all="ignore")
def audit_update(case: Case, training: Training, steps: int = 5) -> None:
    """What the update does to the weights: fitted on a few single steps of a copy, the step against the gradient, the
    gradient before and the step before.

    >>> from whynet.doctor.trials import Laboratory
    >>> from whynet.data.sources import load
    >>> from whynet.training.recipe import Recipe
    >>> case, _ = Laboratory(load("digits"), seed=0, budget=10).watch(Recipe(epochs=1), longest=5)
    >>> round(case.value("effective-rate"), 3), case.recipe.rate
    (0.1, 0.1)
    """
    task = training.task
    network = _unstuck(training)
    first = network.params.copy()
    patient = task._replace(network=task.network.having(network.params.vector, network.statistics.vector))
    state = {**task.optimizer.init(network.params), **task.average.init(network.params)}
    rng = np.random.default_rng(0)
    size = min(training.batch_size, len(training.train), 1000)
    rate = case.recipe.rate
    moves, gradients = [], []
    try:
        for step in range(steps):
            rows = rng.choice(len(training.train), size=size, replace=False)[np.newaxis]
            before = network.params.copy()
            X = task.examples.features(rows[0], network.dtype)
            g = patient.network.gradients(
                X, task.examples.targets[task.examples.labels[rows[0]]], Noise(task.seed, step)
            )
            task.penalty.add_gradient(network.params, g)
            Reference().advance(patient, state, rows, np.full(1, rate), step)
            moves.append(network.params.vector.astype(np.float64) - before.vector)
            gradients.append(g.vector.astype(np.float64))
    except WhynetError:
        case.note("update-finite", 0.0, "", "1")
        finite = bool(
            np.isfinite(
                training.network.gradients(X, task.examples.targets[task.examples.labels[rows[0]]]).vector
            ).all()
        )
        case.note("gradient-finite", float(finite), "", "1")
        return
    case.note("update-finite", 1.0, "", "1")
    weights = np.concatenate([np.full(array.size, name.endswith("W")) for name, array in network.params.named()])
    for what, chosen in (("weights", weights), ("biases", ~weights)):
        moved = np.concatenate([move[chosen] for move in moves])
        slope = np.concatenate([g[chosen] for g in gradients])
        case.note(f"{what}-move", float(np.abs(moved).max(initial=0)), "largest change in five steps", "above 0")
        case.note(f"{what}-gradient", float(np.abs(slope).max(initial=0)), "largest gradient", "above 0")
    unmoved = [name for name, array in network.params.named() if not np.any(array != dict(first.named())[name])]
    still = [name for name in unmoved if np.any(dict(_as_params(gradients[0], network).named())[name])]
    case.note("arrays-left-alone", len(still), "arrays with a gradient that never move", "0")
    if case.recipe.optimizer == "sgd":
        now, before_g = gradients[2:], gradients[1:-1]
        target = np.concatenate([m[weights] for m in moves[2:]])
        basis = np.stack(
            [
                np.concatenate([g[weights] for g in now]),
                np.concatenate([g[weights] for g in before_g]),
                np.concatenate([m[weights] for m in moves[1:-1]]),
            ],
            axis=1,
        )
        scale = np.linalg.norm(basis, axis=0)
        keep = scale > 0
        if keep.any() and np.isfinite(basis).all() and np.isfinite(target).all():
            found = np.zeros(3)
            found[keep] = np.linalg.lstsq(basis[:, keep] / scale[keep], target, rcond=1e-6)[0] / scale[keep]
            case.note("fitted-rate", -found[0], "of the gradient", f"{rate:g}, the learning rate")
            case.note("fitted-previous-gradient", -found[1], "of the previous gradient", "0")
            case.note("fitted-momentum", found[2], "of the previous step", f"{case.recipe.momentum:g}, the momentum")
            case.note(
                "effective-rate",
                -(found[0] + found[1]) / max(1 - found[2], 1e-3),
                "",
                f"{rate / (1 - case.recipe.momentum):.3g}",
            )
    case.fitting += tuple(
        name
        for name in ("raw-momentum", "stale-gradients")
        if _moves_alike(case, training, name, patient, moves, gradients, rate)
    )


def _unstuck(training: Training) -> Network:
    """A copy of the network; with small random weights if its units are saturated, for an update shows little of
    itself where there is no gradient."""
    network = training.network.having(training.network.params.vector.copy(), training.network.statistics.vector.copy())
    examples = training.task.examples
    rows = np.arange(min(CHECK_ROWS, len(training.train)))
    gradient = network.gradients(examples.features(rows, network.dtype), examples.targets[examples.labels[rows]])
    if np.abs(gradient.vector).max() > 1e-3:
        return network
    small = np.random.default_rng(0).normal(0, 0.05, gradient.vector.size).astype(network.dtype)
    return network.having(small, network.statistics.vector)


def _as_params(vector: Array, network: Network) -> Params:
    return Params(network.params.shapes, vector)


@np.errstate(all="ignore")
def _moves_alike(
    case: Case, training: Training, fault: str, patient: Any, moves: list[Array], gradients: list[Array], rate: float
) -> bool:
    """Whether the optimizer with that mistake, handed the same gradients, would have moved the weights the same way,
    and the sound one would not."""
    if case.recipe.optimizer != "sgd" and fault == "raw-momentum":
        return False
    outcomes = []
    for faults in ([fault], []):
        sound = training.task._replace(optimizer=optimizer(case.recipe.optimizer, case.recipe.momentum))
        spoilt = with_faults(sound, faults).optimizer
        params = Params(training.network.params.shapes, training.network.params.vector.astype(np.float64).copy())
        state = spoilt.init(params)
        made = []
        for g in gradients:
            before = params.vector.copy()
            spoilt.update(params, Params(params.shapes, g.copy()), state, rate)
            made.append(params.vector - before)
        a, b = np.concatenate(made), np.concatenate(moves)
        outcomes.append(float(np.linalg.norm(a - b)) / max(float(np.linalg.norm(b)), 1e-300))
    tolerance = 1e-6 if training.network.dtype == np.float64 else 1e-2
    return outcomes[0] < tolerance < 10 * outcomes[1] and outcomes[0] < 0.1 * outcomes[1]  # both may be rounding alone
