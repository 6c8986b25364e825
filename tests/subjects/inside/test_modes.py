"""Layers that are called in evaluation mode while the network is trained."""

from __future__ import annotations

import numpy as np
import pytest

from whynet.subjects.inside.modes import idle_in_training
from whynet.subjects.inside.probe import Layer

RNG = np.random.default_rng(0)


def torch_probe(forward, *, layers=(), rows=16, change=lambda model: None):
    torch = pytest.importorskip("torch")
    from whynet.subjects.frameworks.torch_probe import TorchProbe

    class Net(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.body, self.head = torch.nn.Linear(4, 8), torch.nn.Linear(8, 1)
            self.drop, self.norm = torch.nn.Dropout(0.3), torch.nn.BatchNorm1d(8)

        def forward(self, x):
            return self.head(forward(self, self.body(x)))

    torch.manual_seed(0)
    model = Net()
    change(model)
    batch = torch.randn(rows, 4) + 3, torch.randn(rows, 1)
    return TorchProbe.of(torch, model, torch.nn.MSELoss(), batch)


def called_off(net, h):
    import torch

    return torch.nn.functional.dropout(h, 0.3, training=False)


def called_on(net, h):
    import torch

    return torch.nn.functional.dropout(h, 0.3, training=net.training)


def fixed(net, h):
    import torch

    own = net.norm
    return torch.nn.functional.batch_norm(h, own.running_mean, own.running_var, own.weight, own.bias, training=False)


def set_off(net, h):
    net.norm.eval()
    return net.norm(h)


@pytest.mark.parametrize(
    ("forward", "found"),
    [
        (called_off, True),
        (called_on, False),
        (set_off, True),
        (lambda net, h: net.norm(h), False),
        (lambda net, h: net.drop(h), False),
        (lambda net, h: h, False),
    ],
)
def test_pytorch(forward, found):
    seen = idle_in_training(torch_probe(forward))
    assert [one.cause for one in seen.findings] == (["mode-wrong-in-training"] if found else [])


def test_parts_that_were_trained_before_may_be_called_so():
    torch = pytest.importorskip("torch")

    def trained(model):
        with torch.no_grad():
            model.body.weight.mul_(5)

    assert not idle_in_training(torch_probe(called_off, change=trained)).findings


def test_what_is_not_trained_may_be_called_so():
    def frozen(model):
        model.norm.requires_grad_(False)

    assert not idle_in_training(torch_probe(set_off, change=frozen)).findings


@pytest.mark.parametrize(("norm", "drop", "found"), [(None, None, ""), (False, None, "norm"), (None, False, "drop")])
def test_keras(norm, drop, found):
    keras = pytest.importorskip("keras")
    from whynet.subjects.frameworks.keras_probe import KerasProbe

    class Net(keras.Model):
        def __init__(self):
            super().__init__()
            self.body, self.head = keras.layers.Dense(8), keras.layers.Dense(1)
            self.norm, self.drop = keras.layers.BatchNormalization(name="norm"), keras.layers.Dropout(0.3, name="drop")

        def call(self, x, training=None):
            h = self.norm(self.body(x), training=training if norm is None else norm)
            return self.head(self.drop(h, training=training if drop is None else drop))

    keras.utils.set_random_seed(0)
    model = Net()
    model.compile("sgd", "mse")
    batch = (RNG.normal(3, 1, (16, 4)).astype("float32"), RNG.normal(size=(16, 1)).astype("float32"))
    seen = idle_in_training(KerasProbe.of(keras, model, batch))
    assert [one.detail.split("`")[1] for one in seen.findings] == ([found] if found else [])


def test_a_dropout_of_little_may_drop_nothing():
    from whynet.subjects.inside.modes import drops_nothing

    x = np.ones((8, 4))
    assert not drops_nothing(Layer("a", "dropout", "Dropout", rate=0.1), x, x)
    assert not drops_nothing(Layer("a", "dropout", "Dropout", rate=0.0), np.ones((99, 99)), np.ones((99, 99)))
