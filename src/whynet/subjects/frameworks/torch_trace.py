"""A PyTorch module as a plain perceptron: found by sending numbers through it, not by what its parts are called."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import numpy as np

from whynet.errors import NoRecipe, UsageError
from whynet.network.activations import ACTIVATIONS
from whynet.subjects.recreate import squashed
from whynet.types import Array

PROBE = 64  # rows that a network is traced on


def _equal(ours: Array, theirs: Array) -> bool:
    """The same, but for float32 and another formula of the same function."""
    return ours.shape == theirs.shape and np.allclose(ours, theirs, rtol=1e-4, atol=1e-5)


def outputs_of(torch: Any, model: Any, X: Any) -> Array:
    """What a module says to these rows, (n, outputs) float64, in evaluation mode; an answer of several dimensions, such
    as a picture, in one row.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> outputs_of(torch, torch.nn.Identity(), torch.ones(2, 3)).shape
    (2, 3)

    Raises
    ------
    UsageError
        It cannot be called with them, or does not answer with a row of scores for each.
    """
    model.train(False)
    try:
        with torch.no_grad():
            given = X.to(next((one.dtype for one in model.parameters()), X.dtype))
            parts = [model(given[start : start + 2048]) for start in range(0, len(given), 2048)]
    except Exception as error:
        raise UsageError(
            f"the module cannot be called with these data: {str(error).splitlines()[0]}",
            found=f"X {tuple(X.shape)}",
        ) from None
    if not all(isinstance(part, torch.Tensor) for part in parts):
        raise UsageError("the module's answer is no tensor", found=type(parts[0]).__name__)
    outputs = torch.cat([part[None] if part.ndim == 0 else part for part in parts])
    outputs = outputs[:, None] if outputs.ndim == 1 else outputs
    outputs = outputs.flatten(1) if outputs.ndim > 2 else outputs
    if outputs.ndim != 2 or len(outputs) != len(X):
        raise UsageError(
            "the module's answer is no row of scores for each example",
            expected=f"({len(X)}, classes)",
            found=str(tuple(outputs.shape)),
        )
    array: Array = outputs.detach().to(torch.float64).numpy()
    return array


def squash_of(torch: Any, model: Any, X: Any) -> str:
    """What bounds a module's outputs, `identity` where nothing does: found by drawing large weights for the last layer.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> dense = torch.nn.Linear(2, 3)
    >>> [squash_of(torch, torch.nn.Sequential(dense, last), torch.ones(5, 2)) for last in (torch.nn.Softmax(1), dense)]
    ['softmax', 'identity']
    """
    outputs = _with_large_weights(torch, model, X[:PROBE])
    if outputs is None or not np.isfinite(outputs).all() or not np.ptp(outputs):
        return "identity"
    several = outputs.shape[1] > 1
    if several and outputs.min() >= 0 and np.allclose(outputs.sum(axis=1), 1, atol=1e-3):
        return "softmax"
    if several and outputs.max() <= 1e-4 and np.allclose(np.exp(outputs).sum(axis=1), 1, atol=1e-3):
        return "log-softmax"
    bounds = {"sigmoid": (0, 1), "tanh": (-1, 1), "relu": (0, np.inf)}
    within = (name for name, (low, high) in bounds.items() if low <= outputs.min() and outputs.max() <= high)
    return next(within, "identity")


def _with_large_weights(torch: Any, model: Any, X: Any) -> Array | None:
    """The outputs for weights of the last layer drawn several times, and for their negatives."""
    wide, order = copy.deepcopy(model), []
    owners = [one for one in wide.modules() if any(True for _ in one.parameters(recurse=False))]
    hooks = [one.register_forward_hook(lambda module, *_: order.append(module)) for one in owners]
    try:
        outputs_of(torch, wide, X)
    except UsageError:
        return None
    finally:
        for hook in hooks:
            hook.remove()
    if not order:
        return None
    chance = torch.Generator().manual_seed(0)
    parts = []
    for _ in range(3):
        drawn = [30 * torch.randn(one.shape, generator=chance) for one in order[-1].parameters()]
        for sign in (1, -1):
            with torch.no_grad():
                for parameter, values in zip(order[-1].parameters(), drawn, strict=True):
                    parameter.copy_(sign * values)
            parts.append(outputs_of(torch, wide, X))
    return np.concatenate(parts)


class Traced:
    """What passes through a plain perceptron: seen at its `Linear` layers, whatever else is written around them.

    `layers` are `(W, b)` in the order of the calls, `X` what reaches the first of them.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> nn = torch.nn
    >>> model = nn.Sequential(nn.Flatten(), nn.Linear(4, 3), nn.Tanh(), nn.Dropout(0.2), nn.Linear(3, 2))
    >>> traced = Traced(torch, model, torch.rand(9, 2, 2))
    >>> traced.activation, traced.last, traced.dropout, traced.X.shape
    ('tanh', 'identity', 0.2, (9, 4))

    Raises
    ------
    NoRecipe
        It is something else; the message says what.
    """

    def __init__(self, torch: Any, model: Any, X: Any) -> None:
        self.torch, self.model = torch, model
        self.probe = X[:PROBE]
        owners = [one for one in model.modules() if any(True for _ in one.parameters(recurse=False))]
        self.linear = [one for one in owners if isinstance(one, torch.nn.Linear)]
        self.norms = [one for one in owners if isinstance(one, torch.nn.BatchNorm1d)]
        others = [one for one in owners if not isinstance(one, (torch.nn.Linear, torch.nn.BatchNorm1d))]
        if others or not self.linear:
            kinds = ", ".join(dict.fromkeys(type(one).__name__ for one in others)) or "no Linear"
            raise NoRecipe("it is no chain of dense layers", expected="nn.Linear alone", found=kinds)
        seen, self.outputs = self._pass(train=False, drawn=False)
        order = [module for module, _, _ in seen if isinstance(module, torch.nn.Linear)]
        if len(order) != len(set(map(id, order))) or set(map(id, order)) != set(map(id, self.linear)):
            raise NoRecipe("its layers are not called once each, one after the other")
        self.first = order[0]
        self.layers = [self._arrays(layer) for layer in order]
        inputs = [x for module, x, _ in seen if isinstance(module, torch.nn.Linear)]
        if any(x.ndim != 2 or len(x) != len(self.outputs) for x in inputs):
            raise NoRecipe("its dense layers see something else than one row for each example")
        self.batch_norm = bool(self.norms)
        if self.batch_norm and len(self.norms) != len(order) - 1:
            raise NoRecipe("some hidden layers are normalised and some are not")
        asked, answers = self._pass(train=False, drawn=True)
        after = [x for module, x, _ in asked if isinstance(module, torch.nn.Linear)][1:]
        weighted = self._weighted(asked)
        self.activation = self._between(after, weighted[:-1])
        self.last = self._name(
            [*ACTIVATIONS, "log-softmax"], [answers], [weighted[-1]], "its output is no known activation"
        )
        self.X = self.features(X)
        self.input_dropout, self.dropout = self._dropped(inputs[0])

    def _pass(self, *, train: bool, drawn: bool) -> tuple[list[tuple[Any, Array, Array]], Array]:
        """`(module, what goes in, what comes out)` of each dense layer and normalisation, in the order of calls; and
        the outputs. Where `drawn`, random numbers take the place of what a dense layer says: what follows it shows
        itself over a wide range, however small the weights are."""
        torch, seen = self.torch, []
        chance = torch.Generator().manual_seed(0)

        def keep(module: Any, given: Any, made: Any) -> Any:
            if drawn and isinstance(module, torch.nn.Linear):
                made = 2 * torch.randn(made.shape, generator=chance, dtype=made.dtype)
            seen.append((module, given[0].detach().double().numpy(), made.detach().double().numpy()))
            return made

        hooks = [module.register_forward_hook(keep) for module in (*self.linear, *self.norms)]
        statistics = {name: buffer.clone() for name, buffer in self.model.named_buffers()}
        try:
            if train:
                self.model.train()
                with torch.no_grad():
                    self.model(self.probe.to(next(self.model.parameters()).dtype))
                outputs = np.zeros(0)
            else:
                outputs = outputs_of(torch, self.model, self.probe)
        finally:
            for hook in hooks:
                hook.remove()
            self.model.train(False)
            for name, buffer in self.model.named_buffers():  # a pass in training mode has changed them
                buffer.copy_(statistics[name])
        return seen, outputs

    def _arrays(self, layer: Any) -> tuple[Array, Array]:
        W = layer.weight.detach().double().numpy().T.copy()
        if layer.bias is None:
            raise NoRecipe("a layer has no bias", expected="nn.Linear(..., bias=True)", found="bias=False")
        return W, layer.bias.detach().double().numpy().copy()

    def _weighted(self, seen: Sequence[tuple[Any, Array, Array]]) -> list[Array]:
        """What goes into each activation: a layer's outputs, normalised where they are."""
        weighted: list[Array] = []
        for module, given, made in seen:
            if isinstance(module, self.torch.nn.Linear):
                weighted.append(made)
            elif weighted and np.array_equal(given, weighted[-1]):
                weighted[-1] = made
            else:
                raise NoRecipe("a normalisation does not follow right after a dense layer")
        return weighted

    def _between(self, after: Sequence[Array], before: Sequence[Array]) -> str:
        if not after:
            return "sigmoid"  # there is no hidden layer
        return self._name(list(ACTIVATIONS), after, before, "what lies between its layers is no one known activation")

    def _name(self, names: Sequence[str], after: Sequence[Array], before: Sequence[Array], else_say: str) -> str:
        for name in names:
            if all(_equal(squashed(name, z), a) for a, z in zip(after, before, strict=True)):
                return name
        raise NoRecipe(else_say, expected="one of " + ", ".join(ACTIVATIONS))

    def features(self, X: Any) -> Array:
        """What reaches the first dense layer, (n, features): after flattening, scaling, whatever comes before."""
        kept: list[Array] = []
        hook = self.first.register_forward_pre_hook(
            lambda module, given: kept.append(given[0].detach().float().numpy())
        )
        try:
            outputs_of(self.torch, self.model, X)
        finally:
            hook.remove()
        return np.concatenate(kept)

    def _dropped(self, whole: Array) -> tuple[float, float]:
        """The shares of features and of hidden units that are switched off in training: what is left is magnified."""
        seen, _ = self._pass(train=True, drawn=True)
        inputs = [x for module, x, _ in seen if isinstance(module, self.torch.nn.Linear)]
        weighted = self._weighted(seen)
        shares = [_share(inputs[0], whole)]
        with np.errstate(all="ignore"):
            shares += [_share(x, squashed(self.activation, z)) for x, z in zip(inputs[1:], weighted[:-1], strict=True)]
        hidden = shares[1:] or [0.0]
        if max(hidden) - min(hidden) > 0.01:
            raise NoRecipe("its hidden layers drop different shares of their units")
        return shares[0], hidden[0]


def _share(dropped: Array, whole: Array) -> float:
    """The probability p of dropout, as what is left is divided by 1 - p; nothing else may act in training."""
    kept = (dropped != 0) & (np.abs(whole) > 1e-6)
    off = (dropped == 0) & (np.abs(whole) > 1e-6)
    share = round(1 - 1 / float(np.median(dropped[kept] / whole[kept])), 4) if kept.any() and off.any() else 0.0
    if kept.any() and not np.allclose(dropped[kept] * (1 - share), whole[kept], rtol=1e-2, atol=1e-4):
        raise NoRecipe("something else than dropout acts on its units while it is trained")
    return share
