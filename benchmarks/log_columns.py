"""Logs whose columns are known: the figures of real trainings, printed in many formats and by formats drawn at random,
read back and compared, column by column: role, split and every value."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from whynet.doctor.diagnosis import Series

Row = dict[str, float]


class Column(NamedTuple):
    """What was printed: cost or accuracy, of which examples ("" for those that it is trained on), and its values."""

    what: str
    split: str
    values: tuple[float, ...]


def right_of(columns: Sequence[Column], run: Sequence[Series]) -> tuple[int, int]:
    """How many columns are right, of how many: those that were printed, and those that were read into it.

    >>> right_of([Column("cost", "", (0.5, 0.4))], [Series("loss", "cost", "train", (0.5, 0.4))])
    (1, 1)
    """
    left = list(run)
    right = 0
    for column in columns:
        found = next((one for one in left if _same(column, one)), None)
        if found is not None:
            left.remove(found)
            right += 1
    return right, max(len(columns), right + len(left))


def _same(column: Column, one: Series) -> bool:
    split = "held-out" if one.split == "held-out" else ""
    if (column.what, column.split) != (one.what, split) or len(column.values) != len(one.values):
        return False
    return all(
        (math.isnan(a) and math.isnan(b)) or math.isclose(a, b, rel_tol=1e-6, abs_tol=1e-9)
        for a, b in zip(column.values, one.values, strict=True)
    )


def printed(rows: Sequence[Row], key: str, pattern: str, scale: float = 1.0) -> tuple[float, ...]:
    """The values as they are printed.

    >>> printed([{"cost": 0.12345}], "cost", "{:.2f}")
    (0.12,)
    """
    return tuple(float(pattern.format(row[key] * scale)) / scale for row in rows)


KEYS = {"cost": ("cost", ""), "accuracy": ("accuracy", ""), "val_cost": ("cost", "held-out"),
        "val_accuracy": ("accuracy", "held-out")}  # fmt: skip
SHOWN: dict[str, dict[str, str]] = {  # format: which keys it prints, and how
    "keras": dict.fromkeys(KEYS, "{:.4f}"),
    "keras-carriage-returns": dict.fromkeys(KEYS, "{:.4f}"),
    "epoch-loss-acc": dict.fromkeys(KEYS, "{:.3f}"),
    "book": {"val_accuracy": "right"},
    "book-costs": {"cost": "{}", "accuracy": "%.2f", "val_accuracy": "right"},
    "csv": {"cost": "{:.5f}", "accuracy": "{:.4f}", "val_cost": "{:.5f}", "val_accuracy": "{:.4f}"},
    "tsv-cost": {"cost": "{:.5f}"},
    "markdown": {"cost": "{:.4f}", "val_accuracy": "%.2f"},
    "json-lines": {"cost": "{}", "val_accuracy": "{}"},
    "dict": dict.fromkeys(KEYS, "{:.5f}"),
    "scikit-learn": {"cost": "{:.8f}"},
    "fastai": {"cost": "{:.6f}", "val_cost": "{:.6f}", "val_accuracy": "{:.6f}"},
    "lightning": {"cost": "{:.3f}", "val_cost": "{:.3f}", "val_accuracy": "{:.3f}"},
    "octave": {"cost": "{:.6e}"},
    "logging": {"cost": "{:.4f}", "accuracy": "%.2f", "val_accuracy": "%.2f"},
    "german": {"cost": "{:.4f}", "val_accuracy": "%.2f"},
}
UNSPLIT = {"book", "fastai"}  # formats that do not say that an accuracy is of held-out examples


def columns_of(name: str, patient: dict[str, Any]) -> list[Column] | None:
    """The columns that a format prints of a patient; None of formats that print something else than one line a row."""
    if name not in SHOWN:
        return None
    found = []
    for key, how in SHOWN[name].items():
        what, split = KEYS[key]
        split = "" if name in UNSPLIT and what == "accuracy" else split
        if how == "right":
            values = tuple(row["right"] / 10_000 for row in patient["rows"])
        else:
            percent = how.startswith("%")
            pattern = "{:" + how[1:] + "}" if percent else how
            values = printed(patient["rows"], key, pattern, 100.0 if percent else 1.0)
        if not (what == "accuracy" and all(math.isnan(value) for value in values)):
            found.append(Column(what, split, values))
    return found


# ---- formats drawn at random

LOSSES = ("loss", "Loss", "cost", "Cost", "error", "mse", "nll", "cross-entropy", "objective", "xent")
HITS = ("acc", "accuracy", "Accuracy", "Acc", "correct", "hit rate", "recognition rate", "top1", "prec@1", "score")
WRONG = ("error rate", "err %", "misclassified", "wrong")
TRAIN = ("train", "training", "Train", "tr", "trn")
HELD = ("val", "valid", "test", "Test", "dev", "eval", "validation", "held-out", "te")
OTHERS: tuple[Callable[[random.Random, int], tuple[str, str]], ...] = (
    lambda rng, at: ("lr", rng.choice(("0.001", "1e-3", "0.1000", "3.00e-04"))),
    lambda rng, at: ("time", f"{rng.uniform(1, 90):.2f}s"),
    lambda rng, at: ("grad_norm", f"{rng.uniform(0.1, 9):.3f}"),
    lambda rng, at: ("eta", f"0:{rng.randrange(60):02}:{rng.randrange(60):02}"),
    lambda rng, at: ("samples/s", f"{rng.uniform(100, 9000):.1f}"),
    lambda rng, at: ("mem", f"{rng.randrange(500, 9000)}MB"),
    lambda rng, at: ("weight decay", "0.0005"),
    lambda rng, at: ("batch size", "64"),
    lambda rng, at: ("momentum", "0.9"),
    lambda rng, at: ("elapsed", f"{rng.randrange(9)}m {rng.randrange(60)}s"),
)


def drawn(rng: random.Random, patient: dict[str, Any]) -> tuple[str, list[Column]]:
    """A text of a format drawn at random, and its columns."""
    rows = patient["rows"]
    loss, hits = rng.choice(LOSSES), rng.choice(HITS)
    wrong = rng.random() < 0.12
    hits = rng.choice(WRONG) if wrong else hits
    keys = rng.choice((("cost",), ("cost", "accuracy"), ("cost", "val_cost"), ("cost", "val_accuracy"),
                       ("cost", "val_cost", "val_accuracy"), tuple(KEYS), tuple(KEYS), ("accuracy", "val_accuracy"),
                       ("cost", "accuracy", "val_accuracy")))  # fmt: skip
    held, train = rng.choice(HELD), rng.choice(("", *TRAIN))
    train = rng.choice(TRAIN) if len(keys) > 1 and rng.random() < 0.6 else train
    glue = rng.choice((" ", " ", "_", "_", "/", "."))
    shape = rng.choice(("line", "line", "line", "csv", "pipes", "json", "columns", "record", "lists"))
    percent = rng.random() < 0.4 or hits in ("err %", "misclassified", "wrong")
    digits = rng.choice((3, 4, 5, 6))
    names, cells, columns = [], [], []
    for key in keys:
        what, split = KEYS[key]
        base = loss if what == "cost" else hits
        prefix = held if split else train
        name = f"{prefix}{glue}{base}" if prefix else base
        name = name.replace(" ", "_") if shape in ("csv", "json", "columns", "lists") else name
        scaled = 100.0 if what == "accuracy" and percent else 1.0
        values = [1 - row[key] if wrong and what == "accuracy" else row[key] for row in rows]
        shown = [f"{value * scaled:.{digits if scaled == 1 else 2}f}" for value in values]
        read = tuple(float(one) / scaled for one in shown)
        read = tuple(1 - one for one in read) if wrong and what == "accuracy" else read
        if not (what == "accuracy" and all(map(math.isnan, read))):
            columns.append(Column(what, split, read))
        sign = "%" if scaled > 1 and shape not in ("csv", "json", "lists") else ""
        names.append(name)
        cells.append([one + sign for one in shown])
    for other in rng.sample(OTHERS, rng.choice((0, 0, 1, 2))) if shape not in ("lists",) else ():
        drawn_cells = [other(rng, at) for at in range(len(rows))]
        at = rng.randrange(len(names) + 1)
        names.insert(at, drawn_cells[0][0].replace(" ", "_") if shape in ("csv", "json", "columns") else
                     drawn_cells[0][0])  # fmt: skip
        cells.insert(at, [one[1] for one in drawn_cells])
    step = rng.choice(("epoch", "Epoch", "ep", "iter", "step", "round"))
    return "\n".join(_shaped(rng, shape, step, names, cells, len(rows))), columns


def _shaped(
    rng: random.Random, shape: str, step: str, names: Sequence[str], cells: Sequence[Sequence[str]], rows: int
) -> Iterator[str]:
    if shape == "lists":
        for name, column in zip(names, cells, strict=True):
            yield f"{name} = [{', '.join(column)}]"
        return
    first = rng.choice((0, 1))
    if shape in ("csv", "pipes", "columns"):
        bar = {"csv": ",", "pipes": " | ", "columns": "   "}[shape]
        edge = ("| ", " |") if shape == "pipes" else ("", "")
        yield edge[0] + bar.join((step, *names)) + edge[1]
        if shape == "pipes":
            yield "|" + "---|" * (len(names) + 1)
        for at in range(rows):
            yield edge[0] + bar.join((str(at + first), *(column[at].replace(" ", "") for column in cells))) + edge[1]
        return
    equals = rng.choice((": ", "=", " = ", " ", ":"))
    between = rng.choice((", ", " - ", " | ", "  ", "; ", "\t"))
    begin = rng.choice(("{step} {n}{colon} ", "[{step} {n}] ", "{step} {n}/{rows}{between}", "{step}={n}{between}",
                        "{step}: {n}{between}", "({n}) "))  # fmt: skip
    colon = rng.choice((":", ""))
    for at in range(rows):
        row = [column[at] for column in cells]
        if shape == "json":
            told = ", ".join(f'"{name}": {_json(cell)}' for name, cell in zip(names, row, strict=True))
            yield f'{{"{step}": {at + first}, {told}}}'
        elif shape == "record":
            yield f"{step} {at + first}"
            yield from (f"  {name}{': ' if equals == ' ' else equals}{cell}"
                        for name, cell in zip(names, row, strict=True))  # fmt: skip
        else:
            told = between.join(f"{name}{equals}{cell}" for name, cell in zip(names, row, strict=True))
            yield begin.format(step=step, n=at + 1, rows=rows, between=between,
                               colon=colon) + told  # fmt: skip


def _json(cell: str) -> str:
    try:
        float(cell)
    except ValueError:
        return f'"{cell}"'
    return cell if cell != "nan" else "NaN"
