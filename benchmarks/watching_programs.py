"""What watching a program costs: `python train.py` against the same under the recorder, run to its end, in turns.

    python benchmarks/watching_programs.py [--pairs 7] [--seconds 10]

The figures are processor time: the medians over the pairs, of the whole process with its start, and of the steps alone,
which a program prints. A program that is diagnosed is ended when enough was seen; here it is not, so that the cost of
the steps that are not recorded is seen too.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import click

from whynet.subjects.program.child import Watching, main
from whynet.subjects.program.tape import Tape

PATHS = [str(Path(__file__).parents[1] / "src"), *filter(None, [os.environ.get("PYTHONPATH")])]
ENV = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(PATHS)}
HEAD = """import sys, time
steps = int(sys.argv[1])
"""
FOOT = """print("took", time.process_time() - began)
"""
ARRAYS = """import numpy as np
rng = np.random.default_rng(0)
X, Y = rng.random((20_000, 784)), np.eye(10)[rng.integers(10, size=20_000)]
W1, b1 = rng.normal(size=(784, 30)) / 28, np.zeros(30)
W2, b2 = rng.normal(size=(30, 10)) / 5, np.zeros(10)

def sigmoid(z):
    return 1 / (1 + np.exp(-z))

began = time.process_time()
for step in range(steps):
    first = step * {size} % 20_000
    x, y = X[first:first + {size}], Y[first:first + {size}]
    h = sigmoid(x @ W1 + b1)
    out = sigmoid(h @ W2 + b2)
    d2 = (out - y) / len(x)
    d1 = d2 @ W2.T * h * (1 - h)
    W2 -= 0.5 * h.T @ d2
    b2 -= 0.5 * d2.sum(axis=0)
    W1 -= 0.5 * x.T @ d1
    b1 -= 0.5 * d1.sum(axis=0)
"""
NEURONS = """import math, random
random.seed(0)

class Neuron:
    def __init__(self, inputs):
        self.w = [random.uniform(-0.3, 0.3) for _ in range(inputs)]
        self.b = 0.0

    def activate(self, inputs):
        self.inputs = inputs
        z = self.b
        for w, a in zip(self.w, inputs):
            z += w * a
        self.a = 1 / (1 + math.exp(-z))
        return self.a

    def learn(self):
        for i in range(len(self.w)):
            self.w[i] -= 0.1 * self.delta * self.inputs[i]
        self.b -= 0.1 * self.delta

layers = [[Neuron(64) for _ in range(16)], [Neuron(16) for _ in range(10)]]
rows = [[random.random() for _ in range(64)] for _ in range(100)]
targets = [[float(i == row % 10) for i in range(10)] for row in range(100)]

began = time.process_time()
for step in range(steps):
    a, y = rows[step % 100], targets[step % 100]
    for layer in layers:
        a = [neuron.activate(a) for neuron in layer]
    for i, neuron in enumerate(layers[1]):
        neuron.delta = (neuron.a - y[i]) * neuron.a * (1 - neuron.a)
    for i, neuron in enumerate(layers[0]):
        neuron.delta = sum(one.delta * one.w[i] for one in layers[1]) * neuron.a * (1 - neuron.a)
    for layer in layers:
        for neuron in layer:
            neuron.learn()
"""
PROGRAMS = {
    "NumPy, 784-30-10, batches of 32": ARRAYS.format(size=32),
    "NumPy, 784-30-10, one at a time": ARRAYS.format(size=1),
    "Python, neurons, 64-16-10, one at a time": NEURONS,
}


class Whole(Watching):
    """Watches to the program's end."""

    def taken(self, tape: Tape) -> bool:
        """As always, and never enough."""
        found = super().taken(tape)
        self.recorder.enough = False
        return found


def took(script: Path, steps: int, watched: bool) -> tuple[float, float]:
    """Processor seconds of the process, and of its steps."""
    with tempfile.TemporaryDirectory() as folder:
        before = [__file__, "--child", folder] if watched else []
        command = [sys.executable, *before, str(script), str(steps)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=ENV, cwd=script.parent) as process:
            assert process.stdout is not None
            said = process.stdout.read()
            _, status, used = os.wait4(process.pid, 0)
            process.returncode = status
    if status:
        raise SystemExit(said)
    return used.ru_utime + used.ru_stime, float(said.rpartition("took ")[2])


@click.command()
@click.option("--pairs", default=7)
@click.option("--seconds", default=10.0, help="Of a program that is not watched.")
@click.option("--only", default="", help="Programs whose names begin so.")
def measure(pairs: int, seconds: float, only: str) -> None:
    """Measure each program in turns."""
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "train.py"
        for name, text in PROGRAMS.items():
            if not name.startswith(only):
                continue
            script.write_text(HEAD + text + FOOT, encoding="utf-8")
            steps = max(100, int(200 * seconds / took(script, 200, False)[1]))
            found = [
                [took(script, steps, watched) for watched in ((False, True), (True, False))[i % 2]]
                for i in range(pairs)
            ]
            found = [pair if i % 2 == 0 else pair[::-1] for i, pair in enumerate(found)]
            plain = statistics.median(one[0] for one, _ in found)
            whole = statistics.median(other[0] / one[0] for one, other in found) - 1
            inner = sorted(other[1] / one[1] - 1 for one, other in found)
            more = statistics.median(other[0] - one[0] for one, other in found)
            click.echo(
                f"{name}, {steps:,} steps, {plain:.1f} s: watched {more:+.2f} s, {whole:+.1%}; of the steps "
                f"{statistics.median(inner):+.1%} (quartiles {inner[len(inner) // 4]:+.1%} and "
                f"{inner[-1 - len(inner) // 4]:+.1%})"
            )


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        import whynet.subjects.program.child as child

        child.Watching = Whole  # type: ignore[misc]
        sys.exit(main(sys.argv[2:]))
    measure()
