"""Networks as people write them, with backpropagation spelled out layer by layer and one thing wrong on request."""

import itertools

import numpy as np


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


ACTS = {
    "sigmoid": (sigmoid, lambda z: sigmoid(z) * (1 - sigmoid(z))),
    "tanh": (np.tanh, lambda z: 1 - np.tanh(z) ** 2),
    "relu": (lambda z: np.maximum(z, 0), lambda z: (z > 0) * 1.0),
}
BUGS = {  # what is done wrong -> (cause, the part that is named)
    "no slope": ("gradient-missing-derivative", "error"),
    "slope of the value": ("gradient-wrong-derivative", "error"),
    "slope twice": ("gradient-wrong-derivative", "error"),
    "wrong sign": ("gradient-sign-flipped", "error"),
    "value for error": ("gradient-wrong-term", "error"),
    "z for error": ("gradient-wrong-term", "error"),
    "weights summed": ("gradient-not-averaged", "W"),
    "weights halved": ("gradient-not-averaged", "W"),
    "no bias": ("bias-not-updated", "b"),
    "lambda on biases": ("gradient-wrong-term", "b"),
    "bias summed": ("gradient-not-averaged", "b"),
    "bias with the wrong sign": ("gradient-sign-flipped", "b"),
    "no weights": ("layer-not-updated", "W"),
    "weighted inputs for inputs": ("gradient-wrong-term", "W"),
    "weights without slope": ("gradient-missing-derivative", "W"),
    "last example": ("gradient-wrong-term", "W"),
    "not transposed": ("gradient-wrong-transpose", "error"),
    "slope not taken back": ("gradient-wrong-term", "error"),
}


class Network:
    """`columns`: weights (out, in), examples as columns, as in the book; else weights (in, out), examples as rows."""

    def __init__(self, sizes, act, cost, *, columns=False, seed=0, bug=None, layer=0):
        rng = np.random.default_rng(seed)
        self.act, self.cost, self.columns, self.bug, self.layer = act, cost, columns, bug, layer
        self.W = [rng.normal(0, 0.5, (i, o)) for i, o in itertools.pairwise(sizes)]
        self.b = [rng.normal(0, 0.3, o) for o in sizes[1:]]
        if columns:
            self.W = [np.ascontiguousarray(W.T) for W in self.W]
            self.b = [b[:, None] for b in self.b]

    @property
    def parameters(self):
        return [*self.W, *self.b]

    def rows(self, X, y):
        return (X.T, y.T) if self.columns else (X, y)

    def layers(self):
        return [(W.T, b.ravel()) if self.columns else (W, b) for W, b in zip(self.W, self.b, strict=True)]

    def forward(self, X):
        a, z = [X], []
        for number, (W, b) in enumerate(self.layers()):
            z.append(a[-1] @ W + b)
            last = number == len(self.W) - 1
            squash = softmax if self.cost == "softmax" else sigmoid
            a.append(squash(z[-1]) if last else ACTS[self.act][0](z[-1]))
        return a, z

    def loss(self, X, y):
        X, y = self.rows(X, y)
        p = self.forward(X)[0][-1]
        if self.cost == "quadratic":
            return 0.5 * np.mean(np.sum((p - y) ** 2, axis=1))
        if self.cost == "binary":
            return -np.mean(np.sum(y * np.log(p) + (1 - y) * np.log(1 - p), axis=1))
        return -np.mean(np.sum(y * np.log(p), axis=1))

    def gradients(self, X, y):
        X, y = self.rows(X, y)
        a, z = self.forward(X)
        layers, n = self.layers(), len(X)
        dW, db = [None] * len(layers), [None] * len(layers)
        delta = a[-1] - y
        for at in reversed(range(len(layers))):
            bug = self.bug if at == self.layer else None
            raw, last = delta, at == len(layers) - 1
            if not last or self.cost == "quadratic":
                slope = ACTS["sigmoid" if last else self.act][1]
                if bug == "slope of the value":
                    delta = raw * slope(a[at + 1])
                elif bug != "no slope":
                    delta = raw * slope(z[at]) ** (2 if bug == "slope twice" else 1)
            delta = -delta if bug == "wrong sign" else delta
            delta = {"value for error": a[at + 1], "z for error": z[at]}.get(bug, delta)
            inputs = z[at - 1] if bug == "weighted inputs for inputs" and at else a[at]
            dW[at] = inputs.T @ (raw if bug == "weights without slope" else delta) / n
            db[at] = delta.sum(axis=0) / n
            if bug == "last example":
                dW[at] = np.outer(a[at][-1], delta[-1]) / n
            dW[at] = dW[at] * {"weights summed": n, "weights halved": 0.5, "no weights": 0}.get(bug, 1)
            db[at] = db[at] * {"bias summed": n, "no bias": 0, "bias with the wrong sign": -1}.get(bug, 1)
            if bug == "lambda on biases":
                db[at] = db[at] + 0.1 * layers[at][1]
            W = layers[at][0]
            if bug == "not transposed":
                delta = delta @ (W if W.shape[0] == W.shape[1] else W.reshape(W.shape[::-1]))
            else:
                delta = (raw if bug == "slope not taken back" else delta) @ W.T
        if self.columns:
            return [*(g.T for g in dW), *(g[:, None] for g in db)]
        return [*dW, *db]


def examples(network, n=40, inputs=12, outputs=5, seed=5):
    """Examples in the network's own convention."""
    rng = np.random.default_rng(seed)
    X, y = rng.random((n, inputs)), np.eye(outputs)[rng.integers(outputs, size=n)]
    return (X.T, y.T) if network.columns else (X, y)
