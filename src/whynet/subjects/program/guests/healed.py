"""A program that is mended: one file, as it was and as it is."""

from __future__ import annotations

import difflib
from dataclasses import dataclass

NO_END = "\\ No newline at end of file"


@dataclass(frozen=True)
class Healed:
    """A file of the program, as it was and mended; and how that was checked.

    >>> print(Healed("train.py", "lr = 1.0\\n", "lr = 0.1\\n", ("lr-too-high",), "it learns").diff(), end="")
    --- train.py
    +++ train.py
    @@ -1 +1 @@
    -lr = 1.0
    +lr = 0.1
    """

    file: str
    before: str
    after: str
    causes: tuple[str, ...]
    checked: str

    def diff(self) -> str:
        """The patch, as `patch` and `git apply` read it."""
        old, new = self.before.splitlines(keepends=True), self.after.splitlines(keepends=True)
        lines = difflib.unified_diff(old, new, self.file, self.file)
        return "".join(one if one.endswith("\n") else f"{one}\n{NO_END}\n" for one in lines)
