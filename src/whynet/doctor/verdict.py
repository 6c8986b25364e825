"""The verdict: which causes are proved, which only suspected, which are innocent, and the smallest set of changes that
makes the network learn.

    proved     changing it alone restores learning (over 3 seeds, by more than 2 sd, and at least half of the way to the
               mended network), or it belongs to the smallest set that does and leaving it out loses that
    found      a defect measured directly that is not shown to be what stops learning
    suspected  the evidence points there; no trial has proved it
    acquitted  changing it alone, and adding it to the mended network, changes nothing beyond the noise
"""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from itertools import combinations
from typing import Any, Literal

import numpy as np
from threadpoolctl import threadpool_limits

from whynet.data.dataset import Dataset
from whynet.data.sources import load
from whynet.doctor.case import Case, Symptom
from whynet.doctor.cause import Change, Suspicion
from whynet.doctor.causes import NAMES, cause
from whynet.doctor.floors import Reading
from whynet.doctor.patient import misreported, recipe_of
from whynet.doctor.series import Series
from whynet.doctor.states import state_of
from whynet.doctor.trials import Laboratory, Outcome
from whynet.training.recipe import Recipe
from whynet.types import Array

Status = Literal["proved", "suspected", "found"]
SEEDS = 3
LOST = 0.05  # a class of smaller recall is never answered
SETS = 16  # about so many sets of changes are tried
CLEAR = 0.85  # evidence so strong that even a network that learns is tried without it
FEW = 16  # features
HARM = 0.4  # defects with weaker evidence may well be harmless
NOISE = 0.01  # accuracies this close are alike
GOOD = 0.03  # so far below a linear classifier, learning counts as restored
MEASURED = (  # defects that are measured directly, whether or not they matter
    "bad-inputs", "bias-not-updated", "data-index-bug", "gradient-buffer-not-reset", "gradient-check-invalid",
    "gradient-missing-derivative", "gradient-not-averaged", "gradient-sign-flipped", "gradient-wrong-derivative",
    "gradient-wrong-term", "gradient-wrong-transpose", "label-order-mismatch", "layer-not-updated", "log-of-zero",
    "metric-wrong", "missing-activation", "momentum-unscaled", "nan-hyperparameter", "no-bias", "not-shuffled",
    "preprocess-mismatch", "train-test-leak", "unstable-softmax",
)  # fmt: skip
LIMITS = ("bottleneck", "capacity-minimal", "overfit", "too-little-data", "undertrained", "underfit", "label-noise")
"""What bounds how good a network gets: it joins a set of changes only where nothing restores learning without it."""
ASKED = {
    "Are the initial weights bad?": (
        "symmetric-init", "init-too-small", "init-too-large", "init-positive-saturation", "output-units-saturated",
    ),
    "Is the learning rate too high?": ("lr-too-high", "momentum-unscaled", "gradient-not-averaged"),
    "Is the learning rate too low?": ("lr-too-low",),
    "Are there too few epochs?": ("undertrained", "batch-too-large", "stops-on-plateau"),
    "Is the network too small?": ("bottleneck", "capacity-minimal", "underfit"),
    "Are there too few examples?": ("too-little-data", "data-index-bug"),
}  # fmt: skip
BASELINES = ("unchanged", "train longer", "a random single change")


@dataclass
class Trial:
    """One suspect with its change and how it went.

    >>> trial = Trial("lr-too-low", Change("ten times the rate", {"learning_rate": 1.0}), Suspicion(0.3, ()), Recipe())
    >>> trial.alone  # not tried yet
    nan
    """

    cause: str
    change: Change
    suspicion: Suspicion
    recipe: Recipe
    alone: float = math.nan
    """Score with this change only."""
    cost: float = math.nan


@dataclass(frozen=True)
class Finding:
    """One line of the verdict.

    >>> Finding("lr-too-high", "suspected", (), (), "a tenth of it", None, None).as_dict()["status"]
    'suspected'
    """

    cause: str
    status: Status
    with_: tuple[str, ...]
    evidence: tuple[Symptom, ...]
    change: str | None
    before: Outcome | None
    after: Outcome | None
    words: str = ""
    """What exactly is wrong, and where, if more can be said than the cause."""

    def as_dict(self) -> dict[str, Any]:
        """As the JSON of a verdict has it."""
        return {
            "cause": self.cause,
            "status": self.status,
            "with": list(self.with_),
            "evidence": [one.as_dict() for one in self.evidence],
            "change": self.change,
            "words": self.words,
            "before": None if self.before is None else self.before.as_dict(),
            "after": None if self.after is None else self.after.as_dict(),
        }


@dataclass
class Diagnosis:
    """What the doctor says of one patient.

    >>> Diagnosis(state="healthy", floor=2.3).as_dict()["verdict"]
    []
    """

    state: str
    floor: float
    verdict: list[Finding] = field(default_factory=list)
    acquitted: list[tuple[str, str]] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    questions: list[tuple[str, bool | None, str]] = field(default_factory=list)
    fix_changes: tuple[str, ...] = ()
    fix_recipe: Recipe | None = None
    before: Outcome | None = None
    after: Outcome | None = None
    baselines: dict[str, Outcome] = field(default_factory=dict)
    case: Case | None = None
    linear: float = math.nan
    seconds: float = 0.0
    epochs: float = 0.0
    crashes: list[str] = field(default_factory=list)
    series: tuple[Series, ...] = ()
    """Of a log: what was read."""
    readings: tuple[Reading, ...] = ()
    """Of a log: what its plateau, or its start, is."""
    separate: str = ""
    """Of a log: the one further measurement that would separate the causes that remain."""
    library: str = ""
    """The library that the patient and the changes are written in; empty where it is a recipe of whynet's."""

    def as_dict(self) -> dict[str, Any]:
        """The JSON of `whynet diagnose`."""
        fix = None
        if self.fix_recipe is not None and self.after is not None and self.before is not None:
            fix = {
                "changes": list(self.fix_changes),
                "recipe": self.fix_recipe.as_dict(),
                "before": self.before.as_dict(),
                "after": self.after.as_dict(),
            }
        return {
            "state": self.state,
            "verdict": [finding.as_dict() for finding in self.verdict],
            "acquitted": [{"cause": name, "why": why} for name, why in self.acquitted],
            "fix": fix,
            "floor": self.floor,
            "baselines": {name: outcome.as_dict() for name, outcome in self.baselines.items()},
            "questions": [{"question": q, "answer": a, "why": why} for q, a, why in self.questions],
            "remarks": self.remarks,
            "linear_accuracy": self.linear,
            "seconds": self.seconds,
            "epochs": self.epochs,
            "series": [one.as_dict() for one in self.series],
            "readings": [asdict(one) for one in self.readings],
            "separate": self.separate,
        }

    def __str__(self) -> str:
        from whynet.report.diagnosis import diagnosis_in_words

        return diagnosis_in_words(self)

    def _repr_html_(self) -> str:
        from whynet.report.diagnosis import diagnosis_html

        return diagnosis_html(self)


def diagnose(
    recipe: Recipe | str,
    data: Dataset | str | None = None,
    *,
    budget: float = 30.0,
    trials: bool = True,
    say: Callable[[str], None] = lambda _: None,
    misreport: float = math.nan,
) -> Diagnosis:
    """Why does this not learn? Train it, measure, suspect, and prove by training again with one thing changed.

    `recipe` is a `Recipe`, a run's folder, a recipe file or the name of a shipped recipe; `data` a `Dataset` or what
    `whynet.load` takes. `budget` is in seconds; `say` is told what is going on. Without `trials` nothing is proved.
    `misreport` is how far a run's record is from its model, as `misreported` has it.

    >>> from whynet.data.sources import load
    >>> found = diagnose(Recipe(data="digits", init="zeros", epochs=3, learning_rate=0.5), load("digits"), budget=20)
    >>> found.verdict[0].cause, found.verdict[0].status
    ('symmetric-init', 'proved')
    """
    started = time.perf_counter()
    patient = recipe if isinstance(recipe, str) else ""
    recipe = recipe_of(recipe) if isinstance(recipe, str) else recipe
    if data is None or isinstance(data, str):
        data = load(data or recipe.data)
    misreport = misreported(patient, data) if patient else misreport
    laboratory = Laboratory(data, seed=recipe.seed, budget=budget)
    say("training it unchanged, and measuring")
    with threadpool_limits(1):
        case, outcome = laboratory.watch(recipe, longest=0.15 * budget)
    if misreport > case.value("accuracy-misreported"):
        case.note("accuracy-misreported", misreport, "share", "0")
    linear = laboratory.linear(recipe)
    if case.features < FEW:  # no straight line may separate the classes (XOR): the nearest neighbour is the yardstick
        linear = max(linear, case.value("nearest-neighbour"))
    case.note("linear-accuracy", linear, "share right, a linear classifier on the same rows", "")
    case.state = state_of(case, linear=linear, finite=outcome.finite, recalls=outcome.recalls)
    diagnosis = Diagnosis(state=case.state, floor=case.value("floor"), case=case, before=outcome, linear=linear)
    say(
        f"{case.state}: {outcome.validation_accuracy:.1%} of the validation images right; a linear one has {linear:.1%}"
    )
    suspects = _suspects(case, diagnosis)
    if case.state == "healthy" or not trials:
        told = suspects if case.state != "healthy" else [one for one in suspects if _direct(*one)]
        diagnosis.verdict = [_unproved(case, *one) for one in told]
    if trials:
        _Trials(recipe, laboratory, case, suspects, diagnosis, say).run()
    diagnosis.seconds = time.perf_counter() - started
    diagnosis.epochs = laboratory.epochs_run
    return diagnosis


def _suspects(case: Case, diagnosis: Diagnosis) -> list[tuple[str, Suspicion]]:
    """All causes that something points to, the strongest first. A cause that crashes is a line, not the end."""
    found = []
    for name in NAMES:
        try:
            suspicion = cause(name).suspect(case)
        except Exception as error:
            diagnosis.crashes.append(f"{name} could not be judged: {type(error).__name__}: {error}")
            continue
        if suspicion is not None:
            found.append((name, suspicion))
    return sorted(found, key=lambda item: -item[1].strength)


def _direct(name: str, suspicion: Suspicion) -> bool:
    return name in MEASURED and suspicion.strength >= 0.35


def _unproved(case: Case, name: str, suspicion: Suspicion) -> Finding:
    """The finding of a cause that no trial has proved."""
    words = next((change.words for change in cause(name).changes(case)), None)
    status: Status = "found" if _direct(name, suspicion) else "suspected"
    return Finding(name, status, (), suspicion.evidence, words, None, None)


class _Trials:
    """The course of the trials: singles, then sets, then seeds."""

    def __init__(
        self,
        recipe: Recipe,
        laboratory: Laboratory,
        case: Case,
        suspects: Sequence[tuple[str, Suspicion]],
        diagnosis: Diagnosis,
        say: Callable[[str], None],
    ) -> None:
        self.recipe, self.lab, self.case, self.diagnosis, self.say = recipe, laboratory, case, diagnosis, say
        self.patient, self.suspects = recipe, suspects
        self.on_test = case.value("test-loss") > 0.05  # a mistake in the test set shows nowhere else
        assert diagnosis.before is not None
        own = max(diagnosis.before.seconds / max(case.value("own-steps"), 1e-6), 1e-3)  # seconds of all its steps
        arm = max(0.4, laboratory.left / 35)  # seconds of one arm, so that some fifty of them fit into the budget
        if case.state == "healthy":
            arm = min(arm, 0.6)  # there is little to find out
        self.arm, self.share = arm, 1.0 if diagnosis.before.steps < 50 else min(1.0, arm / own)
        laboratory.usual = max(4 * arm, 1.0)
        self.least = max(2 * NOISE, 3 * case.value("doubt"))
        """A smaller gain is chance."""
        self.total = diagnosis.before.steps / max(case.value("own-steps"), 1e-6)  # steps of the whole training
        self.good = diagnosis.linear - GOOD
        self.mended: list[Trial] = []
        """Mistakes that the trials are made without, because nothing hangs on them."""
        self.extra: list[Trial] = []
        """Changes beside the proved one that gain more."""

    # ---- scores

    def scores(self, recipes: Sequence[Recipe], seed: int | None = None) -> list[float]:
        """The accuracy of each after its share of steps, on validation rows (or the test set, where that is ill)."""
        seeded = [one if seed is None else one.but(seed=seed) for one in recipes]
        return [self.score(one) for one in self.lab.run(seeded, share=self.share)]

    def score(self, outcome: Outcome) -> float:
        found = outcome.test_accuracy if self.on_test else outcome.validation_accuracy
        return found if found is not None and outcome.finite else 1 / self.case.classes

    # ---- the course

    def run(self) -> None:
        self.lab.allow(1, 0.2)
        self.before = self.scores([self.recipe])[0]
        if self.recipe.faults and self.case.state != "healthy":
            self._stand_in()
        singles = self._singles()
        if self.case.state == "healthy":
            self._losses(singles)
        else:
            self._convict(singles)
        self._questions(singles)

    def _stand_in(self) -> None:
        """Where a program without the mistakes that were measured does just as badly, they are not what stops the
        learning; the trials are then made with that program, whose steps the fast engine takes."""
        defects: list[Trial] = []
        for sizes in self._trials_of([one for one in self.suspects if _direct(*one) and one[1].strength >= HARM]):
            if sizes[-1].change.without and self._sensible([*defects, sizes[-1]]):
                defects.append(sizes[-1])
        sound = self._merged(defects)
        if sound.faults or not defects:
            return
        patient, other = self.lab.run([self.recipe, sound], share=self.share)
        close = abs(other.cost - patient.cost) <= 0.05 * abs(patient.cost)
        if not close or abs(self.score(other) - self.score(patient)) > NOISE:
            return
        self.say("without " + " and ".join(trial.cause for trial in defects) + " it does just the same")
        if patient.steps >= 50 and other.whole:
            self.share = min(1.0, self.arm * self.share / max(other.seconds, 1e-3))
        recipe = self.case.recipe
        for trial in defects:
            recipe = trial.change.apply(recipe)
        self.case, self.recipe, self.mended = replace(self.case, recipe=recipe), sound, defects
        self.before = self.scores([sound])[0]

    def _needed(self, best: list[Trial]) -> list[Trial]:
        """Those of the mistakes that the trials are made without, beside which the cure does not work."""
        if not self.mended:
            return []
        kept = [self._cured(best, [trial for trial in self.mended if trial is not out]) for out in self.mended]
        self.lab.allow(len(kept) + 2, 0.3)
        beside = self.lab.run(kept, share=self.share)
        steps = min(one.steps for one in beside)
        share = min(self.share, steps / max(self.total, 1))  # the readable engine may have come less far
        mended, before = self.lab.run([self._merged(best), self.recipe], share=share)
        least = self.score(mended) - max(0.5 * (self.score(mended) - self.score(before)), 2 * NOISE)
        return [trial for trial, one in zip(self.mended, beside, strict=True) if self.score(one) < least]

    def _cured(self, best: list[Trial], mended: list[Trial]) -> Recipe:
        """The patient with the cure, and with some of its mistakes mended."""
        recipe = self.patient
        for trial in [*mended, *best]:
            recipe = trial.change.apply(recipe)
        return recipe

    def _trials_of(self, suspects: Sequence[tuple[str, Suspicion]]) -> list[list[Trial]]:
        """For each suspect its change, in all its sizes; those that change nothing are left out."""
        found = []
        fitted = self.lab.fit(self.recipe)
        for name, suspicion in suspects:
            sizes = []
            for change in cause(name).changes(self.case):
                changed = change.apply(self.recipe)
                if self.lab.fit(changed) != fitted:
                    sizes.append(Trial(name, change, suspicion, changed))
            if sizes:
                found.append(sizes)
        return found

    def _singles(self) -> list[Trial]:
        """Every suspect's change alone, in the size that does best."""
        suspects = self.suspects
        if self.case.state == "healthy":  # nothing is wrong; but what is certain to be odd may cost something
            suspects = [item for item in suspects if item[1].strength >= CLEAR]
        found = self._trials_of(suspects)
        names = ", ".join(sizes[0].cause for sizes in found)
        if found:
            self.say(f"trying one change at a time: {names}")
        affordable = max(6, int(0.4 * self.lab.left / max(self.lab.usual / 4, 0.05)))
        while sum(map(len, found)) > affordable and any(len(sizes) > 1 for sizes in found):
            max(found, key=len).pop()
        flat = [trial for sizes in found for trial in sizes]
        self.lab.allow(len(flat), 0.35)
        for trial, score in zip(flat, self.scores([trial.recipe for trial in flat]), strict=True):
            trial.alone = score
        return [max(sizes, key=lambda trial: trial.alone) for sizes in found]

    def _convict(self, singles: list[Trial]) -> None:
        diagnosis, before = self.diagnosis, self.before
        best = self._smallest_set(singles)
        after = self._score_set(best) if best else before
        if not best or after < before + self.least:
            self.say("no change, and no set of changes, makes a difference")
            diagnosis.verdict = [
                _unproved(self.case, *one) for one in self.suspects if one[1].strength >= 0.35 or _direct(*one)
            ]
            return  # without a cure nobody can be cleared: what does nothing alone may be a part of it
        self.say("proving it with other seeds: " + " and ".join(trial.cause for trial in best))
        proved, best = self._prove(best, self._needed(best), singles, before, after)
        after = self._score_set(best)
        self._acquit(best, singles, after)
        if proved:
            self._fix(best, after)
        else:
            words = "; ".join(trial.change.words for trial in best)
            diagnosis.remarks.append(
                f"The best that was tried, {words}: {before:.1%} -> {after:.1%} of the validation images right. Other "
                "seeds do not confirm it"
            )

    def _losses(self, singles: list[Trial]) -> None:
        """What a network that learns loses all the same: a single change, clearly wrong before, that gains points."""
        best = max(singles, key=lambda trial: trial.alone, default=None)
        if best is None or best.alone < self.before + NOISE or self.lab.left < 1:
            return
        seeds = [self.recipe.seed + step for step in range(SEEDS)]
        self.lab.allow(2 * SEEDS, 0.5)
        table = np.array([self.scores([self.recipe, best.recipe], seed) for seed in seeds])
        gains = table[:, 1] - table[:, 0]
        if gains.mean() <= max(NOISE, self.case.value("doubt"), 2 * float(gains.std(ddof=1)) / math.sqrt(SEEDS)):
            return
        known = {finding.cause for finding in self.diagnosis.verdict}
        finding = Finding(
            best.cause, "proved", (), best.suspicion.evidence, best.change.words, self._outcomes(self.recipe),
            self._outcomes(best.recipe),
        )  # fmt: skip
        self.diagnosis.verdict = [finding, *(f for f in self.diagnosis.verdict if f.cause != best.cause)]
        self.diagnosis.remarks.append(
            f"It learns, but loses {100 * gains.mean():.1f} points to {best.cause}"
            + ("" if best.cause in known else f": {best.change.words}")
        )
        self._fix([best], best.alone)

    def _score_set(self, chosen: Sequence[Trial]) -> float:
        return self.scores([self._merged(chosen)])[0]

    def _merged(self, chosen: Sequence[Trial]) -> Recipe:
        recipe = self.recipe
        for trial in chosen:
            recipe = trial.change.apply(recipe)
        return recipe

    def _smallest_set(self, singles: list[Trial]) -> list[Trial]:
        """One change if one restores learning; else the smallest set that does; else the best there is."""
        enough = [trial for trial in singles if trial.alone >= self.good and trial.alone > self.before + NOISE]
        if enough:
            return [self._likeliest(enough)]
        ranked = sorted(
            singles, key=lambda trial: -(max(trial.alone - self.before, 0) + 0.5 * trial.suspicion.strength)
        )[:7]
        if not ranked:
            return []
        sized = self._all_sizes(ranked)
        self.say("no single change is enough: trying sets")
        self.lab.allow(SETS, 0.4)
        single = self._likeliest(ranked)
        best: tuple[float, list[Trial]] = (single.alone, [single])
        best = self._best_of(self._strongest(sized), best, until=0.2 * self.lab.budget)
        if best[0] - self.before < 0.6 * (self.good - self.before):
            pairs = [[a, b] for first, second in combinations(sized, 2) for a in first for b in second]
            pairs.sort(key=lambda pair: -sum(max(t.alone - self.before, 0) + 0.5 * t.suspicion.strength for t in pair))
            best = self._best_of(pairs, best, until=0.3 * self.lab.budget)
        for _ in range(2):
            if best[0] >= self.good:
                break
            chosen = {trial.cause for trial in best[1]}
            restored = best[0] - self.before >= 0.5 * (self.good - self.before)
            more = [
                [*best[1], one]
                for sizes in sized
                for one in sizes
                if one.cause not in chosen and not (restored and one.cause in LIMITS)
            ]
            grown = self._best_of(more, best, until=0.2 * self.lab.budget)
            if grown[0] < best[0] + 0.03:
                break
            best = grown
        best = (best[0], self._minimal(best[1]))
        if single.alone - self.before >= 0.6 * (best[0] - self.before) > 0:
            self.extra = [trial for trial in best[1] if trial.cause != single.cause]
            return [single]
        return best[1]

    def _likeliest(self, trials: Sequence[Trial]) -> Trial:
        """Of those that do about as well as the best, the one that the evidence speaks for most."""
        top = max(trial.alone for trial in trials)
        near = [trial for trial in trials if trial.alone >= top - max(0.04, 0.25 * (top - self.before))]
        return max(near, key=lambda trial: (trial.suspicion.strength, trial.alone))

    def _strongest(self, sized: list[list[Trial]]) -> list[list[Trial]]:
        """Everything that the evidence speaks for at once, with the rate as it is and in other sizes: what can be left
        out of it is found later."""
        strong: list[Trial] = []
        for sizes in sorted(sized, key=lambda sizes: -sizes[0].suspicion.strength):
            first = sizes[0]
            if first.suspicion.strength >= 0.5 and first.cause not in LIMITS and self._sensible([*strong, first]):
                strong.append(first)
        rates = [one for sizes in sized for one in sizes if one.cause.startswith("lr-")]
        return [strong, *([*strong, one] for one in rates if one.cause not in {t.cause for t in strong})]

    def _all_sizes(self, ranked: Sequence[Trial]) -> list[list[Trial]]:
        """The trials again, those of the learning rate in every size: which one suits may depend on the others."""
        found = []
        for trial in ranked:
            rate = trial.cause.startswith("lr-")
            changes = cause(trial.cause).changes(self.case)[: 2 if trial.cause == "lr-too-high" else 1]
            changes = changes if rate else [trial.change]
            found.append(
                [
                    Trial(trial.cause, change, trial.suspicion, change.apply(self.recipe), trial.alone)
                    for change in changes
                ]
            )
        return found

    def _best_of(
        self, sets: list[list[Trial]], best: tuple[float, list[Trial]], *, until: float
    ) -> tuple[float, list[Trial]]:
        """The best of these sets; of sets that are about as good, the one with the stronger evidence. It ends when so
        many seconds are left."""
        distinct = [one for one in sets if len(one) > 1 and self._sensible(one)]
        scores: list[float] = []
        for start in range(0, len(distinct), 4):
            if self.lab.left < until or max(scores, default=0) >= self.good:
                distinct = distinct[:start]
                break
            scores += self.scores([self._merged(one) for one in distinct[start : start + 4]])

        def rank(score: float, chosen: list[Trial]) -> float:
            return min(score, self.good + 0.02) + 0.1 * statistics.mean(t.suspicion.strength for t in chosen)

        for score, chosen in zip(scores, distinct, strict=True):
            better = score > best[0] + 0.02 if len(chosen) > len(best[1]) else rank(score, chosen) > rank(*best)
            if better:
                best = (score, chosen)
        return best

    def _sensible(self, chosen: Sequence[Trial]) -> bool:
        """Not two changes of the same thing."""
        fields = [name for trial in chosen for name in trial.change.edits]
        return len(fields) == len(set(fields))

    def _minimal(self, chosen: list[Trial]) -> list[Trial]:
        """What can be left out without loss is left out."""
        while len(chosen) > 1:
            whole = self._score_set(chosen)
            rests = [[t for t in chosen if t is not out] for out in chosen]
            scores = self.scores([self._merged(rest) for rest in rests])
            allowed = max(2 * NOISE, 0.1 * (whole - self.before))
            kept = max(zip(scores, rests, strict=True), key=lambda item: item[0])
            if kept[0] < whole - allowed:
                return chosen
            chosen = kept[1]
        return chosen

    def _prove(
        self, best: list[Trial], needed_too: list[Trial], singles: list[Trial], before: float, after: float
    ) -> tuple[bool, list[Trial]]:
        """Other seeds; then the verdict, the strongest first. Returns whether the set is proved, and the set, without
        what other seeds can do without."""
        seeds = self._seeds()
        arms = [self.recipe, self._merged(best)]
        if len(best) > 1:
            arms += [self._merged([t for t in best if t is not out]) for out in best]
        rivals = [
            t
            for t in sorted(singles, key=lambda t: -t.alone)
            if t.alone >= before + 0.5 * (after - before) and t.cause not in {b.cause for b in best}
        ][:2]
        arms += [rival.recipe for rival in rivals]
        self.lab.allow(len(arms) * SEEDS, 0.6)
        table = np.array([self.scores(arms, seed) for seed in seeds[:SEEDS]])
        proved = self._sure(table)
        if not proved and (table[:, 1] > table[:, 0]).all():  # gains that differ much ask for more of them
            self.lab.allow(len(arms) * SEEDS, 0.5)
            table = np.concatenate([table, [self.scores(arms, seed) for seed in seeds[SEEDS:]]])
            proved = self._sure(table)
        gains = table[:, 1] - table[:, 0]
        if len(best) > 1:
            losses = table[:, [1]] - table[:, 2 : 2 + len(best)]
            lost, doubt = losses.mean(axis=0), 2 * losses.std(axis=0, ddof=1) / math.sqrt(len(table))
            gain = float(gains.mean())
            spare = (lost <= np.maximum(doubt, max(NOISE, 0.1 * gain))) & (lost <= 0.25 * gain)
            if proved and spare.any():
                least = int(np.where(spare, lost, np.inf).argmin())
                rest = [trial for index, trial in enumerate(best) if index != least]
                smaller = self._prove(rest, needed_too, singles, before, after)
                if smaller[0]:
                    return smaller
        outcome_before, outcome_after = self._outcomes(self.recipe), self._outcomes(self._merged(best))
        found: list[Finding] = []
        whole_set = [*best, *needed_too]
        order = sorted(best, key=lambda t: (-(t.alone - before > 0.05) * (t.alone - before), -t.suspicion.strength))
        for trial in [*order, *needed_too]:
            status: Status = "proved" if proved else "suspected"
            others = tuple(t.cause for t in whole_set if t is not trial)
            found.append(
                Finding(
                    trial.cause, status, others, trial.suspicion.evidence, trial.change.words, outcome_before,
                    outcome_after,
                )
            )  # fmt: skip
        first_rival = len(arms) - len(rivals)
        for index, rival in enumerate(rivals):
            own = table[:, first_rival + index] - table[:, 0]
            near = table[:, first_rival + index].mean() >= min(self.good - GOOD, table[:, 1].mean() - 0.02)
            enough = near and own.mean() >= 0.5 * gains.mean() and bool((own > -NOISE).all())
            if enough and rival.suspicion.strength >= 0.25:
                found.append(
                    Finding(
                        rival.cause, "proved", (), rival.suspicion.evidence, rival.change.words, outcome_before,
                        self._outcomes(rival.recipe),
                    )
                )  # fmt: skip
        named = {finding.cause for finding in found}
        found += [_unproved(self.case, *one) for one in self.suspects if one[0] not in named and _direct(*one)]
        named = {finding.cause for finding in found}
        for trial in sorted(singles, key=lambda t: -t.alone):
            if trial.cause not in named and trial.alone > before + max(0.05, 0.2 * (after - before)):
                found.append(
                    Finding(
                        trial.cause, "suspected", (), trial.suspicion.evidence, trial.change.words, outcome_before,
                        self._outcomes(trial.recipe),
                    )
                )  # fmt: skip
        self.diagnosis.verdict = found
        return proved, best

    def _sure(self, table: Array) -> bool:
        """Whether the second arm is better than the first, by more than two standard errors, and never worse."""
        gains = table[:, 1] - table[:, 0]
        noise = 2 * float(gains.std(ddof=1)) / math.sqrt(len(gains))
        return bool(gains.mean() > max(self.least, noise)) and bool((gains > -NOISE).all())

    def _seeds(self) -> list[int]:
        """The patient's own seed and the next ones. Which classes are lost, and whether any, is the seed's doing: of
        such a patient those seeds come first that lose classes too."""
        first = self.recipe.seed
        if self.case.state != "classes-missing":
            return [first + step for step in range(2 * SEEDS)]
        seeds = [first + step for step in range(3 * SEEDS)]
        self.lab.allow(len(seeds), 0.3)
        ends = self.lab.run([self.recipe.but(seed=seed) for seed in seeds], share=self.share)
        losing = [seed for seed, end in zip(seeds, ends, strict=True) if min(end.recalls, default=1.0) < LOST]
        return [*losing, *(seed for seed in seeds if seed not in losing)][: 2 * SEEDS]

    def _outcomes(self, recipe: Recipe) -> Outcome:
        return self.lab.run([recipe], share=self.share)[0]

    def _acquit(self, best: list[Trial], singles: list[Trial], after: float) -> None:
        """Those whose change does nothing, alone or on top of the cure; and gains beside the cure."""
        convicted = {trial.cause for trial in best}
        rest = [
            trial
            for trial in singles
            if trial.cause not in convicted
            and not _direct(trial.cause, trial.suspicion)
            and self._sensible([*best, trial])
        ]
        if best and self.lab.left < 0.1 * self.lab.budget:
            return
        self.lab.allow(len(rest), 0.25)
        scores = self.scores([self._merged([*best, trial]) for trial in rest]) if best else []
        base = self._outcomes(self.recipe)
        for index, trial in enumerate(rest):
            alone = trial.alone - self.before
            beside = scores[index] - after if scores else 0.0
            same_cost = trial.recipe.cost == self.recipe.cost
            cost = self._outcomes(trial.recipe).cost - base.cost
            by = f"the cost by {cost:+.4f} and the accuracy by " if same_cost else "the accuracy by "
            if abs(alone) <= max(NOISE, 0.02 if self.before < 0.2 else 0) and abs(beside) <= 2 * NOISE:
                with_cure = f", and beside the cure by {100 * beside:+.1f} points" if scores else ""
                why = f"{trial.change.words}: changes {by}{100 * alone:+.1f} points{with_cure}"
                self.diagnosis.acquitted.append((trial.cause, why))
            elif beside > 0.03:
                self.diagnosis.remarks.append(
                    f"{trial.cause}: beside the cure, {trial.change.words} gains another {100 * beside:.1f} points "
                    f"({after:.1%} -> {after + beside:.1%}): a limit of its own, not the reason"
                )

    def _fix(self, best: list[Trial], after: float) -> None:
        """The mended recipe, trained as long as the patient was, and tested; the baselines beside it."""
        best = self._defects_mended(best, after)
        plain = [
            trial for trial in best if not trial.cause.startswith("lr-")
        ]  # what is short of steps likes other rates
        sets = [plain, best] if 0 < len(plain) < len(best) else [best]
        if self.extra:
            sets.append([*best, *self.extra])
        diagnosis = self.diagnosis
        longer = self.recipe.but(epochs=max(3 * self.recipe.epochs, 3))
        rng = np.random.default_rng([self.recipe.seed, 5])
        chance = self._random_change(rng)
        self.say("training the mended network to the end")
        usual, self.lab.usual = self.lab.usual, self.lab.budget  # the whole training is the proof
        self.lab.allow(len(sets) + 1, 0.6)
        *mended, unchanged = self.lab.run([*map(self._merged, sets), self.patient])
        top = max(map(self.score, mended))
        chosen = next(index for index, one in enumerate(mended) if self.score(one) >= top - NOISE)
        diagnosis.after = mended[chosen]
        self._release({trial.cause for trial in best} - {trial.cause for trial in sets[chosen]})
        diagnosis.before = unchanged if unchanged.finite or diagnosis.before is None else diagnosis.before
        diagnosis.fix_recipe = self._merged(sets[chosen])
        diagnosis.fix_changes = tuple(trial.change.words for trial in [*self.mended, *sets[chosen]])
        arms = [self.recipe, longer, chance]
        self.lab.usual = usual
        self._uncovered(sets[chosen])
        self.lab.allow(len(arms), 0.4)
        for name, outcome in zip(BASELINES, self.lab.run(arms, share=self.share), strict=True):
            diagnosis.baselines[name] = outcome

    def _uncovered(self, best: list[Trial]) -> None:
        """What mending a mistake alone would lay bare: a learning rate that was never in effect."""
        for trial in (
            one for one in [*self.mended, *best] if one.change.without and "learning_rate" in one.change.edits
        ):
            nominal = replace(trial, change=Change(trial.change.words, without=trial.change.without))
            mended, cure = ([nominal if t is trial else t for t in trials] for trials in (self.mended, best))
            self.lab.allow(2, 0.3)
            bare, whole = self.scores([self._cured(cure, mended), self._cured(best, self.mended)])
            if bare > whole - 0.1:
                continue
            rate, real = self.patient.rate, trial.change.edits["learning_rate"]
            words = (
                f"Mended alone, it lays bare a rate of {rate:g} that was never in effect and is too low: beside the "
                f"cure {bare:.1%} of the validation images right, {whole:.1%} with the rate that was, {real:g}"
            )
            self.diagnosis.verdict = [
                replace(one, words=words) if one.cause == trial.cause else one for one in self.diagnosis.verdict
            ]

    def _release(self, causes: set[str]) -> None:
        """Causes that the whole training shows not to be needed in the set."""
        self.diagnosis.verdict = [
            replace(finding, with_=tuple(name for name in finding.with_ if name not in causes))
            for finding in self.diagnosis.verdict
            if finding.cause not in causes
        ]

    def _defects_mended(self, best: list[Trial], after: float) -> list[Trial]:
        """The set, and what else is measured to be wrong, where mending it costs the cured network nothing."""
        convicted = {trial.cause for trial in best}
        defects = self._trials_of([one for one in self.suspects if one[0] not in convicted and _direct(*one)])
        for sizes in defects:
            sets = [[*best, trial] for trial in sizes if self._sensible([*best, trial])]
            self.lab.allow(4 * len(sets), 0.3)
            scores = self.scores([self._merged(one) for one in sets])
            if max(scores, default=0.0) >= after - NOISE:
                best = sets[scores.index(max(scores))]
        return best

    def _random_change(self, rng: np.random.Generator) -> Recipe:
        """One setting changed at random: what a guess is worth."""
        sizes = self.case.recipe.sizes
        assert sizes is not None
        wide = (sizes[0], *(2 * size for size in sizes[1:-1]), sizes[-1])
        guesses: list[dict[str, Any]] = [
            {"learning_rate": self.recipe.rate * float(10 ** rng.uniform(-2, 2))},
            {"batch_size": int(rng.choice([1, 10, 32, 100]))},
            {"sizes": wide, "hidden": None},
            {"activation": str(rng.choice(["relu", "sigmoid", "tanh"]))},
            {"init": str(rng.choice(["scaled-normal", "he", "normal"]))},
            {"optimizer": "adam", "learning_rate": 0.001},
            {"seed": self.recipe.seed + 1000},
        ]
        return self.recipe.but(**guesses[int(rng.integers(len(guesses)))])

    # ---- the questions that everybody asks

    def _questions(self, singles: list[Trial]) -> None:
        """Is it the initial weights, the data, the epochs, the architecture, the rate? Each by one trial."""
        if self.lab.left < 2 and self.case.state == "healthy":
            return
        rate, sizes = self.recipe.rate, self.case.recipe.sizes
        assert sizes is not None
        hidden = sizes[1:-1]
        asked: list[tuple[str, str, dict[str, Any]]] = [
            (
                "Are the initial weights bad?",
                "sound ones",
                {"init": "scaled-normal", "bias_init": "zeros", "output_init": None},
            ),
            ("Is the learning rate too high?", f"a rate of {rate / 10:g}", {"learning_rate": rate / 10}),
            ("Is the learning rate too low?", f"a rate of {rate * 10:g}", {"learning_rate": rate * 10}),
            ("Are there too few epochs?", "three times as many", {"epochs": 3 * max(self.recipe.epochs, 1)}),
        ]
        if hidden:
            wide = (sizes[0], *(2 * size for size in hidden), sizes[-1])
            asked.append(("Is the network too small?", "twice the hidden units", {"sizes": wide, "hidden": None}))
        n = self.case.rows
        if self.case.available >= 2 * n:
            epochs = max(1, round(self.recipe.epochs * n / self.case.available))  # as many steps
            more: dict[str, Any] = {"train_size": None, "epochs": epochs}
            asked.append(("Are there too few examples?", f"all {self.case.available:,}", more))
        elif n >= 200:
            even = self.lab.rest.counts.min() * self.case.classes > n // 2 + self.case.classes
            halves: dict[str, Any] = {"train_size": n // 2, "epochs": 2 * self.recipe.epochs}
            halves |= {} if even else {"subset": "first"}  # there are not as many of each class
            asked.append(("Are there too few examples?", "half of them", halves))
        if self.lab.left < 0.5:
            return
        self.lab.allow(len(asked), 0.9)
        scores = self.scores([self.recipe.but(**edits) for *_, edits in asked])
        for (question, what, edits), score in zip(asked, scores, strict=True):
            gain = score - self.before
            halved = edits.get("train_size") is not None
            top = self.diagnosis.after.validation_accuracy if self.diagnosis.after else self.before
            answer = (-gain if halved else gain) > max(2 * NOISE, 0.5 * (top - self.before) * (not halved))
            verb = "costs" if halved else "gains"
            points = 100 * (-gain if halved else gain)
            why = f"{what} {verb} {points:+.1f} points ({self.before:.1%} -> {score:.1%})"
            guilty = [f.cause for f in self.diagnosis.verdict if f.status == "proved" and f.cause in ASKED[question]]
            if guilty and not answer:
                answer = True
                why = f"not by itself ({why}), but as part of the set: {guilty[0]}"
            self.diagnosis.questions.append((question, bool(answer), why))
