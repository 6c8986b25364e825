"""What a loss makes of the targets of a batch: whether they are written as it reads them, and what each counts."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from whynet.doctor.diagnosis import Finding
from whynet.doctor.symptoms.losses import (
    DOMINATED_TERM,
    LOSS_OF_DOUBLED_BATCH,
    PADDING_COUNTED,
    TARGETS_NOT_TAKEN,
    WEIGHT_WITH_COUNT,
)
from whynet.subjects.frameworks.torch_answers import Answers, close
from whynet.subjects.frameworks.torch_probe import seeded, tensors_in

IGNORED = -100  # the class number that PyTorch leaves out
FEWEST = 30  # examples: of fewer, chance makes one class commoner than another
TWICE = 1.5  # how far two weights are apart that are not the same
PADDED = 0.3  # of the places: below, it costs little
DROWNED = 1000.0
STEPS = 5
FAMILIES = {"encoding": "label-encoding-mismatch", "shape": "output-shape-mismatch"}


class Form(NamedTuple):
    """Another way to write targets, or outputs.

    >>> Form("`y.long()`", "encoding", lambda z, y: (z, y)).words
    '`y.long()`'
    """

    words: str
    family: str
    made: Callable[[Any, Any], tuple[Any, Any]]


def written_otherwise(answers: Answers) -> Finding | None:
    """Targets that the loss cannot be computed of, and can in another form.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> from whynet.subjects.frameworks.torch_probe import Probe
    >>> probe = Probe.of(torch, torch.nn.Linear(4, 3), torch.nn.CrossEntropyLoss(), (torch.rand(6, 4), torch.ones(6)))
    >>> found = written_otherwise(Answers.of(probe))
    >>> found.cause, found.detail.split(". ")[0]
    ('label-encoding-mismatch', 'hand over `y.long()`')
    """
    z, y, refusal = answers.z, answers.targets, answers.refusal
    if y is None or not refusal or _works(answers, z.sigmoid() * 0.98 + 0.01, y):
        return None
    given = f"outputs {tuple(z.shape)}, targets {str(y.dtype).removeprefix('torch.')} {tuple(y.shape)}"
    outside = _out_of_range(answers)
    if outside is not None:
        return outside
    for form in _forms(answers):
        try:
            outputs, targets = form.made(z, y)
        except (RuntimeError, ValueError, TypeError, IndexError):
            continue
        if any(_works(answers, one, targets) for one in (outputs, outputs.sigmoid() * 0.98 + 0.01)):
            words = f"hand over {form.words}. {answers.name} of {given} cannot be computed: {refusal}"
            evidence = (TARGETS_NOT_TAKEN.measured(1.0),)
            return Finding(FAMILIES[form.family], "found", evidence, detail=words)
    return None


def _works(answers: Answers, z: Any, y: Any) -> bool:
    return math.isfinite(answers.value(z, y)) and answers.gradient(z, y) is not None


def _forms(answers: Answers) -> Iterator[Form]:
    """The likely ones first: another kind of number, another shape, both, another encoding."""
    torch, z, y = answers.torch, answers.z, answers.targets
    whole = bool((y == y.round()).all()) if y.is_floating_point() else True
    kinds: list[tuple[str, Callable[[Any], Any]]] = []
    if y.is_floating_point() and whole:
        kinds.append((".long()", lambda one: one.long()))
    if not y.is_floating_point():
        kinds.append((".float()" if z.dtype == torch.float32 else ".to(outputs.dtype)", lambda one: one.to(z.dtype)))
    for words, f in kinds:
        yield Form(f"`y{words}`", "encoding", lambda z, y, f=f: (z, f(y)))  # type: ignore[misc]
    shapes: list[tuple[str, Callable[[Any], Any]]] = []
    if y.shape != z.shape and y.numel() == z.numel():
        shapes.append((".reshape(outputs.shape)", lambda one: one.reshape(z.shape)))
    if y.ndim > 1 and 1 in y.shape[1:]:
        at = list(y.shape).index(1, 1)
        shapes.append((f".squeeze({at})", lambda one: one.squeeze(at)))
    for words, f in shapes:
        yield Form(f"`y{words}`", "shape", lambda z, y, f=f: (z, f(y)))  # type: ignore[misc]
    for words, f in shapes:
        for more, g in kinds:
            yield Form(f"`y{words}{more}`", "shape", lambda z, y, f=f, g=g: (z, g(f(y))))  # type: ignore[misc]
    hot = [axis for axis in range(1, y.ndim) if y.shape[axis] > 1 and bool((y.sum(axis) == 1).all())]
    if whole and hot and bool(((y == 0) | (y == 1)).all()):
        yield Form(f"`y.argmax(dim={hot[0]})`, class numbers", "encoding", lambda z, y: (z, y.argmax(hot[0])))
    if z.ndim == 3 and y.ndim == 2 and y.shape == z.shape[:-1]:
        yield Form("`outputs.transpose(1, 2)`, classes along dim=1", "shape", lambda z, y: (z.transpose(1, 2), y))
    for axis, transposed in ((1, False), (z.ndim - 1, True)):
        if z.ndim == y.ndim + 1 and whole and y.min() >= 0 and y.max() < z.shape[axis]:
            count = z.shape[axis]

            def rows(z: Any, y: Any, count: int = count, transposed: bool = transposed) -> tuple[Any, Any]:
                made = torch.nn.functional.one_hot(y.long(), count).to(z.dtype)
                return z, made if transposed else made.movedim(-1, 1)

            yield Form(f"rows `F.one_hot(y, {count}).float()`, or `nn.CrossEntropyLoss()`", "encoding", rows)
    low, high = float(y.min()), float(y.max())
    if low < high and (low < 0 or high > 1) and y.numel() == z.numel():
        yield Form(_rescaled(y), "encoding", lambda z, y: (z, (y - low).to(z.dtype) / (high - low)))


def _out_of_range(answers: Answers) -> Finding | None:
    """Class numbers that there is no output for."""
    z, y = answers.z, answers.targets
    if y.is_floating_point() or y.numel() == 0 or z.ndim < 2:
        return None
    if y.shape == (len(z), *z.shape[2:]):
        outputs = z.shape[1]
    elif y.shape == z.shape[:-1]:
        outputs = z.shape[-1]
    else:
        return None
    counted = y[y != IGNORED]
    outside = (counted < 0) | (counted >= outputs)
    if not outside.any() or not _works(answers, z, y.clamp(0, outputs - 1)):
        return None
    least, most, kinds = int(counted.min()), int(counted.max()), len(counted.unique())
    evidence = (TARGETS_NOT_TAKEN.measured(float(outside.float().mean())),)
    words = f"{outputs} outputs are for the class numbers 0 to {outputs - 1}, the targets go from {least} to {most}: "
    if kinds > outputs:
        words += f"the last layer needs {most + 1 if least >= 0 else kinds} outputs"
        return Finding("output-shape-mismatch", "found", evidence, detail=words)
    if least > 0 and most - least < outputs:
        words += f"`y - {least}`"
    elif least < 0:
        words += (
            "`(y + 1) // 2`" if (least, most, kinds) == (-1, 1, 2) else f"`y + {-least}`, or `ignore_index={least}`"
        )
    else:
        words += f"number them from 0 to {outputs - 1}, or leave {most} out by `ignore_index={most}`"
    return Finding("label-encoding-mismatch", "found", evidence, detail=words)


def beyond_shares(answers: Answers) -> Finding | None:
    """Targets outside 0..1 under a binary cross-entropy: it has no least value.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> from whynet.subjects.frameworks.torch_probe import Probe
    >>> y = torch.tensor([[-1.0], [1.0], [1.0]])
    >>> probe = Probe.of(torch, torch.nn.Linear(4, 1), torch.nn.BCEWithLogitsLoss(), (torch.rand(3, 4), y))
    >>> beyond_shares(Answers.of(probe)).detail
    'BCEWithLogitsLoss takes targets from 0 to 1, and they go from -1 to 1: `(y + 1) / 2`'
    """
    y, z = answers.targets, answers.z
    if y is None or y.numel() != z.numel() or not (y.min() < 0 or y.max() > 1):
        return None
    if not answers.own_sigmoid and not answers.in_shares:
        return None
    upper = (y > 0.5).reshape(z.shape).to(z.dtype)
    far = 100 * (upper - 0.5) if answers.own_sigmoid else upper * 0.9998 + 1e-4
    if not answers.value(far) < 0:
        return None
    values, low, high = y.unique(), float(y.min()), float(y.max())
    evidence = (TARGETS_NOT_TAKEN.measured(float(((y < 0) | (y > 1)).float().mean())),)
    words = f"{answers.name} takes targets from 0 to 1, and they go from {low:.3g} to {high:.3g}: "
    if len(values) == 2:
        words += _rescaled(y)
    elif z.shape[-1] == 1 and z.ndim == 2 and bool((y == y.round()).all()) and low >= 0:
        words += (
            f"of {len(values)} classes, {len(values)} outputs and `nn.CrossEntropyLoss()`; of numbers `nn.MSELoss()`"
        )
        return Finding("output-shape-mismatch", "found", evidence, detail=words)
    else:
        words += "bring them into that range, or take `nn.MSELoss()`"
    return Finding("label-encoding-mismatch", "found", evidence, detail=words)


def _rescaled(y: Any) -> str:
    """How these targets come to lie from 0 to 1."""
    low, by = float(y.min()), float(y.max()) - float(y.min())
    shift = f"y + {-low:g}" if low < 0 else f"y - {low:g}" if low else "y"
    return f"`{shift}`" if by == 1 else f"`({shift}) / {by:g}`" if low else f"`{shift} / {by:g}`"


def several_labels(answers: Answers) -> Finding | None:
    """Rows with several labels, or none, under a softmax, of which only one can be near 1.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> from whynet.subjects.frameworks.torch_probe import Probe
    >>> y = torch.tensor([[1.0, 1, 0], [0, 0, 0], [1, 1, 1], [0, 1, 0]])
    >>> probe = Probe.of(torch, torch.nn.Linear(4, 3), torch.nn.CrossEntropyLoss(), (torch.rand(4, 4), y))
    >>> several_labels(Answers.of(probe)).cause
    'label-encoding-mismatch'
    """
    y, z, axis = answers.targets, answers.z, answers.own_softmax
    if y is None or axis is None or y.shape != z.shape or not y.is_floating_point():
        return None
    if float(y.min()) < 0:
        outside = y < 0
    elif bool(((y == 0) | (y == 1)).all()):
        outside = (y.sum(axis) != 1) & (y.sum(axis) != 0)
    else:
        return None
    share = float(outside.float().mean())
    if share < 0.1 or not close(answers.value(z, 2 * y), 2 * answers.now):
        return None
    words = f"{answers.name} takes rows of shares that sum to 1: "
    words += "0 and 1 in place of -1 and 1" if float(y.min()) < 0 else "for several labels, `nn.BCEWithLogitsLoss()`"
    return Finding("label-encoding-mismatch", "found", (TARGETS_NOT_TAKEN.measured(share),), detail=words)


def weights_turned_round(answers: Answers) -> Finding | None:
    """Weights of the classes that rise with how common these are.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> from whynet.subjects.frameworks.torch_probe import Probe
    >>> y, loss = (torch.arange(60) % 10 == 0).long(), torch.nn.CrossEntropyLoss(weight=torch.tensor([0.9, 0.1]))
    >>> weights_turned_round(Answers.of(Probe.of(torch, torch.nn.Linear(4, 2), loss, (torch.rand(60, 4), y)))).detail
    'class 0 (54 in the batch) weighs 9 times as much as class 1 (6): weights that fall with the count'
    """
    y, z = answers.targets, answers.z
    if y is None:
        return None
    if y.shape == z.shape and bool(((y == 0) | (y == 1)).all()) and (answers.own_sigmoid or answers.in_shares):
        return _of_positives(answers)
    axis = answers.linear if answers.own_softmax is None else answers.own_softmax
    if axis is None or y.is_floating_point() or y.numel() * z.shape[axis] != z.numel():
        return None
    slope = answers.gradient(0 * z)
    if slope is None:
        return None
    rows, numbers = slope.movedim(axis, -1).reshape(-1, z.shape[axis]), y.reshape(-1)
    kept = (numbers >= 0) & (numbers < z.shape[axis])
    rows, numbers = rows[kept], numbers[kept]
    own = -rows.gather(1, numbers[:, None])[:, 0]
    of = {}
    for number in numbers.unique().tolist():
        values = own[numbers == number]
        if float(values.std(unbiased=False)) > 1e-3 * float(values.mean().abs()):
            return None  # examples have weights of their own
        of[int(number)] = (len(values), float(values.mean()))
    pairs = [(a, b) for a in of for b in of if of[a][0] - of[b][0] > 3 * math.sqrt(of[a][0] + of[b][0])]
    pairs = [(a, b) for a, b in pairs if of[a][1] > 0 and of[b][1] > 0]
    apart = [(a, b) for a, b in pairs if max(of[a][1] / of[b][1], of[b][1] / of[a][1]) > TWICE]
    if len(numbers) < FEWEST or not apart or any(of[a][1] <= of[b][1] for a, b in apart):
        return None
    if len(apart) < 0.5 * len(pairs):
        return None
    a, b = max(apart, key=lambda pair: of[pair[0]][1] / of[pair[1]][1])
    words = f"class {a} ({of[a][0]} in the batch) weighs {of[a][1] / of[b][1]:.3g} times as much as class {b} "
    words += f"({of[b][0]}): weights that fall with the count"
    return Finding("class-weights-inverted", "found", (WEIGHT_WITH_COUNT.measured(1.0),), detail=words)


def _of_positives(answers: Answers) -> Finding | None:
    """The same of each output by itself: what a positive weighs beside a negative."""
    y, z = answers.targets, answers.z
    slope = answers.gradient(0 * z + (0.5 if answers.in_shares else 0.0))
    if slope is None:
        return None
    found = []
    for k in range(z.shape[1] if z.ndim > 1 else 1):
        own, label = (one[:, k].reshape(-1) if z.ndim > 1 else one for one in (slope, y))
        positive, negative = own[label == 1].abs(), own[label == 0].abs()
        if min(len(positive), len(negative)) == 0 or len(own) < FEWEST:
            continue
        if any(float(one.std(unbiased=False)) > 1e-3 * float(one.mean()) for one in (positive, negative)):
            return None
        weight, share = float(positive.mean() / negative.mean()), len(positive) / len(own)
        if abs(len(positive) - len(negative)) < 3 * math.sqrt(len(own)) or 1 / TWICE < weight < TWICE:
            continue
        found.append((weight, share, k))
    if not found or any((weight >= 1) != (share >= 0.5) for weight, share, _ in found):
        return None
    weight, share, k = max(found, key=lambda one: abs(math.log(one[0])))
    if not (share <= 0.35 or share >= 0.65) or 0.5 < weight < 2:
        return None
    which = "" if z.ndim < 2 or z.shape[1] == 1 else f" of output {k}"
    words = f"a positive{which} weighs {weight:.3g} times as much as a negative, and {share:.0%} are positive: "
    words += "`pos_weight` is negatives / positives"
    return Finding("class-weights-inverted", "found", (WEIGHT_WITH_COUNT.measured(1.0),), detail=words)


def summed(answers: Answers) -> Finding | None:
    """A loss that grows with the batch, under a rate that the sum is too much for and the mean is not.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> from whynet.subjects.frameworks.torch_probe import Probe
    >>> from whynet.subjects.frameworks.torch_training import OptimizerSettings
    >>> model, loss = torch.nn.Linear(4, 1), torch.nn.MSELoss(reduction="sum")
    >>> settings = OptimizerSettings.of(model, torch.optim.SGD(model.parameters(), lr=0.1))
    >>> probe = Probe.of(torch, model, loss, (torch.rand(64, 4), torch.rand(64, 1)), settings)
    >>> summed(Answers.of(probe)).cause
    'gradient-not-averaged'
    """
    probe, torch, z = answers.probe, answers.torch, answers.z
    settings = probe.optimizer
    if settings is None or settings.kind.__name__ != "SGD" or answers.raw is None or probe.rows < 4:
        return None
    if not torch.is_tensor(answers.raw) or len(z) != probe.rows or not answers.now > 0:
        return None
    _, targets = probe.take([*range(probe.rows), *range(probe.rows)])
    times = answers.value(torch.cat([z, z]), targets) / answers.now
    if not math.isclose(times, 2, rel_tol=0.01):
        return None
    as_set, averaged = (_after(answers, 1 / by) for by in (1, probe.rows))
    if as_set <= 1.5 or not averaged < 1:
        return None
    words = f"{answers.name} sums over the batch, and the rate is too high for it: `reduction='mean'`"
    return Finding("gradient-not-averaged", "found", (LOSS_OF_DOUBLED_BATCH.measured(times),), detail=words)


def _after(answers: Answers, rate: float) -> float:
    """The loss after a few steps on this batch, as a multiple of that before; infinite where it is none."""
    probe, torch = answers.probe, answers.torch
    model = probe.fresh().train()
    optimizer = probe.optimizer.make(model, rate, whole=False) if probe.optimizer is not None else None
    if optimizer is None:
        return 1.0
    losses = []
    with torch.enable_grad():
        for _ in range(STEPS + 1):
            optimizer.zero_grad()
            value = probe.loss_of(probe.call(model))
            losses.append(float(value.detach()))
            if not math.isfinite(losses[-1]):
                return math.inf
            value.backward()
            optimizer.step()
    return losses[-1] / losses[0] if losses[0] > 0 else 1.0


def padded(answers: Answers) -> Finding | None:
    """Places at the ends of sequences that only fill them up, and are counted.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> from whynet.subjects.frameworks.torch_probe import Probe
    >>> X = torch.randint(1, 9, (8, 10))
    >>> for row in range(8):
    ...     X[row, 2 + row % 5:] = 0
    >>> model = torch.nn.Embedding(9, 9)
    >>> loss = lambda z, y: torch.nn.functional.cross_entropy(z.transpose(1, 2), y)
    >>> padded(Answers.of(Probe.of(torch, model, loss, (X, X)))).detail
    '64% of the targets are 0 and only fill up the rows: `ignore_index=0` in the loss'
    """
    y = answers.targets
    if y is None or y.is_floating_point() or y.ndim != 2 or y.shape[1] < 4 or len(y) < 4:
        return None
    ends = [one for one in (y[:, -1], y[:, 0]) if bool((one == one.mode().values).float().mean() >= 0.5)]
    for end in ends:
        value = int(end.mode().values)
        places = y == value
        share = float(places.float().mean())
        if share <= PADDED or value == IGNORED:
            continue
        turned = places if end is ends[0] and bool((y[:, -1] == value).float().mean() >= 0.5) else places.flip(1)
        run = turned.flip(1).long().cumprod(1).flip(1).bool()
        if float((run == turned).all(1).float().mean()) < 0.95 or len(run.sum(1).unique()) < 3:
            continue
        run = run if turned is places else run.flip(1)
        if not _nothing_to_read(answers, run):
            continue
        slope = answers.gradient(answers.drawn(0))
        if slope is None or slope.ndim != 3:
            continue
        axis = 2 if slope.shape[:2] == y.shape else 1
        counts = (slope != 0).any(axis)
        if counts.shape != y.shape or float(counts[run].float().mean()) < 0.9:
            continue
        words = f"{share:.0%} of the targets are {value} and only fill up the rows: `ignore_index={value}` in the loss"
        return Finding("padding-counted", "found", (PADDING_COUNTED.measured(share),), detail=words)
    return None


def _nothing_to_read(answers: Answers, run: Any) -> bool:
    """Whether the inputs in these places are all alike, but for the first of each row, which a shift may leave."""
    torch = answers.torch
    inner = run.clone()
    first = run.long().cumsum(1) == 1
    inner[first] = False
    if not inner.any():
        return False
    for one in tensors_in(answers.probe.inputs, torch):
        if one.ndim >= 2 and one.shape[:2] == run.shape:
            values = one[inner]
            others = one[~run]
            if bool((values == values[0]).all()) and not bool((others == values[0]).all()):
                return True
    return False


def drowned(answers: Answers) -> Finding | None:
    """A loss that returns its terms, one of which has a gradient that drowns the others.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> from whynet.subjects.frameworks.torch_probe import Probe
    >>> def loss(z, y):
    ...     return {"size": (1e4 * z).pow(2).mean(), "kind": torch.nn.functional.cross_entropy(z, y)}
    >>> batch = torch.rand(6, 4), torch.arange(6) % 3
    >>> drowned(Answers.of(Probe.of(torch, torch.nn.Linear(4, 3), loss, batch))).status
    'suspected'
    """
    probe, torch = answers.probe, answers.torch
    model = probe.fresh()
    with torch.enable_grad(), seeded(torch):
        raw = probe.call(model)
        try:
            terms = raw if probe.loss is None else probe.loss(raw, probe.targets)
        except Exception:  # it is told by whoever needs the loss
            return None
        named = _terms(terms, torch)
        total = {name for name, one in named.items() if _is_sum(name, one, named)}
        lengths = {}
        for name, one in named.items():
            if name in total:
                continue
            slopes = torch.autograd.grad(one, list(model.parameters()), retain_graph=True, allow_unused=True)
            lengths[name] = math.sqrt(sum(float(slope.pow(2).sum()) for slope in slopes if slope is not None))
    ordered = sorted(lengths, key=lambda name: lengths[name], reverse=True)
    if len(ordered) < 2 or not lengths[ordered[1]] > 0 or not math.isfinite(lengths[ordered[0]]):
        return None
    times = lengths[ordered[0]] / lengths[ordered[1]]
    if times < DROWNED:
        return None
    words = f"the gradient of `{ordered[0]}` is {times:.2g} times that of `{ordered[1]}`: a weight for each term"
    return Finding("loss-term-dominates", "suspected", (DOMINATED_TERM.measured(times),), detail=words)


def _terms(value: Any, torch: Any) -> dict[str, Any]:
    """The single numbers with a gradient in what a loss, or a module with its own, gives."""
    if torch.is_tensor(value):
        return {}
    if isinstance(value, (tuple, list)):
        parts = {f"term {place}": one for place, one in enumerate(value)}
    else:
        parts = dict(value) if hasattr(value, "keys") else dict(getattr(value, "__dict__", {}))
    return {
        str(name): one for name, one in parts.items() if torch.is_tensor(one) and one.numel() == 1 and one.requires_grad
    }


def _is_sum(name: str, one: Any, named: dict[str, Any]) -> bool:
    """Whether a term is that of all others."""
    others = [float(other.detach()) for key, other in named.items() if key != name]
    return (len(others) > 1 and close(float(one.detach()), sum(others))) or name in ("loss", "total", "total_loss")
