"""How near an ONNX file is to its network after a training, and both to the same network in double precision.

    python -m benchmarks.exchange [--epochs 5] [--rows 20000] [--only relu,pictures]

For every activation, batch normalisation and a convolutional network: trained on MNIST, written as ONNX, run by ONNX
Runtime on the 10,000 test images. Printed is the largest difference of a probability between the file and the network,
and of each from the network computed in float64; and the largest score, whose last bit is worth that much.
"""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np

import whynet
from whynet.engines.choice import FASTEST
from whynet.interfaces.exchange import export
from whynet.network.activations import ACTIVATIONS
from whynet.network.network import Network

PICTURES = ("conv 8 5x5", "batch-norm", "pool 2", "dense 32")


def networks() -> dict[str, dict[str, Any]]:
    """By name, what to train."""
    plain = {"hidden": (64,), "batch_size": 10, "epochs": 5}
    sort = {
        name: {**plain, "activation": name, "learning_rate": 0.1, "cost": "softmax-cross-entropy"}
        for name in ACTIVATIONS
    }
    sort["quadratic"] = {**plain, "activation": "sigmoid", "cost": "quadratic", "learning_rate": 3.0}
    sort["batch norm"] = {**plain, "activation": "relu", "batch_norm": True, "learning_rate": 0.1, "batch_size": 50}
    sort["pictures"] = {"layers": PICTURES, "learning_rate": 0.05, "batch_size": 32}
    return sort


def probabilities(network: Network, images: Any) -> Any:
    """What it puts out, in its own precision."""
    return network.cost.probabilities(FASTEST.scores(network, images))


def main() -> None:
    import onnxruntime as runtime

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--only", default="")
    asked = parser.parse_args()
    data = whynet.load("mnist")
    images = data.test.images
    print("network            right   file-network  file-float64  network-float64  largest score  its last bit")
    for name, settings in networks().items():
        if asked.only and name not in asked.only.split(","):
            continue
        recipe = whynet.Recipe(**{**settings, "epochs": asked.epochs, "train_size": asked.rows})
        run = whynet.fit(recipe, data)
        network = run.network
        session = runtime.InferenceSession(export(network, "onnx")["model.onnx"], providers=["CPUExecutionProvider"])
        X = images.reshape(len(images), -1)
        file = session.run(None, {session.get_inputs()[0].name: X.astype(np.float32)})[0]
        ours, exact = probabilities(network, X), probabilities(network.astype("float64"), X)
        scores = float(np.abs(FASTEST.scores(network, X)).max())
        right = np.mean(file.argmax(axis=1) == data.test.labels)
        far = [np.abs(a - b).max() for a, b in ((file, ours), (file, exact), (ours, exact))]
        print(
            f"{name:18} {right:.4f}  {far[0]:12.1e}  {far[1]:12.1e}  {far[2]:15.1e}  {scores:13.1f}  "
            f"{np.spacing(np.float32(scores)):12.1e}",
            flush=True,
        )


if __name__ == "__main__":
    main()
