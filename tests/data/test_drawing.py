from __future__ import annotations

import gzip
import io

import numpy as np
import pytest
from PIL import Image, ImageDraw

import whynet
from whynet.data import drawing, idx
from whynet.errors import BadFile


def seven(size=(300, 200), paper="white", ink="black", at=(60, 40), width=18, mode="RGB"):
    """A seven drawn with two strokes, somewhere on the paper."""
    picture = Image.new(mode, size, paper)
    x, y = at
    ImageDraw.Draw(picture).line([(x, y), (x + 80, y), (x + 30, y + 110)], fill=ink, width=width, joint="curve")
    return picture


def centre_of_mass(image):
    rows, columns = np.indices(image.shape)
    total = image.sum(dtype=float)
    return (rows * image).sum() / total, (columns * image).sum() / total


def test_an_image_is_made_as_mnists_were():
    image = drawing.prepare(np.asarray(seven().convert("L")), 28)
    assert (image.shape, image.dtype, image.max()) == ((28, 28), np.uint8, 255)
    rows, columns = np.flatnonzero(image.any(axis=1)), np.flatnonzero(image.any(axis=0))
    assert max(np.ptp(rows), np.ptp(columns)) + 1 == 20
    assert centre_of_mass(image) == pytest.approx((14, 14), abs=0.6)


@pytest.mark.parametrize(
    "picture",
    [
        seven(paper="black", ink="white"),
        seven(paper="navy", ink="yellow"),
        seven(at=(180, 80)),
        seven(size=(900, 700)),
        seven().resize((600, 400)),
        seven(paper=(0, 0, 0, 0), ink=(0, 0, 0, 255), mode="RGBA"),
        seven(paper=255, ink=0, mode="L"),
    ],
    ids=["white on black", "yellow on navy", "elsewhere", "much paper", "twice as large", "transparent", "grey"],
)
def test_colour_place_and_size_do_not_matter(picture):
    expected = drawing.prepare(drawing.on_white(seven()), 28).astype(int)
    found = drawing.prepare(drawing.on_white(picture), 28).astype(int)
    assert np.abs(found - expected).mean() < 6


@pytest.mark.mnist
def test_mnists_own_images_are_left_nearly_as_they_are(mnist):
    change = [np.abs(drawing.prepare(image, 28).astype(int) - image).mean() for image in mnist.test.images[:300]]
    assert np.median(change) < 0.5
    run = whynet.fit(whynet.Recipe(epochs=1, learning_rate=0.5, train_size=20_000), data=mnist)
    again = np.stack([drawing.prepare(image, 28) for image in mnist.test.images[:1000]])
    right = np.mean(run.network.predict(again) == mnist.test.labels[:1000])
    assert right > np.mean(run.network.predict(mnist.test.images[:1000]) == mnist.test.labels[:1000]) - 0.03


@pytest.mark.parametrize("form", ["PNG", "JPEG", "GIF", "BMP"])
def test_files_of_many_forms(form, tmp_path):
    seven().save(tmp_path / "digit", format=form)
    assert drawing.read(tmp_path / "digit", 28).shape == (1, 28, 28)


def test_a_rotated_photograph_is_turned_upright(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # turn right to see it upright
    seven().rotate(90, expand=True).save(tmp_path / "turned.jpg", exif=exif)
    seven().save(tmp_path / "upright.jpg")
    turned, upright = (drawing.read(tmp_path / f"{name}.jpg", 28)[0].astype(int) for name in ("turned", "upright"))
    assert np.abs(turned - upright).mean() < 12  # a pixel's shift; lying on its side it would be 40


def test_idx_images_of_the_right_size_are_taken_as_they_are(tmp_path, rng):
    images = rng.integers(256, size=(3, 28, 28), dtype=np.uint8)
    buffer = io.BytesIO()
    idx.write(buffer, images)
    for name, content in (("plain", buffer.getvalue()), ("packed", gzip.compress(buffer.getvalue()))):
        (tmp_path / name).write_bytes(content)
        np.testing.assert_array_equal(drawing.read(tmp_path / name, 28), images)
    assert drawing.read(tmp_path / "plain", 8).shape == (3, 8, 8)


@pytest.mark.parametrize("size", [8, 16, 20, 28, 64])
def test_any_size_that_a_network_may_want(size):
    image = drawing.prepare(np.asarray(seven().convert("L")), size)
    assert image.shape == (size, size)
    assert image.max() == 255


def test_what_is_no_picture_of_anything_is_refused(tmp_path):
    png = io.BytesIO()
    seven().save(png, format="PNG")
    for name, content in {"empty": b"", "text": b"seven", "cut": png.getvalue()[:200]}.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(BadFile) as caught:
            drawing.read(tmp_path / name, 28)
        assert name in str(caught.value)
    Image.new("RGB", (50, 50), "white").save(tmp_path / "blank.png")
    with pytest.raises(BadFile, match="nothing to see"):
        drawing.read(tmp_path / "blank.png", 28)
    Image.new("1", (20_000, 20_000)).save(tmp_path / "huge.png")
    with pytest.raises(BadFile, match="too large"):
        drawing.read(tmp_path / "huge.png", 28)
    with pytest.raises(BadFile, match="No such file"):
        drawing.read(tmp_path / "nowhere.png", 28)


def on_photograph(ink, *, noise=5.0, shadow=0.35, paper=190.0, pen=0.6, seed=0):
    """A drawing (dark on white) as a phone sees it: grey paper, lit from the left, its right half in shadow, noisy."""
    rng = np.random.default_rng(seed)
    strokes = 1 - np.asarray(ink.convert("L"), float) / 255
    light = paper * np.linspace(1.15, 0.85, strokes.shape[1])[None, :]
    light = light * (1 - shadow * (np.arange(strokes.shape[1]) > 0.55 * strokes.shape[1]))
    seen = light * (1 - pen * strokes) + noise * rng.standard_normal(strokes.shape)
    return np.clip(seen, 0, 255).astype(np.uint8)


@pytest.mark.parametrize(
    "at", [(60, 40), (420, 200), (270, 150)], ids=["in the light", "in the shadow", "across its edge"]
)
def test_a_photograph_gives_what_the_drawing_gives(at):
    drawn = seven(size=(640, 480), at=at)
    clean = drawing.prepare(np.asarray(drawn.convert("L")), 28).astype(int)
    found = drawing.prepare(on_photograph(drawn), 28).astype(int)
    assert np.abs(found - clean).mean() < 8


def test_light_ink_on_dark_paper_under_a_lamp():
    drawn = seven(size=(640, 480), at=(250, 150))
    clean = drawing.prepare(np.asarray(drawn.convert("L")), 28).astype(int)
    strokes = 1 - np.asarray(drawn.convert("L"), float) / 255
    board = 60 * np.linspace(1.3, 0.7, 640)[None, :] + 140 * strokes
    assert np.abs(drawing.prepare(board.astype(np.uint8), 28).astype(int) - clean).mean() < 8


def test_two_digits_are_said_to_be_two_and_a_digit_of_two_strokes_is_one():
    two = Image.composite(seven(size=(640, 480)), seven(size=(640, 480), at=(200, 50)),
                          Image.fromarray(np.uint8(255 * (np.arange(640) < 170)[None, :].repeat(480, 0))))  # fmt: skip
    for picture in (np.asarray(two.convert("L")), on_photograph(two)):
        with pytest.raises(BadFile, match="there are 2 digits in this picture"):
            drawing.prepare(picture, 28)
    five = Image.new("L", (640, 480), 255)
    pen = ImageDraw.Draw(five)
    pen.line([(250, 150), (245, 230), (300, 240), (310, 300), (240, 310)], fill=0, width=14, joint="curve")
    pen.line([(262, 140), (320, 136)], fill=0, width=14)  # its hat, apart
    whole = drawing.prepare(on_photograph(five), 28)
    assert np.flatnonzero(whole.any(axis=1)).size >= 19 and whole[3:8, 14:].max() > 128


@pytest.mark.parametrize("seed", range(4))
def test_bare_paper_specks_and_shadows_are_no_digit(seed):
    bare = Image.new("L", (640, 480), 255)
    with pytest.raises(BadFile, match="I do not see a digit clearly"):
        drawing.prepare(on_photograph(bare, seed=seed), 28)
    for x, y in np.random.default_rng(seed).integers(20, 460, (8, 2)):
        ImageDraw.Draw(bare).ellipse([int(x), int(y), int(x) + 5, int(y) + 5], fill=0)
    with pytest.raises(BadFile, match="I do not see a digit clearly"):
        drawing.prepare(on_photograph(bare, seed=seed), 28)


def test_a_thin_pencil_is_made_as_thick_as_mnists_strokes():
    thin, thick = (seven(size=(640, 480), at=(200, 100), width=width).resize((1280, 960)) for width in (3, 12))
    found, wanted = (drawing.prepare(on_photograph(one, noise=2.0), 28) for one in (thin, thick))
    assert found.sum() > 0.6 * wanted.sum()


@pytest.mark.slow
@pytest.mark.mnist
def test_a_bank_of_photographs_is_read(mnist, tmp_path):
    """A tenth of the bank that docs/own-digits.md reports, of another seed."""
    from benchmarks import photographs

    network = whynet.fit("default", mnist).network
    made = photographs.bank(mnist.test, 11, (60, 10, 10))
    reads = [photographs.reading(network, one, tmp_path) for one in made]
    right = [photographs.is_right(one, read) for one, read in zip(made, reads, strict=True)]
    assert np.mean(right) >= 0.9
    assert sum(read.probability >= photographs.SURE for read, good in zip(reads, right, strict=True) if not good) <= 2


def test_paper_that_lies_half_in_the_shade_is_no_ink(rng):
    paper = np.full((200, 160), 170.0)
    paper[40:160, 74:90] = 40
    even = drawing.prepare(paper, 28)
    shaded = (
        paper + np.linspace(-25, 25, 160) + np.linspace(-10, 10, 200)[:, np.newaxis] + rng.normal(0, 1, paper.shape)
    )
    assert np.abs(drawing.prepare(shaded, 28).astype(int) - even).mean() < 2
