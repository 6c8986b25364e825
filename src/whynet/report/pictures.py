"""Arrays -> PNG pictures inside a page."""

from __future__ import annotations

import base64
import html
import io

import numpy as np

from whynet.types import Array, Images, Labels

NEGATIVE, POSITIVE = np.array([33, 102, 172]), np.array([178, 24, 43])  # the ends of ColorBrewer's RdBu


def data_uri(picture: Array) -> str:
    """A uint8 picture, grey (rows, columns) or RGB (rows, columns, 3), as a `data:` address.

    >>> data_uri(np.zeros((2, 2), np.uint8))[:22]
    'data:image/png;base64,'
    """
    return "data:image/png;base64," + base64.b64encode(png(picture)).decode("ascii")


def png(picture: Array) -> bytes:
    """The same as a PNG file.

    >>> png(np.zeros((2, 2), np.uint8))[:4]
    b'\\x89PNG'
    """
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, format="PNG")
    return buffer.getvalue()


def diverging(values: Array) -> Array:
    """Numbers (...) -> RGB (..., 3): white at 0, red above, blue below, full colour at the largest size.

    >>> diverging(np.array([0.0, 1.0])).tolist()
    [[255, 255, 255], [178, 24, 43]]
    """
    largest = float(np.abs(values).max()) or 1.0
    share = np.clip(values / largest, -1, 1)[..., np.newaxis]
    colour = np.where(share > 0, POSITIVE, NEGATIVE)
    rgb: Array = np.round(255 + (colour - 255) * np.abs(share)).astype(np.uint8)
    return rgb


def sheet(pictures: Array, columns: int, gap: int = 2, paper: int = 255) -> Array:
    """Pictures, grey (n, rows, columns) or RGB (n, rows, columns, 3), side by side on a sheet, by default white.

    >>> sheet(np.zeros((5, 8, 8), np.uint8), columns=3).shape
    (18, 28)
    """
    n, height, width = pictures.shape[:3]
    rows = -(-n // columns)
    size = (rows * (height + gap) - gap, columns * (width + gap) - gap)
    page = np.full((*size, *pictures.shape[3:]), paper, dtype=np.uint8)
    for index, picture in enumerate(pictures):
        top, left = (index // columns) * (height + gap), (index % columns) * (width + gap)
        page[top : top + height, left : left + width] = picture
    return page


def image(picture: Array, what: str) -> str:
    """A uint8 picture that is as wide as the page has room for it, its pixels sharp.

    >>> image(np.zeros((2, 2), np.uint8), "a <picture>").split(" ", 3)[3]
    'alt="a &lt;picture&gt;">'
    """
    return f'<img class="pixels" src="{data_uri(picture)}" alt="{html.escape(what)}">'


def strongest(W: Array, most: int = 60) -> Array:
    """The units with the largest weights W[:, unit], in their order; all of them if there are not more than `most`.

    >>> strongest(np.array([[1.0, -5.0, 3.0]]), most=2)
    array([1, 2])
    """
    order = np.argsort(-np.linalg.norm(W, axis=0), kind="stable")[:most]
    return np.sort(order)


def masks(W: Array, rows: int, columns: int, channels: int = 1) -> Array:
    """Each column of W as a picture, (units, rows, columns, 3), with a colour scale of its own: red and blue on white;
    of weights of coloured images, light and dark of each colour around grey.

    >>> masks(np.ones((6, 4)), 2, 3).shape
    (4, 2, 3, 3)
    """
    if channels == 1:
        return np.stack([diverging(W[:, unit].reshape(rows, columns)) for unit in range(W.shape[1])])
    share = W / np.maximum(np.abs(W).max(axis=0), 1e-30)
    grey: Array = np.round(127.5 + 127.5 * share).astype(np.uint8).T.reshape(-1, rows, columns, channels)
    return on_paper(grey)


def digits(images: Images) -> list[str]:
    """Images as `data:` addresses: (n, rows, columns) as dark ink on white paper, coloured ones as they are.

    >>> len(digits(np.zeros((3, 8, 8), np.uint8)))
    3
    """
    return [data_uri(image) for image in on_paper(images)]


def on_paper(images: Images) -> Images:
    """Grey images (n, rows, columns) as dark ink on white paper; coloured ones (n, rows, columns, 3) as they are. Of
    more channels than three the first three are taken, of fewer their mean.

    >>> on_paper(np.zeros((1, 2, 2), np.uint8))[0, 0, 0], on_paper(np.zeros((1, 2, 2, 3), np.uint8)).shape
    (np.uint8(255), (1, 2, 2, 3))
    """
    if images.ndim == 3:
        return 255 - images
    if images.shape[3] >= 3:
        return images[..., :3]
    grey: Images = images.mean(axis=3).astype(np.uint8)
    return grey


def of_each_class(images: Images, labels: Labels, classes: int, each: int) -> Images:
    """The first `each` images of every class as `on_paper` has them, (classes * each, rows, columns); where a class
    has fewer, white paper.

    >>> of_each_class(np.zeros((3, 2, 2), np.uint8), np.array([0, 1, 1]), classes=2, each=5).shape
    (10, 2, 2)
    """
    shown = np.full((classes * each, *on_paper(images[:1]).shape[1:]), 255, dtype=np.uint8)
    for label in range(classes):
        found = images[labels == label][:each]
        shown[label * each : label * each + len(found)] = on_paper(found)
    return shown
