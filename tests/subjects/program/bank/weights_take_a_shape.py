# truth: line 11 shapes-spread
import numpy as np

np.random.seed(5)
x = np.random.rand(25, 2)
t = x[:, 0] - 3 * x[:, 1] + 1
w = np.random.randn(2, 1)
b = 0.0
for epoch in range(100):
    y = x.dot(w) + b
    e = y - t
    w = w - 0.01 * x.T.dot(e) / len(x)
    b = b - 0.01 * e.mean()
print(w.shape)
