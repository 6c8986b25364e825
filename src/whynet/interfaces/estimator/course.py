"""Course: how far a fit has come, and the epochs it takes; the compiled engine takes the steps.

Every random choice is a function of the seed and of how many epochs or steps there have been. So two fits of two epochs
with `warm_start`, or four calls of `partial_fit`, end at the very bits of one fit of four.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from whynet.engines.base import BatchBlewUp, Examples, Task
from whynet.engines.choice import FASTEST, choose
from whynet.engines.reference import Reference
from whynet.interfaces.estimator.settings import LEAST_RATE, Settings
from whynet.metric import Metric
from whynet.network.network import Network
from whynet.optimizers.averages import Average
from whynet.optimizers.constraints import Constraints
from whynet.optimizers.optimizers import State
from whynet.optimizers.penalties import Penalty
from whynet.training.history import Epoch
from whynet.training.orders import batches
from whynet.training.pace import Pace
from whynet.training.packing import packed
from whynet.types import Array, Labels, Scores, Targets

MANY, FILLED = 1000, 0.05  # features, and the share of them that is not 0
AT_ONCE = 64_000_000  # bytes of sparse rows that are made dense for one call of the engine


class Given(NamedTuple):
    """Rows to learn from: `X (n, features)`, dense or sparse; `labels (n,)` and the targets of each label; what each
    row counts, mean 1, or None.

    >>> Given(np.zeros((3, 2)), np.array([0, 1, 0]), np.eye(2)).mean_weight
    1.0
    """

    X: Any
    labels: Labels
    targets: Targets
    weights: Array | None = None
    mean_weight: float = 1.0
    """Of the rows as they were handed over: a penalty is shared among all that they count."""

    @property
    def rows(self) -> int:
        """How many there are."""
        return int(self.X.shape[0])

    @property
    def per_row(self) -> Targets:
        """The targets of each row."""
        own: Targets = self.targets[self.labels]
        return own

    def take(self, rows: Array) -> Given:
        """These rows, in this order; targets that are each row's own go with them."""
        weights = None if self.weights is None else self.weights[rows]
        return self._replace(X=self.X[rows], labels=self.labels[rows], weights=weights)


class Held(NamedTuple):
    """Rows held back, and who judges the scores that a network gives them.

    >>> Held(np.zeros((3, 2)), np.ones(3, int), np.ones((3, 1)), lambda scores: 0.5).judge(np.zeros((3, 1)))
    0.5
    """

    X: Any
    labels: Labels
    targets: Targets
    judge: Callable[[Scores], float]


@dataclass
class Course:
    """Where a fit stands: the network, the optimizer's memory, and the record. `rate` is the learning rate now; `best`
    are the parameters of the best epoch by the rows held back.

    >>> from whynet.interfaces.estimator import WhyNetClassifier
    >>> course = Course(Network([2, 3, 1], cost="sigmoid-cross-entropy"), seed=0, rate=0.01)
    >>> X, labels = np.array([[0.0, 0.0], [1.0, 1.0]]), np.array([0, 1])
    >>> settings = Settings.of(WhyNetClassifier(3, max_iter=2))
    >>> course.go(Given(X, labels, np.array([[0.0], [1.0]])), settings)
    >>> course.epochs, len(course.curve), course.finished
    (2, 2, False)
    """

    network: Network
    seed: int
    rate: float
    state: State = field(default_factory=dict)
    epochs: int = 0
    steps: int = 0
    seen: int = 0
    curve: list[float] = field(default_factory=list)
    scores: list[float] = field(default_factory=list)
    held_costs: list[float] = field(default_factory=list)
    least: float = math.inf
    most: float = -math.inf
    best: Array | None = None
    without: int = 0
    first_cost: float = math.nan
    finished: bool = False
    """Whether its own rule ended it, not the number of epochs."""
    blown_up: str = ""
    """What became NaN or infinite."""
    interrupted: bool = False

    @property
    def outcome(self) -> Network:
        """The network that it has come to: that of the best epoch where rows are held back to judge by."""
        return self.network if self.best is None else self.network.having(self.best, self.network.statistics.vector)

    def go(
        self,
        given: Given,
        settings: Settings,
        *,
        epochs: int | None = None,
        held: Held | None = None,
        watch: Callable[[Epoch], object] = lambda _: None,
        begin: Callable[[], object] = lambda: None,
    ) -> None:
        """Take so many epochs more, fewer if the loss, or the score of what is held back, no longer gets better.
        `watch` is called with every record, and ends it by returning True."""
        size = settings.batch_of(given.rows)
        task = self._task(given, settings, size)
        if not self.state:
            self.state = task.first_state()
        engine, pace = Reference() if thin(given.X) else choose("auto", task)[0], Pace(self.network.params.vector.size)
        self.finished, self.blown_up, self.interrupted = False, "", False
        try:
            for _ in range(settings.epochs if epochs is None else epochs):
                begin()
                started = time.perf_counter()
                cost = self._epoch(given, task, settings, size, engine, pace)
                record = self._record(cost, task, held, time.perf_counter() - started)
                self._judge(settings, early=held is not None and settings.early_stopping)
                asked = watch(record) is True
                if self._over(settings, early=held is not None and settings.early_stopping) or asked:
                    self.finished = True
                    break
        except BatchBlewUp as error:
            self.blown_up = error.message
        except KeyboardInterrupt:
            self.interrupted = True

    def _epoch(self, given: Given, task: Task, settings: Settings, size: int, engine: Any, pace: Pace) -> float:
        """One pass over the rows; the mean cost of its batches, each before its step."""
        n = given.rows
        rng = np.random.default_rng([self.seed, 2, self.epochs])
        order = rng.permutation(n) if settings.shuffle else np.arange(n)
        batch, count = 0, math.ceil(n / size)
        costs = np.zeros(count)
        dense = isinstance(given.X, np.ndarray) or thin(given.X)
        most = count if dense else max(1, AT_ONCE // (size * given.X.shape[1] * self.network.dtype.itemsize))
        while batch < count:
            rows = batches(order, size, batch, batch + min(pace.steps, most))
            shown, at = task, rows
            if not dense:
                some = given.take(rows.ravel())
                own = task.examples._replace(inputs=_dense(some.X), labels=some.labels, weights=some.weights)
                shown, at = task._replace(examples=own), np.arange(rows.size).reshape(rows.shape)
            before = time.perf_counter()
            rates = np.full(len(at), self.rate)
            costs[batch : batch + len(at)] = engine.advance(shown, self.state, at, rates, self.steps)
            pace.took(len(at), time.perf_counter() - before)
            self.steps += len(rows)
            batch += len(rows)
        self.epochs += 1
        self.seen += n
        return float(costs @ np.minimum(size, n - size * np.arange(count))) / n

    def _task(self, given: Given, settings: Settings, size: int) -> Task:
        # scikit-learn divides alpha by what the rows of a batch count together
        penalty = Penalty(l2=settings.alpha / (size * given.mean_weight))
        dtype = self.network.dtype
        inputs, scaling = given.X, None
        if isinstance(given.X, np.ndarray):
            inputs, scaling = packed(given.X, dtype)
        weights = None if given.weights is None else given.weights.astype(dtype)
        examples = Examples(inputs, scaling, given.labels, given.targets.astype(dtype), weights)
        return Task(
            self.network, settings.optimizer, penalty, Constraints(), Average(), examples, self.seed, settings.threads
        )

    def _record(self, cost: float, task: Task, held: Held | None, seconds: float) -> Epoch:
        penalty = task.penalty.value(self.network.params)
        self.curve.append(cost + penalty)
        quality = held_cost = None
        if held is not None:
            scores = scores_of(self.network, held.X)
            quality, held_cost = held.judge(scores), self.network.cost.value(scores, held.targets)
            self.scores.append(quality)
            self.held_costs.append(held_cost)
        return Epoch(
            epoch=self.epochs - 1,
            steps=self.steps,
            cost=cost,
            learning_rate=self.rate,
            seconds=seconds,
            penalty=penalty,
            validation_cost=held_cost,
            validation_quality=quality,
            metric=None if quality is None else Metric("score", quality),
        )

    def _judge(self, settings: Settings, early: bool) -> None:
        """Count the epochs that are no better, as scikit-learn does."""
        if early:
            score = self.scores[-1]
            self.without = self.without + 1 if score < self.most + settings.tol else 0
            if score > self.most:
                self.most, self.best = score, self.network.params.vector.copy()
        else:
            loss = self.curve[-1]
            self.without = self.without + 1 if loss > self.least - settings.tol else 0
            self.least = min(self.least, loss)

    def _over(self, settings: Settings, early: bool) -> bool:
        """Whether it ends here; "adaptive" first tries a fifth of the rate."""
        over = self.without > settings.patience
        if over and settings.schedule == "adaptive" and self.rate > LEAST_RATE:
            self.rate, self.without, over = self.rate / 5, 0, False
        if settings.schedule == "invscaling":
            self.rate = settings.rate / (self.seen + 1) ** settings.power
        return over


def thin(X: Any) -> bool:
    """Whether rows are sparse and so wide that products with what is not 0 are faster than the compiled engine, which
    takes dense rows only: as of words in texts. NumPy's engine takes them as they are.

    >>> from scipy.sparse import csr_array
    >>> thin(csr_array((3, 5000))), thin(csr_array((3, 10))), thin(np.zeros((3, 5000)))
    (True, False, False)
    """
    sparse = not isinstance(X, np.ndarray)
    return sparse and X.shape[1] >= MANY and X.nnz <= FILLED * X.shape[0] * X.shape[1]


def scores_of(network: Network, X: Any) -> Scores:
    """What the network puts out for rows, dense or sparse, (n, outputs).

    >>> scores_of(Network([2, 3, 1], init="zeros"), np.zeros((4, 2))).shape
    (4, 1)
    """
    if isinstance(X, np.ndarray):
        return FASTEST.scores(network, X)
    if thin(X):
        return network.forward(X.astype(network.dtype, copy=False)).scores
    piece = max(1, AT_ONCE // (8 * max(1, X.shape[1])))
    parts = [FASTEST.scores(network, _dense(X[start : start + piece])) for start in range(0, X.shape[0], piece)]
    return np.concatenate(parts)


def _dense(X: Any) -> Array:
    rows: Array = X.toarray()
    return rows
