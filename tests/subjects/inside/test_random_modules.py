"""Fifty random modules of PyTorch and twenty random models of Keras: whatever they are, none of it is changed.

Nothing but whynet's own errors may come out, each with a sentence; weights, gradients, modes, hooks, the optimizer and
the random states are afterwards, bit for bit, what they were.
"""

from __future__ import annotations

import importlib.util
import random

import numpy as np
import pytest

import whynet
from whynet.errors import WhynetError

FEW, MANY, KERAS = 5, 50, 20
with_torch = pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="PyTorch is a guest")
with_keras = pytest.mark.skipif(importlib.util.find_spec("keras") is None, reason="Keras is a guest")
pytestmark = pytest.mark.filterwarnings("ignore")  # what is drawn at random gives its libraries reasons to warn


def seeds(count: int) -> list:
    return [pytest.param(seed, marks=[pytest.mark.slow] if seed >= FEW else []) for seed in range(count)]


def module(rng: np.random.Generator):
    """A random module, its inputs (a tuple of tensors), its targets, a loss and a few words on it."""
    import torch
    from torch import nn
    from torch.nn import functional as F  # noqa: N812

    def one(*values):
        return values[int(rng.integers(len(values)))]

    def maybe(share=0.3):
        return bool(rng.random() < share)

    width, depth, rows = one(4, 7, 12), int(rng.integers(1, 5)), one(23, 40, 64)
    kind = one("dense", "dense", "picture", "sequence", "tokens")
    dtype = one(torch.float32, torch.float32, torch.float64, torch.bfloat16)
    given, answered = one("one", "one", "two", "named"), one("tensor", "tensor", "tuple", "dict")
    regression = maybe()
    outputs = int(rng.integers(1, 4)) if regression else int(rng.integers(2, 6))
    words = [kind, str(dtype), given, answered]

    def activation():
        return one(nn.ReLU, lambda: nn.ReLU(inplace=True), nn.Tanh, nn.GELU, nn.Sigmoid, nn.Identity, nn.ELU)()

    def parametrized(layer):
        from torch.nn.utils import parametrizations

        if not maybe(0.25) or dtype == torch.bfloat16:
            return layer
        made = one("weight_norm", "spectral_norm", "orthogonal")
        words.append(made)
        return getattr(parametrizations, made)(layer)

    class Stranger(nn.Module):
        """A layer of one's own: buffers, a parameter used twice, work in place."""

        def __init__(self, size):
            super().__init__()
            self.scale = nn.Parameter(torch.ones(size))
            self.register_buffer("calls", torch.zeros((), dtype=torch.int64))
            self.register_buffer("seen", torch.zeros(size), persistent=maybe())
            self.in_place, self.counts, self.noisy = maybe(0.5), maybe(0.5), maybe(0.3)

        def forward(self, h):
            if self.counts:
                self.calls.add_(1)
                self.seen.mul_(0.9).add_(h.detach().reshape(-1, h.shape[-1]).mean(0), alpha=0.1)
            h = h * self.scale
            if self.in_place:
                h.add_(self.scale)
            if self.noisy and self.training:
                h = h + 0.1 * torch.randn_like(h)
            return h

    class Last(nn.Module):
        """The last of what a recurrent layer answers."""

        def __init__(self, inner):
            super().__init__()
            self.inner = inner

        def forward(self, h):
            return self.inner(h)[0][:, -1]

    layers: list = []
    match kind:
        case "dense":
            X, size = torch.randn(rows, 6), 6
        case "picture":
            X, channels = torch.randn(rows, 2, 6, 6), int(rng.integers(2, 6))
            layers += [nn.Conv2d(2, channels, 3, padding=1), activation()]
            layers += [one(nn.BatchNorm2d(channels), nn.GroupNorm(1, channels), nn.Dropout2d(0.2), nn.Identity())]
            layers += [one(nn.MaxPool2d(2), nn.AvgPool2d(2)), nn.Flatten()]
            size = channels * 9
        case "sequence":
            X, size = torch.randn(rows, 5, 3), width
            layers += [Last(one(nn.GRU, nn.LSTM, nn.RNN)(3, width, batch_first=maybe(0.8)))]
        case "tokens":
            X, size = torch.randint(9, (rows, 6)), 8
            layers += [nn.Embedding(9, 8, padding_idx=one(None, 0))]
            if maybe(0.6):
                layers += [nn.TransformerEncoderLayer(8, 2, 16, 0.1, batch_first=True)]
            layers += [nn.Flatten(), nn.Linear(48, 8)]
    shared = None
    for _ in range(depth):
        layer = nn.Linear(size, width, bias=maybe(0.8))
        if shared is not None and shared.weight.shape == layer.weight.shape and maybe():
            words.append("shared")
            layer.weight = shared.weight
        else:
            shared, layer = layer, parametrized(layer)
            shared = layer if not hasattr(layer, "parametrizations") else None
        layers += [layer, activation()]
        size = width
        if maybe(0.5):
            layers.append(one(nn.LayerNorm, nn.BatchNorm1d, lambda _: nn.Dropout(0.3), Stranger)(width))
    layers.append(nn.Linear(size, outputs))

    class Net(nn.Module):
        """Layers, and what goes in and out."""

        def __init__(self):
            super().__init__()
            self.layers = nn.Sequential(*layers)
            self.spare = nn.Linear(2, 2) if maybe() else None

        def forward(self, x, other=None):
            found = self.layers(x if other is None else torch.cat([x, other], 1))
            if answered == "tuple":
                return found, found.detach().mean()
            return {"logits": found, "extra": found.sum()} if answered == "dict" else found

    net = Net().to(dtype)
    X = X.to(dtype) if X.is_floating_point() else X
    y = torch.randn(rows, outputs).to(dtype) if regression else torch.randint(outputs, (rows,))
    if maybe(0.25):
        words.append("hooks")
        net.layers[0].register_forward_hook(lambda _, __, out: None)
        net.layers[-1].register_forward_pre_hook(lambda _, x: (x[0] * 1.5,))
        net.layers[-1].register_full_backward_hook(lambda _, grads, __: None)
    if maybe(0.2):
        words.append("frozen")
        next(iter(net.parameters())).requires_grad_(False)
    if maybe(0.2):
        words.append("gradients")
        for parameter in net.parameters():
            parameter.grad = torch.randn_like(parameter)
    for part in net.modules():
        part.train(maybe(0.8))
    cost = nn.MSELoss() if regression else one(nn.CrossEntropyLoss(), F.cross_entropy)
    raw = cost
    if answered != "tensor":

        def cost(out, y):
            return raw(out["logits"] if isinstance(out, dict) else out[0], y)

    inputs = (X,)
    if given != "one" and kind != "tokens":
        inputs = (X[:, :2], X[:, 2:]) if X.shape[1] > 2 else (X[:, :1], X[:, 1:])
    device = "meta" if maybe(0.06) else "cpu"
    if maybe(0.12) and device == "cpu":
        words.append("compiled")
        net = torch.compile(net, backend="eager")
    if device == "meta":
        words.append("meta")
        net = net.to("meta")
    return net, inputs, y, cost, given, words


def torch_state(net, optimizer):
    """All that must not change."""
    import torch

    def bits(tensor):
        if tensor is None or tensor.device.type == "meta":
            return None
        return (
            tensor.dtype,
            tuple(tensor.shape),
            tensor.detach().contiguous().view(-1).view(torch.uint8).numpy().tobytes(),
        )

    def deep(value):
        if isinstance(value, torch.Tensor):
            return bits(value.clone())
        if isinstance(value, dict):
            return {key: deep(part) for key, part in value.items()}
        return [deep(part) for part in value] if isinstance(value, list | tuple) else value

    state = np.random.get_state()  # noqa: NPY002
    hooks = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
    return {
        "weights": [(name, id(one), bits(one), one.requires_grad) for name, one in net.named_parameters()],
        "gradients": [(name, bits(one.grad)) for name, one in net.named_parameters()],
        "buffers": [(name, bits(one)) for name, one in net.named_buffers()],
        "modes": [(name, type(one), one.training) for name, one in net.named_modules()],
        "hooks": [(name, [list(getattr(one, hook).items()) for hook in hooks]) for name, one in net.named_modules()],
        "attributes": [(name, sorted(vars(one))) for name, one in net.named_modules()],
        "optimizer": deep(optimizer.state_dict()),
        "held": [[id(one) for one in group["params"]] for group in optimizer.param_groups],
        "random": (bits(torch.get_rng_state()), random.getstate(), state[0], state[1].tobytes(), state[2:]),
        "grad": torch.is_grad_enabled(),
    }


@with_torch
@pytest.mark.parametrize("seed", seeds(MANY))
def test_a_random_module_is_left_as_it_was(seed):
    import torch

    rng = np.random.default_rng(1000 + seed)
    torch.manual_seed(seed)
    net, inputs, y, cost, given, words = module(rng)
    kind = (torch.optim.Adam, torch.optim.SGD, torch.optim.AdamW)[seed % 3]
    optimizer = kind(net.parameters(), lr=0.01)
    if seed % 4 == 0 and "meta" not in words:  # an optimizer that has a past
        for parameter in net.parameters():
            if parameter.requires_grad:
                parameter.grad = torch.ones_like(parameter)
        optimizer.step()
    if len(inputs) == 1:
        data = (inputs[0], y) if seed % 2 else torch.utils.data.DataLoader(
            torch.utils.data.TensorDataset(inputs[0], y), 8, shuffle=True
        )  # fmt: skip
    elif given == "two":
        data = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(*inputs, y), 8)
    else:
        rows = [({"x": a, "other": b}, z) for a, b, z in zip(*inputs, y, strict=True)]
        data = torch.utils.data.DataLoader(rows, 8)
    before = torch_state(net, optimizer)
    about = {"loss": cost, "optimizer": optimizer, "epochs": 1, "trials": False}
    if isinstance(data, tuple):
        about["batch_size"] = 8
    try:
        found = whynet.diagnose(net, data, **about)
    except WhynetError as error:
        assert len(str(error).split()) > 3, words
    else:
        assert str(found).strip(), words
        assert isinstance(found.as_dict(), dict), words
        if "meta" in words:
            assert found.state == "not-examined", words
    after = torch_state(net, optimizer)
    for what, value in before.items():
        assert after[what] == value, (what, words)


def model(seed: int):
    """A random Keras model, compiled, and its rows."""
    import keras
    from keras import layers

    rng = np.random.default_rng(2000 + seed)
    keras.utils.set_random_seed(seed)

    def one(*values):
        return values[int(rng.integers(len(values)))]

    rows, kind = one(23, 40), one("dense", "dense", "picture", "sequence", "tokens", "two inputs")
    regression, outputs = bool(rng.random() < 0.3), int(rng.integers(2, 5))
    second = None
    match kind:
        case "picture":
            x, X = layers.Input((6, 6, 2)), rng.normal(size=(rows, 6, 6, 2)).astype(np.float32)
            h = layers.Flatten()(layers.MaxPooling2D(2)(layers.Conv2D(3, 3, activation="relu", padding="same")(x)))
        case "sequence":
            x, X = layers.Input((5, 3)), rng.normal(size=(rows, 5, 3)).astype(np.float32)
            h = one(layers.GRU, layers.LSTM, layers.SimpleRNN)(5)(x)
        case "tokens":
            x, X = layers.Input((6,), dtype="int32"), rng.integers(9, size=(rows, 6))
            h = layers.Embedding(9, 4)(x)
            h = layers.GlobalAveragePooling1D()(layers.MultiHeadAttention(2, 2)(h, h))
        case _:
            x, X = layers.Input((6,)), rng.normal(size=(rows, 6)).astype(np.float32)
            h = x
            if kind == "two inputs":
                second = layers.Input((6,))
                h = layers.Concatenate()([x, second])
    for _ in range(int(rng.integers(1, 4))):
        wide = layers.Dense(one(4, 7), activation=one("relu", "tanh", "sigmoid", "gelu", None))(h)
        h = one(lambda z: z, layers.BatchNormalization(), layers.LayerNormalization(), layers.Dropout(0.3))(wide)
    out = layers.Dense(outputs)(h)
    made = keras.Model(x if second is None else [x, second], out)
    if rng.random() < 0.2:
        made.layers[1].trainable = False
    loss = "mse" if regression else keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    made.compile(optimizer=one("adam", "sgd", keras.optimizers.AdamW(0.01)), loss=loss)
    y = rng.normal(size=(rows, outputs)).astype(np.float32) if regression else rng.integers(outputs, size=rows)
    given = X if second is None else [X, X[::-1].copy()]
    if rng.random() < 0.4:  # one that was trained before
        made.fit(given, y, epochs=1, verbose=0)
    return made, given, y


def keras_state(made):
    """All that must not change."""
    state = np.random.get_state()  # noqa: NPY002
    return {
        "weights": [(one.path, np.asarray(one.value).tobytes()) for one in made.variables],
        "trainable": [(layer.name, layer.trainable) for layer in made.layers],
        "optimizer": [(one.path, np.asarray(one.value).tobytes()) for one in made.optimizer.variables],
        "random": (random.getstate(), state[0], state[1].tobytes(), state[2:]),
    }


@with_keras
@pytest.mark.slow
@pytest.mark.parametrize("seed", range(KERAS))
def test_a_random_keras_model_is_left_as_it_was(seed):
    made, X, y = model(seed)
    before = keras_state(made)
    try:
        found = whynet.diagnose(made, (X, y), epochs=1, batch_size=8, trials=False)
    except WhynetError as error:
        assert len(str(error).split()) > 3
    else:
        assert str(found).strip()
    after = keras_state(made)
    for what, value in before.items():
        assert after[what] == value, what
