"""Dropout that is on in evaluation mode is named, where it is; what is meant to draw is left alone."""

from __future__ import annotations

import numpy as np
import pytest

from whynet.subjects.inside.dropped import dropped, takes_out


def test_a_rectifier_takes_nothing_out_by_chance():
    x = np.linspace(-1, 1, 50)
    assert not takes_out(x, np.maximum(x, 0)) and not takes_out(x, 2 * x) and not takes_out(x, x + 1)


@pytest.fixture
def torch():
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    return torch


def told(torch, model, X):
    from whynet.subjects.frameworks.torch_probe import TorchProbe

    seen = dropped(TorchProbe.of(torch, model, None, X))
    return [(one.cause, one.status, one.detail) for one in seen.findings]


def own(torch, forward, **parts):
    class Own(torch.nn.Module):
        def __init__(self):
            super().__init__()
            for name, part in parts.items():
                setattr(self, name, part)

        def forward(self, x):
            return forward(self, x)

    return Own()


def test_dropout_by_a_function_without_the_mode(torch):
    F = torch.nn.functional
    model = own(torch, lambda self, x: self.b(F.dropout(self.a(x), 0.2)), a=torch.nn.Linear(4, 20), b=torch.nn.ReLU())
    ((cause, status, words),) = told(torch, model, torch.rand(8, 4))
    assert (cause, status) == ("mode-wrong-in-evaluation", "found") and "`F.dropout`" in words
    sound = own(torch, lambda self, x: F.dropout(self.a(x), 0.2, self.training), a=torch.nn.Linear(4, 20))
    assert told(torch, sound, torch.rand(8, 4)) == []


def test_dropout_in_a_layer_of_ones_own_is_named_by_the_layer(torch):
    hard = own(torch, lambda self, x: x * torch.bernoulli(torch.full_like(x, 0.5)) * 2)
    model = torch.nn.Sequential(torch.nn.Linear(4, 20), hard, torch.nn.Linear(20, 2))
    assert "`1` drops" in told(torch, model, torch.rand(8, 4))[0][2]


def test_attention_that_drops_always(torch):
    attention = torch.nn.functional.scaled_dot_product_attention
    model = own(torch, lambda self, x: attention(self.a(x), x, x, dropout_p=0.3), a=torch.nn.Linear(8, 8))
    assert "scaled_dot_product_attention" in told(torch, model, torch.rand(4, 6, 8))[0][2]
    sound = torch.nn.TransformerEncoderLayer(8, 2, 16, dropout=0.3, batch_first=True)
    assert told(torch, sound, torch.rand(4, 6, 8)) == []


def test_samples_that_are_meant_to_be_drawn_are_no_mistake(torch):
    def sample(self, x):
        mean, spread = self.a(x).chunk(2, 1)
        return self.b(mean + spread.exp() * torch.randn_like(mean))

    parts = {"a": torch.nn.Linear(4, 6), "b": torch.nn.Linear(3, 4), "c": torch.nn.Dropout(0.5)}
    assert told(torch, own(torch, sample, **parts), torch.rand(8, 4)) == []


@pytest.mark.parametrize("hard", [True, False])
def test_keras_dropout_that_is_called_in_training_mode(hard):
    keras = pytest.importorskip("keras")
    from whynet.subjects.frameworks.keras_probe import KerasProbe

    class Own(keras.Model):
        def __init__(self):
            super().__init__()
            self.first, self.last = keras.layers.Dense(16), keras.layers.Dense(2)
            self.drop = keras.layers.Dropout(0.5, name="drop")

        def call(self, x, training=False):
            return self.last(self.drop(self.first(x), training=hard or training))

    model = Own()
    model.compile(loss="mse", optimizer="adam")
    X = np.random.default_rng(0).random((8, 6), dtype=np.float32)
    seen = dropped(KerasProbe.of(keras, model, (X, X[:, :2])))
    assert [(one.cause, one.status) for one in seen.findings] == [("mode-wrong-in-evaluation", "found")] * hard
    assert not hard or "`drop`" in seen.findings[0].detail
