"""whynet's own patients, built in another library from the same numbers: what is said of both must agree. And patients
with nothing wrong, of whom nothing must be said."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from whynet.data.dataset import Dataset
from whynet.doctor.diagnosis import Diagnosis
from whynet.mistakes.data import DATA
from whynet.network.layers import Dense
from whynet.report.wording import say
from whynet.training.prepare import prepare
from whynet.training.recipe import Recipe

EXPRESSIBLE = {*DATA, "summed-gradient", "undefined-rate", "flipped-gradient", "frozen-layer", "forgotten-bias"}


class Ward(NamedTuple):
    """A recipe unpacked: weights, numbers, labels."""

    layers: list[tuple[Any, Any, str]]  # W, b, activation
    X: Any
    labels: Any
    X_test: Any
    labels_test: Any


def unpack(recipe: Recipe, data: Dataset) -> Ward:
    """The network and the examples that training the recipe starts with."""
    prepared = prepare(recipe, data)
    network, train, test, scaling = prepared.network, prepared.train, prepared.test, prepared.scaling
    dense = [(i, layer) for i, layer in enumerate(network.layers) if isinstance(layer, Dense)]
    layers = [(network.params[i]["W"], network.params[i]["b"], layer.activation) for i, layer in dense]
    return Ward(
        layers,
        scaling.apply(train.images, "float32"),
        train.labels,
        None if test is None else scaling.apply(test.images, "float32"),
        None if test is None else test.labels,
    )


def torch_patient(torch: Any, recipe: Recipe, data: Dataset) -> dict[str, Any]:
    """The arguments of `diagnose_torch` for this recipe."""
    nn, ward = torch.nn, unpack(recipe, data)
    kinds = {
        "relu": nn.ReLU, "sigmoid": nn.Sigmoid, "tanh": nn.Tanh, "softmax": lambda: nn.Softmax(dim=1),
        "leaky-relu": nn.LeakyReLU, "elu": nn.ELU,
    }  # fmt: skip
    parts: list[Any] = []
    for index, (W, b, activation) in enumerate(ward.layers):
        linear = nn.Linear(*W.shape)
        with torch.no_grad():
            linear.weight.copy_(torch.as_tensor(W.T.copy()))
            linear.bias.copy_(torch.as_tensor(b.copy()))
        parts.append(linear)
        if activation != "identity":
            parts.append(kinds[activation]())
        if recipe.dropout and index < len(ward.layers) - 1:
            parts.append(nn.Dropout(recipe.dropout))
    model = nn.Sequential(*parts)
    outputs = ward.layers[-1][0].shape[1]
    summed = "sum" if "summed-gradient" in recipe.faults else "mean"
    rate, one_hot = recipe.rate, recipe.cost != "softmax-cross-entropy"
    if recipe.cost == "quadratic":
        loss, times = nn.MSELoss(reduction=summed), 0.5 if summed == "sum" else outputs / 2
    elif recipe.cost == "sigmoid-cross-entropy":
        loss, times = nn.BCEWithLogitsLoss(reduction=summed), 1 if summed == "sum" else outputs
    else:
        loss, times = nn.CrossEntropyLoss(reduction=summed, label_smoothing=recipe.label_smoothing), 1
    adaptive = recipe.optimizer not in ("sgd", "nesterov")
    options: dict[str, Any] = {
        "lr": float("nan") if "undefined-rate" in recipe.faults else rate * (1 if adaptive else times)
    }
    options["maximize"] = "flipped-gradient" in recipe.faults
    if recipe.optimizer in ("sgd", "nesterov"):
        options |= {"momentum": recipe.momentum or (0.9 if recipe.optimizer == "nesterov" else 0.0)}
        options |= {"nesterov": recipe.optimizer == "nesterov"}
    if recipe.optimizer == "adamw":
        options |= {"weight_decay": recipe.decay}
    elif recipe.l2:
        options |= {"weight_decay": recipe.l2 / times}
    if "frozen-layer" in recipe.faults:
        model[0].requires_grad_(False)
    if "forgotten-bias" in recipe.faults:
        for part in parts:
            if isinstance(part, nn.Linear):
                part.bias.requires_grad_(False)
    kind = {"sgd": "SGD", "nesterov": "SGD", "adam": "Adam", "adamw": "AdamW", "rmsprop": "RMSprop"}[recipe.optimizer]
    optimizer = getattr(torch.optim, kind)([one for one in model.parameters() if one.requires_grad], **options)

    def target(labels: Any) -> Any:
        if outputs == 1:
            return labels[:, np.newaxis].astype(np.float32)
        return np.eye(outputs, dtype=np.float32)[labels] if one_hot else labels

    full = recipe.batch_size == "full"
    batch_size = len(ward.X) if full else int(recipe.batch_size)
    pairs: Any = (ward.X, target(ward.labels))
    if "few-rows" in recipe.faults:
        examples = torch.utils.data.TensorDataset(*map(torch.tensor, pairs))
        rows = [row % 10 for row in range(len(ward.X))]
        pairs = torch.utils.data.DataLoader(examples, batch_size=batch_size, sampler=rows)
    return {
        "model": model, "loss": loss, "optimizer": optimizer, "data": pairs, "epochs": recipe.epochs,
        "test": None if ward.X_test is None else (ward.X_test, target(ward.labels_test)),
        "batch_size": batch_size, "shuffle": recipe.order != "file",
    }  # fmt: skip


def keras_patient(keras: Any, recipe: Recipe, data: Dataset) -> dict[str, Any]:
    """The arguments of `diagnose_keras` for this recipe."""
    ward = unpack(recipe, data)
    hidden, outputs = len(ward.layers) - 1, ward.layers[-1][0].shape[1]
    names = {"identity": "linear", "leaky-relu": "leaky_relu"}
    summed = "sum" if "summed-gradient" in recipe.faults else "sum_over_batch_size"
    one_hot, times = recipe.cost != "softmax-cross-entropy", 1.0
    if recipe.cost == "quadratic":
        loss, times = keras.losses.MeanSquaredError(reduction=summed), outputs / 2
    elif recipe.cost == "sigmoid-cross-entropy":
        loss, times = keras.losses.BinaryCrossentropy(from_logits=True, reduction=summed), float(outputs)
    else:  # an activation of theirs comes before the softmax
        logits = ward.layers[-1][2] != "identity"
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=logits, reduction=summed)
    model = keras.Sequential([keras.Input((ward.X.shape[1],))])
    for index, (W, b, activation) in enumerate(ward.layers):
        softmax = index == hidden and recipe.cost == "softmax-cross-entropy" and activation == "identity"
        layer = keras.layers.Dense(
            W.shape[1],
            activation="softmax" if softmax else names.get(activation, activation),
            kernel_regularizer=keras.regularizers.L2(recipe.l2 / 2 / times) if recipe.l2 else None,
        )
        layer.trainable = not (index == 0 and "frozen-layer" in recipe.faults)
        model.add(layer)
        layer.set_weights([W, b])
        if recipe.dropout and index < hidden:
            model.add(keras.layers.Dropout(recipe.dropout))
    adaptive = recipe.optimizer not in ("sgd", "nesterov")
    rate = float("nan") if "undefined-rate" in recipe.faults else recipe.rate * (1 if adaptive else times)
    kind = {"sgd": "SGD", "nesterov": "SGD", "adam": "Adam", "adamw": "AdamW", "rmsprop": "RMSprop"}[recipe.optimizer]
    options: dict[str, Any] = {"learning_rate": rate}
    if kind == "SGD":
        nesterov = recipe.optimizer == "nesterov"
        options |= {"momentum": recipe.momentum or (0.9 if nesterov else 0.0), "nesterov": nesterov}
    model.compile(optimizer=getattr(keras.optimizers, kind)(**options), loss=loss)

    def target(labels: Any) -> Any:
        return np.eye(outputs, dtype=np.float32)[labels] if one_hot else labels

    return {
        "model": model, "data": (ward.X, target(ward.labels)), "epochs": recipe.epochs,
        "test": None if ward.X_test is None else (ward.X_test, target(ward.labels_test)),
        "batch_size": len(ward.X) if recipe.batch_size == "full" else int(recipe.batch_size),
        "shuffle": recipe.order != "file",
    }  # fmt: skip


def in_keras(recipe: Recipe) -> bool:
    """Whether Keras has words for all of it: no gradient can be turned round, no row visited twice, no bias frozen."""
    return not {"flipped-gradient", "few-rows", "forgotten-bias"} & set(recipe.faults)


SKLEARN_UNITS = {"identity": "identity", "sigmoid": "logistic", "tanh": "tanh", "relu": "relu"}


def in_sklearn(recipe: Recipe) -> bool:
    """Whether scikit-learn has: it draws its initial weights itself, and has one loss and one last activation."""
    drawn = recipe.init in ("scaled-normal", "he", "glorot") and recipe.bias_init == "zeros"
    plain = recipe.output_activation is None and not recipe.dropout and recipe.activation in SKLEARN_UNITS
    known = recipe.optimizer in ("sgd", "nesterov", "adam") and recipe.cost == "softmax-cross-entropy"
    return drawn and plain and known and set(recipe.faults) <= {*DATA} - {"few-rows"}


def sklearn_patient(recipe: Recipe, data: Dataset) -> dict[str, Any]:
    """The arguments of `diagnose_sklearn` for this recipe."""
    from sklearn.neural_network import MLPClassifier

    ward = unpack(recipe, data)
    size = len(ward.X) if recipe.batch_size == "full" else int(recipe.batch_size)
    nesterov = recipe.optimizer == "nesterov"
    estimator = MLPClassifier(
        tuple(W.shape[1] for W, _, _ in ward.layers[:-1]), activation=SKLEARN_UNITS[recipe.activation],
        solver="adam" if recipe.optimizer == "adam" else "sgd", learning_rate_init=recipe.rate,
        momentum=recipe.momentum or (0.9 if nesterov else 0.0), nesterovs_momentum=nesterov,
        alpha=recipe.l2 * size, batch_size=size, max_iter=recipe.epochs, shuffle=recipe.order != "file",
    )  # fmt: skip
    test = None if ward.X_test is None else (ward.X_test, ward.labels_test)
    return {"estimator": estimator, "data": (ward.X, ward.labels), "test": test}


def changes_in_words(found: Diagnosis) -> list[str]:
    """What the fix changes, as the patient's library says it."""
    return [] if found.fix is None else [say(change, found) for change in found.fix.changes]


def change_in_words(found: Diagnosis, number: int = 0) -> str:
    """What the finding of this number would change, or what its measurement says of it."""
    finding = found.verdict[number]
    return finding.detail if finding.change is None else say(finding.change, found)


def first_answer(found: Diagnosis) -> str:
    """The first cause, or the state where there is none."""
    return found.verdict[0].cause if found.verdict else found.state


Pair = tuple[str, Diagnosis, Diagnosis]


def agreement(pairs: list[Pair], as_right: Mapping[str, Collection[str]] = MappingProxyType({})) -> tuple[float, str]:
    """Of `(name, whynet's, theirs)` the share with the same first answer, or with answers that are `as_right` (initial
    weights of another draw may bring out the other); and in words who has another."""

    def alike(name: str, own: str, theirs: str) -> bool:
        return own == theirs or {own, theirs} <= set(as_right.get(name, ()))

    wrong = [one for one in pairs if not alike(one[0], first_answer(one[1]), first_answer(one[2]))]
    words = "".join(
        f"\n{name}: whynet's own network {_said(own)}; theirs {_said(theirs)}" for name, own, theirs in wrong
    )
    print(f"{len(pairs) - len(wrong)} of {len(pairs)} alike{words}")  # noqa: T201 - `pytest -rP` shows it
    return 1 - len(wrong) / len(pairs), words


def _said(found: Diagnosis) -> str:
    return f"{found.state}, " + (", ".join(f"{one.cause} {one.status}" for one in found.verdict[:3]) or "no cause")


# ---- patients with nothing wrong


def false_alarms(diagnosed: Iterable[tuple[str, Diagnosis]]) -> tuple[int, str]:
    """How many are as good as a linear classifier, and in words of whom of these something is said all the same."""
    good = [(name, found) for name, found in diagnosed if found.before.validation_accuracy >= found.yardstick - 0.015]
    alarmed = [(name, found) for name, found in good if found.state != "healthy" or found.verdict]
    words = "".join(f"\n{name}: {_said(found)}" for name, found in alarmed)
    print(f"{len(good)} as good as a linear classifier, {len(alarmed)} alarms{words}")  # noqa: T201
    return len(good), words


def healthy_data(number: int, digits: Dataset, mnist: Dataset) -> Dataset:
    """What the healthy patient of this number learns: the digits, or a fifth of MNIST; fewer images are soon known by
    heart, and then that is what is rightly said."""
    return mnist.take(np.arange(12_000)) if number % 5 == 4 else digits


def healthy_recipes() -> Iterator[Recipe]:
    """Fifty networks of different sizes, activations, costs, optimizers, rates, batches and dropout."""
    steps: list[tuple[Any, float]] = [("sgd", 0.5), ("adam", 0.002), ("nesterov", 0.05), ("rmsprop", 0.003)]
    for number in range(50):
        optimizer, rate = steps[number % 4]
        activation = ACTIVE[number // 4 % len(ACTIVE)]
        cost = COSTS[number // 2 % 3]
        if cost == "quadratic" and optimizer in ("sgd", "nesterov") and activation != "tanh":
            rate *= 4  # its gradient is as much smaller
        yield Recipe(
            hidden=[(30,), (100,), (60, 30), (20,), (200,)][number % 5],
            activation=activation,
            cost=cost,
            optimizer=optimizer,
            learning_rate=rate / 4 if optimizer == "sgd" and activation in ("relu", "leaky-relu", "elu") else rate,
            init=INITS[number % 3] if activation in ("sigmoid", "tanh") else "he",
            batch_size=[10, 20, 32][number // 5 % 3],
            dropout=0.2 if number % 7 == 3 else 0.0,
            epochs=5 if number % 5 == 4 else 20,
            seed=number,
        )


ACTIVE: list[Any] = ["sigmoid", "tanh", "relu", "leaky-relu", "elu"]
COSTS: list[Any] = ["softmax-cross-entropy", "sigmoid-cross-entropy", "quadratic"]
INITS = ["scaled-normal", "glorot", "he"]


def healthy_estimators(digits: Dataset, mnist: Dataset) -> Iterator[tuple[Any, Any, Any]]:
    """Fifty of scikit-learn's perceptrons, as its users write them, with data that they learn: `(estimator, X, y)`."""
    from sklearn.datasets import load_breast_cancer, load_iris, load_wine
    from sklearn.neural_network import MLPClassifier, MLPRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    solvers: list[dict[str, Any]] = [
        {"solver": "adam", "learning_rate_init": 0.003},
        {"solver": "sgd", "learning_rate_init": 0.05},
        {"solver": "sgd", "learning_rate_init": 0.3, "momentum": 0.0},
    ]
    tables = [load_wine(return_X_y=True), load_iris(return_X_y=True), load_breast_cancer(return_X_y=True)]
    for number in range(50):
        hidden = [(30,), (100,), (60, 30), (50,), (200,)][number // 3 % 5]
        settings = {
            **solvers[number % 3], "activation": ["relu", "tanh", "logistic"][number // 5 % 3], "random_state": number,
            "batch_size": [20, 50, 32][number // 2 % 3], "alpha": [1e-4, 1e-3][number % 2],
            "max_iter": 5 if number % 5 == 4 else 40,
        }  # fmt: skip
        usual = {"solver": "adam", "learning_rate_init": 0.003}
        data = healthy_data(number, digits, mnist)
        X, y = data.inputs / 255, data.labels
        if number % 5 == 3:
            X, y = tables[number // 5 % 3]
            yield make_pipeline(StandardScaler(), MLPClassifier(hidden, **{**settings, **usual, "max_iter": 100})), X, y
        elif number % 5 == 2:
            yield MLPRegressor(hidden_layer_sizes=hidden, **{**settings, **usual}), X, np.eye(10)[y]
        else:
            yield MLPClassifier(hidden, **settings), X, y
