"""What each example, class, place and term counts in a loss."""

from __future__ import annotations

import math

import numpy as np

from whynet.doctor.diagnosis import Finding
from whynet.doctor.symptoms.losses import (
    DOMINATED_TERM,
    LOSS_OF_DOUBLED_BATCH,
    PADDING_COUNTED,
    WEIGHT_WITH_COUNT,
)
from whynet.subjects.inside.answers import Answers, in_between
from whynet.subjects.inside.probe import Probe, Seen, arrays_in, is_real, mapped
from whynet.subjects.inside.repairs import repairing
from whynet.types import Array

FEWEST = 30  # examples: of fewer, chance makes one class commoner than another
TWICE = 1.5  # how far two weights are apart that are not the same
PADDED = 0.3  # of the places: below, it costs little
DROWNED = 1000.0
OUTSHOUTED = 100.0
"""By a term that has nothing to do with the targets."""
STEPS = 20
STUCK = 0.9  # of the loss before: what so many steps on one batch come below
IGNORED = -100  # the class number that PyTorch leaves out
TURNED = repairing("weights that fall with how common a class is", ("reciprocal",))


def weights_turned_round(answers: Answers, labels: Array | None = None) -> Finding | None:
    """Weights of the classes that rise with how common these are: among `labels`, those of all rows, or in the batch.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> from whynet.subjects.frameworks.torch_probe import TorchProbe
    >>> y, loss = (torch.arange(60) % 10 == 0).long(), torch.nn.CrossEntropyLoss(weight=torch.tensor([0.9, 0.1]))
    >>> probe = TorchProbe.of(torch, torch.nn.Linear(4, 2), loss, (torch.rand(60, 4), y))
    >>> weights_turned_round(Answers.of(probe)).detail
    'class 0 (54 in the batch) weighs 9 times as much as class 1 (6): weights that fall with the count'
    """
    y, z = answers.targets, answers.z
    if y is None:
        return None
    if y.shape == z.shape and bool(((y == 0) | (y == 1)).all()) and (answers.own_sigmoid or answers.in_shares):
        return _of_positives(answers, labels)
    axis = answers.linear if answers.own_softmax is None else answers.own_softmax
    axis = answers.divides if axis is None else axis
    if axis is None or is_real(y) or y.size * z.shape[axis] != z.size:
        return None
    if labels is not None:
        y = _of_every_class(y, labels)
    slope = answers.gradient(0 * z + (0.0 if answers.divides is None else 1 / z.shape[axis]), y)
    if slope is None:
        return None
    rows, numbers = np.moveaxis(slope, axis, -1).reshape(-1, z.shape[axis]), y.reshape(-1)
    kept = (numbers >= 0) & (numbers < z.shape[axis])
    rows, numbers = rows[kept], numbers[kept]
    every = numbers if labels is None else labels.reshape(-1)
    where = "in the batch" if labels is None else "of all"
    own = -rows[np.arange(len(rows)), numbers.astype(np.intp)]
    of = {}
    for number in np.unique(numbers).tolist():
        values = own[numbers == number]
        if float(values.std()) > 1e-3 * abs(float(values.mean())):
            return None  # examples have weights of their own
        of[int(number)] = (int((every == number).sum()), float(values.mean()))
    pairs = [(a, b) for a in of for b in of if of[a][0] - of[b][0] > 3 * math.sqrt(of[a][0] + of[b][0])]
    pairs = [(a, b) for a, b in pairs if of[a][1] > 0 and of[b][1] > 0]
    apart = [(a, b) for a, b in pairs if max(of[a][1] / of[b][1], of[b][1] / of[a][1]) > TWICE]
    if len(every) < FEWEST or not apart or any(of[a][1] <= of[b][1] for a, b in apart):
        return None
    if len(apart) < 0.5 * len(pairs):
        return None
    a, b = max(apart, key=lambda pair: of[pair[0]][1] / of[pair[1]][1])
    words = f"class {a} ({of[a][0]} {where}) weighs {of[a][1] / of[b][1]:.3g} times as much as class {b} "
    words += f"({of[b][0]}): weights that fall with the count"
    return Finding("class-weights-inverted", "found", (WEIGHT_WITH_COUNT.measured(1.0),), TURNED, detail=words)


def weights_in_all_rows(probe: Probe, labels: Array) -> Seen:
    """The same by the targets of all rows, where one batch does not show it: it is small, or lacks the rare classes.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> from whynet.subjects.frameworks.torch_probe import TorchProbe
    >>> y, loss = (torch.arange(60) % 10 == 0).long(), torch.nn.CrossEntropyLoss(weight=torch.tensor([0.9, 0.1]))
    >>> probe = TorchProbe.of(torch, torch.nn.Linear(4, 2), loss, (torch.rand(8, 4), y[7:15]))
    >>> [one.cause for one in weights_in_all_rows(probe, y.numpy()).findings]
    ['class-weights-inverted']
    """
    answers = Answers.of(probe)
    found = weights_turned_round(answers, labels)
    if found is None or weights_turned_round(answers) is not None:
        return Seen()
    return Seen(findings=(found,))


def _of_every_class(y: Array, labels: Array) -> Array:
    """Targets of the same shape in which each class of `labels` occurs; of too many first the rarest, the commonest,
    and so on inwards.

    >>> _of_every_class(np.zeros(4, int), np.array([0, 0, 0, 1, 2, 2])).tolist()
    [1, 0, 2, 1]
    """
    kinds, counts = np.unique(labels, return_counts=True)
    rising = kinds[np.argsort(counts, kind="stable")].tolist()
    ordered = [rising.pop(-(turn % 2)) for turn in range(len(rising))]
    return np.resize(np.array(ordered, y.dtype), y.shape)


def _of_positives(answers: Answers, labels: Array | None) -> Finding | None:
    """The same of each output by itself: what a positive weighs beside a negative."""
    y, z = answers.targets, answers.z
    if y is None:
        return None
    counted = y if labels is None else labels.reshape(len(labels), *y.shape[1:])
    if labels is not None:  # rows of 0 and of 1 by turns
        y = np.broadcast_to((np.arange(len(y)) % 2).reshape(-1, *[1] * (y.ndim - 1)), y.shape).astype(y.dtype)
    slope = answers.gradient(0 * z + (0.5 if answers.in_shares else 0.0), y)
    if slope is None:
        return None
    found = []
    for k in range(z.shape[1] if z.ndim > 1 else 1):
        own, label = (slope[:, k].reshape(-1), y[:, k].reshape(-1)) if z.ndim > 1 else (slope, y)
        positive, negative = np.abs(own[label == 1]), np.abs(own[label == 0])
        every = counted[:, k].reshape(-1) if z.ndim > 1 else counted
        if min(len(positive), len(negative)) == 0 or len(every) < FEWEST:
            continue
        if any(float(one.std()) > 1e-3 * float(one.mean()) for one in (positive, negative)):
            return None
        weight, share = float(positive.mean() / negative.mean()), float((every == 1).mean())
        if abs(2 * share - 1) * len(every) < 3 * math.sqrt(len(every)) or 1 / TWICE < weight < TWICE:
            continue
        found.append((weight, share, k))
    if not found or any((weight >= 1) != (share >= 0.5) for weight, share, _ in found):
        return None
    weight, share, k = max(found, key=lambda one: abs(math.log(one[0])))
    if not (share <= 0.35 or share >= 0.65) or 0.5 < weight < 2:
        return None
    which = "" if z.ndim < 2 or z.shape[1] == 1 else f" of output {k}"
    words = f"a positive{which} weighs {weight:.3g} times as much as a negative, and {share:.0%} are positive: "
    words += answers.probe.says("weight-of-positives")
    return Finding("class-weights-inverted", "found", (WEIGHT_WITH_COUNT.measured(1.0),), TURNED, detail=words)


def summed(answers: Answers) -> Finding | None:
    """A loss that grows with the batch, under a rate that the sum is too much for and the mean is not.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> from whynet.subjects.frameworks.torch_probe import TorchProbe
    >>> from whynet.subjects.frameworks.torch_training import OptimizerSettings
    >>> _ = torch.manual_seed(0)
    >>> model, loss = torch.nn.Linear(4, 1), torch.nn.MSELoss(reduction="sum")
    >>> settings = OptimizerSettings.of(model, torch.optim.SGD(model.parameters(), lr=0.1))
    >>> probe = TorchProbe.of(torch, model, loss, (torch.rand(64, 4), torch.rand(64, 1)), settings)
    >>> summed(Answers.of(probe)).cause
    'gradient-not-averaged'
    """
    probe, z = answers.probe, answers.z
    if probe.optimizer_name != "SGD" or not probe.answer_is_plain or probe.rows < 4:
        return None
    if len(z) != probe.rows or not answers.now > 0:
        return None
    _, targets = probe.take([*range(probe.rows), *range(probe.rows)])
    times = answers.value(np.concatenate([z, z]), targets) / answers.now
    if not math.isclose(times, 2, rel_tol=0.01):
        return None
    as_set = _after(answers, 1.0)
    if not as_set > STUCK:
        return None
    terms = {probe.rows, probe.rows if answers.targets is None else answers.targets.size}  # a sequence has more
    if not any(_after(answers, 1 / by) < STUCK * min(as_set, 1.0) for by in sorted(terms)):
        return None
    words = f"{answers.name} sums over the batch, and the rate is too high for it: {probe.says('averaged')}"
    return Finding("gradient-not-averaged", "found", (LOSS_OF_DOUBLED_BATCH.measured(times),), detail=words)


def _after(answers: Answers, rate: float) -> float:
    """The loss after a few steps on this batch, as a multiple of that before; infinite where it is none."""
    probe = answers.probe
    step = probe.copy().stepping(times=rate)
    if step is None:
        return 1.0
    losses = []
    for _ in range(STEPS + 1):
        losses.append(step(probe.X, probe.y))
        if not math.isfinite(losses[-1]):
            return math.inf
    return losses[-1] / losses[0] if losses[0] > 0 else 1.0


def padded(answers: Answers) -> Finding | None:
    """Places at the ends of sequences that only fill them up, and are counted.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> from whynet.subjects.frameworks.torch_probe import TorchProbe
    >>> X = torch.randint(1, 9, (8, 10))
    >>> for row in range(8):
    ...     X[row, 2 + row % 5:] = 0
    >>> model = torch.nn.Embedding(9, 9)
    >>> loss = lambda z, y: torch.nn.functional.cross_entropy(z.transpose(1, 2), y)
    >>> padded(Answers.of(TorchProbe.of(torch, model, loss, (X, X)))).detail
    '64% of the targets are 0 and only fill up the rows: `ignore_index=0` in the loss'
    """
    y = answers.targets
    if y is None or is_real(y) or y.ndim != 2 or y.shape[1] < 4 or len(y) < 4:
        return None
    for at_end in (True, False):
        places = y if at_end else y[:, ::-1]
        value = _commonest(places[:, -1])
        filled = places == value
        share = float(filled.mean())
        if filled[:, -1].mean() < 0.5 or share <= PADDED or value == IGNORED:
            continue
        run = np.cumprod(filled[:, ::-1], axis=1)[:, ::-1].astype(bool)  # to the end without a break
        if (run == filled).all(axis=1).mean() < 0.95 or len(np.unique(run.sum(axis=1))) < 3:
            continue
        run = run if at_end else run[:, ::-1]
        if not _nothing_to_read(answers, run):
            continue
        slope = answers.gradient(in_between(answers.drawn(0)))
        if slope is None or slope.ndim != 3:
            continue
        counts = (slope != 0).any(2 if slope.shape[:2] == y.shape else 1)
        if counts.shape != y.shape or counts[run].mean() < 0.9:
            continue
        words = f"{share:.0%} of the targets are {value} and only fill up the rows: "
        words += answers.probe.says("left-out-in-loss", value=value)
        return Finding("padding-counted", "found", (PADDING_COUNTED.measured(share),), detail=words)
    return None


def _commonest(values: Array) -> int:
    kinds, counts = np.unique(values, return_counts=True)
    return int(kinds[counts.argmax()])


def _nothing_to_read(answers: Answers, run: Array) -> bool:
    """Whether the inputs in these places are all alike, but for the first of each row, which a shift may leave."""
    inner = run & (np.cumsum(run, axis=1) != 1)
    if not inner.any():
        return False
    for one in arrays_in(answers.probe.X):
        if one.ndim >= 2 and one.shape[:2] == run.shape:
            values, others = one[inner], one[~run]
            if bool((values == values[0]).all()) and not bool((others == values[0]).all()):
                return True
    return False


def drowned(answers: Answers) -> Finding | None:
    """A loss of several terms, one of which has a gradient that drowns the others: found where the targets do not occur
    in that one, so that nothing is learned of them before it is small.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> from whynet.subjects.frameworks.torch_probe import TorchProbe
    >>> def loss(z, y):
    ...     return torch.nn.functional.cross_entropy(z, y) + 1e4 * z.pow(2).mean()
    >>> batch = torch.rand(6, 4), torch.arange(6) % 3
    >>> found = drowned(Answers.of(TorchProbe.of(torch, torch.nn.Linear(4, 3), loss, batch)))
    >>> found.status, found.detail[:49]
    ('found', 'the gradient of `mean of pow`, in which no target')
    """
    probe = answers.probe
    lengths = probe.terms()
    ordered = sorted(lengths, key=lambda name: lengths[name], reverse=True)
    if len(ordered) < 2 or not math.isfinite(lengths[ordered[0]]):
        return None
    others = probe.terms(mapped(probe.plain_targets, lambda one: np.roll(one, 1, axis=0)))
    of_targets = [name for name in ordered if others.get(name) != lengths[name]]
    first, free = ordered[0], ordered[0] not in of_targets
    rest = [name for name in (of_targets if free else ordered[1:]) if lengths[name] > 0]
    if not rest or lengths[first] < (OUTSHOUTED if free else DROWNED) * lengths[rest[0]]:
        return None
    times = lengths[first] / lengths[rest[0]]
    where = ", in which no target occurs," if free else ""
    words = f"the gradient of `{first}`{where} is {times:,.0f} times that of `{rest[0]}`: a weight for each term"
    evened = repairing(
        "a weight for each term of the loss", ("evened", list(lengths).index(first), 1 / times),
        words=f"{1 / times:.2g} times `{first}` in the loss",
    )  # fmt: skip
    measured = (DOMINATED_TERM.measured(times),)
    return Finding("loss-term-dominates", "found" if free else "suspected", measured, evened, detail=words)
