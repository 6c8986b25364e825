from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import whynet
from whynet.data.distortions import Distortions
from whynet.doctor.floors import softmax_cross_entropy_floor
from whynet.engines.reference import Reference
from whynet.errors import Interrupted, NonFinite, UsageError
from whynet.optimizers.optimizers import OPTIMIZERS
from whynet.optimizers.schedules import SCHEDULES
from whynet.training.loop import Training
from whynet.training.prepare import prepare


def textbook(recipe, data, epochs):
    """Mini-batch gradient descent on the quadratic cost, sigmoid units, as loops over batches and examples."""
    network = prepare(recipe, data).network
    W = [arrays["W"].astype(np.float64) for arrays in network.params]
    b = [arrays["b"].astype(np.float64) for arrays in network.params]
    sigmoid = lambda z: 1 / (1 + np.exp(-z))  # noqa: E731
    for epoch in range(epochs):
        order = np.random.default_rng([recipe.seed, 2, epoch]).permutation(len(data))
        for start in range(0, len(order), recipe.batch_size):
            rows = order[start : start + recipe.batch_size]
            dW, db = [np.zeros_like(w) for w in W], [np.zeros_like(v) for v in b]
            for row in rows:
                a = [data.inputs[row] / 255]
                for w, v in zip(W, b, strict=True):
                    a.append(sigmoid(a[-1] @ w + v))
                delta = (a[-1] - np.eye(10)[data.labels[row]]) * a[-1] * (1 - a[-1])
                for layer in reversed(range(len(W))):
                    dW[layer] += np.outer(a[layer], delta) / len(rows)
                    db[layer] += delta / len(rows)
                    delta = (W[layer] @ delta) * a[layer] * (1 - a[layer])
            for layer in range(len(W)):
                W[layer] -= recipe.rate * (dW[layer] + recipe.l2 * W[layer])
                b[layer] -= recipe.rate * db[layer]
    return W, b


@pytest.mark.parametrize("batch_size", [7, 10, 64])
def test_training_is_what_the_textbook_says(batch_size, digits):
    data = digits.subset(100, seed=0)
    recipe = whynet.Recipe(
        hidden=(6,), cost="quadratic", learning_rate=2.0, l2=0.01, batch_size=batch_size, epochs=2, dtype="float64"
    )
    network = prepare(recipe, data).network
    for _ in whynet.train(network, data, recipe):
        pass
    for arrays, W, b in zip(network.params, *textbook(recipe, data, 2), strict=True):
        np.testing.assert_allclose(arrays["W"], W, rtol=1e-10, atol=1e-12)
        np.testing.assert_allclose(arrays["b"], b, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("batch_size", [1, "full", 10**9])
def test_batches_of_one_and_of_all_are_ordinary(batch_size, digits):
    data = digits.subset(50, seed=0)
    recipe = whynet.Recipe(batch_size=batch_size, epochs=2)
    training = Training(prepare(recipe, data))
    epochs = list(training)
    assert epochs[-1].steps == 2 * (50 if batch_size == 1 else 1)
    assert epochs[1].cost < epochs[0].cost


def test_it_learns_the_digits(digits):
    run = whynet.fit(whynet.Recipe(data="digits", learning_rate=0.5, epochs=20))
    assert run.history[-1].test_accuracy > 0.93
    assert run.history[-1].cost < 0.1 * run.floor


def test_stopping_early_is_break(digits):
    recipe = whynet.Recipe(epochs=50)
    network = prepare(recipe, digits).network
    for epoch in whynet.train(network, digits, recipe):
        if epoch.cost < 1.0:
            break
    assert 0 < epoch.epoch < 49


def test_the_order_of_examples_does_not_depend_on_the_network(digits):
    """Two trainings that differ in width see the same rows in the same order: trials are paired."""
    seen = []
    for hidden in ((5,), (9,)):
        recipe = whynet.Recipe(hidden=hidden, epochs=1, batch_size=1)
        training = Training(prepare(recipe, digits))
        training.engine = Recorder(training.engine)
        next(training)
        seen.append(np.concatenate(training.engine.rows))
    np.testing.assert_array_equal(*seen)


class Recorder:
    """An engine that remembers which rows it was handed."""

    def __init__(self, engine):
        self.engine, self.rows = engine, []

    def advance(self, task, state, batches, rates, first_step):
        self.rows.append(batches.copy())
        return self.engine.advance(task, state, batches, rates, first_step)

    def scores(self, network, pixels):
        return self.engine.scores(network, pixels)


@pytest.mark.parametrize("order", ["shuffled", "file", "random"])
@pytest.mark.parametrize("randomness", ["by-purpose", "one-generator"])
def test_orders(order, randomness, digits):
    data = digits.subset(40, seed=0)
    recipe = whynet.Recipe(order=order, randomness=randomness, epochs=2)
    orders = prepare(recipe, data).orders()
    first, second = next(orders), next(orders)
    if order == "file":
        assert first.tolist() == second.tolist() == list(range(40))
    else:
        assert first.tolist() != second.tolist()
    if order == "shuffled":
        assert sorted(first) == sorted(second) == list(range(40))


def test_a_blow_up_names_place_and_quantity_and_keeps_the_last_good_parameters(digits):
    recipe = whynet.Recipe(activation="identity", learning_rate=1e30, epochs=3)
    network = prepare(recipe, digits).network
    training = whynet.train(network, digits, recipe)
    with pytest.raises(NonFinite) as caught:
        list(training)
    assert "in layer" in caught.value.message
    assert f"epoch 0, batch {len(training.position.costs)} of" in caught.value.where
    assert np.isfinite(training.position.costs).all()
    assert np.isfinite(network.params.vector).all()


def test_the_quantity_that_blew_up_is_the_first_one(digits):
    """Weights of 1e38 overflow the weighted input of the first layer in the very first batch."""
    recipe = whynet.Recipe(activation="relu", init="constant(3e38)", epochs=1)
    network = prepare(recipe, digits).network
    before = network.params.vector.copy()
    with pytest.raises(NonFinite, match="weighted input z in layer 1"):
        list(whynet.train(network, digits, recipe))
    np.testing.assert_array_equal(network.params.vector, before)


def test_stop_is_heard_between_batches_and_the_position_goes_on_to_the_same_bits(digits):
    recipe = whynet.Recipe(epochs=3, batch_size=1, optimizer="adam")
    whole = prepare(recipe, digits).network
    list(whynet.train(whole, digits, recipe))

    halted = prepare(recipe, digits).network
    looks = iter(range(10**6))
    training = Training(prepare(recipe, digits, halted), stop=lambda: next(looks) >= 3)
    with pytest.raises(Interrupted):
        list(training)
    assert training.position.batch > 0
    list(Training(prepare(recipe, digits, halted), position=training.position))
    np.testing.assert_array_equal(halted.params.vector, whole.params.vector)


def test_a_stopped_training_can_also_simply_go_on(digits):
    recipe = whynet.Recipe(epochs=2, batch_size=1)
    whole, halted = prepare(recipe, digits).network, prepare(recipe, digits).network
    list(whynet.train(whole, digits, recipe))
    looks = iter([False, False, True, False, True])
    training = Training(prepare(recipe, digits, halted), stop=lambda: next(looks, False))
    for _ in range(2):
        with pytest.raises(Interrupted):
            list(training)
    list(training)
    np.testing.assert_array_equal(halted.params.vector, whole.params.vector)


@settings(deadline=None, max_examples=25)
@given(
    cuts=st.lists(st.integers(1, 60), max_size=4),
    optimizer=st.sampled_from(sorted(OPTIMIZERS)),
    momentum=st.sampled_from([0.0, 0.9]),
    schedule=st.sampled_from(sorted(SCHEDULES)),
    randomness=st.sampled_from(["by-purpose", "one-generator"]),
    batch_size=st.sampled_from([1, 7, 30, "full"]),
    dropout=st.sampled_from([0.0, 0.3]),
    batch_norm=st.booleans(),
    rotation=st.sampled_from([0.0, 10.0]),
    average=st.sampled_from([0.0, 0.9]),
    patience=st.sampled_from([None, 1]),
)
def test_any_cut_resumes_to_the_same_bits(
    cuts, optimizer, momentum, schedule, randomness, batch_size, dropout, batch_norm, rotation, average, patience
):
    data = whynet.load("digits").subset(60, seed=0)
    recipe = whynet.Recipe(
        hidden=(4,), optimizer=optimizer, momentum=momentum, schedule=schedule, randomness=randomness,
        batch_size=batch_size, epochs=3, l2=0.001, dropout=dropout, input_noise=dropout, noise=dropout,
        batch_norm=batch_norm, rotation=rotation, elastic=rotation / 10, average=average, patience=patience,
        validation_size=10,
    )  # fmt: skip
    whole = prepare(recipe, data).network
    records = list(whynet.train(whole, data, recipe))

    network, position, again = prepare(recipe, data).network, None, []
    for cut in [*cuts, 10**9]:
        left = iter(range(cut))
        prepared = prepare(recipe, data, network)
        training = Training(prepared, position=position, stop=lambda left=left: next(left, None) is None)
        position = training.position
        try:
            again += list(training)
        except Interrupted:
            continue
    np.testing.assert_array_equal(network.params.vector, whole.params.vector)
    np.testing.assert_array_equal(network.statistics.vector, whole.statistics.vector)
    assert [epoch.cost for epoch in again] == [epoch.cost for epoch in records][-len(again) :]


def test_restraints_hold_through_training(digits):
    recipe = whynet.Recipe(hidden=(8,), max_norm=0.5, clip_norm=0.1, weight_decay=0.1, l1=0.001, epochs=2)
    network = prepare(recipe, digits).network
    list(whynet.train(network, digits, recipe))
    for W in network.params.weights():
        assert np.linalg.norm(W, axis=0).max() <= 0.5 * (1 + 1e-6)


def test_smoothed_labels_raise_the_floor_and_are_learned(digits):
    recipe = whynet.Recipe(label_smoothing=0.1, learning_rate=0.5, epochs=5)
    training = Training(prepare(recipe, digits))
    np.testing.assert_allclose(training.task.examples.targets, 0.9 * np.eye(10) + 0.01, atol=1e-7)
    smoothed = 0.9 * digits.prior + 0.01  # a cross-entropy asks only for the mean target
    assert training.prepared.floor == pytest.approx(softmax_cross_entropy_floor(smoothed), rel=1e-6)
    assert list(training)[-1].test_accuracy > 0.8


def test_sizes_that_do_not_fit_are_refused(digits):
    with pytest.raises(UsageError, match="do not fit the data"):
        prepare(whynet.Recipe(sizes=(784, 30, 10)), digits)


def test_a_network_made_for_other_data_is_refused_before_the_first_step(digits):
    with pytest.raises(UsageError, match="do not fit the data"):
        whynet.train(whynet.Network([784, 30, 10]), digits, whynet.Recipe())


def test_the_floor_is_that_of_the_training_labels(digits):
    recipe = whynet.Recipe(cost="quadratic")
    p = digits.prior
    assert prepare(recipe, digits).floor == pytest.approx(0.5 * np.sum(p * (1 - p)))


def test_an_average_follows_every_step_and_is_what_is_evaluated_and_kept(digits):
    data = digits.subset(60, seed=0)
    recipe = whynet.Recipe(hidden=(4,), batch_size=20, epochs=2, average=0.4, learning_rate=1.0)
    raw, averaged = prepare(recipe, data).network, prepare(recipe, data).network
    average = raw.params.vector.astype(np.float64)
    training = Training(prepare(recipe.but(average=0.0), data, raw))
    for step in range(6):
        order = np.random.default_rng([0, 2, step // 3]).permutation(60).reshape(3, 20)[step % 3]
        training.engine.advance(training.task, {}, order[np.newaxis], np.array([1.0]), step)
        decay = min(0.4, (1 + step) / (10 + step))
        average = decay * average + (1 - decay) * raw.params.vector
    records = list(whynet.train(averaged, data, recipe))
    np.testing.assert_allclose(averaged.params.vector, average, rtol=1e-5, atol=1e-7)
    assert records[-1].test_correct == np.count_nonzero(averaged.predict(digits.test.images) == digits.test.labels)


def test_patience_stops_and_restores_the_best_epoch(digits):
    recipe = whynet.Recipe(hidden=(10,), learning_rate=30.0, epochs=60, patience=3, validation_size=100, batch_size=50)
    network = prepare(recipe, digits).network
    training = Training(prepare(recipe, digits, network))
    kept = {}
    records = []
    for epoch in training:
        records.append(epoch)
        kept[epoch.epoch] = network.params.vector.copy()
    best = max(records, key=lambda e: (e.validation_accuracy, -e.validation_cost, -e.epoch))
    assert len(records) == best.epoch + 1 + 3 < 60
    assert training.position.best.epoch == best.epoch
    np.testing.assert_array_equal(network.params.vector, kept[best.epoch])
    assert (kept[records[-1].epoch] != kept[best.epoch]).any()
    assert list(training) == []  # and it stays finished


def test_a_class_that_counts_nothing_is_not_learned(digits):
    weights = tuple(0.0 if label == 3 else 1.0 for label in range(10))
    recipe = whynet.Recipe(class_weights=weights, epochs=20, learning_rate=0.5)
    network = prepare(recipe, digits).network
    list(whynet.train(network, digits, recipe))
    answers = network.predict(digits.test.images)
    assert (answers[digits.test.labels == 3] != 3).all()
    assert (answers == digits.test.labels)[digits.test.labels != 3].mean() > 0.9


def test_an_example_of_weight_two_is_an_example_twice(digits):
    few = digits.take(slice(0, 20))
    weights = np.where(np.arange(20) < 5, 2.0, 1.0)
    weighted = dataclasses.replace(few, weights=weights)
    twice = digits.take(np.r_[np.arange(20), np.arange(5)])
    recipe = whynet.Recipe(hidden=(6,), batch_size="full", epochs=3, dtype="float64", optimizer="sgd")
    one, other = prepare(recipe, few).network, prepare(recipe, few).network
    costs = [epoch.cost * 20 for epoch in whynet.train(one, weighted, recipe.but(learning_rate=0.20))]
    again = [epoch.cost * 25 for epoch in whynet.train(other, twice, recipe.but(learning_rate=0.25))]
    np.testing.assert_allclose(one.params.vector, other.params.vector, rtol=1e-9, atol=1e-12)
    assert costs == pytest.approx(again)
    assert prepare(recipe, weighted).floor * 20 == pytest.approx(prepare(recipe, twice).floor * 25)


def test_balanced_classes_count_alike(digits):
    rare = digits.take(np.r_[np.flatnonzero(digits.labels != 0), np.flatnonzero(digits.labels == 0)[:10]])
    task = prepare(whynet.Recipe(class_weights="balanced"), rare).task
    mass = np.bincount(rare.labels, weights=task.examples.weights)
    np.testing.assert_allclose(mass, len(rare) / 10, rtol=1e-5)


@pytest.mark.parametrize("weights", [(1.0,), (0.0,) * 10])
def test_class_weights_that_do_not_fit_are_refused(weights, digits):
    with pytest.raises(UsageError, match="class weights"):
        prepare(whynet.Recipe(class_weights=weights), digits)


def test_distorted_images_are_shown_to_the_engine_anew_every_epoch(digits):
    recipe = whynet.Recipe(epochs=2, rotation=20.0, seed=4)
    training = Training(prepare(recipe, digits))
    seen = []

    class Spy(Reference):
        def advance(self, task, *arguments):
            seen.append(task.examples.inputs)
            return super().advance(task, *arguments)

    training.engine = Spy()
    list(training)
    for epoch, pixels in ((0, seen[0]), (1, seen[-1])):
        expected = Distortions(rotation=20.0).apply(digits.images, seed=4, epoch=epoch)
        np.testing.assert_array_equal(pixels, expected.reshape(len(digits), -1))
