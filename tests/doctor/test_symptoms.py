"""What is measured, against slow and independent spellings: loops over rows, units and layers."""

from __future__ import annotations

import ast
import dataclasses
import math

import numpy as np
import pytest

from support import ROOT
from whynet.doctor.case import Case
from whynet.doctor.diagnosis import Outcome, Settings
from whynet.doctor.normal import About, Above, Anything, AtLeast, Below, Between, Exactly
from whynet.doctor.symptom import Symptom
from whynet.doctor.symptoms.course import pauses
from whynet.doctor.symptoms.data import (
    copies,
    measure_classes,
    measure_copies,
    measure_inputs,
    measure_order,
    measure_pixels,
    nearest_neighbour,
    neighbours_agree,
)
from whynet.doctor.symptoms.declared import SYMPTOMS
from whynet.doctor.symptoms.quality import measure_quality
from whynet.doctor.symptoms.units import measure_rank, measure_units, outputs_measured
from whynet.doctor.symptoms.weights import measure_first_layer, measure_gradients, measure_step, measure_weights
from whynet.subjects.plants import SOUND
from whynet.subjects.recipe import RecipeSubject


@pytest.fixture
def case():
    return Case(Settings(), layers=2, rows=10, available=10, classes=3, features=4)


def close(case, **expected):
    for name, value in expected.items():
        assert case.value(name.replace("_", "-")) == pytest.approx(value, rel=1e-9), name


# ---- declarations


def declarations():
    """The name of each symptom that is made anywhere in the package, and the file."""
    for path in sorted((ROOT / "src" / "whynet").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Symptom":
                yield node.args[0].value, path


def test_each_symptom_is_declared_once_where_it_is_measured():
    found = list(declarations())
    assert sorted(name for name, _ in found) == sorted(SYMPTOMS)
    assert {path.parent.name for _, path in found} == {"symptoms"}


@pytest.mark.parametrize("name", sorted(SYMPTOMS))
def test_a_symptom_has_a_name_words_and_a_normal_that_is_said(name):
    symptom = SYMPTOMS[name]
    assert name == name.lower() and " " not in name
    assert symptom.words and not symptom.words.endswith(".") and "image" not in symptom.words
    fields = {field.name for field in dataclasses.fields(symptom.normal)}
    open_number = "number" in fields and math.isnan(symptom.normal.number)
    assert bool(symptom.normal.said()) is not (open_number or symptom.normal == Anything())
    told = symptom.measured(0.5, at=0.4) if open_number else symptom.measured(0.5)
    assert bool(told.as_dict()["normal"]) is (symptom.normal != Anything())


@pytest.mark.parametrize("name", sorted(SOUND))
def test_what_a_healthy_network_shows_is_declared_and_normal(name, digits):
    measured = RecipeSubject(SOUND[name].but(epochs=20, seed=1), digits).examine().symptoms
    assert set(measured) <= set(SYMPTOMS)
    assert [fact.name for fact in measured.values() if fact.unusual] == []


@pytest.mark.parametrize(
    ("normal", "inside", "outside", "said"),
    [(Below(2), [-5, 1.99], [2, 3, math.inf], "below 2"), (Above(0.5), [0.51], [0.5, -1], "above 0.5"),
     (AtLeast(10), [10, 11], [9.99], "10 or more"), (Between(0.5, 2), [0.5, 1, 2], [0.49, 2.01], "0.5 to 2"),
     (Exactly(0), [0.0, 1e-4], [0.1, -1], "0"), (Exactly(0.1, rounding=0.05), [0.104], [0.11, 0.0], "0.1"),
     (About(0.1), [0.05, 0.2], [0.04, 0.21, -0.1], "about 0.1"), (Anything(), [0, math.inf, -1e9], [], "")],
)  # fmt: skip
def test_a_normal_holds_inside_its_bounds(normal, inside, outside, said):
    assert all(normal.holds(value) for value in inside)
    assert not any(normal.holds(value) for value in outside)
    assert normal.said() == said
    assert Symptom("x", "x", "", normal).measured(math.nan).unusual is False, "what is not known is not unusual"


def test_a_normal_without_its_number_holds_always_and_says_nothing():
    for normal in (Below(), Above(), AtLeast(), Exactly(), About()):
        assert normal.holds(-1e9) and normal.holds(1e9) and normal.said() == ""


# ---- the data


def test_inputs(case, rng):
    X = rng.normal(3, 2, (20, 18)) * 10.0 ** np.arange(-4, 14)[::-1].clip(-1, 1)
    X[:, 5], X[7] = 4.0, 4.0
    measure_inputs(case, X, pictures=True)
    values = [value for row in X.tolist() for value in row]
    mean = sum(values) / len(values)
    sd = math.sqrt(sum((value - mean) ** 2 for value in values) / len(values))
    sizes = sorted(max(abs(value) for value in column) for column in X.T.tolist() if len(set(column)) > 1)
    close(
        case, largest_input=max(map(abs, values)), input_offset=abs(mean) / sd,
        blank_rows=sum(len(set(row)) == 1 for row in X.tolist()) / 20,
        constant_features=sum(len(set(column)) == 1 for column in X.T.tolist()) / 18,
        feature_scales=sizes[-1] / sizes[(len(sizes) - 1) // 4],
    )  # fmt: skip


def test_one_large_feature_beside_one_small_one_is_seen(case):
    measure_inputs(case, np.array([[0.1, 1e3], [0.9, 5e3], [0.5, 9e3]]), pictures=False)
    assert case.value("feature-scales") == pytest.approx(1e4) and case.symptoms["feature-scales"].unusual
    assert "blank-rows" not in case.symptoms


def test_classes(case):
    labels = np.array([0, 0, 0, 0, 1, 1])
    measure_classes(case, labels, 3)
    shares = [sum(label == k for label in labels.tolist()) / 6 for k in range(3)]
    entropy = -sum(share * math.log(share) for share in shares if share)
    close(case, largest_class=max(shares), class_balance=entropy / math.log(3))
    assert case.symptoms["largest-class"].normal.number == pytest.approx(1 / 3)


@pytest.mark.parametrize("size", [1, 4])
def test_order(case, rng, size):
    labels = np.sort(rng.integers(3, size=40))
    order = np.arange(40)
    measure_order(case, labels, order, size)
    if size == 1:
        pairs = list(zip(labels[:-1].tolist(), labels[1:].tolist(), strict=True))
        close(case, same_class_in_a_row=sum(a == b for a, b in pairs) / len(pairs))
        assert case.symptoms["same-class-in-a-row"].unusual
    else:
        kinds = [len({int(label) for label in labels[start : start + 4]}) for start in range(0, 40, 4)]
        mixed = np.random.default_rng(0).integers(40, size=(10, 4))
        chance = [len({int(labels[row]) for row in rows}) for rows in mixed]
        close(case, classes_per_batch=(sum(kinds) / 10) / (sum(chance) / 10))
        assert case.symptoms["classes-per-batch"].unusual


def test_pixels(case, rng):
    X = rng.random((6, 12))
    measure_pixels(case, X, 4)
    left, right = [], []
    for row in X.reshape(6, 3, 4).tolist():
        for line in row:
            left += line[:-1]
            right += line[1:]
    close(case, neighbouring_pixels=np.corrcoef(left, right)[0, 1])


def test_neighbours(rng):
    X, labels = rng.normal(size=(30, 3)), rng.integers(3, size=30)
    held, known = rng.normal(size=(11, 3)), rng.integers(3, size=11)

    def nearest(one, others):
        return min(others, key=lambda i: sum((a - b) ** 2 for a, b in zip(one, X[i], strict=True)))

    agree = [labels[nearest(X[i], [j for j in range(30) if j != i])] == labels[i] for i in range(30)]
    right = [labels[nearest(one, range(30))] == label for one, label in zip(held, known, strict=True)]
    assert neighbours_agree(X, labels) == pytest.approx(sum(agree) / 30)
    assert nearest_neighbour(X, labels, held, known) == pytest.approx(sum(right) / 11)


@pytest.mark.parametrize("kind", [np.uint8, np.float32])
def test_copies(case, rng, kind):
    X, held = rng.integers(3, size=(40, 3)).astype(kind), rng.integers(3, size=(30, 3)).astype(kind)
    test = np.concatenate([X[:10], held[:5] + 7])
    rows = [tuple(row) for row in X.tolist()]
    ours, theirs = (sum(tuple(row) in rows for row in other.tolist()) / len(other) for other in (held, test))
    assert copies(X, held) == pytest.approx(ours) and copies(X, test) == pytest.approx(theirs)
    measure_copies(case, X, held, test)
    close(case, held_rows_in_training=ours, test_images_in_training=max(theirs - ours, 0))
    assert case.not_examined == []


def test_without_a_test_set_nothing_is_said_of_its_copies(case):
    measure_copies(case, np.eye(3), np.eye(3)[:1], None)
    assert "test-images-in-training" not in case.symptoms and case.not_examined[0].why == "there is no test set"


# ---- units and weights


def test_units(case, rng):
    z, linear = rng.normal(0, 6, (9, 4)), rng.normal(0, 6, (9, 5))
    z[:, 1] = -50
    linear[:, 2] = -1
    measure_units(case, "end", [("sigmoid", z), ("identity", z), ("relu", linear)])
    flat, spreads = 0, []
    for row in z.tolist():
        for value in row:
            a = 1 / (1 + math.exp(-value))
            flat += a * (1 - a) < 0.01 * 0.25
    for a in (1 / (1 + np.exp(-z)), np.maximum(linear, 0)):
        variances = [sum((v - sum(c) / 9) ** 2 for v in c) / 9 for c in a.T.tolist()]
        squares = [v * v for row in a.tolist() for v in row]
        spreads.append(math.sqrt(sum(variances) / len(variances)) / math.sqrt(sum(squares) / len(squares)))
    dead = sum(all(value <= 0 for value in column) for column in linear.T.tolist()) / 5
    close(case, saturated_end=flat / 36, spread_end=min(spreads), dead_end=dead)
    assert "hidden-shares" not in case.symptoms


def test_tanh_units_are_saturated_where_their_derivative_is_a_hundredth(case):
    measure_units(case, "start", [("tanh", np.array([[0.0, 2.9, 3.1, -9.0]]))])
    close(case, saturated_start=0.5, dead_start=0.0)


def test_hidden_softmax(case):
    measure_units(case, "start", [("softmax", np.eye(3))])
    close(case, hidden_shares=1.0)


def test_rank(case, rng):
    base = rng.normal(size=(12, 2))
    measure_rank(case, np.concatenate([base, base @ rng.normal(size=(2, 3))], axis=1) + 5)
    close(case, rank=2)


def test_outputs():
    scores = [[0.2, 0.8], [-1.0, 3.5]]
    facts = {fact.name: fact.value for fact in outputs_measured(np.array(scores))}
    sums = [abs(sum(row) - 1) for row in scores]
    assert facts == {"least-output": -1.0, "largest-output": 3.5, "outputs-sum": max(sums)}
    assert len(outputs_measured(np.ones((3, 1)))) == 2


def test_weights(case, rng):
    W, b, out = rng.normal(size=(3, 5)), np.zeros(5), rng.normal(size=(5, 2))
    W[:, 3], W[:, 4] = W[:, 1], W[:, 1]
    measure_weights(case, [(W, b), (out, np.zeros(2))])
    gains = []
    for array in (W, out):
        values = [v for row in array.tolist() for v in row]
        mean = sum(values) / len(values)
        gains.append(math.sqrt(sum((v - mean) ** 2 for v in values) / len(values)) * math.sqrt(len(array)))
    kinds = {tuple(column) for column in W.T.tolist()}
    close(case, weight_gain=max(gains), least_weight_gain=min(gains), identical_units=1 - (len(kinds) - 1) / 4)


def test_units_with_biases_of_their_own_are_no_copies(case):
    measure_weights(case, [(np.ones((3, 4)), np.arange(4.0)), (np.ones((4, 2)), None)])
    close(case, identical_units=0.0)


def test_first_layer(case, rng):
    W, x = rng.normal(0.5, 0.1, (6, 4)), rng.random((10, 6))
    z = x @ W
    measure_first_layer(case, W, x, z)
    values = [v for row in W.tolist() for v in row]
    mean = sum(values) / 24
    sd = math.sqrt(sum((v - mean) ** 2 for v in values) / 24)
    pushed = [v for row in z.tolist() for v in row]
    middle = sum(pushed) / 40
    spread = math.sqrt(sum((v - middle) ** 2 for v in pushed) / 40)
    push = max(abs(mean) - 3 * sd / math.sqrt(24), 0) * sum(sum(row) for row in x.tolist()) / 10
    close(case, one_sided_push=push, weighted_input_sd=spread, pre_activation_offset=abs(middle) - spread)


def test_gradients_and_a_step(case, rng):
    gradients = [rng.normal(0, 10.0**-i, (3, 3)) for i in range(3)]
    measure_gradients(case, gradients)
    sizes = [math.sqrt(sum(v * v for row in g.tolist() for v in row) / 9) for g in gradients]
    before = [rng.normal(size=(3, 3)), np.zeros((2, 2))]
    after = [before[0] + 0.01 * gradients[0], np.ones((2, 2))]
    measure_step(case, before, after)
    length = math.sqrt(sum(v * v for row in before[0].tolist() for v in row))
    moved = 0.01 * math.sqrt(sum(v * v for row in gradients[0].tolist() for v in row))
    close(case, gradient_fall=sizes[0] / sizes[2], update_ratio=moved / length)


def test_one_layer_has_no_fall_and_zeros_no_ratio(case):
    measure_gradients(case, [np.ones((2, 2))])
    measure_step(case, [np.zeros((2, 2))], [np.ones((2, 2))])
    assert case.symptoms == {}


# ---- the outcome


def test_quality(case):
    outcome = Outcome(cost=0.2, quality=0.7, recalls=(0.9, 0.0, math.nan), one_answer=0.8, test_quality=0.65)
    measure_quality(case, outcome, fitted=0.9, error=0.02, names=("a", "b", "c"), constant=0.5)
    close(
        case, accuracy=0.7, train_accuracy=0.9, gap=0.2, test_loss=0.05, one_answer=0.8, lost_classes=1,
        constant_accuracy=0.5, standard_error=0.02,
    )  # fmt: skip
    assert case.lost == ("b",)


def test_numbers_have_no_classes_to_lose(case):
    measure_quality(case, Outcome(cost=0.2, quality=0.7), fitted=0.9, error=0.02)
    assert {"one-answer", "lost-classes", "test-loss"} & set(case.symptoms) == set()
    assert case.value("constant-accuracy") == 0


def test_where_nearly_all_classes_are_lost_none_is_named(case):
    outcome = Outcome(cost=0.2, quality=0.4, recalls=(1.0, 0.0, 0.0), one_answer=1.0)
    measure_quality(case, outcome, fitted=0.4, error=0.02, names=("a", "b", "c"), constant=0.4)
    assert case.lost == ()


@pytest.mark.parametrize("total", [1, 2, 7, 100])
def test_pauses(total):
    wanted = {total, total // 2, 3 * total // 4}
    power = 1
    while power <= total:
        wanted.add(power)
        power *= 2
    assert pauses(total) == sorted(wanted - {0})
