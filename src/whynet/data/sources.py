"""Sources: where digits come from. Find, download, verify, cache.

    a folder given by path      checked for structure; its hashes only name it
    mnist, fashion-mnist        $WHYNET_DATA, then the user's cache, then the mirrors; SHA-256 decides, on every load
    digits                      1,797 real 8x8 digits inside scikit-learn
    xor                         four rows
    auto                        mnist if it can be had, else digits

A source that is there but bad is an error: nothing takes its place in silence.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from whynet.data import idx
from whynet.data.dataset import DIGITS, Dataset
from whynet.errors import BadFile, ResourceError, UsageError, did_you_mean
from whynet.types import Array

Say = Callable[[str], None]

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
MIRRORS: dict[str, tuple[str, ...]] = {
    "mnist": (
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "http://yann.lecun.com/exdb/mnist/",
    ),
    "fashion-mnist": (
        "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
        "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/",
    ),
}
SHAPES = {  # training images, test images, rows, columns
    "mnist": (60_000, 10_000, 28, 28),
    "fashion-mnist": (60_000, 10_000, 28, 28),
    "digits": (1_442, 355, 8, 8),
    "xor": (1_000, 4, 1, 2),
}
NAMES = ("auto", "mnist", "fashion-mnist", "digits", "xor")
AUTO_TIMEOUT, TIMEOUT = 5.0, 60.0  # seconds


def load(
    name: str | Path = "auto",
    *,
    say: Say | None = None,
    progress: Any = None,
    mirrors: Mapping[str, Sequence[str]] | None = None,
) -> Dataset:
    """The training set of that name, with its `test` set; or of a folder of IDX files.

    Parameters
    ----------
    name
        `auto`, `mnist`, `fashion-mnist`, `digits`, `xor`, or a folder.
    say
        Receives a sentence where the user should know something.
    progress
        Shows a download's progress: `total`, `update`, `reset`, `close`, as pooch drives them.
    mirrors
        Other places to download from.

    >>> digits = load("digits")
    >>> len(digits), len(digits.test), digits.images.shape[1:]
    (1442, 355, (8, 8))

    Raises
    ------
    UsageError
        No such name or folder.
    BadFile
        A file is there but not what it should be.
    ResourceError
        The data cannot be had.
    """
    say = say or (lambda _: None)
    known = MIRRORS if mirrors is None else mirrors
    text = str(name)
    if text == "auto":
        return _auto(say, progress, known)
    if text in HASHES:
        return _canonical(text, say, progress, known, TIMEOUT)
    if text == "digits":
        return digits()
    if text == "xor":
        return xor()
    folder = Path(name)
    with _reading(folder):
        there, is_folder = folder.exists(), folder.is_dir()
    if not (text and is_folder):  # "" would be the working directory
        if text and there:
            raise UsageError(
                "data are given as a folder, not as a file", found=text, do="Give the folder that it lies in"
            )
        raise UsageError(f"there are no data '{text}', and no such folder", do=did_you_mean(text, NAMES))
    return from_folder(folder, say)


def from_folder(folder: Path, say: Say = lambda _: None) -> Dataset:
    """The IDX files of a folder, whatever they show: at least `train-images` and `train-labels`.

    MNIST and Fashion-MNIST are known by their hashes, and named; any other set has the folder's name, and as many
    classes as its highest label asks for, two at least.

    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> for name, array in (("train-images-idx3-ubyte", np.ones((20, 4, 4), np.uint8)),
    ...                     ("train-labels-idx1-ubyte", np.arange(20, dtype=np.uint8) % 10)):
    ...     with (folder / name).open("wb") as stream:
    ...         idx.write(stream, array)
    >>> len(from_folder(folder))
    20

    Raises
    ------
    BadFile
        A file is missing or damaged, or they do not fit together.
    """
    paths = _find(folder)
    for stem in STEMS[:2] + (STEMS[2:] if any(stem in paths for stem in STEMS[2:]) else ()):
        if stem not in paths:
            raise _missing(folder, stem)
    owners = {stem: _owners(_sha256(path), stem) for stem, path in paths.items()}
    _check_headers(paths, folder)
    arrays = {stem: _array(path, stem, verified=bool(owners[stem])) for stem, path in _smallest_first(paths)}
    owner = next((name for name in HASHES if all(name in of_file for of_file in owners.values())), None)
    if owner == "fashion-mnist":
        say(f"These are Fashion-MNIST files: {folder}")
    return _dataset(arrays, owner or folder.resolve().name, folder, CLASSES.get(owner or ""))


def digits() -> Dataset:
    """The 1,797 real 8x8 digits inside scikit-learn, read from its file (importing it would take two seconds).

    Every fifth image of each class is a test image. Grey values 0..16 become 0..255.

    >>> data = digits()
    >>> len(data), len(data.test), data.images.shape[1:]
    (1442, 355, (8, 8))

    Raises
    ------
    ResourceError
        scikit-learn is not installed.
    """
    from importlib.util import find_spec

    spec = find_spec("sklearn")
    folders = list(spec.submodule_search_locations or ()) if spec else []
    path = Path(folders[0]) / "datasets" / "data" / "digits.csv.gz" if folders else None
    if path is None or not path.is_file():
        raise ResourceError("the embedded digits are not to be had", do="Install them with: pip install scikit-learn")
    try:
        table = np.loadtxt(path, delimiter=",", dtype=np.float64).reshape(-1, 65)
    except (OSError, EOFError, ValueError, zlib.error):
        raise BadFile(
            "the embedded digits are damaged",
            where=str(path),
            do="Install them again with: pip install --force-reinstall scikit-learn",
        ) from None
    images = np.round(table[:, :64] * (255 / 16)).astype(np.uint8).reshape(-1, 8, 8)
    labels = table[:, 64].astype(np.intp)
    within_class = np.zeros(len(labels), dtype=np.intp)
    for label in range(10):
        rows = np.flatnonzero(labels == label)
        within_class[rows] = np.arange(len(rows))
    held = within_class % 5 == 4
    source = "the digits inside scikit-learn"
    test = Dataset(images[held], labels[held], "digits", DIGITS, None, source)
    return Dataset(images[~held], labels[~held], "digits", DIGITS, test, source)


def xor() -> Dataset:
    """Exclusive or: four rows of two pixels, 250 times over, so that an epoch is 1,000 examples.

    >>> data = xor()
    >>> data.test.pixels.tolist(), data.test.labels.tolist()
    ([[0, 0], [255, 0], [0, 255], [255, 255]], [0, 1, 1, 0])
    """
    images = np.array([[0, 0], [255, 0], [0, 255], [255, 255]], dtype=np.uint8).reshape(4, 1, 2)
    labels = np.array([0, 1, 1, 0])
    test = Dataset(images, labels, "xor", ("0", "1"), None, "built in")
    return Dataset(np.tile(images, (250, 1, 1)), np.tile(labels, 250), "xor", ("0", "1"), test, "built in")


def available() -> list[dict[str, Any]]:
    """What `load` would find for each name, without using the network; the rest under the keys of a summary.

    `status` is "verified", "absent", "bad" or "built in", and `source` where the set is, would come from, or what
    is wrong with it.

    >>> sorted(one["name"] for one in available())
    ['digits', 'fashion-mnist', 'mnist', 'xor']
    """
    found = {
        "digits": ("built in", "1,797 real 8x8 digits inside scikit-learn"),
        "xor": ("built in", "four rows of two pixels"),
    }
    for name in HASHES:
        try:
            folder = _local(name, lambda _: None)
            if folder is None:
                found[name] = "absent", f"would be downloaded from {MIRRORS[name][0]}"
            else:
                _verified(folder, name)
                found[name] = "verified", str(folder)
        except BadFile as error:
            found[name] = "bad", str(error)
    keys = ("name", "status", "source", "examples", "test_examples", "rows", "columns")
    return [dict(zip(keys, (name, *found[name], *shape), strict=True)) for name, shape in SHAPES.items()]


def _auto(say: Say, progress: Any, mirrors: Mapping[str, Sequence[str]]) -> Dataset:
    try:
        return _canonical("mnist", say, progress, mirrors, AUTO_TIMEOUT)
    except ResourceError as error:
        say(
            f"{error.message}; using the 1,797 small digits inside scikit-learn. "
            "To use MNIST, put its four files in a folder and set WHYNET_DATA or --data to it."
        )
        return digits()


def _canonical(name: str, say: Say, progress: Any, mirrors: Mapping[str, Sequence[str]], timeout: float) -> Dataset:
    """MNIST or Fashion-MNIST itself: verified files, downloaded if need be."""
    folder = _local(name, say)
    if folder is None:
        folder = _download(name, say, progress, mirrors.get(name, ()), timeout)
    paths = _verified(folder, name)
    arrays = {stem: _array(path, stem, verified=True) for stem, path in _smallest_first(paths)}
    return _dataset(arrays, name, folder, CLASSES[name])


def _local(name: str, say: Say) -> Path | None:
    """The folder that holds the set, without looking whether its files are sound."""
    given = os.environ.get("WHYNET_DATA")
    if given:
        folder = Path(given)
        with _reading(folder):
            folder = folder / name if (folder / name).is_dir() else folder
        if _find(folder):
            return folder
        say(f"$WHYNET_DATA ({given}) holds none of the four files; looking further")
    cache = _cache(name)
    return cache if len(_find(cache)) == len(STEMS) else None


def _cache(name: str) -> Path:
    from platformdirs import user_cache_path

    return user_cache_path("whynet", appauthor=False) / name


def _find(folder: Path) -> dict[str, Path]:
    """The files of the MNIST family in a folder: with dashes or dots in their names, gzipped or not."""
    found = {}
    for stem in STEMS:
        for joint in "-.":
            for ending in (".gz", ""):
                path = folder / f"{stem}{joint}{SUFFIX[stem]}{ending}"
                with _reading(folder):
                    if stem not in found and path.is_file():
                        found[stem] = path
    return found


def _verified(folder: Path, name: str) -> dict[str, Path]:
    """The four files, each with the hash that it should have."""
    paths = _find(folder)
    for stem in STEMS:
        if stem not in paths:
            raise _missing(folder, stem)
        hashed = _sha256(paths[stem])
        if name in _owners(hashed, stem):
            continue
        others = _owners(hashed, stem)
        content = UNPACKED[name].get(stem)
        if content and not others and _sha256_unpacked(paths[stem]) == content:
            continue  # the same content, packed by another program
        published = HASHES[name][stem] if paths[stem].suffix == ".gz" else content or HASHES[name][stem]
        if others:
            reason = f"These are the files of {others[0]}, whose names are the same"
        else:
            _array(paths[stem], stem)  # if it is damaged, that says more than a hash
            reason = f"Delete the file, or give the folder by path with --data {folder} to use it unverified"
        raise BadFile(
            f"this is not {name}'s file",
            where=str(paths[stem]),
            expected=f"SHA-256 {published[:12]}...",
            found=f"{hashed[:12]}...",
            do=reason,
        )
    return paths


def _missing(folder: Path, stem: str) -> BadFile:
    return BadFile(
        "a file is missing",
        where=str(folder),
        expected=f"{stem}-{SUFFIX[stem]}.gz (or without .gz)",
        found=", ".join(sorted(path.name for path in _find(folder).values())) or "none of the four files",
    )


def _smallest_first(paths: Mapping[str, Path]) -> list[tuple[str, Path]]:
    """Labels before images, test before training: what is refused is refused before much memory is taken."""
    return sorted(paths.items(), key=lambda item: ("images" in item[0], "train" in item[0]))


def _check_headers(paths: Mapping[str, Path], folder: Path) -> None:
    """Refuse files that cannot belong together by what their headers say."""
    shapes = {}
    for stem, path in _smallest_first(paths):
        with _reading(path), path.open("rb") as stream:
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


def _array(path: Path, stem: str, verified: bool = False) -> Array:
    with _reading(path), path.open("rb") as stream:
        return idx.read(stream, where=str(path), ndim=3 if "images" in stem else 1, verified=verified)


def _dataset(arrays: dict[str, Array], name: str, folder: Path, classes: tuple[str, ...] | None) -> Dataset:
    """Training and test set from their arrays; without names, there are as many classes as the labels need."""
    if classes is None:
        highest = max(int(array.max()) for stem, array in arrays.items() if "labels" in stem)
        classes = tuple(map(str, range(max(highest + 1, 2))))
    sets: list[Dataset] = []
    for part in ("t10k", "train"):
        if f"{part}-images" in arrays:
            test = sets[0] if sets else None
            images, labels = arrays[f"{part}-images"], arrays[f"{part}-labels"]
            sets.append(Dataset(images, labels, name, classes, test, str(folder)))
    return sets[-1]


def _owners(hashed: str, stem: str) -> list[str]:
    """The sets that a file of this hash belongs to."""
    return [name for name in HASHES if hashed in (HASHES[name][stem], UNPACKED[name].get(stem))]


def _sha256(path: Path) -> str:
    with _reading(path), path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    """What the system will not let us read is a bad source, never one to pass over."""
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


def _download(name: str, say: Say, progress: Any, mirrors: Sequence[str], timeout: float) -> Path:
    """Fetch the four files into the cache, the smallest first; several processes fetch them once.

    Raises
    ------
    ResourceError
        No mirror has them, or the cache cannot be written.
    """
    from filelock import FileLock

    cache = _cache(name)
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with FileLock(cache / ".lock"):
            for stem in sorted(STEMS, key=lambda stem: ("images" in stem, "train" in stem)):
                if stem not in _find(cache):
                    _fetch(name, stem, cache, say, progress, mirrors, timeout)
    except OSError as error:
        raise ResourceError(
            f"{name} cannot be kept in the cache: {error.strerror or error}",
            where=str(cache),
            do="Free some room or permit writing there, or give a folder with --data",
        ) from None
    return cache


def _fetch(name: str, stem: str, cache: Path, say: Say, progress: Any, mirrors: Sequence[str], timeout: float) -> None:
    """One file from the first mirror that has it, whole and with the right hash."""
    import pooch
    import requests

    pooch.get_logger().setLevel("ERROR")  # what goes wrong is said here, once
    file = f"{stem}-{SUFFIX[stem]}.gz"
    failures = []
    for mirror in mirrors:
        try:
            pooch.retrieve(
                f"{mirror.rstrip('/')}/{file}",
                known_hash=f"sha256:{HASHES[name][stem]}",
                fname=file,
                path=cache,
                downloader=pooch.HTTPDownloader(progressbar=progress or False, timeout=timeout),
            )
        except (requests.RequestException, ValueError) as error:
            failures.append(f"{mirror}: {_why(error)}")
            continue
        say(f"Downloaded {file} from {mirror}")
        return
    raise ResourceError(
        f"{name} is not on this machine and no mirror has it",
        where=file,
        expected="one mirror that has it",
        found="; ".join(failures) or "no mirrors",
        do="Put the four files in a folder and give it with --data or $WHYNET_DATA",
    )


def _why(error: Exception) -> str:
    """Why a mirror was passed over, in a few words."""
    import requests

    if isinstance(error, requests.HTTPError) and error.response is not None:
        return f"HTTP {error.response.status_code}"
    if isinstance(error, requests.Timeout):
        return "no answer in time"
    if isinstance(error, requests.RequestException):
        return type(error).__name__
    return "the wrong content"  # pooch's ValueError for a hash that is not the known one
