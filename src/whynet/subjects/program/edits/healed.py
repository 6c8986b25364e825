"""A wrong line's mends, run one after the other, until the x-ray finds nothing wrong with one."""

from __future__ import annotations

import difflib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from whynet.subjects.program.edits.mends import mends
from whynet.subjects.program.notebook import read_source
from whynet.subjects.program.place import SKIPPED
from whynet.subjects.program.xray import Finding, Xray, examine

MOST = 16
"""Mends of one finding that are run."""
CLOSE = 1e-5
ROUNDS = 8
"""Findings of one program that are mended."""


@dataclass(frozen=True)
class Edit:
    """A text that is healed of a finding, and what its x-ray shows.

    >>> Edit("w += g", "w -= g", Path("f.py"), Finding("sign", 1, "f.py", "w", "w", ""), Xray("ended"), 1).tried
    1
    """

    before: str
    after: str
    file: Path
    finding: Finding
    xray: Xray
    tried: int
    """How many mends were run until this one."""


def healed(
    path: str | Path,
    args: Sequence[str],
    seconds: float,
    xray: Xray,
    finding: Finding,
    texts: Mapping[Path, str] | None = None,
) -> Edit | None:
    """The first mend that a finding is gone with, without a new one; else the first that uncovers a wrong line which
    followed from it; None if none does either.

    `texts` stand in for what is in the files.

    >>> import shutil, tempfile
    >>> folder = tempfile.mkdtemp()
    >>> file = Path(folder) / "f.py"
    >>> _ = file.write_text('''
    ... import numpy as np
    ... X = np.random.randn(20, 3)
    ... y = X @ np.array([1.0, -2.0, 0.5])
    ... w = np.zeros(3)
    ... for i in range(100):
    ...     error = X @ w - y
    ...     w += 0.1 * X.T @ error / 20
    ... ''')
    >>> seen = examine(file, echo=False)
    >>> healed(file, [], 20, seen, seen.first).after.split("\\n")[-2]
    '    w -= 0.1 * X.T @ error / 20'
    >>> shutil.rmtree(folder)
    """
    path, texts = Path(path), dict(texts or {})
    file = place(path, finding.file)
    if file is None:
        return None
    before = texts.get(file) or read_source(file).text
    ends = time.monotonic() + seconds
    kept = _forward(xray, finding)
    fit = (after for after in mends(before, finding, xray) if not kept & touched(before, after))
    says = len(xray.spoiling) < len(xray.findings)
    partly: Edit | None = None
    for tried, after in enumerate(fit, 1):
        left = ends - time.monotonic()
        if tried > MOST or left <= 0:
            break
        seen = looked_at(path, args, min(left, 20 + 4 * xray.seconds), {**texts, file: after}, says)
        if seen.cut == "interrupt":
            raise KeyboardInterrupt
        if better(xray, seen, finding):
            return Edit(before, after, file, finding, seen, tried)
        if partly is None and uncovers(xray, seen, finding):
            partly = Edit(before, after, file, finding, seen, tried)
    return partly


def _forward(xray: Xray, finding: Finding) -> set[int]:
    """The lines of the forward pass: a gradient that is right for another network is no mend."""
    rows = (row for row in xray.rows if row.meaning in ("z", "a", "output") and row.file == finding.file)
    return {row.line for row in rows} - {finding.line}


def touched(before: str, after: str) -> set[int]:
    """The lines of a text that are others afterwards.

    >>> touched("a = 1\\nb = 2\\n", "a = 1\\nb = 3\\nc = 4\\n")
    {2}
    """
    old, new = before.split("\n"), after.split("\n")
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    return {line + 1 for tag, a, b, _, _ in matcher.get_opcodes() if tag != "equal" for line in range(a, b)}


def place(path: Path, name: str) -> Path | None:
    """The file that a finding is in: the program's own, or one of that name in its folder; None if there are several.

    >>> place(Path("train.py"), "train.py")
    PosixPath('train.py')
    """
    if name in (path.name, f"{path.name}.py"):
        return path
    found = [one for one in path.parent.rglob(name) if not SKIPPED & set(one.relative_to(path.parent).parts)]
    return found[0] if len(found) == 1 else None


def looked_at(path: Path, args: Sequence[str], seconds: float, texts: Mapping[Path, str], twice: bool = True) -> Xray:
    """The x-ray of a program with other texts in its files; `twice` as for `examine`.

    >>> looked_at(Path("train.py"), [], 20, {Path("train.py"): "import math"}).how
    'ended'
    """
    own = texts.get(path)
    if own is None:
        source = read_source(path)
        own = source.text if source.cells else None
    beside = {str(file.relative_to(path.parent)): text for file, text in texts.items() if file != path}
    return examine(path, args, seconds, echo=False, text=own, beside=beside, twice=twice)


def better(old: Xray, new: Xray, finding: Finding) -> bool:
    """Whether a finding is gone, nothing else is wrong that was not before, and what it spoiled is right now.

    >>> one = Finding("sign", 1, "f.py", "w", "w", "")
    >>> old, new = Xray("ended", findings=[one]), Xray("ended", loop_line=1, parameters={"w": ()}, right=["w"])
    >>> better(old, new, one), better(old, old, one)
    (True, False)
    """
    if len(new.findings) >= len(old.findings) or _added(old, new, finding):
        return False
    return _as_good(old, new) and _moved(finding, old, new)


def uncovers(old: Xray, new: Xray, finding: Finding) -> bool:
    """Whether a finding is gone, more parameters are moved down the slope than before, and what is found now, and was
    not, stands in another line: it followed from the finding, and was not accused.

    >>> one, two = Finding("sign", 1, "f.py", "d", "w", ""), Finding("wrong-operand", 2, "f.py", "g", "w", "")
    >>> old = Xray("ended", findings=[one])
    >>> new = Xray("ended", loop_line=1, parameters={"w": (), "b": ()}, right=["b"], findings=[two])
    >>> uncovers(old, new, one), better(old, new, one), uncovers(old, old, one)
    (True, False, False)
    """
    before = {(one.file, one.line) for one in old.findings}
    if any((one.file, one.line) in before for one in _added(old, new, finding)):
        return False
    gone = all((one.kind, one.file, one.line) != (finding.kind, finding.file, finding.line) for one in new.findings)
    return gone and len(new.findings) <= len(old.findings) and len(new.right) > len(old.right) and _as_good(old, new)


def _added(old: Xray, new: Xray, finding: Finding) -> list[Finding]:
    """What is found now, and was not found beside a finding."""
    known = {(one.kind, one.parameter) for one in old.findings} - {(finding.kind, finding.parameter)}
    return [one for one in new.findings if (one.kind, one.parameter) not in known]


def _as_good(old: Xray, new: Xray) -> bool:
    """Whether it trains the same parameters, as well understood, and what was right is."""
    if not new.loop_line or new.how in ("crashed", "exited", "killed"):
        return False
    if len(new.parameters) < len(old.parameters) or (new.opaque and not set(new.opaque) <= set(old.opaque)):
        return False
    return set(old.right) <= set(new.right)


def _moved(finding: Finding, old: Xray, new: Xray) -> bool:
    """Whether the parameter of a finding is moved down the slope."""
    if not finding.parameter:
        return bool(new.right)
    if finding.kind == "factor" and _rates(new) >= _rates(old) > 1:
        return False
    if finding.parameter in new.right:
        return True
    return len(new.right) > len(old.right) or (finding.kind in ("factor", "never-cleared") and bool(new.right))


def _rates(xray: Xray) -> int:
    """How many different multiples of their derivatives the parameters are moved by."""
    found: list[float] = []
    for rate in xray.rates.values():
        if not any(abs(rate - other) <= CLOSE * abs(other) for other in found):
            found.append(rate)
    return len(found)


def all_healed(path: str | Path, args: Sequence[str], seconds: float, xray: Xray) -> list[Edit]:
    """The edits that heal all findings that can be healed, one after the other.

    >>> all_healed("train.py", [], 20, Xray("ended"))
    []
    """
    path = Path(path)
    ends = time.monotonic() + seconds
    edits: list[Edit] = []
    texts: dict[Path, str] = {}
    given: set[tuple[str, int]] = set()
    for _ in range(ROUNDS):
        todo = next((one for one in xray.spoiling if (one.kind, one.line) not in given), None)
        if todo is None or time.monotonic() > ends:
            break
        given.add((todo.kind, todo.line))
        edit = healed(path, args, ends - time.monotonic(), xray, todo, texts)
        if edit is not None:
            edits.append(edit)
            texts[edit.file], xray, given = edit.after, edit.xray, set()
    return edits
