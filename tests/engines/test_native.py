"""The compiled engine against the readable one, which is its specification."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import whynet
from whynet.engines import lowering, native
from whynet.engines.base import BatchBlewUp, Examples
from whynet.engines.choice import choose
from whynet.engines.native import Native
from whynet.engines.reference import Reference
from whynet.errors import NonFinite, UsageError
from whynet.network.activations import ACTIVATIONS
from whynet.network.costs import COSTS
from whynet.network.layers import BatchNorm, Dense, Dropout, GaussianNoise
from whynet.noise import Noise
from whynet.optimizers.optimizers import OPTIMIZERS
from whynet.params import Params
from whynet.training.loop import Training
from whynet.training.prepare import prepare, split
from whynet.types import Scaling

if native._native is None:
    pytest.skip("the compiled engine is absent: there was no C++ compiler", allow_module_level=True)

PATHS = native._native.paths()
PENALTIES = {"none": {}, "l1": {"l1": 1e-4}, "l2": {"l2": 1e-3}, "decay": {"weight_decay": 0.01}}
TOLERANCE = {"float64": 1e-10, "float32": 1e-4}


def after(engine, recipe, data, epochs=1, make=lambda recipe, data: None):
    """Costs, network and the optimizer's state after some epochs with that engine."""
    training = Training(prepare(recipe, data, make(recipe, data)))
    training.engine = engine
    costs = [next(training).cost for _ in range(epochs)]
    return costs, training.network, training.position.state


def decided(recipe, network):
    """The parameters and the running statistics that not rounding alone decides, as masks.

    What moves every example alike, such as a bias, is taken out again by a normalisation right after it: its gradient
    is 0 but for rounding, and some optimizers divide that by its own size. A running mean follows the bias.
    """
    params, statistics = (
        Params(one.shapes, np.ones(one.vector.size, dtype=bool)) for one in (network.params, network.statistics)
    )
    for index, layer in enumerate(network.layers):
        if isinstance(layer, BatchNorm) and index > 0 and recipe.optimizer in ("adam", "adamw", "rmsprop"):
            params[index - 1]["b"][:] = statistics[index]["mean"][:] = False
            params[index]["shift"][:] = layer.activation != "identity"
    return params, statistics


def check_same(recipe, data, engine=None, epochs=1, make=lambda recipe, data: None, slack=1):
    costs, ours, our_state = after(engine or Native(), recipe, data, epochs, make)
    expected, theirs, their_state = after(Reference(), recipe, data, epochs, make)
    tolerance = slack * TOLERANCE[recipe.dtype]
    assert costs == pytest.approx(expected, rel=tolerance)
    params, statistics = decided(recipe, theirs)
    for our, their, mask, least in (
        (ours.params, theirs.params, params, 1e-3),
        (ours.statistics, theirs.statistics, statistics, 1e-2),  # a mean near 0 is one of numbers that are not
    ):
        for (name, a), (_, b), (_, kept) in zip(our.named(), their.named(), mask.named(), strict=True):
            assert np.linalg.norm((a - b)[kept]) <= tolerance * max(np.linalg.norm(b), least), name
    assert our_state.keys() == their_state.keys()
    for name, b in their_state.items():
        kept = params.vector if b.size == params.vector.size else slice(None)
        assert np.linalg.norm((our_state[name] - b)[kept]) <= 10 * tolerance * max(np.linalg.norm(b), 1e-3), name


def check_threads(recipe, data, path=None, epochs=1):
    """One thread and two give the same bits."""
    one, two = (after(Native(path), recipe.but(threads=threads), data, epochs)[1] for threads in (1, 2))
    np.testing.assert_array_equal(one.params.vector, two.params.vector)
    np.testing.assert_array_equal(one.statistics.vector, two.statistics.vector)


def gemm_of(network, batch, skip):
    """BLAS, if one of the network's layers is large enough for it."""
    return native._gemm(lowering.layers_of(network), network.dtype, batch, skip)


@pytest.fixture(scope="module")
def few(digits):
    return digits.subset(120, seed=0)


@pytest.mark.thinned(7)
@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize(("activation", "cost"), list(product(lowering.ACTIVATIONS, native.COSTS)))
def test_every_activation_cost_optimizer_and_penalty(activation, cost, dtype, few):
    for optimizer, penalty in product(sorted(OPTIMIZERS), PENALTIES):
        recipe = whynet.Recipe(
            hidden=(9, 6), activation=activation, cost=cost, optimizer=optimizer, dtype=dtype, batch_size=16,
            learning_rate=0.01, momentum=0.5, seed=2, **PENALTIES[penalty],
        )  # fmt: skip
        check_same(recipe, few)


@pytest.mark.thinned(5)
@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("activation", lowering.ACTIVATIONS)
def test_normalising_under_every_activation_optimizer_and_penalty(activation, dtype, few):
    for optimizer, beside in product(sorted(OPTIMIZERS), [*PENALTIES.values(), {"clip_norm": 0.1, "average": 0.9}]):
        recipe = whynet.Recipe(
            hidden=(9, 6), activation=activation, batch_norm=True, optimizer=optimizer, dtype=dtype, batch_size=16,
            learning_rate=0.01, momentum=0.5, seed=2, **beside,
        )  # fmt: skip
        check_same(recipe, few)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("dtype", TOLERANCE)
def test_a_normalisation_stands_where_it_will(path, dtype, few):
    layers = [
        BatchNorm(64, "tanh", blend=0.5, epsilon=0.01), Dense(64, 20, "relu"), BatchNorm(20), Dropout(20, 0.3),
        BatchNorm(20, "softmax"), GaussianNoise(20, 0.1), Dense(20, 17), BatchNorm(17, "relu"), BatchNorm(17, "elu"),
        Dense(17, 10),
    ]  # fmt: skip

    def make(recipe, data):
        return whynet.Network(layers=layers, dtype=dtype, scaling=prepare(recipe, data).network.scaling)

    recipe = whynet.Recipe(hidden=(20, 17), batch_size=50, dtype=dtype, learning_rate=0.1)
    check_same(recipe, few, Native(path), epochs=2, make=make)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("dtype", TOLERANCE)
def test_every_path_of_this_processor(path, dtype, few):
    for hidden, batch_size in (((30,), 10), ((100, 17), 32), ((129,), 7), ((), 5)):
        for scaling in ("0..1", "-1..1", "standard"):
            recipe = whynet.Recipe(
                hidden=hidden, batch_size=batch_size, scaling=scaling, dtype=dtype, dropout=0.2 if hidden else 0.0
            )
            check_same(recipe, few, Native(path))


@settings(deadline=None, max_examples=60)
@given(
    sizes=st.lists(st.integers(1, 90), max_size=4), batch_size=st.sampled_from([1, 3, 16, 50, "full"]),
    activation=st.sampled_from(sorted(ACTIVATIONS)), output=st.sampled_from([None, *sorted(ACTIVATIONS)]),
    cost=st.sampled_from(sorted(COSTS)), optimizer=st.sampled_from(sorted(OPTIMIZERS)),
    scaling=st.sampled_from(["0..1", "-1..1", "standard"]), dropout=st.sampled_from([0.0, 0.4]),
    input_dropout=st.sampled_from([0.0, 0.2]), noise=st.sampled_from([0.0, 0.3]),
    input_noise=st.sampled_from([0.0, 0.2]), clip=st.sampled_from([None, 0.3]), norm=st.sampled_from([None, 0.8]),
    average=st.sampled_from([0.0, 0.9]), smoothing=st.sampled_from([0.0, 0.1]), l1=st.sampled_from([0.0, 1e-3]),
    balanced=st.sampled_from([None, "balanced"]), batch_norm=st.booleans(), threads=st.sampled_from([1, 2]),
    seed=st.integers(0, 99),
)  # fmt: skip
def test_any_recipe(
    sizes, batch_size, activation, output, cost, optimizer, scaling, dropout, input_dropout, noise, input_noise, clip,
    norm, average, smoothing, l1, balanced, batch_norm, threads, seed,
):  # fmt: skip
    data = whynet.load("digits").subset(55, seed=0)
    if batch_size == 3 or (activation == "softmax" and 1 in sizes):
        batch_norm = False  # so few become little more than signs, a lone share is always 1: rounding would decide
    recipe = whynet.Recipe(
        hidden=tuple(sizes), batch_size=batch_size, activation=activation, output_activation=output, cost=cost,
        optimizer=optimizer, scaling=scaling, dropout=dropout, input_dropout=input_dropout, noise=noise,
        input_noise=input_noise, clip_norm=clip, max_norm=norm, average=average, label_smoothing=smoothing, l1=l1,
        class_weights=balanced, batch_norm=batch_norm, threads=threads, seed=seed, dtype="float64",
        learning_rate=0.001, schedule="cosine", epochs=2,
    )  # fmt: skip
    try:
        expected = max(after(Reference(), recipe, data, epochs=2)[0])
    except NonFinite:
        expected = np.inf
    assume(expected < 1000)  # where a cost explodes, so does rounding
    check_same(recipe, data, epochs=2, slack=100 if batch_norm else 1)  # it magnifies what hardly differs


@pytest.mark.parametrize("optimizer", sorted(OPTIMIZERS))
@pytest.mark.parametrize("beside", [{}, {"l2": 1e-3}, {"weight_decay": 0.1}, {"scaling": "-1..1"}, {"max_norm": 0.5}])
def test_pixels_that_are_inked_late_seldom_or_never(optimizer, beside, rng):
    """Where a pixel has had no ink yet, an update may be left out; afterwards what the optimizer remembers moves on."""
    images = np.zeros((40, 5, 12), np.uint8)
    images[:, 0] = rng.integers(0, 256, (40, 12))
    for row in range(40):
        images[row, 1 + row // 10, row % 12] = 99  # row 4 from the 31st image on
    data = whynet.Dataset(images, rng.integers(0, 3, 40), problem=("a", "b", "c"))
    recipe = whynet.Recipe(
        hidden=(80,), optimizer=optimizer, momentum=0.5, learning_rate=0.01, batch_size=4, order="file",
        dtype="float64", **beside,
    )  # fmt: skip
    assert native._ink(data.inputs) is not None
    check_same(recipe, data, epochs=3)
    check_threads(recipe.but(hidden=(2000,)), data, epochs=3)  # so large, for the second thread to be woken


@pytest.mark.mnist
@pytest.mark.parametrize(
    "options", [{}, {"optimizer": "adam"}, {"scaling": "-1..1"}, {"dropout": 0.3}, {"input_noise": 0.2}]
)
def test_real_images_with_few_and_with_many_units(options, mnist):
    data = mnist.take(slice(0, 600))
    for hidden in ((30,), (200,)):
        check_same(whynet.Recipe(hidden=hidden, batch_size=20, dtype="float64", **options), data)


@pytest.mark.thinned(5)
@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize(
    "options",
    [{}, {"optimizer": "adam"}, {"dropout": 0.5}, {"clip_norm": 0.1}, {"batch_norm": True},
     {"batch_norm": True, "optimizer": "adam", "noise": 0.3}],
)  # fmt: skip
def test_large_layers_through_blas(options, dtype, path, few):
    recipe = whynet.Recipe(hidden=(300, 130), batch_size=50, activation="tanh", dtype=dtype, **options)
    assert gemm_of(prepare(recipe, few).network, 50, skip=1) is not None
    check_same(recipe, few, Native(path), epochs=2)
    check_threads(recipe, few, path, epochs=2)


def test_a_blas_of_another_kind_is_left_alone(few, monkeypatch):
    from scipy.linalg import cython_blas

    recipe = whynet.Recipe(hidden=(300, 130), batch_size=50)
    network = prepare(recipe, few).network
    for known in ({}, {"sgemm": '<capsule object "void (char *, char *, long *, long *, long *, ...)" at 0x7f>'}):
        monkeypatch.setattr(cython_blas, "__pyx_capi__", known)
        assert gemm_of(network, 50, skip=0) is None


@pytest.mark.parametrize(
    "options",
    [{}, {"optimizer": "adam"}, {"dropout": 0.5}, {"clip_norm": 0.1}, {"batch_norm": True, "batch_size": 70}],
)
def test_one_and_two_threads_give_the_same_bits(options, few):
    check_threads(
        whynet.Recipe(hidden=(200, 70), activation="relu", init="he", **{"batch_size": 16, **options}), few, epochs=3
    )


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("options", [{}, {"dropout": 0.4}, {"input_noise": 0.3, "input_dropout": 0.2}])
def test_noise_is_drawn_alike(options, dtype, path, digits):
    recipe = whynet.Recipe(hidden=(300, 20), batch_size=64, noise=0.7, seed=5, dtype=dtype, init="he", **options)
    check_same(recipe, digits, Native(path))
    check_threads(recipe, digits, path)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("dtype", TOLERANCE)
def test_every_number_of_the_noise(dtype, path):
    """Weights of 0 shown one blank image: after a step at rate 1 those of the right output are what was drawn."""
    blank = whynet.Dataset(np.zeros((1, 200, 250), np.uint8), np.array([3]), problem=tuple("0123456789"))
    recipe = whynet.Recipe(
        hidden=(), input_noise=1.0, init="zeros", cost="quadratic", output_activation="identity",
        learning_rate=1.0, seed=8, batch_size=1, dtype=dtype,
    )  # fmt: skip
    _, network, _ = after(Native(path), recipe, blank)
    expected = Noise(seed=8, step=0).normal(1, 50_000)[0]
    np.testing.assert_allclose(
        network.params[1]["W"][:, 3], expected, rtol=0, atol=1e-13 if dtype == "float64" else 1e-6
    )


@pytest.mark.parametrize("batch_norm", [False, True])
@pytest.mark.parametrize("optimizer", sorted(OPTIMIZERS))
def test_a_blow_up_is_the_readable_engines(optimizer, batch_norm, few):
    recipe = whynet.Recipe(
        hidden=(5,), activation="identity", cost="quadratic", optimizer=optimizer, average=0.5, batch_norm=batch_norm
    )
    outcomes = []
    for engine in (Native(), Reference()):
        prepared = prepare(recipe, few)
        network, task = prepared.network, prepared.task
        state = task.first_state()
        rows = np.arange(120).reshape(12, 10)
        rates = np.where(np.arange(12) < 5, 0.01, 1e200)
        with pytest.raises(BatchBlewUp) as caught:
            engine.advance(task, state, rows, rates, 0)
        outcomes.append((caught.value.blowup, network, state))
    (ours, network, state), (theirs, their_network, their_state) = outcomes
    assert ours == theirs
    np.testing.assert_array_equal(network.params.vector, their_network.params.vector)
    np.testing.assert_array_equal(network.statistics.vector, their_network.statistics.vector)
    assert state.keys() == their_state.keys()


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"faults": ("no-output-slope",)}, "mistakes in the gradient"),
        ({"faults": ("raw-momentum",), "momentum": 0.1}, "WrongUpdate"),
    ],
)
def test_what_it_does_not_know_it_declines_with_a_sentence(options, says, few):
    recipe = whynet.Recipe(**options)
    task = prepare(recipe, few).task
    assert says in Native().why_not(task)
    engine, reason = choose("auto", task)
    assert engine.name == "reference"
    assert says in reason
    with pytest.raises(UsageError, match=says):
        choose("native", task)


def arguments(few, **changes):
    """A sound call of the compiled function, with some of its arguments changed."""
    recipe = whynet.Recipe(hidden=(3,))
    task = prepare(recipe, few).task
    sound = {
        "path": PATHS[0], "threads": 1, "layers": lowering.layers_of(task.network), "cost": 2,
        "update": native._update(task),
        "params": task.network.params.vector, "statistics": task.network.statistics.vector,
        "state": [None, None, None], "pixels": few.inputs,
        "table": np.zeros(256, np.float32), "ink": None, "features": None, "labels": few.labels.astype(np.int64),
        "targets": np.eye(10, dtype=np.float32), "weights": None, "rows": np.zeros((2, 4), np.int64),
        "rates": np.zeros(2), "seed": 0, "first_step": 0, "steps_before": 0, "gemm": None,
    }  # fmt: skip
    return {**sound, **changes}


WRONG = {
    "path": "z80",
    "threads": 0,
    "cost": 7,
    "layers": [(0, 64, 3, 2, 0.0, 0.0, 0, []), (0, 4, 10, 2, 0.0, 0.0, 1, [])],
    "update": (0, [0.5, *[0.0] * 9]),
    "params": np.zeros(5, np.float32),
    "statistics": np.zeros(6, np.float32),
    "table": np.zeros(255, np.float32),
    "targets": np.zeros((10, 9), np.float32),
    "weights": np.zeros(3, np.float32),
    "rows": np.full((2, 4), 120, np.int64),
    "rates": np.zeros(3),
    "labels": np.full(120, 10, np.int64),
    "pixels": np.zeros((120, 63), np.uint8),
}


def test_what_does_not_fit_is_refused_at_the_boundary(few):
    native._native.advance_f32(**arguments(few))
    for name, value in WRONG.items():
        with pytest.raises((ValueError, TypeError)):
            native._native.advance_f32(**arguments(few, **{name: value}))
    with pytest.raises(TypeError):
        native._native.advance_f32(**arguments(few, params=np.zeros(223, np.float64)))
    with pytest.raises(TypeError):
        native._native.advance_f64(**arguments(few))
    with pytest.raises(TypeError):
        native._native.advance_f32(**arguments(few, rows=np.zeros((4, 2), np.int64).T))


NO_PIXELS = {"pixels": None, "table": None}
WRONG_FEATURES = {
    "neither pixels nor features": NO_PIXELS,
    "both": {"features": np.zeros((120, 64), np.float32)},
    "a table without pixels": {"pixels": None, "features": np.zeros((120, 64), np.float32)},
    "pixels without a table": {"table": None},
    "too narrow": {**NO_PIXELS, "features": np.zeros((120, 63), np.float32)},
    "too wide": {**NO_PIXELS, "features": np.zeros((120, 64 + 2**8), np.float32)},
    "too few for the labels": {**NO_PIXELS, "features": np.zeros((119, 64), np.float32)},
    "none": {**NO_PIXELS, "features": np.zeros((0, 64), np.float32), "labels": np.zeros(0, np.int64)},
    "one example alone": {**NO_PIXELS, "features": np.zeros(64, np.float32), "labels": np.zeros(1, np.int64)},
    "a row too many": {
        **NO_PIXELS, "features": np.zeros((120, 64), np.float32), "rows": np.full((2, 4), 120, np.int64),
    },
    "another type": {**NO_PIXELS, "features": np.zeros((120, 64))},
    "bytes": {**NO_PIXELS, "features": np.zeros((120, 64), np.uint8)},
    "in columns": {**NO_PIXELS, "features": np.zeros((64, 120), np.float32).T},
}  # fmt: skip


def test_features_that_do_not_fit_are_refused_at_the_boundary(few):
    native._native.advance_f32(**arguments(few, **NO_PIXELS, features=np.zeros((120, 64), np.float32)))
    for what, changes in WRONG_FEATURES.items():
        with pytest.raises((ValueError, TypeError)):
            native._native.advance_f32(**arguments(few, **changes))
            pytest.fail(what)
    with pytest.raises(ValueError, match="only pixels have ink"):
        ink = native._native.Ink(few.inputs)
        native._native.advance_f32(**arguments(few, **NO_PIXELS, features=np.zeros((120, 64), np.float32), ink=ink))
    sound = {name: arguments(few)[name] for name in ("path", "layers", "params", "statistics")}
    for what, changes in WRONG_FEATURES.items():
        if not {"labels", "rows"} & set(changes) and what != "too few for the labels":
            shown = {"pixels": few.inputs, "table": np.zeros(256, np.float32), "ink": None, "features": None, **changes}
            with pytest.raises((ValueError, TypeError)):
                native._native.scores_f32(**sound, **shown)
                pytest.fail(what)


@pytest.mark.parametrize("hidden", [(9,), (70,)])
def test_images_with_wide_gaps(hidden, rng):
    """Ink after hundreds of blank pixels, at either end, or nowhere."""
    pixels = np.zeros((40, 1500), np.uint8)
    for row in pixels[2:]:
        row[rng.choice(1500, size=rng.integers(1, 6), replace=False)] = rng.integers(1, 256)
    pixels[0, [255, 511, 512, 1499]] = 255, 1, 7, 255
    ink = native._native.Ink(pixels)
    for row in range(40):
        assert ink.of(row) == np.flatnonzero(pixels[row]).tolist()
    data = whynet.Dataset(pixels.reshape(40, 30, 50), rng.integers(0, 3, size=40), problem=("a", "b", "c"))
    for optimizer in ("sgd", "adam"):
        check_same(whynet.Recipe(hidden=hidden, batch_size=8, optimizer=optimizer, dtype="float64"), data)


def test_ink_is_where_pixels_are_not_zero_and_is_found_once(rng):
    pixels = rng.integers(0, 3, size=(50, 30), dtype=np.uint8) * (rng.random((50, 30)) < 0.3).astype(np.uint8)
    ink = native._native.Ink(pixels)
    for row in range(50):
        assert ink.of(row) == np.flatnonzero(pixels[row]).tolist()
    with pytest.raises(ValueError, match="no such image"):
        ink.of(50)
    with pytest.raises(ValueError, match="not that of these examples"):
        native._native.advance_f32(**arguments(whynet.load("digits"), ink=ink))
    first = native._ink(pixels)
    assert native._ink(pixels) is first
    key = id(pixels)
    del pixels
    assert key not in native._INK
    assert native._ink(np.ones((5, 5), np.uint8)) is None  # ink everywhere: nothing to skip


@pytest.mark.slow
@pytest.mark.parametrize("floats", [False, True])
def test_nothing_leaks_over_a_thousand_calls(floats, few, rng):
    import resource

    recipe = whynet.Recipe(hidden=(50,), optimizer="adam")
    task = prepare(recipe, few).task
    if floats:
        shown = {"inputs": rng.normal(size=(120, 64)).astype(np.float32), "scaling": None}
        task = task._replace(examples=task.examples._replace(**shown))
    state, rows = task.first_state(), np.zeros((3, 10), np.int64)
    used = []
    for call in range(1200):
        Native().advance(task, state, rows, np.full(3, 0.001), 3 * call)
        used.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
    assert used[-1] - used[200] < 2048  # kilobytes
    assert int(state["steps"][0]) == 3600


def test_validation_rows_are_not_touched(few):
    recipe = whynet.Recipe(hidden=(4,), validation_size=20)
    train, validation = split(few, recipe)
    assert len(train) + len(validation) == len(few)
    check_same(recipe, few)


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("path", PATHS)
def test_scores_are_the_networks_own(path, dtype, digits, rng):
    for activation, scaling, count, batch_norm in product(
        lowering.ACTIVATIONS, ("0..1", "-1..1"), (1, 63, 200), (False, True)
    ):
        recipe = whynet.Recipe(
            hidden=(17, 5), activation=activation, dropout=0.5, input_dropout=0.1, scaling=scaling, dtype=dtype,
            batch_norm=batch_norm,
        )  # fmt: skip
        network, pixels = prepare(recipe, digits).network, digits.inputs[:count]
        network.statistics.vector[:] = rng.uniform(0.5, 2, network.statistics.vector.size)
        expected = network.scores(pixels)
        found = Native(path).scores(network, pixels)
        assert found.dtype == expected.dtype
        np.testing.assert_allclose(found, expected, rtol=0, atol=(1e-13 if dtype == "float64" else 1e-5))


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("path", PATHS)
def test_however_far_units_are_saturated(path, dtype, digits):
    """Weighted inputs from one to many thousands, of both signs: exponentials overflow and underflow as they should."""
    for activation, size in product(("sigmoid", "tanh", "elu", "gelu", "scaled-tanh"), (30, 100, 176, 300, 3000, 1e6)):
        recipe = whynet.Recipe(
            hidden=(40,), activation=activation, cost="quadratic", init=f"normal(0, {size})", dtype=dtype
        )
        network, pixels = prepare(recipe, digits).network, digits.inputs[:100]
        with np.errstate(over="ignore"):
            expected = network.scores(pixels)
        assert np.isfinite(expected).all()
        found = Native(path).scores(network, pixels)
        assert np.isfinite(found).all()
        near = np.abs(found - expected) <= 1e-3 * (1 + np.abs(expected))  # not where huge sums cancel
        assert near.mean() > 0.97


def test_scores_of_what_the_loop_does_not_know_are_numpys(digits):
    scaling = prepare(whynet.Recipe(), digits).network.scaling
    network = whynet.Network(layers=[Dense(64, 10), BatchNorm(10)], scaling=scaling)
    np.testing.assert_array_equal(Native().scores(network, digits.inputs), network.scores(digits.inputs))
    with pytest.raises(ValueError, match="no part in scores"):
        native._native.scores_f32(
            path=PATHS[0], layers=[(1, 64, 64, 0, 0.5, 0.0, 0, []), (0, 64, 10, 0, 0.0, 0.0, 1, [])],
            params=np.zeros(650, np.float32), statistics=np.zeros(0, np.float32), pixels=digits.inputs,
            table=np.zeros(256, np.float32), ink=None, features=None,
        )  # fmt: skip


# ---- features that are no pixels


def measured(recipe, rows, features, outputs, rng):
    """Any numbers for features, and a target of its own for each example; as a task, and what it needs to begin."""
    blank = whynet.Dataset(np.zeros((rows, 1, features), np.uint8), np.arange(rows) % 2, problem=("no", "yes"))
    network = whynet.Network(
        [features, *recipe.hidden, outputs], activation=recipe.activation, cost=recipe.cost, dtype=recipe.dtype,
        output_activation=recipe.output_activation, batch_norm=recipe.batch_norm, dropout=recipe.dropout,
        input_dropout=recipe.input_dropout, noise=recipe.noise, input_noise=recipe.input_noise, seed=recipe.seed,
    )  # fmt: skip
    task = prepare(recipe.but(hidden=None, sizes=(features, 2)), blank).task._replace(network=network)
    X = rng.normal(0, 2, (rows, features)).astype(recipe.dtype)
    targets = rng.normal(0, 2, (rows, outputs))
    if "entropy" in recipe.cost:
        softmax = recipe.cost == "softmax-cross-entropy"
        targets = rng.dirichlet(np.ones(outputs), rows) if softmax else rng.random((rows, outputs))
    weights = None if rng.random() < 0.5 else rng.random(rows).astype(recipe.dtype)
    return task._replace(examples=Examples(X, None, np.arange(rows), targets.astype(recipe.dtype), weights))


def steps(engine, recipe, shape, batch_size, seed):
    """What two epochs in batches come to; the last batch of an epoch may be a smaller one."""
    task = measured(recipe, *shape, np.random.default_rng(seed))
    state, costs, taken = task.first_state(), [], 0
    for epoch in range(2):
        order = np.random.default_rng([seed, epoch]).permutation(shape[0])
        whole = len(order) // batch_size * batch_size
        for rows in (order[:whole].reshape(-1, batch_size), order[whole:][np.newaxis]):
            if rows.size:
                rates = np.full(len(rows), recipe.learning_rate)
                costs += engine.advance(task, state, rows, rates, taken).tolist()
                taken += len(rows)
    return costs, task, state


def check_same_measured(recipe, shape, batch_size, engine, seed=0, slack=1):
    costs, ours, our_state = steps(engine, recipe, shape, batch_size, seed)
    expected, theirs, their_state = steps(Reference(), recipe, shape, batch_size, seed)
    tolerance = slack * TOLERANCE[recipe.dtype]
    assert costs == pytest.approx(expected, rel=tolerance, abs=tolerance)
    params, statistics = decided(recipe, theirs.network)
    for a, b, kept in (
        (ours.network.params, theirs.network.params, params),
        (ours.network.statistics, theirs.network.statistics, statistics),
    ):
        difference = np.linalg.norm((a.vector - b.vector)[kept.vector])
        assert difference <= tolerance * max(np.linalg.norm(b.vector), 1e-3)
    for name, b in their_state.items():
        kept = params.vector if b.size == params.vector.size else slice(None)
        assert np.linalg.norm((our_state[name] - b)[kept]) <= 10 * tolerance * max(np.linalg.norm(b), 1e-3), name


SHAPES = ((1, 1, 1), (23, 1, 2), (40, 7, 1), (33, 16, 3), (50, 150, 4))  # examples, features, outputs


@pytest.mark.thinned(7)
@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("cost", native.COSTS)
def test_features_under_every_cost_and_optimizer(cost, dtype, path):
    for number, (shape, optimizer, beside) in enumerate(
        product(SHAPES, sorted(OPTIMIZERS), [{}, {"dropout": 0.3, "input_noise": 0.2}, {"l2": 0.01, "clip_norm": 0.5}])
    ):
        recipe = whynet.Recipe(
            hidden=(9, 6), activation="elu", cost=cost, optimizer=optimizer, dtype=dtype, momentum=0.5,
            output_activation="identity", learning_rate=0.01, seed=number, **beside,
        )  # fmt: skip
        check_same_measured(recipe, shape, 1 + number % 17, Native(path), seed=number)


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("activation", lowering.ACTIVATIONS)
def test_features_under_every_activation_and_kind_of_layer(activation, dtype):
    for number, (hidden, beside) in enumerate(
        product(
            [(), (5,), (70, 20)],
            [{}, {"batch_norm": True}, {"dropout": 0.4, "input_dropout": 0.2}, {"noise": 0.3, "input_noise": 0.1}],
        )
    ):
        recipe = whynet.Recipe(
            hidden=hidden, activation=activation, cost="huber", dtype=dtype, learning_rate=0.01, seed=number,
            **({} if beside and not hidden else beside),
        )  # fmt: skip
        check_same_measured(recipe, (48, 12, 3), 20, Native(), seed=number)


@pytest.mark.parametrize("dtype", TOLERANCE)
def test_features_through_blas_and_with_two_threads(dtype):
    recipe = whynet.Recipe(
        hidden=(300, 130), activation="tanh", cost="quadratic", output_activation="identity", dtype=dtype,
        learning_rate=0.01,
    )  # fmt: skip
    shape = (70, 200, 3)
    network = measured(recipe, *shape, np.random.default_rng(0)).network
    assert gemm_of(network, 32, skip=0) is not None
    check_same_measured(recipe, shape, 32, Native())
    for size in (8, 32):
        one, two = (
            steps(Native(), recipe.but(threads=threads), shape, size, 0)[1].network.params.vector for threads in (1, 2)
        )
        np.testing.assert_array_equal(one, two)


@settings(deadline=None, max_examples=60)
@given(
    sizes=st.lists(st.integers(1, 40), max_size=3), rows=st.integers(1, 40), features=st.integers(1, 70),
    outputs=st.integers(1, 20), batch_size=st.integers(1, 45), activation=st.sampled_from(sorted(ACTIVATIONS)),
    output=st.sampled_from([None, "identity", "relu", "softmax"]), cost=st.sampled_from(sorted(COSTS)),
    optimizer=st.sampled_from(sorted(OPTIMIZERS)), dropout=st.sampled_from([0.0, 0.4]),
    input_dropout=st.sampled_from([0.0, 0.2]), noise=st.sampled_from([0.0, 0.3]),
    input_noise=st.sampled_from([0.0, 0.2]), clip=st.sampled_from([None, 0.3]), norm=st.sampled_from([None, 0.8]),
    average=st.sampled_from([0.0, 0.9]), l1=st.sampled_from([0.0, 1e-3]), threads=st.sampled_from([1, 2]),
    seed=st.integers(0, 99),
)  # fmt: skip
def test_any_recipe_on_any_features(
    sizes, rows, features, outputs, batch_size, activation, output, cost, optimizer, dropout, input_dropout, noise,
    input_noise, clip, norm, average, l1, threads, seed,
):  # fmt: skip
    recipe = whynet.Recipe(
        hidden=tuple(sizes), activation=activation, output_activation=output, cost=cost, optimizer=optimizer,
        dropout=dropout, input_dropout=input_dropout, noise=noise, input_noise=input_noise, clip_norm=clip,
        max_norm=norm, average=average, l1=l1, threads=threads, seed=seed, dtype="float64", learning_rate=0.001,
    )  # fmt: skip
    check_same_measured(recipe, (rows, features, outputs), batch_size, Native(), seed)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("activation", lowering.ACTIVATIONS)
def test_a_feature_that_is_no_number_is_found_as_the_readable_engine_finds_it(activation, value):
    recipe = whynet.Recipe(hidden=(5,), activation=activation, cost="absolute", optimizer="adam", momentum=0.9)
    outcomes = []
    for engine in (Native(), Reference()):
        task = measured(recipe, 60, 4, 2, np.random.default_rng(3))
        task.examples.inputs[37, 2] = value
        state = task.first_state()
        with pytest.raises(BatchBlewUp) as caught:
            engine.advance(task, state, np.arange(60).reshape(6, 10), np.full(6, 0.01), 0)
        outcomes.append((caught.value.blowup, task.network.params.vector, state["mean"]))
    assert outcomes[0][0] == outcomes[1][0]
    assert outcomes[0][0].step == 3
    for ours, theirs in zip(outcomes[0][1:], outcomes[1][1:], strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("path", PATHS)
def test_scores_of_features_are_the_networks_own(path, dtype, rng):
    offset, divisor = tuple(rng.normal(0, 50, 6).tolist()), tuple(rng.uniform(0.1, 9, 6).tolist())
    own = Scaling("standard", offset, divisor)
    for scaling, rows, kind in product((None, own, Scaling("0..1", 0.0, 255.0)), (0, 1, 63, 200), "fcu"):
        network = whynet.Network([6, 20, 3], batch_norm=True, dropout=0.5, scaling=scaling, dtype=dtype)
        X = rng.normal(100, 50, (rows, 6)) if kind != "c" else np.asfortranarray(rng.normal(0, 1, (rows, 6)))
        if kind == "u":
            X = rng.integers(0, 256, (rows, 6)).astype(np.uint8)
            if scaling is None:
                continue
        expected = network.scores(X)
        found = Native(path).scores(network, X)
        assert found.dtype == expected.dtype and found.shape == (rows, 3)
        np.testing.assert_allclose(found, expected, rtol=0, atol=(1e-12 if dtype == "float64" else 1e-4))
        np.testing.assert_array_equal(expected, Reference().scores(network, X))
        if scaling is own:
            by_hand = ((X.astype(np.float64) - np.array(offset)) / np.array(divisor)).astype(dtype)
            alone = whynet.Network([6, 20, 3], batch_norm=True, dropout=0.5, dtype=dtype)
            np.testing.assert_array_equal(expected, alone.scores(by_hand))
