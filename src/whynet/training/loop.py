"""The loop: epoch after epoch, an engine takes the steps and the loop keeps the record."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence

import numpy as np
from threadpoolctl import ThreadpoolController

from whynet.data.dataset import Dataset
from whynet.engines.base import BatchBlewUp, Task
from whynet.engines.choice import choose
from whynet.errors import Interrupted, NonFinite
from whynet.network.network import Network
from whynet.training.evaluation import evaluation
from whynet.training.history import Epoch
from whynet.training.orders import batches
from whynet.training.pace import Pace, until_pause
from whynet.training.position import Position
from whynet.training.prepare import Prepared, prepare
from whynet.training.recipe import Recipe
from whynet.types import Array


class Training(Iterator[Epoch]):
    """An iterator over epochs. Each `next` takes all steps of one epoch, in place, and returns its record.

    Between engine calls it asks `stop()`, and tells `look(training)` how far it is; a call ends at each of the
    `pauses`, numbers of steps since training began. The network scales examples as those of its training are scaled.

    >>> from whynet.data.sources import load
    >>> training = Training(prepare(Recipe(epochs=2), load("digits")))
    >>> epoch = next(training)
    >>> training.position.epoch, len(training.position.costs), training.position.finished(training.recipe)
    (1, 145, False)

    Raises
    ------
    NonFinite
        From `next`: a NaN or an infinity appeared; the parameters are the last good ones.
    Interrupted
        From `next`: `stop()` said yes. `position` is where to go on.
    """

    def __init__(
        self,
        prepared: Prepared,
        *,
        position: Position | None = None,
        stop: Callable[[], bool] = lambda: False,
        look: Callable[[Training], None] = lambda _: None,
        pauses: Sequence[int] = (),
    ) -> None:
        self.prepared, self.recipe = prepared, prepared.recipe
        self.network, self.task = prepared.network, prepared.task
        self.train, self.validation, self.test = prepared.train, prepared.validation, prepared.test
        prepared.tell(self.network)
        self.engine, self.engine_reason = choose(self.recipe.engine, self.task)
        self.position = position or Position(state=self.task.first_state())
        self.stop, self.look, self.pauses = stop, look, sorted(pauses)
        self.seconds = 0.0
        self._pools = ThreadpoolController()
        self._pace = Pace(self.network.params.vector.size)
        self._orders = prepared.orders(self.position.epoch)
        self._epoch: tuple[Array, Task] | None = None  # the order and the images of the epoch under way

    @property
    def steps(self) -> int:
        """Steps taken since training began."""
        return self.position.epoch * self.prepared.batches + self.position.batch

    @property
    def evaluated(self) -> Network:
        """The network that the record is about: the running average of the parameters if there is one."""
        average = self.position.state.get("average")
        return self.network if average is None else self.network.having(average, self.network.statistics.vector)

    @property
    def outcome(self) -> Network:
        """The network that training has come to so far: of the best epoch if the recipe has patience."""
        best = self.position.best
        return self.evaluated if best is None else self.network.having(best.params, best.statistics)

    def settle(self) -> None:
        """Put the outcome into the network itself; done when the last epoch is over."""
        self.network.take_over(self.outcome)

    def __next__(self) -> Epoch:
        prepared, position = self.prepared, self.position
        if position.finished(self.recipe):
            self.settle()
            raise StopIteration
        if self._epoch is None:  # else an epoch was stopped in its middle, and goes on
            self._epoch = next(self._orders), prepared.shown(position.epoch)
        if position.batch == 0:
            position.costs = np.zeros(0)
        (order, task), rates, self.seconds = self._epoch, prepared.rates(position.epoch), 0.0
        with self._pools.limit(limits=self.recipe.threads):
            while position.batch < prepared.batches:
                if self.stop():
                    raise Interrupted("stopped on request", where=f"epoch {position.epoch}, batch {position.batch}")
                self._advance(task, order, rates)
                self.look(self)
            record = Epoch(
                epoch=position.epoch,
                steps=self.steps,
                cost=position.mean_cost(prepared.batch_size, len(order)),
                learning_rate=float(rates[-1]),
                seconds=self.seconds,
                penalty=self.task.penalty.value(self.evaluated.params),
                **evaluation(self.evaluated, self.validation, self.test, self.engine, prepared.count_right),
            )
        position.after(record, self.evaluated, self.recipe)
        self._epoch = None
        return record

    def _advance(self, task: Task, order: Array, rates: Array) -> None:
        """Take the next few steps of the epoch: one call of the engine."""
        prepared, position, first = self.prepared, self.position, self.position.batch
        most = min(self._pace.steps, until_pause(self.pauses, self.steps, prepared.batches))
        rows = batches(order, prepared.batch_size, first, first + most)
        started = time.perf_counter()
        try:
            costs = self.engine.advance(task, position.state, rows, rates[first : first + len(rows)], self.steps)
        except BatchBlewUp as error:
            position.took(error.costs)
            where = f"epoch {position.epoch}, batch {position.batch} of {prepared.batches}"
            raise NonFinite(error.message, where=where, do=error.do) from None
        elapsed = time.perf_counter() - started
        self.seconds += elapsed
        position.took(costs)
        self._pace.took(len(rows), elapsed)


def train(network: Network, data: Dataset, recipe: Recipe) -> Training:
    """Train `network` on `data` as `recipe` says: an iterator over `Epoch` records.

    Everything about the network itself (sizes, activations, initial weights, cost) is taken from `network`, not from
    the recipe. `network.params` changes in place; `break` stops. When the last epoch is over, a recipe with `average`
    or `patience` leaves the averaged, or the best, parameters there.

    >>> from whynet.data.sources import load
    >>> data = load("digits")
    >>> network = Network([64, 30, 10], seed=0)
    >>> costs = [epoch.cost for epoch in train(network, data, Recipe(epochs=3))]
    >>> costs[0] > costs[1] > costs[2]
    True
    """
    return Training(prepare(recipe, data, network))
