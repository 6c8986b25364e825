# truth: line 21 metric-wrong
import numpy as np


class Logistic:
    def __init__(self, n):
        self.w, self.b = np.zeros((n, 1)), 0.0

    def predict(self, X):
        return (1 / (1 + np.exp(-(X @ self.w + self.b))) >= 0.5).astype(int)

    def fit(self, X, y, rate=0.5, epochs=200):
        target = y.reshape(-1, 1)
        for epoch in range(epochs):
            p = 1 / (1 + np.exp(-(X @ self.w + self.b)))
            self.w -= rate * X.T @ (p - target) / len(X)
            self.b -= rate * np.mean(p - target)
        return self

    def score(self, X, y):
        hits = self.predict(X) == y
        return hits.mean()


rng = np.random.default_rng(3)
X = rng.normal(size=(90, 4))
y = (X[:, 0] > X[:, 1]).astype(int)
model = Logistic(4).fit(X[:60], y[:60])
print("score", model.score(X[60:], y[60:]))
