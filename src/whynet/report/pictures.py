"""Arrays -> PNG pictures inside a page."""

from __future__ import annotations

import base64
import io

import numpy as np

from whynet.types import Array, Images

NEGATIVE, POSITIVE = np.array([33, 102, 172]), np.array([178, 24, 43])  # the ends of ColorBrewer's RdBu


def data_uri(picture: Array) -> str:
    """A uint8 picture, grey (rows, columns) or RGB (rows, columns, 3), as a `data:` address."""
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, format="PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")


def diverging(values: Array) -> Array:
    """Numbers (...) -> RGB (..., 3): white at 0, red above, blue below, full colour at the largest size."""
    largest = float(np.abs(values).max()) or 1.0
    share = np.clip(values / largest, -1, 1)[..., np.newaxis]
    colour = np.where(share > 0, POSITIVE, NEGATIVE)
    rgb: Array = np.round(255 + (colour - 255) * np.abs(share)).astype(np.uint8)
    return rgb


def sheet(pictures: Array, columns: int, gap: int = 2) -> Array:
    """Pictures (n, rows, columns, 3) side by side on one white sheet."""
    n, height, width, _ = pictures.shape
    rows = -(-n // columns)
    page = np.full((rows * (height + gap) - gap, columns * (width + gap) - gap, 3), 255, dtype=np.uint8)
    for index, picture in enumerate(pictures):
        top, left = (index // columns) * (height + gap), (index % columns) * (width + gap)
        page[top : top + height, left : left + width] = picture
    return page


def masks(W: Array, rows: int, columns: int, most: int = 60) -> Array:
    """What each unit of a first layer looks for: its weights W[:, unit] as pictures (units, rows, columns, 3).

    Each has a colour scale of its own. Of more units than `most`, those with the largest weights are shown.
    """
    order = np.arange(W.shape[1])
    if W.shape[1] > most:
        order = np.sort(np.argsort(-np.linalg.norm(W, axis=0))[:most])
    return np.stack([diverging(W[:, unit].reshape(rows, columns)) for unit in order])


def digits(images: Images) -> list[str]:
    """Images (n, rows, columns) as `data:` addresses, dark ink on white paper."""
    return [data_uri(255 - image) for image in images]
