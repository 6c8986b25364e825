"""The search and the proof, on a subject whose every outcome is written down."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from whynet.doctor import proof, questions
from whynet.doctor.arms import Arms, merged
from whynet.doctor.budget import LEAST, MOST, Effort
from whynet.doctor.case import Case
from whynet.doctor.causes import cause, names
from whynet.doctor.change import Change, Wording
from whynet.doctor.diagnose import examine
from whynet.doctor.diagnosis import Finding, Outcome, Settings
from whynet.doctor.states import state_of
from whynet.doctor.symptoms.declared import SYMPTOMS


class Toy:
    """A patient whose quality is a table: the best row whose changes are all made; `noise` moves it by the seed."""

    seed, wording = 0, Wording("whynet")

    def __init__(self, table, *, settings=None, symptoms=(), noise=0.002, total=1000, refused=(), known=(), end=None):
        self.table, self.noise, self.total, self.refused = table, noise, total, set(refused)
        self.settings = settings or Settings(rate=0.1, batch=100, epochs=2, optimizer="sgd", activation="tanh")
        self.symptoms, self.known, self.end = symptoms, known, end or {}
        self.trained = []

    def quality(self, changes, seed=0):
        kinds = {change.kind for change in changes}
        best = max((value for needed, value in self.table.items() if set(needed) <= kinds), default=0.1)
        return min(1.0, max(0.0, best + self.noise * float(np.random.default_rng([seed, len(kinds)]).normal())))

    def examine(self, stop):
        case = Case(self.settings, layers=2, rows=5000, available=5000, classes=10, features=64)
        case.before = Outcome(cost=2.3, quality=self.quality(()), recalls=(0.1,) * 10, one_answer=0.5, steps=self.total)
        case.steps = (self.total, self.total)
        noted = {"cost": 2.0, "start-cost": 2.3, "floor": 1.0, "linear-accuracy": 0.92, "standard-error": 0.003,
                 "still-falling": 0.0, "largest-class": 0.12, "steps": 5000, "constant-accuracy": 0.1}  # fmt: skip
        for name, value in {**noted, **dict(self.symptoms)}.items():
            case.note(SYMPTOMS[name], value)
        case.findings = list(self.known)
        return case

    def why_not(self, changes):
        refused = {change.kind for change in changes} & self.refused
        return f"it has no {refused.pop()}" if refused else None

    def alike(self, first, second):
        return set(first) == set(second)

    def steps(self, changes):
        longer = [
            change.numbers["times"] for change in changes if change.kind == "epochs" and "times" in change.numbers
        ]
        return int(self.total * (longer[-1] if longer else 1))

    def work(self, arm):
        return 1e6 * arm.steps

    def run(self, arms, stop=lambda: False):
        self.trained += arms
        return [Outcome(cost=1.0, quality=self.quality(a.changes, a.seed), steps=a.steps, recalls=()) for a in arms]


def causes(found, *statuses):
    return {one.cause for one in found.verdict if one.status in (statuses or ("proved",))}


STARTS_BADLY = {"one-sided-push": 20.0, "saturated-start": 1.0}


def test_one_change_that_restores_learning_is_proved_over_three_seeds():
    found = examine(Toy({("weights",): 0.95}, symptoms=STARTS_BADLY))
    first = found.verdict[0]
    assert (first.cause, first.status, first.seeds, first.with_) == ("init-positive-saturation", "proved", 3, ())
    assert found.fix.changes == (first.change,)
    assert found.fix.after.quality == pytest.approx(0.95, abs=0.01)


def test_a_set_is_proved_only_where_each_of_it_is_needed():
    found = examine(Toy({("weights", "rate"): 0.95, ("weights",): 0.3}, symptoms=STARTS_BADLY))
    assert "init-positive-saturation" in causes(found)
    assert {change.kind for change in found.fix.changes} == {"weights", "rate"}
    proved = next(one for one in found.verdict if one.cause == "init-positive-saturation")
    assert proved.with_ and proved.with_[0].startswith("lr-too-")


def test_a_gain_that_stays_short_helps_and_the_cause_is_elsewhere():
    found = examine(Toy({("weights",): 0.4}, symptoms=STARTS_BADLY))
    assert causes(found) == set()
    assert "init-positive-saturation" in causes(found, "helps")
    assert "gain-elsewhere" in {remark.kind for remark in found.remarks}
    assert found.fix is None


def test_while_a_defect_of_the_output_is_measured_nothing_else_is_proved():
    settings = Settings(rate=0.1, batch=100, epochs=2, cost="softmax-cross-entropy", output="softmax")
    found = examine(Toy({("weights",): 0.95}, settings=settings, symptoms=STARTS_BADLY, refused={"output"}))
    assert causes(found) == set() and "init-positive-saturation" in causes(found, "helps")
    mended = examine(Toy({("output",): 0.95}, settings=settings))
    assert causes(mended) == {"wrong-output-activation"}


def test_a_cost_that_is_merely_slow_is_a_rival_and_no_defect():
    settings = Settings(rate=0.1, batch=100, epochs=2, cost="quadratic", output="sigmoid")
    found = examine(Toy({("weights",): 0.95}, settings=settings, symptoms=STARTS_BADLY))
    assert causes(found) == {"init-positive-saturation"}


def test_a_gain_up_to_a_constant_prediction_is_no_learning():
    found = examine(Toy({("weights",): 0.5}, symptoms={**STARTS_BADLY, "constant-accuracy": 0.5, "largest-class": 0.5}))
    assert causes(found, "proved", "helps") == set()


@pytest.mark.parametrize(("before", "proved"), [(0.85, False), (0.5, True)])
def test_a_network_that_learns_well_is_not_ill_because_more_epochs_gain_a_little(before, proved):
    found = examine(Toy({(): before, ("epochs",): 0.93}, symptoms={"still-falling": 0.1, "steps": 200}))
    assert ("undertrained" in causes(found)) == proved
    assert "undertrained" in causes(found, "proved", "suspected")
    assert causes(found, "helps", "found") == set()


def test_gains_of_one_seed_are_not_proved():
    found = examine(Toy({("weights",): 0.5, (): 0.3}, symptoms=STARTS_BADLY, noise=0.3))
    assert all(one.seeds >= 3 for one in found.verdict if one.status == "proved")


def test_what_cannot_be_tried_is_said():
    found = examine(Toy({("rate",): 0.95}, symptoms=STARTS_BADLY, refused={"weights"}))
    assert ("init-positive-saturation", "it has no weights") in [tuple(gap) for gap in found.not_examined]
    assert "init-positive-saturation" not in causes(found)


def test_where_nothing_helps_everything_that_was_tried_is_listed():
    found = examine(Toy({}, symptoms=STARTS_BADLY))
    tried = next(remark for remark in found.remarks if remark.kind == "tried")
    assert {"weights", "rate", "epochs"} <= {change.kind for change in tried.numbers["changes"]}
    assert causes(found) == set() and found.acquitted == []


def test_what_does_nothing_alone_and_beside_the_cure_is_cleared_at_equal_steps_or_says_that_it_is_not():
    found = examine(Toy({("weights",): 0.95}, symptoms=STARTS_BADLY))
    cleared = {one.cause: one.equal_steps for one in found.acquitted}
    assert cleared["lr-too-low"] and not cleared["undertrained"]
    asked = {one.about: one for one in found.questions}
    assert asked["initial weights"].answer and not asked["rate too low"].answer
    assert not asked["epochs"].equal_steps and asked["rate too high"].equal_steps


def test_a_cure_that_is_worse_on_fresh_seeds_is_not_given():
    class Lucky(Toy):
        def quality(self, changes, seed=0):
            return 0.05 if changes and seed >= 9 else Toy.quality(self, changes, seed)

    found = examine(Lucky({("weights",): 0.95}, symptoms=STARTS_BADLY))
    assert found.fix is None
    assert "not-on-fresh-seeds" in {remark.kind for remark in found.remarks}


def test_what_the_patient_reaches_by_itself_in_the_end_is_no_proof():
    class Late(Toy):
        def examine(self, stop):
            case = Toy.examine(self, stop)
            case.before = replace(case.before, steps=100, whole=False)
            case.steps = (100, self.total)
            return case

        def run(self, arms, stop=lambda: False):
            ends = Toy.run(self, arms)
            return [replace(one, quality=0.95) if one.steps >= self.total else one for one in ends]

    found = examine(Late({("weights",): 0.95}, symptoms=STARTS_BADLY))
    assert "catches-up" in {remark.kind for remark in found.remarks}
    assert causes(found) == set() and found.fix is None


def test_nothing_that_could_be_trained_is_not_examined():
    class Silent(Toy):
        def examine(self, stop):
            case = Toy.examine(self, stop)
            case.before = None
            return case

    bias = Finding("bias-not-updated", "found")
    found = examine(Silent({}, known=[bias]))
    assert (found.state, found.verdict) == ("not-examined", [bias])


def test_one_effort_gives_the_same_diagnosis_whatever_the_clock_says():
    class Slow(Toy):
        def run(self, arms, stop=lambda: False):
            import time

            time.sleep(0.01)
            return Toy.run(self, arms, stop)

    table = {("weights", "rate"): 0.95, ("weights",): 0.3}
    first, second = Toy(table, symptoms=STARTS_BADLY), Slow(table, symptoms=STARTS_BADLY)
    one, other = examine(first), examine(second)
    assert first.trained == second.trained
    assert (one.verdict, one.acquitted, one.questions) == (other.verdict, other.acquitted, other.questions)


def test_the_cap_in_seconds_cuts_and_says_what():
    found = examine(Toy({("weights",): 0.95}, symptoms=STARTS_BADLY), budget=1e-9)
    cut = next(remark for remark in found.remarks if remark.kind == "cut")
    assert "single changes" in cut.numbers["what"][0] and causes(found) == set()


def test_an_interrupt_shows_what_is_known_so_far():
    class Interrupted(Toy):
        def run(self, arms, stop=lambda: False):
            if any(arm.seed for arm in arms):
                raise KeyboardInterrupt
            return Toy.run(self, arms, stop)

    found = examine(Interrupted({("weights",): 0.95}, symptoms=STARTS_BADLY))
    assert "interrupted" in {remark.kind for remark in found.remarks}
    assert "init-positive-saturation" in causes(found, "suspected")


def test_a_suspicion_never_stands_above_a_proved_cause():
    order = ["proved", "helps", "found", "suspected"]
    for table in ({("weights",): 0.95}, {("weights",): 0.4}, {}, {("rate",): 0.95}):
        found = examine(Toy(table, symptoms=STARTS_BADLY, known=[Finding("no-bias", "found")]))
        places = [order.index(one.status) for one in found.verdict]
        assert places == sorted(places)


@pytest.mark.parametrize("total", [30, 1000, 100_000, 10_000_000])
@pytest.mark.parametrize("effort", [3.0, 30.0])
def test_the_search_keeps_to_its_effort(total, effort):
    toy = Toy({("weights", "rate"): 0.95, ("weights",): 0.3}, symptoms=STARTS_BADLY, total=total)
    found = examine(toy, effort=effort)
    unit = min(max(1e6 * total, LEAST), MOST)
    shortened = [arm for arm in toy.trained if arm.steps < toy.steps(arm.changes)]
    spent = sum(toy.work(arm) for arm in shortened) / unit
    assert spent <= 2 * effort  # proofs that were begun are finished
    assert found.effort <= 2 * effort


# ---- proof


@given(st.lists(st.floats(-1, 1), min_size=3, max_size=9), st.floats(0, 0.2))
def test_what_is_sure_is_a_gain_in_every_seed_and_above_two_standard_errors(gains, least):
    mean = sum(gains) / len(gains)
    spread = math.sqrt(sum((gain - mean) ** 2 for gain in gains) / (len(gains) - 1))
    expected = mean > max(least, 2 * spread / math.sqrt(len(gains))) and min(gains) > -0.01
    assert proof.is_sure(np.array(gains), least) == expected


def test_two_seeds_prove_nothing():
    assert not proof.is_sure(np.array([0.5, 0.6]), 0.02)


def test_effort_is_counted_in_trainings_between_least_and_most():
    assert Effort(own=1.0).unit == LEAST and Effort(own=1e15).unit == MOST
    effort = Effort(own=1.5e10, times=2)
    effort.spend(1.5e10)
    assert effort.allows("more", 0.6) and not effort.allows("more", 0.5)


def test_later_changes_of_the_same_thing_take_the_place_of_earlier_ones():
    slow, fast = Change("rate", {"times": 0.1}), Change("rate", {"times": 10.0})
    mend = Change("mend", {"mistakes": ("raw-momentum",)})
    assert merged([slow, mend, fast]) == (mend, fast)


def test_a_shortened_trial_takes_the_same_fraction_of_its_own_steps():
    toy = Toy({}, total=10_000_000)
    arms = Arms(toy, toy.examine(lambda: False), Effort(own=1e13))
    longer = Change("epochs", {"times": 3, "epochs": 6})
    assert arms.arm((longer,)).steps == pytest.approx(3 * arms.arm(()).steps, abs=3)
    assert arms.arm(()).steps < toy.total and not arms.equal_steps((longer,))


def test_every_question_of_a_cause_is_asked():
    known = Settings(rate=0.1, epochs=2, widths=(2, 5, 2))
    asked = questions.changes_of(Case(known, layers=2, rows=100, available=1000, classes=2, features=2))
    assert {cause(name).QUESTION for name in names()} == {None, *asked}


# ---- states


def case(**noted):
    found = Case(Settings(), layers=2, rows=4, available=4, classes=2, features=2)
    for name, value in noted.items():
        found.note(SYMPTOMS[name.replace("_", "-")], value)
    return found


def test_four_rows_that_are_all_right_are_healthy():
    found = case(cost=0.01, start_cost=0.7, floor=0.69, linear_accuracy=1.0, largest_class=0.5, neighbours_agree=0.0)
    found.before = Outcome(cost=0.01, quality=1.0, recalls=(1.0, 1.0), one_answer=0.5)
    assert state_of(found) == "healthy"


def test_a_test_set_far_below_validation_is_bad_data():
    found = case(cost=0.1, start_cost=2.3, floor=2.3, linear_accuracy=0.9, largest_class=0.1, test_loss=0.5)
    found.before = Outcome(cost=0.1, quality=0.95, recalls=(0.95,) * 10)
    assert state_of(found) == "bad-data"


@pytest.mark.parametrize("recalls", [(0.0, 0.9), (0.6, 0.7)])
def test_states_that_need_the_end_are_withheld_before_it(recalls):
    found = case(cost=1.0, start_cost=2.3, floor=0.2, linear_accuracy=0.95, largest_class=0.5, still_falling=0.2)
    found.before = Outcome(cost=1.0, quality=0.6, recalls=recalls, one_answer=0.6)
    found.classes, found.steps = 10, (94, 252)
    assert state_of(found) == "not-examined"
    found.steps = (252, 252)
    assert state_of(found) in ("classes-missing", "undertrained")
