"""The same few rows again and again: told where rows are many and different ones are few.

Few rows are honest where there are no others: truth tables, grids, one row for each class. There every column takes a
few values; of what was measured, nearly every row has values of its own.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from whynet.doctor.diagnosis import Finding, Status
from whynet.doctor.symptoms.data import DIFFERENT_ROWS
from whynet.subjects.inside.probe import Seen, arrays_in
from whynet.types import Array

MOST_KINDS = 64  # more may be all that somebody has
OFTEN = 10  # times that each is there, on average
COLUMNS = 3  # fewer may be a grid
MOST_COLUMNS = 2000
OWN_VALUES = 0.25  # of the different rows: so many different values, at least, have measured columns


def few_kinds(batches: Iterable[tuple[Any, Any]], *, steps: int = 0, others: int | None = None) -> Seen:
    """Whether the rows of these batches, inputs and targets, are a few that come again and again. Of a data set that is
    certain; of what was seen in so many `steps` it is not known whether there are others, and nothing is said where
    the loop itself knows of no more rows, to judge by, than of these: `others`.

    >>> X = np.random.default_rng(0).normal(size=(10, 4))
    >>> seen = few_kinds([(X[np.arange(500) % 10], np.arange(500) % 10)])
    >>> [(one.cause, one.status, one.detail) for one in seen.findings]
    [('data-index-bug', 'found', 'of 500 rows, 10 are different: look at the indices that they were picked by')]
    >>> few_kinds([(np.repeat(X, 5, axis=0), np.arange(50))]).findings  # each with targets of its own
    ()
    """
    known: dict[bytes, Array] = {}
    rows = 0
    for inputs, targets in batches:
        given = arrays_in(inputs)
        count = len(given[0]) if given and given[0].ndim else 0
        both = [*given, *arrays_in(targets)]
        if not count or any(not one.ndim or len(one) != count for one in both):
            return Seen()
        for row in range(count):
            known.setdefault(b"".join(one[row].tobytes() for one in both), _flat(given, row))
            if len(known) > MOST_KINDS:
                return Seen()
        rows += count
    if rows < OFTEN * len(known) or not known or not _are_measured(list(known.values())):
        return Seen()
    if others is not None and others <= len(known):
        return Seen()
    fact = DIFFERENT_ROWS.measured(len(known))
    status: Status = "suspected" if steps else "found"
    words = f"of {rows:,} rows, {len(known)} are different: look at the indices that they were picked by"
    if steps:
        words = f"in {steps:,} steps the same {len(known)} rows came again and again"
        words += f", and {others} are judged by: are there no others?" if others else ": are there no others?"
    return Seen([fact], [Finding("data-index-bug", status, (fact,), detail=words)])


def _flat(given: list[Array], row: int) -> Array:
    """The inputs of a row, of many every so many."""
    flat = np.concatenate([np.asarray(one[row], dtype=np.float64).reshape(-1) for one in given])
    return flat[:: max(1, len(flat) // MOST_COLUMNS)]


def _are_measured(rows: list[Array]) -> bool:
    """Whether different rows have values of their own in some columns.

    >>> _are_measured(list(np.eye(10))), _are_measured(list(np.random.default_rng(0).normal(size=(10, 4))))
    (False, True)
    """
    if len({len(one) for one in rows}) > 1:
        return False
    ordered = np.sort(np.stack(rows), axis=0)
    values = 1 + (np.diff(ordered, axis=0) != 0).sum(axis=0)
    live = np.sort(values[values > 1])
    if len(rows) == 1:
        return len(values) >= COLUMNS
    if len(live) < COLUMNS:
        return False
    return bool(live[-max(COLUMNS, len(live) // 10)] >= max(3, OWN_VALUES * len(rows)))
