"""Exchange of networks: `whynet export`, and plain networks of other libraries as whynet's.

>>> import numpy as np
>>> from whynet.network.network import Network
>>> text = export(Network([4, 3, 2], seed=1), "numpy")["model.py"]
>>> room = {}
>>> exec(text, room)
>>> room["predict"](np.eye(4)).shape
(4,)
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from whynet.errors import UsageError, did_you_mean
from whynet.interfaces.exchange.imports import network_from as network_from
from whynet.interfaces.exchange.numpy_file import numpy_file
from whynet.interfaces.exchange.onnx_file import onnx_file
from whynet.interfaces.exchange.programs import keras_file, torch_file
from whynet.network.network import Network

Files = dict[str, bytes]


def _safetensors(network: Network, name: str) -> Files:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "model.safetensors"
        network.save(path)
        return {f"{name}.safetensors": path.read_bytes()}


TARGETS: dict[str, Callable[[Network, str], Files]] = {
    "keras": lambda network, name: {
        f"{name}.py": keras_file(network, f"{name}.safetensors").encode(), **_safetensors(network, name),
    },
    "numpy": lambda network, name: {f"{name}.py": numpy_file(network, name).encode()},
    "onnx": lambda network, name: {f"{name}.onnx": onnx_file(network)},
    "safetensors": _safetensors,
    "torch": lambda network, name: {
        f"{name}.py": torch_file(network, f"{name}.safetensors").encode(), **_safetensors(network, name),
    },
}  # fmt: skip


def export(network: Network, to: str, name: str = "model") -> Files:
    """The files, by name, that a network becomes: `to` is numpy, safetensors, onnx, torch or keras.

    Raises
    ------
    UsageError
        There is no such target, or the network has a layer that it cannot be told.
    ResourceError
        The package `onnx` is needed and not installed.
    """
    if to not in TARGETS:
        raise UsageError(f"networks cannot be exported to '{to}'", do=did_you_mean(to, TARGETS))
    return TARGETS[to](network, name)


__all__ = ["export", "network_from"]
