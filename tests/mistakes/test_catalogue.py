"""Every entry of the catalogue is planted, and found again: in a recipe by the doctor, in hand-written code by its
forensics. The table makes and recognises; what is independent of it is in `handmade.py` and `planted.py`."""

import itertools
import random

import numpy as np
import pytest

import whynet
from whynet.doctor.case import Case
from whynet.doctor.causes import names
from whynet.doctor.diagnosis import Settings
from whynet.doctor.symptoms.gradient import CHECK_ROWS, audit_gradient
from whynet.engines.base import backpropagate
from whynet.mistakes.catalogue import CATALOGUE, NAMED, WHOLE, cause_of, mended_as, placed, plant
from whynet.mistakes.data import DATA
from whynet.mistakes.forward import FORWARD
from whynet.mistakes.gradient import KINDS
from whynet.mistakes.measuring import MEASURING
from whynet.mistakes.update import UPDATES
from whynet.subjects.diagnose import diagnose
from whynet.subjects.own_code.anatomy import identify
from whynet.subjects.own_code.code import Code, Examples
from whynet.subjects.own_code.forensics import ROWS, examine
from whynet.subjects.recipe import RecipeSubject
from whynet.training.checking import own_check
from whynet.training.loop import Training
from whynet.training.prepare import prepare

GRADIENT = sorted({*KINDS, *NAMED, *WHOLE} - FORWARD.keys())
NETS = [
    ("sigmoid", "quadratic"), ("tanh", "softmax-cross-entropy"), ("relu", "sigmoid-cross-entropy"),
    ("tanh", "quadratic"), ("sigmoid", "softmax-cross-entropy"),
]  # fmt: skip
SLOW = range(1, 4)  # seeds


def planted(faults, act, cost, width, data):
    """Three hidden layers as wide as the outputs, or as a batch has rows: some mistakes need equal shapes."""
    return prepare(
        whynet.Recipe(
            hidden=(width,) * 3, activation=act, cost=cost, faults=faults, dtype="float64", init="glorot",
            bias_init="normal(0, 0.3)",
        ),
        data,
    )  # fmt: skip


def gradient(prepared):
    examples, network = prepared.task.examples, prepared.task.network
    X = examples.features(np.arange(CHECK_ROWS), np.dtype(np.float64))
    targets = examples.targets[examples.labels[:CHECK_ROWS]]
    return prepared.task.backward(network, network.forward(X), targets).vector


def same(a, b):
    return np.linalg.norm(a - b) <= 1e-9 * np.linalg.norm(a)


def fitting(prepared):
    """What the doctor takes the mistakes for."""
    case = Case(Settings(cost=prepared.recipe.cost), layers=4, rows=100, available=100, classes=10, features=64)
    audit_gradient(case, Training(prepared))
    return case.fitting


def alike(name):
    """The names that stand for the same numbers."""
    names = {name, *(KINDS[name].like if name in KINDS else ())}
    places = {one for other in names - {"sound"} for one in placed(other, 4)}
    return names | {other for other in NAMED if set(placed(other, 4)) <= places}


def test_every_entry_has_a_cause_of_the_closed_list_and_words():
    assert {cause_of(name) for name in (*CATALOGUE, *NAMED, *WHOLE)} <= set(names())
    assert all(kind.words and "." not in kind.words[-1] for kind in CATALOGUE.values())
    assert {other for kind in CATALOGUE.values() for other in kind.like} <= {*KINDS, "sound"}


@pytest.mark.thinned(3)
@pytest.mark.parametrize("name", [name for name in GRADIENT if name in NAMED or name in WHOLE or not KINDS[name].like])
def test_a_planted_mistake_is_named_by_the_doctor(name, digits):
    for (act, cost), width in itertools.product(NETS, (CHECK_ROWS, 10)):
        prepared = planted((name,), act, cost, width, digits)
        if same(gradient(prepared), gradient(planted((), act, cost, width, digits))):
            continue  # this network cannot make it
        found = fitting(prepared)
        if set(found) & alike(name):
            assert mended_as(name) in found or set(found) <= alike(name)
            return
    pytest.fail("no network makes it, or none where it is named")


@pytest.mark.parametrize("name", [name for name, kind in KINDS.items() if kind.like and name not in FORWARD])
def test_what_cannot_be_told_from_another_is_taken_for_that_one(name, digits):
    seen = set()
    for act, cost in NETS:
        prepared = planted((name,), act, cost, 10, digits)
        right = same(gradient(prepared), gradient(planted((), act, cost, 10, digits)))
        seen |= {"sound"} if right else {*fitting(prepared)}
    others = {same for other in KINDS[name].like if other in KINDS for same in alike(other)}
    assert seen & others if others else seen == {"sound"}


@pytest.mark.slow  # test_forensics.py does so with mistakes of its own
@pytest.mark.parametrize("name", GRADIENT)
def test_a_planted_mistake_is_named_in_hand_written_code(name):
    rng = np.random.default_rng(0)
    X, targets = rng.random((40, 6)), np.eye(10)[rng.integers(10, size=40)]
    sound = prepare(whynet.Recipe(), whynet.load("digits")).task
    for (act, cost), width in itertools.product(NETS, (ROWS, 10)):
        network = whynet.Network([6, width, width, width, 10], activation=act, cost=cost, dtype="float64")
        backward = plant(sound._replace(network=network), [name]).backward
        code = Code(
            [array for _, array in network.params.named()],
            lambda X, y, network=network: network.cost.value(network.scores(X), y),
            lambda X, y, network=network, backward=backward: [
                array.copy() for _, array in backward(network, network.forward(X), y).named()
            ],
            examples=Examples((X, targets)),
        )
        found = examine(code, identify(code))
        likely = (
            {cause_of(name), *(KINDS[like].cause for like in KINDS[name].like if like in KINDS)}
            if name in KINDS
            else {cause_of(name)}
        )
        if found.explained and likely & {one.cause for one in found.mistakes}:
            return
    assert name in KINDS and KINDS[name].like == ("sound",)


def check_pairs(seed, wanted, data):
    """Two at once, each of which changes something beside the other."""
    r = random.Random(seed)
    names = [*(name for name in GRADIENT if name != "naive-sigmoid"), "no-biases"]
    missed, tried = [], 0
    while tried < wanted:
        pair, (act, cost), width = tuple(r.sample(names, 2)), r.choice(NETS), r.choice((CHECK_ROWS, 10))
        right, first, second, both = (
            gradient(planted(faults, act, cost, width, data)) for faults in ((), pair[:1], pair[1:], pair)
        )
        if "no-biases" in pair and any(one.part == "b" for name in pair for one in placed(name, 4) if name in KINDS):
            continue  # what has no effect cannot be wrong
        if any(same(a, b) for a, b in itertools.combinations((right, first, second, both), 2)):
            continue
        tried += 1
        found = fitting(planted(pair, act, cost, width, data))
        likely = [{mended_as(one) for one in alike(name)} for name in pair]
        missed += [] if all(names & set(found) for names in likely) else [(*pair, act, cost, width, found)]
    return missed


@pytest.mark.slow
def test_two_planted_at_once_are_both_named(digits):
    assert check_pairs(0, 6, digits) == []  # hundreds of them are a slow test


@pytest.mark.slow
@pytest.mark.parametrize("seed", SLOW)
def test_hundreds_of_pairs(seed, digits):
    missed = check_pairs(seed, 100, digits)
    assert len(missed) <= 5, missed  # some give the same numbers as a third


@pytest.mark.parametrize("name", sorted({*DATA, *MEASURING, *UPDATES, *FORWARD}))
def test_every_other_mistake_spoils_its_part_and_no_other(name, digits):
    recipe = whynet.Recipe(hidden=(5,), momentum=0.3, validation_size=100)
    sound, spoilt = prepare(recipe, digits), prepare(recipe.but(faults=(name,)), digits)
    changed = {
        "train": not np.array_equal(sound.train.inputs, spoilt.train.inputs)
        or not np.array_equal(sound.train.labels, spoilt.train.labels),
        "loader": not np.array_equal(sound.validation.inputs, spoilt.validation.inputs),
        "test": not np.array_equal(sound.test.inputs, spoilt.test.inputs)
        or not np.array_equal(sound.test.labels, spoilt.test.labels),
        "order": len(sound.train) == len(spoilt.train)
        and not np.array_equal(next(sound.orders()), next(spoilt.orders())),
        "forward": type(sound.task.network.cost) is not type(spoilt.task.network.cost)
        or sound.task.network.layers != spoilt.task.network.layers,
        "update": sound.task.optimizer != spoilt.task.optimizer,
        "count": sound.count_right is not spoilt.count_right,
        "check": own_check(spoilt.recipe) is not None,
    }
    part = CATALOGUE[name].part
    seen = {"loader": {"train", "loader", "test"}}.get(part, {part})
    assert {one for one, other in changed.items() if other} == seen


@pytest.mark.parametrize("name", sorted({*FORWARD, *UPDATES} - {"undefined-rate"}))
def test_a_mistake_in_the_way_forward_or_in_the_update_is_named_by_the_doctor(name, digits):
    recipe = whynet.Recipe(hidden=(8,), momentum=0.3, learning_rate=0.03, faults=(name,), init="glorot")
    case = RecipeSubject(recipe.but(epochs=1), digits).examine()
    assert name in case.fitting or case.value("rows-sum") > 0.01


def test_a_right_gradient_fits_no_mistake(digits):
    for act, cost in NETS:
        prepared = planted((), act, cost, 10, digits)
        assert prepared.task.backward is backpropagate and fitting(prepared) == ()


def test_a_wrong_term_in_a_network_without_biases(digits):
    assert set(fitting(planted(("no-biases", "wrong-term"), "sigmoid", "quadratic", 10, digits))) == {
        "no-biases", "wrong-term"
    }  # fmt: skip


def test_a_mistake_that_no_change_names_is_mended_by_its_cause(digits):
    recipe = whynet.Recipe(hidden=(30,), faults=("target-for-error",), epochs=5, learning_rate=0.3)
    found = diagnose(recipe, digits)
    assert (found.verdict[0].cause, found.verdict[0].status) == ("gradient-wrong-term", "proved")
    assert "target-for-error" not in found.fix.recipe
