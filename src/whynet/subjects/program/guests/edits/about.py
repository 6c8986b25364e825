"""What an edit is to mend: a finding, and the lines of one file that it may be about."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from whynet.subjects.program.guests.edits.source import Source


@dataclass(frozen=True)
class About:
    """A cause, the change that was tried against it, and where its program does what.

    >>> About.of({"cause": "lr-too-high", "where": {"file": "a.py", "line": 3}}, {"library": "PyTorch"}, "a.py").where
    3
    """

    cause: str
    library: str = ""
    where: int | None = None
    lines: Mapping[str, int] = field(default_factory=dict)
    """Lines of this file: `loss`, `backward`, `step`, `optimizer`, `forward`, `model`, `fit`, `compile` ..."""
    kind: str = ""
    numbers: Mapping[str, Any] = field(default_factory=dict)
    facts: Mapping[str, float] = field(default_factory=dict)
    """What was measured, by the symptom's name."""
    detail: str = ""

    @staticmethod
    def of(finding: Mapping[str, Any], found: Mapping[str, Any], file: str) -> About:
        """Of a finding as plain data, in a diagnosis as plain data."""
        change = finding.get("change") or {}
        where = finding.get("where")
        lines = found.get("lines") or {}
        return About(
            finding["cause"],
            found.get("library", ""),
            where["line"] if where and where["file"] == file else None,
            {name: place["line"] for name, place in lines.items() if place and place["file"] == file},
            change.get("kind", ""),
            change.get("numbers") or {},
            {one["symptom"]: one["value"] for one in finding.get("evidence", ()) if one.get("value") is not None},
            finding.get("detail", ""),
        )


Editor = Callable[[Source, About], Iterator[str]]
"""What yields new texts of a program, the likeliest first; an empty one counts for nothing."""
