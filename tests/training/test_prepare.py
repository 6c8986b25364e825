"""What a training is handed, by whoever asks."""

import numpy as np

import whynet
from support import ROOT
from whynet.subjects.recipe import RecipeSubject
from whynet.training.checking import batch
from whynet.training.loop import Training
from whynet.training.prepare import prepare


def test_preparing_leaves_a_network_as_it_is_and_training_sets_its_scaling(digits):
    network = whynet.Network([64, 5, 10], seed=1)
    before = network.params.vector.copy()
    prepared = prepare(whynet.Recipe(scaling="standard"), digits, network)
    assert network.scaling is None and (network.params.vector == before).all()
    Training(prepared)
    assert (
        network.scaling
        == prepared.task.examples.scaling
        == prepare(whynet.Recipe(scaling="standard"), digits).network.scaling
    )


def test_the_loop_the_check_and_the_trials_see_the_same_spoilt_examples(digits):
    recipe = whynet.Recipe(validation_size=100, faults=("inverted-pixels", "sorted-rows"))
    prepared = prepare(recipe, digits)
    assert np.array_equal(Training(prepared).train.inputs, prepared.task.examples.inputs)
    X, _ = batch(prepared, 3)
    np.testing.assert_allclose(X, prepared.train.inputs[:3] / 255)
    assert np.array_equal(prepared.as_read(digits).inputs, 255 - digits.inputs)
    assert np.array_equal(prepared.test.inputs, 255 - digits.test.inputs)
    subject = RecipeSubject(recipe, digits)
    trial = subject.training(subject.fitted(()))
    assert (np.diff(trial.train.labels.astype(int)) >= 0).all()
    assert np.array_equal(np.unique(trial.train.inputs[:, 0]), np.unique(255 - subject.rest.inputs[:, 0]))


def test_two_preparations_are_the_same_to_the_last_bit(digits):
    recipe = whynet.Recipe(faults=("random-labels", "no-biases"), bias_init="normal", train_size=300)
    one, other = prepare(recipe, digits), prepare(recipe, digits)
    assert np.array_equal(one.train.labels, other.train.labels)
    assert np.array_equal(one.network.params.vector, other.network.params.vector)
    assert np.array_equal(next(one.orders(2)), next(other.orders(2)))


def test_the_loop_can_be_seen_whole():
    assert len((ROOT / "src/whynet/training/loop.py").read_text().splitlines()) <= 150
