"""A trouble that comes late in a training: when it began, and the weights that were there before it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from whynet.doctor.diagnosis import Finding
from whynet.doctor.symptoms.inside import NOT_FINITE, RATE_RISEN
from whynet.subjects.frameworks.torch_batches import Numbers
from whynet.subjects.frameworks.torch_rates import begun_at
from whynet.subjects.frameworks.torch_training import copied
from whynet.subjects.inside.how import RISEN as RISEN_RATE
from whynet.subjects.inside.how import mending
from whynet.subjects.inside.look import Look

FIRST, FARTHER = 32, 1.25  # steps before the first copy of the weights; each further one so many times as late
WINDOWS, EACH = 40, 4  # windows of the losses, and losses in one of them at least
FALLEN = 0.1  # of the first loss: what fell less had not learned
RISEN = 0.5  # of the fall: what rises further is a trouble, not an unlucky batch
BLOWN_UP, LAST = 3.0, 5  # of the first loss, in the last before it was not finite: there the weights grew first
TWICE = 2.0
SCATTER = 4.0  # standard errors of a window's mean


class Point(NamedTuple):
    """The weights after so many steps: `state` is that of `state_dict`.

    >>> Point(64, {}).step
    64
    """

    step: int
    state: dict[str, Any]


class Points:
    """Copies of a training's weights, after ever more steps; no more of them than `most` bytes hold: then every second
    is forgotten.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> points = Points(most=60)
    >>> for step in range(1, 300):
    ...     if points.due(step):
    ...         points.add(step, torch.nn.Linear(2, 1))
    >>> [one.step for one in points.kept], points.before(200).step, points.before(20) is None
    ([62, 120, 187, 233, 291], 187, True)
    """

    def __init__(self, most: int) -> None:
        self.most, self.kept = most, list[Point]()
        self._next = FIRST

    def due(self, step: int) -> bool:
        """Whether the next copy is to be made."""
        return step >= self._next

    def add(self, step: int, model: Any) -> None:
        """One more."""
        self._next = int(FARTHER * step)
        state = {name: one.detach().to("cpu", copy=True) for name, one in model.state_dict().items()}
        self.kept.append(Point(step, state))
        size = sum(one.numel() * one.element_size() for one in state.values())
        while len(self.kept) * size > self.most and len(self.kept) > 1:
            del self.kept[-2::-2]

    def before(self, step: int) -> Point | None:
        """The last one that was made by then, of finite numbers."""
        known = (one for one in reversed(self.kept) if one.step <= step)
        return next((one for one in known if all(bool(part.isfinite().all()) for part in one.state.values())), None)


class Trouble(NamedTuple):
    """A loss that had fallen from `first` to `lowest`, and by `step` had begun to rise to `last`, which may be NaN.

    >>> Trouble(500, 2.3, 0.1, math.nan).words
    'The cost had fallen from 2.3 to 0.1; from about step 500 on it rose to nan.'
    """

    step: int
    first: float
    lowest: float
    last: float

    @property
    def words(self) -> str:
        """A sentence."""
        return (
            f"The cost had fallen from {self.first:.3g} to {self.lowest:.3g}; from about step {self.step:,} on it rose "
            f"to {self.last:.3g}."
        )


def trouble_in(costs: Sequence[tuple[int, float]]) -> Trouble | None:
    """When the costs of a training's steps, that had fallen, rose again for good; None where they did not.

    >>> fall = [(step, 2.0 / step) for step in range(1, 500)]
    >>> trouble_in(fall) is None
    True
    >>> found = trouble_in([*fall, *((step, 3.0) for step in range(500, 600))])
    >>> found.words
    'The cost had fallen from 0.442 to 0.0041; from about step 496 on it rose to 3.'
    """
    parts = np.array_split(np.array(costs, dtype=float), min(WINDOWS, max(len(costs) // EACH, 1)))
    with np.errstate(invalid="ignore", over="ignore"):
        means = np.array([float(one[:, 1].mean()) for one in parts])
        doubts = np.array([float(one[:, 1].std()) / math.sqrt(len(one)) for one in parts])
    finite = np.flatnonzero(np.isfinite(means))
    if not len(finite):
        return None
    best = int(finite[np.argmin(means[finite])])
    first, lowest, last = means[0], means[best], means[-1]
    fall = first - lowest
    if best == 0 or not fall > FALLEN * abs(first):
        return None
    high = lowest + max(RISEN * fall, SCATTER * float(np.hypot(doubts[best], np.nan_to_num(doubts[-1], posinf=0.0))))
    if last <= high:
        return None
    start = next(index for index in range(best + 1, len(parts)) if not means[index] <= high)
    return Trouble(int(parts[start][0, 0]), float(first), float(lowest), float(last))


def since(watch: Any, trouble: Trouble) -> Any:
    """The same watch, as if the loop had begun at the last copy of its weights before the trouble; the watch itself
    where there is none.

    >>> since.__name__
    'since'
    """
    point = watch.points.before(trouble.step)
    if point is None:
        return watch
    view = object.__new__(type(watch))  # `copy` would give one that sees nothing
    view.__dict__.update(watch.__dict__)
    view.first = copied(watch.torch, watch.first)
    view.first.load_state_dict(point.state)
    view.begun, view.whole = point.step, watch
    for name in ("costs", "rates", "rows"):
        numbers = Numbers()
        numbers.kept = [(step - point.step, value) for step, value in getattr(watch, name).kept if step > point.step]
        setattr(view, name, numbers)
    part = len(view.costs.kept) / max(len(watch.costs.kept), 1)
    view.steps = watch.steps - point.step
    view.looked, view.losses, view.seen_rows = (
        max(1, round(part * number)) for number in (watch.looked, watch.losses, watch.seen_rows)
    )
    if view.rates.kept and view.rates.kept[0][1] > 0:
        view.settings = begun_at(watch.settings, view.rates.kept[0][1])
    return view


def late_findings(watch: Any, look: Look) -> list[Finding]:
    """What made a loss rise, or stop being finite, that had fallen before, where that shows without a trial.

    >>> late_findings.__name__
    'late_findings'
    """
    found = [_of_break(watch, look), _of_rate(watch)]
    return [one for one in found if one is not None and one.cause not in {each.cause for each in look.findings}]


def _of_break(watch: Any, look: Look) -> Finding | None:
    """The operation that made NaN of finite numbers, or such derivatives; not where the loss had blown up before."""
    if watch.breaks.of_end is None:
        return None
    step, broken = watch.breaks.of_end
    before = [float(cost) for at, cost in (watch.whole or watch).costs.kept if at < step]
    if before and not max(before[-LAST:]) < BLOWN_UP * max(abs(before[0]), 1e-12):
        return None
    advice = look.probe.says("keep-off-zero") if look.probe is not None else ""
    words = f"at step {step:,} {broken.words}: {advice}"
    return Finding("log-of-zero", "found", (NOT_FINITE.measured(broken.broken / broken.total),), detail=words)


def _of_rate(watch: Any) -> Finding | None:
    """A rate that was raised when the loss rose."""
    if watch.trouble is None or not watch.rates.kept:
        return None
    first, most = watch.rates.kept[0][1], max(rate for _, rate in watch.rates.kept)
    if not 0 < TWICE * first < most:
        return None
    words = f"the rate rose from {first:.3g} to {most:.3g}, and the loss with it"
    return Finding("lr-too-high", "found", (RATE_RISEN.measured(most / first),), mending(RISEN_RATE), detail=words)
