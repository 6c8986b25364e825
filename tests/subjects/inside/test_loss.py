"""Whether outputs, loss and targets of any PyTorch module fit together; and silence where they do."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed; it is a guest, not a dependency")

from whynet.subjects.frameworks.torch_probe import TorchProbe  # noqa: E402
from whynet.subjects.inside.loss import fits  # noqa: E402

nn, F = torch.nn, torch.nn.functional


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(0)


def seen(model, loss, X, y, **more):
    """The causes found on one batch."""
    looked = fits(TorchProbe.of(torch, model, loss, (X, y), **more))
    assert not looked.gaps, looked.gaps
    return [one.cause for one in looked.findings]


class PerToken(nn.Module):
    """Scores (N, T, V) of tokens, and what is done with them."""

    def __init__(self, last=None, transposed=False, recurrent=False):
        super().__init__()
        self.embedding, self.linear = nn.Embedding(11, 8), nn.Linear(8, 11)
        self.gru = nn.GRU(8, 8, batch_first=True) if recurrent else None
        self.last, self.transposed = last, transposed

    def forward(self, x):
        h = self.embedding(x)
        h = h if self.gru is None else self.gru(h)[0]
        z = self.linear(h)
        z = z if self.last is None else self.last(z)
        return z.transpose(1, 2) if self.transposed else z


def flat_cross_entropy(z, y):
    return F.cross_entropy(z.reshape(-1, z.shape[-1]), y.reshape(-1))


def by_hand(p, y):
    return -(F.one_hot(y, 3) * torch.log(p)).sum(dim=1).mean()


def dense(outputs, *last):
    return nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, outputs), *last)


def conv(outputs, *last):
    return nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.ReLU(), nn.Conv2d(4, outputs, 1), *last)


X, IMAGES, TOKENS = torch.randn(40, 6), torch.rand(8, 1, 6, 6), torch.randint(0, 11, (12, 7))
CLASSES, BITS, PIXELS = torch.arange(40) % 3, (torch.arange(40) % 2).float()[:, None], torch.randint(0, 3, (8, 6, 6))
LABELS, NEXT = torch.randint(0, 2, (40, 4)).float(), torch.roll(TOKENS, -1, 1)
SICK = {
    "softmax, cross-entropy": (dense(3, nn.Softmax(1)), nn.CrossEntropyLoss(), X, CLASSES, "wrong-output-activation"),
    "relu, cross-entropy": (dense(3, nn.ReLU()), nn.CrossEntropyLoss(), X, CLASSES, "wrong-output-activation"),
    "sigmoid, cross-entropy": (dense(3, nn.Sigmoid()), nn.CrossEntropyLoss(), X, CLASSES, "wrong-output-activation"),
    "softmax, smoothed and weighted": (
        dense(3, nn.Softmax(dim=1)), nn.CrossEntropyLoss(torch.tensor([1.0, 2, 3]), label_smoothing=0.1), X, CLASSES,
        "wrong-output-activation",
    ),
    "softmax of pixels": (conv(3, nn.Softmax(dim=1)), nn.CrossEntropyLoss(), IMAGES, PIXELS, "wrong-output-activation"),
    "softmax of tokens": (PerToken(nn.Softmax(dim=-1)), flat_cross_entropy, TOKENS, NEXT, "wrong-output-activation"),
    "softmax of tokens, recurrent": (
        PerToken(nn.Softmax(dim=-1), True, True), nn.CrossEntropyLoss(), TOKENS, NEXT, "wrong-output-activation",
    ),
    "sigmoid, with logits": (dense(1, nn.Sigmoid()), nn.BCEWithLogitsLoss(), X, BITS, "wrong-output-activation"),
    "sigmoid of labels, with logits": (
        dense(4, nn.Sigmoid()), nn.BCEWithLogitsLoss(pos_weight=torch.full((4,), 3.0)), X, LABELS,
        "wrong-output-activation",
    ),
    "sigmoid of pixels, with logits": (
        conv(1, nn.Sigmoid()), nn.BCEWithLogitsLoss(), IMAGES, (IMAGES > 0.5).float(), "wrong-output-activation",
    ),
    "scores, NLL": (dense(3), nn.NLLLoss(), X, CLASSES, "missing-output-activation"),
    "scores of pixels, NLL": (conv(3), nn.NLLLoss(), IMAGES, PIXELS, "missing-output-activation"),
    "softmax, NLL": (dense(3, nn.Softmax(dim=1)), nn.NLLLoss(), X, CLASSES, "missing-output-activation"),
    "scores, BCE": (dense(1), nn.BCELoss(), X, BITS, "missing-output-activation"),
    "scores of labels, BCE": (dense(4), nn.BCELoss(), X, LABELS, "missing-output-activation"),
    "scores, by hand": (dense(3), by_hand, X, CLASSES, "missing-output-activation"),
    "softmax of one": (dense(1, nn.Softmax(dim=1)), nn.BCELoss(), X, BITS, "softmax-single-unit"),
    "cross-entropy of one": (dense(1), nn.CrossEntropyLoss(), X, BITS, "softmax-single-unit"),
    "log-softmax over the batch": (dense(3, nn.LogSoftmax(dim=0)), nn.NLLLoss(), X, CLASSES, "unstable-softmax"),
    "log-softmax over the rows of pixels": (
        conv(3, nn.LogSoftmax(dim=2)), nn.NLLLoss(), IMAGES, PIXELS, "unstable-softmax",
    ),
    "softmax over the batch, squares": (
        dense(3, nn.Softmax(dim=0)), nn.MSELoss(), X, F.one_hot(CLASSES, 3).float(), "unstable-softmax",
    ),
    "sigmoid, numbers": (dense(2, nn.Sigmoid()), nn.MSELoss(), X, X[:, :2], "output-range-mismatch"),
    "tanh, numbers": (dense(2, nn.Tanh()), nn.L1Loss(), X, 5 * X[:, :2], "output-range-mismatch"),
    "relu, numbers": (dense(2, nn.ReLU()), nn.HuberLoss(), X, X[:, :2], "output-range-mismatch"),
    "sigmoid, images from -1 to 1": (
        conv(1, nn.Sigmoid()), nn.MSELoss(), 2 * IMAGES - 1, 2 * IMAGES - 1, "output-range-mismatch",
    ),
    "(n, 1) by (n,)": (dense(1), nn.MSELoss(), X, X[:, 0], "loss-broadcast"),
    "(n,) by (n, 1)": (dense(1, nn.Flatten(0)), nn.L1Loss(), X, X[:, :1], "loss-broadcast"),
}  # fmt: skip


@pytest.mark.parametrize("name", SICK)
def test_what_does_not_fit_is_found_and_nothing_else(name):
    model, loss, inputs, y, cause = SICK[name]
    assert seen(model, loss, inputs, y) == [cause]


SOUND = {
    "scores, cross-entropy": (dense(3), nn.CrossEntropyLoss(), X, CLASSES),
    "log-softmax, NLL": (dense(3, nn.LogSoftmax(dim=1)), nn.NLLLoss(), X, CLASSES),
    "log-softmax, cross-entropy": (dense(3, nn.LogSoftmax(dim=1)), nn.CrossEntropyLoss(), X, CLASSES),
    "batch norm, dropout": (
        nn.Sequential(nn.Linear(6, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.5), nn.Linear(8, 3)),
        nn.CrossEntropyLoss(), X, CLASSES,
    ),
    "batch norm at the end": (dense(3, nn.BatchNorm1d(3)), nn.CrossEntropyLoss(), X, CLASSES),
    "soft targets": (dense(3), nn.CrossEntropyLoss(), X, torch.softmax(torch.randn(40, 3), 1)),
    "sigmoid, BCE": (dense(1, nn.Sigmoid()), nn.BCELoss(), X, BITS),
    "sigmoid of labels, BCE": (dense(4, nn.Sigmoid()), nn.BCELoss(), X, LABELS),
    "logits": (dense(1), nn.BCEWithLogitsLoss(), X, BITS),
    "logits, weighted": (dense(1), nn.BCEWithLogitsLoss(pos_weight=torch.tensor([3.0])), X, BITS),
    "softmax by hand": (dense(3, nn.Softmax(dim=1)), by_hand, X, CLASSES),
    "softmax, squares": (dense(3, nn.Softmax(dim=1)), nn.MSELoss(), X, F.one_hot(CLASSES, 3).float()),
    "pixels": (conv(3), nn.CrossEntropyLoss(), IMAGES, PIXELS),
    "log-softmax of pixels": (conv(3, nn.LogSoftmax(dim=1)), nn.NLLLoss(), IMAGES, PIXELS),
    "tokens": (PerToken(), flat_cross_entropy, TOKENS, NEXT),
    "tokens, recurrent": (PerToken(transposed=True, recurrent=True), nn.CrossEntropyLoss(), TOKENS, NEXT),
    "numbers": (dense(2), nn.MSELoss(), X, X[:, :2]),
    "one number": (dense(1), nn.MSELoss(), X, X[:, :1]),
    "one number, flat": (dense(1, nn.Flatten(0)), nn.MSELoss(), X, X[:, 0]),
    "tanh, within": (dense(2, nn.Tanh()), nn.MSELoss(), X, torch.tanh(X[:, :2])),
    "positive numbers": (dense(1, nn.Softplus()), nn.PoissonNLLLoss(log_input=False), X, X[:, :1].abs().round()),
    "counts": (dense(1), nn.PoissonNLLLoss(), X, X[:, :1].abs().round()),
    "relu, positive": (dense(1, nn.ReLU()), nn.MSELoss(), X, X[:, :1].abs()),
    "autoencoder": (conv(1, nn.Sigmoid()), nn.BCELoss(), IMAGES, IMAGES),
    "critic": (dense(1), lambda z, y: (z * (2 * y - 1)).mean(), X, BITS),
    "hinge": (dense(3), nn.MultiMarginLoss(), X, CLASSES),
    "cosines": (nn.Linear(6, 3), lambda z, y: F.cross_entropy(10 * F.normalize(z, dim=1), y), X, CLASSES),
    "summed": (dense(3), nn.CrossEntropyLoss(reduction="sum"), X, CLASSES),
}  # fmt: skip


@pytest.mark.parametrize("name", SOUND)
def test_nothing_is_said_of_what_fits(name):
    model, loss, inputs, y = SOUND[name]
    assert seen(model, loss, inputs, y) == []


@pytest.mark.parametrize("rows", [3, 5, 40])
def test_outputs_by_chance_between_0_and_1_are_not_squashed(rows):
    model = dense(1)
    with torch.no_grad():
        model[2].weight.mul_(0.01)
        model[2].bias.fill_(0.5)
    assert seen(model, nn.BCEWithLogitsLoss(), X[:rows], BITS[:rows]) == []
    assert seen(model, nn.BCELoss(), X[:rows], BITS[:rows]) == ["missing-output-activation"]
