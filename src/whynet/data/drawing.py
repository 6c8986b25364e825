"""Any picture of a digit -> an image made the way MNIST's were: bright ink on black, scaled to fit a box of 20 x 20
pixels, its centre of mass in the middle of 28 x 28 (LeCun et al. 1998, section III.A).

A network has only ever seen such images; a photograph given to it as it is, is as foreign to it as a word of Greek.
"""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from whynet.data import idx
from whynet.errors import BadFile
from whynet.types import Array, Images

MOST_PIXELS = 50_000_000
OWN = 40  # a picture with sides no longer than this is an image already
THIN = 0.08  # of the height: thinner strokes would fade when the digit is made small


def read(path: Path, size: int) -> Images:
    """The pictures in a file, prepared: (n, size, size). A picture file holds one; an IDX file any number.

    Images in an IDX file that have the right size already are taken as they are.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "one.png"
    >>> paper = np.full((90, 60), 255, np.uint8)
    >>> paper[20:70, 28:33] = 0
    >>> Image.fromarray(paper).save(path)
    >>> read(path, 28).shape
    (1, 28, 28)

    Raises
    ------
    BadFile
        It cannot be read, is no picture, is far too large, or shows nothing.
    """
    try:
        with path.open("rb") as stream:
            if stream.read(3) in (b"\x00\x00\x08", b"\x1f\x8b\x08"):
                images = idx.read(stream, where=str(path), ndim=3)
                if images.shape[1:] == (size, size):
                    return images
                return np.stack([prepare(image, size, where=f"{path}, image {n}") for n, image in enumerate(images)])
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(path) as picture:
                if picture.width * picture.height > MOST_PIXELS:
                    raise BadFile(
                        "the picture is too large", where=str(path), found=f"{picture.width} x {picture.height}"
                    )
                grey = on_white(picture)
    except UnidentifiedImageError:
        raise BadFile("this is no picture", where=str(path), expected="PNG, JPEG or IDX") from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise BadFile("the picture is too large", where=str(path), expected=f"{MOST_PIXELS:,} pixels at most") from None
    except (OSError, ValueError, SyntaxError, EOFError) as error:
        reason = getattr(error, "strerror", None) or error
        raise BadFile(f"the picture cannot be read: {reason}", where=str(path)) from None
    return prepare(grey, size, where=str(path))[np.newaxis]


def on_white(picture: Image.Image) -> Array:
    """A picture of any mode as grey values (rows, columns), the right way up; what is transparent is white paper.

    >>> on_white(Image.new("RGBA", (2, 1), (0, 0, 0, 0)))  # nothing but transparency
    array([[255, 255]], dtype=uint8)
    """
    upright = ImageOps.exif_transpose(picture).convert("RGBA")
    paper = Image.new("RGBA", upright.size, "white")
    paper.alpha_composite(upright)
    return np.asarray(paper.convert("L"))


def prepare(grey: Array, size: int, *, where: str = "the picture", clean: bool = False) -> Array:
    """One picture (rows, columns) of grey values 0..255, ink dark on light or light on dark -> (size, size) uint8; of a
    `clean` one, drawn on a screen, everything is ink that is not paper.

    >>> picture = np.full((100, 80), 255, np.uint8)
    >>> picture[20:80, 38:44] = 0  # a stroke of a pen
    >>> image = prepare(picture, 28)
    >>> image.shape, int(image.max()), int((image.sum(axis=1) > 0).sum())
    ((28, 28), 255, 20)

    Raises
    ------
    BadFile
        All of it has one colour.
    """
    cut = _cut(np.asarray(grey, dtype=np.float64), size, where, clean)
    # MNIST leaves a margin and centres on pixel 14 of 0..27; small images, as the embedded digits, are filled.
    box, middle = (size * 20 // 28, size / 2) if size >= 20 else (size, (size - 1) / 2)
    scale = box / max(cut.shape)
    height, width = (max(1, round(length * scale)) for length in cut.shape)
    smooth = Image.Resampling.BOX if scale < 1 else Image.Resampling.BICUBIC
    drawn = Image.fromarray(cut.astype(np.float32)).resize((width, height), smooth)
    small = np.clip(np.asarray(drawn), 0, 1)
    image = np.zeros((size, size))
    top, left = (_place(small.sum(axis=axis), size, middle) for axis in (1, 0))
    image[top : top + height, left : left + width] = small / small.max()
    return np.round(255 * image).astype(np.uint8)


def _cut(grey: Array, size: int, where: str, clean: bool) -> Array:
    """The ink of the digit (rows, columns) in 0..1, nothing around it. What is clean, or as small as the network's own
    images, is ink where it differs from its border; a larger picture is looked at as a person would."""
    ink = _ink(grey)
    if ink is None:
        raise BadFile("there is nothing to see", where=where, expected="ink on paper", found="one colour")
    if not clean and max(grey.shape) > max(OWN, size):
        from scipy import ndimage  # a training, which reads no photographs, does without

        from whynet.data.cutting import cut_out

        found = cut_out(grey, where=where)
        wanted = THIN * max(found.ink.shape)
        wider = round(min(wanted - found.stroke, wanted)) if found.stroke < wanted else 0
        return ndimage.grey_dilation(np.pad(found.ink, wider), 1 + wider) if wider else found.ink
    rows, columns = (np.flatnonzero(ink.any(axis=axis)) for axis in (1, 0))
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _ink(grey: Array) -> Array | None:
    """How much ink lies on each pixel, 0..1; None if there is none. The paper is the colour of most of the border."""
    border = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    paper = float(np.median(border))
    ink = paper - grey if abs(paper - grey.min()) >= abs(grey.max() - paper) else grey - paper
    darkest = float(ink.max())
    return np.clip(ink / darkest, 0, 1) if darkest >= 8 else None


def _place(profile: Array, size: int, middle: float) -> int:
    """Where a strip of ink begins so that its centre of mass lies in the middle, and all of it on the image."""
    centre = float(np.arange(len(profile)) @ profile / profile.sum())
    return int(np.clip(round(middle - centre), 0, size - len(profile)))
