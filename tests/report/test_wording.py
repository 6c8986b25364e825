"""Ten thousand diagnoses of chance, their words read again: nothing that is said is contradicted by a number."""

from __future__ import annotations

import copy
import json
import math
import random
import re
import subprocess
import sys
from dataclasses import replace
from typing import get_args

import pytest

from whynet.doctor import causes
from whynet.doctor.change import Change, ChangeKind, Library, Wording
from whynet.doctor.diagnosis import (
    STATUSES,
    Acquittal,
    Diagnosis,
    Finding,
    Fix,
    Gap,
    Metric,
    Outcome,
    Question,
    Remark,
    Settings,
    State,
    Where,
    said,
)
from whynet.doctor.normal import Anything, Below, Exactly
from whynet.doctor.symptom import Symptom
from whynet.doctor.symptoms.units import DEAD, SATURATED
from whynet.mistakes.catalogue import mended_as
from whynet.mistakes.names import FaultName
from whynet.report.diagnosis import diagnosis_as_dict, diagnosis_html, diagnosis_in_words
from whynet.report.wording import LIBRARIES, say
from whynet.report.wording.contradictions import checked
from whynet.report.wording.mistakes import PLAIN
from whynet.report.wording.remarks import SENTENCES
from whynet.subjects.inside.how import CLIPPED, FADED, IDLE, RISEN

MANY = 10_000
NAMES = causes.names()
MISTAKES = [*PLAIN, "stop adding b to z", "own-name"]
NUMBERS = {
    "rate": lambda r: {
        "times": r.choice([0.1, 10, math.nan]),
        **({"rate": r.choice([0.01, math.inf])} if chance(r) else {}),
    },
    "epochs": lambda r: r.choice([{"times": 3}, {"times": 3, "epochs": 30}, {"early_stop": False}]),
    "batch": lambda r: {"size": 10},
    "shuffle": lambda r: {},
    "scale-inputs": lambda r: {"scheme": r.choice(["0..1", "standard"])},
    "scale-targets": lambda r: {"scheme": r.choice(["0..1", "standard"])},
    "weights": lambda r: {
        "scheme": r.choice(["he", "scaled-normal", "anew", "odd"]),
        "part": r.choice(["all", "output weights", "biases"]),
    },
    "activation": lambda r: {
        "name": r.choice(["relu", "leaky-relu", "odd"]),
        **({"weights": "he"} if chance(r) else {}),
    },
    "output": lambda r: r.choice([{}, {"name": "sigmoid"}, {"name": "softmax"}]),
    "cost": lambda r: r.choice(
        [
            {"name": "softmax-cross-entropy"},
            {"name": "sigmoid-cross-entropy"},
            {"name": "quadratic"},
            {"class_weights": "balanced"},
        ]
    ),
    "penalty": lambda r: r.choice([{"l2": 0.001}, {"off": True}]),
    "dropout": lambda r: {"rate": r.choice([0.0, 0.2])},
    "clip": lambda r: {"norm": 1.0},
    "schedule": lambda r: r.choice([{}, {"name": "cosine"}, {"name": "odd"}]),
    "optimizer": lambda r: {"name": r.choice(["adam", "sgd", "odd"]), **({"rate": 0.001} if chance(r) else {})},
    "width": lambda r: r.choice([{}, {"widths": (4, 8, 3)}]),
    "depth": lambda r: {"widths": (4, 3)},
    "biases": lambda r: {},
    "rows": lambda r: r.choice([{"rows": 50}, {"rows": 500, "epochs": 2}, {}]),
    "mode": lambda r: {},
    "mend": lambda r: {
        "mistakes": tuple(r.sample(MISTAKES, r.choice([0, 1, 2]))),
        **({"rate": 0.3} if chance(r) else {}),
    },
}


def chance(r, of=0.5):
    return r.random() < of


def some(r, values):
    return r.choice([*values, math.nan, math.inf])


def any_change(r):
    kind = r.choice(get_args(ChangeKind))
    return Change(kind, NUMBERS[kind](r))


def any_outcome(r, metric):
    quality = some(r, [0.0, 0.1, 0.5, 0.91, 0.92, 0.95, 1.0, r.random()])
    return Outcome(
        cost=some(r, [0.1, 1.0, 2.29, 2.3, 2.31, 2.34, 5.0]),
        quality=quality,
        metric=Metric("RMSE", some(r, [0.3, 2.0])) if metric else None,
        test_quality=r.choice([None, 0.9, math.nan]),
        recalls=r.choice([(), (0.9, 0.9), (1.0, 0.0), (0.9, 0.3), (math.nan, 0.9)]),
        one_answer=some(r, [0.1, 0.5, 0.949, 0.95, 0.97, 1.0]),
        steps=r.choice([0, 100]),
        finite=chance(r, 0.9),
        curve=r.choice([(), ((0, 2.3), (10, 0.1)), ((0, math.nan), (5, 1.0))]),
    )


def any_symptom(r, name):
    normal = r.choice([Anything(), Below(0.3), Exactly(0)])
    symptom = Symptom(name, name, r.choice(["", "sd", "fraction"]), normal)
    return symptom.measured(some(r, [0.0, 0.001, 0.03, 0.5, 1.0, 2.3, 300.0]))


def any_finding(r, metric):
    maybe = lambda: any_outcome(r, metric) if chance(r, 0.8) else None  # noqa: E731
    return Finding(
        r.choice(NAMES[:10] + NAMES[30:]),
        r.choice(STATUSES),
        tuple(any_symptom(r, r.choice(["cost", "gap", "new-number"])) for _ in range(r.choice([0, 1, 5]))),
        any_change(r) if chance(r, 0.8) else None,
        maybe(),
        maybe(),
        tuple(r.choices(NAMES, k=r.choice([0, 1, 2]))),
        tuple(r.choices(NAMES, k=r.choice([0, 0, 1]))),
        Where("train.py", 41) if chance(r, 0.2) else None,
        r.choice(["", "", "the image is fed twice, " * r.choice([1, 20])]),
        r.choice([0, 1, 3, 3, 5]),
    )


def any_remark(r):
    numbers = {
        "said": {"text": "overflow"},
        "chaotic": {"spread": some(r, [0.2])},
        "best-tried": {"changes": [any_change(r)], "before": r.random(), "after": r.random()},
        "loses": {"cause": r.choice(NAMES), "points": r.uniform(-0.1, 0.5)},
        "beside": {
            "cause": r.choice(NAMES),
            "change": any_change(r),
            "points": r.uniform(-0.1, 0.1),
            "before": r.random(),
            "after": r.random(),
        },
        "lays-bare": {"rate": 0.1, "real": 3.0, "bare": some(r, [r.random()]), "whole": r.random()},
        "tried": {"changes": [any_change(r) for _ in range(r.choice([0, 1, 9]))]},
        "cut": {"what": "questions", "budget": some(r, [30])},
        "catches-up": {"quality": r.random()},
        "recorded": {"then": 0.1, "now": math.nan},
        "several-updates": {"count": 3},
    }
    kind = r.choice([*SENTENCES, "new-kind"])
    return Remark(kind, numbers.get(kind, {}) if chance(r, 0.95) else {})


def any_diagnosis(r):
    metric = chance(r, 0.25)
    library = r.choice(get_args(Library))
    classes = r.choice([1, 3])
    names = [
        "cost",
        "start-cost",
        "gap",
        "doubt",
        "largest-class",
        "still-falling",
        "progress",
        "update-finite",
        "saturated-start",
    ]
    return Diagnosis(
        state=r.choice(get_args(State)),
        floor=some(r, [2.3, 0.0]),
        verdict=[any_finding(r, metric) for _ in range(r.choice([0, 0, 1, 2, 5]))],
        acquitted=[
            Acquittal(
                r.choice(NAMES),
                r.choice([None, any_change(r)]),
                some(r, [0.0, -0.3, 0.3]),
                some(r, [0.0, 0.2]),
                some(r, [0.01]),
                r.choice(["", "right"]),
            )
            for _ in range(r.choice([0, 1, 4]))
        ],
        remarks=[any_remark(r) for _ in range(r.choice([0, 1, 3]))],
        questions=[
            Question(
                r.choice(["epochs", "rate", "Is it so?"]),
                any_change(r),
                chance(r),
                some(r, [0.1, 0.5]),
                some(r, [0.1, 0.9]),
                chance(r),
                r.choice(["", *NAMES[:3]]),
            )
            for _ in range(r.choice([0, 3]))
        ],
        fix=Fix(
            tuple(any_change(r) for _ in range(r.choice([0, 1, 3]))),
            any_outcome(r, metric),
            any_outcome(r, metric),
            r.choice([None, "epochs = 3\n", "no toml ["]),
        )
        if chance(r)
        else None,
        before=any_outcome(r, metric) if chance(r, 0.9) else None,
        baselines={"unchanged": any_outcome(r, metric)} if chance(r) else {},
        tried=[("lr-too-low", any_change(r), some(r, [0.5]))] if chance(r) else [],
        used={"model": "net", "data": "X " * r.choice([1, 80])} if chance(r) else {},
        not_examined=[Gap("the loop", "hidden")] if chance(r) else [],
        judged_after=r.choice([None, None, (10, 100), (100, 100), (100, 10)]),
        yardstick=some(r, [0.92, 0.92, 0.5]),
        symptoms={name: any_symptom(r, name) for name in names if chance(r)},
        settings=r.choice(
            [
                Settings(),
                Settings(
                    optimizer="sgd",
                    rate=some(r, [0.1]),
                    epochs=5,
                    batch=32,
                    widths=(4, 3, classes),
                    activation="sigmoid",
                    cost="quadratic",
                    weights="zeros",
                    rows=100,
                    l2=0.1,
                    clip=1.0,
                ),
            ]
        ),
        lost=r.choice([(), (), ("7",), tuple("0123456789")]),
        wording=Wording(
            library,
            some(r, [1.0, 0.5]) if chance(r, 0.1) else 1.0,
            2.0,
            r.choice(["", "Adagrad"]),
            r.choice(["MLPClassifier", "MLPRegressor"]),
            r.choice(["examples", "images"]),
        ),
        patient=r.choice(["", "vectorised", "my folder/train.py"]),
        effort=r.random(),
    )


# ---- the slow second reading: written from the sentences, not from the rules


def is_better(before, after):
    if before is None or after is None or not after.finite:
        return False
    pair = (after.quality, before.quality)
    if all(map(math.isfinite, pair)):
        return pair[0] > pair[1]
    if math.isfinite(after.quality):
        return not before.finite
    both = math.isfinite(after.cost) and math.isfinite(before.cost)
    return not math.isfinite(before.quality) and (after.cost < before.cost if both else not before.finite)


def of_the_state(was, values, headline):
    """Contradictions between the state, the first line and the numbers."""
    state, before = values["state"], was.before
    value = was.value
    early = was.judged_after is not None and was.judged_after[0] < was.judged_after[1]
    if state == "bad-data":
        return
    if before is None:
        found = any(one.status == "found" for one in was.verdict)
        if state not in ("not-examined", *(("non-finite", "diverged") if found else ())):
            yield "a state of what was never run"
        return
    asked = not (math.isnan(before.cost) and math.isnan(value("start-cost")))  # else there is no loss that can be
    broken = not before.finite or (asked and not math.isfinite(before.cost))
    broken |= value("update-finite") == 0 or value("gradient-finite") == 0
    if (state == "non-finite") != broken:
        yield "finite or not"
    if state == "not-examined":
        yield "it was run"
    if "gets the same prediction" in headline and not (
        before.one_answer >= 0.95 and not before.quality > value("largest-class") + 0.05
    ):
        yield "not one prediction for all"
    if "the best constant prediction" in headline and not abs(before.cost - was.floor) <= 0.02 * was.floor:
        yield "not at the floor"
    if "worse than" in headline and not before.quality < was.yardstick:
        yield "not worse than the yardstick"
    weak = bool(was.lost) or any(recall < 0.5 for recall in before.recalls)
    if state in ("stalled", "undertrained", "underfits") and math.inf > before.quality >= was.yardstick and not weak:
        yield "as good as the yardstick"
    if state == "healthy":
        doubt = value("doubt") if math.isfinite(value("doubt")) else 0
        if not before.quality >= was.yardstick - 0.015 - 2 * doubt or weak:
            yield "not healthy"
    if state == "classes-missing" and not was.lost:
        yield "no class is missing"
    if state == "overfits" and value("gap") <= 0:
        yield "no gap"
    if state == "diverged" and before.cost <= value("start-cost"):
        yield "the cost came down"
    if state in ("underfits", "classes-missing") and early:
        yield "not at its end"
    if early and ("getting better" in headline or "never predicted" in headline):
        yield "not at its end"


def contradictions(was, values, screen, long):
    """Everything in the JSON and in both texts that the numbers contradict."""
    headline = screen.split("\n\n")[0].replace("\n  ", " ")
    yield from of_the_state(was, values, headline)
    verdict, names = values["verdict"], {one["cause"] for one in values["verdict"]}
    shown = [one for one in verdict if one["status"] in ("proved", "helps")]
    for one in shown:
        mine = [f for f in was.verdict if f.cause == one["cause"] and is_better(f.before, f.after)]
        if not any((f.status == "proved" and f.seeds >= 3) or one["status"] == "helps" for f in mine):
            yield f"{one['cause']} is not {one['status']}"
    order = [STATUSES.index(one["status"]) for one in verdict]
    if order != sorted(order):
        yield "a weaker line above a stronger one"
    proved = {one["cause"] for one in shown if one["status"] == "proved"}
    for one in verdict:
        if set(one["with"]) - names or one["cause"] in one["alternatives"] + one["with"]:
            yield "with what is not there"
        if one["status"] == "proved" and set(one["with"]) - proved:
            yield "a set that is not proved"
    if {one["cause"] for one in values["acquitted"]} & {one["cause"] for one in shown}:
        yield "both the reason and not"
    if "proved" in re.findall(r"   (proved|helps)$", screen, flags=re.M) and not proved:
        yield "proved on the screen only"
    if re.search(r"^Proof ", screen, flags=re.M) and not proved:
        yield "a proof of nothing"
    for one in values["questions"]:
        way = re.search(r"([\d.]+) (?:% )?-> (?:quality )?([\d.]+)", one["why"])
        whole = not re.search("not by itself|train on|train_size", one["why"])
        if one["answer"] and whole and (way is None or not float(way[1]) < float(way[2])):
            yield "a yes without a gain"
    for remark in values["remarks"]:
        way = re.search(r"([\d.]+) (?:% )?-> (?:a quality of )?([\d.]+)", remark)
        if way is not None and not float(way[1]) <= float(way[2]):  # they are rounded
            yield "a gain that is a loss"
    if values["fix"] is not None and not (shown and is_better(was.fix.before, was.fix.after)):
        yield "a fix that mends nothing"
    rate = was.settings.rate
    if rate is not None and math.isfinite(rate) and was.value("update-finite") != 0 and "nan-hyperparameter" in names:
        yield "the rate is a number"
    if was.wording.examples != "images" and re.search(r"\bimages?\b(?!-\s*axes)", screen + long, flags=re.I):
        yield "images where there are none"
    gained = any(math.inf > to > was.before.quality + 0.05 for *_, to in was.tried if was.before is not None)
    if "makes a difference" in screen + long and (shown or gained):
        yield "something did"
    if values["judged_after"] and not values["judged_after"]["steps"] < values["judged_after"]["of"]:
        yield "judged after its end"
    for text in (screen, long):
        found = re.search(
            r"\bnan\b(?!-)|(?<!float\(')\binf\b|\bNone\b(?! )",
            re.sub(r"kernel_regularizer=None|np\.inf|# was\s+(nan|inf)", "", text),
        )
        if found:
            yield f"no number: {text[max(0, found.start() - 60) : found.end() + 20]!r}"
    if was.settings.widths is not None and was.settings.widths[-1] == 1:
        said_words = [one["change"]["words"] for one in verdict if one["change"]]
        if any(
            re.search(r"nn\.CrossEntropyLoss\(|SparseCategorical|cost = .softmax|a softmax", words)
            for words in said_words
        ):
            yield "several classes for one output"


@pytest.mark.slow
def test_nothing_that_is_said_is_contradicted_by_a_number(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    r = random.Random(0)
    states = set()
    for index in range(MANY):
        one = any_diagnosis(r)
        screen = diagnosis_in_words(one)
        rows = screen.splitlines()
        assert len(rows) <= 20, screen
        assert max(map(len, rows)) <= 80, screen
        values = diagnosis_as_dict(one)
        states.add(values["state"])
        long = diagnosis_in_words(one, verbose=True) if index % 4 == 0 else ""
        found = list(contradictions(one, values, screen, long))
        assert not found, (index, found, one, screen)
        if index % 20 == 0:
            json.dumps(values)
            assert "<script>alert" not in diagnosis_html(one)
    assert states == set(get_args(State))


def test_what_is_checked_once_is_left_alone_and_nothing_is_changed_in_place():
    r = random.Random(1)
    for _ in range(500):
        one = any_diagnosis(r)
        kept = repr(copy.copy(one))
        found = checked(one)
        assert repr(one) == kept
        assert repr(checked(found)) == repr(found)


IMAGES = Wording(examples="images")
BAD, GOOD = Outcome(2.30, 0.1, one_answer=1.0), Outcome(0.2, 0.93, one_answer=0.1)
CAUSE = Finding("lr-too-low", "proved", (), Change("rate", {"times": 10}), BAD, GOOD, seeds=3)
SICK = Diagnosis("constant-answer", 2.3, [CAUSE], before=BAD, yardstick=0.92, wording=IMAGES, patient="mine")


@pytest.mark.parametrize(
    ("change", "state"),
    [
        ({}, "constant-answer"),
        ({"before": replace(BAD, quality=0.6, one_answer=0.3, cost=1.0)}, "underfits"),
        ({"before": replace(BAD, quality=0.6, one_answer=0.3, cost=2.3)}, "constant-answer"),
        ({"state": "stalled", "before": GOOD}, "healthy"),
        ({"state": "healthy", "before": replace(BAD, one_answer=0.3, cost=1.0)}, "underfits"),
        ({"state": "healthy", "before": replace(GOOD, finite=False)}, "non-finite"),
        ({"state": "not-started", "before": None}, "not-examined"),
        ({"state": "bad-data", "before": None}, "bad-data"),
        ({"state": "underfits", "before": replace(GOOD, quality=0.5), "judged_after": (10, 99)}, "undertrained"),
        ({"state": "classes-missing", "before": GOOD}, "healthy"),
    ],
)
def test_a_state_is_one_that_its_numbers_allow(change, state):
    assert checked(replace(SICK, **change)).state == state


def test_a_cost_at_the_floor_is_not_said_to_be_one_prediction():
    text = diagnosis_in_words(replace(SICK, before=replace(BAD, quality=0.6, one_answer=0.3)))
    assert "that of the best constant prediction" in text.replace("\n  ", " ")
    assert "same prediction" not in text
    assert "every image gets the same prediction" in diagnosis_in_words(SICK)
    assert "every example gets the same prediction" in diagnosis_in_words(replace(SICK, wording=Wording()))


def test_too_few_seeds_or_no_gain_are_no_proof():
    for weak in (
        replace(CAUSE, seeds=2),
        replace(CAUSE, after=BAD),
        replace(CAUSE, after=None),
        replace(CAUSE, after=replace(GOOD, finite=False)),
    ):
        found = checked(replace(SICK, verdict=[weak], fix=Fix((CAUSE.change,), BAD, GOOD)))
        assert [one.status for one in found.verdict] == ["suspected"]
        assert found.fix is None
    mended = replace(CAUSE, seeds=0, change=Change("mend", {"mistakes": ("wrong-term",)}))
    assert checked(replace(SICK, verdict=[mended])).verdict[0].status == "found"


def test_a_cause_is_not_both_the_reason_and_cleared():
    both = replace(SICK, acquitted=[Acquittal("lr-too-low", CAUSE.change, alone=0.0)])
    assert checked(both).acquitted == []
    suspected = replace(both, verdict=[replace(CAUSE, status="suspected")])
    assert checked(suspected).verdict == []


def test_one_screen_holds_the_answer_the_evidence_the_change_and_the_proof(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    finding = replace(CAUSE, evidence=(SATURATED["start"].measured(1),))
    fix = Fix((CAUSE.change,), BAD, replace(GOOD, test_quality=0.926), "epochs = 3\n")
    full = replace(SICK, verdict=[finding], fix=fix, settings=Settings(rate=0.1))
    text = diagnosis_in_words(full)
    assert text == (
        "mine: every image gets the same prediction (10 % right; a linear classifier\n"
        "  reaches 92 %).\n"
        "\n"
        "Why    The steps are too short.                                           proved\n"
        "           saturated hidden activations  100 %   usual: below 30 %\n"
        "Change learning_rate = 1                      # was 0.1\n"
        "Proof  same seeds, same order, only that changed: 10 % -> 93 % (3 seeds); to the\n"
        "       end, 92.6 % of the test set\n"
        "Next   whynet diagnose mine -v | --page FILE | --apply FILE"
    )
    page = diagnosis_html(full)
    for shown in ("Every image gets the same prediction", "learning_rate = 1", "lr-too-low"):
        assert shown in page
    values = diagnosis_as_dict(full)
    assert values["fix"]["recipe"] == {"epochs": 3}
    assert values["verdict"][0]["change"] == {"kind": "rate", "numbers": {"times": 10}, "words": "learning_rate = 1"}
    assert values["linear_accuracy"] == values["yardstick"] == 0.92


def test_a_problem_without_classes_speaks_of_its_metric():
    before = Outcome(2.3, 0.1, Metric("RMSE", 2.0))
    one = Diagnosis("underfits", before=before, yardstick=0.7, yardstick_name="a linear model")
    assert diagnosis_in_words(one).startswith(
        "It is worse than a linear model, and no longer getting better (RMSE 2; quality"
    )
    values = diagnosis_as_dict(one)
    assert values["linear_accuracy"] is None
    assert values["yardstick"] == 0.7


def test_what_the_verdict_changes_is_not_listed_as_not_the_reason():
    rate = Question("rate", Change("rate", {"times": 0.1}), False, 0.1, 0.1)
    epochs = Question("epochs", Change("epochs", {"times": 3}), False, 0.1, 0.104)
    text = diagnosis_in_words(replace(SICK, questions=[rate, epochs]))
    assert "Not    epochs: tried alone, gains not a point." in text


@pytest.mark.parametrize("library", LIBRARIES)
def test_every_change_is_said_by_every_library(library):
    r = random.Random(2)
    wording = Wording(library)
    for kind in get_args(ChangeKind):
        for _ in range(20):
            words = say(Change(kind, NUMBERS[kind](r)), Diagnosis("healthy", wording=wording))
            assert words
            assert words.count("`") % 2 == 0
            assert not re.search(r"\b(slope|share|answer)s?\b", words), words
    of_libraries = {"crossed-targets", IDLE, CLIPPED, FADED, RISEN}  # no recipe can make them
    assert {mended_as(name) for name in get_args(FaultName)} | of_libraries == set(PLAIN)


def test_a_rate_is_said_in_the_measure_of_the_library():
    settings = Settings(optimizer="sgd", rate=0.1, momentum=0.9)
    words = say(Change("rate", {"times": 10}), Diagnosis("healthy", settings=settings, wording=Wording("PyTorch", 0.5)))
    assert words == "`torch.optim.SGD(model.parameters(), lr=0.5, momentum=0.9)`"
    unknown = replace(Diagnosis("healthy"), wording=Wording("PyTorch"))
    assert say(Change("rate", {"times": 10}), unknown) == "10 times the learning rate"
    other = replace(
        unknown, settings=Settings(optimizer="other", rate=0.1), wording=Wording("PyTorch", optimizer="Adagrad")
    )
    assert say(Change("rate", {"times": 10}), other) == "`torch.optim.Adagrad(model.parameters(), lr=1)`"


def test_a_text_of_a_library_is_left_as_it_is():
    assert "no kernel image is available" in diagnosis_in_words(
        replace(SICK, wording=Wording(), remarks=[said("no kernel image is available")])
    )


def test_what_is_out_of_the_usual_is_marked():
    facts = (SATURATED["start"].measured(1), DEAD["start"].measured(0.1))
    one = replace(SICK, verdict=[replace(CAUSE, evidence=facts)])
    text = diagnosis_in_words(one, verbose=True)
    assert "100 % ! usual: below 30 %" in text and "10 %   usual: below 50 %" in text
    page = diagnosis_html(one)
    assert '<td class="unusual" title="out of what is usual">! 100 %</td>' in page and "<td>10 %</td>" in page


def test_words_need_no_numpy():
    code = "import sys, whynet.report.wording, whynet.report.wording.symptoms; print('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"


def test_the_command_that_is_suggested_for_a_program_gives_it_its_own_arguments():
    seen = {"loop_line": 3, "arguments": ["--data", "my digits"]}
    text = diagnosis_in_words(Diagnosis("not-examined", patient="train.py", xray=seen))
    assert "whynet diagnose -v train.py --data 'my digits'" in " ".join(text.split())
