# truth: none
import numpy as np

rng = np.random.RandomState(3)
X = rng.randn(50, 4)
Y = np.cos(X[:, :1]) * X[:, 1:2]
A, a, B, b = rng.randn(4, 9) * 0.4, np.zeros(9), rng.randn(9, 1) * 0.4, np.zeros(1)
params = [A, a, B, b]
deltas = [np.full_like(p, 0.01) for p in params]
before = [np.zeros_like(p) for p in params]
for i in range(120):
    H = np.tanh(X @ A + a)
    E = H @ B + b - Y
    G = E @ B.T * (1 - H * H)
    grads = [X.T @ G, G.sum(0), H.T @ E, E.sum(0)]
    for p, g, s, old in zip(params, grads, deltas, before):
        same = g * old
        s[same > 0] = np.minimum(s[same > 0] * 1.2, 0.5)
        s[same < 0] = np.maximum(s[same < 0] * 0.5, 1e-6)
        p -= np.sign(g) * s
        old[...] = g
print((E ** 2).mean())
