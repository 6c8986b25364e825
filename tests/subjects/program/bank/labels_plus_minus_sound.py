# truth: none
import numpy as np

np.random.seed(20)
X = np.random.randn(100, 6)
y = np.sign(X[:, 0] + 0.4 * X[:, 1])
w = np.zeros(6)
b = 0.1
for epoch in range(100):
    z = X.dot(w) + b
    loss = np.log(1 + np.exp(-y * z)).mean()
    g = -y / (1 + np.exp(y * z))
    w -= 0.5 * X.T.dot(g) / 100
    b -= 0.5 * g.mean()
    if epoch % 25 == 0:
        print(loss)
