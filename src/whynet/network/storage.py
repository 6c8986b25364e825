"""A network's parts <-> one `.safetensors` file, which PyTorch opens too.

Tensors are named as in `nn.Sequential(Linear, activation, Linear, ...)`: `0.weight` (out, in), `0.bias`, `2.weight` ...
The metadata is one key, `whynet`, holding JSON with sorted keys: all that is needed to predict. Nothing in a file is
ever executed, and equal networks give equal bytes.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save as to_bytes

from whynet import files
from whynet.data.columns import columns_from
from whynet.data.problem import Classification, problem_from
from whynet.data.protocol import Problem
from whynet.errors import BadFile, UsageError, WhynetError
from whynet.network.costs import cost
from whynet.network.dense import Dense, Layer, sizes_of
from whynet.network.layers import BatchNorm, Dropout, GaussianNoise
from whynet.types import Array, Scaling

FORMAT = 1
MAX_BYTES = 1 << 30
MAX_HEADER = 1 << 20
TYPES = {"float32": "F32", "float64": "F64"}  # as NumPy and as the file call them


class Model(NamedTuple):
    """What a file holds: the layers, the arrays of each by name (parameters and running statistics), the name of the
    cost, the type of the numbers, how inputs become features, what the outputs are, how columns became numbers.

    >>> layer = Dense(3, 2, init="zeros")
    >>> Model((layer,), (layer.initialize(np.random.default_rng(0)),), "quadratic", "float64").arrays[0]["b"]
    array([0., 0.])
    """

    layers: tuple[Layer, ...]
    arrays: tuple[Mapping[str, Array], ...]
    cost: str
    dtype: str
    scaling: Scaling | None = None
    problem: Problem = Classification()
    encoding: Any = None


def save(model: Model, path: Path) -> None:
    """Write the model to `path`, atomically.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "model.safetensors"
    >>> layer = Dense(3, 2, init="zeros")
    >>> save(Model((layer,), (layer.initialize(np.random.default_rng(0)),), "quadratic", "float64"), path)
    >>> load(path).layers
    (Dense(inputs=3, outputs=2, activation='identity', init='zeros', bias_init='zeros'),)

    Raises
    ------
    ResourceError
        The disk is full or the folder not writable.
    UsageError
        A layer that the format does not know.
    """
    tensors = {name: np.ascontiguousarray(array) for name, array in _tensors(model)}
    scaling = model.scaling
    about = {
        "format": FORMAT,
        "sizes": sizes_of(model.layers),
        "layers": [_as_dict(layer) for layer in model.layers],
        "cost": model.cost,
        "dtype": model.dtype,
        "scaling": scaling and {"name": scaling.name, "offset": scaling.offset, "divisor": scaling.divisor},
    }
    if isinstance(model.problem, Classification):
        about["classes"] = model.problem.classes
    else:
        about["problem"] = model.problem.as_dict()
    if model.encoding is not None:
        about["columns"] = model.encoding.as_dict()
    files.write(path, to_bytes(tensors, metadata={"whynet": json.dumps(about, sort_keys=True)}))


def load(path: Path) -> Model:
    """Read a model back; nothing of the file is trusted.

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
            model = _described(file.metadata() or {}, path)
            _fill(model, file, path)
    except SafetensorError as error:
        raise BadFile(f"this is no readable .safetensors file: {error}", where=str(path)) from None
    return model


def check_header(path: Path) -> None:
    """Refuse what is too large, too short or plainly something else, before it is opened.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "model.safetensors"
    >>> save(Model((Dropout(3, 0.5),), ({},), "quadratic", "float64"), path)
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


def _described(metadata: dict[str, str], path: Path) -> Model:
    """The model that the metadata describes, its arrays still to be filled."""
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
        layers, dtype = _layers(sizes, about["layers"]), _text(about["dtype"])
        if dtype not in TYPES:
            raise ValueError(f"networks do not compute in {dtype}")
        cost(_text(about["cost"]))  # is there one?
        scaling = about["scaling"] and _scaling(about["scaling"], sizes[0])
        problem = problem_from(about["problem"] if "problem" in about else _classes(about["classes"]))
        encoding = columns_from(about["columns"]) if about.get("columns") is not None else None
        if encoding is not None and len(encoding.names) != sizes[0]:
            raise ValueError(f"{len(encoding.names)} features of columns do not fit {sizes[0]} inputs")
        arrays = tuple(_empty(layer, dtype) for layer in layers)
        return Model(layers, arrays, about["cost"], dtype, scaling, problem, encoding)
    except BadFile:
        raise
    except (WhynetError, ValueError, LookupError, AttributeError, TypeError, RecursionError) as error:
        raise BadFile(f"the model's description makes no sense: {error}", where=str(path)) from None


def _scaling(about: dict[str, Any], features: int) -> Scaling:
    """Of bytes two numbers; of floats one of each for each feature, or one for all."""
    offset, divisor = (_numbers(about[name]) for name in ("offset", "divisor"))
    if 0 in (divisor if isinstance(divisor, tuple) else (divisor,)):
        raise ValueError("inputs cannot be divided by 0")
    for one in (offset, divisor):
        if isinstance(one, tuple) != isinstance(offset, tuple) or (
            isinstance(one, tuple) and len(one) not in (1, features)
        ):
            raise ValueError(f"a scaling has one number or {features}")
    return Scaling(_text(about["name"]), offset, divisor)


def _numbers(value: Any) -> float | tuple[float, ...]:
    return tuple(map(_finite, value)) if isinstance(value, list) else _finite(value)


def _classes(names: Any) -> dict[str, Any]:
    return {"kind": "classification", "names": names}


def _check_memory(sizes: list[int], path: Path) -> None:
    numbers = sum(fan_in * fan_out + fan_out for fan_in, fan_out in pairwise(sizes))
    if min(sizes) < 1 or numbers * 4 > path.stat().st_size:
        raise BadFile(
            "the model's sizes do not fit the file",
            where=str(path),
            expected=f"a file of at least {4 * numbers:,} bytes for sizes {sizes}",
            found=f"{path.stat().st_size:,}",
        )


def _empty(layer: Layer, dtype: str) -> dict[str, Array]:
    statistics = layer.statistics() if isinstance(layer, BatchNorm) else {}
    shapes = layer.shapes() | {name: array.shape for name, array in statistics.items()}
    return {name: np.empty(shape, dtype) for name, shape in shapes.items()}


def _fill(model: Model, file: Any, path: Path) -> None:
    """Copy the tensors in, each checked against what the model expects."""
    dtype = TYPES[model.dtype]
    wanted = dict(_tensors(model))
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


def _tensors(model: Model) -> Iterator[tuple[str, Array]]:
    """Every tensor of the file as a view of the model's arrays, by its name in PyTorch's `nn.Sequential`."""
    position = 0
    for layer, arrays in zip(model.layers, model.arrays, strict=True):
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


def _layers(sizes: list[int], described: list[dict[str, Any]]) -> tuple[Layer, ...]:
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
    if not layers:
        raise ValueError("there are no layers")
    return tuple(layers)


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
