# truth: line 18 missing-update
import numpy as np

np.random.seed(0)
X = np.random.randn(50, 4)
Y = np.tanh(X[:, :2] * X[:, 2:])
sizes = [4, 8, 6, 2]
layers = [{"W": np.random.randn(i, o) * i**-0.5, "b": np.zeros(o)} for i, o in zip(sizes, sizes[1:])]
for epoch in range(200):
    acts = [X]
    for layer in layers:
        acts.append(np.tanh(acts[-1] @ layer["W"] + layer["b"]))
    delta = (acts[-1] - Y) * (1 - acts[-1] ** 2) / len(X)
    for i in range(len(layers) - 1, -1, -1):
        layers[i]["dW"] = acts[i].T @ delta
        layers[i]["db"] = delta.sum(0)
        delta = delta @ layers[i]["W"].T * (1 - acts[i] ** 2)
    for layer in layers[1:]:
        layer["W"] = layer["W"] - 0.5 * layer["dW"]
        layer["b"] = layer["b"] - 0.5 * layer["db"]
print(np.mean((acts[-1] - Y) ** 2))
