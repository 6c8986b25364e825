from __future__ import annotations

import contextlib
import gzip
import io
import struct
import subprocess
import sys
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from whynet.data import idx
from whynet.errors import BadFile

IMAGES = np.arange(2 * 3 * 4, dtype=np.uint8).reshape(2, 3, 4)


def packed(array: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    idx.write(buffer, array)
    return buffer.getvalue()


def zipped() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("train-images", packed(IMAGES))
    return buffer.getvalue()


GOOD = packed(IMAGES)
GZ = gzip.compress(GOOD, mtime=0)
HTML = b"<!DOCTYPE html><html><body>403 Forbidden</body></html>"
BOMB = gzip.compress(struct.pack(">IIII", 0x803, 10, 28, 28) + bytes(50_000_000), 9)

CORRUPT = {  # content, a word of the likely reason
    "empty": (b"", "empty"),
    "empty inside gzip": (gzip.compress(b""), "empty"),
    "an HTML error page": (HTML, "HTML"),
    "an HTML error page, gzipped": (gzip.compress(HTML), "HTML"),
    "gzipped twice": (gzip.compress(GZ), "gzipped twice"),
    "a zip archive": (zipped(), "zip"),
    "a PNG picture": (b"\x89PNG\r\n\x1a\n" + bytes(40), "PNG"),
    "a pickle": (b"\x80\x04\x95" + bytes(40), "pickle"),
    "a NumPy file": (b"\x93NUMPY\x01\x00" + bytes(40), "NumPy"),
    "text": (b"label,pixel0,pixel1\n5,0,0\n", "text"),
    "labels given as images": (packed(np.zeros(24, np.uint8)), "labels been given as images"),
    "half a magic number": (GOOD[:2], "truncated"),
    "text with a byte order mark": (b"\xef\xbb\xbf<html>", "text"),
    "an HTML page after an empty line": (b"\r\n\r\n<html>", "error page"),
    "more than gzip, appended": (GZ + b"xyz", "Fetch the file again"),
    "an empty gzip member and no more": (gzip.compress(b"") * 3, "empty"),
    "magic alone": (GOOD[:4], "truncated"),
    "header cut short": (GOOD[:11], "truncated"),
    "numbers cut short": (GOOD[:-1], "truncated"),
    "numbers cut short inside gzip": (gzip.compress(GOOD[:-5]), "truncated"),
    "gzip cut short": (GZ[:-9], "truncated"),
    "gzip cut short in its header": (GZ[:5], "truncated"),
    "bytes appended": (GOOD + b"x", "appended"),
    "bytes appended inside gzip": (gzip.compress(GOOD + b"xyz"), "appended"),
    "a gzip bomb": (BOMB, "appended"),
    "checksum wrong": (GZ[:-8] + b"\0\0\0\0" + GZ[-4:], "Fetch the file again"),
    "a size of zero": (struct.pack(">IIII", 0x803, 0, 28, 28), "nothing"),
    "absurd sizes": (struct.pack(">IIII", 0x803, 2**31, 2**31, 2**31), "damaged"),
    "more than there is": (struct.pack(">IIII", 0x803, 60_000, 28, 28) + bytes(100), "truncated"),
    "unknown type code": (b"\0\0\x07\x03" + GOOD[4:], "damaged"),
    "floats as pixels": (packed(IMAGES.astype(np.float32)), "unsigned bytes"),
    "no dimensions": (b"\0\0\x08\0" + GOOD[4:], "damaged"),
    "little-endian magic": (b"\x03\x08\0\0" + GOOD[4:], "damaged"),
    "zeros": (bytes(64), "damaged"),
}


@pytest.mark.parametrize("kind", CORRUPT)
def test_a_corrupt_file_is_refused_with_its_name_and_the_likely_reason(kind):
    content, reason = CORRUPT[kind]
    with pytest.raises(BadFile) as caught:
        idx.read(io.BytesIO(content), where="some/train-images.gz", ndim=3)
    assert caught.value.where == "some/train-images.gz"
    assert reason in str(caught.value)


@pytest.mark.parametrize("dims", [65, 255])
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_more_dimensions_than_an_array_can_have(dims, pack):
    content = bytes([0, 0, 8, dims]) + dims * b"\0\0\0\1" + b"x"
    with pytest.raises(BadFile, match=f"number of dimensions.*found {dims}"):
        idx.read(io.BytesIO(pack(content)), where="x")


def test_a_file_that_shrinks_while_it_is_read():
    class Shrinking(io.BytesIO):
        def read(self, size=-1):
            return super().read(size) if self.tell() < 16 else b""

    with pytest.raises(BadFile, match="end too early"):
        idx.read(Shrinking(GOOD), where="x", ndim=3)


def test_a_verified_file_is_still_held_against_its_header():
    np.testing.assert_array_equal(idx.read(io.BytesIO(GZ), where="x", verified=True), IMAGES)
    for content, says in ((GOOD[:-1], "too early"), (GOOD + b"x", "more in the file")):
        with pytest.raises(BadFile, match=says):
            idx.read(io.BytesIO(gzip.compress(content)), where="x", verified=True)


def test_images_given_as_labels():
    with pytest.raises(BadFile, match="images been given as labels"):
        idx.read(io.BytesIO(GOOD), where="x", ndim=1)


@given(
    array=hnp.arrays(
        dtype=st.sampled_from([np.uint8, np.int8, np.int16, np.int32, np.float32, np.float64]),
        shape=hnp.array_shapes(max_dims=4, max_side=5),
    ),
    compressed=st.booleans(),
)
def test_what_is_written_is_read_back(array, compressed):
    content = packed(array)
    found = idx.read(io.BytesIO(gzip.compress(content) if compressed else content), where="x")
    assert found.dtype == array.dtype
    np.testing.assert_array_equal(found, array)


@given(st.binary(max_size=200))
def test_random_bytes_are_refused_or_read_never_a_crash(content):
    for candidate in (content, b"\0\0" + content, b"\x1f\x8b\x08" + content):
        with contextlib.suppress(BadFile):
            idx.read(io.BytesIO(candidate), where="x", limit=10_000)


@settings(max_examples=300)
@given(at=st.integers(0, len(GZ) - 1), bit=st.integers(0, 7), cut=st.integers(0, len(GZ)))
def test_a_flipped_bit_or_a_cut_gives_the_same_images_or_a_refusal(at, bit, cut):
    flipped = bytearray(GZ)
    flipped[at] ^= 1 << bit
    for candidate in (bytes(flipped), GZ[:cut]):
        try:
            found = idx.read(io.BytesIO(candidate), where="x", ndim=3)
        except BadFile:
            continue
        np.testing.assert_array_equal(found, IMAGES)  # a bit of gzip's header that says nothing about the content


MEASURE = """
import io, resource, sys
from whynet.data import idx
from whynet.errors import BadFile
path = sys.argv[1]
idx.read(open(sys.argv[2], "rb"), where="small", ndim=3)  # the code itself is loaded
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    idx.read(open(path, "rb"), where=path, ndim=3)
    print("read")
except BadFile:
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@pytest.mark.thinned(3)
@pytest.mark.parametrize("kind", ["bomb", "truncated", "flipped at the end", "claims 2 GiB"])
def test_a_refusal_costs_little_memory(kind, tmp_path, rng):
    """All have a believable header; each would take 47 MB or more if the numbers were read first."""
    header = struct.pack(">IIII", 0x803, 60_000, 28, 28)
    whole = gzip.compress(header + rng.integers(256, size=47_040_000, dtype=np.uint8).tobytes(), 1)
    content = {
        "bomb": gzip.compress(header + bytes(200_000_000), 1),
        "truncated": whole[: len(whole) // 2],
        "flipped at the end": whole[:-6] + bytes([whole[-6] ^ 1]) + whole[-5:],
        "claims 2 GiB": struct.pack(">IIII", 0x803, 2**21, 32, 31) + bytes(1000),
    }[kind]
    (tmp_path / "bad").write_bytes(content)
    (tmp_path / "good").write_bytes(GZ)
    command = [sys.executable, "-c", MEASURE, str(tmp_path / "bad"), str(tmp_path / "good")]
    kilobytes = int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    assert kilobytes < 16_000


def test_types_that_idx_does_not_know_are_refused():
    with pytest.raises(ValueError, match="complex"):
        idx.write(io.BytesIO(), np.zeros(3, dtype=complex))
