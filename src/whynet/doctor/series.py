"""Series: numbers of one kind that a training printed, in their order."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

What = Literal["cost", "accuracy"]
Split = Literal["train", "held-out", ""]


@dataclass(frozen=True)
class Series:
    """Costs, or accuracies as shares 0..1; `split` says of which examples, if that was said.

    `total` is the number of examples where right answers were counted. `said` are single figures from sentences.

    >>> Series("val_loss", "cost", "held-out", (2.3, 0.4)).as_dict()["last"]
    0.4
    """

    name: str
    what: What
    split: Split
    values: tuple[float, ...]
    total: int | None = None
    said: bool = False

    @property
    def finite(self) -> tuple[float, ...]:
        """The values without NaN and infinities."""
        return tuple(value for value in self.values if math.isfinite(value))

    def as_dict(self) -> dict[str, Any]:
        """As the JSON of a diagnosis has it."""
        return {
            "name": self.name,
            "what": self.what,
            "split": self.split or None,
            "values": len(self.values),
            "first": self.values[0],
            "last": self.values[-1],
            "total": self.total,
        }
