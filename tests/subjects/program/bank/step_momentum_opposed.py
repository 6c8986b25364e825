# truth: line 13 momentum-wrong
import numpy as np

rng = np.random.RandomState(9)
X = rng.randn(60, 5)
t = (X.sum(1) > 0).astype(float)
w, c = np.zeros(5), 0.0
dw_old, dc_old = np.zeros(5), 0.0
for epoch in range(300):
    p = 1 / (1 + np.exp(-(X @ w + c)))
    gw = X.T @ (p - t) / len(t)
    gc = np.mean(p - t)
    dw = -0.3 * gw - 0.8 * dw_old
    dc = -0.3 * gc + 0.8 * dc_old
    w, c = w + dw, c + dc
    dw_old, dc_old = dw, dc
print(w, c)
