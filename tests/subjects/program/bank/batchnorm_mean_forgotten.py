# truth: line 35 wrong
import numpy as np

np.random.seed(14)
X = np.random.randn(96, 5) * 3 + 1
T = (X[:, 0] + X[:, 1] ** 2 > 4).astype(int)
W1, g1, s1 = np.random.randn(5, 14) * 0.4, np.ones(14), np.zeros(14)
W2, b2 = np.random.randn(14, 2) * 0.4, np.zeros(2)
eps = 1e-5
running = np.zeros(14)
for it in range(150):
    rows = np.random.choice(96, 32, replace=False)
    x, t = X[rows], T[rows]
    N = len(rows)
    z = x @ W1
    mu = z.mean(axis=0)
    var = ((z - mu) ** 2).mean(axis=0)
    running = 0.9 * running + 0.1 * mu
    std = np.sqrt(var + eps)
    zn = (z - mu) / std
    u = g1 * zn + s1
    h = np.maximum(u, 0)
    logits = h @ W2 + b2
    logits = logits - logits.max(1, keepdims=True)
    probs = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    loss = -np.log(probs[np.arange(N), t]).mean()
    dl = probs.copy()
    dl[np.arange(N), t] -= 1
    dl /= N
    dW2, db2 = h.T @ dl, dl.sum(0)
    du = dl @ W2.T * (u > 0)
    dg1 = (du * zn).sum(0)
    ds1 = du.sum(0)
    dzn = du * g1
    dz = dzn / std
    dW1 = x.T @ dz
    for p, dp in ((W1, dW1), (g1, dg1), (s1, ds1), (W2, dW2), (b2, db2)):
        p -= 0.3 * dp
    if it % 50 == 0:
        print(it, loss)
