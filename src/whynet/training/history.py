"""What happened, epoch by epoch: records <-> JSON lines. Others read it; nothing is printed here."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any, overload

from whynet.errors import BadFile
from whynet.views import view


@dataclass(frozen=True, kw_only=True)
class Epoch:
    """One pass over the training examples.

    `cost` is the mean over the epoch's batches, each taken before its step; `seconds` counts the steps alone, without
    evaluation.

    >>> epoch = Epoch(epoch=0, steps=100, cost=0.4, learning_rate=0.1, seconds=0.1, test_correct=90, test_total=100)
    >>> epoch.test_accuracy
    0.9
    """

    epoch: int
    steps: int
    cost: float
    learning_rate: float
    seconds: float
    penalty: float = 0.0
    validation_cost: float | None = None
    validation_accuracy: float | None = None
    test_correct: int | None = None
    test_total: int | None = None

    @property
    def test_accuracy(self) -> float | None:
        """Share of the test set answered right, 0..1."""
        if self.test_correct is None or not self.test_total:
            return None
        return self.test_correct / self.test_total

    def to_json(self) -> bytes:
        """The record as one line of `metrics.jsonl`; NaN and infinities become null."""
        import msgspec

        return msgspec.json.encode(asdict(self))


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
        epoch,steps,cost,learning_rate,seconds,penalty,validation_cost,validation_accuracy,test_correct,test_total
        """
        lines = io.StringIO()
        writer = csv.DictWriter(lines, [one.name for one in fields(Epoch)], lineterminator="\n")
        writer.writeheader()
        writer.writerows(asdict(epoch) for epoch in self.epochs)
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
                epochs.append(msgspec.convert(values, Epoch))
            except (msgspec.DecodeError, msgspec.ValidationError) as error:
                raise BadFile(f"line {number} is no record of an epoch: {error}", where=where) from None
        del rest
        return History(epochs)
