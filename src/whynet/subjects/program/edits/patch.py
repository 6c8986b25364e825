"""The patch of a program: what differs, as a unified diff, and how it gets into a file."""

from __future__ import annotations

import difflib
import io
import os
import tokenize
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from whynet import files
from whynet.errors import ResourceError, UsageError
from whynet.subjects.program.edits.healed import Edit, all_healed
from whynet.subjects.program.notebook import read_source
from whynet.subjects.program.xray import Finding, Xray


@dataclass(frozen=True)
class Patch:
    """A text before and after, and the file that it is in, called as the user calls it.

    >>> print(Patch("w += g\\n", "w -= g\\n", "train.py").diff())
    --- train.py
    +++ train.py
    @@ -1 +1 @@
    -w += g
    +w -= g
    """

    before: str
    after: str
    file: str
    cells: tuple[tuple[int, int], ...] = ()
    """Of each line of a notebook's program before, its cell and the line within it."""

    def diff(self) -> str:
        """The unified diff; of a notebook, one for each cell that differs."""
        if self.cells:
            return "\n".join(part for part in self._by_cell() if part)
        return _diff(self.before, self.after, self.file)

    def apply(self, to: str | Path) -> None:
        """Write the mended text into a new file, whole or not at all.

        Raises
        ------
        UsageError
            There is something already, or it is a notebook.
        """
        self._is_program()
        to = Path(to)
        if to.exists() or to.is_symlink():
            raise UsageError("the file for the mended program exists", where=str(to), do="Choose another name")
        files.write(to, self._content())
        self._same_mode(to)

    def in_place(self) -> Path:
        """Write the mended text into the program's own file; the backup beside it, `train.py.orig`.

        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     file = Path(folder) / "train.py"
        ...     _ = file.write_text("w += g\\n")
        ...     kept = Patch("w += g\\n", "w -= g\\n", str(file)).in_place()
        ...     file.read_text(), kept.name, kept.read_text()
        ('w -= g\\n', 'train.py.orig', 'w += g\\n')

        Raises
        ------
        UsageError
            It was changed meanwhile, or it is a notebook.
        ResourceError
            The folder is not writable.
        """
        self._is_program()
        file = Path(os.path.realpath(self.file))  # a link stays one
        old = files.read(file, 50 << 20)
        if read_source(file).text != self.before:
            raise UsageError("the program was changed meanwhile", where=self.file, do="Diagnose it again")
        content = self._content()
        kept = _kept(file, old)
        mode = file.stat().st_mode
        files.write(file, content)
        with suppress(OSError):
            file.chmod(mode)
        return kept

    def _is_program(self) -> None:
        if self.cells:
            raise UsageError("a notebook is not written", where=self.file, do="Change its cells as the patch says")

    def _content(self) -> bytes:
        """The mended text, with the encoding and the line ends of the file."""
        old = Path(self.file).read_bytes() if Path(self.file).is_file() else self.before.encode()
        encoding, _ = tokenize.detect_encoding(io.BytesIO(old).readline)
        text = self.after.replace("\n", "\r\n") if b"\r\n" in old else self.after
        return text.encode(encoding)

    def _same_mode(self, to: Path) -> None:
        with suppress(OSError):
            to.chmod(Path(self.file).stat().st_mode)

    def _by_cell(self) -> list[str]:
        old, new = (text.removesuffix("\n").split("\n") for text in (self.before, self.after))
        place = {line: cell for line, (cell, _) in enumerate(self.cells)}
        cells: dict[int, tuple[list[str], list[str]]] = {}
        last = max(place.values())
        for tag, a, b, c, d in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
            for line in range(a, b):
                cells.setdefault(place.get(line, last), ([], []))[0].append(old[line])
                if tag == "equal":
                    cells[place.get(line, last)][1].append(old[line])
            if tag != "equal":  # new lines stand in the cell of the line before them
                where = place.get(a if b > a else max(a - 1, 0), last)
                cells.setdefault(where, ([], []))[1].extend(new[c:d])
        return [
            _diff("\n".join(one) + "\n", "\n".join(other) + "\n", f"{self.file}, cell {cell}")
            for cell, (one, other) in sorted(cells.items())
        ]


def _diff(before: str, after: str, name: str) -> str:
    old, new = (text.removesuffix("\n").split("\n") for text in (before, after))
    return "\n".join(difflib.unified_diff(old, new, name, name, lineterm="", n=2))


def _kept(file: Path, content: bytes) -> Path:
    """A copy of the file under a name that is free."""
    for number in count():
        backup = file.with_name(f"{file.name}.orig{number or ''}")
        try:
            with backup.open("xb") as handle:
                handle.write(content)
                handle.flush()
                os.fsync(handle.fileno())
        except FileExistsError:
            continue
        except OSError as error:
            with suppress(OSError):
                backup.unlink(missing_ok=True)
            raise ResourceError(f"the backup cannot be written: {error.strerror}", where=str(backup)) from None
        with suppress(OSError):
            backup.chmod(file.stat().st_mode)
        return backup
    raise AssertionError


@dataclass(frozen=True)
class Mended:
    """The patches of a program's files, and what is still wrong with them applied.

    >>> Mended((), Xray("ended")).diff
    ''
    """

    patches: tuple[Patch, ...]
    xray: Xray
    edits: tuple[Edit, ...] = ()
    uncovered: tuple[Finding, ...] = ()
    """Wrong lines that were seen only with others mended, and are mended too."""

    @property
    def diff(self) -> str:
        """All patches, as one text."""
        return "\n".join(one.diff() for one in self.patches)

    @property
    def words(self) -> str:
        """What was tested, in a sentence; before it, what else was wrong."""
        more = [f"{one.name}: {one.words} (seen with the lines before it mended)." for one in self.uncovered]
        return " ".join(["Mended too: " + said for said in more] + [self._tested])

    @property
    def _tested(self) -> str:
        left = len({(one.file, one.line) for one in self.xray.findings})
        if not left:
            return "The program was run with the patch: none of its lines is found wrong then."
        lines = "one line is" if left == 1 else f"{left} lines are"
        return f"The program was run with the patch: {lines} still found wrong then."


def mended(path: str | Path, args: Sequence[str], seconds: float, xray: Xray) -> Mended:
    """What heals a program of its findings, tested; nothing where nothing does.

    >>> mended("train.py", [], 10, Xray("ended")).patches
    ()
    """
    edits = all_healed(path, args, seconds, xray) if xray.spoiling else []
    texts: dict[Path, tuple[str, str]] = {}
    for edit in edits:
        texts[edit.file] = (texts.get(edit.file, (edit.before, ""))[0], edit.after)
    patches = tuple(
        Patch(before, after, str(path) if file == Path(path) else str(file), read_source(file).cells)
        for file, (before, after) in texts.items()
    )
    known = {(one.kind, one.parameter) for one in xray.findings}
    uncovered = tuple(edit.finding for edit in edits if (edit.finding.kind, edit.finding.parameter) not in known)
    return Mended(patches, edits[-1].xray if edits else xray, tuple(edits), uncovered)


def written(patches: Sequence[Patch], path: Path, apply: str | Path | None, in_place: bool) -> list[str]:
    """Write patches where they are wanted, and say so.

    >>> written([], Path("train.py"), "fixed.py", False)
    ['there is no patch to write']
    """
    if apply is None and not in_place:
        return []
    if not patches:
        return ["there is no patch to write"]
    if in_place:
        return [f"mended  {one.file} (as it was: {one.in_place()})" for one in patches]
    own = next((one for one in patches if Path(one.file) == path), None)
    if own is None or len(patches) > 1:
        names = ", ".join(one.file for one in patches)
        return [f"nothing is written: the patch is of {names}; --in-place writes into these files"]
    assert apply is not None
    own.apply(apply)
    return [f"mended  {apply}"]
