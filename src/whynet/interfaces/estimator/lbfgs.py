"""L-BFGS: all rows at once, by SciPy's minimiser; loss and gradient are whynet's own."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.optimize import minimize

from whynet.interfaces.estimator.course import Course, Given
from whynet.interfaces.estimator.settings import Settings
from whynet.network.network import Network
from whynet.optimizers.penalties import Penalty
from whynet.types import Array


def minimise(course: Course, given: Given, settings: Settings) -> None:
    """Go down from where the course stands until the slope is below `tol`, or `max_iter` steps are taken.

    >>> from whynet.interfaces.estimator import WhyNetClassifier
    >>> course = Course(Network([1, 1], cost="sigmoid-cross-entropy", dtype="float64"), seed=0, rate=1.0)
    >>> given = Given(np.array([[0.0], [1.0]]), np.array([0, 1]), np.array([[0.0], [1.0]]))
    >>> minimise(course, given, Settings.of(WhyNetClassifier(solver="lbfgs")))
    >>> course.finished, course.curve[-1] < 0.01
    (True, True)
    """
    network, statistics = course.network, course.network.statistics.vector
    penalty = Penalty(l2=settings.alpha / (given.rows * given.mean_weight))
    X = given.X if isinstance(given.X, np.ndarray) else given.X.toarray()
    X, targets = X.astype(np.float64, copy=False), given.per_row.astype(np.float64)
    weights = None if given.weights is None else given.weights.astype(np.float64)
    last = [np.inf]

    def loss(vector: Array) -> tuple[float, Array]:
        now: Network = network.having(vector, statistics)
        trace = now.forward(X)
        gradients = now.backward(trace, now.cost.gradient(trace.scores, targets, weights))
        penalty.add_gradient(now.params, gradients)
        last[0] = now.cost.value(trace.scores, targets, weights) + penalty.value(now.params)
        return last[0], gradients.vector

    def note(_: Any) -> None:
        course.curve.append(last[0])

    try:
        with np.errstate(over="ignore", invalid="ignore"):
            found = minimize(
                loss,
                network.params.vector.astype(np.float64),
                method="L-BFGS-B",
                jac=True,
                callback=note,
                options={"maxfun": settings.evaluations, "maxiter": settings.epochs, "gtol": settings.tol},
            )
    except KeyboardInterrupt:
        course.interrupted = True
        return
    if not np.isfinite(found.x).all() or not np.isfinite(found.fun):
        course.blown_up = "the loss became NaN or infinite"
        return
    network.take_over(network.having(found.x, statistics))
    steps = max(1, int(found.nit))
    course.curve.append(float(found.fun)) if len(course.curve) < course.epochs + steps else None
    course.curve[-1] = float(found.fun)
    course.epochs += steps
    course.steps += steps
    course.seen += steps * given.rows
    course.least = min(course.least, float(found.fun))
    course.finished = bool(found.success)
