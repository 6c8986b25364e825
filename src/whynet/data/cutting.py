"""Where the digit is on a picture of paper, a photograph included: what is darker, or lighter, than the paper around
it, is large enough and holds together.

The paper is found by a closing, which fills every dark line that is narrower than a window with what lies beside it and
leaves light, gradients and the edges of shadows as they are. What a pen took away of the light that the paper throws
back is ink, as much in the shadow as outside. Specks are left out by their size; strokes that stand above, below or
within each other are one digit, and strokes of like height side by side are several.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from PIL import Image
from scipy import ndimage

from whynet.errors import BadFile
from whynet.types import Array

LOOK = 256  # pixels of the longer side, at which the digit is looked for
WINDOW = 51  # pixels of these: wider than a stroke
EVEN = 0.1  # of the contrast: a border that differs by less is bare paper of one colour
SIGMAS = 5.0  # of the paper's noise: so much darker than the paper may be ink
FAINT = 0.1  # of the paper's light, taken away: fainter lines are no strokes of a pen
SMALLEST = 0.06  # of the longer side: the height or width of a digit
PART = 0.3  # of the tallest: a stroke of its own, and no crumb
APART = 0.6  # of the tallest: as tall as another digit
THICKEST = 0.45  # of the longer side: what is wider is no stroke
BASE = 0.6  # of its width or height lies on the picture's edge: of a shadow's corner, not of a stroke
MOST = 6  # strokes beside each other: more are no digits
CORE, EDGE = 0.5, 0.25  # of a stroke's darkness: certainly ink; where ink begins

DO = "Come closer, or cut the picture to one digit, dark on even paper"


class Cut(NamedTuple):
    """Ink (rows, columns) in 0..1 of one digit, its box cut out, and how wide its strokes are, in pixels.

    >>> Cut(np.ones((20, 4)), stroke=4.0).ink.shape
    (20, 4)
    """

    ink: Array
    stroke: float


def cut_out(grey: Array, *, where: str) -> Cut:
    """The digit on a picture (rows, columns) of grey values 0..255.

    >>> picture = np.full((300, 400), 200.0) - 60 * (np.arange(400) > 250)  # paper, on the right in shadow
    >>> picture[100:200, 95:105] *= 0.4  # a stroke
    >>> picture[20:23, 380:382] *= 0.2  # a crumb
    >>> cut = cut_out(picture, where="here")
    >>> cut.ink.shape[0] in range(98, 106), bool(cut.ink.shape[1] < 16)
    (True, True)

    Raises
    ------
    BadFile
        No digit is seen clearly, or there are several.
    """
    shrink = max(1.0, max(grey.shape) / LOOK)
    small = _resized(grey, tuple(max(1, round(side / shrink)) for side in grey.shape))
    relative = _ink_of(small, where)
    masks = _digits(relative, where)
    if len(masks) > 1:
        raise BadFile(
            f"there are {len(masks)} digits in this picture, and one can be read at a time",
            where=where, found=f"{len(masks)} digits", do="Cut the picture into one for each digit",
        )  # fmt: skip
    return _at_full_size(grey, small, relative, masks[0])


class _Ink(NamedTuple):
    """How much of the paper's light is missing at each pixel (below 0: too much of it), the paper, its noise."""

    share: Array
    paper: Array
    dark: bool
    noise: float
    even: bool


def _ink_of(small: Array, where: str) -> _Ink:
    smooth = ndimage.gaussian_filter(small, 1.0)
    border = np.concatenate([smooth[0], smooth[-1], smooth[:, 0], smooth[:, -1]])
    low, middle, high = np.percentile(border, [3, 50, 97])
    below, above = middle - smooth.min(), smooth.max() - middle
    even = bool(high - low <= max(EVEN * max(below, above), 2.0))
    if even:
        dark = below >= above
        paper = np.full(small.shape, middle)
    else:
        dark, paper = _paper(smooth)
    share = _share(smooth, paper, dark)
    noise = 1.4826 * float(np.median(np.abs(share - np.median(share))))
    if share.max() < max(FAINT, SIGMAS * noise):
        raise BadFile("I do not see a digit clearly", where=where, expected="ink on paper", found="bare paper", do=DO)
    return _Ink(share, paper, dark, noise, even)


def _paper(smooth: Array) -> tuple[bool, Array]:
    """Whether ink is darker than paper, and the paper without it."""
    closed = ndimage.grey_closing(smooth, WINDOW, mode="nearest")
    opened = ndimage.grey_opening(smooth, WINDOW, mode="nearest")
    darker, lighter = closed - smooth, smooth - opened
    # Between dark strokes lies paper that is lighter than they are, but no lighter than most of what is around.
    around = _resized(ndimage.median_filter(_resized(smooth, _quarter(smooth)), 33, mode="nearest"), smooth.shape)
    dark = _beyond(around - smooth, darker) >= _beyond(smooth - around, lighter)
    paper = closed if dark else opened
    return dark, paper + float(np.median(smooth - paper))  # a closing lies above the noise


def _quarter(values: Array) -> tuple[int, int]:
    return max(1, values.shape[0] // 4), max(1, values.shape[1] // 4)


def _beyond(difference: Array, standing_out: Array) -> float:
    """How far, on the average, that which stands out most from its neighbours differs from what is around."""
    most = standing_out > 0.5 * standing_out.max()
    return float(difference[most].mean()) if most.any() else 0.0


def _share(smooth: Array, paper: Array, dark: bool) -> Array:
    """How much of the paper's light is missing; of light ink, how much of what the paper swallows is there."""
    return 1 - smooth / np.maximum(paper, 1) if dark else (smooth - paper) / np.maximum(255 - paper, 128)


def _digits(ink: _Ink, where: str) -> list[Array]:
    """A mask (rows, columns) for each digit."""
    least = max(FAINT / 2, SIGMAS * ink.noise)
    labels, _ = ndimage.label(ink.share > least, np.ones((3, 3)))
    side = max(ink.share.shape)
    strokes = []
    for number, place in enumerate(ndimage.find_objects(labels), 1):
        inside = labels[place] == number
        darkness = float(np.percentile(ink.share[place][inside], 90))
        tall, wide = inside.shape
        if max(tall, wide) >= SMALLEST * side and darkness >= FAINT:
            strokes.append((place, number, tall, float(ink.share[place][inside].sum())))
    if not strokes:
        raise BadFile("I do not see a digit clearly", where=where, expected="strokes of a pen", found="specks", do=DO)
    tallest = max(stroke[2] for stroke in strokes)
    heaviest = max(stroke[3] for stroke in strokes)
    strokes = [one for one in strokes if max(one[2], one[0][1].stop - one[0][1].start) >= PART * tallest]
    strokes = [one for one in strokes if one[3] >= 0.05 * heaviest]
    if len(strokes) > MOST:
        raise BadFile("I do not see a digit clearly", where=where, found=f"{len(strokes)} things of its size", do=DO)
    groups: list[list[tuple[tuple[slice, ...], int, int, float]]] = []
    for one in sorted(strokes, key=lambda stroke: -stroke[2]):
        near = next((group for group in groups if _belongs(one, group, tallest)), None)
        if near is None:
            groups.append([one])
        else:
            near.append(one)
    groups = [group for group in groups if max(one[2] for one in group) >= APART * tallest] or groups[:1]
    masks = [np.isin(labels, [one[1] for one in group]) for group in groups]
    masks = [mask for mask in masks if not _is_patch(mask, ink)]
    if not masks:
        raise BadFile("I do not see a digit clearly", where=where, expected="strokes of a pen", found="a patch", do=DO)
    for mask in masks:
        rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
        edges = (rows[0] == 0) + (columns[0] == 0) + (rows[-1] == len(mask) - 1) + (columns[-1] == mask.shape[1] - 1)
        if edges >= 3 and not _bare(ink.share, mask):
            raise BadFile("I do not see a digit clearly", where=where, found="ink from edge to edge", do=DO)
    return masks


def _is_patch(mask: Array, ink: _Ink) -> bool:
    """Whether it is no stroke: as wide as it is long, or the corner of a shadow, which begins at the picture's edge as
    wide as it ever is."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    box = mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    if stroke_of(box) > THICKEST * max(box.shape):
        return True
    sides = ((rows[0] == 0, box[0]), (rows[-1] == len(mask) - 1, box[-1]), (columns[0] == 0, box[:, 0]),
             (columns[-1] == mask.shape[1] - 1, box[:, -1]))  # fmt: skip
    return not ink.even and any(there and line.mean() > BASE for there, line in sides)


def _bare(share: Array, mask: Array) -> bool:
    """Whether most of the border is paper: a drawing that was cut close."""
    border = np.concatenate([mask[0], mask[-1], mask[:, 0], mask[:, -1]])
    return float(border.mean()) < 0.3


def _belongs(one: tuple[tuple[slice, ...], int, int, float], group: list[tuple[tuple[slice, ...], int, int, float]],
             tallest: int) -> bool:  # fmt: skip
    """Whether a stroke is a part of the same digit: above, below, within or close beside its strokes."""
    (rows, columns), tall = one[0], one[2]
    for (their_rows, their_columns), _, their_tall, _ in group:
        across = min(columns.stop, their_columns.stop) - max(columns.start, their_columns.start)
        down = min(rows.stop, their_rows.stop) - max(rows.start, their_rows.start)
        narrower = min(columns.stop - columns.start, their_columns.stop - their_columns.start)
        both_tall = min(tall, their_tall) >= APART * tallest
        if both_tall:
            if across >= 0.5 * narrower and down >= -0.15 * tallest:
                return True
        elif across >= -0.12 * tallest and down >= -0.35 * tallest:
            return True
    return False


def _at_full_size(grey: Array, small: Array, ink: _Ink, mask: Array) -> Cut:
    """The ink of one digit in the picture's own pixels."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    margin = 3
    top, bottom = max(0, rows[0] - margin), min(len(mask), rows[-1] + 1 + margin)
    left, right = max(0, columns[0] - margin), min(mask.shape[1], columns[-1] + 1 + margin)
    down, across = grey.shape[0] / small.shape[0], grey.shape[1] / small.shape[1]
    part = grey[round(top * down) : round(bottom * down), round(left * across) : round(right * across)]
    paper = _resized(ink.paper[top:bottom, left:right], part.shape)
    near = _resized(ndimage.binary_dilation(mask, iterations=2)[top:bottom, left:right].astype(float), part.shape) > 0.5
    smooth = ndimage.gaussian_filter(part, 0.4 * (down - 1)) if down > 1 else part
    share = _share(smooth, paper, ink.dark)
    dark = float(np.percentile(share[near], 90)) if near.any() else 1.0
    faint = max(EDGE, min(0.5, 3 * ink.noise / max(dark, 1e-6)))
    strength = np.where(near, np.clip((share / max(dark, 1e-6) - faint) / (CORE + EDGE - faint), 0, 1), 0)
    there = strength > 0.5
    if not there.any():
        there = strength > 0
    tall, wide = np.flatnonzero(there.any(axis=1)), np.flatnonzero(there.any(axis=0))
    cut = strength[tall[0] : tall[-1] + 1, wide[0] : wide[-1] + 1]
    return Cut(cut, stroke_of(cut > 0.5))


def stroke_of(mask: Array) -> float:
    """How wide the strokes are: four times the mean distance from the paper.

    >>> stroke = np.zeros((60, 40), bool)
    >>> stroke[:, 16:24] = True
    >>> round(stroke_of(stroke))
    9
    """
    if not mask.any():
        return 0.0
    return 4 * float(ndimage.distance_transform_edt(np.pad(mask, 1))[1:-1, 1:-1][mask].mean()) - 1


def _resized(values: Array, shape: tuple[int, ...]) -> Array:
    """The same picture with so many rows and columns."""
    rows, columns = shape
    smaller = rows * columns < values.size
    method = Image.Resampling.BOX if smaller else Image.Resampling.BILINEAR
    return np.asarray(Image.fromarray(values.astype(np.float32)).resize((columns, rows), method), dtype=np.float64)
