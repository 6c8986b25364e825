"""Events: the scalars in a TensorBoard event file, read without TensorBoard.

Such a file is a row of records (length, checksum, message, checksum); a message is a protocol buffer `Event` (step = 2,
summary = 5), its summary a list of values (tag = 1, simple_value = 2, tensor = 8).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from whynet.errors import BadFile

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
FLOAT, DOUBLE = 1, 2  # a tensor's types


def scalars_in(content: bytes, where: str) -> Iterator[tuple[str, int, float]]:
    """Tag, step and value of every scalar, in the order they were written. A file that ends within a record, because it
    is still being written, is read up to there.

    >>> list(scalars_in(b"", "events.out.tfevents"))
    []

    Raises
    ------
    BadFile
        The records are none.
    """
    at = 0
    while at + 12 <= len(content):
        (length,) = struct.unpack_from("<Q", content, at)
        if length > len(content):
            raise BadFile("this is no event file of TensorBoard", where=where, expected="records with their lengths")
        if at + 12 + length > len(content):
            return
        try:
            yield from _event(content[at + 12 : at + 12 + length])
        except (IndexError, struct.error, UnicodeDecodeError) as error:
            raise BadFile("an event in this file cannot be read", where=where, found=str(error)) from None
        at += 16 + length


def _event(message: bytes) -> Iterator[tuple[str, int, float]]:
    step, summaries = 0, []
    for field, _, value in _fields(message):
        if field == 2 and isinstance(value, int):
            step = value
        elif field == 5 and isinstance(value, bytes):
            summaries.append(value)
    for summary in summaries:
        for field, _, value in _fields(summary):
            if field == 1 and isinstance(value, bytes):
                tag, number = _value(value)
                if tag and number is not None:
                    yield tag, step, number


def _value(message: bytes) -> tuple[str, float | None]:
    tag, number = "", None
    for field, kind, value in _fields(message):
        if field == 1 and isinstance(value, bytes):
            tag = value.decode()
        elif field == 2 and kind == FIXED32 and isinstance(value, bytes):
            (number,) = struct.unpack("<f", value)
        elif field == 8 and isinstance(value, bytes):
            number = _tensor(value)
    return tag, number


def _tensor(message: bytes) -> float | None:
    """The number in a tensor of one; None in any other."""
    kind, numbers = 0, list[float]()
    for field, wire, value in _fields(message):
        if field == 1 and isinstance(value, int):
            kind = value
        form = {FLOAT: "<f", DOUBLE: "<d"}.get(kind)
        if field in (4, 5, 6) and isinstance(value, bytes) and form and wire in (BYTES, FIXED32, FIXED64):
            size = struct.calcsize(form)
            numbers += [struct.unpack_from(form, value, at)[0] for at in range(0, len(value) - size + 1, size)]
    return numbers[0] if len(numbers) == 1 else None


def _fields(message: bytes) -> Iterator[tuple[int, int, int | bytes]]:
    """Number, kind and value of each field of a protocol buffer."""
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        field, kind = key >> 3, key & 7
        if kind == VARINT:
            value, at = _varint(message, at)
            yield field, kind, value
            continue
        if kind == BYTES:
            size, at = _varint(message, at)
        elif kind in (FIXED64, FIXED32):
            size = 8 if kind == FIXED64 else 4
        else:
            raise IndexError(f"a field of kind {kind}")
        yield field, kind, message[at : at + size]
        at += size


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return value, at
