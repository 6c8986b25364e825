"""A diagnosis as it unfolds: what is measured, every trial as it comes back, the verdict."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Event
from typing import Any

from threadpoolctl import threadpool_limits

from whynet.doctor.case import Case
from whynet.doctor.change import Change, Wording
from whynet.doctor.diagnose import examine
from whynet.doctor.diagnosis import Diagnosis, Outcome, Settings
from whynet.doctor.states import state_of
from whynet.doctor.subject import Arm
from whynet.interfaces.web.control import Control, Say
from whynet.interfaces.web.measured import as_rows
from whynet.interfaces.web.trainee import dataset
from whynet.processors import processors
from whynet.report.wording import whynet as wording
from whynet.report.wording.states import sentence
from whynet.subjects.edits import changed
from whynet.subjects.recipe import RecipeSubject
from whynet.training.recipe import Recipe

POINTS = 60


class Witness:
    """A subject that tells of all that is done with it, and changes nothing."""

    def __init__(self, subject: RecipeSubject, say: Say) -> None:
        self.subject, self.say = subject, say
        self.seed, self.wording = subject.seed, subject.wording
        self.settings = Settings()

    def examine(self, stop: Callable[[], bool] = lambda: False) -> Case:
        """As the subject's; its course and its symptoms are told."""
        case = self.subject.examine(stop)
        self.settings = case.settings
        state = state_of(case)
        before = case.before
        told = sentence(Diagnosis(
            state, before=before, floor=case.value("floor"), yardstick=case.value("linear-accuracy"),
            problem=case.problem, wording=self.wording, symptoms=case.symptoms, lost=case.lost,
        ))  # fmt: skip
        self.say(
            "measured", state=state, words=f"{told[:1].upper()}{told[1:]}.", rows=as_rows(case.symptoms),
            floor=case.value("floor"), yardstick=case.value("linear-accuracy"),
            curve=[] if before is None else begun(before.curve, case.value("start-cost")),
            quality=None if before is None else before.quality,
        )  # fmt: skip
        return case

    def why_not(self, changes: Sequence[Change]) -> str | None:
        """As the subject's."""
        return self.subject.why_not(changes)

    def alike(self, first: Sequence[Change], second: Sequence[Change]) -> bool:
        """As the subject's."""
        return self.subject.alike(first, second)

    def steps(self, changes: Sequence[Change]) -> int:
        """As the subject's."""
        return self.subject.steps(changes)

    def work(self, arm: Arm) -> float:
        """As the subject's."""
        return self.subject.work(arm)

    def run(self, arms: Sequence[Arm], stop: Callable[[], bool] = lambda: False) -> list[Outcome]:
        """As the subject's, its course looked at more often; each outcome is told as it comes."""
        halted = Event()

        def one(arm: Arm) -> Outcome:
            training = self.subject.training(self.subject.fitted(arm.changes, arm.seed))
            course: list[tuple[int, float]] = []
            training.look = lambda training: course.append(
                (training.steps, float(training.position.costs[-200:].mean()))
            )
            outcome = self.subject.finish(training, arm.steps, lambda: halted.is_set() or stop())
            outcome = replace(outcome, curve=tuple(thinned(course)) or outcome.curve)
            self.say(
                "trial", changes=[in_words(one, self.settings, self.wording) for one in arm.changes], seed=arm.seed,
                quality=outcome.quality, cost=outcome.cost, steps=outcome.steps, curve=list(outcome.curve),
            )  # fmt: skip
            return outcome

        with threadpool_limits(1), ThreadPoolExecutor(processors()) as pool:
            try:
                return list(pool.map(one, arms))
            except KeyboardInterrupt:
                halted.set()
                raise


def thinned(course: Sequence[tuple[int, float]]) -> list[tuple[int, float]]:
    """At most so many points that a chart can show them, the last among them."""
    every = -(-len(course) // POINTS)
    return [one for place, one in enumerate(course) if (len(course) - 1 - place) % max(every, 1) == 0]


def begun(curve: Sequence[tuple[int, float]], start: float) -> list[tuple[int, float]]:
    """A course from the cost before the first step on, where that was measured; what is not finite is left out."""
    return [one for one in ((0, start), *curve) if math.isfinite(one[1])]


def in_words(change: Change, settings: Settings, about: Wording) -> str:
    """A change as whynet's recipes say it."""
    return wording.say(change, settings, about)


def diagnose(order: dict[str, Any], say: Say, control: Control) -> None:
    """Diagnose a recipe."""
    recipe = Recipe.from_dict(order["recipe"], "the form")
    data = dataset(recipe, order.get("path"))
    subject = Witness(RecipeSubject(recipe, data), say)
    found = examine(subject, effort=order["effort"], budget=order["budget"], say=lambda text: say("words", text=text))
    if found.fix is not None:
        found.fix = replace(found.fix, recipe=changed(recipe, found.fix.changes).to_toml())
    told = as_told(found)
    for finding, values in zip(found.verdict, told["verdict"], strict=False):
        if finding.change is not None and subject.why_not([finding.change]) is None:
            values["recipe"] = changed(recipe, [finding.change]).as_dict()
    say("diagnosis", **told, curves=curves(found))


def diagnose_script(order: dict[str, Any], say: Say, control: Control) -> None:
    """Run somebody's program, in a process of its own, and say which line is wrong."""
    from whynet.subjects.program.diagnose import diagnose_program

    found = diagnose_program(
        order["file"], seconds=order["seconds"], effort=order["effort"], budget=order["budget"], echo=False,
        say=lambda text: say("words", text=text),
    )  # fmt: skip
    say("diagnosis", **as_told(found), curves=curves(found), script=True)


def as_told(found: Diagnosis) -> dict[str, Any]:
    """The JSON of a diagnosis, and its words."""
    from whynet.doctor.causes import cause, names

    values = found.as_dict()
    values.pop("xray", None)
    known = set(names())
    for one in values["verdict"]:
        page = (cause(one["cause"]).__doc__ or "").strip() if one["cause"] in known else ""
        one["page"], one["title"] = page, page.splitlines()[0] if page else ""
    return {**values, "text": str(found)}


def curves(found: Diagnosis) -> dict[str, Any]:
    """The cost before and after the cure, at the end of the whole training."""
    fix = found.fix
    before = found.before if fix is None else fix.before
    after = None if fix is None else fix.after
    named = {"as it was": before, "with the cure": after}
    start = found.value("start-cost")
    return {name: begun(outcome.curve, start if outcome is before else math.nan)
            for name, outcome in named.items() if outcome is not None}  # fmt: skip
