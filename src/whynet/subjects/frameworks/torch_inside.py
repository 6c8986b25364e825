"""What a PyTorch module is inside, seen while rows pass through it: its hidden units, its gradient, a step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from whynet.subjects.adapter import Hidden
from whynet.types import Array

CALLS = {
    "relu": "relu", "relu_": "relu", "sigmoid": "sigmoid", "sigmoid_": "sigmoid", "tanh": "tanh", "tanh_": "tanh",
    "elu": "elu", "gelu": "gelu", "leaky_relu": "leaky-relu",
}  # fmt: skip
"""The activations, by the functions that compute them: of modules, and of calls inside `forward`."""


def hidden_units(torch: Any, model: Any, X: Any) -> Hidden:
    """The activations of the hidden layers and their pre-activations, in the order of the calls; those of a
    convolution's channel stand below each other, whatever their place.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> model = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.ReLU(), torch.nn.Linear(3, 1), torch.nn.Sigmoid())
    >>> [(name, z.shape) for name, z in hidden_units(torch, model, torch.ones(5, 2))]
    [('relu', (5, 3))]
    """
    seen: list[tuple[str, Any, Any]] = []

    class Watching(torch.overrides.TorchFunctionMode):  # type: ignore[misc]
        def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            name = CALLS.get(getattr(function, "__name__", ""))
            before = args[0].detach().clone() if name and args else None  # it may be done in place
            made = function(*args, **(kwargs or {}))
            if before is not None:
                seen.append((name or "", before, made))
            return made

    model.train(False)
    with torch.no_grad(), Watching():
        outputs = model(X)
    hidden = [(name, z) for name, z, made in seen if made.data_ptr() != outputs.data_ptr()]
    return [(name, _rows(z).to(torch.float64).numpy()) for name, z in hidden if z.ndim > 1]


def _rows(z: Any) -> Any:
    """Rows of units: a channel of an image is a unit, and each place in it a row."""
    return (z.movedim(1, -1) if z.ndim == 4 else z).reshape(-1, z.shape[1] if z.ndim == 4 else z.shape[-1])


def has_weights(module: Any, kinds: tuple[str, ...] = ("Linear", "Conv")) -> bool:
    """Whether it is a layer of PyTorch's that multiplies by weights: a block of the user's may be called so too.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> ConvBlock = type("ConvBlock", (torch.nn.Module,), {})
    >>> has_weights(torch.nn.Conv2d(1, 2, 3)), has_weights(ConvBlock())
    (True, False)
    """
    weight = getattr(module, "weight", None)
    return type(module).__name__.startswith(kinds) and getattr(weight, "ndim", 0) > 1


def layers_called(torch: Any, model: Any, X: Any) -> list[Any]:
    """The dense and convolutional layers, in the order of their first call.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> model = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.ReLU(), torch.nn.Linear(3, 1))
    >>> [layer.out_features for layer in layers_called(torch, model, torch.ones(5, 2))]
    [3, 1]
    """
    found: list[Any] = []
    owners = [one for one in model.modules() if has_weights(one) and one.weight.numel() > 1]
    hooks = [one.register_forward_hook(lambda module, *_: found.append(module)) for one in owners]
    try:
        model.train(False)
        with torch.no_grad():
            model(X)
    finally:
        for hook in hooks:
            hook.remove()
    return list(dict.fromkeys(found))


def gradient_and_step(
    optimizer: Any, layers: list[Any], whole: Callable[[], Any], batch: Callable[[], Any]
) -> tuple[list[Array], list[tuple[Array, Array]]]:
    """The gradient of each layer's weights under the loss `whole()`, and the weights before and after one step on the
    loss `batch()`.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> layer = torch.nn.Linear(1, 1)
    >>> loss = lambda: 3 * layer.weight.sum()
    >>> gradients, [(before, after)] = gradient_and_step(torch.optim.SGD([layer.weight], lr=0.5), [layer], loss, loss)
    >>> gradients[0].tolist(), round(float((before - after)[0, 0]), 3)
    ([[3.0]], 1.5)
    """

    def closure(loss: Callable[[], Any] = batch) -> Any:
        optimizer.zero_grad()
        value = loss()
        if value.requires_grad:
            value.backward()
        return value.detach()

    closure(whole)
    gradients = [_array(layer.weight.grad) for layer in layers if layer.weight.grad is not None]
    before = [weights_of(layer) for layer in layers]
    optimizer.step(closure)
    return gradients, [(own, weights_of(layer)) for own, layer in zip(before, layers, strict=True)]


def weights_of(layer: Any) -> Array:
    """The weights of a layer, (fan_in, fan_out) float64.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> weights_of(torch.nn.Linear(3, 2)).shape
    (3, 2)
    >>> weights_of(torch.nn.ConvTranspose2d(5, 4, 3)).shape
    (45, 4)
    """
    weight = layer.weight
    if type(layer).__name__.startswith("ConvTranspose"):  # (in, out / groups, ...): its outputs come second
        weight = weight.transpose(0, 1)
    return _array(weight)


def _array(tensor: Any) -> Array:
    """Weights as rows of inputs, (fan_in, fan_out)."""
    array: Array = tensor.detach().double().reshape(len(tensor), -1).T.numpy().copy()
    return array
