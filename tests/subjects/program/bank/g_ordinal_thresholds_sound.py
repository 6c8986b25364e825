# truth: none
"""Ordinal regression (proportional odds) by gradient descent: wine-like quality 0..4."""
import numpy as np

np.random.seed(21)
N, D, K = 400, 6, 5
X = np.random.randn(N, D)
hidden = X @ np.array([1.5, -2.0, 0.7, 0.0, 0.4, -0.3]) + np.random.logistic(size=N) * 0.5
y = np.digitize(hidden, [-3, -1, 1, 3])

w = np.zeros(D)
theta0 = np.array([-1.0])
gaps = np.zeros(K - 2)  # log of the distances of the thresholds


def sig(t):
    return 1 / (1 + np.exp(-t))


def thresholds():
    return np.concatenate([theta0, theta0 + np.cumsum(np.exp(gaps))])


lr = 0.5
for epoch in range(400):
    th = thresholds()
    f = X @ w
    upper = np.where(y < K - 1, sig(th[np.minimum(y, K - 2)] - f), 1.0)
    lower = np.where(y > 0, sig(th[np.maximum(y - 1, 0)] - f), 0.0)
    prob = upper - lower
    nll = -np.log(prob + 1e-12).mean()
    du = upper * (1 - upper) / (prob + 1e-12) / N
    dl = lower * (1 - lower) / (prob + 1e-12) / N
    df = du - dl
    grad_w = X.T @ df
    grad_th = np.zeros(K - 1)
    np.add.at(grad_th, np.minimum(y, K - 2), np.where(y < K - 1, -du, 0))
    np.add.at(grad_th, np.maximum(y - 1, 0), np.where(y > 0, dl, 0))
    grad_theta0 = grad_th.sum(keepdims=True)
    tail = np.cumsum(grad_th[:0:-1])[::-1]
    grad_gaps = tail * np.exp(gaps)
    w -= lr * grad_w
    theta0 -= lr * grad_theta0
    gaps -= lr * grad_gaps
    if epoch % 100 == 0:
        print("epoch", epoch, "nll", nll)

answer = np.digitize(X @ w, thresholds())
print("exact", np.mean(answer == y), "off by at most one", np.mean(np.abs(answer - y) <= 1))
