"""A network's parts <-> one `.safetensors` file, which PyTorch opens too.

Tensors are named as in `nn.Sequential(Linear, activation, Linear, ...)`: `0.weight` (out, in), `0.bias`, `2.weight` ...
The metadata is one key, `whynet`, holding JSON with sorted keys: all that is needed to predict. Nothing in a file is
ever executed, and equal networks give equal bytes.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save as to_bytes

from whynet import files
from whynet.data.columns import columns_from
from whynet.data.problem import Classification, problem_from
from whynet.data.protocol import Problem
from whynet.errors import BadFile, WhynetError
from whynet.network.costs import cost
from whynet.network.layers import LAYERS, Layer, sizes_of
from whynet.network.layers.base import Shape, typed
from whynet.types import Array, Scaling

FORMAT = 1
MAX_BYTES = 1 << 30
MAX_HEADER = 1 << 20
MOST_ROOM = 1 << 28
MOST_LAYERS = 500
NAMED = 12  # tensors, in a message
BLOCK = 1 << 16  # numbers that are read at a time
TYPES = {"float32": "F32", "float64": "F64"}  # as NumPy and as the file call them


class Model(NamedTuple):
    """What a file holds: the layers, the arrays of each by name (parameters and running statistics), the name of the
    cost, the type of the numbers, how inputs become features, what the outputs are, how columns became numbers.

    >>> from whynet.network.layers import Dense
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
    >>> from whynet.network.layers import Dense
    >>> path = Path(tempfile.mkdtemp()) / "model.safetensors"
    >>> layer = Dense(3, 2, init="zeros")
    >>> save(Model((layer,), (layer.initialize(np.random.default_rng(0)),), "quadratic", "float64"), path)
    >>> load(path).layers
    (Dense(inputs=3, outputs=2, activation='identity', init='zeros', bias_init='zeros'),)

    Raises
    ------
    ResourceError
        The disk is full or the folder not writable.
    """
    tensors = {name: np.ascontiguousarray(array) for name, array in _tensors(model)}
    scaling = model.scaling
    about = {
        "format": FORMAT,
        "sizes": sizes_of(model.layers),
        "layers": [layer.as_dict() for layer in model.layers],
        "cost": model.cost,
        "dtype": model.dtype,
        "scaling": scaling and {"name": scaling.name, "offset": scaling.offset, "divisor": scaling.divisor},
    }
    if len(model.layers[0].in_shape) > 1:
        about["in_shape"] = model.layers[0].in_shape
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
    >>> from whynet.network.layers import Dropout
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
        sizes = [typed(size, int) for size in about["sizes"]]
        layers = _layers(sizes, _in_shape(about, sizes), about["layers"])
        _check_memory(layers, sizes, path)
        dtype = typed(about["dtype"], str)
        if dtype not in TYPES:
            raise ValueError(f"networks do not compute in {dtype}")
        cost(typed(about["cost"], str))  # is there one?
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
    return Scaling(typed(about["name"], str), offset, divisor)


def _numbers(value: Any) -> float | tuple[float, ...]:
    return tuple(typed(one, float) for one in value) if isinstance(value, list) else typed(value, float)


def _in_shape(about: dict[str, Any], sizes: list[int]) -> Shape:
    """Of an example; a row of features where the file says nothing else."""
    sides = tuple(typed(side, int) for side in about.get("in_shape", sizes[:1]))
    if min(sizes) < 1 or min(sides) < 1 or math.prod(sides) != sizes[0]:
        raise ValueError(f"examples of the shape {sides} do not fit the sizes {sizes}")
    return sides


def _classes(names: Any) -> dict[str, Any]:
    return {"kind": "classification", "names": names}


def _check_memory(layers: Sequence[Layer], sizes: Sequence[int], path: Path) -> None:
    numbers = sum(math.prod(shape) for layer in layers for shape in layer.shapes().values())
    room = max(layer.room for layer in layers)
    if room > MOST_ROOM:
        raise BadFile(
            "the model's layers need more memory than is sensible",
            where=str(path),
            expected=f"at most {MOST_ROOM:,} numbers for one example",
            found=f"{room:,}",
        )
    if numbers * 4 > path.stat().st_size:
        raise BadFile(
            "the model's sizes do not fit the file",
            where=str(path),
            expected=f"a file of at least {4 * numbers:,} bytes for sizes {sizes}",
            found=f"{path.stat().st_size:,}",
        )


def _shapes(layer: Layer) -> dict[str, Shape]:
    """Of its parameters and running statistics."""
    return layer.shapes() | {name: array.shape for name, array in layer.statistics().items()}


def _empty(layer: Layer, dtype: str) -> dict[str, Array]:
    return {name: np.empty(shape, dtype) for name, shape in _shapes(layer).items()}


def _fill(model: Model, file: Any, path: Path) -> None:
    """Copy the tensors in, each checked against what the model expects."""
    dtype = TYPES[model.dtype]
    wanted = dict(_tensors(model))
    if set(file.keys()) != set(wanted):
        raise BadFile(
            "the model does not hold the tensors it should",
            where=str(path),
            expected=_listed(wanted),
            found=_listed(file.keys()),
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
    with path.open("rb") as stream:
        start = 8 + int.from_bytes(stream.read(8), "little")
        header = json.loads(stream.read(start - 8))
        for name, array in wanted.items():
            stream.seek(start + header[name]["data_offsets"][0])
            _fill_one(name, array, stream, path)


def _listed(names: Iterable[str]) -> str:
    some = sorted(names)
    more = f" and {len(some) - NAMED:,} more" if len(some) > NAMED else ""
    return (", ".join(some[:NAMED]) or "none") + more


def _fill_one(name: str, array: Array, stream: BinaryIO, path: Path) -> None:
    """Rows of a tensor, a few at a time: they are looked at while they are in the processor's cache, and a mapped file
    would stay in memory beside its copy."""
    width = math.prod(array.shape[1:])
    some = max(1, BLOCK // max(width, 1))
    block = np.empty((min(some, len(array)), *array.shape[1:]), array.dtype.newbyteorder("<"))
    for first in range(0, len(array), some):
        rows = block[: len(array) - first]
        if stream.readinto(rows.data.cast("B")) != rows.nbytes:  # type: ignore[attr-defined]
            raise BadFile("the file is cut short", where=str(path))
        if not np.isfinite(rows).all():
            raise BadFile(f"the tensor {name} holds NaN or infinite numbers", where=str(path))
        if name.endswith(".running_var") and (rows < 0).any():
            raise BadFile(f"the tensor {name} holds a variance below 0", where=str(path))
        array[first : first + len(rows)] = rows


def _tensors(model: Model) -> Iterator[tuple[str, Array]]:
    """Every tensor of the file as a view of the model's arrays, by its name in PyTorch's `nn.Sequential`."""
    position = 0
    for layer, arrays in zip(model.layers, model.arrays, strict=True):
        for name, array in layer.tensors(arrays).items():
            yield f"{position}.{name}", array
        position += layer.modules


def _layers(sizes: list[int], in_shape: Shape, described: list[dict[str, Any]]) -> tuple[Layer, ...]:
    """The layers that a file describes; one without a kind is dense, and one without outputs has the next size."""
    if len(described) > MOST_LAYERS:
        raise ValueError(f"{len(described):,} layers are more than {MOST_LAYERS:,}")
    layers: list[Layer] = []
    widths = iter(sizes[1:])
    for one in described:
        kind = typed(one.get("kind", "dense"), str)
        if kind not in LAYERS:
            raise ValueError(f"there is no layer of the kind {kind!r}")
        width = next(widths, 0) if LAYERS[kind].weight_names else 0
        layers.append(LAYERS[kind].from_dict({"outputs": width, **one}, in_shape))
        in_shape = layers[-1].out_shape
    if not layers:
        raise ValueError("there are no layers")
    if sizes_of(layers) != tuple(sizes):
        raise ValueError(f"these layers do not fit the sizes {sizes}")
    return tuple(layers)
