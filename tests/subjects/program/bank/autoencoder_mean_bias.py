# truth: line 28 factor
import numpy as np

ACT = {"relu": (lambda z: np.maximum(z, 0), lambda z: (z > 0).astype(float)),
       "tanh": (np.tanh, lambda z: 1 - np.tanh(z) ** 2),
       "id": (lambda z: z, lambda z: np.ones_like(z))}
LAYOUT = [(10, 6, "tanh"), (6, 3, "relu"), (3, 6, "tanh"), (6, 10, "id")]


def build(rng):
    return [{"W": rng.standard_normal((o, i)) * 0.4, "b": np.full((o, 1), 0.05), "act": a} for i, o, a in LAYOUT]


def run(net, x):
    memory = [(None, x)]
    for layer in net:
        z = layer["W"] @ memory[-1][1] + layer["b"]
        memory.append((z, ACT[layer["act"]][0](z)))
    return memory


def learn(net, x, lr, keep):
    memory = run(net, x)
    grad = (memory[-1][1] - x) / x.shape[1]
    updates = []
    for k in reversed(range(len(net))):
        delta = grad * ACT[net[k]["act"]][1](memory[k + 1][0])
        updates.append((delta @ memory[k][1].T, delta.mean(axis=1, keepdims=True)))
        grad = net[k]["W"].T @ delta
    for layer, (dW, db) in zip(net, reversed(updates)):
        layer["W"] = layer["W"] - lr * (dW + keep * layer["W"])
        layer["b"] = layer["b"] - lr * db
    return float(((memory[-1][1] - x) ** 2).mean())


rng = np.random.default_rng(21)
X = rng.standard_normal((3, 10)).T @ rng.standard_normal((3, 64))
net = build(rng)
for t in range(150):
    e = learn(net, X, 0.05, 1e-4)
    if not t % 50:
        print(t, e)
