"""A recipe in the place of somebody's own training: only where both are shown to do the same."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from whynet.data.dataset import Dataset
from whynet.doctor.case import Case
from whynet.doctor.causes import cause
from whynet.doctor.change import Wording
from whynet.doctor.diagnosis import Finding, Gap, Remark
from whynet.doctor.states import state_of
from whynet.doctor.symptoms.data import measure_neighbours
from whynet.engines.base import Examples
from whynet.engines.reference import Reference
from whynet.errors import NoRecipe, WhynetError
from whynet.network.network import Network
from whynet.subjects.adapted import AdaptedSubject
from whynet.subjects.ill_data import explaining, ill_causes
from whynet.subjects.recipe import RecipeSubject
from whynet.subjects.recreate import ADAPTIVE, Description, recreate, squashed
from whynet.training.prepare import prepare
from whynet.training.recipe import Recipe
from whynet.types import Array

UNLIKE = 0.05  # so much lower, the quality on the test set is another
STEPS = 4  # of both trainings, from the same weights on the same rows
APART = 0.005  # of what the steps moved the predictions: theirs are of float32
APART_BY_CHANCE = (
    0.1  # where rounding decides: an adaptive step along the bias before a normalisation, which is of no use
)
ROUNDING = 1e-5  # of the largest prediction
LEAST = 0.01  # of the largest prediction: the least move that shows anything
PROBE = 64  # rows whose predictions are compared
MOST_ROWS = 10_000  # of a batch


class StandIn(RecipeSubject):
    """A recipe that does what somebody's own training does, on somebody's own data: what is ill in those, no trial can
    take out.

    >>> StandIn.__mro__[1].__name__
    'RecipeSubject'
    """

    def __init__(self, recipe: Recipe, data: Dataset, wording: Wording) -> None:
        RecipeSubject.__init__(self, recipe, data, wording=wording)
        self.found: list[Finding] = []
        self.remarks: list[Remark] = []
        self.not_examined: list[Gap] = []
        self.used: dict[str, str] = {}

    def examine(self, stop: Callable[[], bool] = lambda: False) -> Case:
        """As a recipe; with what was measured on the original beside it."""
        case = RecipeSubject.examine(self, stop)
        if self.data.X.array.ndim == 2:  # of a table nobody chose a scaling: the usual one is recommended
            case.settings = replace(case.settings, scaling=None)
        case.findings, case.remarks = list(self.found), [*self.remarks, *case.remarks]
        shown = (one for finding in self.found for one in finding.evidence)
        case.keep(*(one for one in shown if one.name not in case.symptoms))
        case.not_examined = [*self.not_examined, *case.not_examined]
        case.used = {**self.used, **case.used}
        explained = explaining(case, "test-set-differs")
        if explained is not None and case.value("test-loss") > UNLIKE:
            name, suspicion = explained
            case = case.without({"test-loss", "test-set-differs"})
            case.findings.append(Finding(name, "found", suspicion.evidence, cause(name).changes(case)[0]))
        if state_of(case) == "bad-data":
            if case.value("neighbours-agree") < 0.5 and self.data.test is not None:  # rows held back are as ill
                measure_neighbours(case, self.data, self.data.test, self.data.test)
            case.ill_data = ill_causes(case)
        return case


def stand_in(subject: AdaptedSubject, description: Description, wording: Wording) -> StandIn:
    """The recipe that a description amounts to, after a few steps of both trainings have been held against each other.

    >>> stand_in.__annotations__["return"]
    'StandIn'

    Raises
    ------
    NoRecipe
        There is none, or it does something else.
    """
    recipe, data = recreate(description)
    own = StandIn(recipe, data, wording)
    compare_steps(subject, description, recipe, data)
    own.used = {**subject.used, "trials": f"trained by whynet's engine: {STEPS} steps of both predict the same"}
    return own


# ---- the proof of it


def compare_steps(subject: AdaptedSubject, d: Description, recipe: Recipe, data: Dataset) -> None:
    """Both trainings must predict the same after a few steps: from the weights that there are, and from others, as
    nothing moves where units are saturated. The rate is taken so many times that the predictions move, but not too far
    to be compared.

    Dropout draws by chance: it is switched off in both, and was measured before.

    >>> compare_steps.__annotations__["recipe"]
    'Recipe'

    Raises
    ------
    NoRecipe
        They do not.
    """
    plain = recipe.but(dropout=0.0, input_dropout=0.0, dtype="float64")
    rows, batch = _rows(len(subject.X), d.batch_size)
    X, y = d.X[subject.rest][:rows].astype(np.float64), d.y[subject.rest][:rows]
    first = data.take(subject.rest[:rows])
    for layers in (d.layers, _drawn(d)):
        ours = _Steps(d, plain, first, X, y, batch, layers)
        times, own = ours.visible()
        theirs = subject.adapter.steps_from(
            layers, subject.X[:rows], subject.y[:rows], STEPS, times=times, dropout=bool(d.dropout or d.input_dropout)
        )
        apart = APART_BY_CHANCE if d.batch_norm and d.optimizer in ADAPTIVE else APART
        _same(ours.before, own, theirs.scores(subject.X[: min(rows, PROBE)]), apart)


def _same(before: Array, own: Array | None, theirs: Array, apart: float) -> None:
    finite = bool(np.isfinite(theirs).all())
    if own is None and not finite:
        return
    if own is None or not finite or own.shape != theirs.shape:
        raise NoRecipe("of the recipe that was read off it and of its own training one blows up, and one does not")
    found = float(np.abs(theirs - own).max())
    allowed = apart * float(np.abs(own - before).max()) + ROUNDING * float(np.abs(own).max())
    if not found <= allowed:
        raise NoRecipe(
            f"after {STEPS} steps from the same weights the recipe that was read off it predicts otherwise",
            expected=f"the same to {allowed:.2g}",
            found=f"{found:.2g} apart",
        )


def _rows(n: int, batch: int) -> tuple[int, int]:
    """How many rows the steps are taken on, and those of a batch: whole batches, again and again where they are few."""
    batch = min(batch, n, MOST_ROWS)
    return next(batch * count for count in (STEPS, STEPS // 2, 1) if batch * count <= n), batch


def _drawn(d: Description) -> list[tuple[Array, Array]]:
    """Other weights, with which every unit does something."""
    rng = np.random.default_rng(0)
    return [
        (rng.normal(0, 1 / math.sqrt(max(W.shape[0], 1)), W.shape), rng.normal(0, 0.1, b.shape)) for W, b in d.layers
    ]


class _Steps:
    """whynet's steps from these weights, and what they predict for the probe rows."""

    def __init__(
        self, d: Description, recipe: Recipe, data: Dataset, X: Array, y: Array, batch: int,
        layers: Sequence[tuple[Array, Array]],
    ) -> None:  # fmt: skip
        self.last, self.recipe, self.X, self.batch = d.last, recipe, X, batch
        prepared = prepare(recipe, data)
        network, task = prepared.network, prepared.task
        dense = [arrays for arrays in network.params if "W" in arrays]
        for arrays, (W, b) in zip(dense, layers, strict=True):
            arrays["W"][...], arrays["b"][...] = W, b
        known = task.examples
        labels = y if data.classes else np.arange(len(y))  # where there are no classes, each row is its own
        self.task = task._replace(examples=Examples(X, None, labels, known.targets, known.weights))
        self.before = self._predictions(network)

    def visible(self) -> tuple[float, Array | None]:
        """How many times the rate moves the predictions clearly, and what is predicted then; None if it blows up."""
        times, below, above = 1.0, 0.0, math.inf
        if "undefined-rate" in self.recipe.faults:
            return times, self._taken(times)
        scale = max(float(np.abs(self.before).max()), 1e-3)
        for _ in range(12):
            own = self._taken(times)
            moved = math.inf if own is None else float(np.abs(own - self.before).max())
            if LEAST * scale <= moved <= scale:
                return times, own
            if moved < LEAST * scale:
                below, times = times, times * 10 if math.isinf(above) else math.sqrt(times * above)
            else:
                above, times = times, times / 10 if below == 0 else math.sqrt(times * below)
        return times, self._taken(times)

    def _taken(self, times: float) -> Array | None:
        first = self.task.network
        network = first.having(first.params.vector.copy(), first.statistics.vector.copy())
        task = self.task._replace(network=network)
        state, engine, batches = task.first_state(), Reference(), len(self.X) // self.batch
        rows = np.arange(self.batch * batches).reshape(batches, 1, self.batch)
        try:
            for step in range(STEPS):
                engine.advance(task, state, rows[step % batches], np.full(1, self.recipe.rate * times), step)
        except (WhynetError, FloatingPointError):
            return None
        found = self._predictions(network)
        return found if np.isfinite(found).all() else None

    def _predictions(self, network: Network) -> Array:
        memo = network.forward(self.X[:PROBE]).memos[-1]
        return squashed(self.last, memo.z)
