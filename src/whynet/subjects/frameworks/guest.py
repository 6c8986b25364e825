"""A network that no recipe can say: it is trained by its own library, as it is and with one thing changed.

What is known of it is what can be seen from outside: numbers in, scores out, costs, weights. The course is the
doctor's: measure, name the state, try one change at a time on the same examples in the same order, prove with other
seeds.
"""

from __future__ import annotations

import math
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Protocol

import numpy as np

from whynet.doctor.case import Case
from whynet.doctor.cause import Suspicion
from whynet.doctor.causes import NAMES, cause
from whynet.doctor.states import state_of
from whynet.doctor.trials import HELD_BACK, Outcome
from whynet.doctor.verdict import GOOD, MEASURED, NOISE, SEEDS, Diagnosis, Finding
from whynet.subjects.words import Tongue
from whynet.training.recipe import Recipe
from whynet.types import Array, Labels

ARMS = 20  # trainings that the budget is shared among
UNSEEN = {"undertrained", "stops-on-plateau", "capacity-minimal", "too-little-data"}  # by trial or not at all


@dataclass(frozen=True)
class Variant:
    """How an arm differs from the patient; the default is the patient as it is.

    >>> Variant() | Variant(rate=0.1)
    Variant(rate=0.1, epochs=1, redrawn=False, standardised=False, shuffled=False, whole=False)
    """

    rate: float = 1.0
    """Times the learning rate."""
    epochs: int = 1
    """Times the epochs."""
    redrawn: bool = False
    """Initial weights as the library draws them."""
    standardised: bool = False
    """Inputs of mean 0 and standard deviation 1."""
    shuffled: bool = False
    whole: bool = False
    """All parameters are handed to the optimizer."""

    def __or__(self, other: Variant) -> Variant:
        return Variant(
            self.rate * other.rate,
            self.epochs * other.epochs,
            self.redrawn or other.redrawn,
            self.standardised or other.standardised,
            self.shuffled or other.shuffled,
            self.whole or other.whole,
        )

    def words(self, tongue: Tongue, recipe: Recipe) -> str:
        """What to change, as the library says it."""
        edits: dict[str, object] = {}
        if self.rate != 1:
            edits["learning_rate"] = recipe.rate * self.rate
        if self.epochs != 1:
            edits["epochs"] = recipe.epochs * self.epochs
        if self.shuffled:
            edits["order"] = "shuffled"
        made = {"redrawn": self.redrawn, "standardised": self.standardised, "frozen-layer": self.whole}
        return tongue.say(edits, tuple(name for name, wanted in made.items() if wanted), recipe)


@dataclass(frozen=True)
class Trained:
    """An arm's end: `scores(X) -> (n, classes)`, the cost of the training rows before and after, and after some steps.

    >>> Trained(lambda X: X, 2.3, 0.1, ((10, 0.5),), 10, True).steps
    10
    """

    scores: Callable[[Array], Array]
    start: float
    cost: float
    curve: tuple[tuple[int, float], ...]
    steps: int
    finite: bool


class Guest(Protocol):
    """What a library's room does for the doctor."""

    recipe: Recipe
    """What can be said of it: rate, batch, epochs, order, activation if known."""
    tongue: Tongue

    def train(
        self, X: Array, labels: Labels, variant: Variant, *, seed: int, steps: int | None, seconds: float
    ) -> Trained:
        """Train a copy for so many steps (None: all of its epochs), or so many seconds."""
        ...


class Examination:
    """The course of it; `diagnosis` is what came out.

    `noted` are facts that were measured beside it, `found` defects that were.

    >>> isinstance(Examination, type)  # `pytorch.diagnose_torch` runs one
    True
    """

    def __init__(
        self,
        guest: Guest,
        X: Array,
        labels: Labels,
        *,
        classes: int,
        test: tuple[Array, Labels] | None = None,
        noted: Sequence[tuple[str, float, str, str]] = (),
        found: Sequence[Finding] = (),
        left_out: bool = False,
        budget: float = 30.0,
        trials: bool = True,
        say: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.started = time.perf_counter()
        self.deadline = self.started + budget
        self.guest, self.classes, self.test, self.say, self.left_out = guest, classes, test, say, left_out
        order = np.random.default_rng([guest.recipe.seed, 1]).permutation(len(X))
        size = HELD_BACK if len(X) >= 5 * HELD_BACK else max(len(X) // 5, 1)
        held, rest = np.sort(order[:size]), np.sort(order[size:])
        if len(X) < 20:
            held = rest = np.arange(len(X))
        self.X, self.labels, self.held = X[rest], labels[rest], (X[held], labels[held])
        self.arm = budget / ARMS
        self.steps: int | None = None
        self.outcomes: dict[tuple[Variant, int], Outcome] = {}
        self.case = self._measure(noted)
        self.diagnosis = Diagnosis(
            state=self.case.state,
            floor=self.case.value("floor"),
            case=self.case,
            before=self.before,
            linear=self.case.value("linear-accuracy"),
            library=guest.tongue.library,
        )
        say(f"{self.case.state}: {self.before.validation_accuracy:.1%} of the rows held back right")
        suspects = self._suspects()
        if self.case.state == "healthy":
            self.diagnosis.verdict = list(found)
        elif not trials:
            self.diagnosis.verdict = self._unproved(suspects, list(found))
        else:
            self._try(suspects, list(found))
        self.diagnosis.seconds = time.perf_counter() - self.started

    # ---- measuring

    def _measure(self, noted: Sequence[tuple[str, float, str, str]]) -> Case:
        X, labels, recipe = self.X, self.labels, self.guest.recipe
        case = Case(
            recipe.but(sizes=(X[0].size, self.classes), hidden=None),
            layers=1,
            rows=len(X),
            available=len(X),
            classes=self.classes,
            features=X[0].size,
        )
        sd = float(X.std())
        shares = np.bincount(labels, minlength=self.classes) / len(labels)
        case.note("largest-input", np.abs(X).max(), "", "about 1 to 3")
        case.note("input-offset", abs(float(X.mean())) / max(sd, 1e-12), "sd", "below 1")
        case.note("largest-class", shares.max(), "share", f"about {1 / self.classes:.2g}")
        case.note("rows", len(X), "examples", "thousands")
        for fact in noted:
            case.note(*fact)
        self.say("training it unchanged, and measuring")
        self.trained = self.guest.train(X, labels, Variant(), seed=0, steps=None, seconds=4 * self.arm)
        self.steps = max(1, self.trained.steps)
        self.before = self._judge(self.trained)
        self.outcomes[Variant(), 0] = self.before
        own = self.trained.scores(X[:: max(1, len(X) // 5000)]).argmax(axis=1)
        known = shares[shares > 0]
        case.note("start-cost", self.trained.start)
        case.note("cost", self.trained.cost)
        case.note("floor", float(-np.sum(known * np.log(known))), "", "")
        case.note("accuracy", self.before.validation_accuracy, "share of the rows held back right", "")
        right = float(np.mean(own == labels[:: max(1, len(X) // 5000)]))
        case.note("gap", right - self.before.validation_accuracy, "share", "below 0.05")
        case.note("doubt", math.sqrt(0.05 * 0.95 / len(self.held[1])), "share", "")
        case.note("one-answer", self.before.one_answer, "share answered alike", f"about {1 / self.classes:.2g}")
        case.note("own-steps", 1.0, "of those asked for", "1")
        costs = [self.trained.start, *(cost for _, cost in self.trained.curve)]
        finite = [cost for cost in costs if math.isfinite(cost)]
        case.note("highest-cost", max(finite, default=math.nan) / max(abs(costs[0]), 1e-12), "of the first", "1")
        half = costs[len(costs) // 2]
        case.note("still-falling", (half - costs[-1]) / max(abs(half), 1e-12), "in the second half", "")
        linear = self._linear()
        case.note("linear-accuracy", linear, "share right, a linear classifier on the same rows", "")
        case.state = state_of(case, linear=linear, finite=self.trained.finite, recalls=self.before.recalls)
        if self.test is not None:
            loss = self.before.validation_accuracy - (self.before.test_accuracy or 0.0)
            case.note("test-loss", loss, "share", "below 0.03")
        return case

    def _linear(self) -> float:
        from sklearn.linear_model import LogisticRegression

        rows = np.linspace(0, len(self.X) - 1, min(len(self.X), 4000)).astype(np.intp)
        flat, held = self.X[rows].reshape(len(rows), -1), self.held[0].reshape(len(self.held[0]), -1)
        mean, sd = flat.mean(axis=0), flat.std(axis=0)
        sd = np.where(sd > 0, sd, 1)
        if len(np.unique(self.labels[rows])) < 2:
            return float(np.mean(self.held[1] == self.labels[0]))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model = LogisticRegression(max_iter=100).fit((flat - mean) / sd, self.labels[rows])
            return float(np.mean(model.predict((held - mean) / sd) == self.held[1]))

    def _answers(self, trained: Trained, X: Array) -> Labels:
        scores = np.nan_to_num(trained.scores(X), nan=-np.inf)
        if scores.shape[1] == 1:
            return (scores[:, 0] > 0).astype(np.intp)
        answers: Labels = scores.argmax(axis=1)
        return answers

    def _judge(self, trained: Trained) -> Outcome:
        X, labels = self.held
        answers = self._answers(trained, X)
        right = answers == labels
        return Outcome(
            cost=trained.cost,
            validation_accuracy=float(right.mean()),
            test_accuracy=None
            if self.test is None
            else float(np.mean(self._answers(trained, self.test[0]) == self.test[1])),
            recalls=tuple(
                float(right[labels == label].mean()) if np.any(labels == label) else math.nan
                for label in range(self.classes)
            ),
            one_answer=float(np.bincount(answers, minlength=2).max() / len(answers)),
            steps=trained.steps,
            finite=trained.finite,
            curve=trained.curve,
        )

    def _tested(self, trained: Trained) -> float | None:
        if self.test is None:
            return None
        X, labels = self.test
        return float(np.mean(self._answers(trained, X) == labels))

    # ---- suspects

    def _suspects(self) -> dict[str, Suspicion]:
        found = {}
        for name in NAMES:
            if name in UNSEEN:
                continue
            try:
                suspicion = cause(name).suspect(self.case)
            except Exception as error:
                self.diagnosis.crashes.append(f"{name} could not be judged: {type(error).__name__}: {error}")
                continue
            if suspicion is not None:
                found[name] = suspicion
        return found

    def _remedies(self) -> list[tuple[str, Variant]]:
        """What can be tried from outside, each with the cause that it would prove."""
        value = self.case.value
        start = "init-too-small"
        if value("identical-units") > 0.5:
            start = "symmetric-init"
        elif value("weight-gain") > 2 or value("start-cost-ratio") > 2.5:
            start = "init-too-large"
        found = [("lr-too-high", Variant(rate=rate)) for rate in (0.1, 0.01)]
        found += [("lr-too-low", Variant(rate=rate)) for rate in (10.0, 100.0, 10_000.0)]
        found += [(start, Variant(redrawn=True)), ("undertrained", Variant(epochs=3))]
        if value("largest-input") > 10 or value("input-offset") > 1:
            name = "input-not-scaled" if value("largest-input") > 10 else "input-not-centred"
            found.append((name, Variant(standardised=True)))
        if self.case.recipe.order != "shuffled":
            found.append(("not-shuffled", Variant(shuffled=True)))
        if self.left_out:
            found.append(("layer-not-updated", Variant(whole=True)))
        return found

    # ---- trials

    def score(self, variant: Variant, seed: int = 0) -> float:
        """Share of the rows held back that are right after as many steps as the patient took."""
        if (variant, seed) not in self.outcomes:
            steps = None if self.steps is None else self.steps * variant.epochs
            trained = self.guest.train(
                self.X, self.labels, variant, seed=seed, steps=steps, seconds=4 * self.arm * variant.epochs
            )
            self.outcomes[variant, seed] = self._judge(trained)
        found = self.outcomes[variant, seed]
        return found.validation_accuracy if found.finite else 1 / self.classes

    @property
    def left(self) -> float:
        """Seconds of the budget that are left."""
        return self.deadline - time.perf_counter()

    @staticmethod
    def _unproved(suspects: dict[str, Suspicion], found: list[Finding]) -> list[Finding]:
        """What was measured, then what the evidence speaks for."""
        known = {finding.cause for finding in found}
        return found + [
            Finding(name, "found" if name in MEASURED else "suspected", (), one.evidence, None, None, None)
            for name, one in sorted(suspects.items(), key=lambda item: -item[1].strength)
            if one.strength >= 0.35 and name not in known
        ]

    def _try(self, suspects: dict[str, Suspicion], found: list[Finding]) -> None:
        before = self.score(Variant())
        good = self.case.value("linear-accuracy") - GOOD
        none = Suspicion(0.2, ())
        remedies = self._remedies()
        remedies.sort(key=lambda item: -suspects.get(item[0], none).strength)
        self.say("trying one change at a time: " + ", ".join(dict.fromkeys(name for name, _ in remedies)))
        scored: list[tuple[float, tuple[tuple[str, Variant], ...]]] = []
        for remedy in remedies:
            if self.left > 6 * self.arm or not scored:
                scored.append((self.score(remedy[1]), (remedy,)))
        if max(score for score, _ in scored) < good:
            best = [chosen[0] for _, chosen in sorted(scored, key=lambda item: -item[0])[:4]]
            scored += [
                (self.score(pair[0][1] | pair[1][1]), pair)
                for pair in combinations(best, 2)
                if pair[0][0] != pair[1][0] and self.left > 5 * self.arm
            ]
        top = max(score for score, _ in scored)
        gain = top - before
        near = [item for item in scored if item[0] >= top - max(0.04, 0.25 * gain)]
        fewest = min(len(chosen) for _, chosen in near)
        score, chosen = max(
            (item for item in near if len(item[1]) == fewest),
            key=lambda item: (sum(suspects.get(name, none).strength for name, _ in item[1]), item[0]),
        )
        named = {name for name, _ in chosen}
        rest = [f for f in found if f.cause not in named]
        if score < before + 2 * NOISE:
            self.diagnosis.verdict = self._unproved(suspects, found)
            return
        whole = Variant()
        for _, variant in chosen:
            whole = whole | variant
        self.say("proving it with other seeds: " + " and ".join(sorted(named)))
        gains = np.array([self.score(whole, seed) - self.score(Variant(), seed) for seed in range(SEEDS)])
        noise = 2 * float(gains.std(ddof=1)) / math.sqrt(SEEDS)
        proved = bool(gains.mean() > max(2 * NOISE, noise)) and bool((gains > -NOISE).all())
        recipe, tongue = self.guest.recipe, self.guest.tongue
        after = self.outcomes[whole, 0]
        self.diagnosis.verdict = [
            Finding(
                name,
                "proved" if proved else "suspected",
                tuple(sorted(named - {name})),
                suspects.get(name, none).evidence or self.case.evidence("cost", "accuracy"),
                variant.words(tongue, recipe),
                self.before,
                after,
            )
            for name, variant in chosen
        ] + rest
        self.diagnosis.fix_changes = tuple(variant.words(tongue, recipe) for _, variant in chosen)
        self.diagnosis.after = after
        for name, variant in remedies:
            alone = self.outcomes.get((variant, 0))
            if alone and name not in named and name not in {f.cause for f in rest}:
                change = alone.validation_accuracy - before
                if abs(change) <= NOISE:
                    why = f"{variant.words(tongue, recipe)}: changes the accuracy by {100 * change:+.1f} points"
                    self.diagnosis.acquitted.append((name, why))


def standardising(X: Array) -> Callable[[Array], Array]:
    """To mean 0 and standard deviation 1 of these rows: feature by feature where they are few, else one for all pixels.

    >>> standardising(np.array([[0.0, 1000.0], [2.0, 3000.0]]))(np.array([[1.0, 4000.0]]))
    array([[0., 2.]])
    """
    axes = 0 if X.ndim == 2 and X.shape[1] <= 100 else None
    mean, sd = X.mean(axis=axes), X.std(axis=axes)
    return lambda rows: ((rows - mean) / np.where(sd > 0, sd, 1)).astype(X.dtype)
