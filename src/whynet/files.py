"""Writing files so that a crash, at any moment, leaves the old one or the new one, never half of one."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from whynet.errors import BadFile, ResourceError


def write(path: Path, content: bytes | str) -> None:
    """Write `content` under a temporary name in the same folder, sync it, rename it to `path`, sync the folder.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "note.txt"
    >>> write(path, "whole or not at all")
    >>> path.read_text()
    'whole or not at all'

    Raises
    ------
    ResourceError
        The disk is full, the folder is not writable ...; what lay at `path` is untouched.
    """
    content = content.encode() if isinstance(content, str) else content
    with _disk(path):
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).chmod(0o644)
            Path(temporary).replace(path)
        except BaseException:
            with suppress(OSError):
                Path(temporary).unlink()
            raise
        _sync_folder(path.parent)


def append(path: Path, line: bytes) -> None:
    """Add one line to `path` and sync it.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "log.jsonl"
    >>> append(path, b"{}"), append(path, b"{}")
    (None, None)
    >>> path.read_bytes()
    b'{}\\n{}\\n'

    Raises
    ------
    ResourceError
        The disk is full, the folder is not writable ...
    """
    with _disk(path), path.open("ab") as file:
        file.write(line + b"\n")
        file.flush()
        os.fsync(file.fileno())


def make_folder(path: Path, first_file: str, content: str) -> None:
    """Make the folder `path` with one file in it, as one step: nobody ever sees it empty.

    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp()) / "run"
    >>> make_folder(folder, "recipe.toml", "epochs = 3")
    >>> (folder / "recipe.toml").read_text()
    'epochs = 3'

    Raises
    ------
    ResourceError
        The folder cannot be made, or it appeared meanwhile and holds something.
    """
    with _disk(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}."))
        try:
            temporary.chmod(0o755)
            write(temporary / first_file, content)
            temporary.replace(path)  # takes the place of an empty folder, never of a full one
        except BaseException:
            with suppress(OSError):
                (temporary / first_file).unlink()
                temporary.rmdir()
            raise
        _sync_folder(path.parent)


def remove(path: Path) -> None:
    """Take a file away, if it is there.

    >>> import tempfile
    >>> remove(Path(tempfile.mkdtemp()) / "nothing")  # not there: fine

    Raises
    ------
    ResourceError
        It may not be removed.
    """
    with _disk(path):
        path.unlink(missing_ok=True)


def read(path: Path, limit: int) -> bytes:
    """The content of `path`, which may be `limit` bytes at most.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "note.txt"
    >>> write(path, "hello")
    >>> read(path, 100)
    b'hello'

    Raises
    ------
    BadFile
        It is not there, cannot be read or is too large.
    """
    try:
        size = path.stat().st_size
        if size > limit:
            raise BadFile(
                "the file is too large",
                where=str(path),
                expected=f"at most {limit:,} bytes",
                found=f"{size:,}",
            )
        return path.read_bytes()
    except OSError as error:
        raise BadFile(f"the file cannot be read: {error.strerror}", where=str(path)) from None


@contextmanager
def _disk(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ResourceError(
            f"this cannot be written: {error.strerror}",
            where=str(path),
            do="Check that the folder exists, that you may write there and that the disk has room",
        ) from None


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":  # Windows cannot open a folder, and needs no sync to keep a rename
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
