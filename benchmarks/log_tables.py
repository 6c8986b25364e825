"""Patients of tables for the evidence of logs: planted faults of regressions and of small classifications, trained, and
their figures as people print them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from tables import sets

from whynet.errors import NonFinite, WhynetError
from whynet.subjects.table_plants import PLANTS, TablePlant, sound
from whynet.training import metrics
from whynet.training.loop import Training
from whynet.training.prepare import prepare

WARDS = {"numbers": ("friedman", "diabetes"), "classes": ("iris", "wine", "breast-cancer")}
PRINTS = 8  # rows that are printed
AS_GOOD = 0.9  # of what the sound network reaches: so much is learned all the same

REGRESSIONS = (
    "Epoch {n}: train mse {cost:.4f}, val mse {val_cost:.4f}, val R2 {quality:.4f}",
    "epoch {n}/{total} - loss: {cost:.4f} - val_loss: {val_cost:.4f} - val_rmse: {rmse:.4f}",
    "Iteration {n}, loss = {cost:.8f}, R2 = {quality:.3f}",
)
CLASSIFICATIONS = (
    "Epoch {n}/{total} - loss: {cost:.4f} - accuracy: {train:.4f} - "
    "val_loss: {val_cost:.4f} - val_accuracy: {quality:.4f}",
    "[{n}] train loss {cost:.3f}, val loss {val_cost:.3f}, val acc {percent:.1f}%",
)


def table_logs(seed: int) -> Iterator[tuple[str, tuple[str, ...], str, int | None]]:
    """Name, the causes that are right, the text, and how many classes there are."""
    known = sets()
    for ward, names in WARDS.items():
        for name in names:
            data = known[name]
            healthy = {net: rows_of(sound(net, ward, data).but(seed=seed), data) for net in ("relu", "tanh")}
            for plant in PLANTS:
                if ward in plant.only and not plant.certain:
                    yield from _logs_of(plant, ward, name, data, seed, healthy[plant.net][-1]["quality"])


def _logs_of(
    plant: TablePlant, ward: str, name: str, data: Any, seed: int, reached: float
) -> Iterator[tuple[str, tuple[str, ...], str, int | None]]:
    try:
        rows = rows_of(*plant.patient(ward, data, seed))  # type: ignore[arg-type]
    except WhynetError:
        return  # what such data cannot have
    if rows[-1]["quality"] > AS_GOOD * reached:
        return
    classes = len(data.classes) if ward == "classes" else None
    for at, pattern in enumerate(CLASSIFICATIONS if classes else REGRESSIONS):
        text = "\n".join(pattern.format(total=len(rows), **row) for row in rows)
        yield f"{plant.name} {name} {at} {seed}", plant.right, text, classes


def rows_of(recipe: Any, data: Any) -> list[dict[str, float]]:
    """What its program would have printed, some of the epochs."""
    training = Training(prepare(recipe.but(validation_size=len(data.y) // 4), data))
    held, rows = training.validation, []
    assert held is not None

    def row(epoch: int, cost: float) -> dict[str, float]:
        network, engine = training.network, training.engine
        quality, val_cost = metrics.quality(network, held, engine), metrics.mean_cost(network, held, engine)
        return {"n": epoch, "cost": cost, "val_cost": val_cost, "quality": quality, "percent": 100 * quality,
                "train": metrics.quality(network, training.train, engine),
                "rmse": math.sqrt(max(val_cost, 0.0))}  # fmt: skip

    every = max(1, recipe.epochs // PRINTS)
    with np.errstate(all="ignore"):
        try:
            for at, epoch in enumerate(training, 1):
                if at == 1 or at % every == 0:
                    rows.append(row(at, epoch.cost))
        except NonFinite:
            broken = dict.fromkeys(("cost", "val_cost", "quality", "percent", "train", "rmse"), math.nan)
            rows.append(broken | {"n": len(rows) + 1})
    return rows
