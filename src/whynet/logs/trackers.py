"""Trackers: where libraries log their trainings (event files, CSV, JSON lines, JSON, MLflow's folders), as texts that
are read like any other: a head, and a row for each step."""

from __future__ import annotations

import csv
import io
import json
import math
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from whynet.errors import BadFile
from whynet.logs.events import scalars_in
from whynet.logs.roles import is_measured
from whynet.logs.tokens import terms_of

LARGEST = 200_000_000  # bytes of one file
MOST = 50  # runs of a folder
DEEP = 6  # folders within each other
STEPS = ("epoch", "step", "_step", "global_step", "trainer/global_step", "iteration")
DERIVED = ("__MIN", "__MAX")  # columns of an export that repeat another
EVENTS = ".tfevents."
Rows = list[dict[str, float]]


def is_tracked(path: Path) -> bool:
    """Whether a path is a folder, or a file of a kind that is read here rather than as a text.

    >>> is_tracked(Path("events.out.tfevents.17.host")), is_tracked(Path("training.txt"))
    (True, False)
    """
    return path.is_dir() or EVENTS in path.name or path.suffix.lower() in (".csv", ".tsv", ".jsonl", ".json")


def runs_in(path: Path) -> dict[str, str]:
    """Every training that is logged in a file, or in a folder and those within it: its name, and its figures as a text.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     _ = Path(folder, "metrics.jsonl").write_text('{"epoch": 1, "loss": 2.3}')
    ...     list(runs_in(Path(folder, "metrics.jsonl")).values())
    ['epoch,loss\\n1,2.3\\n']

    Raises
    ------
    BadFile
        Nothing is logged there, or it cannot be read.
    """
    if not path.exists():
        raise BadFile("there is no such file or folder", where=str(path), expected="what a training logged")
    files = [path] if path.is_file() else sorted(_logs_in(path, DEEP))
    found: dict[str, Rows] = {}
    for file in files[: 4 * MOST]:
        name = str(file.parent.relative_to(path)) if path.is_dir() else path.name
        name = re.sub(r"(?:^|/)metrics$", "", name) if _is_mlflow(file) else name
        for row in _rows(file):
            found.setdefault(name if name not in ("", ".") else path.name, []).append(row)
    texts = {name: as_text(rows) for name, rows in list(found.items())[:MOST] if rows}
    if not texts:
        expected = "event files of TensorBoard, metrics.csv, metrics.jsonl, trainer_state.json, or MLflow's metrics"
        raise BadFile("nothing that a training logged is here", where=str(path), expected=expected)
    return texts


def _logs_in(folder: Path, deep: int) -> Iterable[Path]:
    for path in sorted(folder.iterdir()):
        if path.is_dir() and deep and not path.is_symlink():
            yield from _logs_in(path, deep - 1)
        elif path.is_file() and (EVENTS in path.name or path.name in FILES or _is_mlflow(path)):
            yield path


def _is_mlflow(path: Path) -> bool:
    """`mlruns/0/<run>/metrics/val_loss`: a file for each figure."""
    return path.parent.name == "metrics" and "." not in path.name


def _rows(path: Path) -> Rows:
    try:
        if path.stat().st_size > LARGEST:
            raise BadFile("this is too large to be a log", where=str(path), expected=f"{LARGEST // 10**6} MB at most")
        content = path.read_bytes()
    except OSError as error:
        raise BadFile(f"the log cannot be read: {error.strerror}", where=str(path), expected="a file") from None
    if EVENTS in path.name:
        return [{"step": float(step), tag: value} for tag, step, value in scalars_in(content, str(path))]
    text = content.decode("utf-8-sig", "replace")
    if _is_mlflow(path):
        return list(_mlflow(path.name, text))
    return READERS.get(path.suffix.lower(), _json_lines)(text, str(path))


def _mlflow(name: str, text: str) -> Iterable[dict[str, float]]:
    """Lines of a time, a value and a step."""
    for line in text.splitlines():
        cells = line.split()
        if len(cells) >= 2 and _number(cells[1]) is not None:
            yield _numbers([(name, cells[1]), *([("step", cells[2])] if cells[2:] else [])])


def _table(text: str, where: str) -> Rows:
    """CSV and TSV: Lightning's metrics.csv, Keras' CSVLogger, exports of Weights & Biases and MLflow."""
    head = text.partition("\n")[0]
    rows = list(csv.reader(io.StringIO(text), delimiter="\t" if "\t" in head else ";" if ";" in head else ","))
    if len(rows) < 2:
        raise BadFile("this table has no rows", where=where, expected="a line of names, and a row for each step")
    names = [re.sub(r"^.{1,80}? - ", "", name.strip()) for name in rows[0]]
    if not any(is_measured(terms_of(name)) for name in names):
        expected = "a column called loss, accuracy, mse or the like"
        raise BadFile("no column of this table is the figure of a training", where=where, expected=expected)
    return [_numbers(zip(names, cells, strict=False)) for cells in rows[1:] if cells]


def _json_lines(text: str, where: str) -> Rows:
    found = []
    for line in text.splitlines():
        try:
            row = json.loads(line)
        except ValueError:
            continue  # a line that is still being written
        if isinstance(row, Mapping):
            found.append(_numbers(_flat(row)))
    return found


def _json(text: str, where: str) -> Rows:
    """`trainer_state.json` of Transformers, or a list of rows, or lists by name as Keras' history has them."""
    try:
        value = json.loads(text)
    except ValueError as error:
        raise BadFile(f"this is no JSON: {error}", where=where, expected="trainer_state.json, or rows") from None
    if isinstance(value, Mapping):
        listed = value.get("log_history", value.get("history"))
        if isinstance(listed, list):
            value = listed
        else:
            lists = {key: each for key, each in value.items() if isinstance(each, list)}
            longest = max(map(len, lists.values()), default=0)
            value = [{key: each[at] for key, each in lists.items() if at < len(each)} for at in range(longest)]
    return [_numbers(_flat(row)) for row in value if isinstance(row, Mapping)] if isinstance(value, list) else []


def _flat(row: Mapping[str, object], before: str = "") -> Iterable[tuple[str, object]]:
    for key, value in row.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{before}{key}_")
        else:
            yield f"{before}{key}", value


def _numbers(cells: Iterable[tuple[str, object]]) -> dict[str, float]:
    found = {}
    for name, value in cells:
        number = _number(value)
        if number is not None and not name.endswith(DERIVED):
            found[name] = number
    return found


def _number(value: object) -> float | None:
    if isinstance(value, bool) or value in (None, ""):
        return math.nan if value is None else None
    try:
        return float(str(value))
    except ValueError:
        return None


def as_text(rows: Rows) -> str:
    """Rows as a table of text: the step first, a column for each figure that changes or is not a step.

    >>> as_text([{"step": 1.0, "loss": 0.7}, {"step": 1.0, "val_loss": 0.8}, {"step": 2.0, "loss": 0.5}])
    'step,loss,val_loss\\n1,0.7,0.8\\n2,0.5,\\n'
    """
    names = list(dict.fromkeys(name for row in rows for name in row))
    step = next((name for name in STEPS if name in names), None)
    columns = [name for name in names if name not in STEPS and not name.startswith("_")]
    merged: list[dict[str, float]] = []
    for row in rows:
        last = merged[-1] if merged else {}
        same = step and step in row and row.get(step) == last.get(step)
        if same and not any(name in last for name in row if name not in STEPS):
            last.update(row)
        else:
            merged.append(dict(row))
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    counted = "step" if step and step != "epoch" else "epoch"
    writer.writerow([counted, *(re.sub(r"[/.,]", "_", one) for one in columns)])
    for at, row in enumerate(merged):
        if any(name in row for name in columns):
            writer.writerow([f"{row.get(step or '', at):.10g}", *(_cell(row.get(name)) for name in columns)])
    return out.getvalue()


def _cell(value: float | None) -> str:
    return "" if value is None else f"{value:.10g}"


READERS: dict[str, Callable[[str, str], Rows]] = {".csv": _table, ".tsv": _table, ".jsonl": _json_lines, ".json": _json}
FILES = ("metrics.csv", "metrics.jsonl", "trainer_state.json", "training.log", "history.json", "history.csv")
