"""The questions that everybody asks, each answered by one change made alone; and what guessing would have gained."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from whynet.doctor import recommended
from whynet.doctor.arms import Arms
from whynet.doctor.budget import Effort
from whynet.doctor.case import Case
from whynet.doctor.causes import cause
from whynet.doctor.change import Change
from whynet.doctor.diagnosis import Diagnosis, Question
from whynet.doctor.proof import NOISE
from whynet.doctor.subject import Subject

FEW = 200  # examples: fewer are not halved


def changes_of(case: Case) -> dict[str, Change]:
    """The change that answers each question.

    >>> from whynet.doctor.diagnosis import Settings
    >>> sorted(changes_of(Case(Settings(rate=0.1), layers=2, rows=100, available=100, classes=10, features=64)))
    ['epochs', 'initial weights', 'rate too high', 'rate too low']
    """
    settings = case.settings
    asked = {
        "initial weights": recommended.start(case),
        "rate too high": recommended.rates(settings, (0.1,))[0],
        "rate too low": recommended.rates(settings, (10.0,))[0],
        "epochs": recommended.epochs(settings, (3,))[0],
    }
    epochs = settings.epochs or 1
    for wider in recommended.wide(case, lambda size: 2 * size):
        asked["width"] = wider
    if case.available >= 2 * case.rows:
        as_many_steps = max(1, round(epochs * case.rows / case.available))
        asked["examples"] = Change("rows", {"rows": case.available, "epochs": as_many_steps})
    elif case.rows >= FEW and (settings.batch or 0) < case.rows // 2:  # of larger batches, half are twice the steps
        asked["examples"] = Change("rows", {"rows": case.rows // 2, "epochs": 2 * epochs})
    return asked


def answer(subject: Subject, case: Case, arms: Arms, effort: Effort, diagnosis: Diagnosis) -> None:
    """Is it the initial weights, the rate, the epochs, the width, the examples? Each by one trial.

    >>> from whynet.subjects.recipe import diagnose_recipe
    >>> from whynet.training.recipe import Recipe
    >>> found = diagnose_recipe(Recipe(epochs=1, learning_rate=1e-4), "digits")
    >>> [asked.answer for asked in found.questions if asked.about == "rate too low"]
    [True]
    """
    asked = [
        (about, change)
        for about, change in changes_of(case).items()
        if subject.why_not((*arms.base, change)) is None and not subject.alike((*arms.base, change), arms.base)
    ]
    if not asked or not effort.allows("the everyday questions"):
        return
    before = arms.scores([()])[0]
    noise = float(np.fmax(2 * NOISE, 2 * case.value("standard-error")))
    proved = {finding.cause: finding for finding in diagnosis.verdict if finding.status == "proved"}
    top = diagnosis.fix.after.quality if diagnosis.fix else before
    for (about, change), score in zip(asked, arms.scores([(change,) for _, change in asked]), strict=True):
        fewer = change.kind == "rows" and change.numbers["rows"] < case.rows
        gain = before - score if fewer else score - before
        yes = gain > max(noise, 0.0 if fewer else 0.5 * (top - before))
        of = "" if yes else next((name for name in proved if about == cause(name).QUESTION), "")
        if of and not proved[of].with_:  # another size of the same change does
            finding, of, yes = proved[of], "", True
            change, score = finding.change or change, finding.after.quality if finding.after else score
        diagnosis.questions.append(
            Question(about, change, yes or bool(of), before, score, arms.equal_steps((change,)), of)
        )


def compare(subject: Subject, case: Case, arms: Arms, effort: Effort, diagnosis: Diagnosis) -> None:
    """The baselines beside a cure: nothing, training longer, one setting changed at random.

    >>> from whynet.subjects.recipe import diagnose_recipe
    >>> from whynet.training.recipe import Recipe
    >>> list(diagnose_recipe(Recipe(epochs=1, learning_rate=1e-4), "digits").baselines)
    ['unchanged', 'train longer', 'a random single change']
    """
    if diagnosis.fix is None or not effort.allows("the baselines"):
        return
    sets: dict[str, Sequence[Change]] = {"unchanged": ()}
    longer = recommended.epochs(case.settings, (3,))[0]
    if subject.why_not((longer,)) is None:
        sets["train longer"] = (longer,)
    guess = _guess(subject, case)
    if guess is not None:
        sets["a random single change"] = (guess,)
    outcomes = arms.run([arms.arm(changes) for changes in sets.values()])
    diagnosis.baselines = dict(zip(sets, outcomes, strict=True))


def _guess(subject: Subject, case: Case) -> Change | None:
    """One setting changed at random: what a guess is worth."""
    rng = np.random.default_rng([subject.seed, 5])
    guesses = [
        recommended.rates(case.settings, (float(10 ** rng.uniform(-2, 2)),))[0],
        Change("batch", {"size": int(rng.choice([1, 10, 32, 100]))}),
        Change("activation", {"name": str(rng.choice(["relu", "sigmoid", "tanh"]))}),
        Change("weights", {"scheme": str(rng.choice(["scaled-normal", "he", "normal"])), "part": "all"}),
        Change("optimizer", {"name": "adam", "rate": 0.001}),
        *recommended.wide(case, lambda size: 2 * size),
    ]
    possible = [one for one in guesses if subject.why_not((one,)) is None and not subject.alike((one,), ())]
    return possible[int(rng.integers(len(possible)))] if possible else None
