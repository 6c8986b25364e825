"""scikit-learn: the outermost `fit` that trains a multilayer perceptron, and what it was given."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any, ClassVar

from whynet.doctor.diagnosis import Diagnosis, Gap, Where
from whynet.subjects.program.guests.guest import Course, Patches, Told, counted, said_of
from whynet.subjects.program.guests.lines import Places


@dataclass
class Fit:
    """A call of `fit`.

    >>> Fit(None, [[0.5]], [1], Where("train.py", 12)).weighted
    False
    """

    estimator: Any
    """A copy of it, with its settings of then."""
    X: Any
    y: Any
    line: Where | None
    weighted: bool = False
    costs: list[float] = field(default_factory=list)


class SklearnGuest:
    """Watches `fit` of perceptrons, linear models that are trained by steps, pipelines and estimators that transform
    their targets.

    >>> sorted(SklearnGuest.HOMES)[0]
    'sklearn.compose._target'
    """

    LIBRARY = "scikit-learn"
    HOMES: ClassVar[dict[str, tuple[str, ...]]] = {
        "sklearn.neural_network._multilayer_perceptron": ("BaseMultilayerPerceptron",),
        "sklearn.linear_model._stochastic_gradient": ("SGDClassifier", "SGDRegressor"),
        "sklearn.pipeline": ("Pipeline",),
        "sklearn.compose._target": ("TransformedTargetRegressor",),
    }
    AROUND = ("Pipeline", "TransformedTargetRegressor")

    def __init__(self, places: Places, clock: Iterator[int]) -> None:
        self.places, self.clock = places, clock
        self.last, self.begun = 0, False
        self.fits: list[Fit] = []
        self._outer: Fit | None = None
        self._patches = Patches()

    def wanted(self) -> dict[str, Told]:
        return dict.fromkeys(self.HOMES, self._imported)

    def _imported(self, module: ModuleType) -> None:
        for name in self.HOMES[module.__name__]:
            kind = getattr(module, name)
            self._patches.put(kind, "fit", self._watched(kind.fit, name not in self.AROUND))

    def _watched(self, fit: Any, trains: bool) -> Any:
        @functools.wraps(fit)
        def watched(estimator: Any, X: Any, y: Any = None, *args: Any, **kwargs: Any) -> Any:
            outer = self._outer
            mine = outer
            if mine is None:
                mine = self._outer = Fit(_copied(estimator), X, y, self.places.here(), bool(args or kwargs))
            if trains and (not self.fits or self.fits[-1] is not mine):
                self.fits.append(mine)
                self.begun = True
            try:
                return fit(estimator, X, y, *args, **kwargs)
            finally:
                if trains:
                    self.last = next(self.clock)
                    mine.costs = [float(cost) for cost in getattr(estimator, "loss_curve_", [])]
                self._outer = outer

        return watched

    def close(self) -> None:
        self._patches.undo()

    def diagnosis(self, asked: dict[str, Any]) -> Diagnosis:
        from whynet.subjects.frameworks.scikit import diagnose_sklearn

        one = self.fits[-1]
        found = diagnose_sklearn(one.estimator, data=(one.X, one.y), **asked)
        if one.weighted:
            found.not_examined.append(Gap("what else `fit` was given", "it is diagnosed with X and y alone"))
        return found

    def lines(self) -> dict[str, Where]:
        line = self.fits[-1].line
        return {} if line is None else dict.fromkeys(("fit", "loop", "forward", "loss", "model", "optimizer"), line)

    def course(self) -> Course | None:
        costs = self.fits[-1].costs
        return Course.of(costs, len(costs))

    def others(self) -> list[Gap]:
        if len(self.fits) < 2:
            return []
        lines = ", ".join(dict.fromkeys(said_of(one.line) for one in self.fits[:-1]))
        return [Gap(counted(len(self.fits) - 1, "other training"), f"fit at {lines}; the last one is examined")]


def _copied(estimator: Any) -> Any:
    from sklearn.base import clone

    try:
        return clone(estimator)
    except (TypeError, RuntimeError):  # one that is not as scikit-learn wants them
        return estimator
