# truth: none
import numpy as np

rng = np.random.RandomState(0)
S = rng.randn(64, 4)
A = (S[:, 0] > 0).astype(int)
R = rng.rand(64) + 0.5
W = np.zeros((4, 2))
for i in range(100):
    z = S @ W
    p = np.exp(z - z.max(1, keepdims=True))
    p /= p.sum(1, keepdims=True)
    objective = np.mean(R * np.log(p[np.arange(64), A]))
    d = p.copy()
    d[np.arange(64), A] -= 1
    W -= 0.3 * S.T @ (d * R[:, None]) / 64
    if i % 25 == 0:
        print("objective", objective)
