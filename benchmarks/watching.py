"""What watching a PyTorch loop costs: the same loop with and without, in turns, on one thread.

    python benchmarks/watching.py [--data mnist] [--pairs 11] [--epochs 1]

The figure is the median over the pairs of what the watched training took longer, in processor time; making the watch
and ending it is part of it.
"""

from __future__ import annotations

import statistics
import time
from contextlib import nullcontext
from itertools import pairwise

import click
import torch
from torch import nn

import whynet

LOOPS = (((784, 30, 10), 10, 0.0), ((784, 100, 10), 32, 0.0), ((784, 512, 512, 10), 64, 0.2))


def seconds(
    sizes: tuple[int, ...], size: int, dropout: float, X: torch.Tensor, y: torch.Tensor, epochs: int, watched: bool
) -> float:
    """One training; the numbers are the same every time."""
    torch.manual_seed(0)
    layers: list[nn.Module] = []
    for fan_in, fan_out in pairwise(sizes):
        layers += [nn.Linear(fan_in, fan_out), nn.ReLU(), nn.Dropout(dropout)]
    model, loss = nn.Sequential(*(one for one in layers[:-2] if getattr(one, "p", 1))), nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    start = time.process_time()
    with whynet.watch(model, loss=loss, optimizer=optimizer) if watched else nullcontext():
        for _ in range(epochs):
            for rows in torch.randperm(len(X)).split(size):
                optimizer.zero_grad()
                loss(model(X[rows]), y[rows]).backward()
                optimizer.step()
    return time.process_time() - start


@click.command()
@click.option("--data", "name", default="mnist")
@click.option("--pairs", default=11)
@click.option("--epochs", default=1)
def main(name: str, pairs: int, epochs: int) -> None:
    """Measure each loop in turns."""
    torch.set_num_threads(1)
    data = whynet.load(name)
    X, y = torch.tensor(data.inputs).float() / 255, torch.tensor(data.labels)
    for sizes, size, dropout in LOOPS:
        steps = epochs * -(-len(X) // size)
        took = [
            [seconds((X.shape[1], *sizes[1:]), size, dropout, X, y, epochs, watched) for watched in (False, True)]
            for _ in range(pairs + 1)
        ][1:]  # the first warms up
        more = sorted(watched / plain - 1 for plain, watched in took)
        extra = statistics.median(watched - plain for plain, watched in took) / steps
        click.echo(
            f"{'-'.join(map(str, sizes))}, batches of {size}: a step takes "
            f"{1e6 * statistics.median(plain for plain, _ in took) / steps:.0f} us; watched {1e6 * extra:+.1f} us, "
            f"{statistics.median(more):+.1%} (quartiles {more[len(more) // 4]:+.1%} and {more[-len(more) // 4]:+.1%})"
        )


if __name__ == "__main__":
    main()
