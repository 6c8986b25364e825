"""What happened, epoch by epoch: records <-> JSON lines. Others read it; nothing is printed here."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, overload

from whynet.errors import BadFile
from whynet.metric import Metric
from whynet.views import view


@dataclass(frozen=True, kw_only=True)
class Epoch:
    """One pass over the training examples.

    `cost` is the mean over the epoch's batches, each taken before its step; `seconds` counts the steps alone, without
    evaluation. Qualities are from 0 to 1; `metric` is the figure that people print: on the test set, or where there is
    none on the validation set.

    >>> epoch = Epoch(epoch=0, steps=100, cost=0.4, learning_rate=0.1, seconds=0.1, test_correct=90, test_total=100)
    >>> epoch.test_accuracy, epoch.validation_accuracy
    (0.9, None)
    """

    epoch: int
    steps: int
    cost: float
    learning_rate: float
    seconds: float
    penalty: float = 0.0
    validation_cost: float | None = None
    validation_quality: float | None = None
    test_quality: float | None = None
    metric: Metric | None = None
    test_correct: int | None = None
    test_total: int | None = None

    @property
    def test_accuracy(self) -> float | None:
        """Share of the test set answered right, 0..1."""
        if self.test_correct is None or not self.test_total:
            return None
        return self.test_correct / self.test_total

    @property
    def validation_accuracy(self) -> float | None:
        """Share of the validation set answered right, 0..1; None where there are no classes."""
        return self.validation_quality if self.metric is None or self.metric.name == "accuracy" else None

    def as_dict(self) -> dict[str, Any]:
        """The record as plain values."""
        values = {one.name: getattr(self, one.name) for one in fields(self)}
        metric = None if self.metric is None else self.metric._asdict()
        return values | {"metric": metric, "validation_accuracy": self.validation_accuracy}

    def to_json(self) -> bytes:
        """The record as one line of `metrics.jsonl`; NaN and infinities become null."""
        import msgspec

        return msgspec.json.encode(self.as_dict())


@dataclass
class History(Sequence[Epoch]):
    """The epochs of a run, in order; indexing by a name gives that column.

    >>> history = History([Epoch(epoch=0, steps=6000, cost=0.5, learning_rate=0.1, seconds=0.4)])
    >>> history["cost"]
    [0.5]
    """

    epochs: list[Epoch] = field(default_factory=list)

    @overload
    def __getitem__(self, key: int) -> Epoch: ...
    @overload
    def __getitem__(self, key: slice) -> list[Epoch]: ...
    @overload
    def __getitem__(self, key: str) -> list[Any]: ...
    def __getitem__(self, key: int | slice | str) -> Epoch | list[Epoch] | list[Any]:
        if isinstance(key, str):
            return [getattr(epoch, key) for epoch in self.epochs]
        return self.epochs[key]

    def __len__(self) -> int:
        return len(self.epochs)

    def __iter__(self) -> Iterator[Epoch]:
        return iter(self.epochs)

    def _repr_html_(self) -> str:
        return str(view(self, "html"))

    def to_csv(self) -> str:
        """The records as comma-separated values with a line of names, for a spreadsheet.

        >>> print(History([Epoch(epoch=0, steps=10, cost=0.5, learning_rate=0.1, seconds=0.4)]).to_csv().split()[0])
        epoch,steps,cost,learning_rate,seconds,penalty,validation_cost,validation_quality,test_quality,metric,...
        """
        lines = io.StringIO()
        names = [*(one.name for one in fields(Epoch)), "validation_accuracy"]
        writer = csv.DictWriter(lines, names, lineterminator="\n")
        writer.writeheader()
        writer.writerows(epoch.as_dict() | {"metric": epoch.metric and epoch.metric.value} for epoch in self.epochs)
        return lines.getvalue()

    def append(self, epoch: Epoch) -> None:
        """Add the record of the epoch that just ended."""
        self.epochs.append(epoch)

    @staticmethod
    def from_json_lines(text: str, where: str) -> History:
        """Read what `Epoch.to_json` wrote, one record a line. A last line cut short by a crash is left out.

        Raises
        ------
        BadFile
            A line in the middle is no record.
        """
        import msgspec

        lines = text.split("\n")
        complete, rest = lines[:-1], lines[-1]
        epochs = []
        for number, line in enumerate(complete, 1):
            try:
                values = msgspec.json.decode(line)
                if isinstance(values, dict) and values.get("cost") is None:
                    values["cost"] = float("nan")
                if isinstance(values, dict) and isinstance(values.get("metric"), dict):
                    metric = values["metric"]
                    values["metric"] = [
                        metric.get("name"),
                        math.nan if metric.get("value") is None else metric["value"],
                    ]
                if isinstance(values, dict) and "validation_quality" not in values:  # written before there was any
                    values["validation_quality"] = values.get("validation_accuracy")
                epochs.append(msgspec.convert(values, Epoch))
            except (msgspec.DecodeError, msgspec.ValidationError) as error:
                raise BadFile(f"line {number} is no record of an epoch: {error}", where=where) from None
        del rest
        return History(epochs)
