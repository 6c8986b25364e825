# truth: none
import numpy as np

np.random.seed(2)
X = np.random.randn(40, 2)
y = X[:, 0] * 3 - X[:, 1]


class Regressor:
    def __init__(self):
        self.w = np.random.randn(2, 1)
        self.b = np.zeros(1)

    def predict(self, X):
        return X @ self.w + self.b

    def fit(self, X, y, steps=200, lr=0.1):
        n = len(y)
        for _ in range(steps):
            pred = self.predict(X)
            err = pred - y
            self.w -= lr * (X.T @ err) / n
            self.b -= lr * err.mean()


Regressor().fit(X, y.reshape(-1, 1))
