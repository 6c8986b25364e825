"""The doctor's line at the end of a descent: the state of the network and the figures that it rests on."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from copy import copy

import numpy as np

from whynet.book.columns import Columns, Rows
from whynet.data.dataset import Dataset
from whynet.data.features import ByteImages, FloatFeatures
from whynet.data.problem import Classification
from whynet.doctor.change import Wording
from whynet.network.costs import floor
from whynet.report.wording.states import sentence
from whynet.subjects.checkup import Trained, falling_of, judge
from whynet.training.recipe import Recipe

MOST = 10_000  # rows that the yardstick is trained on


def say(
    network: Columns, train: Rows, held: Rows | None, costs: Sequence[float], start: float, batch: int, eta: float
) -> None:
    """One line on stderr; none where the outputs are no classes."""
    words = line(network, train, held, costs, start, batch, eta)
    if words:
        print(words, file=sys.stderr)


def line(
    network: Columns, train: Rows, held: Rows | None, costs: Sequence[float], start: float, batch: int, eta: float
) -> str:
    """The state as a sentence, judged by `held`, else by the examples it was trained on.

    >>> from whynet.book.columns import rows_of
    >>> rows = rows_of([(np.full((20, 1), k / 9), np.eye(2)[:, [k % 2]]) for k in range(10)])
    >>> line(Columns([20, 2], "quadratic"), rows, None, [0.25], 0.25, 10, 3.0)
    'Doctor: it has hardly begun to learn: its cost has moved by less than 1 % (50 % right; ...
    """
    core = copy(network.core)
    if network.sizes[-1] < 2 or not costs:
        return ""
    names = tuple(map(str, range(network.sizes[-1])))
    some = train.some(MOST)
    data, judged_by = _data(some, names), _data(some if held is None else held, names)
    core.scaling, core.problem = train.scaling, Classification(names)
    if held is not None and (held.scaling is None) != (train.scaling is None):
        return ""  # rows of another kind than those it was trained on
    targets = some.answers.astype(np.float64) if some.answers.ndim == 2 else np.eye(len(names))[some.answers]
    recipe = Recipe(
        sizes=tuple(network.sizes), cost=core.cost_name,  # type: ignore[arg-type]
        learning_rate=eta, batch_size=batch, epochs=max(1, len(costs)),
        init="normal", bias_init="normal",
    )  # fmt: skip
    found = judge(
        Trained(
            recipe, core, data, judged_by, data, start, costs[-1], falling_of(costs, start),
            floor(core.cost, targets), Wording(),
        )
    )  # fmt: skip
    return f"Doctor: {sentence(found)}."


def _data(rows: Rows, names: tuple[str, ...]) -> Dataset:
    side = round(rows.inputs.shape[1] ** 0.5)
    square = rows.scaling is not None and side * side == rows.inputs.shape[1]
    X = ByteImages(rows.inputs.reshape(-1, side, side)) if square else FloatFeatures(_floats(rows))
    return Dataset(X, rows.labels, problem=Classification(names))


def _floats(rows: Rows) -> np.ndarray:
    return rows.inputs if rows.scaling is None else rows.scaling.apply(rows.inputs, "float64")
