"""Arrays as the page takes them: bytes in base64 with their shape, drawn on a canvas there."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np

from whynet.types import Array


def ink(pictures: Array) -> dict[str, Any]:
    """uint8 pictures (n, rows, columns[, 3]) as they are: 0 is no ink."""
    return {"shape": list(pictures.shape), "bytes": base64.b64encode(pictures.tobytes()).decode()}


def activity(values: Array) -> dict[str, Any]:
    """Numbers (...), from 0 up to the largest as 0..255; `top` is the largest. What is below 0 is 0."""
    top = float(np.nanmax(values, initial=0.0))
    share = np.clip(np.nan_to_num(values, posinf=top) / (top or 1.0), 0, 1)
    return {**ink(np.round(255 * share).astype(np.uint8)), "top": top}


def signed(values: Array) -> dict[str, Any]:
    """Numbers (n, ...), of each picture the largest size as 127: 128 is 0, above it positive."""
    flat = np.abs(values.reshape(len(values), -1))
    size = np.nan_to_num(flat).max(axis=1, initial=0.0)
    size[size == 0] = 1.0
    share = np.nan_to_num(values) / size.reshape(-1, *[1] * (values.ndim - 1))
    return ink(np.round(128 + 127 * np.clip(share, -1, 1)).astype(np.uint8))
