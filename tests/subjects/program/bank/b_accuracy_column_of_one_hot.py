# truth: line 15 metric-wrong
import numpy as np

rng = np.random.RandomState(2)
X = rng.randn(120, 4)
c = X.argmax(1)
Y = np.eye(4)[c]
W = rng.randn(4, 4) * 0.1
for i in range(150):
    S = X @ W
    P = np.exp(S - S.max(1)[:, None])
    P /= P.sum(1)[:, None]
    W -= 0.4 * X.T @ (P - Y) / len(X)
predicted = np.argmax(X @ W, axis=1)
print("accuracy %.3f" % (predicted == Y[:, 0]).mean())
