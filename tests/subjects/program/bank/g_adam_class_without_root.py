# truth: line 30 wrong
import numpy as np
from sklearn.datasets import make_circles

rng = np.random.default_rng(12)


def batches(X, y, size):
    order = rng.permutation(len(X))
    for start in range(0, len(X), size):
        pick = order[start:start + size]
        yield X[pick], y[pick]


class Adam:
    def __init__(self, params, lr=0.01, beta1=0.9, beta2=0.999, eps=1e-8):
        self.params, self.lr = params, lr
        self.beta1, self.beta2, self.eps = beta1, beta2, eps
        self.m = {k: np.zeros_like(v) for k, v in params.items()}
        self.v = {k: np.zeros_like(v) for k, v in params.items()}
        self.t = 0

    def step(self, grads):
        self.t += 1
        for k, g in grads.items():
            self.m[k] = self.beta1 * self.m[k] + (1 - self.beta1) * g
            self.v[k] = self.beta2 * self.v[k] + (1 - self.beta2) * g ** 2
            m_hat = self.m[k] / (1 - self.beta1 ** self.t)
            v_hat = self.v[k] / (1 - self.beta2 ** self.t)
            self.params[k] -= self.lr * m_hat / (v_hat + self.eps)


class Net:
    def __init__(self, sizes):
        self.p = {}
        self.depth = len(sizes) - 1
        for i, (a, b) in enumerate(zip(sizes, sizes[1:])):
            self.p[f"W{i}"] = rng.normal(0, np.sqrt(2 / a), (a, b))
            self.p[f"b{i}"] = np.zeros(b)

    def forward(self, x):
        self.acts = [x]
        for i in range(self.depth):
            x = x @ self.p[f"W{i}"] + self.p[f"b{i}"]
            if i < self.depth - 1:
                x = np.maximum(x, 0)
            self.acts.append(x)
        return 1 / (1 + np.exp(-np.clip(x[:, 0], -30, 30)))

    def backward(self, prob, y):
        d = ((prob - y) / len(y))[:, None]
        grads = {}
        for i in reversed(range(self.depth)):
            grads[f"W{i}"] = self.acts[i].T @ d
            grads[f"b{i}"] = d.sum(0)
            if i:
                d = (d @ self.p[f"W{i}"].T) * (self.acts[i] > 0)
        return grads


X, y = make_circles(500, noise=0.08, factor=0.5, random_state=3)
net = Net([2, 16, 16, 1])
opt = Adam(net.p, lr=0.01)
for epoch in range(40):
    total = 0
    for xb, yb in batches(X, y, 50):
        prob = net.forward(xb)
        total += -np.mean(yb * np.log(prob + 1e-9) + (1 - yb) * np.log(1 - prob + 1e-9))
        opt.step(net.backward(prob, yb))
    if epoch % 10 == 9:
        acc = np.mean((net.forward(X) > 0.5) == y)
        print(f"epoch {epoch + 1}: loss {total / 10:.4f} acc {acc:.3f}")
