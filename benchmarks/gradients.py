"""How exact is backpropagation? Relative errors of every activation under every cost with every kind of layer.

    python benchmarks/gradients.py [FILE]

Smooth activations are checked by complex steps, those with a kink by differences; the largest error over the arrays of
784-30-20-10 from three sound starts, and over random directions in all parameters. With FILE, the page of the docs.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

import whynet
from whynet import files
from whynet.network.activations import ACTIVATIONS
from whynet.network.architectures import Style, convnet
from whynet.network.costs import COSTS
from whynet.noise import Noise

LAYERS = {
    "dense": {},
    "batch norm": {"batch_norm": True},
    "dropout": {"dropout": 0.4, "input_dropout": 0.2},
    "noise": {"noise": 0.3, "input_noise": 0.3},
}
PICTURES = {
    "convolution and pooling": ["conv 4 3x3", "pool 2", "conv 5 3x3 same stride 2"],
    "convolution, batch norm, average pooling": ["conv 4 3x3 batch-norm", "average-pool 2", "conv 5 3x3 batch-norm"],
}
STARTS = ("scaled-normal", "glorot", "he")
HEAD = """# How exact the gradients are

Made by `python benchmarks/gradients.py docs/gradients.md`: the largest relative error |a - n| / max(|a|, |n|) over the
arrays of a 784-30-20-10 network (with convolutions: one of pictures of 12 x 12), and over random directions in which
all parameters move, from three starts, on ten sparse examples in float64, with dropout, noise and normalisation as in
training. Smooth activations are held against complex steps, which lose no digits; those with a kink (elu, leaky-relu,
relu) against centred differences, which lose about five.
"""


def network_of(kind: str, activation: str, cost: str, init: str) -> whynet.Network:
    """The network with that kind of layers."""
    if kind in LAYERS:
        return whynet.Network([784, 30, 20, 10], activation=activation, cost=cost, init=init, seed=1, **LAYERS[kind])
    style = Style(activation, COSTS[cost].output_activation, init)
    return whynet.Network(layers=convnet((12, 12, 1), PICTURES[kind], 10, style), cost=cost, seed=1)


def largest_error(activation: str, cost: str, kind: str) -> float:
    """The worst of all arrays, directions and starts."""
    worst = 0.0
    for init in STARTS:
        network = network_of(kind, activation, cost, init)
        rng, inputs = np.random.default_rng(0), network.layers[0].inputs
        X = rng.random((10, inputs)) * (rng.random((10, inputs)) < 0.2)
        targets = np.eye(10)[rng.integers(10, size=10)]
        check = whynet.check_gradients(
            network, X, targets, noise=Noise(0, 0), complex_step=not ACTIVATIONS[activation].kinked
        )
        if not check.passed:
            raise SystemExit(f"WRONG: {activation}, {cost}, {kind}: {check}")
        right = [one.relative_error for one in check.arrays if one.verdict == "right"]
        worst = max(worst, *right, check.projection or 0.0)
    return worst


def table() -> str:
    """The errors as Markdown, one table for each kind of layer."""
    parts = [HEAD]
    for kind in (*LAYERS, *PICTURES):
        parts.append(f"## {kind}\n\n| activation | " + " | ".join(COSTS) + " |\n|---|" + "---|" * len(COSTS))
        for activation in ACTIVATIONS:
            cells = [f"{largest_error(activation, cost, kind):.0e}" for cost in COSTS]
            parts.append(f"| {activation} | " + " | ".join(cells) + " |")
        parts.append("")
    return "\n".join(parts)


if __name__ == "__main__":
    made = table()
    if len(sys.argv) > 1:
        files.write(Path(sys.argv[1]), made)
    else:
        print(made)
