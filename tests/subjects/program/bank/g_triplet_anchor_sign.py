# truth: line 48 sign
# metric learning with triplet loss on iris-like blobs, embeddings by a small MLP
import numpy as np
from sklearn.datasets import load_iris

rng = np.random.default_rng(3)
iris = load_iris()
X = (iris.data - iris.data.mean(0)) / iris.data.std(0)
y = iris.target

W1 = rng.normal(size=(4, 10)) * 0.5
b1 = np.zeros(10)
W2 = rng.normal(size=(10, 2)) * 0.3
b2 = np.zeros(2)
margin, lr = 1.0, 0.05


def embed(x):
    h = np.maximum(0.0, x @ W1 + b1)
    return h @ W2 + b2, h


def backprop(x, h, de):
    dW2 = h.T @ de
    db2 = de.sum(axis=0)
    dh = de @ W2.T
    dh[h <= 0] = 0
    return x.T @ dh, dh.sum(axis=0), dW2, db2


def sample(n):
    a = rng.integers(0, len(X), n)
    p = np.array([rng.choice(np.flatnonzero(y == y[i])) for i in a])
    q = np.array([rng.choice(np.flatnonzero(y != y[i])) for i in a])
    return X[a], X[p], X[q]


for it in range(600):
    xa, xp, xn = sample(32)
    ea, ha = embed(xa)
    ep, hp = embed(xp)
    en, hn = embed(xn)
    d_pos = np.sum((ea - ep) ** 2, axis=1)
    d_neg = np.sum((ea - en) ** 2, axis=1)
    hinge = np.maximum(0, d_pos - d_neg + margin)
    loss = hinge.mean()
    active = (hinge > 0).astype(float)[:, None] / len(xa)
    dea = 2 * (ep - en) * active
    dep = -2 * (ea - ep) * active
    den = 2 * (ea - en) * active
    grads = [sum(parts) for parts in zip(backprop(xa, ha, dea), backprop(xp, hp, dep), backprop(xn, hn, den))]
    W1 -= lr * grads[0]
    b1 -= lr * grads[1]
    W2 -= lr * grads[2]
    b2 -= lr * grads[3]
    if it % 150 == 0 or it == 599:
        e, _ = embed(X)
        dist = ((e[:, None] - e[None]) ** 2).sum(-1)
        np.fill_diagonal(dist, np.inf)
        print(it, "loss", round(float(loss), 4), "1-nn accuracy", np.mean(y[dist.argmin(1)] == y))
