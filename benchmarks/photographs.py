"""How often photographs of handwritten digits are cut out and read right: a made bank of photo-like pictures.

python -m benchmarks.photographs [--seed 1] [--sheet wrong.png]

Each picture is a test digit of MNIST, drawn large as a pen would, on paper that is grey, unevenly lit and partly in
shadow, out of focus, with the noise of a sensor, kept as JPEG. 300 show one digit, 40 two of them, 40 none: bare paper,
specks, a shadow. Right is: the digit of one; of two, that it is said that there are several; of none, that no digit is
seen. Confident and wrong is: another digit with a probability of 90 % or more. The digits' own network reads them, as
`whynet train` makes it; the seed of the bank decides everything random.
"""

from __future__ import annotations

import argparse
import io
import tempfile
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw, ImageFilter
from scipy import ndimage

import whynet
from whynet.data import drawing
from whynet.errors import WhynetError
from whynet.report.pictures import png

ONE, TWO, NONE = 300, 40, 40
SURE = 0.9


class Photograph(NamedTuple):
    """A picture of the bank: what is on it, and its file."""

    digits: tuple[int, ...]
    jpeg: bytes


def stroke(image: np.ndarray, height: int, rng: np.random.Generator) -> np.ndarray:
    """A digit of MNIST as ink (rows, columns) in 0..1, so many pixels high, slightly turned, its edges sharp."""
    rows, columns = (np.flatnonzero(image.any(axis=axis)) for axis in (1, 0))
    cut = image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].astype(np.float64) / 255
    scale = height / len(cut)
    large = np.clip(ndimage.zoom(np.pad(cut, 1), scale, order=3), 0, 1)
    edge = rng.uniform(0.35, 0.55)  # where ink begins: thicker or thinner strokes
    ink = np.clip((ndimage.gaussian_filter(large, scale / 3) - edge) * 6 + 0.5, 0, 1)
    return np.clip(ndimage.rotate(ink, rng.uniform(-10, 10), order=1), 0, 1)


def paper(shape: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """Paper under a lamp: grey, brighter on one side, half of the time partly in the shadow of a hand."""
    rows, columns = shape
    down, right = np.mgrid[0 : 1 : rows * 1j, 0 : 1 : columns * 1j]
    angle = rng.uniform(0, 2 * np.pi)
    light = 1 + rng.uniform(0.05, 0.35) * (np.cos(angle) * (right - 0.5) + np.sin(angle) * (down - 0.5))
    sheet = rng.uniform(150, 235) * light
    if rng.random() < 0.5:
        mask = Image.new("L", (columns, rows))
        at, lean = rng.uniform(0.2, 0.8), rng.uniform(-0.5, 0.5)
        edge = [((at + lean / 2) * columns, 0), ((at - lean / 2) * columns, rows)]
        side = columns if rng.random() < 0.5 else 0
        ImageDraw.Draw(mask).polygon([*edge, (side, rows), (side, 0)], fill=255)
        soft = mask.filter(ImageFilter.GaussianBlur(rng.uniform(2, 25)))
        sheet *= 1 - rng.uniform(0.15, 0.45) * np.asarray(soft) / 255
    return sheet + ndimage.gaussian_filter(rng.standard_normal(shape), 1.5) * rng.uniform(0, 6)  # its grain


def photograph(images: list[np.ndarray], rng: np.random.Generator) -> bytes:
    """These digits side by side on a photograph, as a JPEG file."""
    rows, columns = [(480, 640), (640, 480), (600, 800), (300, 400)][rng.integers(4)]
    sheet = paper((rows, columns), rng)
    height = rows * (rng.uniform(0.28, 0.4) if rng.random() < 0.6 else rng.uniform(0.2, 0.7))
    if len(images) > 1:
        height = rows * rng.uniform(0.2, 0.32)
    drawn = [stroke(image, int(height * rng.uniform(0.9, 1.1)), rng) for image in images]
    gap = int(height * rng.uniform(0.25, 0.8))
    width = sum(one.shape[1] for one in drawn) + gap * (len(drawn) - 1)
    if width > columns - 8:  # all of them are on the picture
        gap = max(1, int(gap * 0.5))
        smaller = (columns - 8 - gap * (len(drawn) - 1)) / max(1, width - gap * (len(drawn) - 1)) * 0.9
        drawn = [np.clip(ndimage.zoom(one, smaller, order=1), 0, 1) for one in drawn]
        width = sum(one.shape[1] for one in drawn) + gap * (len(drawn) - 1)
    if drawn:
        tallest = max(len(one) for one in drawn)
        left = rng.integers(4, max(5, columns - width - 4))
        top = rng.integers(4, max(5, rows - tallest - 4))
    strength = rng.uniform(0.4, 0.85)  # a pencil to a felt pen
    for ink in drawn:
        ink = ink[: rows - top, : columns - left]
        place = sheet[top : top + len(ink), left : left + ink.shape[1]]
        place *= 1 - strength * ink
        left += ink.shape[1] + gap
    if rng.random() < 0.4:  # crumbs and dots
        for _ in range(rng.integers(1, 12)):
            y, x, r = rng.integers(rows), rng.integers(columns), rng.uniform(0.5, 2.5)
            down, right = np.ogrid[:rows, :columns]
            sheet[(down - y) ** 2 + (right - x) ** 2 <= r * r] *= rng.uniform(0.3, 0.8)
    sheet = ndimage.gaussian_filter(sheet, rng.uniform(0.4, 1.6)) + rng.standard_normal(sheet.shape) * rng.uniform(1, 8)
    tint = np.array([1.0, rng.uniform(0.93, 1.0), rng.uniform(0.8, 1.0)])
    colours = np.clip(sheet[..., None] * tint, 0, 255).astype(np.uint8)
    kept = io.BytesIO()
    Image.fromarray(colours).save(kept, "JPEG", quality=int(rng.integers(50, 95)))
    return kept.getvalue()


def bank(data: whynet.Dataset, seed: int, sizes: tuple[int, int, int] = (ONE, TWO, NONE)) -> list[Photograph]:
    """The pictures, the same for a seed: so many with one digit, with two, and with none."""
    rng = np.random.default_rng(seed)
    made = []
    for count, how_many in zip((1, 2, 0), sizes, strict=True):
        for _ in range(how_many):
            chosen = rng.choice(len(data), count, replace=False)
            digits = tuple(int(label) for label in data.labels[chosen])
            made.append(Photograph(digits, photograph([data.images[one] for one in chosen], rng)))
    return made


class Read(NamedTuple):
    """What was said of a picture: a digit with its probability, or a sentence."""

    answer: int | None
    probability: float
    words: str
    seen: np.ndarray | None


def reading(network: whynet.Network, one: Photograph, folder: Path) -> Read:
    """Read a picture as `whynet predict` does."""
    path = folder / "picture.jpg"
    path.write_bytes(one.jpeg)
    try:
        seen = drawing.read(path, 28)
    except WhynetError as error:
        return Read(None, 0.0, error.message, None)
    row = network.probabilities(seen)[0]
    return Read(int(row.argmax()), float(row.max()), "", seen[0])


def is_right(one: Photograph, read: Read) -> bool:
    """Whether that is what a person would say."""
    if len(one.digits) == 1:
        return read.answer == one.digits[0]
    return read.answer is None and ("digits" in read.words) == (len(one.digits) > 1)


def sheet_of(wrong: list[tuple[Photograph, Read]]) -> bytes:
    """The pictures that were read wrong, with what the network saw below each, as one PNG."""
    cells = []
    for one, read in wrong:
        picture = Image.open(io.BytesIO(one.jpeg)).convert("L")
        picture.thumbnail((96, 96))
        cell = Image.new("L", (100, 160), 255)
        cell.paste(picture, (2, 2))
        if read.seen is not None:
            cell.paste(Image.fromarray(255 - read.seen).resize((42, 42)), (2, 102))
        said = f"{','.join(map(str, one.digits)) or '-'} -> {'?' if read.answer is None else read.answer}"
        sure = f"\n{read.probability:.0%}" if read.seen is not None else ""
        ImageDraw.Draw(cell).text((48, 102), said + sure, fill=0)
        cells.append(np.asarray(cell))
    across = 10
    cells += [np.full((160, 100), 255, np.uint8)] * (-len(cells) % across)
    return png(np.concatenate([np.concatenate(cells[at : at + across], 1) for at in range(0, len(cells), across)]))


def main() -> None:
    """Make the bank, read it, and count."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--recipe", default="default")
    arguments.add_argument("--model", type=Path, help="a trained network, in place of the recipe's")
    arguments.add_argument("--sheet", type=Path)
    asked = arguments.parse_args()
    data = whynet.load("mnist")
    network = whynet.Network.load(asked.model) if asked.model else whynet.fit(asked.recipe, data).network
    counts: Counter[tuple[int, str]] = Counter()
    wrong = []
    with tempfile.TemporaryDirectory() as folder:
        for one in bank(data.test, asked.seed):
            read = reading(network, one, Path(folder))
            right = is_right(one, read)
            sure = not right and read.answer is not None and read.probability >= SURE
            counts[len(one.digits), "right" if right else "sure and wrong" if sure else "wrong"] += 1
            counts[len(one.digits), read.words or "read"] += 1
            if not right:
                wrong.append((one, read))
    total = ONE + TWO + NONE
    right = sum(counts[number, "right"] for number in (0, 1, 2))
    sure = sum(counts[number, "sure and wrong"] for number in (0, 1, 2))
    print(f"{total} pictures: {right} right ({right / total:.1%}), confident and wrong {sure} ({sure / total:.1%})")
    for number, many in ((1, ONE), (2, TWO), (0, NONE)):
        said = {what: count for (digits, what), count in counts.items() if digits == number}
        print(f"  {number} digits: {many}: " + ", ".join(f"{what} {count}" for what, count in sorted(said.items())))
    if asked.sheet and wrong:
        asked.sheet.write_bytes(sheet_of(wrong))


if __name__ == "__main__":
    main()
