"""The loop: epoch after epoch, an engine takes the steps and the loop keeps the record.

    for epoch in train(network, data, recipe):
        if epoch.cost < 0.1:
            break

The order of examples is decided here and handed to the engine as rows; every random choice is a pure function of
(seed, purpose, index), so that two trainings that differ in one setting see the same examples in the same order.
"""

from __future__ import annotations

import math
import time
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from threadpoolctl import ThreadpoolController

from whynet.data.dataset import Dataset, fit_scaling
from whynet.data.distortions import Distortions
from whynet.engines.base import BatchBlewUp, Examples, Task
from whynet.engines.choice import choose
from whynet.errors import Interrupted, NonFinite, UsageError
from whynet.network.network import Network, draw_in_one
from whynet.optimizers.averages import Average
from whynet.optimizers.constraints import Constraints
from whynet.optimizers.optimizers import State, optimizer
from whynet.optimizers.penalties import Penalty
from whynet.optimizers.schedules import rates
from whynet.training import metrics
from whynet.training.datafaults import (
    with_loader_faults,
    with_order_faults,
    with_test_faults,
    with_train_faults,
)
from whynet.training.faults import count_with_faults, with_faults
from whynet.training.history import Epoch
from whynet.training.recipe import Recipe
from whynet.types import Array, Rows

SECONDS_BETWEEN_LOOKS = 0.1  # how long the engine runs before the loop looks up: for a stop, or to show progress
SECONDS_PER_PARAMETER = 1e-7  # and longer for large networks, which an engine may take in and hand back at each call


@dataclass(frozen=True)
class Best:
    """The epoch with the highest validation accuracy so far (of equal ones, with the lowest cost), and copies of the
    parameters and running statistics it ended with.

    >>> Best(epoch=3, accuracy=0.97, cost=0.1, params=np.zeros(5), statistics=np.zeros(0)).epoch
    3
    """

    epoch: int
    accuracy: float
    cost: float
    params: Array
    statistics: Array


@dataclass
class Position:
    """Where a training stands: enough, with the parameters and the recipe, to go on to the very same bits.

    >>> Position().epoch, Position().batch  # before the first step
    (0, 0)
    """

    epoch: int = 0
    batch: int = 0
    costs: Array = field(default_factory=lambda: np.zeros(0))
    """Costs of the batches of the unfinished epoch."""
    state: State = field(default_factory=dict)
    """The optimizer's memory, and the running average of the parameters if there is one."""
    best: Best | None = None
    """What to go back to; kept only if the recipe has patience."""


def split(data: Dataset, recipe: Recipe) -> tuple[Dataset, Dataset | None]:
    """The examples to train on and, if the recipe holds any back, those to validate on.

    >>> from whynet.data.sources import load
    >>> train, validation = split(load("digits"), Recipe(validation_size=200))
    >>> len(train), len(validation)
    (1242, 200)
    """
    validation = None
    if recipe.validation_size:
        data, validation = data.split(recipe.validation_size, seed=recipe.seed)
    if recipe.train_size is not None:
        data = data.subset(recipe.train_size, seed=recipe.seed, balanced=recipe.subset == "balanced")
    return data, validation


def build(recipe: Recipe, data: Dataset) -> Network:
    """The untrained network that the recipe describes, made to fit the data.

    >>> from whynet.data.sources import load
    >>> build(Recipe(hidden=(20, 15)), load("digits"))
    Network(64-20-15-10, sigmoid, softmax-cross-entropy: 1,775 parameters, float32)

    Raises
    ------
    UsageError
        Its sizes do not fit.
    """
    train = with_train_faults(split(data, recipe)[0], recipe.faults, recipe.seed)
    return Network(
        recipe.full_sizes(data.features, len(data.classes)),
        activation=recipe.activation,
        output_activation=recipe.output_activation,
        init=recipe.init,
        bias_init=recipe.bias_init,
        output_init=recipe.output_init,
        batch_norm=recipe.batch_norm,
        dropout=recipe.dropout,
        input_dropout=recipe.input_dropout,
        noise=recipe.noise,
        input_noise=recipe.input_noise,
        cost=recipe.cost,
        seed=recipe.seed,
        dtype=recipe.dtype,
        randomness=recipe.randomness,
        scaling=fit_scaling(recipe.scaling, train.images),
        classes=data.classes,
    )


def make_task(network: Network, examples: Dataset, recipe: Recipe) -> Task:
    """What an engine is handed: the network, how it is updated, and the examples, with the recipe's faults made.

    >>> from whynet.data.sources import load
    >>> data = load("digits")
    >>> make_task(build(Recipe(), data), data, Recipe(momentum=0.9)).optimizer
    SGD(momentum=0.9)
    """
    if network.scaling is None:
        network.scaling = fit_scaling(recipe.scaling, examples.images)
    targets = network.targets(np.arange(len(examples.classes)))
    if recipe.label_smoothing:  # a share of certainty goes to all classes alike (Szegedy et al. 2016, section 7)
        targets = (1 - recipe.label_smoothing) * targets + recipe.label_smoothing / len(examples.classes)
    task = Task(
        network,
        optimizer(recipe.optimizer, recipe.momentum),
        Penalty(recipe.l1, recipe.l2),
        Constraints(recipe.clip_norm, recipe.decay, recipe.max_norm),
        Average(recipe.average),
        Examples(
            examples.pixels,
            network.scaling,
            examples.labels,
            targets.astype(network.dtype),
            _weights(examples, recipe, network.dtype),
        ),
        recipe.seed,
        recipe.threads,
    )
    return with_faults(task, recipe.faults)


def first_state(task: Task) -> State:
    """The optimizer's memory before the first step.

    >>> from whynet.data.sources import load
    >>> data = load("digits")
    >>> sorted(first_state(make_task(build(Recipe(), data), data, Recipe(momentum=0.9, average=0.99))))
    ['average', 'velocity']
    """
    return task.optimizer.init(task.network.params) | task.average.init(task.network.params)


def _weights(examples: Dataset, recipe: Recipe, dtype: np.dtype[np.floating]) -> Array | None:
    """What each example counts, (n,): its own weight times its class's; None if all count 1."""
    wanted = recipe.class_weights
    if wanted is None:
        return None if examples.weights is None else examples.weights.astype(dtype)
    counts = examples.counts
    if wanted == "balanced":  # King and Zeng 2001; mean 1 over the examples
        of_class = len(examples) / (np.count_nonzero(counts) * np.maximum(counts, 1))
    else:
        of_class = np.array(wanted, dtype=np.float64)
        if len(of_class) != len(counts) or not of_class[counts > 0].any():
            raise UsageError(
                "the class weights do not fit the data",
                expected=f"{len(counts)} numbers, not all 0",
                found=", ".join(map(str, wanted)) or "none",
            )
    each = of_class[examples.labels] * (1.0 if examples.weights is None else examples.weights)
    return each.astype(dtype)


class Training(Iterator[Epoch]):
    """An iterator over epochs. Each `next` takes all steps of one epoch, in place, and returns its record.

    Between engine calls it asks `stop()`, and tells `look(training)` how far it is (`position`, `batches`, `steps`).
    An engine call ends at each of the `pauses`, numbers of steps since training began.

    >>> from whynet.data.sources import load
    >>> data, recipe = load("digits"), Recipe(epochs=2)
    >>> training = Training(build(recipe, data), data, recipe)
    >>> epoch = next(training)
    >>> training.position.epoch, len(training.costs), training.finished
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
        network: Network,
        data: Dataset,
        recipe: Recipe,
        *,
        position: Position | None = None,
        stop: Callable[[], bool] = lambda: False,
        look: Callable[[Training], None] = lambda _: None,
        pauses: Sequence[int] = (),
    ) -> None:
        self.network, self.recipe, self.test = network, recipe, with_test_faults(data.test, recipe.faults, recipe.seed)
        self.train, self.validation = split(data, recipe)
        self.train = with_train_faults(self.train, recipe.faults, recipe.seed)
        if self.validation is not None:
            self.validation = with_loader_faults(self.validation, recipe.faults, recipe.seed)
        self.pauses = sorted(pauses)
        recipe.but(sizes=network.sizes, hidden=None).full_sizes(data.features, len(data.classes))  # do they fit?
        self.task = make_task(network, self.train, recipe)
        self.engine, self.engine_reason = choose(recipe.engine, self.task)
        self.position = position or Position(state=first_state(self.task))
        self.distortions = Distortions(
            recipe.rotation, recipe.shear, recipe.zoom, recipe.shift, recipe.elastic, recipe.elastic_sigma
        )
        self.stop, self.look = stop, look
        self.count = count_with_faults(recipe.faults)
        n = len(self.train)
        self.batch_size = n if recipe.batch_size == "full" else min(int(recipe.batch_size), n)
        self.batches = math.ceil(n / self.batch_size)
        self.seconds = 0.0
        self._pools = ThreadpoolController()
        self._chunk = 1  # batches handed to the engine in one call
        self._orders = _orders(recipe, network, n, self.position.epoch)
        self._order: Array | None = None  # of the epoch under way
        self._augmented_task: Task | None = None  # with the images as this epoch shows them

    @property
    def floor(self) -> float:
        """The least cost of an answer that ignores the image: the mean target of the training examples."""
        examples = self.task.examples
        if examples.weights is None:
            return self.network.cost.floor(self.train.prior, examples.targets)
        mass = np.bincount(examples.labels, weights=examples.weights, minlength=len(examples.targets))
        mean_weight = float(mass.sum()) / len(examples.labels)
        return mean_weight * self.network.cost.floor(mass / max(mass.sum(), 1e-300), examples.targets)

    @property
    def finished(self) -> bool:
        """Whether there is nothing left to do: all epochs are done, or patience has run out."""
        position, patience = self.position, self.recipe.patience
        if position.best is not None and patience is not None and position.batch == 0:
            out_of_patience = position.epoch - 1 - position.best.epoch >= patience
        else:
            out_of_patience = False
        return position.epoch >= self.recipe.epochs or out_of_patience

    def peek(self) -> Array:
        """The order of the examples in the first epoch, (n,) row numbers."""
        return with_order_faults(next(_orders(self.recipe, self.network, len(self.train), 0)), self.recipe.faults)

    @property
    def steps(self) -> int:
        """Steps taken since training began."""
        return self.position.epoch * self.batches + self.position.batch

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

    @property
    def costs(self) -> Array:
        """The cost of each batch of this epoch so far, before its step."""
        return self.position.costs

    def __iter__(self) -> Training:
        return self

    def __next__(self) -> Epoch:
        recipe, position = self.recipe, self.position
        if self.finished:
            self.settle()
            raise StopIteration
        if self._order is None or self._augmented_task is None:  # else an epoch was stopped in its middle, and goes on
            self._order = with_order_faults(next(self._orders), recipe.faults)
            self._augmented_task = self._distorted(position.epoch)
        order = self._order
        epoch_rates = rates(
            recipe.schedule,
            recipe.rate,
            range(position.epoch * self.batches, (position.epoch + 1) * self.batches),
            recipe.epochs * self.batches,
        )
        self.seconds = 0.0
        if position.batch == 0:
            position.costs = np.zeros(0)
        with self._pools.limit(limits=recipe.threads):
            self._advance(self._augmented_task, order, epoch_rates)
            sizes = np.minimum(self.batch_size, len(order) - self.batch_size * np.arange(self.batches))
            record = self._record(float(np.dot(position.costs, sizes)) / len(order), float(epoch_rates[-1]))
        position.best = self._better(position.best, record)
        position.epoch, position.batch, self._order = position.epoch + 1, 0, None
        return record

    def _distorted(self, epoch: int) -> Task:
        """The task with the images as that epoch shows them."""
        if not self.distortions:
            return self.task
        examples = self.task.examples
        images = examples.pixels.reshape(self.train.images.shape)
        shown = self.distortions.apply(images, seed=self.recipe.seed, epoch=epoch)
        return self.task._replace(examples=examples._replace(pixels=shown.reshape(examples.pixels.shape)))

    def _better(self, best: Best | None, record: Epoch) -> Best | None:
        """The best epoch, now that this one is over."""
        accuracy, cost = record.validation_accuracy, record.validation_cost
        if self.recipe.patience is None or accuracy is None or cost is None:
            return None
        if best is not None and (accuracy, -cost) <= (best.accuracy, -best.cost):
            return best
        network = self.evaluated
        return Best(record.epoch, accuracy, cost, network.params.vector.copy(), network.statistics.vector.copy())

    def _advance(self, task: Task, order: Array, epoch_rates: Array) -> None:
        """Take the steps of the epoch that are left, a few at a time, so that a wish to stop is soon heard."""
        position = self.position
        while position.batch < self.batches:
            if self.stop():
                raise Interrupted("stopped on request", where=f"epoch {position.epoch}, batch {position.batch}")
            first = position.batch
            rows = self._rows(order, first, first + min(self._chunk, self._until_pause()))
            started = time.perf_counter()
            try:
                costs = self.engine.advance(
                    task,
                    position.state,
                    rows,
                    epoch_rates[first : first + len(rows)],
                    position.epoch * self.batches + first,
                )
            except BatchBlewUp as error:
                position.batch += len(error.costs)
                position.costs = np.concatenate([position.costs, error.costs])
                where = f"epoch {position.epoch}, batch {first + error.blowup.step} of {self.batches}"
                raise NonFinite(
                    error.message,
                    where=where,
                    do="Try a smaller learning rate or smaller initial weights",
                ) from None
            elapsed = time.perf_counter() - started
            self.seconds += elapsed
            position.batch += len(rows)
            position.costs = np.concatenate([position.costs, costs])
            if len(rows) == self._chunk:  # not what an epoch's end cut short
                call = max(SECONDS_BETWEEN_LOOKS, SECONDS_PER_PARAMETER * self.network.params.vector.size)
                in_time = int(len(rows) * call / max(elapsed, 1e-6))
                self._chunk = max(1, min(4 * self._chunk, in_time))
            self.look(self)

    def _until_pause(self) -> int:
        """Steps from here to the next pause."""
        at = bisect_right(self.pauses, self.steps)
        return self.pauses[at] - self.steps if at < len(self.pauses) else self.batches

    def _rows(self, order: Array, first: int, last: int) -> Rows:
        """Batches `first` up to `last` as rows of indices; a shorter batch at the end of an epoch comes alone."""
        full = len(order) // self.batch_size
        if first < full:
            part = order[first * self.batch_size : min(last, full) * self.batch_size]
            return part.reshape(-1, self.batch_size)
        return order[np.newaxis, full * self.batch_size :]

    def _record(self, cost: float, rate: float) -> Epoch:
        network, validation, test, engine = self.evaluated, self.validation, self.test, self.engine
        return Epoch(
            epoch=self.position.epoch,
            steps=(self.position.epoch + 1) * self.batches,
            cost=cost,
            learning_rate=rate,
            seconds=self.seconds,
            penalty=self.task.penalty.value(network.params),
            validation_cost=None if validation is None else metrics.mean_cost(network, validation, engine),
            validation_accuracy=None
            if validation is None
            else self.count(network, validation, engine) / len(validation),
            test_correct=None if test is None else self.count(network, test, engine),
            test_total=None if test is None else len(test),
        )


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
    return Training(network, data, recipe)


def _orders(recipe: Recipe, network: Network, n: int, first_epoch: int) -> Iterator[Array]:
    """The order of examples of each epoch from `first_epoch` on, (n,) row numbers."""
    if recipe.randomness == "one-generator":
        yield from _one_generator_orders(recipe, network, n, first_epoch)
    epoch = first_epoch
    while True:
        rng = np.random.default_rng([recipe.seed, 2, epoch])
        if recipe.order == "file":
            yield np.arange(n)
        elif recipe.order == "random":
            yield rng.integers(n, size=n)
        else:
            yield rng.permutation(n)
        epoch += 1


def _one_generator_orders(recipe: Recipe, network: Network, n: int, first_epoch: int) -> Iterator[Array]:
    """The tutorial's: the generator that drew the weights goes on to shuffle the running order in place."""
    rng = np.random.default_rng(recipe.seed)
    draw_in_one(network.layers, rng)
    order = np.arange(n)
    epoch = 0
    while True:
        if recipe.order == "shuffled":
            rng.shuffle(order)
        elif recipe.order == "random":
            order = rng.integers(n, size=n)
        if epoch >= first_epoch:
            yield order.copy()
        epoch += 1
