"""Digits in a few lines: train, watch, test, save, load again.

python examples/digits_in_30_lines.py
"""

import tempfile
from pathlib import Path

import whynet

data = whynet.load("auto")
network = whynet.Network([data.features, 30, len(data.classes)], activation="sigmoid", seed=0)
recipe = whynet.Recipe(cost=network.cost_name, learning_rate=0.5, epochs=5)
for epoch in whynet.train(network, data, recipe):
    print(f"epoch {epoch.epoch + 1}: cost {epoch.cost:.4f}, {epoch.test_correct} of {epoch.test_total} right")

path = Path(tempfile.mkdtemp()) / "digits.safetensors"
network.save(path)
again = whynet.Network.load(path)
assert (again.predict(data.test.images) == network.predict(data.test.images)).all()
print(f"saved and loaded: {again}")
