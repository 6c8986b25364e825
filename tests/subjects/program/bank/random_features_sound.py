# truth: none
import numpy as np

np.random.seed(4)
X = np.random.randn(80, 3)
y = np.sin(X[:, :1]) * X[:, 1:2]
features = np.random.randn(3, 60)
phase = np.random.rand(60) * 6.28
readout = np.zeros((60, 1))
offset = np.zeros(1)
for i in range(400):
    phi = np.cos(X @ features + phase)
    e = phi @ readout + offset - y
    readout -= 0.02 * phi.T @ e / len(X)
    offset -= 0.02 * e.mean(0)
print(np.mean(e**2))
