"""Targets of any PyTorch module: whether they are written as the loss reads them, and what each of them counts."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed; it is a guest, not a dependency")

from whynet.subjects.frameworks.torch_probe import TorchProbe  # noqa: E402
from whynet.subjects.frameworks.torch_training import OptimizerSettings  # noqa: E402
from whynet.subjects.inside.loss import fits  # noqa: E402

nn, F = torch.nn, torch.nn.functional
ENCODING, SHAPE = "label-encoding-mismatch", "output-shape-mismatch"
INVERTED, PADDING, SUMMED = "class-weights-inverted", "padding-counted", "gradient-not-averaged"


def looked(model, loss, X, y, optimizer=None):
    settings = None if optimizer is None else OptimizerSettings.of(model, optimizer)
    found = fits(TorchProbe.of(torch, model, loss, (X, y), settings))
    assert not found.gaps, found.gaps
    return list(found.findings)


def dense(outputs, *last):
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, outputs), *last)


def conv(outputs):
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.ReLU(), nn.Conv2d(4, outputs, 1))


class Tagger(nn.Module):
    """Scores (N, T, V), or (N, V, T)."""

    def __init__(self, transposed=False):
        super().__init__()
        torch.manual_seed(0)
        self.embedding, self.linear, self.transposed = nn.Embedding(12, 8), nn.Linear(8, 12), transposed

    def forward(self, x):
        z = self.linear(self.embedding(x))
        return z.transpose(1, 2) if self.transposed else z


def of_tokens(**more):
    return lambda z, y: F.cross_entropy(z.reshape(-1, z.shape[-1]), y.reshape(-1), **more)


def masked(z, y):
    each = F.cross_entropy(z.transpose(1, 2), y, reduction="none")
    return (each * (y != 0)).sum() / (y != 0).sum()


def lengths(rows=24, places=10, least=2, padding=0, seed=0):
    """Sentences of several lengths, filled up at the end."""
    chance = torch.Generator().manual_seed(seed)
    X = torch.randint(1, 12, (rows, places), generator=chance)
    for row in range(rows):
        X[row, least + row % 5 :] = padding
    return X


CHANCE = torch.Generator().manual_seed(3)
X, IMAGES = torch.randn(90, 6, generator=CHANCE), torch.rand(8, 1, 6, 6, generator=CHANCE)
CLASSES, BITS, PIXELS = torch.arange(90) % 3, (torch.arange(90) % 2).float()[:, None], (IMAGES[:, 0] * 3).long()
RARE = (torch.arange(90) % 10 == 0).long()
MIDDLE = 1 + RARE - RARE.roll(1)
LABELS = (torch.rand(90, 3, generator=CHANCE) < torch.tensor([0.1, 0.5, 0.9])).float()
WORDS, NEXT = lengths(), torch.roll(lengths(), -1, 1)
NEXT[:, -1] = 0
CE, LOGITS = nn.CrossEntropyLoss, nn.BCEWithLogitsLoss
SICK = {
    "classes as floats": (dense(3), CE(), X, CLASSES.float(), ENCODING, "`y.long()`"),
    "classes as a column": (dense(3), CE(), X, CLASSES[:, None], SHAPE, "`y.squeeze(1)`"),
    "classes as a column of floats": (dense(3), CE(), X, CLASSES.float()[:, None], SHAPE, "`y.squeeze(1).long()`"),
    "whole one-hot rows": (dense(3), CE(), X, F.one_hot(CLASSES, 3), ENCODING, "`y.float()`"),
    "one-hot, NLL": (dense(3, nn.LogSoftmax(1)), nn.NLLLoss(), X, F.one_hot(CLASSES, 3), ENCODING, "argmax(dim=1)"),
    "classes from 1": (dense(3), CE(), X, CLASSES + 1, ENCODING, "`y - 1`"),
    "-1 and 1, two outputs": (dense(2), CE(), X, 2 * RARE - 1, ENCODING, "`(y + 1) // 2`"),
    "too few outputs": (dense(2), CE(), X, CLASSES, SHAPE, "the last layer needs 3 outputs"),
    "a mask of 255": (conv(2), CE(), IMAGES, 255 * (PIXELS > 1).long(), ENCODING, "`ignore_index=255`"),
    "tokens, classes last": (Tagger(), CE(), WORDS, NEXT, SHAPE, "`outputs.transpose(1, 2)`"),
    "classes, squares": (dense(3), nn.MSELoss(), X, CLASSES, ENCODING, "F.one_hot(y, 3)"),
    "classes, BCE of three": (dense(3), LOGITS(), X, CLASSES, ENCODING, "F.one_hot(y, 3)"),
    "bits (n,)": (dense(1), LOGITS(), X, BITS[:, 0], SHAPE, "`y.reshape(outputs.shape)`"),
    "whole bits": (dense(1, nn.Sigmoid()), nn.BCELoss(), X, BITS.long(), ENCODING, "`y.float()`"),
    "-1 and 1": (dense(1), LOGITS(), X, 2 * BITS - 1, ENCODING, "`(y + 1) / 2`"),
    "1 and 2": (dense(1), LOGITS(), X, BITS + 1, ENCODING, "`y - 1`"),
    "-1 and 1, BCE": (dense(1, nn.Sigmoid()), nn.BCELoss(), X, 2 * BITS - 1, ENCODING, "`(y + 1) / 2`"),
    "three classes, one output": (dense(1), LOGITS(), X, CLASSES.float()[:, None], SHAPE, "3 outputs"),
    "images from -1 to 1": (conv(1), LOGITS(), IMAGES, 2 * IMAGES - 1, ENCODING, "bring them into that range"),
    "several labels": (dense(3), CE(), X, LABELS, ENCODING, "BCEWithLogitsLoss"),
    "weights by the count": (dense(2), CE(torch.tensor([0.9, 0.1])), X, RARE, INVERTED, "class 0 (81"),
    "weights by the count, NLL": (
        dense(2, nn.LogSoftmax(1)), nn.NLLLoss(torch.tensor([0.9, 0.1])), X, RARE, INVERTED, "class 0",
    ),
    "weights by the count, three": (
        dense(3), CE(torch.tensor([0.1, 0.8, 0.1])), X, MIDDLE,
        INVERTED, "class 1",
    ),
    "pos_weight by the count": (
        dense(1), LOGITS(pos_weight=torch.tensor([0.11])), X, RARE[:, None].float(), INVERTED, "10% are positive",
    ),
    "pos_weight of labels": (
        dense(3), LOGITS(pos_weight=torch.tensor([0.1, 1.0, 9.0])), X, LABELS, INVERTED, "of output",
    ),
    "padding": (Tagger(), of_tokens(), WORDS, NEXT, PADDING, "`ignore_index=0`"),
    "padding, classes first": (Tagger(True), CE(), WORDS, WORDS, PADDING, "`ignore_index=0`"),
    "padding in front": (Tagger(), of_tokens(), WORDS.flip(1), WORDS.flip(1), PADDING, "`ignore_index=0`"),
}  # fmt: skip


@pytest.mark.parametrize("name", SICK)
def test_what_is_wrong_with_targets_is_found_and_the_change_is_said(name):
    model, loss, inputs, y, cause, words = SICK[name]
    found = looked(model, loss, inputs, y)
    assert [one.cause for one in found] == [cause]
    assert words in found[0].detail


SOUND = {
    "classes": (dense(3), CE(), X, CLASSES),
    "two classes": (dense(2), CE(), X, RARE),
    "left out": (dense(3), CE(), X, torch.where(CLASSES == 1, -100, CLASSES)),
    "left out by the user": (dense(3), CE(ignore_index=255), X, torch.where(CLASSES == 1, 255, CLASSES)),
    "pixels": (conv(3), CE(), IMAGES, PIXELS),
    "one-hot": (dense(3), CE(), X, F.one_hot(CLASSES, 3).float()),
    "mixed up": (dense(3), CE(), X, 0.7 * F.one_hot(CLASSES, 3) + 0.3 * F.one_hot(CLASSES.roll(1), 3)),
    "labels": (dense(3), LOGITS(), X, LABELS),
    "labels by shares": (dense(3), lambda z, y: CE()(z, y / y.sum(1, keepdim=True).clamp(min=1)), X, LABELS),
    "bits": (dense(1), LOGITS(), X, BITS),
    "smoothed bits": (dense(1), LOGITS(), X, 0.9 * BITS + 0.05),
    "-1 and 1, hinge": (dense(1), lambda z, y: (1 - y * z).clamp(min=0).mean(), X, 2 * BITS - 1),
    "-1 and 1, made bits": (dense(1), lambda z, y: LOGITS()(z, (y + 1) / 2), X, 2 * BITS - 1),
    "-1 and 1, soft margin": (dense(1), nn.SoftMarginLoss(), X, 2 * BITS - 1),
    "numbers": (dense(1), nn.MSELoss(), X, X[:, :1]),
    "class numbers as numbers": (dense(1), nn.MSELoss(), X, CLASSES.float()[:, None]),
    "weights against the count": (dense(2), CE(torch.tensor([0.1, 0.9])), X, RARE),
    "weights and equal counts": (dense(3), CE(torch.tensor([1.0, 2.0, 3.0])), X, CLASSES),
    "focal": (dense(2), lambda z, y: ((1 - F.softmax(z, 1).gather(1, y[:, None])) ** 2).mean() * CE()(z, y), X, RARE),
    "pos_weight against the count": (dense(1), LOGITS(pos_weight=torch.tensor([9.0])), X, RARE[:, None].float()),
    "one pos_weight for all labels": (dense(3), LOGITS(pos_weight=torch.full((3,), 3.0)), X, LABELS),
    "examples with weights": (dense(1), LOGITS(weight=torch.linspace(0.1, 3, 90)[:, None]), X, RARE[:, None].float()),
    "padding left out": (Tagger(), of_tokens(ignore_index=0), WORDS, NEXT),
    "padding masked": (Tagger(), masked, WORDS, NEXT),
    "padding of -100": (Tagger(), of_tokens(), WORDS, torch.where(WORDS == 0, -100, WORDS)),
    "tags that end alike": (Tagger(), of_tokens(), torch.randint(1, 12, (24, 10)), WORDS),
    "a common tag": (Tagger(), of_tokens(), lengths(places=12, least=12), (torch.rand(24, 12) < 0.3).long()),
}  # fmt: skip


@pytest.mark.parametrize("name", SOUND)
def test_nothing_is_said_of_sound_targets(name):
    model, loss, inputs, y = SOUND[name]
    assert looked(model, loss, inputs, y) == []


@pytest.mark.parametrize("rows", [20, 90])
def test_a_sum_is_found_where_its_mean_would_do_and_it_does_not(rows):
    model, loss = dense(1), nn.MSELoss(reduction="sum")
    for rate, optimizer, expected in (
        (0.05, torch.optim.SGD, [SUMMED]), (0.0002, torch.optim.SGD, []), (0.01, torch.optim.Adam, []),
    ):  # fmt: skip
        found = looked(model, loss, X[:rows], X[:rows, :1], optimizer(model.parameters(), lr=rate))
        assert [one.cause for one in found] == expected, (rate, optimizer)
    mean = looked(model, nn.MSELoss(), X[:rows], X[:rows, :1], torch.optim.SGD(model.parameters(), lr=3.0))
    assert mean == []


def test_a_term_that_drowns_the_others_is_suspected():
    def loss(by):
        return lambda z, y: {"size": by * z[:, 0].pow(2).mean(), "kind": F.cross_entropy(z, y)}

    assert [one.cause for one in looked(dense(3), loss(1e6), X, CLASSES)] == ["loss-term-dominates"]
    assert looked(dense(3), loss(1.0), X, CLASSES) == []


def test_a_module_that_gives_its_own_loss_is_left_alone():
    class Own(nn.Module):
        def __init__(self):
            super().__init__()
            self.linear = nn.Linear(6, 3)

        def forward(self, x, y):
            z = self.linear(x)
            return {"logits": z, "loss": F.cross_entropy(z, y)}

    found = fits(TorchProbe.of(torch, Own(), None, (X, CLASSES)))
    assert list(found.findings) == []


@pytest.mark.parametrize("seed", range(5))
def test_random_sound_training_is_never_accused(seed):
    """Losses, shapes and batches drawn at random, all of which fit."""
    chance = torch.Generator().manual_seed(seed)
    n, outputs = (int(torch.randint(*one, (1,), generator=chance)) for one in ((2, 70), (2, 9)))
    rows = torch.randn(n, 6, generator=chance)
    classes = torch.randint(0, outputs, (n,), generator=chance)
    bits = torch.randint(0, 2, (n, outputs), generator=chance).float()
    for model, loss, y in (
        (dense(outputs), CE(), classes),
        (dense(outputs, nn.LogSoftmax(dim=1)), nn.NLLLoss(reduction="sum"), classes),
        (dense(outputs), LOGITS(), bits),
        (dense(outputs, nn.Sigmoid()), nn.BCELoss(), bits),
        (dense(outputs), nn.SmoothL1Loss(), torch.randn(n, outputs, generator=chance)),
        (dense(1), nn.MSELoss(), torch.randn(n, 1, generator=chance)),
        (dense(1, nn.Flatten(0)), nn.L1Loss(), torch.randn(n, generator=chance)),
    ):
        assert looked(model, loss, rows, y, torch.optim.SGD(model.parameters(), lr=1e-3)) == []


@pytest.mark.parametrize(
    "y, words", [(CLASSES + 1, "`y - 1`"), (CLASSES.float(), "`y.long()`"), (CLASSES[:, None], "squeeze")]
)
def test_what_pytorch_refuses_is_explained_in_a_diagnosis(y, words):
    from whynet.subjects.frameworks.pytorch import diagnose_torch

    model = dense(3)
    found = diagnose_torch(model, loss=CE(), optimizer=torch.optim.SGD(model.parameters(), lr=0.1), data=(X, y))
    assert found.state == "not-examined"
    assert found.verdict[0].cause in (ENCODING, SHAPE)
    assert words in str(found)
    assert found.as_dict()["state"] == "not-examined"
