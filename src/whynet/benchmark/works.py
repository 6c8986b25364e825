"""What is trained in a benchmark: a few networks that stand for many."""

from __future__ import annotations

from dataclasses import dataclass

from whynet.errors import UsageError, did_you_mean
from whynet.training.recipe import ActivationName, CostName, OptimizerName, Recipe


@dataclass(frozen=True)
class Work:
    """One epoch of a network, everything about it fixed but who does it.

    Every system takes the same steps: the same sizes, batch, cost and rate, in float32. The hidden layers are dense and
    `hidden` are their units, or else `layers` says them in words. `cross_entropy_rate` is the rate of systems that know
    no quadratic cost.

    >>> WORKS["small"].recipe(784, 10).sizes
    (784, 30, 10)
    """

    name: str
    hidden: tuple[int, ...]
    activation: ActivationName
    cost: CostName
    optimizer: OptimizerName
    learning_rate: float
    batch_size: int
    threads: int = 1
    cross_entropy_rate: float = 0.1
    layers: tuple[str, ...] = ()

    def recipe(self, features: int, classes: int) -> Recipe:
        """The work as a recipe for whynet."""
        return Recipe(
            sizes=None if self.layers else (features, *self.hidden, classes),
            layers=self.layers or None,
            activation=self.activation,
            init="he" if self.activation == "relu" else "scaled-normal",
            cost=self.cost,
            optimizer=self.optimizer,
            learning_rate=self.learning_rate,
            batch_size=self.batch_size,
            threads=self.threads,
            epochs=1,
        )

    def __str__(self) -> str:
        sizes = (
            ", ".join(("in", *self.layers, "out")) if self.layers else "-".join(map(str, ("in", *self.hidden, "out")))
        )
        threads = "1 thread" if self.threads == 1 else f"{self.threads} threads"
        return f"{sizes} {self.activation}, {self.cost}, {self.optimizer}, batch {self.batch_size}, {threads}"


FEW_FILTERS = ("conv 8 5x5", "pool 2", "conv 16 5x5", "pool 2")
MANY_FILTERS = ("conv 32 3x3", "conv 64 3x3", "pool 2", "dense 128")


def _convnet(name: str, layers: tuple[str, ...], batch_size: int) -> Work:
    return Work(name, (), "relu", "softmax-cross-entropy", "sgd", 0.02, batch_size, threads=2, layers=layers)


WORKS = {
    work.name: work
    for work in (
        Work("small", (30,), "sigmoid", "quadratic", "sgd", 3.0, 10, cross_entropy_rate=0.5),
        Work("adam", (100,), "relu", "softmax-cross-entropy", "adam", 0.001, 32),
        Work("wide", (800,), "relu", "softmax-cross-entropy", "sgd", 0.1, 128, threads=2),
        Work("deep", (2500, 2000, 1500, 1000, 500), "relu", "softmax-cross-entropy", "sgd", 0.02, 128, threads=2),
        _convnet("convnet", FEW_FILTERS, 10),
        _convnet("convnet-128", FEW_FILTERS, 128),
        _convnet("convnet-large", MANY_FILTERS, 10),
        _convnet("convnet-large-128", MANY_FILTERS, 128),
    )
}


def work_named(name: str) -> Work:
    """The work of that name.

    >>> work_named("wide").threads
    2

    Raises
    ------
    UsageError
        There is none.
    """
    if name not in WORKS:
        raise UsageError(f"there is no work '{name}'", do=did_you_mean(name, WORKS))
    return WORKS[name]
