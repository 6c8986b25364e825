"""Repairs of PyTorch modules, each held against the same thing spelled out; and what is proved by them."""

import numpy as np
import pytest

from whynet import diagnose
from whynet.subjects.inside.how import How
from whynet.subjects.inside.repairs import written

torch = pytest.importorskip("torch")
from whynet.subjects.frameworks.torch_loop import Loop  # noqa: E402
from whynet.subjects.frameworks.torch_mends import repaired, repaired_loss  # noqa: E402
from whynet.subjects.frameworks.torch_probe import TorchProbe  # noqa: E402


class Squashing(torch.nn.Module):
    """Two layers; what comes after them is a call inside of forward."""

    def __init__(self, after, outputs=3):
        super().__init__()
        self.first, self.last, self.after = torch.nn.Linear(4, 5), torch.nn.Linear(5, outputs), after

    def scores(self, x):
        return self.last(torch.relu(self.first(x)))

    def forward(self, x):
        return self.after(self.scores(x))


@pytest.mark.parametrize(
    "after, outputs, step, right",
    [
        (lambda z: torch.softmax(z, 1), 3, ("bare",), lambda z: z),
        (lambda z: torch.nn.functional.relu(z), 3, ("bare",), lambda z: z),
        (lambda z: z.sigmoid().squeeze(1), 1, ("bare",), lambda z: z.squeeze(1)),
        (lambda z: z.log_softmax(0), 3, ("along", 1), lambda z: z - z.exp().sum(1, keepdim=True).log()),
        (lambda z: torch.softmax(z, dim=-1), 1, ("alone",), lambda z: 1 / (1 + (-z).exp())),
    ],
)
def test_what_squashes_at_the_end_is_another_on_the_copy_alone(after, outputs, step, right):
    torch.manual_seed(0)
    model, X = Squashing(after, outputs), torch.randn(6, 4)
    probe = TorchProbe.of(torch, model, torch.nn.MSELoss(), (X, torch.zeros(6)))
    network = probe.copy()
    assert network.mend([step])
    assert np.allclose(network.answers(), right(model.scores(X)).detach().numpy(), atol=1e-6)
    again = probe.mended([step]).copy()
    assert np.allclose(again.answers(), network.answers())
    assert torch.equal(model(X), after(model.scores(X)))


def test_a_hidden_squash_is_left_where_it_is():
    model = Squashing(lambda z: z)
    assert not repaired(torch, model, lambda one: one(torch.ones(2, 4)), [("bare",)])


def test_losses_are_given_what_they_read():
    torch.manual_seed(0)
    Z, y = torch.randn(8, 3), torch.arange(8) % 3
    right = torch.nn.CrossEntropyLoss()(Z, y)
    for loss, targets, steps in (
        (torch.nn.NLLLoss(), y, [("log-softmax", 1)]),
        (torch.nn.CrossEntropyLoss(), y + 1, [("shift", -1)]),
        (torch.nn.CrossEntropyLoss(), y.float(), [("long",)]),
        (torch.nn.CrossEntropyLoss(), torch.eye(3)[y].long(), [("argmax", 1)]),
    ):
        assert torch.isclose(repaired_loss(torch, loss, steps)(Z, targets), right)
    rare = torch.tensor([0.2, 0.3, 0.5])
    turned = repaired_loss(torch, torch.nn.CrossEntropyLoss(weight=rare), [("reciprocal",)])
    assert torch.isclose(turned(Z, y), torch.nn.CrossEntropyLoss(weight=1 / rare)(Z, y))
    assert repaired_loss(torch, torch.nn.MSELoss(), [("reciprocal",)]) is None
    assert written([("scale", 1.0, 1.0), ("real", "float32")], np.array([1, 2])).tolist() == [0.0, 1.0]


def _by_hand(mistake, steps=6):
    """The weight after some steps of gradient descent on w * w, rate 0.1, spelled out."""
    w, held = 2.0, 0.0
    for step in range(steps):
        gradient = 2 * w
        held = held + gradient if mistake == "stale" else gradient
        taken = {"idle": 0.0, "clip": 0.5}.get(mistake, held)
        w -= 0.1 * (0.5**step if mistake == "rates" else 1.0) * taken
    return w


@pytest.mark.parametrize("mistake", ["", "stale", "idle", "clip", "rates"])
def test_a_loop_makes_the_mistakes_that_were_measured_in_it(mistake):
    rates = tuple((step, 0.5**step) for step in range(6))
    how = {"stale": How(stale=True), "idle": How(idle=True), "clip": How(clip=0.5), "rates": How(rates=rates)}
    for own, name in ((how.get(mistake, How()), mistake), (How(), "")):
        weight = torch.nn.Parameter(torch.tensor([2.0], dtype=torch.float64))
        loop = Loop(torch, torch.optim.SGD([weight], lr=0.1), own)
        for _ in range(6):
            loop.step(lambda weight=weight: (weight * weight).sum())
        assert weight.item() == pytest.approx(_by_hand(name), rel=1e-5)
    assert how.get(mistake, How()).without(how.get(mistake, How()).mistakes).mistakes == ()


def _patient(targets):
    torch.manual_seed(0)
    X = torch.randn(320, 6)
    y = X[:, :3].argmax(1)
    model = torch.nn.Sequential(torch.nn.Linear(6, 16), torch.nn.ReLU(), torch.nn.Linear(16, 3))
    about = {"loss": torch.nn.CrossEntropyLoss(), "optimizer": torch.optim.Adam(model.parameters(), lr=0.01)}
    return diagnose(model, (X, targets(y)), epochs=12, batch_size=32, effort=5, **about)


def test_targets_that_no_loss_can_be_computed_of_are_proved_to_be_the_cause():
    found = _patient(lambda y: y + 1)
    first = found.verdict[0]
    assert (first.cause, first.status) == ("label-encoding-mismatch", "proved")
    assert first.before is not None and not first.before.finite and first.after.metric.value < 0.7
    assert found.used["judged by"].startswith("the loss as it is when mended")


def test_a_sound_network_is_accused_of_nothing():
    assert not any(one.status in ("proved", "found") for one in _patient(lambda y: y).verdict)


class Halving(torch.optim.SGD):
    """Halves the gradients that it finds, before its step."""

    def step(self, closure=None):
        for group in self.param_groups:
            for one in group["params"]:
                if one.grad is not None:
                    one.grad.mul_(0.5)
        return super().step(closure)


class Asking(torch.optim.SGD):
    """Cannot do without a closure, and does not say so."""

    def step(self, closure=None):
        return super().step(torch.enable_grad()(closure))


@pytest.mark.parametrize(("kind", "left"), [(torch.optim.SGD, 0.7), (Halving, 0.85), (Asking, 0.7)])
def test_a_step_finds_its_gradient_as_in_a_loop_of_ones_own(kind, left):
    weight = torch.nn.Parameter(torch.ones(1))
    loop = Loop(torch, kind([weight], lr=0.1), How())
    assert float(loop.step(lambda: 3 * weight.sum())) == 3
    assert weight.item() == pytest.approx(left)
