"""The nine networks in PyTorch: a stem, a body and a head, written as users write them."""

from __future__ import annotations

from typing import Any

import torch
from benchmarks.inside.architectures import Spec
from benchmarks.inside.data import Data
from torch import nn
from torch.nn import functional as F  # noqa: N812

ACTIVATIONS = {"relu": nn.ReLU, "tanh": nn.Tanh, "sigmoid": nn.Sigmoid, "gelu": nn.GELU, "leaky": nn.LeakyReLU}


class Hard(nn.Module):
    """Dropout that does not ask for the mode."""

    def forward(self, h: torch.Tensor) -> torch.Tensor:
        """Half of the units, always."""
        return F.dropout(h, 0.5)


class Residual(nn.Module):
    """x + f(x)."""

    def __init__(self, inner: nn.Module):
        super().__init__()
        self.inner = inner

    def forward(self, h: torch.Tensor) -> torch.Tensor:
        """What came in, and what is made of it."""
        return h + self.inner(h)


def block(spec: Spec, fan_in: int, fan_out: int) -> nn.Module:
    """A dense layer, and what belongs to it."""
    made: list[nn.Module] = [nn.Linear(fan_in, fan_out)]
    if spec.norm:
        made.append(nn.BatchNorm1d(fan_out) if spec.norm == "batch" else nn.LayerNorm(fan_out))
    made.append(ACTIVATIONS[spec.activation]())
    if spec.dropout:
        made.append(nn.Dropout(spec.dropout))
    if spec.has("hard dropout"):
        made.append(Hard())
    inner = nn.Sequential(*made)
    return Residual(inner) if spec.has("residual") and fan_in == fan_out else inner


def convolution(spec: Spec, channels: int, filters: int) -> list[nn.Module]:
    """A convolution of 3 x 3, and what belongs to it."""
    made: list[nn.Module] = [nn.Conv2d(channels, filters, 3, padding=1)]
    if spec.norm:
        made.append(nn.BatchNorm2d(filters) if spec.norm == "batch" else nn.GroupNorm(2, filters))
    made.append(ACTIVATIONS[spec.activation]())
    if spec.dropout:
        made.append(nn.Dropout(spec.dropout))
    return [*made, Hard()] if spec.has("hard dropout") else made


class Recurrent(nn.Module):
    """A recurrent layer and the step that is read off."""

    def __init__(self, spec: Spec, features: int, every: bool = False):
        super().__init__()
        cells = {"gru": nn.GRU, "lstm": nn.LSTM, "rnn": nn.RNN}
        two = {"bidirectional": True} if spec.has("both ways") else {}
        self.rnn = cells[spec.cell](features, spec.width, batch_first=not spec.has("batch first"), **two)
        self.join = nn.Linear(2 * spec.width, spec.width) if two else nn.Identity()
        self.step, self.every, self.kept = 0 if spec.has("first step") else -1, every, None
        self.keeps = spec.has("keeps state")

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(batch, steps, features) -> (batch, width), or each step's."""
        if self.keeps and self.kept is not None and len(x) == self.kept[0].shape[1]:
            out, state = self.rnn(x, self.kept if len(self.kept) > 1 else self.kept[0])
        else:
            out, state = self.rnn(x)
        if self.keeps:
            self.kept = tuple(part.detach() for part in (state if isinstance(state, tuple) else (state,)))
        out = self.join(out)
        return out if self.every else out[:, self.step]


class Words(nn.Module):
    """Token numbers to vectors, with a vector for each place."""

    def __init__(self, spec: Spec, words: int, steps: int):
        super().__init__()
        self.numbers = spec.has("quantities")
        self.embedding = nn.Linear(1, spec.width) if self.numbers else nn.Embedding(words, spec.width)
        self.places = None
        if spec.cell == "attention" and not spec.has("no places"):
            self.places = nn.Parameter(torch.randn(steps, spec.width) * 0.3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(batch, steps) -> (batch, steps, width)."""
        h = self.embedding(x.float()[..., None] if self.numbers else x)
        return h if self.places is None else h + self.places[: x.shape[1]]


class Encoder(nn.Module):
    """Layers of attention; causal if it is to say the next token."""

    def __init__(self, spec: Spec):
        super().__init__()
        first = not spec.has("batch first")
        layer = nn.TransformerEncoderLayer(spec.width, 4, 2 * spec.width, spec.dropout, batch_first=first)
        self.layers = nn.TransformerEncoder(layer, spec.depth, enable_nested_tensor=False)
        self.causal = spec.architecture == "language" and not spec.has("sees ahead")

    def forward(self, h: torch.Tensor) -> torch.Tensor:
        """The same shape."""
        if not self.causal:
            return self.layers(h)
        return self.layers(h, mask=nn.Transformer.generate_square_subsequent_mask(h.shape[1], device=h.device))


class Mean(nn.Module):
    """The mean over the steps."""

    def forward(self, h: torch.Tensor) -> torch.Tensor:
        """(batch, steps, width) -> (batch, width)."""
        return h.mean(1)


def between(spec: Spec, h: torch.Tensor) -> torch.Tensor:
    """What lies between stem and body: nothing, in a sound network."""
    if spec.has("detached"):
        return h.detach()
    if spec.has("rounded"):
        return torch.round(h)
    if spec.has("argmax"):
        return F.one_hot(h.argmax(-1), h.shape[-1]).float()
    if spec.has("numpy"):
        return torch.tensor(h.detach().cpu().numpy())
    if spec.has("mixed"):
        rest = h.shape[2:]
        return h.reshape(h.shape[1], len(h), *rest).transpose(0, 1).contiguous()
    if spec.has("gated over batch"):
        return h * torch.softmax(h, 0)
    return h


class Net(nn.Module):
    """A stem, a body, a head."""

    def __init__(self, spec: Spec, stem: nn.Module, body: nn.Module, head: nn.Module, heads: nn.Module | None = None):
        super().__init__()
        self.stem, self.head, self.second = stem, head, heads
        self.body = [body] if spec.has("in a list") else body
        self.spec = spec

    def forward(self, *given: torch.Tensor, **named: torch.Tensor) -> Any:
        """Scores, or what the output layer makes of them."""
        x = torch.cat([*given, *named.values()], -1) if len(given) + len(named) > 1 else [*given, *named.values()][0]
        if self.spec.has("no grad"):
            with torch.no_grad():
                h = self.stem(x)
        else:
            h = self.stem(x)
        h = between(self.spec, h)
        body = self.body[0] if isinstance(self.body, list) else self.body
        h = body(h)
        return self.head(h) if self.second is None else (self.head(h), self.second(h))


def outputs(spec: Spec, data: Data) -> list[nn.Module]:
    """What comes after the last layer."""
    axis = 1 if spec.architecture in ("segmentation",) else -1
    return {
        "": lambda: [], "softmax": lambda: [nn.Softmax(axis)], "log-softmax": lambda: [nn.LogSoftmax(axis)],
        "log-softmax over the batch": lambda: [nn.LogSoftmax(0)], "softmax over the batch": lambda: [nn.Softmax(0)],
        "sigmoid": lambda: [nn.Sigmoid()], "tanh": lambda: [nn.Tanh()], "relu": lambda: [nn.ReLU()],
    }[spec.output]()  # fmt: skip


def build(spec: Spec, data: Data) -> nn.Module:
    """The network of a spec, its weights drawn from the spec's seed."""
    torch.manual_seed(spec.seed)
    width, last = spec.width, outputs(spec, data)
    match spec.architecture:
        case "dense" | "regression" | "binary":
            stem: nn.Module = block(spec, data.X.shape[-1], width)
            body: nn.Module = nn.Sequential(*(block(spec, width, width) for _ in range(spec.depth - 1)))
            head = nn.Sequential(nn.Linear(width, data.outputs), *last)
        case "autoencoder":
            stem = block(spec, 64, width)
            body = nn.Sequential(*(block(spec, width, width) for _ in range(spec.depth - 1)))
            head = nn.Sequential(nn.Linear(width, 64), *last)
        case "convolutional":
            channels = data.X.shape[1 if spec.has("channels last") else -1]
            if spec.has("pooled away"):
                return _pooled_away(spec, data, last)
            stem = nn.Sequential(
                *convolution(spec, channels, width), nn.MaxPool2d(2 if not spec.has("channels last") else 1)
            )
            body = nn.Sequential(*convolution(spec, width, width), nn.AdaptiveAvgPool2d(2), nn.Flatten())
            head = nn.Sequential(nn.Linear(width * 4, data.outputs), *last)
        case "segmentation":
            channels = data.X.shape[-1] if not spec.has("channels last") else data.X.shape[1]
            down = 16 if spec.has("pooled away") else 2
            stem = nn.Sequential(*convolution(spec, channels, width), nn.MaxPool2d(down))
            up = nn.Upsample(scale_factor=down, mode="nearest")
            body = nn.Sequential(*convolution(spec, width, 2 * width), up, *convolution(spec, 2 * width, width))
            head = nn.Sequential(nn.Conv2d(width, data.outputs, 1), *last)
        case "recurrent":
            if spec.has("quantities"):
                stem = nn.Sequential(nn.Unflatten(1, (data.X.shape[1], 1)), Recurrent(spec, 1))
            else:
                stem = Recurrent(spec, data.X.shape[-1])
            body = block(spec.but(norm="" if spec.norm == "layer" else spec.norm), width, width)
            head = nn.Sequential(nn.Linear(width, data.outputs), *last)
        case "transformer" | "language":
            stem = Words(spec, data.words, data.X.shape[1])
            one = data.kind == "classes"
            made = [Encoder(spec)] if spec.cell == "attention" else [Recurrent(spec, width, every=True)]
            body = nn.Sequential(*made, *([Mean()] if one else []))
            head = nn.Sequential(nn.Linear(width, data.outputs), *last)
            if spec.has("tied"):
                head[0].weight = stem.embedding.weight
    second = nn.Linear(head[0].in_features, 2) if spec.has("two heads") else None
    return drawn(spec, Net(spec, stem, body, head, second))


def _pooled_away(spec: Spec, data: Data, last: list[nn.Module]) -> nn.Module:
    side, channels, width = data.X.shape[1], data.X.shape[-1], spec.width
    stem = nn.Sequential(*convolution(spec, channels, width), nn.AvgPool2d(side))
    body = nn.Sequential(*convolution(spec, width, width), *convolution(spec, width, width), nn.Flatten())
    return drawn(spec, Net(spec, stem, body, nn.Sequential(nn.Linear(width, data.outputs), *last)))


def drawn(spec: Spec, model: nn.Module) -> nn.Module:
    """The same with its weights drawn as `start` says, and frozen where that is twisted."""
    everything = list(model.stem.parameters()) + [
        p for name, p in model.named_parameters() if not name.startswith("stem")
    ]
    with torch.no_grad():
        for parameter in everything:
            if spec.start == "zeros" or (spec.start == "equal" and parameter.ndim < 2):
                parameter.zero_()
            if parameter.ndim < 2:
                if spec.start == "dead" and parameter is not everything[-1]:
                    parameter.fill_(-6.0)
                continue
            fan_in = parameter[0].numel()
            match spec.start:
                case "equal":
                    parameter.fill_(0.5 / fan_in)
                case "large":
                    parameter.normal_(0, 30 / fan_in**0.5)
                case "small":
                    parameter.normal_(0, 1e-4)
                case "positive":
                    parameter.uniform_(0, 1)
                case "growing":
                    parameter.normal_(0, 3 / fan_in**0.5)
        for name, parameter in model.named_parameters():
            if "weight_hh" in name:
                side = parameter.shape[1]
                match spec.start:
                    case "recurrent small":
                        parameter.mul_(0.1)
                    case "recurrent large":
                        parameter.normal_(0, 4 / side**0.5)
                    case "recurrent identity":
                        parameter.copy_(torch.eye(side))
    if spec.has("frozen"):
        for parameter in model.stem.parameters():
            parameter.requires_grad_(False)
    return model
