"""Folders of pictures."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

import whynet
from whynet.data import folders, idx, memory
from whynet.errors import BadFile, ResourceError, UsageError


def put(folder, classes=("cat", "dog"), number=5, size=(6, 4), mode="L", ending="png"):
    """Pictures whose first pixel says which they are."""
    for label, name in enumerate(classes):
        (folder / name).mkdir(parents=True, exist_ok=True)
        for one in range(number):
            shade = 10 + 100 * label + one
            colour = {"L": shade, "RGB": (shade, 0, 9), "1": one % 2, "RGBA": (shade, 0, 9, 255)}[mode]
            Image.new(mode, size, colour).save(folder / name / f"{one}.{ending}")
    return folder


def test_a_folder_for_each_class(tmp_path):
    said = []
    data = whynet.load(put(tmp_path / "pets"), say=said.append)
    assert data.classes == ("cat", "dog") and data.name == "pets"
    assert data.images.shape == (8, 4, 6) and data.test.counts.tolist() == [1, 1]
    for part in (data, data.test):
        np.testing.assert_array_equal(part.images[:, 0, 0] >= 100, part.labels)
    assert "A fifth of the rows, 2 of 10" in said[0]


@pytest.mark.parametrize("name", ["test", "val", "validation", "valid", "Test"])
def test_folders_to_train_and_to_test_on(tmp_path, name):
    put(tmp_path / "train")
    put(tmp_path / name, number=2)
    data = whynet.load(tmp_path)
    assert (len(data), len(data.test)) == (10, 4)
    assert data.test.labels.tolist() == [0, 0, 1, 1]


def test_what_else_lies_there_is_left_alone(tmp_path):
    put(tmp_path / "train")
    put(tmp_path / "test")
    put(tmp_path / "val")
    (tmp_path / "old").mkdir()
    (tmp_path / ".cache").mkdir()
    (tmp_path / "train" / ".DS_Store").write_text("x")
    (tmp_path / "train" / "cat" / ".0.png").write_text("x")
    (tmp_path / "train" / "cat" / "notes.txt").write_text("x")
    said = []
    assert len(whynet.load(tmp_path, say=said.append)) == 10
    assert ["'old'" in said[0], "'val'" in said[1]] == [True, True]


@pytest.mark.parametrize(
    ("mode", "ending"), [("RGB", "png"), ("RGB", "bmp"), ("RGBA", "png"), ("RGB", "webp"), ("RGB", "tif")]
)
def test_colours(tmp_path, mode, ending):
    data = whynet.load(put(tmp_path, mode=mode, ending=ending))
    assert data.images.shape == (8, 4, 6, 3)
    assert (data.images[..., 0] > data.images[..., 1]).all()


def test_one_picture_with_colours_makes_all_of_three(tmp_path):
    put(tmp_path)
    Image.new("RGB", (6, 4), (200, 0, 0)).save(tmp_path / "cat" / "9.png")
    data = whynet.load(tmp_path)
    assert data.images.shape[1:] == (4, 6, 3)
    grey = data.images[data.images[:, 0, 0, 0] != 200]
    assert (grey[..., 0] == grey[..., 2]).all()


def test_grey_that_is_saved_in_three_colours_is_grey(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        for one in range(3):
            Image.new("RGB", (3, 3), (one, one, one)).save(tmp_path / name / f"{one}.png")
    assert whynet.load(tmp_path).images.shape[1:] == (3, 3)


def test_black_and_white_sixteen_bits_palettes_and_transparency(tmp_path):
    def pixel(image, ending="png"):
        path = tmp_path / f"one.{ending}"
        image.save(path)
        return folders.picture(path)[0, 0].tolist()

    assert pixel(Image.new("1", (2, 2), 1)) == 255
    assert pixel(Image.fromarray(np.full((2, 2), 0x1234, np.uint16))) == 0x12
    assert pixel(Image.new("RGB", (2, 2), (9, 8, 7)).convert("P", palette=Image.Palette.ADAPTIVE), "gif") == [9, 8, 7]
    assert pixel(Image.new("RGBA", (2, 2), (0, 0, 0, 0))) == [255, 255, 255]
    assert pixel(Image.new("LA", (2, 2), (0, 0))) == 255
    with pytest.raises(BadFile, match="no bytes"):
        pixel(Image.new("F", (2, 2)), "tif")


def refused(folder, message):
    with pytest.raises(BadFile, match=message) as caught:
        whynet.load(folder)
    return caught.value


def test_two_sizes(tmp_path):
    put(tmp_path)
    Image.new("L", (5, 4)).save(tmp_path / "dog" / "2.png")
    error = refused(tmp_path, "differ in size")
    assert error.where.endswith("dog/2.png")
    assert "6 x 4" in error.expected and "cat/0.png" in error.expected and "5 x 4" in error.found and error.do


def test_a_class_without_a_picture(tmp_path):
    put(tmp_path)
    (tmp_path / "bird").mkdir()
    assert refused(tmp_path, "no picture of the class 'bird'").where.endswith("bird")


def test_pictures_without_a_folder_for_each_class(tmp_path):
    Image.new("L", (2, 2)).save(tmp_path / "1.png")
    assert "1 pictures" in refused(tmp_path, "no folder for each class").found


def test_a_single_class(tmp_path):
    refused(put(tmp_path, classes=("cat",)), "only one class")


def test_classes_that_do_not_agree(tmp_path):
    put(tmp_path / "train")
    put(tmp_path / "test", classes=("cat", "dog", "bird"))
    assert "'bird'" in refused(tmp_path, "not of the same classes").expected


@pytest.mark.parametrize("content", [b"", b"no picture", b"\x89PNG\r\n\x1a\n"])
def test_a_broken_picture(tmp_path, content):
    put(tmp_path)
    (tmp_path / "dog" / "1.png").write_bytes(content)
    assert refused(tmp_path, "picture").where.endswith("dog/1.png")


def test_a_picture_cut_short(tmp_path, rng):
    put(tmp_path)
    path = tmp_path / "dog" / "1.png"
    Image.fromarray(rng.integers(256, size=(4, 6), dtype=np.uint8)).save(path)
    path.write_bytes(path.read_bytes()[:-30])
    assert refused(tmp_path, "picture").where.endswith("dog/1.png")


def test_a_picture_far_too_large(tmp_path, monkeypatch):
    put(tmp_path)
    monkeypatch.setattr(folders, "MOST_PIXELS", 23)
    assert "23 pixels" in refused(tmp_path, "too large").expected
    monkeypatch.setattr(folders, "MOST_PIXELS", 10**9)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 5)
    refused(tmp_path, "too large")


def test_more_pictures_than_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(memory, "available", lambda: 100)
    with pytest.raises(ResourceError, match="about 480 bytes"):
        whynet.load(put(tmp_path))


def test_idx_files_come_first_and_columns_there_are_none(tmp_path):
    put(tmp_path)
    for name, array in (("train-images-idx3-ubyte", np.ones((20, 4, 4), np.uint8)),
                        ("train-labels-idx1-ubyte", np.arange(20, dtype=np.uint8) % 10)):  # fmt: skip
        with (tmp_path / name).open("wb") as stream:
            idx.write(stream, array)
    assert len(whynet.load(tmp_path)) == 20
    with pytest.raises(UsageError, match="no columns"):
        whynet.load(tmp_path, target="x")
