"""What watching a PyTorch loop costs: the same loop with and without, in turns, on one thread.

    python benchmarks/watching.py [--pairs 11] [--seconds 4] [--without-loss]

The figure is the median over the pairs of what the watched training took longer, in processor time; making the watch
and ending it is part of it. Four loops: small dense steps of about 0.3 ms, dense ones of 1 ms and more, convolutions,
and a recurrent layer. The rows are made up: what a step costs does not hang on what is learned.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from contextlib import nullcontext
from typing import NamedTuple

import click
import torch
from torch import nn

import whynet

ROWS = 20_000


class Last(nn.Module):
    """What a recurrent layer answers at its last step, as ten scores."""

    def __init__(self) -> None:
        super().__init__()
        self.inner, self.outer = nn.GRU(28, 64, batch_first=True), nn.Linear(64, 10)

    def forward(self, X: torch.Tensor) -> torch.Tensor:
        """Scores of sequences of 28 rows."""
        return self.outer(self.inner(X)[0][:, -1])


class Loop(NamedTuple):
    """A training: its name, the module, the shape of a row, the rows of a batch."""

    name: str
    make: Callable[[], nn.Module]
    shape: tuple[int, ...]
    size: int


LOOPS = (
    Loop("dense, small", lambda: nn.Sequential(nn.Linear(784, 30), nn.ReLU(), nn.Linear(30, 10)), (784,), 10),
    Loop(
        "dense",
        lambda: nn.Sequential(
            nn.Linear(784, 512), nn.ReLU(), nn.Dropout(0.2), nn.Linear(512, 512), nn.ReLU(), nn.Linear(512, 10)
        ),
        (784,),
        64,
    ),
    Loop(
        "convolutions",
        lambda: nn.Sequential(
            nn.Conv2d(1, 8, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(8, 16, 3), nn.ReLU(), nn.Flatten(),
            nn.Linear(16 * 11 * 11, 10),
        ),
        (1, 28, 28),
        32,
    ),
    Loop("recurrent", Last, (28, 28), 32),
)  # fmt: skip


def seconds(loop: Loop, X: torch.Tensor, y: torch.Tensor, steps: int, watched: bool, told: bool) -> float:
    """One training of so many steps; the numbers are the same every time."""
    torch.manual_seed(0)
    model, loss = loop.make(), nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    handed = {"loss": loss} if told else {}
    taken, start = 0, time.process_time()
    with whynet.watch(model, optimizer=optimizer, **handed) if watched else nullcontext():
        while taken < steps:
            for rows in torch.randperm(len(X)).split(loop.size)[: steps - taken]:
                optimizer.zero_grad()
                loss(model(X[rows]), y[rows]).backward()
                optimizer.step()
                taken += 1
    return time.process_time() - start


@click.command()
@click.option("--pairs", default=11)
@click.option("--seconds", "each", default=4.0, help="Of a training that is not watched.")
@click.option("--without-loss", is_flag=True, help="The loss is told from what backward() is called on.")
@click.option("--only", default="", help="Loops whose names begin so.")
def main(pairs: int, each: float, without_loss: bool, only: str) -> None:
    """Measure each loop in turns."""
    torch.set_num_threads(1)
    y = torch.arange(ROWS) % 10
    for loop in LOOPS:
        if not loop.name.startswith(only):
            continue
        X = torch.rand(ROWS, *loop.shape, generator=torch.Generator().manual_seed(0))
        seconds(loop, X, y, 20, True, False)  # warms up
        steps = max(100, int(each / (seconds(loop, X, y, 100, False, False) / 100)))
        took = [
            [seconds(loop, X, y, steps, watched, not without_loss) for watched in ((False, True), (True, False))[i % 2]]
            for i in range(pairs)
        ]
        took = [pair if i % 2 == 0 else pair[::-1] for i, pair in enumerate(took)]
        more = sorted(watched / plain - 1 for plain, watched in took)
        plain = 1e6 * statistics.median(plain for plain, _ in took) / steps
        extra = 1e6 * statistics.median(watched - plain for plain, watched in took) / steps
        quartiles = f"{more[len(more) // 4]:+.1%} and {more[-1 - len(more) // 4]:+.1%}"
        click.echo(
            f"{loop.name}, batches of {loop.size}, {steps:,} steps of {plain:.0f} us: watched {extra:+.1f} us a step, "
            f"{statistics.median(more):+.1%} (quartiles {quartiles})"
        )


if __name__ == "__main__":
    main()
