"""The book's first program, `[784, 30, 10]`, 30 epochs, batch 10, eta 3.0: whynet.book beside a loop over examples.

    python -m benchmarks.book [--epochs 30] [--part 5000] [--rounds 3]

The loop is written from the book's equations: each example goes forward and back on its own, with NumPy, by the
derivative of the sigmoid at each weighted input, and the 10,000 test images one by one as well. It is timed on the
first `--part` examples and as large a part of the test images and scaled up, once before and once after whynet's whole
`SGD` call; both on one thread. Printed are seconds on the clock and, as others may share the machine, seconds of the
processor.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import random
import time
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from whynet.book import mnist_loader, network

SIZES, BATCH, ETA = (784, 30, 10), 10, 3.0


def sigmoid(z: Any) -> Any:
    return 1.0 / (1.0 + np.exp(-z))


def slope(z: Any) -> Any:
    return sigmoid(z) * (1 - sigmoid(z))


class Loop:
    """The book's network, an example at a time."""

    def __init__(self, sizes: Sequence[int]) -> None:
        rng = np.random.default_rng(0)
        self.biases = [rng.standard_normal((b, 1)) for b in sizes[1:]]
        self.weights = [rng.standard_normal((b, a)) for a, b in pairwise(sizes)]

    def output(self, a: Any) -> Any:
        for b, w in zip(self.biases, self.weights, strict=True):
            a = sigmoid(np.dot(w, a) + b)
        return a

    def back(self, x: Any, y: Any) -> tuple[list[Any], list[Any]]:
        activations, zs = [x], []
        for b, w in zip(self.biases, self.weights, strict=True):
            zs.append(np.dot(w, activations[-1]) + b)
            activations.append(sigmoid(zs[-1]))
        delta = (activations[-1] - y) * slope(zs[-1])
        db, dw = [delta], [np.dot(delta, activations[-2].T)]
        for layer in range(2, len(activations)):
            delta = np.dot(self.weights[-layer + 1].T, delta) * slope(zs[-layer])
            db.insert(0, delta)
            dw.insert(0, np.dot(delta, activations[-layer - 1].T))
        return db, dw

    def epoch(self, examples: Sequence[Any]) -> None:
        for start in range(0, len(examples), BATCH):
            batch = examples[start : start + BATCH]
            grown_b, grown_w = [np.zeros(b.shape) for b in self.biases], [np.zeros(w.shape) for w in self.weights]
            for x, y in batch:
                db, dw = self.back(x, y)
                grown_b = [a + b for a, b in zip(grown_b, db, strict=True)]
                grown_w = [a + b for a, b in zip(grown_w, dw, strict=True)]
            self.weights = [w - ETA / len(batch) * g for w, g in zip(self.weights, grown_w, strict=True)]
            self.biases = [b - ETA / len(batch) * g for b, g in zip(self.biases, grown_b, strict=True)]

    def right(self, examples: Sequence[Any]) -> int:
        return sum(int(np.argmax(self.output(x))) == y for x, y in examples)


def now() -> Any:
    """Seconds on the clock, and of the processor."""
    return np.array([time.perf_counter(), time.process_time()])


def loop_epoch(training: Sequence[Any], test: Sequence[Any], part: int) -> Any:
    """Seconds of an epoch of the loop, its evaluation included: on the clock, and of the processor."""
    share = part / len(training)
    some = [(x.astype(np.float64), y) for x, y in training[:part]]
    judged = [(x.astype(np.float64), y) for x, y in test[: round(share * len(test))]]
    loop, started = Loop(SIZES), now()
    loop.epoch(some)
    loop.right(judged)
    return (now() - started) / share


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--part", type=int, default=5000)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    training, _, test = mnist_loader.load_data_wrapper()
    with threadpool_limits(1):
        for seed in range(asked.rounds):
            random.seed(seed)
            np.random.seed(seed)  # noqa: NPY002
            before = loop_epoch(training, test, asked.part)
            said, started = io.StringIO(), now()
            with contextlib.redirect_stdout(said):
                net = network.Network(list(SIZES))
                net.SGD(training, asked.epochs, BATCH, ETA, test_data=test)
            ours = now() - started
            theirs = asked.epochs * (before + loop_epoch(training, test, asked.part)) / 2
            right = said.getvalue().split()[-3]
            print(
                f"seed {seed}: {right} of {len(test):,} right; {asked.epochs} epochs in {ours[0]:.2f} s, the loop in "
                f"{theirs[0]:.0f} s: {theirs[0] / ours[0]:.0f} x; of the processor {ours[1]:.2f} s, {theirs[1]:.0f} s: "
                f"{theirs[1] / ours[1]:.0f} x"
            )


if __name__ == "__main__":
    main()
