"""Convolutions, pools and normalised pictures in the compiled engine, against the readable one."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import whynet
from whynet.engines import lowering, native
from whynet.engines.base import BatchBlewUp, Examples
from whynet.engines.native import Native
from whynet.engines.reference import Reference
from whynet.network.layers import (
    AveragePool2D,
    BatchNorm,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    GaussianNoise,
    GlobalAveragePool,
    MaxPool2D,
)
from whynet.optimizers.optimizers import OPTIMIZERS
from whynet.training.prepare import prepare

if native._native is None:
    pytest.skip("the compiled engine is absent: there was no C++ compiler", allow_module_level=True)

PATHS = native._native.paths()
TOLERANCE = {"float64": 1e-10, "float32": 1e-4}
BESIDE = [{}, {"l1": 1e-3, "max_norm": 0.5}, {"clip_norm": 0.1, "l2": 0.01, "average": 0.9}, {"weight_decay": 0.1}]


def one_after_the_other(shape, *makers):
    layers = []
    for make in makers:
        layers.append(make(shape))
        shape = layers[-1].out_shape
    return layers


def networks(activation, outputs=4):
    """Small ones with everything in them that there is; a softmax mixes all units, so all but small ones are equal."""
    a = activation

    def last(shape):
        return Dense(int(np.prod(shape)), outputs)

    yield one_after_the_other(
        (12, 11, 1), lambda s: Conv2D(s, 8, (5, 3), activation=a), lambda s: MaxPool2D(s, 2),
        lambda s: Conv2D(s, 16, 3, padding="same", activation=a), Flatten, last,
    )  # fmt: skip
    yield one_after_the_other(
        (9, 9, 3), lambda s: Conv2D(s, 20, 3, stride=2, activation=a), lambda s: Dropout(s, 0.3),
        lambda s: Conv2D(s, 33, 2, padding="same", activation=a), GlobalAveragePool, last,
    )  # fmt: skip
    yield one_after_the_other(
        (10, 10, 2), BatchNorm, lambda s: Conv2D(s, 5, (4, 2), stride=(2, 3), padding="same"),
        lambda s: BatchNorm(s, a, blend=0.5), lambda s: AveragePool2D(s, (2, 2), stride=(1, 1)),
        lambda s: GaussianNoise(s, 0.1), lambda s: Conv2D(s, 64, 3, padding="same", activation=a),
        lambda s: Dense(int(np.prod(s)), 20, a), lambda s: Dense(20, outputs),
    )  # fmt: skip
    yield one_after_the_other(
        (8, 8, 16), lambda s: MaxPool2D(s, 3, stride=2), lambda s: Conv2D(s, 32, 3, activation=a), last
    )
    yield one_after_the_other(
        (6, 6, 4), lambda s: Conv2D(s, 40, 1, activation=a),
        lambda s: Conv2D(s, 24, 5, padding="same", stride=(3, 1), activation=a), lambda s: MaxPool2D(s, (2, 3)), last,
    )  # fmt: skip


def task_of(layers, recipe, rows=24, seed=0):
    rng = np.random.default_rng(seed)
    network = whynet.Network(layers=layers, cost=recipe.cost, dtype=recipe.dtype, seed=seed)
    features, outputs = layers[0].inputs, layers[-1].outputs
    blank = whynet.Dataset(np.zeros((rows, 1, features), np.uint8), np.arange(rows) % 2, problem=("no", "yes"))
    X = rng.normal(size=(rows, features)).astype(recipe.dtype)
    softmax = recipe.cost == "softmax-cross-entropy"
    targets = rng.dirichlet(np.ones(outputs), rows) if softmax else rng.random((rows, outputs))
    weights = None if seed % 2 else rng.random(rows).astype(recipe.dtype)
    task = prepare(recipe.but(sizes=(features, 2)), blank).task._replace(network=network)
    return task._replace(examples=Examples(X, None, np.arange(rows), targets.astype(recipe.dtype), weights))


def steps(engine, layers, recipe, batch_size=7, seed=0):
    task = task_of(layers, recipe, seed=seed)
    assert engine.why_not(task) is None
    state = task.first_state()
    rows = np.stack([np.random.default_rng([seed, k]).permutation(24)[:batch_size] for k in range(3)])
    costs = engine.advance(task, state, rows, np.full(3, recipe.learning_rate), 0)
    return costs, task.network, state


def moved_alike(layers, optimizer, network):
    """The parameters that not rounding alone decides: a normalisation takes out what its inputs have in common."""
    kept = np.ones(network.params.vector.size, bool)
    if optimizer in ("adam", "adamw", "rmsprop"):
        masks = type(network.params)(network.params.shapes, kept)
        for index, layer in enumerate(layers):
            if isinstance(layer, BatchNorm):
                if index > 0:
                    masks[index - 1]["b"][:] = False
                masks[index]["shift"][:] = False
    return kept


def check_same(layers, recipe, engine=None, batch_size=7, seed=0, slack=1):
    costs, ours, our_state = steps(engine or Native(), layers, recipe, batch_size, seed)
    expected, theirs, their_state = steps(Reference(), layers, recipe, batch_size, seed)
    tolerance = slack * TOLERANCE[recipe.dtype]
    assert costs == pytest.approx(expected, rel=tolerance, abs=tolerance)
    kept = moved_alike(layers, recipe.optimizer, theirs)
    start = whynet.Network(layers=layers, cost=recipe.cost, dtype=recipe.dtype, seed=seed).params.vector
    moved = (theirs.params.vector - start)[kept]
    difference = (ours.params.vector - theirs.params.vector)[kept]
    assert np.linalg.norm(difference) <= tolerance * max(np.linalg.norm(moved), 1e-2)  # of the way, not of the weights
    if recipe.optimizer in ("sgd", "nesterov"):
        np.testing.assert_allclose(ours.statistics.vector, theirs.statistics.vector, rtol=tolerance, atol=tolerance)
    for name, b in their_state.items():
        if b.size == kept.size:
            a, b = our_state[name][kept], b[kept]
            assert np.linalg.norm(a - b) <= 10 * tolerance * max(np.linalg.norm(b), 1e-2), name


@pytest.mark.parametrize("activation", lowering.ACTIVATIONS)
@pytest.mark.parametrize("cost", native.COSTS)
def test_every_activation_and_cost(cost, activation):
    recipe = whynet.Recipe(cost=cost, dtype="float64", learning_rate=0.05, batch_size=7)
    for number, layers in enumerate(networks(activation)):
        check_same(layers, recipe, seed=number, slack=10 if number == 2 else 1)  # normalisation magnifies


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("dtype", TOLERANCE)
def test_every_path_of_this_processor_and_size_of_batch(path, dtype):
    for layers, size in product(networks("elu"), (1, 2, 10, 24)):
        if size > 1 or not any(isinstance(layer, BatchNorm) for layer in layers):
            recipe = whynet.Recipe(cost="softmax-cross-entropy", dtype=dtype, learning_rate=0.05, batch_size=size)
            check_same(layers, recipe, Native(path), size, slack=10)


@pytest.mark.parametrize("optimizer", sorted(OPTIMIZERS))
@pytest.mark.parametrize("beside", BESIDE)
def test_every_optimizer_and_what_acts_beside_it(beside, optimizer):
    recipe = whynet.Recipe(
        cost="quadratic", dtype="float64", optimizer=optimizer, momentum=0.5, learning_rate=0.01, batch_size=7, **beside
    )
    for number, layers in enumerate(networks("tanh")):
        check_same(layers, recipe, seed=number, slack=100 if number == 2 else 10)


@settings(deadline=None, max_examples=60)
@given(
    rows=st.integers(1, 9), columns=st.integers(1, 20), channels=st.sampled_from([1, 2, 3, 4, 8, 16, 24, 32]),
    filters=st.sampled_from([1, 3, 4, 8, 16, 17, 32, 40, 64]), kernel=st.tuples(st.integers(1, 6), st.integers(1, 6)),
    stride=st.tuples(st.integers(1, 4), st.integers(1, 4)), padding=st.sampled_from(["same", "valid"]),
    pool=st.sampled_from([None, MaxPool2D, AveragePool2D]), size=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    move=st.tuples(st.integers(1, 4), st.integers(1, 4)), again=st.booleans(), threads=st.sampled_from([1, 2]),
    activation=st.sampled_from(["tanh", "relu", "gelu"]), batch_size=st.integers(1, 24),
    path=st.sampled_from(PATHS), dtype=st.sampled_from(["float64", "float64", "float32"]), seed=st.integers(0, 99),
)  # fmt: skip
def test_any_window(
    rows, columns, channels, filters, kernel, stride, padding, pool, size, move, again, threads, activation, batch_size,
    path, dtype, seed,
):  # fmt: skip
    kernel = kernel if padding == "same" else (min(kernel[0], rows), min(kernel[1], columns))
    layers = [Conv2D((rows, columns, channels), filters, kernel, stride, padding, activation)]
    if pool is not None:
        shape = layers[-1].out_shape
        layers.append(pool(shape, (min(size[0], shape[0]), min(size[1], shape[1])), move))
    if again:
        layers.append(Conv2D(layers[-1].out_shape, 5, kernel, padding="same", activation=activation))
    layers.append(Dense(layers[-1].outputs, 3))
    recipe = whynet.Recipe(
        cost="quadratic", dtype=dtype, learning_rate=0.01, batch_size=batch_size, threads=threads, seed=seed
    )
    check_same(layers, recipe, Native(path), batch_size, seed, slack=10)


def test_of_equal_numbers_the_first_is_the_largest():
    layers = [Conv2D((4, 4, 1), 3, 1), MaxPool2D((4, 4, 3), 2), MaxPool2D((2, 2, 3), 2), Dense(3, 2)]
    recipe = whynet.Recipe(cost="quadratic", dtype="float64", learning_rate=0.1, batch_size=24)
    outcomes = []
    for engine in (Native(), Reference()):
        task = task_of(layers, recipe)
        task.examples.inputs[:] = np.random.default_rng(0).integers(0, 2, task.examples.inputs.shape)
        engine.advance(task, task.first_state(), np.arange(24).reshape(2, 12), np.full(2, 0.1), 0)
        outcomes.append(task.network.params.vector)
    np.testing.assert_allclose(*outcomes, rtol=0, atol=1e-12)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("dtype", TOLERANCE)
def test_one_two_and_three_threads_give_the_same_bits(path, dtype):
    layers = one_after_the_other(
        (28, 28, 1), lambda s: Conv2D(s, 8, 5, activation="relu"), BatchNorm, lambda s: MaxPool2D(s, 2),
        lambda s: Conv2D(s, 16, 5, padding="same", activation="tanh"), lambda s: Dropout(s, 0.2),
        lambda s: AveragePool2D(s, 2), lambda s: Dense(int(np.prod(s)), 10),
    )  # fmt: skip
    for size, optimizer in product((5, 24), ("sgd", "adam")):
        found = []
        for threads in (1, 2, 3):
            recipe = whynet.Recipe(threads=threads, dtype=dtype, optimizer=optimizer, learning_rate=0.01)
            _, network, _ = steps(Native(path), layers, recipe, size)
            found.append(np.concatenate([network.params.vector, network.statistics.vector]))
        np.testing.assert_array_equal(found[0], found[1])
        np.testing.assert_array_equal(found[0], found[2])


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("dtype", TOLERANCE)
def test_scores_are_the_networks_own(path, dtype, rng):
    for activation, rows in product(("relu", "gelu", "softmax"), (1, 70)):
        for layers in networks(activation):
            network = whynet.Network(layers=layers, dtype=dtype)
            network.statistics.vector[:] = rng.uniform(0.5, 2, network.statistics.vector.size)
            X = rng.normal(size=(rows, layers[0].inputs)).astype(dtype)
            tolerance = 1e-12 if dtype == "float64" else 1e-4
            np.testing.assert_allclose(Native(path).scores(network, X), network.scores(X), rtol=0, atol=tolerance)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("number", range(5))
def test_what_is_no_number_is_found_as_the_readable_engine_finds_it(number, value):
    layers = list(networks("relu"))[number]
    recipe = whynet.Recipe(cost="quadratic", optimizer="adam", learning_rate=0.01)
    outcomes = []
    for engine in (Native(), Reference()):
        task = task_of(layers, recipe)
        task.examples.inputs[13] = value
        state = task.first_state()
        with pytest.raises(BatchBlewUp) as caught:
            engine.advance(task, state, np.arange(24).reshape(4, 6), np.full(4, 0.01), 0)
        outcomes.append((caught.value.blowup, task.network.params.vector, state["mean"]))
    assert outcomes[0][0] == outcomes[1][0]
    assert outcomes[0][0].step == 2
    for ours, theirs in zip(outcomes[0][1:], outcomes[1][1:], strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_a_network_without_a_dense_layer_at_its_end_is_declined():
    layers = [Conv2D((4, 4, 1), 3, 1), GlobalAveragePool((4, 4, 3))]
    recipe = whynet.Recipe(cost="softmax-cross-entropy")
    assert Native().why_not(task_of(layers, recipe)) == "the last layer must be dense"
    network, X = whynet.Network(layers=layers), np.ones((3, 16), np.float32)
    np.testing.assert_array_equal(Native().scores(network, X), network.scores(X))


BIG = (1 << 24) - 1
WRONG_SHAPES = {  # of a convolution 4x4x2 -> 3x3x5 with a kernel of 2x2
    "nothing": [],
    "too few numbers": [4, 4, 2, 2, 2, 1, 1, 0, 0, 3],
    "other inputs": [4, 4, 3, 2, 2, 1, 1, 0, 0, 3, 3],
    "other outputs": [4, 4, 2, 2, 2, 1, 1, 0, 0, 4, 2],
    "no rows": [0, 4, 2, 2, 2, 1, 1, 0, 0, 3, 3],
    "a negative side": [-4, -4, 2, 2, 2, 1, 1, 0, 0, 3, 3],
    "no kernel": [4, 4, 2, 0, 2, 1, 1, 0, 0, 3, 3],
    "no stride": [4, 4, 2, 2, 2, 0, 1, 0, 0, 3, 3],
    "a stride out of the map": [4, 4, 2, 2, 2, 2, 1, 0, 0, 3, 3],
    "a stride that overflows": [4, 4, 2, 2, 2, BIG, BIG, 0, 0, 3, 3],
    "padding as wide as the kernel": [4, 4, 2, 2, 2, 1, 1, 2, 0, 3, 3],
    "negative padding": [4, 4, 2, 2, 2, 1, 1, -1, 0, 3, 3],
    "a kernel whose map overflows": [4, 4, 2, BIG, BIG, 1, 1, 0, 0, 3, 3],
    "a kernel whose weights overflow": [4, 4, 2, 3000, 3000, 1, 1, 0, 0, 3, 3],
    "sides that overflow": [1 << 16, 1 << 16, 2, 2, 2, 1, 1, 0, 0, 3, 3],
    "outputs that overflow": [4, 4, 2, 2, 2, 1, 1, 0, 0, 1 << 16, 1 << 16],
}


def call(layers, params, statistics=0):
    return native._native.scores_f32(
        path=PATHS[0], layers=layers, params=np.zeros(params, np.float32),
        statistics=np.zeros(statistics, np.float32), pixels=None, table=None, ink=None,
        features=np.ones((3, layers[0][1]), np.float32),
    )  # fmt: skip


def test_shapes_that_do_not_fit_are_refused_at_the_boundary():
    def layers(shape, kind=lowering.CONVOLUTION, outputs=45):
        return [(kind, 32, outputs, 4, 0.0, 0.0, 0, shape), (0, outputs, 2, 2, 0.0, 0.0, 1, [])]

    assert call(layers([4, 4, 2, 2, 2, 1, 1, 0, 0, 3, 3]), 45 + 92).shape == (3, 2)
    for what, shape in WRONG_SHAPES.items():
        with pytest.raises((ValueError, TypeError)):
            call(layers(shape), 45 + 92)
            pytest.fail(what)
    with pytest.raises(ValueError, match="parameters do not fit"):
        call(layers([4, 4, 2, 2, 2, 1, 1, 0, 0, 3, 3]), 45 + 91)
    for kind in (lowering.MAX_POOL, lowering.AVERAGE_POOL):
        assert call(layers([4, 4, 2, 2, 2, 1, 1, 0, 0, 3, 3], kind, 18), 38).shape == (3, 2)
        for shape in ([4, 4, 2, 2, 2, 1, 1, 1, 0, 3, 3], [4, 4, 2, 5, 2, 1, 1, 0, 0, 3, 3]):
            with pytest.raises(ValueError, match="unpadded"):
                call(layers(shape, kind, 18), 38)
        with pytest.raises(ValueError, match="keeps channels"):
            call(layers([4, 4, 2, 2, 2, 1, 1, 0, 0, 3, 3], kind, 45), 92)
    for channels in ([], [0], [-1], [3], [64], [2, 2]):
        with pytest.raises(ValueError, match=r"shape|channels"):
            call(layers(channels, lowering.NORMALISATION, 32), 2 * 2 + 66, 4)
    for kind in (lowering.DENSE, lowering.DROPOUT, lowering.NOISE):
        with pytest.raises(ValueError, match="another shape"):
            call(layers([4, 4, 2, 2, 2, 1, 1, 0, 0, 3, 3], kind, 32), 33 * 32 + 66)
