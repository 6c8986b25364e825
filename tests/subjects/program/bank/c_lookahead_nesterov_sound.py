# truth: none
import numpy as np

rng = np.random.RandomState(11)
X = rng.randn(80, 3)
y = (X.sum(1) > 0.3).astype(float)[:, None]
W, b = rng.randn(3, 1) * 0.1, np.zeros(1)
vW, vb = np.zeros_like(W), np.zeros_like(b)
slow = W.copy()
for t in range(200):
    aW, ab = W + 0.9 * vW, b + 0.9 * vb
    p = 1 / (1 + np.exp(-(X @ aW + ab)))
    d = (p - y) / len(y)
    vW = 0.9 * vW - 0.1 * X.T @ d
    vb = 0.9 * vb - 0.1 * d.sum(0)
    W, b = W + vW, b + vb
    slow = 0.9 * slow + 0.1 * W
print(slow.ravel())
