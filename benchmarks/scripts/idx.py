"""MNIST's four files as arrays, for the scripts beside this one."""

from __future__ import annotations

import gzip
import sys
from pathlib import Path

import numpy as np


def mnist() -> tuple[np.ndarray, ...]:
    """Training features, labels, test features, labels; the folder is the script's first argument."""
    folder, arrays = Path(sys.argv[1]), []
    for part in ("train", "t10k"):
        images = gzip.decompress((folder / f"{part}-images-idx3-ubyte.gz").read_bytes())
        labels = gzip.decompress((folder / f"{part}-labels-idx1-ubyte.gz").read_bytes())
        arrays.append((np.frombuffer(images, np.uint8, offset=16).reshape(-1, 784) / np.float32(255)).astype("f4"))
        arrays.append(np.frombuffer(labels, np.uint8, offset=8).astype(np.int64))
    return tuple(arrays)
