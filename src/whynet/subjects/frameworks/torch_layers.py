"""The layers of PyTorch, in the words that every library shares, and what is called inside of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from whynet.subjects.frameworks.torch_nested import array_of
from whynet.subjects.inside.probe import Layer
from whynet.types import Array


def layer_of(torch: Any, name: str, module: Any) -> Layer:
    """What a module is.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> layer = layer_of(torch, "0", torch.nn.Conv2d(1, 2, 3))
    >>> layer.kind, layer.kernel, layer.parameters
    ('convolution', (3, 3), ('0.weight', '0.bias'))
    """
    nn = torch.nn
    kinds = {
        "dense": nn.Linear,
        "convolution": (nn.Conv1d, nn.Conv2d, nn.Conv3d),
        "recurrent": nn.RNNBase,
        "embedding": (nn.Embedding, nn.EmbeddingBag),
        "attention": nn.MultiheadAttention,
        "batch-norm": nn.modules.batchnorm._BatchNorm,
        "dropout": nn.modules.dropout._DropoutNd,
        "softmax": (nn.Softmax, nn.LogSoftmax),
    }
    kind = next((kind for kind, own in kinds.items() if isinstance(module, own)), "other")
    prefix = f"{name}." if name else ""
    more: dict[str, Any] = {}
    if kind == "convolution":
        both = module.padding not in ((0,) * len(module.kernel_size), "valid")
        more = {"kernel": tuple(module.kernel_size), "pads_both_ends": both}
    elif kind == "recurrent":
        more = {"bidirectional": bool(module.bidirectional)}
    elif kind == "softmax":
        more = {"axis": module.dim}
    elif kind == "dropout":
        more = {"rate": float(module.p)}
    return Layer(
        name,
        kind,
        type(module).__name__,
        leaf=not any(True for _ in module.children()),
        batch_first=getattr(module, "batch_first", None),
        parameters=tuple(prefix + own for own, _ in module.named_parameters(recurse=False)),
        trained=looks_trained(module),
        **more,
    )


def looks_trained(module: Any) -> bool:
    """Whether weights are others than PyTorch draws them for such a layer.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> fresh, trained = torch.nn.Linear(9, 9), torch.nn.Linear(9, 9)
    >>> with torch.no_grad():
    ...     _ = trained.weight.mul_(3)
    >>> looks_trained(fresh), looks_trained(trained)
    (False, True)
    >>> recurrent = torch.nn.GRU(3, 9)
    >>> with torch.no_grad():
    ...     _ = recurrent.weight_hh_l0.mul_(3)
    >>> looks_trained(torch.nn.GRU(3, 9)), looks_trained(recurrent)
    (False, True)
    """
    weight = getattr(module, "weight", None)
    if hasattr(module, "hidden_size") and weight is None:  # a recurrent layer: all of its arrays within one bound
        bound = module.hidden_size**-0.5
        return any(bool(one.detach().abs().max() > 1.01 * bound) for one in module.parameters(recurse=False))
    if weight is None or not hasattr(weight, "ndim") or not weight.numel():
        return False
    if weight.ndim < 2:  # a normalisation begins with 1 and 0
        bias = getattr(module, "bias", None)
        return bool((weight != 1).any() or (bias is not None and bool((bias != 0).any())))
    if type(module).__name__.startswith("Embedding"):
        return not 0.9 < float(weight.detach().float().std()) < 1.1
    bound = weight[0].numel() ** -0.5
    return bool(weight.detach().abs().max() > 1.01 * bound)


@contextmanager
def listening(torch: Any, tell: Callable[[str, Any, Any, Any], None]) -> Iterator[None]:
    """Meanwhile `tell` is told of each function of PyTorch: its name, arguments, keywords, and what it made.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> names = []
    >>> with listening(torch, lambda name, args, kwargs, made: names.append(name)):
    ...     _ = torch.relu(torch.ones(2))
    >>> names[-1]
    'relu'
    """

    class Listening(torch.overrides.TorchFunctionMode):  # type: ignore[misc]
        def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            made = function(*args, **(kwargs or {}))
            tell(getattr(function, "__name__", ""), args, kwargs or {}, made)
            return made

    with Listening():
        yield


@contextmanager
def activated(torch: Any, *names: str) -> Iterator[list[Array]]:
    """What each call of an activation of these names makes meanwhile, (numbers, units).

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> with activated(torch, "relu") as seen:
    ...     _ = torch.relu(torch.ones(4, 2))
    >>> [one.shape for one in seen]
    [(4, 2)]
    """
    seen: list[Array] = []

    def tell(name: str, args: Any, kwargs: Any, made: Any) -> None:
        if name.removesuffix("_") in names and made.ndim > 1:
            rows = made.detach().movedim(1, -1) if made.ndim in (4, 5) else made.detach()
            seen.append(array_of(rows.reshape(-1, rows.shape[-1])).copy())

    with listening(torch, tell):
        yield seen


@contextmanager
def called_off(torch: Any) -> Iterator[list[str]]:
    """The functions of dropout that are called meanwhile with a share to drop, and `training=False`.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> with called_off(torch) as seen:
    ...     _ = torch.nn.functional.dropout(torch.ones(4, 2), 0.5, training=False)
    ...     _ = torch.nn.functional.dropout(torch.ones(4, 2), 0.5)
    >>> seen
    ['dropout']
    """
    seen: list[str] = []

    def tell(name: str, args: Any, kwargs: Any, made: Any) -> None:
        known = name.rstrip("123d_") in ("dropout", "alpha_dropout")
        if known and kwargs.get("training") is False and kwargs.get("p", 0) > 0:
            seen.append(name)

    with listening(torch, tell):
        yield seen


@contextmanager
def attends(torch: Any) -> Iterator[list[bool]]:
    """Of each function that is called meanwhile, whether it is attention, or a softmax over all pairs of steps.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> with attends(torch) as seen:
    ...     _ = torch.softmax(torch.ones(2, 5, 5), dim=-1)
    >>> any(seen)
    True
    """
    seen: list[bool] = []

    def tell(name: str, args: Any, kwargs: Any, made: Any) -> None:
        if isinstance(made, torch.Tensor):
            shape = tuple(made.shape)
            pairs = name == "softmax" and len(shape) > 2 and shape[-1] == shape[-2] > 1
            seen.append(name == "scaled_dot_product_attention" or pairs)

    with listening(torch, tell):
        yield seen


@contextmanager
def dropping(torch: Any) -> Iterator[list[str]]:
    """The names of the functions that drop something meanwhile.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> F = torch.nn.functional
    >>> with dropping(torch) as seen:
    ...     _ = F.dropout(torch.ones(2), 0.5), F.dropout2d(torch.ones(1, 2, 3, 3), 0.5, training=False)
    ...     _ = F.scaled_dot_product_attention(*torch.ones(3, 1, 2, 4), dropout_p=0.1)
    >>> seen
    ['dropout', 'scaled_dot_product_attention']
    """
    seen: list[str] = []

    def tell(name: str, args: Any, kwargs: Any, made: Any) -> None:
        own = name.removesuffix("_")
        if own in DROPPING and drops(own, args, kwargs):
            seen.append(own)

    with listening(torch, tell):
        yield seen


def drops(name: str, args: Any, kwargs: Any) -> bool:
    """Whether such a call drops anything.

    >>> drops("dropout", ("x", 0.5), {"training": False}), drops("dropout", ("x", 0.5), {})
    (False, True)
    """
    if name == "scaled_dot_product_attention":
        return bool(kwargs.get("dropout_p", args[4] if len(args) > 4 else 0.0) > 0)
    share = kwargs.get("p", args[1] if len(args) > 1 else 0.5)
    always = args[2] if len(args) > 2 else not name.endswith("alpha_dropout")
    return bool(share > 0 and kwargs.get("training", kwargs.get("train", always)))


DROPPING = {
    "dropout", "dropout1d", "dropout2d", "dropout3d", "alpha_dropout", "feature_alpha_dropout",
    "scaled_dot_product_attention",
}  # fmt: skip
