"""IDX, the file format of MNIST: bytes <-> arrays. No paths, no network, and no trust.

    two zero bytes | type code | number of dimensions d | d sizes, 4 bytes each, big-endian | the numbers

Everything that a header claims is checked against what is there before memory for the numbers is allocated; a
compressed file is first read through in small pieces, so that a damaged or hostile one costs next to nothing.
"""

from __future__ import annotations

import gzip
import math
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO

import numpy as np

from whynet.errors import BadFile
from whynet.types import Array

TYPES: dict[int, np.dtype[Any]] = {  # type code -> the numbers behind it, big-endian
    0x08: np.dtype(">u1"),
    0x09: np.dtype(">i1"),
    0x0B: np.dtype(">i2"),
    0x0C: np.dtype(">i4"),
    0x0D: np.dtype(">f4"),
    0x0E: np.dtype(">f8"),
}
CODES = {dtype.newbyteorder("="): code for code, dtype in TYPES.items()}
LIMIT = 1 << 31
DIMENSIONS = 64  # the most a NumPy array can have; the format has room for 255
PIECE = 1 << 16
WHAT = {1: "labels", 3: "images"}  # what the MNIST family keeps in so many dimensions

LOOKS_LIKE = (  # first bytes -> what the file really is
    (b"<", "an HTML or XML page, as a server sends in place of a file"),
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"PK", "a zip archive (or .npz)"),
    (b"\x93NUMPY", "a NumPy .npy file"),
    (b"\x80", "a pickle"),
    (b"BZh", "a bzip2 file"),
    (b"\xfd7zXZ", "an xz file"),
    (b"{", "JSON"),
    (b"\xef\xbb\xbf", "text"),
)


def read(stream: BinaryIO, *, where: str, ndim: int | None = None, limit: int = LIMIT, verified: bool = False) -> Array:
    """The array in a seekable binary stream, gzipped or not, in the machine's own byte order.

    Parameters
    ----------
    where
        The file's name, for messages.
    ndim
        How many dimensions it must have: 1 for labels, 3 for images.
    limit
        The most bytes the array may take.
    verified
        The caller knows the bytes already (by a hash): a compressed stream is then read once, not twice.

    >>> import io
    >>> buffer = io.BytesIO()
    >>> write(buffer, np.array([[1, 2], [3, 4]], dtype=np.int16))
    >>> read(buffer, where="example")
    array([[1, 2],
           [3, 4]], dtype=int16)

    Raises
    ------
    BadFile
        Whatever is wrong with it: the field, what was expected and found, and the likely reason.
    """
    with _unpacked(stream, where) as (content, length):
        shape, dtype = _header(content, where, ndim, limit)
        payload = math.prod(shape) * dtype.itemsize
        if length is not None:
            _check_length(length - 4 - 4 * len(shape), payload, where, shape)
        elif not verified:
            _check_length(_count(content, payload), payload, where, shape)
            content.seek(4 + 4 * len(shape))
        array = _payload(content, where, shape, dtype)
        # reading on, gzip compares its checksum
        _check_length(payload + _count(content, 0), payload, where, shape)
        return array


def read_shape(stream: BinaryIO, *, where: str, ndim: int | None = None) -> tuple[int, ...]:
    """The shape that the header claims; nothing else is read.

    >>> import io
    >>> stream = io.BytesIO()
    >>> write(stream, np.zeros((2, 3), np.uint8))
    >>> read_shape(io.BytesIO(stream.getvalue()), where="memory")
    (2, 3)

    Raises
    ------
    BadFile
        As for `read`, where the header alone gives reason.
    """
    with _unpacked(stream, where) as (content, _):
        return _header(content, where, ndim, LIMIT)[0]


def write(stream: BinaryIO, array: Array) -> None:
    """Write an array as IDX, uncompressed.

    >>> import io
    >>> stream = io.BytesIO()
    >>> write(stream, np.array([7, 9], np.uint8))
    >>> stream.getvalue().hex(" ")
    '00 00 08 01 00 00 00 02 07 09'

    Raises
    ------
    ValueError
        IDX has no code for the array's type, or the array has no dimensions or too many.
    """
    code = CODES.get(array.dtype.newbyteorder("="))
    if code is None or not 1 <= array.ndim <= DIMENSIONS:
        raise ValueError(f"IDX cannot hold an array of type {array.dtype} with {array.ndim} dimensions")
    stream.write(bytes([0, 0, code, array.ndim]) + np.array(array.shape, dtype=">u4").tobytes())
    stream.write(np.ascontiguousarray(array, dtype=TYPES[code]).tobytes())


@contextmanager
def _unpacked(stream: BinaryIO, where: str) -> Iterator[tuple[BinaryIO | gzip.GzipFile, int | None]]:
    """The stream from its start, with its length; if it is gzipped, what is inside, whose length nobody knows."""
    stream.seek(0)
    gzipped = stream.read(2) == b"\x1f\x8b"
    length = stream.seek(0, os.SEEK_END)
    stream.seek(0)
    if not gzipped:
        yield stream, length
        return
    with gzip.GzipFile(fileobj=stream, mode="rb") as content:
        try:
            yield content, None
        except EOFError:
            raise BadFile(
                "the gzip data end too early",
                where=where,
                expected="a whole gzip file",
                found="its beginning",
                do="The file is truncated: fetch it again",
            ) from None
        except (OSError, zlib.error) as error:
            raise BadFile(f"the gzip data are damaged: {error}", where=where, do="Fetch the file again") from None


def _header(
    stream: BinaryIO | gzip.GzipFile, where: str, ndim: int | None, limit: int
) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """Shape and type, each field checked."""
    magic = stream.read(4)
    if len(magic) < 4 or magic[:2] != b"\0\0" or magic[2] not in TYPES or magic[3] == 0:
        raise BadFile(
            "this is no IDX file: the magic number is wrong",
            where=where,
            expected="00 00, a type code (08 for bytes) and the number of dimensions",
            found=magic.hex(" ") or "an empty file",
            do=_likely(magic),
        )
    dims = magic[3]
    if ndim is not None and dims != ndim:
        raise BadFile(
            f"the magic number says {WHAT.get(dims, 'something else')}, not {WHAT.get(ndim, 'what is needed')}",
            where=where,
            expected=f"{ndim} dimensions (magic {0x800 + ndim})",
            found=f"{dims} (magic {int.from_bytes(magic, 'big')})",
            do=f"Has the file of {WHAT[dims]} been given as {WHAT[ndim]}?" if dims in WHAT and ndim in WHAT else None,
        )
    if ndim is not None and magic[2] != 0x08:
        raise BadFile(
            "the type code is not that of bytes",
            where=where,
            expected="08 (unsigned bytes)",
            found=f"{magic[2]:02x} ({TYPES[magic[2]].newbyteorder('=').name})",
            do="Images and labels of the MNIST family are unsigned bytes",
        )
    if dims > DIMENSIONS:
        raise BadFile(
            "the header claims an absurd number of dimensions",
            where=where,
            expected=f"at most {DIMENSIONS}",
            found=f"{dims}",
            do="The header is damaged, or this is another kind of file",
        )
    sizes = stream.read(4 * dims)
    if len(sizes) < 4 * dims:
        raise BadFile(
            "the header is cut short",
            where=where,
            expected=f"{dims} sizes of 4 bytes",
            found=f"{len(sizes)} bytes",
            do="The file is truncated: fetch it again",
        )
    shape = tuple(int.from_bytes(sizes[at : at + 4], "big") for at in range(0, 4 * dims, 4))
    dtype = TYPES[magic[2]]
    for axis, size in enumerate(shape, 1):
        if size == 0:
            raise BadFile("the file holds nothing", where=where, expected=f"size {axis} of {dims} above 0", found="0")
    wanted = math.prod(shape) * dtype.itemsize
    if wanted > limit:
        raise BadFile(
            "the header claims an absurd size",
            where=where,
            expected=f"at most {limit:,} bytes",
            found=f"{' x '.join(map(str, shape))} = {wanted:,} bytes",
            do="The header is damaged, or this is another kind of file",
        )
    return shape, dtype


def _count(unpacked: BinaryIO | gzip.GzipFile, payload: int) -> int:
    """How many bytes follow; stops at one too many, so that a bomb costs nothing."""
    found = 0
    while found <= payload and (piece := unpacked.read(min(PIECE, payload + 1 - found))):
        found += len(piece)
    return found


def _payload(stream: BinaryIO | gzip.GzipFile, where: str, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
    array = np.empty(shape, dtype=dtype)
    into, at = array.reshape(-1).view(np.uint8).data, 0
    while at < len(into) and (piece := stream.read(min(16 * PIECE, len(into) - at))):
        into[at : at + len(piece)] = piece
        at += len(piece)
    _check_length(at, len(into), where, shape)  # the file may have become shorter since it was measured
    return array.astype(dtype.newbyteorder("="), copy=False)


def _check_length(found: int, expected: int, where: str, shape: tuple[int, ...]) -> None:
    if found == expected:
        return
    claimed = f"{expected:,} bytes after the header ({' x '.join(map(str, shape))})"
    if found < expected:
        raise BadFile(
            "the numbers end too early",
            where=where,
            expected=claimed,
            found=f"{found:,}",
            do="The file is truncated: fetch it again",
        )
    raise BadFile(
        "there is more in the file than its header says",
        where=where,
        expected=claimed,
        found="more",
        do="The header is damaged, or something was appended",
    )


def _likely(start: bytes) -> str | None:
    if start[:2] == b"\x1f\x8b":
        return "It was gzipped twice: unpack it once"
    for beginning, what in LOOKS_LIKE:
        if start.startswith(beginning[:4]):
            return f"This looks like {what}"
    if start and all(byte in b"\t\r\n" or 32 <= byte < 127 for byte in start):
        return "This looks like text, an error page perhaps"
    if not start:
        return "The file is empty: fetch it again"
    if len(start) < 4:
        return "The file is truncated: fetch it again"
    return "The header is damaged, or this is another kind of file"
