"""The published experiments: what each text reports, how to measure the same, and what it means.

An experiment is a shipped recipe of the same name, the figures that its text prints (None where it prints none), a
function that measures figures with the same keys, and a sentence. To add one: a recipe file and a row in `EXPERIMENTS`.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np

from whynet.data.dataset import Dataset
from whynet.errors import Interrupted, NonFinite, UsageError, did_you_mean
from whynet.training import metrics
from whynet.training.checking import batch, whole_matrix_ratios
from whynet.training.loop import Training
from whynet.training.prepare import prepare
from whynet.training.recipe import Recipe
from whynet.types import Array

Figures = dict[str, Any]
Tick = Callable[[float], None]
"""Called with the share of the work that is done, 0..1."""

TRIAL_STEPS = 30
PLENTY = 2000  # examples; what stands still after so many stands still


@dataclass(frozen=True)
class Experiment:
    """One published experiment; one that is `long` takes minutes, and is run only where it is named.

    >>> EXPERIMENTS["xor"].recipe(seed=5).sizes
    (2, 2, 1)
    """

    name: str
    published: Figures
    measure: Callable[[Training, Tick], Figures]
    means: str
    long: bool = False

    def recipe(self, seed: int | None = None) -> Recipe:
        """The recipe, with another seed if wanted."""
        recipe = Recipe.named(self.name)
        return recipe if seed is None else recipe.but(seed=seed)

    def run(self, data: Dataset, *, seed: int | None = None, seeds: int = 1, tick: Tick = lambda _: None) -> Outcome:
        """Run it and measure what its text reports; with more `seeds`, also from those that follow."""
        started = time.perf_counter()
        first = self.recipe(seed).seed
        found: list[Figures] = []
        floor = 0.0
        for number in range(seeds):
            training = _training(self.recipe(first + number), data)
            floor = training.prepared.floor if number == 0 else floor
            found.append(self.measure(training, _part(tick, number, seeds)))
        return Outcome(self, found[0], floor, time.perf_counter() - started, first, tuple(found))

    def estimate(self, data: Dataset) -> float:
        """About how many seconds it will take here, from a few of its own steps."""
        recipe = self.recipe()
        training = _training(recipe, data)
        rows = np.arange(training.prepared.batch_size)[np.newaxis]
        steps = 1 if recipe.batch_size == "full" else TRIAL_STEPS
        rates = np.full(steps, recipe.rate)
        training.engine.advance(training.task, training.position.state, rows, rates[:1], 0)  # the first prepares things
        started = time.perf_counter()
        training.engine.advance(training.task, training.position.state, np.repeat(rows, steps, axis=0), rates, 0)
        each = (time.perf_counter() - started) / steps
        evaluation = time.perf_counter()
        if data.test is not None:
            metrics.quality(training.network, data.test)
        evaluation = time.perf_counter() - evaluation
        return recipe.epochs * (training.prepared.batches * each + evaluation)


@dataclass(frozen=True)
class Outcome:
    """What an experiment gave here; `measured` has the keys of `experiment.published`. `each` holds the same for all
    seeds, from `seed` on.

    >>> Outcome(EXPERIMENTS["xor"], {"text": "learned"}, floor=0.125, seconds=1.0).over_seeds is None
    True
    """

    experiment: Experiment
    measured: Figures
    floor: float
    seconds: float
    seed: int = 0
    each: tuple[Figures, ...] = ()
    verdict: list[dict[str, Any]] | None = None
    """The doctor's findings as plain values, if it was asked."""
    fixed: dict[str, Any] | None = None
    """How the mended network ends, if there is a cure."""

    @property
    def over_seeds(self) -> dict[str, dict[str, Any]] | None:
        """Values, mean and standard deviation over the seeds, of every figure that is one number or a list that ends in
        one; None for a single seed."""
        if len(self.each) < 2:
            return None
        spread = {}
        for key in self.measured:
            values = [one[key][-1] if isinstance(one[key], list) else one[key] for one in self.each]
            if all(isinstance(value, (int, float)) for value in values):
                mean, sd = float(np.mean(values)), float(np.std(values, ddof=1))
                spread[key] = {"first_seed": self.seed, "values": values, "mean": mean, "sd": sd}
        return spread

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON; `over_seeds` only where there are several."""
        spread = {} if self.over_seeds is None else {"over_seeds": self.over_seeds}
        return {
            "name": self.experiment.name,
            "published": self.experiment.published,
            "measured": self.measured,
            "floor": self.floor,
            "means": self.experiment.means,
            "verdict": self.verdict,
            "fixed": self.fixed,
            "seconds": self.seconds,
            **spread,
        }


def _part(tick: Tick, number: int, parts: int) -> Tick:
    """Ticks of one part of the work as ticks of the whole."""
    return lambda share: tick((number + share) / parts)


def _training(recipe: Recipe, data: Dataset) -> Training:
    return Training(prepare(recipe, data))


def _counts(training: Training, tick: Tick) -> Figures:
    """Right answers on the test images after each epoch."""
    training.look = lambda t: tick((t.position.epoch + t.position.batch / t.prepared.batches) / t.recipe.epochs)
    return {"test_correct": [epoch.test_correct for epoch in training]}


def _accuracy(training: Training, tick: Tick) -> Figures:
    """The share of the test images answered right when training is over."""
    _counts(training, tick)
    assert training.test is not None
    return {"test_accuracy": metrics.quality(training.network, training.test)}


def _training_accuracy(training: Training, tick: Tick) -> Figures:
    """The same of the images trained on."""
    _counts(training, tick)
    return {"train_accuracy": metrics.quality(training.network, training.train)}


def _single_costs(training: Training, tick: Tick, most: int | None = None) -> Array:
    """The cost of each single example before its step, over one epoch or `most` of its examples; ends early if numbers
    blow up."""
    steps = training.prepared.batches if most is None else most
    training.pauses = [steps]
    training.look = lambda t: tick(t.position.batch / steps)
    training.stop = lambda: training.steps >= steps
    with suppress(NonFinite, Interrupted):
        next(training)
    return training.position.costs


def _neuron_by_neuron(training: Training, tick: Tick) -> Figures:
    costs = _single_costs(training, tick)
    outputs = training.network.scores(training.train.images[:1])[0]
    return {
        "cost": [float(costs[step]) for step in (*range(0, 60_000, 10_000), 59_000)],
        "text": f"ten outputs for the first image between {outputs.min():.2f} and {outputs.max():.2f}",
    }


def _xor(training: Training, tick: Tick) -> Figures:
    _counts(training, tick)
    assert training.test is not None
    outputs = training.network.scores(training.test.images)[:, 0]
    named = ", ".join(
        f"{output:.5f} for target {target}" for output, target in zip(outputs, training.test.labels, strict=True)
    )
    return {"text": named}


def _vectorised(training: Training, tick: Tick) -> Figures:
    _single_costs(training, tick)
    return {"cost": [metrics.mean_cost(training.network, training.train)]}


def _vectorised_800(training: Training, tick: Tick) -> Figures:
    X, targets = batch(training.prepared, 1)
    start = training.network.cost.value(training.network.scores(X), targets)
    z = [float(np.abs(memo.z).mean()) for memo in training.network.forward(X).memos]
    single = training.recipe.but(dtype="float32")
    rehearsal = Training(prepare(single, training.train))
    try:
        next(rehearsal)
        in_single = f"cost {rehearsal.position.costs[-1]:.4f}"
    except NonFinite as error:
        in_single = f"{error.message} ({error.where})"
    costs = _single_costs(training, tick, PLENTY)
    return {
        "text": f"in float32: {in_single}; in float64: cost {start:.4f} at the start and {costs[-1]:.4f} after "
        f"{len(costs):,} examples; mean |z| {z[0]:.0f} hidden, {z[1]:.0f} output"
    }


def _whole_matrix_check(training: Training, tick: Tick) -> Figures:
    ratios = whole_matrix_ratios(training.prepared)
    tick(1.0)
    return {"text": f"{ratios[0]:.4f} and {ratios[1]:.4f}"}


def _never_below(training: Training, tick: Tick) -> Figures:
    costs = []
    for epoch in training:  # one full-batch step each, its cost taken before the step
        costs.append(epoch.cost)
        tick(len(costs) / training.recipe.epochs)
    costs.append(metrics.mean_cost(training.network, training.train))
    assert training.test is not None
    return {
        "cost": costs,
        "test_accuracy": metrics.quality(training.network, training.test),
        "text": f"cost ends at {costs[-1]:.4f}, the floor is {training.prepared.floor:.4f}",
    }


def _printed(*first: int, last: tuple[int, ...]) -> list[int | None]:
    """The counts of 30 epochs of which a text prints the first and the last three."""
    return [*first, *[None] * (30 - len(first) - len(last)), *last]


EXPERIMENTS: dict[str, Experiment] = {
    experiment.name: experiment
    for experiment in (
        Experiment(
            "neuron-by-neuron",
            {
                "cost": [
                    4.3739634316135225,
                    0.4876292680858326,
                    0.39989816082272944,
                    0.49507443066631834,
                    0.5483594859079792,
                    0.5135921029479789,
                    0.4686434346776871,
                ],
                "text": "ten outputs for the first image between 0.03 and 0.23",
            },
            _neuron_by_neuron,
            "The single errors scatter around 0.45, the floor: every prediction is the class frequencies. The start "
            "near 4.5 is all ten outputs at 1: weights that are all positive drive every unit to saturation. From then "
            "on the images do not matter, which is why the same figures come back from any seed.",
        ),
        Experiment(
            "xor",
            {"text": "0.00035 for target 0"},
            _xor,
            "The same program learns XOR, so its mistakes are of a kind that XOR does not show: two inputs cannot "
            "saturate a unit. 2-2-1 is the smallest net that can do it; about one start in three stalls.",
        ),
        Experiment(
            "vectorised",
            {"cost": [0.45]},
            _vectorised,
            "Stuck at the floor, the same prediction for every image. The hidden units are saturated before the first "
            "step (mean pre-activation near 20), and the momentum term, 0.3 times the raw gradient, is the real step: "
            "the rate of 0.0001 hardly matters.",
        ),
        Experiment(
            "vectorised-800",
            {"text": "division by zero, NaN"},
            _vectorised_800,
            "Wider makes it worse: pre-activations of 160 put all ten outputs at exactly 1, and no gradient is left. "
            "The text does not show its sigmoid; a derivative written as exp(z) / (1 + exp(z))^2 is infinity over "
            "infinity once its square overflows: from z = 44 in float32, from 355 in float64, where training stands "
            "still at 4.5.",
        ),
        Experiment(
            "whole-matrix-check",
            {"text": "1.0 and 0.9958"},
            _whole_matrix_check,
            "The check is wrong, not the gradient: it shifts all weights of a layer together and compares that one "
            "number with a whole matrix. `whynet check-gradients whole-matrix-check` does it entry by entry: the "
            "hidden "
            "layer is too saturated to check, the output layer is right.",
        ),
        Experiment(
            "never-below-3.24",
            {
                "cost": [None, None, None, None, None, 3.25],
                "test_accuracy": 0.11,
                "text": "cost tends to 3.24-3.25, never below",
            },
            _never_below,
            "3.249 is the floor of ten binary cross-entropies for these 30,000 labels: after five full-batch steps "
            "only the output biases have learned, the class frequencies. 11.35 % is always predicting 1.",
        ),
        Experiment(
            "tutorial-15",
            {"test_correct": _printed(8881, 9080, 9144, last=(9369, 9334, 9361))},
            _counts,
            "The network learns. At this rate it is chaotic in the last bits: counts differ by up to half a point with "
            "the order of summation. The text's prose (9,007 to 9,348) contradicts its own transcript, and its loader "
            "returns two sets where its example unpacks three.",
        ),
        Experiment(
            "tutorial-rate-0.001",
            {"test_correct": _printed(816, 1040, 1217, last=(2438, 2487, 2532))},
            _counts,
            "3,000 times too slow: it is still learning when it stops. Nothing else is wrong.",
        ),
        Experiment(
            "tutorial-rate-100",
            {"test_correct": _printed(958, 958, 890, last=(890, 890, 890))},
            _counts,
            "958 is the number of sixes among the test images: the same prediction for (nearly) every image. The first "
            "steps drove every unit into saturation, and no gradient brings it back.",
        ),
        Experiment(
            "tutorial-100",
            {"test_correct": _printed(7488, 7613, 7655, last=(8747, 8751, 8747))},
            _counts,
            "A class or two are never predicted: N(0, 1) weights from 100 hidden units saturate an output unit from "
            "the start. Whether it revives depends on the last bits.",
        ),
        Experiment(
            "advice-250-350",
            {"train_accuracy": 0.98},
            _training_accuracy,
            "The answer's advice is good: one layer of 300 sigmoid units learns its 50,000 images in a million steps "
            "of one example each, with no other trick.",
            long=True,
        ),
        Experiment(
            "reference-800",
            {"test_accuracy": 0.984},
            _accuracy,
            "The figure that texts quote for one layer of 800 units on the images as they are. It predicts every "
            "training image right after a few epochs; what is left is overfitting.",
            long=True,
        ),
        Experiment(
            "reference-800-distorted",
            {"test_accuracy": 0.993},
            _accuracy,
            "The same network. Images that are turned, slanted, resized, moved and bent anew every epoch halve its "
            "error: more data, not more units, was what it lacked (published by Simard et al. 2003).",
            long=True,
        ),
        Experiment(
            "dropout-1024x3",
            {"test_accuracy": 0.9894},
            _accuracy,
            "Dropout and a largest norm for the weights into a unit, on the images as they are (published by "
            "Srivastava et al. 2014).",
            long=True,
        ),
        Experiment(
            "batch-norm-noise",
            {"test_accuracy": 0.992},
            _accuracy,
            "Batch normalisation and noise in every layer, on the images as they are: the baseline of the ladder "
            "network (published by Rasmus et al. 2015).",
            long=True,
        ),
    )
}


def find(names: list[str]) -> list[Experiment]:
    """The experiments of those names, or all that are not long.

    >>> [experiment.name for experiment in find(["xor"])]
    ['xor']

    Raises
    ------
    UsageError
        There is none of a name; the message lists them.
    """
    for name in names:
        if name not in EXPERIMENTS:
            raise UsageError(f"there is no experiment '{name}'", do=did_you_mean(name, EXPERIMENTS))
    return [EXPERIMENTS[name] for name in names] if names else [one for one in EXPERIMENTS.values() if not one.long]
