"""A patch: candidates for new texts are run in a copy, under the same examination, until one mends the program."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Any

from whynet.errors import BadFile, UsageError
from whynet.subjects.program.guests.edits import About, candidates
from whynet.subjects.program.guests.healed import Healed
from whynet.subjects.program.notebook import read_source

FOR_ONE, IN_ALL, IF_SUSPECTED = 6, 10, 2
"""So many texts are run for a finding, for all of them, and for one that is no more than suspected."""
AT_ONCE = 2
"""So many of each, where several findings are mended together."""
SECONDS = 240.0
"""For all of them, where nothing else is said; what is under way is not cut off."""
CERTAIN = ("proved", "found")
TRIED = frozenset({
    "lr-too-high", "lr-too-low", "undertrained", "batch-too-large", "input-not-scaled", "input-not-centred",
    "target-not-scaled", "regularisation-too-strong", "init-too-large", "init-too-small", "init-positive-saturation",
    "dead-relu", "not-shuffled", "momentum-unscaled", "missing-activation", "wrong-hidden-activation", "loss-broadcast",
})  # fmt: skip
"""Causes that are known by what comes of a change, or that another shape only hides: a patch against them has to make
the program learn better."""
BETTER, WORSE, LOWER = 0.03, 0.02, 0.9
"""What counts as a gain and as a loss of quality; and of the cost, where no quality is known, as its share."""

Examine = Callable[[Mapping[str, str]], "dict[str, Any] | None"]
"""Runs the program with other texts in some of its files, and examines it without trials."""


def healed(
    found: Mapping[str, Any], texts: Mapping[str, str], main: str, examine: Examine, seconds: float = SECONDS
) -> Healed | None:
    """The patch of what was found, run; None where no text that was run mends the program.

    What is certain is mended first, one finding after the other; where nothing is, what is suspected.

    >>> nothing = {"state": "healthy", "verdict": [], "lines": {}}
    >>> healed(nothing, {"train.py": "x = 1"}, "train.py", lambda texts: None)
    """
    search = _Search(dict(found), texts, main, examine, seconds)
    certain = [one["cause"] for one in found["verdict"] if one["status"] in CERTAIN]
    suspected = [one["cause"] for one in found["verdict"] if one["status"] not in CERTAIN]
    for cause in certain:
        search.mend(cause, FOR_ONE)
    if not certain and found["state"] != "healthy":
        for cause in suspected:
            if not search.causes:
                search.mend(cause, IF_SUSPECTED)
    return search.result()


class _Search:
    def __init__(
        self, found: dict[str, Any], texts: Mapping[str, str], main: str, examine: Examine, seconds: float
    ) -> None:
        self.found, self.first, self.examine = found, found, examine
        self.texts, self.main = texts, main
        self.file, self.text = "", ""
        self.causes: list[str] = []
        self.checked = ""
        self.runs, self.end = 0, time.monotonic() + seconds

    def mend(self, cause: str, left: int) -> None:
        """Try texts against a finding that is still there; keep the first that mends."""
        finding = next((one for one in self.found["verdict"] if one["cause"] == cause), None)
        if finding is None:
            return
        here = (finding.get("where") or {}).get("file", self.main)
        files = [self.file] if self.file else list(dict.fromkeys((here, self.main, *self._spoken_of())))
        for file in files:
            text = self.text or self.texts.get(file, "")
            for new in _safely(self._texts(text, finding, file)):
                if not left or self.runs >= IN_ALL or time.monotonic() > self.end:
                    return
                left, self.runs = left - 1, self.runs + 1
                seen = self.examine({file: new})
                how = mends(self.found, seen, cause)
                if how and seen is not None:
                    self.file, self.text, self.found, self.checked = file, new, seen, how
                    self.causes += [cause, *finding.get("with", ())]
                    return

    def _texts(self, text: str, finding: Mapping[str, Any], file: str) -> Iterator[str]:
        """New texts against a finding; where others are needed beside it, against them all at once."""
        beside = [one for one in self.found["verdict"] if one["cause"] in finding.get("with", ())]
        if not beside:
            yield from candidates(text, About.of(finding, self.found, file))
        else:
            yield from self._together(text, [finding, *beside], file)

    def _together(self, text: str, findings: list[Mapping[str, Any]], file: str) -> Iterator[str]:
        if not findings:
            yield text
            return
        for new in islice(candidates(text, About.of(findings[0], self.found, file)), AT_ONCE):
            yield from self._together(new, findings[1:], file)

    def _spoken_of(self) -> list[str]:
        """The files that its lines lie in."""
        return [place["file"] for place in (self.first.get("lines") or {}).values() if place]

    def result(self) -> Healed | None:
        if not self.causes:
            return None
        return Healed(self.file, self.texts[self.file], self.text, tuple(self.causes), self.checked)


def _safely(texts: Iterator[str]) -> Iterator[str]:
    """Those texts, up to an error: a program that is written in a way no edit knows of is diagnosed all the same."""
    with suppress(Exception):
        yield from texts


def mends(before: Mapping[str, Any], after: Mapping[str, Any] | None, cause: str) -> str:
    """How it shows that a new text mends a finding; empty where it does not.

    The finding must be gone, nothing new be found, and the program run as far as before. Where the cause is one that
    only a trial tells, the program must also learn better.

    >>> sick = {"state": "diverged", "verdict": [{"cause": "lr-too-high", "status": "proved"}], "library": "PyTorch",
    ...     "program": {"how": "ended"}, "course": {"first": 2.3, "last": 9.9, "steps": 40}, "quality": 0.1}
    >>> well = sick | {"state": "healthy", "verdict": [], "course": {"first": 2.3, "last": 0.1, "steps": 40},
    ...     "quality": 0.9}
    >>> mends(sick, well, "lr-too-high")
    'it was run: it learns'
    >>> mends(sick, sick, "lr-too-high")
    ''
    """
    if after is None or after["library"] != before["library"] or not _is_measured(after):
        return ""
    if after["program"]["how"] in ("crashed", "killed", "exited") and before["program"]["how"] == "ended":
        return ""
    old, new = _certain(before), _certain(after)
    if new - old or cause in new:
        return ""
    if after["state"] in ("non-finite", "diverged", "not-examined") and after["state"] != before["state"]:
        return ""
    better = _better(before, after)
    if cause in TRIED or _status(before, cause) not in CERTAIN:
        return better
    return better or ("" if _worse(before, after) else f"it was run: {cause} is gone")


def _is_measured(found: Mapping[str, Any]) -> bool:
    """Whether it can be told how it learned: by a loss that is a number, or, where none is kept, by its quality."""
    course = found.get("course")
    return math.isfinite(course["last"]) if course else found.get("quality") is not None


def _certain(found: Mapping[str, Any]) -> set[str]:
    return {one["cause"] for one in found["verdict"] if one["status"] in CERTAIN}


def _status(found: Mapping[str, Any], cause: str) -> str:
    return next((one["status"] for one in found["verdict"] if one["cause"] == cause), "")


def _better(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    old, new = before.get("quality"), after.get("quality")
    if after["state"] == "healthy" and before["state"] != "healthy":
        return "it was run: it learns"
    if old is not None and new is not None:
        return f"it was run: its quality goes from {old:.3g} to {new:.3g}" if new > old + BETTER else ""
    was, now = before.get("course"), after.get("course")
    if was and now and now["last"] < LOWER * was["last"] and now["last"] < now["first"]:
        return f"it was run: its loss ends at {now['last']:.3g} instead of {was['last']:.3g}"
    return ""


def _worse(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    old, new = before.get("quality"), after.get("quality")
    if after["state"] == "healthy":
        return False
    if old is not None and new is not None and new < old - WORSE:
        return True
    was, now = before.get("course"), after.get("course")
    return bool(now and now["last"] > now["first"] and (not was or was["last"] <= was["first"]))


def texts_of(path: Path, found: Mapping[str, Any]) -> dict[str, str]:
    """The program's own text, and those of the files beside it that a diagnosis speaks of; those in UTF-8.

    >>> sorted(texts_of(Path(__file__), {"lines": {}, "verdict": []}))
    ['heal.py']
    """
    names = {path.name}
    names |= {place["file"] for place in (found.get("lines") or {}).values() if place}
    names |= {one["where"]["file"] for one in found["verdict"] if one.get("where")}
    texts = {}
    for name in sorted(names):
        with suppress(OSError, UnicodeDecodeError, UsageError, BadFile):
            (path.parent / name).read_bytes().decode("utf-8")
            texts[name] = read_source(path.parent / name).text
    return texts
