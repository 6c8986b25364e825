"""PyTorch: the arrays as a module takes them, its loss, its optimizer, and the loop of one's own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from benchmarks.inside.architectures import Spec, load, quality
from benchmarks.inside.data import Data
from benchmarks.inside.torch_networks import build
from torch import nn
from torch.nn import functional as F  # noqa: N812
from torch.utils.data import DataLoader, TensorDataset


@dataclass
class TorchPatient:
    """What a user has: a module, tensors, a loss, an optimizer."""

    spec: Spec
    data: Data
    model: nn.Module
    X: torch.Tensor
    y: torch.Tensor
    test: tuple[torch.Tensor, torch.Tensor]
    loss: Any
    optimizer: torch.optim.Optimizer

    def loader(self) -> DataLoader[Any]:
        """Batches of the rows to train on; sorted rows stay sorted."""
        rows: Any = TensorDataset(self.X, self.y)
        if self.spec.has("several inputs"):
            half = self.X.shape[1] // 2
            rows = TensorDataset(self.X[:, :half], self.X[:, half:], self.y)
        elif self.spec.has("by name"):
            rows = [{"inputs": x, "labels": y} for x, y in zip(self.X, self.y, strict=True)]
        return DataLoader(
            rows, self.spec.batch, shuffle=self.spec.inputs != "sorted",
            drop_last=len(self.X) % self.spec.batch == 1,
        )  # fmt: skip

    def quality(self) -> float:
        """How good it is on the rows held back, by the outputs in evaluation mode."""
        self.model.eval()
        with torch.no_grad():
            found = self.model(self.test[0])
        found = found["logits"] if isinstance(found, dict) else found
        found = (found[0] if isinstance(found, tuple) else found).float()
        if self.spec.architecture == "segmentation":
            found = found.movedim(1, -1)
        found = found - 0.5 if self.data.kind == "two" and self.spec.output in ("sigmoid", "softmax") else found
        return quality(self.data, found.numpy(), balanced=self.spec.has("imbalanced"))


def patient(spec: Spec) -> TorchPatient:
    """Everything of a spec."""
    data = load(spec)
    model = build(spec, data)
    if spec.has("by name"):
        model = Named(model)
    X, X_test = (torch.tensor(pictures(spec, X)) for X in (data.X, data.X_test))
    y = torch.tensor(data.y)
    test = (X_test, torch.tensor(data.y_test))
    made = TorchPatient(spec, data, model, X, y, test, make_loss(spec, data), make_optimizer(spec, model))
    return pretrained(made) if spec.has("pretrained") else made


def pretrained(made: TorchPatient) -> TorchPatient:
    """The same, its stem trained before and frozen, the rest drawn anew."""
    loop(made)
    fresh = build(made.spec.but(seed=made.spec.seed + 1), made.data)
    fresh.stem.load_state_dict(made.model.stem.state_dict())
    fresh.stem.requires_grad_(False)
    fresh.train()
    return replace(made, model=fresh, optimizer=make_optimizer(made.spec, fresh))


class Named(nn.Module):
    """A module that is called by names and answers with its loss, as transformers are."""

    def __init__(self, inner: nn.Module):
        super().__init__()
        self.inner = inner

    def forward(self, inputs: torch.Tensor, labels: torch.Tensor | None = None) -> Any:
        """The scores, and the loss where labels are given."""
        scores = self.inner(inputs)
        if labels is None:
            return {"logits": scores}
        whole = labels.dtype == torch.int64
        cost = F.cross_entropy(scores, labels) if whole else F.mse_loss(scores, labels)
        return {"loss": cost, "logits": scores}


def pictures(spec: Spec, X: np.ndarray) -> np.ndarray:
    """Channels first, as PyTorch has them, unless that was forgotten or done by the wrong means."""
    if X.ndim != 4 or spec.has("channels last"):
        return X
    count, height, width, channels = X.shape
    if spec.has("reshaped"):
        return X.reshape(count, channels, height, width)
    return np.ascontiguousarray(X.transpose(0, 3, 1, 2))


def make_optimizer(spec: Spec, model: nn.Module) -> torch.optim.Optimizer:
    """Adam or gradient descent with momentum."""
    held = list(model.head.parameters()) if spec.has("head only") else list(model.parameters())
    if spec.has("groups"):
        ends = [p for p in model.parameters() if p.ndim < 2]
        held = [{"params": [p for p in model.parameters() if p.ndim > 1]}, {"params": ends, "weight_decay": 0.0}]
    if spec.optimizer == "sgd":
        return torch.optim.SGD(held, spec.rate, momentum=0.9, weight_decay=spec.decay)
    if spec.optimizer == "plain":
        return torch.optim.SGD(held, spec.rate, weight_decay=spec.decay)
    kind = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW, "rmsprop": torch.optim.RMSprop}[spec.optimizer]
    return kind(held, spec.rate, weight_decay=spec.decay)


def _own_crossentropy(scores: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """The cross-entropy of shares that a ReLU has made: the logarithm of zero."""
    shares = torch.relu(scores)
    shares = shares / shares.sum(1, keepdim=True)
    return -torch.log(shares[torch.arange(len(y)), y]).mean()


def _own_binary(p: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    return -(y * torch.log(p) + (1 - y) * torch.log(1 - p)).mean()


def _clipped_binary(p: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    p = p.clamp(1e-7, 1 - 1e-7)
    return -(y * torch.log(p) + (1 - y) * torch.log(1 - p)).mean()


class OfTokens(nn.Module):
    """The cross-entropy of every token; padding does not count, unless that was forgotten."""

    def __init__(self, ignored: int, kind: str = "cross-entropy", reduction: str = "mean"):
        super().__init__()
        self.ignored, self.kind, self.reduction = ignored, kind, reduction

    def forward(self, scores: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        """One number."""
        cost = F.nll_loss if self.kind == "nll" else F.cross_entropy
        return cost(scores.flatten(0, 1), y.flatten(), ignore_index=self.ignored, reduction=self.reduction)


def make_loss(spec: Spec, data: Data) -> Any:
    """A loss module, or a function of outputs and targets."""
    reduction = "sum" if spec.has("summed") else "mean"
    weight = None
    if spec.has("weighted"):
        share = np.bincount(data.y.reshape(-1).astype(int), minlength=max(2, data.outputs)) / data.y.size
        weight = share if spec.has("weights turned") else 1 / share
        weight = torch.tensor(weight / weight.mean(), dtype=torch.float32)
    kind = spec.loss
    if spec.has("by name"):
        return None
    if kind == "auto":
        kind = {
            "classes": "cross-entropy",
            "pixels": "cross-entropy",
            "tokens": "cross-entropy",
            "two": "bce-logits",
        }.get(data.kind, "mse")
    if spec.has("two heads"):
        return two_heads
    if spec.has("drowned"):
        return drowned
    if data.kind == "tokens":
        return OfTokens(-100 if spec.has("counts padding") else 0, kind, reduction)
    made: dict[str, Callable[[], Any]] = {
        "cross-entropy": lambda: nn.CrossEntropyLoss(weight, reduction=reduction, label_smoothing=spec.smoothing),
        "nll": lambda: nn.NLLLoss(weight, reduction=reduction),
        "bce-logits": lambda: nn.BCEWithLogitsLoss(
            reduction=reduction, pos_weight=None if weight is None else weight[1:] / weight[0]
        ),
        "bce": lambda: nn.BCELoss(reduction=reduction),
        "mse": lambda: nn.MSELoss(reduction=reduction), "l1": lambda: nn.L1Loss(reduction=reduction),
        "huber": lambda: nn.HuberLoss(reduction=reduction),
        "own squares": lambda: lambda out, y: ((out - y) ** 2).mean(),
        "own binary": lambda: _own_binary, "own clipped": lambda: _clipped_binary,
        "own crossentropy": lambda: _own_crossentropy,
        "logarithms": lambda: lambda out, y: ((torch.log1p(out) - torch.log1p(y)) ** 2).mean(),
    }  # fmt: skip
    return made[kind]()


def two_heads(out: tuple[torch.Tensor, torch.Tensor], y: torch.Tensor) -> torch.Tensor:
    """Classes, and whether the class is even: two terms of a size."""
    return F.cross_entropy(out[0], y) + 0.5 * F.cross_entropy(out[1], y % 2)


def drowned(scores: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """Classes or numbers, and a thousand times a penalty on large outputs."""
    if y.dtype == torch.int64:
        return F.cross_entropy(scores, y) + 1000 * scores.pow(2).mean()
    return F.mse_loss(scores, y) + 1000 * scores.pow(2).mean()


def loop(sick: TorchPatient, cost: Callable[..., torch.Tensor] | None = None, epochs: int = 0) -> None:
    """The user's own loop, with the mistakes that are made in loops."""
    spec, model, optimizer = sick.spec, sick.model, sick.optimizer
    cost = cost or sick.loss
    torch.manual_seed(spec.seed + 1)
    schedule = None
    steps = (epochs or spec.epochs) * len(sick.loader())
    if spec.has("fading"):
        schedule = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.7)
    elif spec.has("one cycle"):
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 2 * spec.rate, total_steps=steps + 1)
    elif spec.has("cosine"):
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    elif spec.has("warm-up"):
        schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 0.1, 1.0, max(5, steps // 10))
    gather = 2 if spec.has("gathered") else 1
    for _ in range(epochs or spec.epochs):
        model.train(not spec.has("eval in training"))
        for number, batch in enumerate(sick.loader()):
            if spec.has("by name"):
                optimizer.zero_grad()
                model(**batch)["loss"].backward()
                optimizer.step()
                continue
            *given, y = batch
            if spec.has("same batch"):
                given, y = [sick.X[: spec.batch]], sick.y[: spec.batch]
            if spec.has("step first"):
                optimizer.zero_grad()
                optimizer.step()
                cost(model(*given), y).backward()
                continue
            if number % gather == 0 and not spec.has("never cleared"):
                optimizer.zero_grad()
            value = cost(model(*given), y)
            (value / gather).backward()
            if spec.has("cleared too late"):
                optimizer.zero_grad()
            if spec.has("clipped away"):
                nn.utils.clip_grad_norm_(model.parameters(), 1e-4)
            elif spec.has("clipped"):
                nn.utils.clip_grad_norm_(model.parameters(), 5.0)
            if number % gather == gather - 1 and not spec.has("never stepped"):
                optimizer.step()
            if schedule is not None:
                schedule.step()
        model.train(spec.has("train in evaluation"))
        with torch.no_grad():
            model(sick.test[0][:100])


def train(made: TorchPatient) -> None:
    """The loop of one's own, without anybody watching."""
    loop(made)
