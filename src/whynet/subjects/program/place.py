"""Where a program runs: which folder is copied for it, what is its current folder, and whether it is a package's."""

from __future__ import annotations

import ast
import contextlib
import os
import shutil
import tempfile
import warnings
from dataclasses import dataclass
from pathlib import Path

from whynet.errors import UsageError

COPIED = 200 << 20
"""Bytes of a folder that is copied; a program in a larger one is not run, as it might write over what lies there."""
FILES = 20_000
SKIPPED = {".git", ".venv", "venv", "node_modules", "__pycache__", ".mypy_cache", ".ipynb_checkpoints"}


@dataclass(frozen=True)
class Place:
    """A folder that is copied, and in the copy the program and its current folder, both relative.

    >>> Place(Path("/home/me/net"), Path("src/train.py"), Path()).words
    'It ran in a copy of the folder net; its current folder was that one.'
    """

    root: Path
    script: Path
    current: Path
    note: str = ""

    @property
    def words(self) -> str:
        """Where it ran, in a sentence."""
        inner = "that one" if self.current == Path() else str(self.current)
        return (
            f"It ran in a copy of the folder {self.root.name or self.root}; its current folder was {inner}{self.note}."
        )

    def copy(self, to: Path) -> tuple[Path, Path]:
        """Copy the folder; the program, and its current folder, in the copy."""
        home = copied(self.root, to)
        return home / self.script, home / self.current


def place_of(path: Path) -> Place:
    """Where a program is to run: as with Python itself, in the folder that the user is in, if the program is below it.

    Of a program elsewhere it is the program's own folder; so it is where the user's folder is too large to be copied.

    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "train.py"
    ...     _ = file.write_text("x = 1")
    ...     place_of(file).script
    PosixPath('train.py')
    """
    path = path.resolve()
    home = module_of(path)[1]
    root, current, note = home, Path(), ""
    user = Path.cwd()
    if user in home.parents:
        if user in (Path(user.anchor), Path.home(), Path(tempfile.gettempdir())) or _too_large(user):
            note = ", as your current folder is too large to be copied"
        else:
            root = user
    elif home in user.parents and not SKIPPED & set(user.relative_to(home).parts):
        current = user.relative_to(home)
    return Place(root, path.relative_to(root), current, note)


def module_of(script: Path) -> tuple[str, Path]:
    """The name under which a file is a module of a package, empty if it is a program by itself; and its first folder.

    A file that imports from its own package only runs as `python -m package.file`.

    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder).resolve() / "net" / "train.py"
    ...     file.parent.mkdir()
    ...     _ = file.write_text("from .layers import Dense")
    ...     name, home = module_of(file)
    ...     name, home == file.parents[1]
    ('net.train', True)
    """
    folder, up = script.parent, 0
    while (folder / "__init__.py").is_file() and folder.parent != folder:
        folder, up = folder.parent, up + 1
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            nodes = list(ast.walk(ast.parse(script.read_bytes())))
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        nodes = []
    levels = [node.level for node in nodes if isinstance(node, ast.ImportFrom) and node.level]
    names = {node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module and not node.level}
    names |= {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    up = max([up, *levels])
    if not up or up >= len(script.parents):
        return "", script.parent
    home = script.parents[up]
    own = script.relative_to(home).parts[0]
    by_name = not (script.parent / own).exists() and any(name.partition(".")[0] == own for name in names)
    if not levels and not by_name:
        return "", script.parent
    return ".".join(script.relative_to(home).with_suffix("").parts), home


def home_of(script: Path) -> Path:
    """In a program's process: the folder that holds both the program's package and the current folder.

    >>> home_of(Path("train.py")) == Path.cwd()
    True
    """
    current, home = Path.cwd(), module_of(script.absolute())[1]
    return current if current in home.parents else home


def _is_skipped(folder: Path) -> bool:
    """What no program reads: caches, and environments of Python, whatever they are called."""
    return folder.name in SKIPPED or (folder / "pyvenv.cfg").is_file()


def _too_large(folder: Path) -> bool:
    try:
        _measured(folder)
    except UsageError:
        return True
    return False


def _measured(folder: Path, leave: Path | None = None) -> None:
    """Refuse what is too large to be copied."""
    size, count = 0, 0
    for root, folders, files in os.walk(folder, followlinks=True):
        real, above = os.path.realpath(root), os.path.realpath(Path(root).parent)
        if Path(root) != folder and (above == real or above.startswith(f"{real}{os.sep}")):
            raise UsageError(
                "the program's folder holds a link to itself, and cannot be copied", where=root,
                do="Put the program, and what it reads, into a folder of its own",
            )  # fmt: skip
        folders[:] = [one for one in folders if not _is_skipped(Path(root) / one) and Path(root) / one != leave]
        for file in files:
            with contextlib.suppress(OSError):
                size, count = size + (Path(root) / file).stat().st_size, count + 1
        if size > COPIED or count > FILES:
            raise UsageError(
                "the program's folder is too large: it would be run in a copy, so that nothing of yours is overwritten",
                where=str(folder), expected=f"at most {COPIED >> 20} MB in {FILES:,} files", found="more",
                do="Put the program, and what it reads, into a folder of its own",
            )  # fmt: skip


def copied(folder: Path, to: Path) -> Path:
    """A scratch copy of a folder, so that nothing of the user's is overwritten.

    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = (Path(folder) / "a.py").write_text("x = 1")
    ...     copied(Path(folder), Path(folder) / "scratch" / "home").name
    'home'

    Raises
    ------
    UsageError
        It is too large, or holds a link to itself.
    """
    scratch = to.parent.resolve()  # it lies in the folder itself, if that is the one for temporary files
    _measured(folder, scratch)

    def ignored(where: str, names: list[str]) -> set[str]:
        return {one for one in names if _is_skipped(Path(where) / one) or Path(where).resolve() / one == scratch}

    with contextlib.suppress(shutil.Error):  # pipes, sockets, what may not be read
        shutil.copytree(folder, to, ignore=ignored, ignore_dangling_symlinks=True)
    return to
