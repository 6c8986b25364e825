"""The diagnosis of a program that trains with a library: made in the program's own process, and told here."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from whynet.doctor.change import Wording
from whynet.doctor.diagnosis import Diagnosis, Finding, Gap, Remark, Where
from whynet.subjects.program.edits.patch import Patch
from whynet.subjects.program.guests.healed import Healed
from whynet.subjects.program.notebook import Source


@dataclass
class Told(Diagnosis):
    """What was found in another process: state, causes and lines as everywhere; the numbers as JSON, the words as text.

    >>> told = {"state": "healthy", "verdict": [], "text": "It learns.", "seconds": 1.0}
    >>> found = Told.of(told, Path("train.py"))
    >>> found.state, str(found)
    ('healthy', 'It learns.')
    """

    values: dict[str, Any] = field(default_factory=dict)
    text: str = ""
    healed: Healed | None = None
    """The file that the patch changes, whole: as it was, and mended."""
    source: Source = field(default_factory=lambda: Source("", ""))

    @staticmethod
    def of(told: dict[str, Any], path: Path, source: Source | None = None) -> Told:
        """Of what the other process wrote; of a notebook, with its cells in place of lines."""
        source = Source("", path.name) if source is None else source
        told = _in_cells(told, source) if source.cells else told
        ended = told.get("program") or {}
        text = str(told.get("text", ""))
        if ended.get("error") and ended["error"] not in text:  # a screen may have had no room for it
            at = f" in {ended['line']['file']}, line {ended['line']['line']}" if ended.get("line") else ""
            text += f"\nNote   The program ended by an error{at}: {ended['error']}"
        seconds = told.get("seconds")
        found = Told(
            told["state"],
            verdict=[_finding(one) for one in told.get("verdict", [])],
            used=dict(told.get("used") or {}),
            not_examined=[Gap(one["what"], one["why"]) for one in told.get("not_examined", [])],
            remarks=[Remark("interrupted")] if ended.get("how") == "interrupted" else [],
            patient=str(path),
            seconds=float(seconds) if isinstance(seconds, (int, float)) else math.nan,
            wording=Wording(told.get("library") or "whynet"),
            source=source,
        )
        found.values, found.text = {key: value for key, value in told.items() if key != "text"}, text
        return found

    def mended(self, healed: Healed | None) -> Told:
        """With the patch, and how it was checked."""
        if healed is not None:
            self.healed, self.patch = healed, healed.diff()
            if self.source.cells:
                self.patch = Patch(healed.before, healed.after, healed.file, self.source.cells).diff()
            self.values |= {"patch": self.patch, "patched": healed.after}
            causes = ", ".join(healed.causes)
            lines = "\n".join(f"       {line}" for line in self.patch.splitlines())
            self.text += f"\nPatch  against {causes} ({healed.checked})\n{lines}"
        return self

    def patches(self, path: Path) -> list[Patch]:
        """The patch, of the program's file or of one beside it."""
        if self.healed is None:
            return []
        file = path if self.healed.file == path.name else path.parent / self.healed.file
        return [Patch(self.healed.before, self.healed.after, str(file), self.source.cells)]

    def as_dict(self) -> dict[str, Any]:
        """The JSON of `whynet diagnose`, with `library`, `lines` and `program` beside it."""
        return self.values

    def __str__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        escaped = self.text.replace("&", "&amp;").replace("<", "&lt;")
        return f"<pre>{escaped}</pre>"


def _in_cells(told: Any, source: Source) -> Any:
    """What was told of a notebook's program: its cells, and the lines in them."""
    if isinstance(told, dict):
        told = {key: _in_cells(value, source) for key, value in told.items()}
        if told.get("file") == source.name and isinstance(told.get("line"), int):
            told["file"], told["line"] = source.where(told["line"])
        return told
    if isinstance(told, list):
        return [_in_cells(one, source) for one in told]
    if not isinstance(told, str):
        return told

    def placed(found: re.Match[str]) -> str:
        file, line = source.where(int(found[2]))
        return f"{file}{found[1]}{line}"

    return re.sub(rf"{re.escape(source.name)}(:|, line )(\d+)", placed, told)


def _finding(told: dict[str, Any]) -> Finding:
    where = told.get("where")
    place = None if where is None else Where(where["file"], where["line"], where.get("text", ""))
    return Finding(told["cause"], told["status"], where=place, detail=told.get("detail", ""))
