"""The published files of the MNIST family: their names, their hashes, and whether files on disk are these."""

from __future__ import annotations

import gzip
import hashlib
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from whynet.data import idx
from whynet.data.dataset import DIGITS
from whynet.errors import BadFile
from whynet.types import Array

STEMS = ("train-images", "train-labels", "t10k-images", "t10k-labels")
SUFFIX = {
    "train-images": "idx3-ubyte",
    "train-labels": "idx1-ubyte",
    "t10k-images": "idx3-ubyte",
    "t10k-labels": "idx1-ubyte",
}
HASHES: dict[str, dict[str, str]] = {  # SHA-256 of each .gz as published
    "mnist": {
        "train-images": "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
        "train-labels": "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
        "t10k-images": "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
        "t10k-labels": "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
    },
    "fashion-mnist": {
        "train-images": "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
        "train-labels": "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
        "t10k-images": "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
        "t10k-labels": "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
    },
}
UNPACKED: dict[str, dict[str, str]] = {  # of the same files unpacked, where known
    "mnist": {
        "train-images": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        "train-labels": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
        "t10k-images": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
        "t10k-labels": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    },
    "fashion-mnist": {},
}
CLASSES = {
    "mnist": DIGITS,
    "fashion-mnist": (
        "T-shirt",
        "Trouser",
        "Pullover",
        "Dress",
        "Coat",
        "Sandal",
        "Shirt",
        "Sneaker",
        "Bag",
        "Boot",
    ),
}


def find(folder: Path) -> dict[str, Path]:
    """The files of the MNIST family in a folder: with dashes or dots in their names, gzipped or not.

    >>> import tempfile
    >>> find(Path(tempfile.mkdtemp()))
    {}
    """
    found = {}
    for stem in STEMS:
        for joint in "-.":
            for ending in (".gz", ""):
                path = folder / f"{stem}{joint}{SUFFIX[stem]}{ending}"
                with reading(folder):
                    if stem not in found and path.is_file():
                        found[stem] = path
    return found


def verified_files(folder: Path, name: str) -> dict[str, Path]:
    """The four files, each with the hash that it should have.

    >>> import tempfile
    >>> verified_files(Path(tempfile.mkdtemp()), "mnist")
    Traceback (most recent call last):
    whynet.errors.BadFile: a file is missing ...

    Raises
    ------
    BadFile
        One is missing, damaged, or another set's.
    """
    paths = find(folder)
    for stem in STEMS:
        if stem not in paths:
            raise missing(folder, stem)
        hashed = sha256(paths[stem])
        if name in owners(hashed, stem):
            continue
        others = owners(hashed, stem)
        content = UNPACKED[name].get(stem)
        if content and not others and _sha256_unpacked(paths[stem]) == content:
            continue  # the same content, packed by another program
        published = HASHES[name][stem] if paths[stem].suffix == ".gz" else content or HASHES[name][stem]
        if others:
            reason = f"These are the files of {others[0]}, whose names are the same"
        else:
            array_of(paths[stem], stem)  # if it is damaged, that says more than a hash
            reason = f"Delete the file, or give the folder by path with --data {folder} to use it unverified"
        raise BadFile(
            f"this is not {name}'s file",
            where=str(paths[stem]),
            expected=f"SHA-256 {published[:12]}...",
            found=f"{hashed[:12]}...",
            do=reason,
        )
    return paths


def missing(folder: Path, stem: str) -> BadFile:
    """What is said of a file that is not there.

    >>> import tempfile
    >>> missing(Path(tempfile.mkdtemp()), "train-labels").expected
    'train-labels-idx1-ubyte.gz (or without .gz)'
    """
    return BadFile(
        "a file is missing",
        where=str(folder),
        expected=f"{stem}-{SUFFIX[stem]}.gz (or without .gz)",
        found=", ".join(sorted(path.name for path in find(folder).values())) or "none of the four files",
        do=None if find(folder) else "A folder of pictures holds a folder for each class, with its pictures in it",
    )


def smallest_first(paths: Mapping[str, Path]) -> list[tuple[str, Path]]:
    """Labels before images, test before training: what is refused is refused before much memory is taken.

    >>> [stem for stem, _ in smallest_first(dict.fromkeys(STEMS, Path()))][0]
    't10k-labels'
    """
    return sorted(paths.items(), key=lambda item: ("images" in item[0], "train" in item[0]))


def check_headers(paths: Mapping[str, Path], folder: Path) -> None:
    """Refuse files that cannot belong together by what their headers say.

    >>> check_headers({}, Path())

    Raises
    ------
    BadFile
        Images and labels differ in number, or images in size.
    """
    shapes = {}
    for stem, path in smallest_first(paths):
        with reading(path), path.open("rb") as stream:
            shapes[stem] = idx.read_shape(stream, where=str(path), ndim=3 if "images" in stem else 1)
    for part in ("train", "t10k"):
        images, labels = shapes.get(f"{part}-images", (0,)), shapes.get(f"{part}-labels", (0,))
        if images[0] != labels[0]:
            raise BadFile(
                "images and labels do not agree in number",
                where=str(paths[f"{part}-labels"]),
                expected=f"{images[0]:,} labels for {images[0]:,} images",
                found=f"{labels[0]:,} labels",
                do="Do both files come from the same set?",
            )
    sizes = {shape[1:] for stem, shape in shapes.items() if "images" in stem}
    if len(sizes) > 1:
        raise BadFile(
            "training and test images differ in size",
            where=str(folder),
            expected=" x ".join(map(str, shapes["train-images"][1:])),
            found=" x ".join(map(str, shapes["t10k-images"][1:])),
        )


def array_of(path: Path, stem: str, verified: bool = False) -> Array:
    """The images (n, rows, columns) or labels (n,) of a file, uint8.

    >>> array_of(Path("nowhere"), "train-labels")
    Traceback (most recent call last):
    whynet.errors.BadFile: this cannot be read: No such file or directory ...

    Raises
    ------
    BadFile
        It cannot be read, or is no such file.
    """
    with reading(path), path.open("rb") as stream:
        return idx.read(stream, where=str(path), ndim=3 if "images" in stem else 1, verified=verified)


def owners(hashed: str, stem: str) -> list[str]:
    """The sets that a file of this hash belongs to.

    >>> owners(HASHES["mnist"]["train-labels"], "train-labels")
    ['mnist']
    """
    return [name for name in HASHES if hashed in (HASHES[name][stem], UNPACKED[name].get(stem))]


def sha256(path: Path) -> str:
    """Of a file's bytes, in hexadecimal.

    >>> sha256(Path(__file__)) == sha256(Path(__file__))
    True
    """
    with reading(path), path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """What the system will not let us read is a bad source, never one to pass over.

    >>> with reading(Path("x")):
    ...     raise OSError(13, "Permission denied")
    Traceback (most recent call last):
    whynet.errors.BadFile: this cannot be read: Permission denied (in x)

    Raises
    ------
    BadFile
        It cannot be read.
    """
    try:
        yield
    except OSError as error:
        raise BadFile(f"this cannot be read: {error.strerror or error}", where=str(path)) from None


def _sha256_unpacked(path: Path) -> str:
    """Of a gzipped file's content; of a bomb, of no more than its first 64 MiB."""
    digest, left = hashlib.sha256(), 1 << 26
    try:
        with gzip.open(path) as file:
            while left > 0 and (piece := file.read(1 << 16)):
                digest.update(piece)
                left -= len(piece)
    except (OSError, EOFError, zlib.error):
        return "damaged"
    return digest.hexdigest()
