"""Folders of pictures: one folder for each class, named as it.

    flowers/daisy/1.jpg  flowers/daisy/2.jpg  flowers/rose/1.jpg ...
    flowers/train/daisy/...  flowers/test/daisy/...     also `val`, `validation` and `valid`

All pictures have one size, and are grey if all of them are, else of three colours. Where there is no folder of pictures
to test on, a fifth of each class is held back. What is transparent is white paper.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from whynet.data import memory
from whynet.data.dataset import Dataset
from whynet.data.drawing import MOST_PIXELS
from whynet.data.features import ByteImages
from whynet.data.problem import Classification
from whynet.data.table import Say
from whynet.data.tables import Held, halves, hold_back
from whynet.data.targets import check_class_names
from whynet.errors import BadFile
from whynet.types import Array, Images

ENDINGS = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff")
TESTS = ("test", "val", "validation", "valid")
GREY = ("1", "L", "LA", "I;16", "I;16B", "I;16L")


def holds_pictures(folder: Path) -> bool:
    """Whether there are folders of classes in it, or pictures.

    >>> import tempfile
    >>> holds_pictures(Path(tempfile.mkdtemp()))
    False
    """
    return bool(_folders(folder) or _pictures(folder))


def load_pictures(folder: Path, say: Say = lambda _: None) -> Dataset:
    """The pictures of a folder to train on, with those to test on as `test`.

    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> for name, shade in (("dark", 20), ("light", 220)):
    ...     (folder / name).mkdir()
    ...     for number in range(5):
    ...         Image.new("L", (6, 4), shade + number).save(folder / name / f"{number}.png")
    >>> data = load_pictures(folder)
    >>> data.images.shape, data.classes, len(data.test)
    ((8, 4, 6), ('dark', 'light'), 2)

    Raises
    ------
    BadFile
        Folders or pictures are not as they should be; the file is named.
    ResourceError
        They need more memory than there is.
    """
    parts = _parts(folder, say)
    of_parts = {name: _classes(part) for name, part in parts.items()}
    classes = tuple(sorted(of_parts["train"]))
    check_class_names(classes, str(parts["train"]))
    if "test" in parts and set(of_parts["test"]) != set(classes):
        odd = sorted(set(of_parts["test"]) ^ set(classes))[0]
        raise BadFile(
            "training and test pictures are not of the same classes", where=str(folder),
            expected=f"a folder '{odd}' in {parts['train'].name}/ and in {parts['test'].name}/", found="one of the two",
        )  # fmt: skip
    paths = [path for part in of_parts.values() for name in classes for path in part[name]]
    y = np.array([label for part in of_parts.values() for label, name in enumerate(classes) for _ in part[name]])
    X, problem = ByteImages(_read(paths)), Classification(classes)
    train = sum(map(len, of_parts["train"].values()))
    if "test" in parts:
        held = Held(np.arange(train), np.arange(train, len(y)))
    else:
        held = hold_back(y, problem, say, str(folder))
    return halves(X, y, problem, held, name=folder.resolve().name, source=str(folder))


def picture(path: Path) -> Array:
    """One picture, (rows, columns) if it is grey, else (rows, columns, 3), uint8, the right way up.

    >>> picture(Path("nowhere.png"))
    Traceback (most recent call last):
    whynet.errors.BadFile: the picture cannot be read: No such file or directory (in nowhere.png)

    Raises
    ------
    BadFile
        It is no picture, is damaged or far too large.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(path) as opened:
                if opened.width * opened.height > MOST_PIXELS:
                    raise Image.DecompressionBombError
                return _pixels(ImageOps.exif_transpose(opened), path)
    except UnidentifiedImageError:
        raise BadFile("this is no picture", where=str(path), expected=", ".join(ENDINGS)) from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise BadFile("the picture is too large", where=str(path), expected=f"{MOST_PIXELS:,} pixels at most") from None
    except (OSError, ValueError, SyntaxError, EOFError) as error:
        reason = getattr(error, "strerror", None) or error
        raise BadFile(f"the picture cannot be read: {reason}", where=str(path)) from None


def as_trained(path: Path, size: int) -> Images:
    """A picture for a network of `size` features that was trained on such a folder: (1, rows, columns), or with colours
    (1, rows, columns, 3).

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "one.png"
    >>> Image.new("L", (6, 4), 9).save(path)
    >>> as_trained(path, 24).shape, as_trained(path, 72).shape
    ((1, 4, 6), (1, 4, 6, 3))

    Raises
    ------
    BadFile
        It is no picture, or has another size.
    """
    pixels = picture(path)
    rows, columns = pixels.shape[:2]
    if size not in (rows * columns, 3 * rows * columns):
        raise BadFile(
            "this picture has another size than those that were trained on", where=str(path),
            expected=f"{size:,} pixels, or {size // 3:,} of three colours", found=f"{columns} x {rows}",
            do="Bring it to their size first, cut or scaled as they were",
        )  # fmt: skip
    if size == rows * columns:
        grey = pixels if pixels.ndim == 2 else np.asarray(Image.fromarray(pixels).convert("L"))
        return grey[np.newaxis]
    return (pixels if pixels.ndim == 3 else np.repeat(pixels[..., np.newaxis], 3, axis=2))[np.newaxis]


def _pixels(image: Image.Image, path: Path) -> Array:
    if image.mode.startswith("I;16"):
        return (np.asarray(image).astype(np.uint16) >> 8).astype(np.uint8)
    if image.mode in ("I", "F"):
        raise BadFile(
            "the pixels of this picture are no bytes", where=str(path), expected="8 or 16 bits", found=image.mode,
            do="Save it as PNG with 8 bits",
        )  # fmt: skip
    clear = image.mode in ("LA", "PA", "RGBA", "La", "RGBa") or "transparency" in image.info
    if clear:
        paper = Image.new("RGBA", image.size, "white")
        paper.alpha_composite(image.convert("RGBA"))
        return np.asarray(paper.convert("L" if image.mode in GREY else "RGB"))
    return np.asarray(image.convert("L" if image.mode in GREY else "RGB"))


def _parts(folder: Path, say: Say) -> dict[str, Path]:
    """The folder of pictures to train on, and the one to test on if there is one."""
    there = {path.name.lower(): path for path in _folders(folder)}
    if "train" not in there:
        return {"train": folder}
    for other in sorted(set(there) - {"train", *TESTS}):
        say(f"The folder '{there[other].name}' beside 'train' is not used.")
    tests = [name for name in TESTS if name in there]
    for other in tests[1:]:
        say(f"The folder '{other}' is not used: '{tests[0]}' is there.")
    return {"train": there["train"], **({"test": there[tests[0]]} if tests else {})}


def _classes(folder: Path) -> dict[str, list[Path]]:
    """The pictures of each class."""
    found = {path.name: _pictures(path) for path in _folders(folder)}
    if not found:
        loose = len(_pictures(folder))
        raise BadFile(
            "there is no folder for each class", where=str(folder),
            expected="folders named as the classes, with pictures in them",
            found=f"{loose:,} pictures in the folder itself" if loose else "no folder",
            do="Put the pictures of each class into a folder of its own",
        )  # fmt: skip
    for name, pictures in found.items():
        if not pictures:
            raise BadFile(
                f"there is no picture of the class '{name}'", where=str(folder / name),
                expected=", ".join(ENDINGS), found="no such file", do="Put some there, or remove the folder",
            )  # fmt: skip
    return found


def _folders(folder: Path) -> list[Path]:
    return [path for path in _sorted(folder) if path.is_dir()]


def _pictures(folder: Path) -> list[Path]:
    return [path for path in _sorted(folder) if path.suffix.lower() in ENDINGS and path.is_file()]


def _sorted(folder: Path) -> Iterator[Path]:
    try:
        yield from sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    except OSError as error:
        raise BadFile(f"the folder cannot be read: {error.strerror}", where=str(folder)) from None


def _read(paths: list[Path]) -> Images:
    """All of them as one array, with colours if one of them has any."""
    first = picture(paths[0])
    memory.check(2 * first.size * len(paths), str(paths[0].parent.parent))
    found = []
    for path in paths:
        pixels = picture(path)
        if pixels.shape[:2] != first.shape[:2]:
            sizes = [f"{one.shape[1]} x {one.shape[0]}" for one in (first, pixels)]
            raise BadFile(
                "two pictures differ in size", where=str(path), expected=f"{sizes[0]} pixels, as {paths[0]}",
                found=f"{sizes[1]} pixels", do="Bring all pictures to one size first, cut or scaled",
            )  # fmt: skip
        found.append(pixels)
    coloured = [pixels for pixels in found if pixels.ndim == 3]
    if not any((pixels[..., :1] != pixels).any() for pixels in coloured):
        return np.stack([pixels if pixels.ndim == 2 else pixels[..., 0] for pixels in found])
    return np.stack([pixels if pixels.ndim == 3 else np.repeat(pixels[..., np.newaxis], 3, axis=2) for pixels in found])
