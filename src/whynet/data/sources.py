"""Sources: where data come from. Find, download, verify, cache.

    a folder given by path      IDX files, checked for structure (their hashes only name them), or folders of pictures
    a file given by path        a table (.csv, .tsv, .parquet) or arrays (.npz)
    mnist, fashion-mnist        $WHYNET_DATA, then the user's cache, then the mirrors; SHA-256 decides, on every load
    digits                      1,797 real 8x8 digits inside scikit-learn
    iris, wine, breast-cancer   small tables inside scikit-learn; diabetes is a regression
    xor                         four rows
    auto                        mnist if it can be had, else digits

A source that is there but bad is an error: nothing takes its place in silence.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from whynet.data import arrays, folders, frames, published, small, tables
from whynet.data.dataset import DIGITS, Dataset
from whynet.data.download import MIRRORS, Say, download
from whynet.data.features import ByteImages
from whynet.data.problem import Classification
from whynet.data.published import (
    CLASSES,
    STEMS,
    array_of,
    check_headers,
    find,
    missing,
    owners,
    reading,
    sha256,
    smallest_first,
    verified_files,
)  # fmt: skip
from whynet.errors import BadFile, ResourceError, UsageError, did_you_mean
from whynet.types import Array

SHAPES = {  # training images, test images, rows, columns
    "mnist": (60_000, 10_000, 28, 28),
    "fashion-mnist": (60_000, 10_000, 28, 28),
    "digits": (1_442, 355, 8, 8),
    "xor": (1_000, 4, 1, 2),
}
NAMES = ("auto", "mnist", "fashion-mnist", "digits", *small.FEATURES, "xor")
AUTO_TIMEOUT, TIMEOUT = 5.0, 60.0  # seconds


def load(
    what: Any = "auto",
    y: Any = None,
    *,
    target: str | None = None,
    problem: str = "auto",
    missing: str = "refuse",
    say: Say | None = None,
    progress: Any = None,
    mirrors: Mapping[str, Sequence[str]] | None = None,
) -> Dataset:
    """The training set of that name, with its `test` set; or data of your own.

    Parameters
    ----------
    what
        `auto`, `mnist`, `fashion-mnist`, `digits`, `iris`, `wine`, `breast-cancer`, `diabetes`, `xor`; a file `.csv`,
        `.tsv`, `.parquet` or `.npz`; a folder with IDX files, or with a folder of pictures for each class. Or what is
        in memory: a frame of pandas or polars, an array `X`, or what scikit-learn's loaders return.
    y
        With an array `X`: its targets.
    target
        Of a table: the column to predict, or several, separated by commas.
    problem
        `auto`, `classification`, `regression` or `labels`.
    missing
        Missing cells: `refuse` them, or put the `median` of the training rows there (of words the commonest).
    say
        Receives a sentence where the user should know something.
    progress
        Shows a download's progress: `total`, `update`, `reset`, `close`, as pooch drives them.
    mirrors
        Other places to download from.

    >>> digits = load("digits")
    >>> len(digits), len(digits.test), digits.images.shape[1:]
    (1442, 355, (8, 8))
    >>> load(np.eye(10), np.linspace(0, 1, 10)).problem.kind
    'regression'

    Raises
    ------
    UsageError
        No such name, folder or file; no target.
    BadFile
        A file is there but not what it should be.
    ResourceError
        The data cannot be had.
    """
    say = say or (lambda _: None)
    if isinstance(what, Dataset):
        return what
    tables.check_missing(missing)
    if not isinstance(what, (str, Path)):
        return _in_memory(what, y, target, problem, missing, say)
    known = MIRRORS if mirrors is None else mirrors
    text = str(what)
    if text in NAMES:
        if target is not None or problem != "auto":
            say(f"{text} says itself what is to be predicted: --target and --problem change nothing.")
        if text == "auto":
            return _auto(say, progress, known)
        if text in published.HASHES:
            return _canonical(text, say, progress, known, TIMEOUT)
        return {"digits": digits, "xor": xor}[text]() if text in SHAPES else small.small(text)
    path = Path(what)
    with reading(path):
        there, is_folder = path.exists(), path.is_dir()
    if text and there and (tables.is_table(path) or path.suffix.lower() == ".npz"):
        return _of_file(path, target, problem, missing, say)
    if not (text and is_folder):  # "" would be the working directory
        if text and there:
            raise UsageError(
                "data are not read from such a file", found=text,
                expected=f"a file that ends in {', '.join(tables.ENDINGS)} or .npz, or a folder",
                do="Of IDX files and of pictures, give the folder that they lie in",
            )  # fmt: skip
        raise UsageError(f"there are no data '{text}', and no such file or folder", do=did_you_mean(text, NAMES))
    if target is not None:
        raise UsageError("a folder has no columns to predict", found=f"--target {target}", do="Leave out --target")
    if is_pictures(text):
        return folders.load_pictures(path, say)
    return from_folder(path, say)


def load_for(recipe: Any, what: Any = None, *, say: Say | None = None, progress: Any = None) -> Dataset:
    """The data that a recipe names, or `what` in their place, read as the recipe says: its `target`, `problem` and
    `missing`.

    >>> from types import SimpleNamespace
    >>> len(load_for(SimpleNamespace(data="xor", target=None, problem="auto", missing="refuse")))
    1000

    Raises
    ------
    UsageError, BadFile, ResourceError
        See `load`.
    """
    return load(
        recipe.data if what is None else what,
        target=recipe.target, problem=recipe.problem, missing=recipe.missing, say=say, progress=progress,
    )  # fmt: skip


def is_pictures(name: str) -> bool:
    """Whether this is a folder of pictures, which are read as they are.

    >>> is_pictures("digits")
    False
    """
    path = Path(name)
    with reading(path):
        return name not in NAMES and path.is_dir() and not find(path) and folders.holds_pictures(path)


def is_data(name: str) -> bool:
    """Whether this names a file or a folder of data, and no recipe and no run.

    >>> is_data("prices.csv"), is_data("recipe.toml")
    (True, False)
    """
    path = Path(name)
    if tables.is_table(path) or path.suffix.lower() == ".npz":
        return True
    with reading(path):
        return path.is_dir() and not (path / "recipe.toml").exists()


def _of_file(path: Path, target: str | None, problem: str, missing: str, say: Say) -> Dataset:
    if path.suffix.lower() != ".npz":
        return tables.load_table(path, target=target, problem=problem, missing=missing, say=say)
    if target is not None:
        raise UsageError("an .npz file has arrays, not columns", found=f"--target {target}", do="Leave out --target")
    return arrays.load_npz(path, problem=problem, missing=missing, say=say)


def _in_memory(what: Any, y: Any, target: str | None, problem: str, missing: str, say: Say) -> Dataset:
    if isinstance(what, tuple) and len(what) == 2 and y is None:
        what, y = what
    if isinstance(what, Mapping) and "data" in what and "target" in what:
        return arrays.of_bunch(what, problem=problem, missing=missing, say=say)
    if y is not None:
        return arrays.of_arrays(what, y, problem=problem, missing=missing, say=say)
    if frames.is_frame(what):
        return tables.dataset_of(
            frames.table_of(what), target, problem, missing, name="frame", source="the frame", say=say
        )
    raise UsageError(
        "these are no data that can be read", expected="a name, a path, a frame, (X, y), or what scikit-learn loads",
        found=type(what).__name__,
    )  # fmt: skip


def from_folder(folder: Path, say: Say = lambda _: None) -> Dataset:
    """The IDX files of a folder, whatever they show: at least `train-images` and `train-labels`.

    MNIST and Fashion-MNIST are known by their hashes, and named; any other set has the folder's name, and as many
    classes as its highest label asks for, two at least.

    >>> import tempfile
    >>> from whynet.data import idx
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
    paths = find(folder)
    for stem in STEMS[:2] + (STEMS[2:] if any(stem in paths for stem in STEMS[2:]) else ()):
        if stem not in paths:
            raise missing(folder, stem)
    owned = {stem: owners(sha256(path), stem) for stem, path in paths.items()}
    check_headers(paths, folder)
    arrays = {stem: array_of(path, stem, verified=bool(owned[stem])) for stem, path in smallest_first(paths)}
    owner = next((name for name in published.HASHES if all(name in of_file for of_file in owned.values())), None)
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
    test = Dataset(ByteImages(images[held]), labels[held], "digits", Classification(DIGITS), None, source)
    return Dataset(ByteImages(images[~held]), labels[~held], "digits", Classification(DIGITS), test, source)


def xor() -> Dataset:
    """Exclusive or: four rows of two pixels, 250 times over, so that an epoch is 1,000 examples.

    >>> data = xor()
    >>> data.test.inputs.tolist(), data.test.labels.tolist()
    ([[0, 0], [255, 0], [0, 255], [255, 255]], [0, 1, 1, 0])
    """
    images = np.array([[0, 0], [255, 0], [0, 255], [255, 255]], dtype=np.uint8).reshape(4, 1, 2)
    labels = np.array([0, 1, 1, 0])
    problem = Classification(("0", "1"))
    test = Dataset(ByteImages(images), labels, "xor", problem, None, "built in")
    return Dataset(ByteImages(np.tile(images, (250, 1, 1))), np.tile(labels, 250), "xor", problem, test, "built in")


def available() -> list[dict[str, Any]]:
    """What `load` would find for each name, without using the network; the rest under the keys of a summary.

    `status` is "verified", "absent", "bad" or "built in", and `source` where the set is, would come from, or what
    is wrong with it.

    >>> sorted(one["name"] for one in available())
    ['breast-cancer', 'diabetes', 'digits', 'fashion-mnist', 'iris', 'mnist', 'wine', 'xor']
    """
    found = {
        "digits": ("built in", "1,797 real 8x8 digits inside scikit-learn"),
        **{name: ("built in", f"{about}, inside scikit-learn") for name, about in small.ABOUT.items()},
        "xor": ("built in", "four rows of two pixels"),
    }
    for name in published.HASHES:
        try:
            folder = _local(name, lambda _: None)
            if folder is None:
                found[name] = "absent", f"would be downloaded from {MIRRORS[name][0]}"
            else:
                verified_files(folder, name)
                found[name] = "verified", str(folder)
        except BadFile as error:
            found[name] = "bad", str(error)
    keys = ("name", "status", "source", "examples", "test_examples")
    return [
        dict(zip((*keys, "rows", "columns"), (name, *found[name], *SHAPES[name]), strict=True))
        if name in SHAPES
        else dict(zip((*keys, "features"), (name, *found[name], *small.SHAPES[name]), strict=True))
        for name in NAMES
        if name != "auto"
    ]


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
        folder = download(name, _cache(name), say, progress, mirrors.get(name, ()), timeout)
    paths = verified_files(folder, name)
    arrays = {stem: array_of(path, stem, verified=True) for stem, path in smallest_first(paths)}
    return _dataset(arrays, name, folder, CLASSES[name])


def _local(name: str, say: Say) -> Path | None:
    """The folder that holds the set, without looking whether its files are sound."""
    given = os.environ.get("WHYNET_DATA")
    if given:
        folder = Path(given)
        with reading(folder):
            folder = folder / name if (folder / name).is_dir() else folder
        if find(folder):
            return folder
        say(f"$WHYNET_DATA ({given}) holds none of the four files; looking further")
    cache = _cache(name)
    return cache if len(find(cache)) == len(STEMS) else None


def _cache(name: str) -> Path:
    from platformdirs import user_cache_path

    return user_cache_path("whynet", appauthor=False) / name


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
            sets.append(Dataset(ByteImages(images), labels, name, Classification(classes), test, str(folder)))
    return sets[-1]
