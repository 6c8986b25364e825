"""Download: the published files into the cache, whole and with the right hashes, or a reason."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from whynet.data import published
from whynet.data.published import STEMS, SUFFIX, find
from whynet.errors import ResourceError

Say = Callable[[str], None]


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


def download(name: str, cache: Path, say: Say, progress: Any, mirrors: Sequence[str], timeout: float) -> Path:
    """Fetch the four files into the cache, the smallest first; several processes fetch them once.

    >>> import tempfile
    >>> download("mnist", Path(tempfile.mkdtemp()), print, None, mirrors=(), timeout=1)
    Traceback (most recent call last):
    whynet.errors.ResourceError: mnist is not on this machine and no mirror has it ...

    Raises
    ------
    ResourceError
        No mirror has them, or the cache cannot be written.
    """
    from filelock import FileLock

    try:
        cache.mkdir(parents=True, exist_ok=True)
        with FileLock(cache / ".lock"):
            for stem in sorted(STEMS, key=lambda stem: ("images" in stem, "train" in stem)):
                if stem not in find(cache):
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
                known_hash=f"sha256:{published.HASHES[name][stem]}",
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
