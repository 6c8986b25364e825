"""A check behind one door is behind all doors: what is ill shows in the same symptom, whoever trains the network, and
what a subject cannot show, it says."""

from __future__ import annotations

import importlib.util
import itertools
import os

import numpy as np
import pytest

from whynet.data.dataset import Dataset
from whynet.doctor.symptoms.declared import SYMPTOMS
from whynet.errors import UsageError
from whynet.subjects.adapted import PARTS
from whynet.subjects.diagnose import diagnose
from whynet.training.recipe import Recipe

if not os.environ.get("KERAS_BACKEND"):
    os.environ["KERAS_BACKEND"] = "jax" if importlib.util.find_spec("jax") else "torch"
pytestmark = pytest.mark.filterwarnings("default")  # Keras warns of what its backends do
CLASSES, FEATURES, WIDTH = 3, 20, 8
DOORS = ("recipe", "PyTorch", "Keras", "scikit-learn", "own code")
TEST = "whether test rows were trained on"
SHARED = {  # what every subject measures, and what it says where it cannot
    "largest-input": "", "feature-scales": "", "constant-features": "", "class-balance": "", "largest-class": "",
    "neighbours-agree": "", "nearest-neighbour": "", "held-rows-in-training": "", "test-images-in-training": TEST,
    "one-answer": "", "constant-accuracy": "", "identical-units": PARTS["layers"], "weight-gain": PARTS["layers"],
    "dead-start": PARTS["hidden"], "saturated-start": PARTS["hidden"], "dead-end": PARTS["hidden"],
    "saturated-end": PARTS["hidden"], "gradient-fall": PARTS["gradients"], "update-ratio": PARTS["step"],
}  # fmt: skip


def table(rng):
    """Rows of numbers that are no pixels, so that each library trains them itself."""
    labels = np.arange(300) % CLASSES
    X = rng.normal(size=(CLASSES, FEATURES))[labels] + 0.5 * rng.normal(size=(300, FEATURES))
    X[:, 1] *= 50
    return X.astype(np.float32), labels


def layers(rng):
    sizes = (FEATURES, WIDTH, WIDTH, CLASSES)
    return [(rng.normal(0, a**-0.5, (a, b)), np.zeros(b)) for a, b in itertools.pairwise(sizes)]


class Written:
    """A network as people write it: tanh or ReLU, softmax, cross-entropy, one step at a time."""

    def __init__(self, arrays, activation):
        self.W, self.b = ([pair[place].copy() for pair in arrays] for place in (0, 1))
        self.activation = activation

    def forward(self, X):
        self.a = [X]
        for W, b in zip(self.W[:-1], self.b[:-1], strict=True):
            z = self.a[-1] @ W + b
            self.a.append(np.tanh(z) if self.activation == "tanh" else np.maximum(z, 0))
        z = self.a[-1] @ self.W[-1] + self.b[-1]
        e = np.exp(z - z.max(axis=1, keepdims=True))
        return e / e.sum(axis=1, keepdims=True)

    def loss(self, X, y):
        return -np.mean(np.log(self.forward(X)[y == 1] + 1e-300))

    def gradients(self, X, y):
        delta, found = (self.forward(X) - y) / len(X), []
        for i in reversed(range(len(self.W))):
            found = [self.a[i].T @ delta, delta.sum(axis=0), *found]
            slope = 1 - self.a[i] ** 2 if self.activation == "tanh" else self.a[i] > 0
            delta = (delta @ self.W[i].T) * slope
        return found


def torch_door(X, y, test, arrays, activation):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed; it is a guest, not a dependency")
    parts = []
    for W, b in arrays:
        linear = torch.nn.Linear(*W.shape)
        with torch.no_grad():
            linear.weight.copy_(torch.as_tensor(W.T.copy()))
            linear.bias.copy_(torch.as_tensor(b))
        parts += [linear, torch.nn.Tanh() if activation == "tanh" else torch.nn.ReLU()]
    model = torch.nn.Sequential(*parts[:-1])
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    return diagnose(
        model, (X, y), loss=torch.nn.CrossEntropyLoss(), optimizer=optimizer, test=test, epochs=3, trials=False
    )


def keras_door(X, y, test, arrays, activation):
    if importlib.util.find_spec(os.environ["KERAS_BACKEND"]) is None:
        pytest.skip("Keras has no backend here")
    keras = pytest.importorskip("keras", reason="Keras is not installed; it is a guest, not a dependency")
    last = len(arrays) - 1
    kinds = [activation] * last + ["softmax"]
    model = keras.Sequential([keras.layers.Dense(W.shape[1], kind) for (W, _), kind in zip(arrays, kinds, strict=True)])
    model.build((None, FEATURES))
    model.set_weights([array.astype(np.float32) for pair in arrays for array in pair])
    model.compile(optimizer=keras.optimizers.SGD(0.05), loss="sparse_categorical_crossentropy")
    return diagnose(model, (X, y), test=test, epochs=3, trials=False)


def scikit_door(X, y, test, arrays, activation):
    from sklearn.neural_network import MLPClassifier

    hidden = tuple(W.shape[1] for W, _ in arrays[:-1])
    estimator = MLPClassifier(hidden, activation=activation, solver="sgd", max_iter=3, batch_size=32)
    return diagnose(estimator, (X, y), test=test, trials=False)


def code_door(X, y, test, arrays, activation):
    net = Written(arrays, activation)
    both = [array for pair in zip(net.W, net.b, strict=True) for array in pair]
    return diagnose(
        data=(X.astype(float), np.eye(CLASSES)[y]), parameters=both, loss=net.loss, gradients=net.gradients,
        predict=net.forward, learning_rate=0.05, batch_size=32, epochs=3, trials=False,
    )  # fmt: skip


def recipe_door(X, y, test, arrays, activation):
    """Its weights are drawn by rules: what is ill in these arrays is said as one."""
    W, b = arrays[0]
    init = "scaled-normal" if 0 < W.std() < 2 else "zeros" if not W.any() else "normal(0, 100)"
    pixels = lambda rows: np.clip(100 + 30 * rows / np.where(np.arange(FEATURES) == 1, 50, 1), 0, 255)  # noqa: E731
    images = lambda rows: pixels(rows).astype(np.uint8).reshape(-1, 4, 5)  # noqa: E731
    made = lambda X, y, test: Dataset(images(X), y.astype(np.uint8), "table", tuple("abc"), test)  # noqa: E731
    data = made(X, y, None if test is None else made(*test, None))
    recipe = Recipe(
        sizes=(FEATURES, WIDTH, WIDTH, CLASSES), activation=activation, init=init, epochs=3, learning_rate=0.05,
        bias_init="zeros" if not b.any() else f"constant({b[0]:g})", scaling="standard", batch_size=32,
    )  # fmt: skip
    return diagnose(recipe, data, trials=False)


OPEN = dict(zip(DOORS, (recipe_door, torch_door, keras_door, scikit_door, code_door), strict=True))


@pytest.mark.parametrize("door", DOORS)
def test_every_door_measures_the_shared_symptoms_or_says_why_not(door, rng):
    X, y = table(rng)
    found = OPEN[door](X, y, (X[:20] + 1, y[:20]), layers(rng), "tanh")
    gaps = {gap.what: gap.why for gap in found.not_examined}
    missing = {name for name in SHARED if name not in found.symptoms}
    assert {name for name in missing if SHARED[name] not in gaps} == set(), gaps
    assert all(gaps.values()), "each with its reason"
    assert set(found.symptoms) <= set(SYMPTOMS), "and all that is measured is declared"
    if door in ("PyTorch", "scikit-learn"):
        assert missing == set()


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize(
    ("ill", "symptom", "least"),
    [("symmetric", "identical-units", 1), ("dead", "dead-start", 1), ("saturated", "saturated-start", 0.5),
     ("alike", "largest-class", 1), ("noise", "neighbours-agree", None), ("rare", "class-balance", None),
     ("constant", "constant-features", 0.05), ("scales", "feature-scales", 1000),
     ("leaked", "test-images-in-training", 0.5)],
)  # fmt: skip
def test_what_is_ill_shows_in_the_same_symptom_behind_every_door(door, ill, symptom, least, rng):
    (X, y), arrays, activation, test = table(rng), layers(rng), "tanh", None
    if ill in ("symmetric", "dead", "saturated") and door == "scikit-learn":
        pytest.skip("scikit-learn draws the weights itself")
    if ill == "scales" and door == "recipe":
        pytest.skip("the pixels of a recipe are bytes")
    if ill == "symmetric":
        arrays = [(0 * W, b) for W, b in arrays]
    elif ill == "dead":
        arrays, activation = [(W, b - 1000) for W, b in arrays], "relu"
    elif ill == "saturated":
        arrays = [(100 * W, b) for W, b in arrays]
    elif ill == "alike":
        y = 0 * y + 1
    elif ill == "noise":
        y = rng.integers(CLASSES, size=len(y))
    elif ill == "rare":
        y = np.where(np.arange(len(y)) % 20, 0, y)
    elif ill == "constant":
        X[:, 2:7] = 1
    elif ill == "scales":
        X[:, 0] *= 1e4
    elif ill == "leaked":
        test = (X[:40], y[:40])
        if door == "own code":
            pytest.skip("hand-written code is handed over without a test set")
    found = OPEN[door](X, y, test, arrays, activation)
    evidence = {fact.name: fact for finding in found.verdict for fact in finding.evidence}
    fact = {**found.symptoms, **evidence}[symptom]
    assert fact.unusual or symptom == "constant-features", fact
    if least is not None:
        assert fact.value >= least


def test_a_refusal_shows_none_of_whynets_frames():
    def loss(X, y):
        raise ZeroDivisionError("mine")

    with pytest.raises(UsageError) as refused:
        diagnose(object(), (np.ones((4, 2)), np.ones(4)))
    assert len(refused.traceback) == 2  # that of the call, and the door
    with pytest.raises(UsageError, match="loss failed: ZeroDivisionError: mine") as failed:
        diagnose(parameters=[np.ones(2)], loss=loss, data=(np.ones((4, 2)), np.ones(4)))
    assert isinstance(failed.value.__cause__, ZeroDivisionError)  # with the frame of the owner's function
