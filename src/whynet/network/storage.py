"""Network <-> one `.safetensors` file, which PyTorch opens too.

Tensors are named as in `nn.Sequential(Linear, activation, Linear, ...)`: `0.weight` (out, in), `0.bias`, `2.weight` ...
The metadata is one key, `whynet`, holding JSON with sorted keys: all that is needed to predict. Nothing in a file is
ever executed, and equal networks give equal bytes.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save as to_bytes

from whynet import files
from whynet.errors import BadFile, UsageError, WhynetError
from whynet.network.layers import BatchNorm, Dense, Dropout, GaussianNoise, Layer
from whynet.network.network import Network
from whynet.types import Array, Scaling

FORMAT = 1
MAX_BYTES = 1 << 30
MAX_HEADER = 1 << 20


def save(network: Network, path: Path) -> None:
    """Write the network to `path`, atomically.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "model.safetensors"
    >>> save(Network([3, 2]), path)
    >>> load(path)
    Network(3-2, softmax-cross-entropy: 8 parameters, float32)

    Raises
    ------
    ResourceError
        The disk is full or the folder not writable.
    UsageError
        A layer that the format does not know.
    """
    tensors = {name: np.ascontiguousarray(array) for name, array in _tensors(network)}
    scaling = network.scaling
    about = {
        "format": FORMAT,
        "sizes": network.sizes,
        "layers": [_as_dict(layer) for layer in network.layers],
        "cost": network.cost_name,
        "dtype": network.dtype.name,
        "scaling": scaling and {"name": scaling.name, "offset": scaling.offset, "divisor": scaling.divisor},
        "classes": network.classes,
    }
    files.write(path, to_bytes(tensors, metadata={"whynet": json.dumps(about, sort_keys=True)}))


def load(path: Path) -> Network:
    """Read a network back; nothing of the file is trusted.

    >>> load(Path("nowhere.safetensors"))
    Traceback (most recent call last):
    whynet.errors.BadFile: the model cannot be read: No such file or directory (in nowhere.safetensors)

    Raises
    ------
    BadFile
        Not a model file, or one whose names, shapes, types or numbers are not what its description promises.
    """
    check_header(path)
    try:
        with safe_open(str(path), framework="np") as file:
            network = _described(file.metadata() or {}, path)
            _fill(network, file, path)
    except SafetensorError as error:
        raise BadFile(f"this is no readable .safetensors file: {error}", where=str(path)) from None
    return network


def check_header(path: Path) -> None:
    """Refuse what is too large, too short or plainly something else, before it is opened.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "model.safetensors"
    >>> save(Network([3, 2]), path)
    >>> check_header(path)  # no objection

    Raises
    ------
    BadFile
        With what the file seems to be.
    """
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            head = file.read(9)
    except OSError as error:
        raise BadFile(f"the model cannot be read: {error.strerror}", where=str(path)) from None
    header = int.from_bytes(head[:8], "little")
    if size > MAX_BYTES:
        raise BadFile(
            "the file is too large",
            where=str(path),
            expected=f"at most {MAX_BYTES:,} bytes",
            found=f"{size:,}",
        )
    if len(head) < 9 or head[8:9] != b"{" or header > min(MAX_HEADER, size - 8):
        guesses = {
            b"PK": "a zip archive (an .npz or a PyTorch file)",
            b"\x80": "a pickle",
            b"\x89HDF": "an HDF5 file",
        }
        guess = next((text for start, text in guesses.items() if head.startswith(start)), None)
        raise BadFile(
            "this is no .safetensors file, or it is cut short",
            where=str(path),
            expected=f"a JSON header of at most {MAX_HEADER:,} bytes",
            found=guess or ("an empty file" if not head else f"a header of {header:,} bytes in {size:,}"),
        )


def _described(metadata: dict[str, str], path: Path) -> Network:
    """The network that the metadata describes, its parameters still to be filled."""
    if "whynet" not in metadata:
        raise BadFile(
            "this model was not written by whynet",
            where=str(path),
            expected="a metadata key 'whynet'",
            found=", ".join(sorted(metadata)) or "no metadata",
        )
    try:
        about: dict[str, Any] = json.loads(metadata["whynet"])
        if about["format"] != FORMAT:
            raise BadFile(
                "this model has another format",
                where=str(path),
                expected=str(FORMAT),
                found=str(about["format"]),
                do="Use the version of whynet that wrote it, or a newer one",
            )
        sizes = [_whole(size) for size in about["sizes"]]
        _check_memory(sizes, path)
        layers = _layers(sizes, about["layers"])
        scaling = about["scaling"] and Scaling(
            _text(about["scaling"]["name"]),
            _finite(about["scaling"]["offset"]),
            _finite(about["scaling"]["divisor"]),
        )
        if scaling and scaling.divisor == 0:
            raise ValueError("pixels cannot be divided by 0")
        quiet = [
            replace(layer, init="zeros", bias_init="zeros") if isinstance(layer, Dense) else layer for layer in layers
        ]
        network = Network(
            layers=quiet,
            cost=_text(about["cost"]),
            dtype=_text(about["dtype"]),
            scaling=scaling,
            classes=[_text(name) for name in about["classes"]],
        )
        return network.sharing(layers)
    except BadFile:
        raise
    except (WhynetError, ValueError, LookupError, AttributeError, TypeError, RecursionError) as error:
        raise BadFile(f"the model's description makes no sense: {error}", where=str(path)) from None


def _check_memory(sizes: list[int], path: Path) -> None:
    numbers = sum(fan_in * fan_out + fan_out for fan_in, fan_out in pairwise(sizes))
    if min(sizes) < 1 or numbers * 4 > path.stat().st_size:
        raise BadFile(
            "the model's sizes do not fit the file",
            where=str(path),
            expected=f"a file of at least {4 * numbers:,} bytes for sizes {sizes}",
            found=f"{path.stat().st_size:,}",
        )


def _fill(network: Network, file: Any, path: Path) -> None:
    """Copy the tensors in, each checked against what the network expects."""
    dtype = {"float32": "F32", "float64": "F64"}[network.dtype.name]
    wanted = dict(_tensors(network))
    if set(file.keys()) != set(wanted):
        raise BadFile(
            "the model does not hold the tensors it should",
            where=str(path),
            expected=", ".join(sorted(wanted)),
            found=", ".join(sorted(file.keys())) or "none",
        )
    for name, array in wanted.items():
        tensor = file.get_slice(name)
        found = (tensor.get_dtype(), tuple(tensor.get_shape()))
        if found != (dtype, array.shape):
            raise BadFile(
                f"the tensor {name} is not as described",
                where=str(path),
                expected=f"{dtype} {array.shape}",
                found=f"{found[0]} {found[1]}",
            )
        array[...] = file.get_tensor(name)
        if not np.isfinite(array).all():
            raise BadFile(f"the tensor {name} holds NaN or infinite numbers", where=str(path))
        if name.endswith(".running_var") and (array < 0).any():
            raise BadFile(f"the tensor {name} holds a variance below 0", where=str(path))


def _tensors(network: Network) -> Iterator[tuple[str, Array]]:
    """Every tensor of the file as a view of the network's parameters, by its name in PyTorch's `nn.Sequential`."""
    position = 0
    for index, layer in enumerate(network.layers):
        arrays = network.arrays(index)
        if isinstance(layer, Dense):
            yield f"{position}.weight", arrays["W"].T
            yield f"{position}.bias", arrays["b"]
        elif isinstance(layer, BatchNorm):
            yield f"{position}.weight", arrays["scale"]
            yield f"{position}.bias", arrays["shift"]
            yield f"{position}.running_mean", arrays["mean"]
            yield f"{position}.running_var", arrays["variance"]
        position += 2 if isinstance(layer, (Dense, BatchNorm)) and layer.activation != "identity" else 1


def _as_dict(layer: Layer) -> dict[str, Any]:
    """A layer as the file describes it; Dense is the one without a kind."""
    if isinstance(layer, Dense):
        return {"activation": layer.activation, "init": layer.init, "bias_init": layer.bias_init}
    if isinstance(layer, BatchNorm):
        return {
            "kind": "batch-norm",
            "activation": layer.activation,
            "blend": layer.blend,
            "epsilon": layer.epsilon,
        }
    if isinstance(layer, Dropout):
        return {"kind": "dropout", "rate": layer.rate}
    if isinstance(layer, GaussianNoise):
        return {"kind": "gaussian-noise", "sd": layer.sd}
    raise UsageError(f"a model file cannot hold a layer of type {type(layer).__name__}")


def _layers(sizes: list[int], described: list[dict[str, Any]]) -> list[Layer]:
    """The layers that a file describes."""
    layers: list[Layer] = []
    at = 0
    for one in described:
        kind = one.get("kind", "dense")
        if kind == "dropout":
            layers.append(Dropout(sizes[at], _finite(one["rate"])))
        elif kind == "gaussian-noise":
            layers.append(GaussianNoise(sizes[at], _finite(one["sd"])))
        elif kind == "batch-norm":
            shares = (_finite(one[key]) for key in ("blend", "epsilon"))
            layers.append(BatchNorm(sizes[at], _text(one["activation"]), *shares))
        elif kind == "dense":
            names = (_text(one[key]) for key in ("activation", "init", "bias_init"))
            layers.append(Dense(sizes[at], sizes[at + 1], *names))
            at += 1
        else:
            raise ValueError(f"there is no layer of the kind {kind!r}")
    if at != len(sizes) - 1:
        raise ValueError(f"{at} layers do not fit {len(sizes)} sizes")
    return layers


def _whole(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{value!r} is no whole number")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value


def _finite(value: Any) -> float:
    if not isinstance(value, (int, float)) or not math.isfinite(value):
        raise TypeError(f"{value!r} is no finite number")
    return float(value)
