# truth: none
"""Pre-norm residual block, by hand; spirals in three arms."""
import numpy as np

rng = np.random.RandomState(6)
N, K, D = 60, 3, 16
pts, lab = [], []
for k in range(K):
    r = np.linspace(0.1, 1, N)
    a = np.linspace(k * 2.1, k * 2.1 + 3, N) + rng.randn(N) * 0.1
    pts.append(np.c_[r * np.sin(a), r * np.cos(a)])
    lab += [k] * N
X, y = np.vstack(pts), np.array(lab)

E_ = rng.randn(2, D)
gain, shift = np.ones(D), np.zeros(D)
W1, c1 = rng.randn(D, 32) * 0.25, np.zeros(32)
W2, c2 = rng.randn(32, D) * 0.1, np.zeros(D)
U, cu = rng.randn(D, K) * 0.2, np.zeros(K)


def layernorm(h):
    mu = h.mean(-1, keepdims=True)
    sd = np.sqrt(h.var(-1, keepdims=True) + 1e-5)
    return (h - mu) / sd, sd


def layernorm_back(d, xhat, sd):
    return (d - d.mean(-1, keepdims=True) - xhat * (d * xhat).mean(-1, keepdims=True)) / sd


lr = 0.2
for it in range(500):
    h0 = X @ E_
    xhat, sd = layernorm(h0)
    n = xhat * gain + shift
    f = np.maximum(n @ W1 + c1, 0)
    h1 = h0 + f @ W2 + c2
    s = h1 @ U + cu
    s = s - s.max(1, keepdims=True)
    P = np.exp(s) / np.exp(s).sum(1, keepdims=True)
    loss = -np.log(P[range(len(y)), y]).mean()

    dS = P.copy()
    dS[range(len(y)), y] -= 1
    dS /= len(y)
    dU, dcu = h1.T @ dS, dS.sum(0)
    dh1 = dS @ U.T
    dW2, dc2 = f.T @ dh1, dh1.sum(0)
    df = dh1 @ W2.T
    df[f <= 0] = 0
    dW1, dc1 = n.T @ df, df.sum(0)
    dn = df @ W1.T
    dgain, dshift = (dn * xhat).sum(0), dn.sum(0)
    dh0 = dh1 + layernorm_back(dn * gain, xhat, sd)
    dE = X.T @ dh0

    for param, d in ((E_, dE), (gain, dgain), (shift, dshift), (W1, dW1), (c1, dc1), (W2, dW2), (c2, dc2), (U, dU), (cu, dcu)):
        param -= lr * d
    if it % 100 == 0:
        print(it, loss, (P.argmax(1) == y).mean())
