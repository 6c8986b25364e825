"""The readable engine against a bare NumPy loop that does the same arithmetic and nothing else, side by side.

    python benchmarks/readable_engine.py [--data mnist] [--repeats 7]

The work is 784-30-10, sigmoid, quadratic cost, float32, plain SGD. The bare loop has its images converted to float32
beforehand, has no objects, no checks and no records. Both have one thread. Both must end with the same accuracy, or the
figures are void. Printed: the median over repeats of seconds per epoch of each, and of their ratio, for batches of 10
and of 128.
"""

from __future__ import annotations

import statistics
import time

import click
import numpy as np
from threadpoolctl import threadpool_limits

import whynet
from whynet.training.loop import Training
from whynet.training.prepare import prepare
from whynet.types import Array


def bare_epoch(X: Array, labels: Array, order: Array, batch: int, rate: float, params: list[Array]) -> None:
    """One epoch as one would write it for speed alone."""
    W1, b1, W2, b2 = params
    eye = np.eye(10, dtype=np.float32)
    for start in range(0, len(order), batch):
        rows = order[start : start + batch]
        x, t = X[rows], eye[labels[rows]]
        a1 = 1 / (1 + np.exp(-(x @ W1 + b1)))
        a2 = 1 / (1 + np.exp(-(a1 @ W2 + b2)))
        d2 = (a2 - t) * a2 * (1 - a2)
        d1 = (d2 @ W2.T) * a1 * (1 - a1)
        step = rate / len(rows)
        W2 -= step * (a1.T @ d2)
        b2 -= step * d2.sum(axis=0)
        W1 -= step * (x.T @ d1)
        b1 -= step * d1.sum(axis=0)


def compare(data: whynet.Dataset, batch: int, repeats: int) -> None:
    """Time both in turn, so that a machine that slows down slows both."""
    recipe = whynet.Recipe(
        sizes=(data.features, 30, len(data.classes)),
        cost="quadratic",
        learning_rate=3.0,
        batch_size=batch,
        epochs=1,
    )
    X = (data.inputs / 255).astype(np.float32)
    order = np.random.default_rng([recipe.seed, 2, 0]).permutation(len(data))
    ours, bare, right = [], [], {}
    for _ in range(repeats):
        network = prepare(recipe, data).network
        params = [network.params[layer][name].copy() for layer in (0, 1) for name in "Wb"]
        started = time.perf_counter()
        bare_epoch(X, data.labels, order, batch, 3.0, params)
        bare.append(time.perf_counter() - started)
        ours.append(next(Training(prepare(recipe, data, network))).seconds)
        right["whynet"] = int(np.sum(network.predict(data.test.images) == data.test.labels))
        a = 1 / (1 + np.exp(-((data.test.inputs / np.float32(255)) @ params[0] + params[1])))
        right["bare"] = int(np.sum((a @ params[2] + params[3]).argmax(axis=1) == data.test.labels))
    ratio = statistics.median(a / b for a, b in zip(ours, bare, strict=True))
    click.echo(
        f"batch {batch:>3}: whynet {statistics.median(ours):.3f} s, bare NumPy {statistics.median(bare):.3f} s, "
        f"ratio {ratio:.2f}; right of {len(data.test.labels):,}: {right['whynet']:,} and {right['bare']:,}"
    )


@click.command()
@click.option("--data", default="mnist", show_default=True)
@click.option("--repeats", default=7, show_default=True)
def main(data: str, repeats: int) -> None:
    """Print both ratios."""
    dataset = whynet.load(data)
    with threadpool_limits(1):
        for batch in (10, 128):
            compare(dataset, batch, repeats)


if __name__ == "__main__":
    main()
