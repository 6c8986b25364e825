"""A network of which only the loss is known, as a patient: trials are compared by the loss of what is held back.

The quality of an arm lies on the scale from the untrained patient (0) to the best arm that fixes the scale (1): it is
for the search alone, and never shown. What is shown are the losses.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from whynet.doctor import recommended
from whynet.doctor.arms import EXPECTED
from whynet.doctor.budget import LEAST, MOST, TIMES, work_of
from whynet.doctor.case import Case
from whynet.doctor.change import Change, Wording
from whynet.doctor.diagnosis import UNKNOWN, Finding, Gap, Outcome, Settings, said
from whynet.doctor.subject import Arm
from whynet.doctor.symptom import Measured
from whynet.doctor.symptoms.data import measure_inputs
from whynet.doctor.symptoms.outcome import EXCHANGED_INPUTS, HELD_RIGHT, LOWER_RATE, STEPS_PER_EPOCH
from whynet.doctor.symptoms.weights import IDENTICAL_UNITS, MOVED, measure_weights
from whynet.doctor.trials import OF_THE_FALL
from whynet.metric import Metric
from whynet.subjects.adapter import FASTER, STEP
from whynet.subjects.inside.batches import Batches, scalable
from whynet.subjects.inside.by_loss import FEWEST, LITTLE, facts_of, mode_of, most_steps, settled, state_of_loss, work
from whynet.subjects.inside.how import How
from whynet.subjects.inside.loss_arm import FORGOTTEN, FROZEN, MENDED, Ended, Trainer
from whynet.subjects.inside.numbers import not_finite_in
from whynet.subjects.inside.probe import Network, Probe, arrays_in
from whynet.subjects.inside.redrawn import dense_layers
from whynet.subjects.inside.repairs import LAYERS, repairs_in, steps_of
from whynet.subjects.inside.right import right
from whynet.subjects.inside.scale import SHORTEST, Scale
from whynet.types import Array

OF_NUMBERS = ("bad-inputs", "labels-corrupted", "log-of-zero")  # which name numbers that are not finite
ALIKE = 0.02  # of the loss: with other inputs it is the same
PAIRED = 1e-4  # of the untrained loss: it hangs on which inputs come with which targets
LOW = 0.25  # of the untrained loss: a loss below has no room for a rate that would be far better
FAR_ABOVE = 0.25  # of what a lower rate makes a loss fall by: what fell so much less has settled too high
LOWER = (0.1, 0.01)  # rates that it is compared with
FEW_STEPS = 10  # of an arm: fewer show nothing
SQUASHED = {"Softmax": "softmax", "Sigmoid": "sigmoid", "softmax": "softmax", "sigmoid": "sigmoid"}
TAKES_SCORES = {
    "CrossEntropyLoss": "softmax-cross-entropy", "cross_entropy": "softmax-cross-entropy",
    "BCEWithLogitsLoss": "sigmoid-cross-entropy", "binary_cross_entropy_with_logits": "sigmoid-cross-entropy",
}  # fmt: skip


class LossSubject:
    """A probe with the batches of its epochs. `of` are the steps of the whole training, as far as they are known.

    >>> LossSubject.__init__.__annotations__["probe"]
    'Probe'
    """

    seed = 0

    def __init__(
        self,
        probe: Probe,
        batches: Batches,
        *,
        settings: Settings,
        wording: Wording,
        epochs: int = 1,
        per_epoch: int | None = None,
        effort: float = TIMES,
        trials: bool = True,
        found: Sequence[Finding] = (),
        noted: Sequence[Measured] = (),
        used: dict[str, str] | None = None,
        not_examined: Sequence[Gap] = (),
        loop: How = How(),  # noqa: B008 - it is never changed
    ) -> None:
        self.probe, self.batches, self.wording, self.trials = probe, batches, wording, trials
        self.found, self.noted, self.used, self.gaps = list(found), list(noted), dict(used or {}), list(not_examined)
        self.multiply_adds = work(probe) / max(probe.rows, 1)
        rows = batches.size or probe.rows
        self.settings = replace(settings, batch=batches.size or None, epochs=epochs)
        self.epochs, self.per_epoch = epochs, len(batches.train)
        if per_epoch is not None and per_epoch > len(batches.train) + len(batches.held):
            self.per_epoch = per_epoch  # more than were read
        repairs = [one for one in repairs_in(self.found) if probe.copy().mend(steps_of([one]))]
        named = [name for one in repairs for name in one.mistakes]
        mends = [one.change for one in found if one.status == "found" and one.change is not None]
        named += [name for one in mends for name in one.mistakes if name in MENDED]
        repairs = [one for one in repairs if not all(step[0] in LAYERS for step in steps_of([one]))]
        self.fitting = tuple(dict.fromkeys((*loop.mistakes, *named, *_thawed(probe))))
        mixed = settings.order != "file"
        mended = probe.mended(steps_of(repairs)) or probe
        self.trainer = Trainer(probe, batches, mixed, self.fitting, mode_of(mended), loop, tuple(repairs))
        self.priced = self.trainer.priced(())
        """Whether its loss can be computed as it is."""
        self.of = max(1, epochs * self.per_epoch)
        step = work_of(1, rows, self.multiply_adds / FASTER, step=STEP)
        self.first = min(self.of, max(FEWEST, int(MOST / step)) if trials else most_steps(probe))
        """The steps that are taken of it; those of the trials are counted from them."""
        self.share = min(1.0, effort * max(LEAST, min(self.first * step, MOST)) / EXPECTED / (self.first * step))
        self.scale = Scale(self.trainer)
        self.progress = math.nan
        self.ended: dict[Arm, Ended] = {}

    @property
    def early(self) -> bool:
        """Whether only the first part of its training is seen."""
        return self.first < self.of

    # ---- what an arm is

    def why_not(self, changes: Sequence[Change]) -> str | None:
        """None if a copy can be trained with these changes, or the reason."""
        if not self.trials or not math.isfinite(self.scale.unit):
            return "there is no untrained loss, or no time, to compare a trial with"
        for change in changes:
            reason = self._too_early(change) or self.trainer.why_not(change)
            if reason is not None:
                return reason
        if not self.priced and changes and not self.trainer.priced(changes):
            return "without its mistakes mended its loss cannot be computed"
        return None

    def _too_early(self, change: Change) -> str | None:
        """What only the whole training would show."""
        if not self.early:
            return None
        part = f"only the first {self.first:,} of its {self.of:,} steps were taken"
        if change.kind in ("epochs", "batch"):
            return f"{part}: whether more of them would help cannot be seen"
        up = change.kind == "rate" and change.numbers["times"] > 1
        if up and not self.progress * self.of / self.first < LITTLE:
            return f"{part}, and at this pace it may well come down in the rest"
        return None

    def alike(self, first: Sequence[Change], second: Sequence[Change]) -> bool:
        """Whether both sets of changes make the same training."""
        return self._effect(first) == self._effect(second)

    def _effect(self, changes: Sequence[Change]) -> tuple[Change, ...]:
        return tuple(change for change in changes if not self._idle(change))

    def _idle(self, change: Change) -> bool:
        if change.kind == "mend":
            return not set(change.mistakes) & set(self.fitting)
        if change.kind == "shuffle":
            return self.trainer.mixed
        if change.kind == "scale-inputs":
            return not any(scalable(self.batches.train[0][0]))
        if change.kind == "batch":
            return bool(self.batches.size == min(change.numbers["size"], self.batches.rows))
        return False

    def _size(self, changes: Sequence[Change]) -> int | None:
        found = [int(change.numbers["size"]) for change in changes if change.kind == "batch"]
        return found[-1] if found else None

    def steps(self, changes: Sequence[Change]) -> int:
        """How many steps its whole training takes with these changes; where only the first part is seen, that part."""
        by = [
            float(change.numbers["times"])
            for change in changes
            if change.kind == "epochs" and "times" in change.numbers
        ]
        longer = self.batches.steps(self._size(changes)) / max(self.batches.steps(None), 1)
        return max(1, math.ceil(self.first * longer * (by[-1] if by else 1.0)))

    def work(self, arm: Arm) -> float:
        """What an arm costs."""
        rows = self._size(arm.changes) or self.batches.size or self.probe.rows
        return work_of(arm.steps, rows, self.multiply_adds / FASTER, step=STEP)

    # ---- trials

    def run(self, arms: Sequence[Arm], stop: Callable[[], bool] = lambda: False) -> list[Outcome]:
        """The outcomes, one after the other."""
        return [self._one(arm, stop) for arm in arms]

    def _one(self, arm: Arm, stop: Callable[[], bool]) -> Outcome:
        started = time.perf_counter()
        ended = self.ended.get(arm)
        if ended is None:
            ended = self.trainer.train(arm.changes, arm.seed, arm.steps, stop)
        return self.judge(ended, arm, time.perf_counter() - started)

    def judge(self, ended: Ended, arm: Arm, seconds: float) -> Outcome:
        """The outcome of a training as it stands."""
        finite = ended.finite
        return Outcome(
            cost=ended.curve[-1][1] if finite else math.nan,
            quality=self.scale.quality(ended, arm.seed),
            metric=Metric("loss", ended.loss if finite else math.nan),
            error=self.scale.error(ended, arm.seed),
            steps=ended.steps,
            finite=finite,
            whole=ended.steps >= arm.steps or not finite,
            seconds=seconds,
            curve=tuple(ended.curve),
        )

    # ---- the patient as it is

    def examine(self, stop: Callable[[], bool] = lambda: False) -> Case:
        """The unchanged arm, what it says of the state, and the scale for all others."""
        network = self.probe.copy()
        layers = dense_layers(network, units_first=self.probe.units_first)
        rows = self.batches.rows
        case = Case(
            replace(self.settings, output=self._output(network), cost=TAKES_SCORES.get(self.probe.loss_name)),
            layers=len(layers), rows=max(rows, 1), available=max(rows, 1), classes=0, features=0, problem=UNKNOWN,
            fitting=self.fitting, findings=self.found, not_examined=self.gaps,
            used={**self.used, "rows": self._said_of_rows(), **self._said_of_repairs()},
        )  # fmt: skip
        case.keep(*self.noted)
        self._measure_inputs(case)
        measure_weights(case, layers)
        started = time.perf_counter()
        ended = self.trainer.train((), self.seed, self.first, stop)
        seconds = time.perf_counter() - started
        cut = ended.steps < self.first and ended.finite
        if cut:
            self.first = max(ended.steps, 1)
        whole = not self.early
        case.state = state_of_loss(ended.curve, whole=whole) if self.priced else "not-examined"
        case.steps = (ended.steps, self.of)
        if not ended.finite and not any(one.cause in OF_NUMBERS for one in self.found):
            given = not_finite_in([*self.batches.train, *self.batches.held], "its batches")
            case.findings = [*self.found, *([] if given is None else [given])]
        case.keep(*(facts_of(ended.curve, self.of) if self.priced else ()))
        case.note(STEPS_PER_EPOCH, self.per_epoch)
        self._weights_at_the_end(case, layers, ended)
        exchanged = self._with_other_inputs(case, ended)
        first, last = ended.curve[0][1], ended.curve[-1][1]
        self.progress = (first - last) / max(abs(first), 1e-12)
        arm = Arm((), self.seed, self.first)
        self.ended[arm] = ended
        self._count(case, ended)
        self._fix_the_scale(case, ended, exchanged, stop)
        case.before = self.judge(ended, arm, seconds)
        return case

    def _count(self, case: Case, ended: Ended) -> None:
        """How many predictions are right, where it predicts classes."""
        found = right(ended.network, self.batches.held) if ended.network is not None and ended.finite else None
        if found is not None:
            case.note(HELD_RIGHT, found.share)
            case.remarks.append(said(found.words))

    def _said_of_rows(self) -> str:
        train, held = len(self.batches.train), len(self.batches.held)
        if self.batches.same:
            return f"{train} batches, on which it is judged too: there are too few to hold any back"
        return f"{train} batches to train on, {held} held back to judge by"

    def _said_of_repairs(self) -> dict[str, str]:
        if not self.trainer.repairs:
            return {}
        mended = " and ".join(name for one in self.trainer.repairs for name in one.mistakes or ("the bare outputs",))
        return {"judged by": f"the loss as it is when mended ({mended}), of what was trained without that too"}

    def _output(self, network: Network) -> str | None:
        """What squashes at the end, where a loss that takes scores comes after it."""
        last = [layer for layer in network.layers if layer.leaf][-1:]
        if not last or self.probe.loss_name not in TAKES_SCORES or not network.without("output"):
            return None
        return SQUASHED.get(getattr(last[0], "activation", "") or last[0].own)

    def _measure_inputs(self, case: Case) -> None:
        """Of the array with the largest numbers among those that are no masks and no words."""
        inputs = self.batches.train[0][0]
        known = [one for one, use in zip(arrays_in(inputs), scalable(inputs), strict=True) if use]
        known = [one.reshape(len(one), -1).astype(np.float64) for one in known if np.isfinite(one).all()]
        if known:
            measure_inputs(case, max(known, key=lambda one: float(np.abs(one).max())), pictures=False)

    def _weights_at_the_end(self, case: Case, first: Sequence[tuple[Array, Array | None]], ended: Ended) -> None:
        """How far they moved; units are only called alike that have stayed so."""
        last = [] if ended.network is None else dense_layers(ended.network, units_first=self.probe.units_first)
        if not last:
            return
        with np.errstate(all="ignore"):
            then, now = (np.concatenate([W.ravel() for W, _ in one]).astype(np.float64) for one in (first, last))
            case.note(MOVED, float(np.linalg.norm(now - then)) / max(float(np.linalg.norm(then)), 1e-12))
            later = replace(case, symptoms={})
            measure_weights(later, last)
        if case.value("identical-units") > 0:
            case.note(IDENTICAL_UNITS, min(case.value("identical-units"), later.value("identical-units")))

    def _tried_for_the_scale(self, case: Case) -> list[Change]:
        """What may make it learn, the likeliest first; of a network that learns, nothing has to."""
        if case.state == "healthy":
            return []
        if not self.priced:
            return list(self.trainer.repairs)
        mends = [one.change for one in case.findings if one.status == "found" and one.change is not None]
        anew = [recommended.start(case)] if case.value("identical-units") > 0.5 else []
        scaled = [Change("scale-inputs", {"scheme": "standard"})] if case.value("largest-input") > 10 else []
        ups, downs = (10.0, 100.0, 1e3, 1e4), (0.1, 0.01, 1e-3, 1e-5)
        up, down = (recommended.rates(case.settings, sizes) for sizes in (ups, downs))
        if case.state in ("diverged", "non-finite"):
            return [*mends, *anew, *scaled, *down, up[0]]
        return [*mends, *anew, *scaled, *(one for pair in zip(up, down, strict=True) for one in pair)]

    def _with_other_inputs(self, case: Case, ended: Ended) -> float:
        """Its loss with the inputs of other rows, where that is as low: then it has learned nothing from them. NaN
        where it is not, and where the loss does not hang on which targets come with which inputs."""
        if ended.network is None or not ended.finite or not ended.loss > 0:
            return math.nan
        first, last = (self.trainer.exchanged(one) for one in (self.trainer.copy((), 0), ended.network))
        if first is None or last is None or not np.isfinite(last).all():
            return math.nan
        start = self.trainer.untrained((), self.seed)
        if not abs(float(np.mean(first - start))) > PAIRED * abs(float(np.mean(start))):
            return math.nan
        more = last - ended.pieces
        error = float(np.std(more, ddof=1) / math.sqrt(len(more))) if len(more) > 1 else 0.0
        case.note(EXCHANGED_INPUTS, float(np.mean(last)) / ended.loss)
        if not float(np.mean(more)) <= max(ALIKE * ended.loss, 2 * error):
            return math.nan
        if case.state in ("healthy", "stalled") and float(np.mean(more)) <= ALIKE * ended.loss:
            case.state = "constant-answer"
        return float(np.mean(last))

    def _fix_the_scale(self, case: Case, own: Ended, exchanged: float, stop: Callable[[], bool]) -> None:
        """It ends at the least loss of the patient and, where that has hardly fallen, of what may make it learn."""
        zero = self.scale.start(self.seed).zero
        if not self.trials or not math.isfinite(zero):
            return
        self.scale.unit = 1.0  # so that changes may be made at all
        scaled, anew = Change("scale-inputs", {"scheme": "standard"}), recommended.start(case)
        self.scale = Scale(self.trainer, [one for one in ((scaled,), (anew,), (scaled, anew)) if not self.why_not(one)])
        self.scale.unit = 1.0
        if case.state == "constant-answer":
            self.scale.begins_at_most(exchanged)
        zero = self.scale.start(self.seed).zero
        best = [own.loss] if own.finite else []
        steps = max(1, math.ceil(self.first * self.share))
        if case.state == "healthy":
            best += self._at_lower_rates(case, own, zero, steps, stop)
        for change in self._tried_for_the_scale(case):
            arm = Arm((change,), self.seed, steps)
            fell = zero - min(best, default=math.inf)
            if fell >= LITTLE * abs(zero) or self.why_not((change,)) is not None or stop():
                continue
            ended = self.ended[arm] = self.trainer.train(arm.changes, arm.seed, arm.steps, stop)
            best += [ended.loss] if ended.finite else []
        self.scale.fixed(best, self.seed, 2 * OF_THE_FALL if not self.priced else SHORTEST)
        if steps < min(FEW_STEPS, self.first):
            why = f"the effort allows {steps} of its {self.of:,} steps for each, which show nothing"
            case.not_examined.append(Gap("trials", why))
            self.scale.unit = math.nan

    def _at_lower_rates(self, case: Case, own: Ended, zero: float, steps: int, stop: Callable[[], bool]) -> list[float]:
        """The losses that a fall is compared with which is not a deep one: what lower rates come to in no more steps.
        Where one falls far further, on the rows that are trained on as well, it is not healthy that it fell."""
        size = max(abs(zero), 1e-12)
        if zero - own.loss < LITTLE * size:  # it fell from a bad start alone
            case.state = settled(own.curve, whole=not self.early)
        found: list[float] = []
        for change in recommended.rates(case.settings, LOWER):
            if own.loss < LOW * zero or self.why_not((change,)) is not None or stop():
                break
            arm = Arm((change,), self.seed, steps)
            ended = self.ended[arm] = self.trainer.train(arm.changes, arm.seed, arm.steps, stop)
            if not ended.finite:
                continue
            found.append(ended.loss)
            first, last, lower = own.curve[0][1], own.curve[-1][1], ended.curve[-1][1]
            known = last - lower > FAR_ABOVE * (min(first, zero) - lower) > 0
            if known and own.loss - ended.loss > FAR_ABOVE * (zero - ended.loss) > 0:
                case.note(LOWER_RATE, ended.loss / own.loss)
                case.state = settled(own.curve, whole=not self.early)
                break
        return found


def _thawed(probe: Probe) -> tuple[str, ...]:
    """What is mended by training all weights: some are left out, and are not taken to be so on purpose."""
    network = probe.copy()
    names = set(network.weights())
    out = names - probe.held
    trained = {name for layer in network.layers if layer.trained for name in layer.parameters}
    if not out or (out & trained and out != names):
        return ()
    return (FORGOTTEN,) if all(name.endswith("bias") for name in out) else (FROZEN,)
