"""Whose training is tried: a program, as it lies there or with another text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Program:
    """A program to run: its file, its arguments, and the text that stands in for the file's, if any does.

    >>> Program(Path("train.py")).text is None
    True
    """

    path: Path
    args: tuple[str, ...] = ()
    text: str | None = None
    beside: Mapping[str, str] = field(default_factory=dict)
    """What stands in for files of its folder."""
