"""What people hand in: a table, a zip of pictures, a picture, a script. Kept in a folder of the server's own, under
names of its own, and gone with it."""

from __future__ import annotations

import io
import secrets
import zipfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from whynet import files
from whynet.errors import BadFile, UsageError

TABLES, SCRIPTS, LOGS = (".csv", ".tsv"), (".py", ".ipynb"), (".txt", ".log", ".jsonl", ".json", ".csv", ".out")
PICTURES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp")
MOST, ENTRIES, UNPACKED = 12, 20_000, 100 * 1024 * 1024


@dataclass(frozen=True)
class Upload:
    """Something that was handed in."""

    key: str
    kind: str
    name: str
    path: Path


class Uploads:
    """All that was handed in, by key. The names that people give are shown, and never used as paths."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.kept: dict[str, Upload] = {}

    def add(self, name: str, content: bytes) -> Upload:
        """Keep it.

        Raises
        ------
        UsageError, BadFile
            It is of no kind that is known, too much, or no zip that can be unpacked within bounds.
        """
        if len(self.kept) >= MOST:
            raise UsageError("enough files have been handed in", expected=f"{MOST} at most", do="Start the server anew")
        suffix = PurePosixPath(name.lower()).suffix
        key = secrets.token_hex(8)
        folder = self.folder / key
        if suffix in SCRIPTS:
            path = folder / f"script{suffix}"
        elif suffix in TABLES:
            path = folder / f"table{suffix}"
        elif suffix == ".zip":
            folder.mkdir(parents=True)
            unpack(content, folder)
            return self._keep(Upload(key, "pictures", shown(name), folder))
        else:
            raise UsageError(
                "files of this kind are not taken", found=shown(name),
                expected=".csv or .tsv, .zip with a folder of pictures for each class, .py or .ipynb",
            )  # fmt: skip
        folder.mkdir(parents=True)
        files.write(path, content)
        return self._keep(Upload(key, "script" if suffix in SCRIPTS else "table", shown(name), path))

    def own(self, path: Path) -> Upload:
        """Data that whoever started the server named: a file or a folder, read where it lies."""
        return self._keep(Upload(secrets.token_hex(8), "pictures" if path.is_dir() else "table", path.name, path))

    def find(self, key: str, kind: str | None = None) -> Upload:
        """What has that key.

        Raises
        ------
        UsageError
            There is nothing, or something else.
        """
        found = self.kept.get(key)
        if found is None or (kind is not None and found.kind != kind):
            raise UsageError("there is no such file here", found=key[:40])
        return found

    def _keep(self, upload: Upload) -> Upload:
        self.kept[upload.key] = upload
        return upload


def shown(name: str) -> str:
    """A name as it is shown: without the folders, and not too long."""
    return PurePosixPath(name.replace("\\", "/")).name[:80] or "a file"


def unpack(content: bytes, folder: Path) -> None:
    """The pictures of a zip into `folder/CLASS/NUMBER.ending`; bounded by what comes out, not by what is said.

    Raises
    ------
    BadFile
        It is no zip, or it holds too much, or no pictures.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            infos = archive.infolist()
            if len(infos) > ENTRIES:
                raise BadFile("the zip holds too many files", expected=f"{ENTRIES:,} at most", found=f"{len(infos):,}")
            left, number = UNPACKED, 0
            for info in infos:
                parts = PurePosixPath(info.filename.replace("\\", "/")).parts
                if info.is_dir() or len(parts) < 2 or PurePosixPath(parts[-1].lower()).suffix not in PICTURES:
                    continue
                with archive.open(info) as stream:
                    read = stream.read(left + 1)
                left -= len(read)
                if left < 0:
                    raise BadFile("the zip unpacks to too much", expected=f"{UNPACKED >> 20} MB at most")
                number += 1
                name = (
                    "".join(one if one.isalnum() or one in "-_ " else "_" for one in parts[-2])[:60].strip(" ") or "_"
                )
                halves = [part.lower() for part in parts[:-2] if part.lower() in ("train", "test")][-1:]
                inside = folder.joinpath(*halves, name)
                inside.mkdir(parents=True, exist_ok=True)
                (inside / f"{number}{PurePosixPath(parts[-1].lower()).suffix}").write_bytes(read)
            if not number:
                raise BadFile(
                    "there are no pictures in this zip", expected="CLASS/picture.png, a folder for each class"
                )
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, ValueError, OSError) as error:
        raise BadFile(f"this zip cannot be read: {str(error)[:120]}") from None
