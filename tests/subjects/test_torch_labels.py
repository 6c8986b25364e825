"""Labels that follow the inputs in a way that no neighbour shows are in order; those in another order are not."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

import whynet  # noqa: E402

ROWS = 400


def told(X, y):
    torch.manual_seed(0)
    parts = [nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(128, 2)]
    model = nn.Sequential(*parts)
    optimizer = torch.optim.Adam(model.parameters(), 1e-3)
    found = whynet.diagnose(
        model, (X, y), loss=nn.CrossEntropyLoss(), optimizer=optimizer, epochs=5, effort=2, trials=False
    )
    return found.state, {one.cause for one in found.verdict if one.status != "suspected"}


def test_pictures_of_chance_with_a_label_that_is_their_brightness():
    X = np.random.default_rng(0).random((ROWS, 1, 8, 8), dtype=np.float32)
    y = (X.mean(axis=(1, 2, 3)) > 0.5).astype(int)
    state, causes = told(X, y)
    assert state != "bad-data" and not causes & {"label-order-mismatch", "labels-corrupted", "features-destroyed"}


def test_the_same_labels_in_another_order():
    rng = np.random.default_rng(0)
    X = rng.random((ROWS, 1, 8, 8), dtype=np.float32)
    y = rng.permutation((X.mean(axis=(1, 2, 3)) > 0.5).astype(int))
    assert told(X, y)[0] == "bad-data"


def test_the_order_of_labels_is_not_doubted_where_test_rows_are_in_another_unit():
    def of_products(X):  # of which a network that sees huge numbers tells nothing
        return (X[:, 0] * X[:, 1] + X[:, 2] * X[:, 3] > 0).astype(int)

    rng = np.random.default_rng(0)
    X, T = (rng.normal(size=(rows, 6)).astype(np.float32) for rows in (2 * ROWS, 200))
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(6, 32), nn.ReLU(), nn.Linear(32, 2))
    optimizer = torch.optim.Adam(model.parameters(), 1e-2)
    test = (T * 40 + 60, of_products(T))
    about = {"loss": nn.CrossEntropyLoss(), "optimizer": optimizer, "test": test, "epochs": 20, "effort": 2}
    found = whynet.diagnose(model, (X, of_products(X)), **about)
    assert "whynet's engine" in found.used["trials"]
    assert found.symptoms["test-loss"].value > 0.2
    assert [one.cause for one in found.verdict] == ["validation-unlike-training"]
