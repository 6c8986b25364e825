"""whynet's own patients, built in another library from the same numbers: what is said of both must agree."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from whynet.data.dataset import Dataset
from whynet.network.layers import Dense
from whynet.training.datafaults import DATA_FAULTS, with_test_faults, with_train_faults
from whynet.training.loop import build, split
from whynet.training.recipe import Recipe

EXPRESSIBLE = {*DATA_FAULTS, "summed-gradient", "undefined-rate", "flipped-gradient", "frozen-layer", "forgotten-bias"}


class Ward(NamedTuple):
    """A recipe unpacked: weights, numbers, labels."""

    layers: list[tuple[Any, Any, str]]  # W, b, activation
    X: Any
    labels: Any
    X_test: Any
    labels_test: Any


def unpack(recipe: Recipe, data: Dataset) -> Ward:
    """The network and the examples that training the recipe starts with."""
    network = build(recipe, data)
    train = with_train_faults(split(data, recipe)[0], recipe.faults, recipe.seed)
    test = with_test_faults(data.test, recipe.faults, recipe.seed)
    dense = [(i, layer) for i, layer in enumerate(network.layers) if isinstance(layer, Dense)]
    layers = [(network.params[i]["W"], network.params[i]["b"], layer.activation) for i, layer in dense]
    return Ward(
        layers,
        network.scaling.apply(train.images, "float32"),
        train.labels,
        None if test is None else network.scaling.apply(test.images, "float32"),
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
        return np.eye(outputs, dtype=np.float32)[labels] if one_hot else labels

    full = recipe.batch_size == "full"
    batch_size = len(ward.X) if full else int(recipe.batch_size)
    pairs: Any = (ward.X, target(ward.labels))
    if "few-rows" in recipe.faults:
        examples = torch.utils.data.TensorDataset(torch.tensor(pairs[0]), torch.as_tensor(pairs[1]))
        rows = [row % 10 for row in range(len(ward.X))]
        pairs = torch.utils.data.DataLoader(examples, batch_size=batch_size, sampler=rows)
    return {
        "model": model, "loss": loss, "optimizer": optimizer, "data": pairs, "epochs": recipe.epochs,
        "test": None if ward.X_test is None else (ward.X_test, target(ward.labels_test)),
        "batch_size": batch_size, "shuffle": recipe.order != "file",
    }  # fmt: skip
