"""Sound modules of many kinds: of none of them is anything said about its outputs, its loss or its targets."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed; it is a guest, not a dependency")

from whynet.subjects.frameworks.torch_probe import TorchProbe  # noqa: E402
from whynet.subjects.frameworks.torch_training import OptimizerSettings  # noqa: E402
from whynet.subjects.inside.loss import fits  # noqa: E402

nn, F = torch.nn, torch.nn.functional
torch.manual_seed(0)
X, IMAGES, SEQUENCES = torch.randn(64, 10), torch.rand(16, 1, 8, 8), torch.randn(8, 12, 5)
TOKENS, WORDS = torch.randint(0, 13, (16, 9)), torch.randint(1, 7, (8, 4))
CLASSES, BITS = torch.arange(64) % 3, (torch.arange(64) % 2).float()[:, None]
MASK, PIXELS, SHARES = (IMAGES > 0.5).float(), (IMAGES[:, 0] * 3).long(), torch.softmax(torch.randn(64, 3), 1)
QUANTILES = torch.tensor([0.1, 0.5, 0.9])


def mlp(outputs, *last):
    return nn.Sequential(nn.Linear(10, 16), nn.ReLU(), nn.Linear(16, outputs), *last)


def conv(outputs, *last):
    body = nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU()
    return nn.Sequential(*body, nn.Conv2d(4, outputs, 1), *last)


class Module(nn.Module):
    """Layers by name, and what is done with them."""

    def __init__(self, forward, **layers):
        super().__init__()
        self.forward_, self.layers = forward, nn.ModuleDict(layers)

    def forward(self, *inputs, **named):
        return self.forward_(self.layers, *inputs, **named)


def autoencoder(m, x):
    h = torch.relu(m["down"](x.flatten(1)))
    mean, log = m["mean"](h), m["log"](h)
    z = mean + torch.randn_like(mean) * (log / 2).exp()
    return torch.sigmoid(m["up"](z)).reshape(x.shape), mean, log


def variational():
    return Module(autoencoder, down=nn.Linear(64, 16), mean=nn.Linear(16, 4), log=nn.Linear(16, 4), up=nn.Linear(4, 64))


def variational_loss(out, x):
    made, mean, log = out
    return F.binary_cross_entropy(made, x, reduction="sum") - 0.5 * (1 + log - mean**2 - log.exp()).sum()


def language(squashed=False, own_loss=False):
    layers = {
        "token": nn.Embedding(13, 8), "place": nn.Embedding(20, 8),
        "block": nn.TransformerEncoderLayer(8, 2, 16, batch_first=True), "out": nn.Linear(8, 13, bias=False),
    }  # fmt: skip
    layers["out"].weight = layers["token"].weight

    def forward(m, input_ids, labels=None):
        n = input_ids.shape[1]
        h = m["token"](input_ids) + m["place"](torch.arange(n))
        z = m["out"](m["block"](h, src_mask=nn.Transformer.generate_square_subsequent_mask(n), is_causal=True))
        z = z.softmax(-1) if squashed else z
        if not own_loss:
            return z
        return {"loss": F.cross_entropy(z[:, :-1].reshape(-1, 13), labels[:, 1:].reshape(-1)), "logits": z}

    return Module(forward, **layers)


def per_token(z, y):
    return F.cross_entropy(z.reshape(-1, z.shape[-1]), y.reshape(-1))


def speech():
    layers = {"gru": nn.GRU(5, 8, batch_first=True, bidirectional=True), "out": nn.Linear(16, 7)}
    return Module(lambda m, x: F.log_softmax(m["out"](m["gru"](x)[0]), -1), **layers)


def ctc(z, y):
    return F.ctc_loss(z.transpose(0, 1), y, torch.full((len(z),), 12), torch.full((len(z),), 4))


def dice(z, y):
    p = z.sigmoid()
    return 1 - (2 * (p * y).sum() + 1) / (p.sum() + y.sum() + 1)


def dice_of_shares(p, y):
    return 1 - (2 * (p * F.one_hot(y, 3).movedim(-1, 1)).sum() + 1) / (p.sum() + y.numel() + 1)


def quantiles(z, y):
    return torch.max(QUANTILES * (y - z), (QUANTILES - 1) * (y - z)).mean()


def contrast(z, y):
    a = F.normalize(z, dim=1)
    return F.cross_entropy(a @ a.T / 0.1, torch.arange(len(z)))


def cox(z, y):
    h = z[:, 0][torch.argsort(y, descending=True)]
    return (torch.logcumsumexp(h, 0) - h).mean()


def focal(z, y):
    each = F.binary_cross_entropy_with_logits(z, y, reduction="none")
    return ((1 - torch.exp(-each)) ** 2 * each).mean()


def policy(z, y):
    return -(z.gather(1, y[:, None])[:, 0] * torch.linspace(-1, 1, len(z))).mean()


def sharpe(w, r):
    gains = (w * r).sum(1)
    return -gains.mean() / (gains.std() + 1e-6)


def detection(z, y):
    return F.mse_loss(z[:, :4].sigmoid(), y[:, :4]) + F.binary_cross_entropy_with_logits(z[:, 4:], y[:, 4:])


def gaussian(z, y):
    return F.gaussian_nll_loss(z[:, :1], y, F.softplus(z[:, 1:]) + 1e-3)


def two_heads():
    layers = {"body": mlp(8), "kind": nn.Linear(8, 3), "size": nn.Linear(8, 1)}
    return Module(lambda m, x: (m["kind"](m["body"](x)), m["size"](m["body"](x))), **layers)


def both(out, y):
    return F.cross_entropy(out[0], y[0]) + F.mse_loss(out[1], y[1])


CE, LOGITS = nn.CrossEntropyLoss(), nn.BCEWithLogitsLoss()
SOUND = {
    "variational, summed": lambda: (variational(), variational_loss, (IMAGES, IMAGES)),
    "discriminator": lambda: (mlp(1), LOGITS, (X, torch.ones(64, 1))),
    "critic": lambda: (mlp(1), lambda z, y: -(z * y).mean(), (X, 2 * BITS - 1)),
    "siamese": lambda: (
        Module(lambda m, a, b: (m["net"](a), m["net"](b)), net=mlp(4)),
        lambda out, y: F.cosine_embedding_loss(*out, y), (X, X.roll(1, 0), 2 * BITS[:, 0] - 1),
    ),
    "contrast": lambda: (mlp(8), contrast, (X, X)),
    "speech": lambda: (speech(), ctc, (SEQUENCES, WORDS)),
    "dice": lambda: (conv(1), dice, (IMAGES, MASK)),
    "dice and cross-entropy": lambda: (conv(1), lambda z, y: dice(z, y) + LOGITS(z, y), (IMAGES, MASK)),
    "dice with its softmax": lambda: (conv(3), lambda z, y: dice_of_shares(z.softmax(1), y), (IMAGES, PIXELS)),
    "dice of a softmax": lambda: (conv(3, nn.Softmax(1)), dice_of_shares, (IMAGES, PIXELS)),
    "gaussian": lambda: (mlp(2), gaussian, (X, X[:, :1])),
    "quantiles": lambda: (mlp(3), quantiles, (X, X[:, :1])),
    "divergence": lambda: (mlp(3, nn.LogSoftmax(1)), nn.KLDivLoss(reduction="batchmean"), (X, SHARES)),
    "distilled": lambda: (mlp(3), lambda z, y: F.kl_div(F.log_softmax(z / 2, 1), y), (X, SHARES)),
    "language": lambda: (language(), per_token, (TOKENS[:, :-1], TOKENS[:, 1:])),
    "language with its loss": lambda: (language(own_loss=True), None, {"input_ids": TOKENS, "labels": TOKENS}),
    "two heads": lambda: (two_heads(), both, (X, (CLASSES, X[:, :1]))),
    "pointer": lambda: (
        Module(lambda m, x: F.log_softmax(m["at"](x)[:, :, 0], 1), at=nn.Linear(5, 1)), nn.NLLLoss(),
        (SEQUENCES, torch.arange(8)),
    ),
    "cosines": lambda: (
        Module(lambda m, x: F.linear(F.normalize(x), F.normalize(m["w"].weight)), w=nn.Linear(10, 3)),
        lambda z, y: F.cross_entropy(30 * z, y), (X, CLASSES),
    ),
    "survival": lambda: (mlp(1), cox, (X, X[:, 0].abs())),
    "images in bounds": lambda: (conv(1, nn.Hardtanh(0, 1)), nn.MSELoss(), (IMAGES, IMAGES)),
    "images from -1 to 1": lambda: (conv(1, nn.Tanh()), nn.L1Loss(), (IMAGES, 2 * IMAGES - 1)),
    "policy": lambda: (mlp(3, nn.LogSoftmax(1)), policy, (X, CLASSES)),
    "focal": lambda: (mlp(1), focal, (X, BITS)),
    "logarithms": lambda: (
        mlp(1, nn.ReLU()), lambda z, y: F.mse_loss(torch.log1p(z), torch.log1p(y)), (X, X[:, :1].abs()),
    ),
    "portfolio": lambda: (mlp(4, nn.Softmax(1)), sharpe, (X, torch.randn(64, 4))),
    "detection": lambda: (conv(6), detection, (IMAGES, torch.rand(16, 6, 8, 8))),
    "one row": lambda: (mlp(3), CE, (X[:1], CLASSES[:1])),
    "double": lambda: (mlp(3).double(), CE, (X.double(), CLASSES)),
    "bfloat16": lambda: (mlp(3).bfloat16(), CE, (X.bfloat16(), CLASSES)),
    "gated": lambda: (
        Module(lambda m, x: m["a"](x) * torch.sigmoid(m["b"](x)), a=nn.Linear(10, 3), b=nn.Linear(10, 3)), CE,
        (X, CLASSES),
    ),
    "scores capped": lambda: (
        Module(lambda m, x: 30 * torch.tanh(m["a"](x) / 30), a=nn.Linear(10, 3)), CE, (X, CLASSES),
    ),
    "grades as numbers": lambda: (mlp(1), nn.MSELoss(), (X, (CLASSES % 5).float()[:, None])),
    "loss and figures": lambda: (
        mlp(3), lambda z, y: (F.cross_entropy(z, y), (z.argmax(1) == y).float()), (X, CLASSES),
    ),
}  # fmt: skip


def causes(model, loss, batch):
    settings = OptimizerSettings.of(model, torch.optim.SGD(model.parameters(), lr=0.01))
    return [one.cause for one in fits(TorchProbe.of(torch, model, loss, batch, settings)).findings]


@pytest.mark.parametrize("name", SOUND)
def test_nothing_is_said_of_a_sound_module(name):
    torch.manual_seed(1)
    assert causes(*SOUND[name]()) == []


SICK = {
    "bfloat16": lambda: (mlp(3, nn.Softmax(1)).bfloat16(), CE, (X.bfloat16(), CLASSES)),
    "language": lambda: (language(True), per_token, (TOKENS[:, :-1], TOKENS[:, 1:])),
    "language with its loss": lambda: (language(True, True), None, {"input_ids": TOKENS, "labels": TOKENS}),
    "loss and figures": lambda: (
        mlp(3, nn.Softmax(1)), lambda z, y: (F.cross_entropy(z, y), (z.argmax(1) == y).float()), (X, CLASSES),
    ),
    "dice and cross-entropy": lambda: (
        conv(3, nn.Softmax(1)), lambda z, y: dice_of_shares(z.softmax(1), y) + CE(z, y), (IMAGES, PIXELS),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SICK)
def test_a_second_softmax_is_found_wherever_the_loss_is(name):
    torch.manual_seed(1)
    assert causes(*SICK[name]()) == ["wrong-output-activation"]
