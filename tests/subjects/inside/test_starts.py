"""How a network begins: gradients that vanish, units at their bounds, codes that can say nothing, steps too long."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed; it is a guest, not a dependency")

import whynet  # noqa: E402
from whynet.subjects.frameworks.torch_probe import TorchProbe  # noqa: E402
from whynet.subjects.frameworks.torch_training import OptimizerSettings  # noqa: E402
from whynet.subjects.inside.codes import collapsed_code, constant_layers  # noqa: E402
from whynet.subjects.inside.gradients import vanishing  # noqa: E402
from whynet.subjects.inside.numbers import saturated  # noqa: E402
from whynet.subjects.inside.through_time import vanishing_in_time  # noqa: E402
from whynet.subjects.inside.updates import step_lengths  # noqa: E402

nn, F = torch.nn, torch.nn.functional
ENTROPY = nn.CrossEntropyLoss()


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(0)


def probe_of(model, batch, loss=ENTROPY, kind="SGD", **options):
    optimizer = getattr(torch.optim, kind)(model.parameters(), **(options or {"lr": 0.01}))
    return TorchProbe.of(torch, model, loss, batch, OptimizerSettings.of(model, optimizer))


def rows(n=64, features=12):
    return torch.randn(n, features), torch.arange(n) % 3


def perceptron(depth, act=nn.ReLU, width=32, norm=None, inputs=12):
    layers = [nn.Linear(inputs, width)]
    for _ in range(depth):
        layers += [*([norm(width)] if norm else []), act(), nn.Linear(width, width)]
    return nn.Sequential(*layers, act(), nn.Linear(width, 3))


def drawn(model, draw):
    for layer in model.modules():
        if isinstance(layer, (nn.Linear, nn.Conv2d)):
            draw(layer.weight)
    return model


class Residual(nn.Module):
    """Branches that begin with almost nothing, and a head that does too."""

    def __init__(self, depth=8, scale=1e-8):
        super().__init__()
        self.into, self.head = nn.Linear(12, 16), nn.Linear(16, 3)
        self.branches = nn.ModuleList(
            nn.Sequential(nn.Linear(16, 16), nn.ReLU(), nn.Linear(16, 16)) for _ in range(depth)
        )
        with torch.no_grad():
            for one in (*(branch[2] for branch in self.branches), self.head):
                one.weight.mul_(scale)

    def forward(self, x):
        x = self.into(x)
        for branch in self.branches:
            x = x + branch(x)
        return self.head(x)


class Recurrent(nn.Module):
    def __init__(self, kind=nn.LSTM):
        super().__init__()
        self.inner, self.last = kind(6, 16, batch_first=True), nn.Linear(16, 3)

    def forward(self, x):
        return self.last(self.inner(x)[0][:, -1])


class Transformer(nn.Module):
    def __init__(self, depth=6):
        super().__init__()
        layer = nn.TransformerEncoderLayer(16, 2, 32, batch_first=True, norm_first=True)
        self.words = nn.Embedding(20, 16)
        self.inner, self.last = nn.TransformerEncoder(layer, depth, enable_nested_tensor=False), nn.Linear(16, 3)

    def forward(self, x):
        return self.last(self.inner(self.words(x)).mean(1))


class Gated(nn.Module):
    """Gates that begin closed, as of a highway."""

    def __init__(self):
        super().__init__()
        self.gate, self.inner, self.last = nn.Linear(12, 12), nn.Linear(12, 12), nn.Linear(12, 3)
        nn.init.constant_(self.gate.bias, -3.0)

    def forward(self, x):
        gate = torch.sigmoid(self.gate(x))
        return self.last(gate * torch.tanh(self.inner(x)) + (1 - gate) * x)


def convolutional(act=nn.ReLU, depth=3):
    layers = [part for _ in range(depth) for part in (nn.Conv2d(4, 4, 3, padding=1), act())]
    return nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), act(), *layers, nn.Flatten(), nn.Linear(256, 3))


def pictures(n=32):
    return torch.rand(n, 1, 8, 8), torch.arange(n) % 3


def autoencoder(act=nn.ReLU, depth=1):
    """A sound one without chance."""
    sizes = [64, *[32] * depth, 4, *[32] * depth, 64]
    layers = [part for a, b in pairwise(sizes) for part in (nn.Linear(a, b), act())]
    return nn.Sequential(*layers[:-1])


def digits(n=64):
    from sklearn.datasets import load_digits

    X = torch.tensor(load_digits().data[:n], dtype=torch.float32) / 16
    return X, X


class Drawn(nn.Module):
    """An autoencoder that draws from its code."""

    def __init__(self, depth=1, *, one=False, act=nn.ReLU, last=nn.Sigmoid, norm=False):
        super().__init__()
        sizes, layers = [64, *[32] * depth], []
        for a, b in pairwise(sizes):
            layers += [nn.Linear(a, b), *([nn.BatchNorm1d(b)] if norm else []), act()]
        self.into, self.one = nn.Sequential(*layers), one
        if one:
            self.code = nn.Linear(32, 16)
        else:
            self.mean, self.spread = nn.Linear(32, 8), nn.Linear(32, 8)
        self.out = nn.Sequential(nn.Linear(8, 32), act(), nn.Linear(32, 64), last())

    def forward(self, x):
        h = self.into(x)
        mean, spread = self.code(h).chunk(2, 1) if self.one else (self.mean(h), self.spread(h))
        return self.out(mean + torch.randn_like(mean) * (spread / 2).exp()), mean, spread


class Folded(nn.Module):
    """The same of pictures, by convolutions."""

    def __init__(self):
        super().__init__()
        self.into = nn.Sequential(nn.Conv2d(1, 8, 3, 2, 1), nn.ReLU(), nn.Flatten())
        self.mean, self.spread = nn.Linear(128, 4), nn.Linear(128, 4)
        self.out = nn.Sequential(nn.Linear(4, 128), nn.ReLU(), nn.Unflatten(1, (8, 4, 4)))
        self.last = nn.ConvTranspose2d(8, 1, 4, 2, 1)

    def forward(self, x):
        h = self.into(x)
        mean, spread = self.mean(h), self.spread(h)
        return torch.sigmoid(self.last(self.out(mean + torch.randn_like(mean) * (spread / 2).exp()))), mean, spread


def bound(weight=1.0, error="mse", *, averaged=False, free=0.0):
    """The loss of such an autoencoder, with its mistake: `averaged` over the pixels, while the other term is summed."""
    errors = {
        "mse": F.mse_loss, "bce": F.binary_cross_entropy, "logits": F.binary_cross_entropy_with_logits,
    }  # fmt: skip

    def loss(answer, x):
        made, mean, spread = answer
        term = -0.5 * (1 + spread - mean**2 - spread.exp()).mean(0)
        held = torch.clamp(term, min=free).sum()
        return errors[error](made, x) * (1 if averaged else x[0].numel()) + weight * held

    return loss


SICK = {
    "sigmoids": (vanishing, "vanishing-gradients", lambda: probe_of(perceptron(10, nn.Sigmoid), rows())),
    "sigmoids by Adam": (
        vanishing, "vanishing-gradients",
        lambda: probe_of(perceptron(14, nn.Sigmoid), rows(), kind="Adam"),
    ),
    "small weights": (
        vanishing, "vanishing-gradients",
        lambda: probe_of(drawn(perceptron(8, nn.Tanh), lambda w: nn.init.normal_(w, std=0.01)), rows()),
    ),
    "sigmoids of pictures": (
        vanishing, "vanishing-gradients",
        lambda: probe_of(convolutional(nn.Sigmoid, 10), pictures()),
    ),
    "raw inputs": (
        saturated, "input-not-scaled",
        lambda: probe_of(perceptron(1, nn.Tanh), (1e4 * torch.rand(64, 12), rows()[1])),
    ),
    "large weights": (
        saturated, "init-too-large",
        lambda: probe_of(drawn(perceptron(2, nn.Sigmoid, 64), lambda w: nn.init.normal_(w, std=40.0)), rows()),
    ),
    "positive weights": (
        saturated, "init-positive-saturation",
        lambda: probe_of(
            drawn(perceptron(2, nn.Sigmoid, 64), lambda w: nn.init.uniform_(w, 0, 0.5)), (rows()[0].abs(), rows()[1])
        ),
    ),
    "large filters": (
        saturated, "init-too-large",
        lambda: probe_of(drawn(convolutional(nn.Tanh), lambda w: nn.init.normal_(w, std=200.0)), pictures()),
    ),
    "an averaged error": (
        collapsed_code, "posterior-collapse", lambda: probe_of(Drawn(), digits(), bound(averaged=True)),
    ),
    "a heavy term": (
        collapsed_code, "posterior-collapse",
        lambda: probe_of(Drawn(one=True), digits(), bound(50, "bce")),
    ),
    "of logits": (
        collapsed_code, "posterior-collapse",
        lambda: probe_of(Drawn(2, norm=True, last=nn.Identity), digits(), bound(1, "logits", averaged=True)),
    ),
    "of pictures": (
        collapsed_code, "posterior-collapse",
        lambda: probe_of(Folded(), tuple(x.reshape(-1, 1, 8, 8) for x in digits()), bound(averaged=True)),
    ),
    "a wild rate": (step_lengths, "lr-too-high", lambda: probe_of(perceptron(2), rows(), kind="Adam", lr=3.0)),
    "a wild rate of filters": (
        step_lengths, "lr-too-high",
        lambda: probe_of(convolutional(), pictures(), kind="Adam", lr=3.0),
    ),
    "a wild rate of attention": (
        step_lengths, "lr-too-high",
        lambda: probe_of(Transformer(2), (torch.randint(0, 20, (32, 5)), rows(32)[1]), kind="RMSprop", lr=3.0),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SICK)
def test_what_is_sick_is_named_with_its_number(name):
    check, cause, make = SICK[name]
    (found,) = check(make()).findings
    assert (found.cause, found.status) == (cause, "found") and found.evidence[0].unusual and found.detail


WORDS = torch.randint(0, 20, (32, 5)), torch.arange(32) % 3
WELL = {
    "a perceptron": lambda: probe_of(perceptron(2), rows()),
    "six sigmoids": lambda: probe_of(perceptron(6, nn.Sigmoid), rows(), kind="Adam"),
    "twenty layers of ReLU by Adam": lambda: probe_of(perceptron(20), rows(), kind="Adam", lr=1e-3),
    "twenty layers of tanh": lambda: probe_of(perceptron(20, nn.Tanh), rows()),
    "thirty normalised layers": lambda: probe_of(perceptron(30, norm=nn.LayerNorm), rows()),
    "thirty by batches": lambda: probe_of(perceptron(30, norm=nn.BatchNorm1d), rows()),
    "branches of almost nothing": lambda: probe_of(Residual(), rows(), kind="Adam"),
    "a head of zeros": lambda: probe_of(Residual(2, 0.0), rows(), kind="Adam"),
    "an LSTM of forty steps": lambda: probe_of(Recurrent(), (torch.randn(16, 40, 6), rows(16)[1])),
    "a GRU": lambda: probe_of(Recurrent(nn.GRU), (torch.randn(16, 12, 6), rows(16)[1]), kind="Adam", lr=1e-2),
    "a transformer": lambda: probe_of(Transformer(), WORDS, kind="AdamW", lr=1e-3),
    "pictures": lambda: probe_of(convolutional(), pictures(), kind="Adam", lr=1e-3),
    "pictures by tanh": lambda: probe_of(convolutional(nn.Tanh), pictures()),
    "gates that begin closed": lambda: probe_of(Gated(), rows()),
    "weights of 1": lambda: probe_of(drawn(perceptron(1, nn.Sigmoid, 30), nn.init.normal_), rows()),
    "an autoencoder": lambda: probe_of(autoencoder(), digits(), nn.MSELoss(), "Adam", lr=1e-2),
    "a deep autoencoder of sigmoids": lambda: (
        probe_of(autoencoder(nn.Sigmoid, 2), digits(), nn.MSELoss(), "Adam", lr=1e-3)
    ),
    "draws from a code": lambda: probe_of(Drawn(), digits(), bound(), "Adam", lr=1e-3),
    "draws, and has a light term": lambda: (
        probe_of(Drawn(3, act=nn.Tanh), digits(), bound(0.01, averaged=True), "Adam", lr=1e-3)
    ),
    "draws, of cross-entropy": lambda: probe_of(Drawn(2, one=True), digits(), bound(1, "bce"), "Adam", lr=1e-3),
    "draws, of logits": lambda: (
        probe_of(Drawn(last=nn.Identity, norm=True), digits(), bound(1, "logits"), "Adam", lr=1e-3)
    ),
    "draws, with bits for free": lambda: (
        probe_of(Drawn(), digits(), bound(1, averaged=True, free=0.5), "Adam", lr=1e-3)
    ),
    "draws, by filters": lambda: (
        probe_of(Folded(), tuple(x.reshape(-1, 1, 8, 8) for x in digits()), bound(), "Adam", lr=1e-3)
    ),
    "numbers far away": lambda: (
        probe_of(perceptron(2), (rows()[0], 1e4 + 1e4 * torch.rand(64, 3)), nn.MSELoss(), lr=1e-6)
    ),
    "inputs of 0 to 255": lambda: probe_of(perceptron(2), (255 * torch.rand(64, 12), rows()[1]), kind="Adam", lr=1e-2),
    "small weights by Adam": lambda: probe_of(
        drawn(perceptron(1), lambda w: nn.init.normal_(w, std=1e-3)), rows(), kind="Adam", lr=1e-2
    ),
    "plain steps": lambda: probe_of(perceptron(2), rows(), lr=0.5, momentum=0.9),
}  # fmt: skip
CHECKS = (vanishing, vanishing_in_time, saturated, constant_layers, collapsed_code, step_lengths)


@pytest.mark.parametrize("name", WELL)
def test_what_begins_well_is_not_accused(name):
    probe = WELL[name]()
    for check in CHECKS:
        seen = check(probe)
        assert (check.__name__, [one.detail for one in seen.findings]) == (check.__name__, [])


def test_units_at_their_bounds_that_tell_examples_apart_are_a_fact_alone():
    X = torch.sign(torch.randn(64, 12))
    y = (X[:, 0] > 0).long()
    model = nn.Sequential(nn.Linear(12, 8), nn.Tanh(), nn.Linear(8, 2))
    with torch.no_grad():
        model[0].weight.zero_()[:, 0] = 20.0
        model[2].weight.copy_(torch.tensor([[-1.0], [1.0]]).expand(2, 8))
    seen = saturated(probe_of(model, (X, y)))
    assert [fact.value for fact in seen.facts] == [1.0] and not seen.findings


def test_what_arrives_at_the_first_step_of_a_sequence_is_a_fact():
    (fact,) = vanishing_in_time(WELL["an LSTM of forty steps"]()).facts
    assert 0 < fact.value < 1e-6


def test_layers_that_say_the_same_of_every_example_are_counted():
    (fact,) = constant_layers(WELL["a head of zeros"]()).facts
    assert fact.value == 3.0


def test_how_far_a_step_goes_is_said_of_the_arrays_that_move():
    facts = {fact.name: fact.value for fact in step_lengths(WELL["a perceptron"]()).facts}
    assert 0 < facts["smallest-step"] < facts["whole-step"] < facts["largest-step"] < 0.1


@pytest.mark.parametrize("weight", [0.01, 0.05, 0.2, 1.0])
def test_what_a_code_costs_is_what_theory_says(weight):
    X, _ = digits()
    (fact,) = collapsed_code(probe_of(Drawn(), digits(), bound(weight, averaged=True))).facts
    largest = np.linalg.svd(X.numpy() - X.numpy().mean(0), compute_uv=False)[0] ** 2 / len(X)
    assert fact.value == pytest.approx(weight * 64 / (2 * largest), rel=0.1)


class Bound(nn.Module):
    """It computes its loss itself; a decoder that needs no code is let say nothing."""

    def __init__(self, weight):
        super().__init__()
        self.inner, self.weight = Drawn(), weight

    def forward(self, x):
        answer = self.inner(x)
        return {"loss": bound(self.weight)(answer, x), "logits": answer[0]}


@pytest.mark.parametrize(("weight", "collapses"), [(50.0, True), (0.3, False)])
def test_a_code_that_training_has_emptied_is_told_without_a_loss_of_its_own(weight, collapses):
    X, _ = digits(200)
    model = Bound(weight)
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    assert not collapsed_code(TorchProbe.of(torch, model, None, X[:64])).findings
    for _ in range(300):
        optimizer.zero_grad()
        model(X)["loss"].backward()
        optimizer.step()
    found = collapsed_code(TorchProbe.of(torch, model, None, X[:64])).findings
    assert [one.cause for one in found] == ["posterior-collapse"] * collapses


class Reader(nn.Module):
    """A recurrent layer, read off at its last step."""

    def __init__(self, spread):
        super().__init__()
        self.steps, self.last = nn.RNN(2, 12, batch_first=True), nn.Linear(12, 3)
        nn.init.normal_(self.steps.weight_hh_l0, std=spread)

    def forward(self, X):
        return self.last(self.steps(X)[0][:, -1])


@pytest.mark.parametrize(
    ("spread", "told", "found"), [(0.02, 0, ["vanishing-gradients"]), (0.02, -1, []), (0.28, 0, [])]
)
def test_a_recurrent_layer_that_forgets_what_tells_the_targets(spread, told, found):
    chance = np.random.default_rng(0)
    y = chance.integers(3, size=400)
    X = chance.normal(0, 0.1, (400, 30, 2)).astype(np.float32)
    X[:, told] += np.array([[1, 0], [-0.5, 0.9], [-0.5, -0.9]], np.float32)[y]
    torch.manual_seed(0)
    model = Reader(spread)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.003)
    told = whynet.diagnose(
        model, (X, y), loss=nn.CrossEntropyLoss(), optimizer=optimizer, epochs=3, batch_size=32, trials=False
    )
    assert [one.cause for one in told.verdict if one.status == "found"] == found
