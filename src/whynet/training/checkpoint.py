"""Checkpoint: where a training was, in one file: parameters, the optimizer's memory, the position."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from whynet import files
from whynet.errors import BadFile
from whynet.network import storage
from whynet.network.network import Network
from whynet.optimizers.optimizers import State
from whynet.training.position import Best, Position

FORMAT = 1


def write_checkpoint(directory: Path, network: Network, position: Position) -> None:
    """Keep it in `checkpoint.safetensors`.

    >>> import tempfile
    >>> directory, network = Path(tempfile.mkdtemp()), Network([2, 2])
    >>> write_checkpoint(directory, network, Position(epoch=3))
    >>> read_checkpoint(directory / "checkpoint.safetensors", network, {}).epoch
    3
    """
    from safetensors.numpy import save as to_bytes

    about: dict[str, Any] = {"format": FORMAT, "epoch": position.epoch, "batch": position.batch}
    tensors = {
        "params": network.params.vector,
        "statistics": network.statistics.vector,
        "costs": position.costs,
    }
    tensors |= {f"state.{name}": array for name, array in position.state.items()}
    if position.best is not None:
        best = position.best
        about["best"] = {"epoch": best.epoch, "accuracy": best.quality, "cost": best.cost}
        tensors |= {"best.params": best.params, "best.statistics": best.statistics}
    tensors = {name: array for name, array in tensors.items() if array.size}
    content = to_bytes(tensors, metadata={"whynet": json.dumps(about, sort_keys=True)})
    files.write(directory / "checkpoint.safetensors", content)


def read_checkpoint(path: Path, network: Network, expected: State) -> Position:
    """Fill the network's parameters and statistics; return the position. `expected` is the optimizer's first state.

    >>> read_checkpoint(Path("nowhere"), Network([2, 2]), {})
    Traceback (most recent call last):
    whynet.errors.BadFile: ...

    Raises
    ------
    BadFile
        It is damaged, or belongs to another recipe.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load as from_bytes

    storage.check_header(path)
    content = files.read(path, storage.MAX_BYTES)
    vector, statistics = network.params.vector, network.statistics.vector
    try:
        header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
        about = json.loads(header["__metadata__"]["whynet"])
        tensors = from_bytes(content)
        params = tensors["params"]
        running = tensors.get("statistics", np.zeros(0, vector.dtype))
        state = {name[len("state.") :]: array for name, array in tensors.items() if name.startswith("state.")}
        epoch, batch, best = int(about["epoch"]), int(about["batch"]), None
        if "best" in about:
            kept = (tensors["best.params"], tensors.get("best.statistics", np.zeros(0, vector.dtype)))
            one = about["best"]
            best = Best(int(one["epoch"]), float(one["accuracy"]), float(one["cost"]), *kept)
    except (SafetensorError, ValueError, KeyError, TypeError) as error:
        raise BadFile(f"the checkpoint is damaged: {error}", where=str(path)) from None
    wanted = [(params, vector), (running, statistics)] + [(state.get(name), first) for name, first in expected.items()]
    if best is not None:
        wanted += [(best.params, vector), (best.statistics, statistics)]
    sound = all(
        array is not None and array.shape == like.shape and array.dtype == like.dtype and np.isfinite(array).all()
        for array, like in wanted
    )
    if about.get("format") != FORMAT or not sound or epoch < 0 or batch < 0:
        raise BadFile(
            "the checkpoint does not belong to this run's recipe",
            where=str(path),
            expected=f"format {FORMAT} with {vector.size:,} finite {vector.dtype} parameters"
            + (f", and the optimizer's {', '.join(expected)}" if expected else ""),
            found=f"format {about.get('format')} with {params.size:,} {params.dtype}"
            + (f", and {', '.join(state)}" if state else ""),
        )
    vector[...], statistics[...] = params, running
    return Position(epoch, batch, tensors.get("costs", np.zeros(0)), state, best)
