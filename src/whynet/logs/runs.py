"""Runs: what is logged at a path, a text or what a library logs, diagnosed; several runs are compared."""

from __future__ import annotations

from pathlib import Path

from whynet.doctor.diagnosis import LogDiagnosis, said
from whynet.errors import BadFile
from whynet.logs.log import diagnose_log, read_log
from whynet.logs.trackers import is_tracked, runs_in

BARE = (".csv", ".tsv", ".json", ".jsonl")  # what may be a text as well
MOST = 12  # runs that are told one by one


def diagnose_path(
    path: Path, *, cost: str | None = None, classes: int | None = None, labels: str | None = None
) -> LogDiagnosis:
    """The diagnosis of what is logged at a path: of several runs that of the first that is not healthy, and what each
    came to.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     _ = Path(folder, "metrics.jsonl").write_text('{"loss": 2.3, "acc": 0.5}\\n{"loss": 0.1, "acc": 0.97}')
    ...     diagnose_path(Path(folder)).state
    'healthy'

    Raises
    ------
    BadFile
        Nothing is logged there that can be read.
    """
    found: dict[str, LogDiagnosis] = {}
    why: BadFile | None = None
    try:
        texts = runs_in(path) if is_tracked(path) else {path.name: read_log(path, str(path))}
    except BadFile as error:
        if not path.is_file() or path.suffix not in BARE:
            raise
        texts, why = {path.name: read_log(path, str(path))}, error  # a table without names is a text
    for name, text in texts.items():
        where = f"{path}: {name}" if path.is_dir() else str(path)
        try:
            found[name] = diagnose_log(text, cost=cost, classes=classes, labels=labels, where=where)
        except BadFile as error:
            why = why or error
    if not found:
        assert why is not None  # there is one run at least
        raise why
    name, diagnosis = next(((name, one) for name, one in found.items() if one.state != "healthy"), [*found.items()][-1])
    if len(found) > 1:
        told = "; ".join(f"{each} {one.state}{_end(one)}" for each, one in list(found.items())[:MOST])
        more = f"; and {len(found) - MOST} more" if len(found) > MOST else ""
        diagnosis.remarks.insert(0, said(f"There are {len(found)} runs ({told}{more}); this is about {name}."))
    return diagnosis


def _end(diagnosis: LogDiagnosis) -> str:
    """Where a run ended: its held-out accuracy, or what else there is."""
    known = sorted(diagnosis.series, key=lambda one: (one.what != "accuracy", one.split != "held-out"))
    if not known:
        return ""
    value = known[0].values[-1]
    return f" ({value:.1%})" if known[0].what == "accuracy" else f" ({known[0].name} {value:.4g})"
