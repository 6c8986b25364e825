"""MNIST from its four files, packed or not."""

import gzip
import os
import struct
import sys
from pathlib import Path

import numpy as np


def folders():
    """Where the files may lie: the first argument, MNIST_data, folders in the environment, what was downloaded once."""
    yield from sys.argv[1:2]
    yield "MNIST_data"
    yield from [value for value in os.environ.values() if os.path.isdir(value)]  # noqa: PTH112
    yield from Path.home().glob(".cache/*/mnist")


def read(name):
    """The images or labels of a file."""
    for folder in folders():
        for path, opened in ((Path(folder) / name, open), (Path(folder) / f"{name}.gz", gzip.open)):
            if path.exists():
                with opened(path, "rb") as file:
                    dimensions = struct.unpack(">xxxB", file.read(4))[0]
                    shape = struct.unpack(f">{dimensions}I", file.read(4 * dimensions))
                    return np.frombuffer(file.read(), dtype=np.uint8).reshape(shape)
    sys.exit(f"{name} was not found: give the folder of MNIST's four files as an argument")
