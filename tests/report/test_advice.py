"""What to change is code between backticks: here it runs, and does what is said."""

from __future__ import annotations

import importlib.util
import math
import os
import re
import tomllib
from typing import get_args

import numpy as np
import pytest

from whynet.doctor.change import Change, ChangeKind, Wording
from whynet.doctor.diagnosis import Diagnosis, Finding, Outcome, Settings
from whynet.network.activations import activation
from whynet.report.diagnosis import diagnosis_html
from whynet.report.screen import on_one_screen
from whynet.report.wording import LIBRARIES, lines, say
from whynet.report.wording.mistakes import PLAIN
from whynet.training.recipe import Recipe

pytestmark = pytest.mark.filterwarnings("default")  # guests warn of what they do
CHANGES = [
    Change("rate", {"times": 10}),
    Change("epochs", {"times": 3}),
    Change("epochs", {"early_stop": False}),
    Change("batch", {"size": 16}),
    Change("shuffle"),
    *(
        Change(kind, {"scheme": scheme})
        for kind in ("scale-inputs", "scale-targets")
        for scheme in ("0..1", "standard")
    ),
    *(
        Change("weights", {"scheme": scheme, "part": part})
        for scheme in ("scaled-normal", "he", "glorot", "lecun", "normal", "orthogonal", "zeros", "anew")
        for part in ("all", "output weights")
    ),
    Change("weights", {"scheme": "zeros", "part": "biases"}),
    *(
        Change("activation", {"name": name})
        for name in ("relu", "leaky-relu", "elu", "gelu", "tanh", "sigmoid", "identity")
    ),
    Change("activation", {"name": "relu", "weights": "he"}),
    Change("output", {"name": "sigmoid"}),
    Change("output", {"name": "softmax"}),
    Change("output", {"name": "identity"}),
    Change("cost", {"name": "softmax-cross-entropy"}),
    Change("cost", {"name": "sigmoid-cross-entropy"}),
    Change("cost", {"name": "quadratic"}),
    Change("cost", {"class_weights": "balanced"}),
    Change("penalty", {"l2": 0.001}),
    Change("penalty", {"off": True}),
    Change("dropout", {"rate": 0.25}),
    Change("clip", {"norm": 0.5}),
    *(Change("schedule", {"name": name}) for name in ("constant", "cosine", "exponential", "linear", "warm-up")),
    *(Change("optimizer", {"name": name, "rate": 0.01}) for name in ("sgd", "nesterov", "adam", "adamw", "rmsprop")),
    Change("width", {"widths": (4, 30, 20, 3)}),
    Change("depth", {"widths": (4, 20, 3)}),
    Change("biases"),
    Change("rows", {"rows": 1000}),
    Change("mode"),
    *(Change("mend", {"mistakes": (name,)}) for name in PLAIN),
    Change("mend", {"mistakes": ("raw-momentum",), "rate": 0.3}),
]
SETTINGS = {
    "several classes": Settings(
        optimizer="sgd",
        rate=0.01,
        momentum=0.9,
        epochs=5,
        batch=32,
        order="shuffled",
        widths=(4, 8, 3),
        activation="sigmoid",
        cost="softmax-cross-entropy",
        weights="zeros",
        l2=0.01,
    ),
    "one output": Settings(optimizer="adam", rate=0.01, epochs=5, widths=(4, 8, 1), activation="relu"),
    "nothing known": Settings(),
}
KINDS = [*SETTINGS]


def run(code, space):
    """What the code gives: a value, the arguments that it is, or nothing."""
    for form in (code, f"dict({code})"):
        try:
            compiled = compile(form, "advice", "eval")
        except SyntaxError:
            continue
        return eval(compiled, space)  # noqa: S307
    exec(compile(code, "advice", "exec"), space)  # noqa: S102
    return None


def codes(words):
    return re.findall(r"`([^`]*)`", words)


def said(change, library, kind="several classes", **wording):
    return say(change, Diagnosis("healthy", settings=SETTINGS[kind], wording=Wording(library, **wording)))


def first(change, library, space, **wording):
    """What the first piece of code gives."""
    return run(codes(said(change, library, **wording))[0], space)


def test_every_kind_of_change_is_here():
    assert {change.kind for change in CHANGES} == set(get_args(ChangeKind))


@pytest.mark.parametrize("library", [name for name in LIBRARIES if name != "whynet"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_single_output_is_never_told_a_cost_of_several_classes(library, kind):
    for change in CHANGES:
        words = said(change, library, kind)
        if kind == "one output" and change.kind in ("cost", "output"):
            assert not re.search(r"nn\.CrossEntropyLoss|SparseCategorical|[Ss]oftmax", words), words


# ---- whynet


@pytest.mark.parametrize("kind", KINDS)
def test_lines_of_a_recipe_are_a_recipe(kind):
    fields = {}
    for change in CHANGES:
        for words, was in lines(change, Diagnosis("healthy", settings=SETTINGS[kind])):
            if re.match(r"\w+ = ", words):
                fields = tomllib.loads(f"{words}  # {was}")
                recipe = Recipe.from_dict(fields, "advice")
                assert all(getattr(recipe, name) is not None for name in fields)
    assert fields == {"learning_rate": 0.3}
    regularised = Settings(l2=0.1, dropout=0.5, smoothing=0.1, clip=0.1, decay=0.01)
    off = lines(Change("penalty", {"off": True}), Diagnosis("healthy", settings=regularised))
    assert off == [
        ("l2 = 0", "was 0.1"),
        ("weight_decay = 0", "was 0.01"),
        ("dropout = 0", "was 0.5"),
        ("label_smoothing = 0", "was 0.1"),
        ("leave out clip_norm", "was 0.1"),
    ]


# ---- NumPy


def arrays(classes=3):
    rng = np.random.default_rng(0)
    X, y = rng.random((60, 4)) * 255, np.arange(60) % classes
    z = rng.normal(size=(60, 8))
    return {
        "np": np, "rng": rng, "X": X, "x": X, "y": y, "n": 60, "z": z, "a": 1 / (1 + np.exp(-z)), "t": np.ones_like(z),
        "W": rng.random((4, 8)), "b": np.ones(8), "fan_in": 4, "fan_out": 8, "delta": np.ones_like(z),
        "gradient": np.ones((4, 8)), "dW": np.ones((4, 8)), "db": np.ones(8), "v": np.zeros((4, 8)), "rate": 0.1,
        "momentum": 0.9,
    }  # fmt: skip


@pytest.mark.parametrize("examples", ["examples", "images"])
@pytest.mark.parametrize("kind", KINDS)
def test_code_in_numpy_runs(kind, examples):
    for change in CHANGES:
        for code in codes(said(change, "NumPy", kind, examples=examples)):
            run(code, arrays())


def test_code_in_numpy_does_what_it_says():
    space = arrays()
    for name in ("relu", "leaky-relu", "tanh", "sigmoid", "identity"):
        made, derivative = codes(said(Change("activation", {"name": name}), "NumPy"))
        found = run(made, space)["a"]
        a, memo = activation(name).forward(space["z"])
        np.testing.assert_allclose(found, a)
        own = run(derivative, {**space, "a": a})
        np.testing.assert_allclose(own * np.ones_like(a), activation(name).backward(memo, np.ones_like(a)))
    wide = {**space, "W": np.zeros((400, 300)), "fan_in": 400, "fan_out": 300}
    for scheme, sd in SPREAD.items():
        if scheme != "orthogonal":
            W = first(Change("weights", {"scheme": scheme}), "NumPy", wide)["W"]
            assert W.std() == pytest.approx(sd, rel=0.02)
    assert first(Change("weights", {"scheme": "zeros", "part": "biases"}), "NumPy", space)["b"].sum() == 0
    X = first(Change("scale-inputs", {"scheme": "standard"}), "NumPy", space)["X"]
    np.testing.assert_allclose([X.mean(0), X.std(0)], [[0] * 4, [1] * 4], atol=1e-12)
    X = first(Change("scale-inputs", {"scheme": "0..1"}), "NumPy", space)["X"]
    assert (X.min(), X.max()) == (0, 1)
    assert first(Change("scale-inputs", {"scheme": "0..1"}), "NumPy", space, examples="images")["X"].max() <= 1
    space["X"] = np.ones((60, 4))  # nothing to scale: no division by zero
    assert not np.isnan(first(Change("scale-inputs", {"scheme": "standard"}), "NumPy", space)["X"]).any()
    clipped = first(Change("clip", {"norm": 0.5}), "NumPy", space)["gradient"]
    assert np.linalg.norm(clipped) == pytest.approx(0.5)
    a = first(Change("dropout", {"rate": 0.25}), "NumPy", {**space, "a": np.ones((400, 400))})["a"]
    assert (a == 0).mean() == pytest.approx(0.25, abs=0.01)
    assert a.mean() == pytest.approx(1, abs=0.01)
    assert sorted(first(Change("shuffle"), "NumPy", space)["order"]) == list(range(60))
    run(codes(said(Change("mend", {"mistakes": ("raw-momentum",)}), "NumPy"))[0], space)
    np.testing.assert_allclose(space["v"], -0.1)
    np.testing.assert_allclose(run("v", space), -0.1)


SPREAD = {
    "scaled-normal": 1 / 20,
    "he": math.sqrt(2) / 20,
    "glorot": math.sqrt(2 / 700),
    "lecun": 1 / 20,
    "normal": 1.0,
    "orthogonal": 1 / 20,
    "zeros": 0.0,
}  # of a layer of 400 inputs and 300 units


# ---- scikit-learn


def learners():
    from sklearn.compose import TransformedTargetRegressor
    from sklearn.neural_network import MLPClassifier, MLPRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import MinMaxScaler, StandardScaler
    from sklearn.utils.class_weight import compute_sample_weight

    return {
        **arrays(), **{one.__name__: one for one in (TransformedTargetRegressor, MLPClassifier, MLPRegressor,
        make_pipeline, MinMaxScaler, StandardScaler, compute_sample_weight)},
        "model": MLPClassifier(hidden_layer_sizes=(3,), max_iter=3),
        "learning_rate_init": None, "max_iter": None, "hidden_layer_sizes": None,
    }  # fmt: skip


@pytest.mark.parametrize("estimator", ["MLPClassifier", "MLPRegressor"])
@pytest.mark.parametrize("kind", KINDS)
def test_code_in_scikit_learn_runs(kind, estimator):
    for change in CHANGES:
        words = said(change, "scikit-learn", kind, estimator=estimator)
        for code in codes(words):
            found = run(code, learners())
            if hasattr(found, "get_params") and hasattr(found, "fit"):
                found._validate_params()
        if change.kind not in ("cost", "scale-targets") and estimator == "MLPRegressor":
            assert "MLPClassifier" not in words


def test_code_in_scikit_learn_does_what_it_says():
    space = learners()
    for change, name, value in [
        (Change("rate", {"times": 10}), "learning_rate_init", 0.1),
        (Change("epochs", {"times": 3}), "max_iter", 15),
        (Change("batch", {"size": 16}), "batch_size", 16),
        (Change("penalty", {"l2": 0.001}), "alpha", 0.002),
        (Change("penalty", {"off": True}), "alpha", 0),
        (Change("width", {"widths": (4, 30, 20, 3)}), "hidden_layer_sizes", (30, 20)),
        (Change("depth", {"widths": (4, 20, 3)}), "hidden_layer_sizes", (20,)),
        (Change("activation", {"name": "sigmoid"}), "activation", "logistic"),
        (Change("optimizer", {"name": "adam", "rate": 0.01}), "solver", "adam"),
    ]:
        assert getattr(first(change, "scikit-learn", space, penalty=2.0), name) == value
    patient = first(Change("epochs", {"early_stop": False}), "scikit-learn", space)
    patient.set_params(max_iter=30, hidden_layer_sizes=(2,), tol=1.0).fit(space["X"] / 255, space["y"])
    assert patient.n_iter_ == 30
    scaled = first(Change("scale-inputs", {"scheme": "standard"}), "scikit-learn", space)
    X = scaled[0].fit_transform(space["X"])
    np.testing.assert_allclose([X.mean(0), X.std(0)], [[0] * 4, [1] * 4], atol=1e-12)
    targets = first(Change("scale-targets", {"scheme": "standard"}), "scikit-learn", space)
    targets.set_params(regressor__max_iter=2, regressor__hidden_layer_sizes=(2,))
    assert targets.fit(space["X"] / 255, space["y"] * 1000.0).transformer_.mean_ == pytest.approx(1000)


# ---- PyTorch


@pytest.fixture(scope="module")
def torch():
    return pytest.importorskip("torch", reason="PyTorch is not installed; it is a guest, not a dependency")


def tensors(torch, outputs=3):
    from torch.utils.data import DataLoader, TensorDataset

    nn = torch.nn
    torch.manual_seed(0)
    X, y = 255 * torch.rand(60, 4), torch.arange(60) % max(outputs, 2)
    model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, outputs))
    scores = model(X)
    loss = (scores**2).mean()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    return {
        "torch": torch, "nn": nn, "model": model, "X": X, "y": y, "layer": nn.Linear(400, 300), "loss": loss,
        "dataset": TensorDataset(X, y), "DataLoader": DataLoader, "optimizer": optimizer, "scores": scores, "z": scores,
        "scheduler": torch.optim.lr_scheduler.ConstantLR(optimizer), "fan_in": 4, "fan_out": 8,
    }  # fmt: skip


@pytest.mark.parametrize("examples", ["examples", "images"])
@pytest.mark.parametrize("kind", KINDS)
def test_code_in_pytorch_runs(torch, kind, examples):
    for change in CHANGES:
        space = tensors(torch, 1 if kind == "one output" else 3)
        if change.kind == "scale-targets":
            space["y"] = torch.rand(60)
        words = said(change, "PyTorch", kind, examples=examples)
        for code in sorted(codes(words), key=lambda code: "loss.backward" not in code):  # clipping comes after it
            run(code, space)


def test_code_in_pytorch_does_what_it_says(torch):
    space = tensors(torch)
    nn = torch.nn
    faster = first(Change("rate", {"times": 10}), "PyTorch", space, rate=0.5)
    assert isinstance(faster, torch.optim.SGD)
    group = faster.param_groups[0]
    assert (group["lr"], group["momentum"], group["weight_decay"]) == (0.05, 0.9, 0.01)
    for name, kind in [("adam", "Adam"), ("adamw", "AdamW"), ("rmsprop", "RMSprop"), ("sgd", "SGD")]:
        made = first(Change("optimizer", {"name": name, "rate": 0.02}), "PyTorch", space)
        assert (type(made).__name__, made.param_groups[0]["lr"]) == (kind, 0.02)
    nesterov = first(Change("optimizer", {"name": "nesterov", "rate": 0.02}), "PyTorch", space).param_groups[0]
    assert (nesterov["momentum"], nesterov["nesterov"]) == (0.9, True)
    for scheme, sd in SPREAD.items():
        run(codes(said(Change("weights", {"scheme": scheme}), "PyTorch"))[0], space)
        assert float(space["layer"].weight.detach().std()) == pytest.approx(sd, rel=0.02)
    run(codes(said(Change("weights", {"scheme": "anew"}), "PyTorch"))[0], space)
    assert float(space["layer"].weight.detach().std()) == pytest.approx(1 / math.sqrt(3) / 20, rel=0.02)
    run(codes(said(Change("weights", {"scheme": "zeros", "part": "biases"}), "PyTorch"))[0], space)
    assert not space["layer"].bias.any()
    z = np.linspace(-5, 5, 50).reshape(5, 10)
    for name in ("relu", "leaky-relu", "elu", "gelu", "tanh", "sigmoid", "identity"):
        unit = first(Change("activation", {"name": name}), "PyTorch", space)
        np.testing.assert_allclose(unit(torch.tensor(z)).numpy(), activation(name).forward(z)[0], atol=1e-6)
    loader = first(Change("batch", {"size": 16}), "PyTorch", space)
    assert loader.batch_size == 16
    for change in (Change("shuffle"), Change("batch", {"size": 16})):
        assert isinstance(first(change, "PyTorch", space).sampler, torch.utils.data.RandomSampler)
    scores, labels = torch.randn(60, 3), space["y"]
    wanted = -torch.log_softmax(scores, 1)[torch.arange(60), labels].mean()
    softmax, balanced = Change("cost", {"name": "softmax-cross-entropy"}), Change("cost", {"class_weights": "balanced"})
    assert torch.isclose(first(softmax, "PyTorch", space)(scores, labels), wanted)
    assert isinstance(run(codes(said(softmax, "PyTorch", "one output"))[0], space), nn.BCEWithLogitsLoss)
    rare = {**space, "y": torch.tensor([0, 0, 0, 1])}
    weights = first(balanced, "PyTorch", rare).weight
    assert float(weights[1] / weights[0]) == pytest.approx(3)
    assert float(run(codes(said(balanced, "PyTorch", "one output"))[0], rare).pos_weight) == 3
    assert first(Change("penalty", {"l2": 0.001}), "PyTorch", space, penalty=2.0) == {"weight_decay": 0.002}
    assert first(Change("penalty", {"off": True}), "PyTorch", space) == {"weight_decay": 0}
    assert first(Change("dropout", {"rate": 0.25}), "PyTorch", space).p == 0.25
    clip, backward = codes(said(Change("clip", {"norm": 1e-3}), "PyTorch"))
    run(backward, space)
    run(clip, space)
    norm = sum(float((p.grad**2).sum()) for p in space["model"].parameters()) ** 0.5
    assert norm == pytest.approx(1e-3, rel=1e-3)
    layers = first(Change("width", {"widths": (4, 30, 20, 3)}), "PyTorch", space)
    assert [(layer.in_features, layer.out_features) for layer in layers] == [(4, 30), (30, 20), (20, 3)]
    X = first(Change("scale-inputs", {"scheme": "standard"}), "PyTorch", space)["X"]
    assert torch.allclose(X.mean(0), torch.zeros(4), atol=1e-6)
    assert torch.allclose(X.std(0), torch.ones(4))
    X = first(Change("scale-inputs", {"scheme": "0..1"}), "PyTorch", space)["X"]
    assert (float(X.min()), float(X.max())) == (0, 1)
    off, on = (run(code, space).training for code in reversed(codes(said(Change("mode"), "PyTorch"))))
    assert (off, on) == (False, True)
    summed = codes(said(Change("mend", {"mistakes": ("softmax-over-batch",)}), "PyTorch"))[0]
    assert torch.allclose(run(summed, {**space, "scores": scores}).sum(1), torch.ones(60))
    run(codes(said(Change("mend", {"mistakes": ("stale-gradients",)}), "PyTorch"))[0], space)
    assert all(p.grad is None for p in space["model"].parameters())


# ---- Keras


@pytest.fixture(scope="module")
def keras():
    if not os.environ.get("KERAS_BACKEND"):
        os.environ["KERAS_BACKEND"] = "jax" if importlib.util.find_spec("jax") else "torch"
    if importlib.util.find_spec(os.environ["KERAS_BACKEND"]) is None:
        pytest.skip("Keras has no backend here")
    return pytest.importorskip("keras", reason="Keras is not installed; it is a guest, not a dependency")


def models(keras, outputs=3):
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(8, "relu"), keras.layers.Dense(outputs)])
    one = "binary_crossentropy" if outputs == 1 else "sparse_categorical_crossentropy"
    model.compile(optimizer="sgd", loss=one)
    layers = {name: getattr(keras.layers, name) for name in ("Dense", "Dropout")}
    space = {**arrays(max(outputs, 2)), "keras": keras, "model": model, "layer": model.layers[0], **layers}
    return {**space, "scores": np.ones((60, 3), "float32")}


@pytest.mark.parametrize("kind", KINDS)
def test_code_in_keras_runs(keras, kind):
    space = models(keras, 1 if kind == "one output" else 3)
    model, quick = space["model"], {}

    class Quick:  # `fit` is called with what is said, for one step
        def __getattr__(self, name):
            return getattr(model, name)

        def __call__(self, *args, **options):
            return model(*args, **options)

        def fit(self, X, y, **options):
            quick.update(options)
            return model.fit(X, y, **{**options, "epochs": 1, "verbose": 0})

    for change in CHANGES:
        for code in codes(said(change, "Keras", kind)):
            if code != "model.compile":
                known = model if "clone" in code else Quick()
                run(code, {**space, "model": known})
    assert quick["batch_size"] == 16
    assert quick["shuffle"] is True
    assert len(quick["class_weight"]) == (2 if kind == "one output" else 3)
    assert quick.get("epochs") == (None if kind == "nothing known" else 15)


def test_code_in_keras_does_what_it_says(keras):
    space = models(keras)
    faster = first(Change("rate", {"times": 10}), "Keras", space)
    assert isinstance(faster, keras.optimizers.SGD)
    assert float(faster.learning_rate) == pytest.approx(0.1)
    assert faster.momentum == 0.9
    for name, kind in [("adam", "Adam"), ("adamw", "AdamW"), ("rmsprop", "RMSprop"), ("nesterov", "SGD")]:
        made = first(Change("optimizer", {"name": name, "rate": 0.02}), "Keras", space)
        assert (type(made).__name__, float(made.learning_rate)) == (kind, pytest.approx(0.02))

    def built(part, **options):
        layer = keras.layers.Dense(300, **options)
        layer.build((None, 400))
        return keras.ops.convert_to_numpy(getattr(layer, part))

    for scheme, sd in SPREAD.items():
        options = first(Change("weights", {"scheme": scheme}), "Keras", space)
        assert built("kernel", **options).std() == pytest.approx(sd, rel=0.03)
    assert not built("bias", **first(Change("weights", {"scheme": "zeros", "part": "biases"}), "Keras", space)).any()
    z = np.linspace(-5, 5, 50).reshape(5, 10)
    for name in ("relu", "leaky-relu", "elu", "gelu", "tanh", "sigmoid", "identity"):
        layer = keras.layers.Dense(10, use_bias=False, **first(Change("activation", {"name": name}), "Keras", space))
        layer.build((None, 10))
        layer.set_weights([np.eye(10)])
        np.testing.assert_allclose(
            keras.ops.convert_to_numpy(layer(z)), activation(name).forward(z)[0], atol=1e-3 if name == "gelu" else 1e-5
        )
    scores, labels = np.random.default_rng(0).normal(size=(60, 3)).astype("float32"), space["y"]
    loss = first(Change("cost", {"name": "softmax-cross-entropy"}), "Keras", space)["loss"]
    wanted = np.mean(np.log(np.exp(scores).sum(1)) - scores[np.arange(60), labels])
    assert float(loss(labels, scores)) == pytest.approx(float(wanted), rel=1e-5)
    loss = run(codes(said(Change("cost", {"name": "softmax-cross-entropy"}), "Keras", "one output"))[0], space)["loss"]
    assert isinstance(loss, keras.losses.BinaryCrossentropy)
    penalty = first(Change("penalty", {"l2": 0.001}), "Keras", space)["kernel_regularizer"]
    assert float(penalty(np.ones((2, 2), "float32"))) == pytest.approx(0.001 / 2 * 4)
    assert first(Change("dropout", {"rate": 0.25}), "Keras", space).rate == 0.25
    clip = first(Change("clip", {"norm": 0.5}), "Keras", space)
    assert keras.optimizers.SGD(**clip).global_clipnorm == 0.5
    widths = [run(code, space).units for code in codes(said(Change("width", {"widths": (4, 30, 20, 3)}), "Keras"))]
    assert widths == [30, 20, 3]
    summed = keras.ops.convert_to_numpy(
        run(codes(said(Change("mend", {"mistakes": ("softmax-over-batch",)}), "Keras"))[0], space)
    )
    np.testing.assert_allclose(summed.sum(1), 1, rtol=1e-5)


def test_what_was_measured_to_be_wrong_is_changed_before_what_only_helps():
    before, after = Outcome(2.0, 0.7), Outcome(1.5, 0.9)
    rate = Finding("lr-too-low", "helps", (), Change("rate", {"times": 10, "rate": 0.01}), before, after, seeds=3)
    output = Finding("wrong-output-activation", "found", (), Change("output", {"name": "identity"}))
    screen = on_one_screen(Diagnosis("underfits", verdict=[rate, output], before=before, yardstick=0.92), 80)
    rows = screen.splitlines()
    assert rows[rows.index('Try    output_activation = "identity"') + 1] == "       learning_rate = 0.01"
    assert "Gain   learning_rate = 0.01: 70 % -> 90 %" in screen
    alone = on_one_screen(Diagnosis("underfits", verdict=[rate], before=before, yardstick=0.92), 80)
    assert "Try    learning_rate = 0.01" in alone and "Gain   70 % -> 90 %" in alone


@pytest.mark.parametrize(("columns", "wide"), [("20", 40), ("60", 60), ("100", 100), ("300", 120)])
def test_the_screen_is_as_wide_as_the_terminal(columns, wide, monkeypatch):
    monkeypatch.setenv("COLUMNS", columns)
    before = Outcome(2.0, 0.7)
    rate = Finding("lr-too-low", "suspected", (), Change("rate", {"times": 10, "rate": 0.01}))
    long = Diagnosis("underfits", verdict=[rate], before=before, yardstick=0.92, used={"data": "word " * 100})
    rows = on_one_screen(long).splitlines()
    assert wide - 8 < max(map(len, rows)) <= wide


def test_single_points_are_no_chart():
    point, line = ((49_964, 2.0),), ((10, 2.2), (49_964, 2.0))
    pages = [diagnosis_html(Diagnosis("underfits", before=Outcome(2.0, 0.7, curve=one))) for one in (point, line)]
    assert ["49964" in page for page in pages] == [False, True]
