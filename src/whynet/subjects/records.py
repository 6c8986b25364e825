"""What a run recorded, beside what its recipe gives now."""

from __future__ import annotations

import math
from pathlib import Path

from whynet import files
from whynet.data.dataset import Dataset
from whynet.doctor.diagnosis import Remark
from whynet.errors import WhynetError
from whynet.network.network import Network
from whynet.training.history import History
from whynet.training.loop import Training
from whynet.training.metrics import quality
from whynet.training.prepare import prepare
from whynet.training.recipe import Recipe

CLOSE = 1e-3  # relative: chaotic recipes differ in the last bits between engines


def recorded(patient: str, recipe: Recipe, data: Dataset) -> Remark | None:
    """Whether a run's record is what its recipe gives now: None, or where they part.

    >>> from whynet.data.sources import load
    >>> recorded("vectorised", Recipe(), load("digits")) is None  # no run, nothing recorded
    True
    """
    metrics = Path(patient) / "metrics.jsonl"
    if not metrics.is_file():
        return None
    history = History.from_json_lines(files.read(metrics, 1 << 30).decode("utf-8", "replace"), str(metrics))
    if not len(history):
        return None
    then = history[0].cost
    try:
        now = next(Training(prepare(recipe, data))).cost
    except WhynetError:
        now = math.nan
    if math.isclose(then, now, rel_tol=CLOSE):
        return None
    return Remark("recorded", {"then": then, "now": now})


def misreported(patient: str, data: Dataset) -> float:
    """How far every test accuracy that a run recorded is from that of the model it kept, which may be an earlier one
    than the last; NaN where there is no such record, or no such model.

    >>> from whynet.data.sources import load
    >>> misreported("vectorised", load("digits"))  # no run
    nan
    """
    metrics, model = Path(patient) / "metrics.jsonl", Path(patient) / "model.safetensors"
    if not metrics.is_file() or not model.is_file() or data.test is None:
        return math.nan
    history = History.from_json_lines(files.read(metrics, 1 << 30).decode("utf-8", "replace"), str(metrics))
    printed = [epoch.test_accuracy for epoch in history if epoch.test_accuracy is not None]
    recipe, network = Recipe.read(Path(patient) / "recipe.toml"), Network.load(model)
    if not printed or network.sizes[0] != data.features:
        return math.nan
    tested = prepare(recipe, data, network).test
    assert tested is not None
    own = quality(network, tested)
    return min(abs(one - own) for one in printed)
