# truth: none
import numpy as np


class Logistic:
    def __init__(self, n):
        self.w, self.b = np.zeros((n, 1)), 0.0

    def predict_proba(self, X):
        return 1 / (1 + np.exp(-(X @ self.w + self.b)))

    def predict(self, X):
        return (self.predict_proba(X) >= 0.5).astype(int)

    def fit(self, X, y, rate=0.5, epochs=200):
        for epoch in range(epochs):
            p = self.predict_proba(X)
            self.w -= rate * X.T @ (p - y) / len(X)
            self.b -= rate * np.mean(p - y)
        return self

    def score(self, X, y):
        return (self.predict(X).flatten() == y.flatten()).sum() / len(y)


rng = np.random.default_rng(3)
X = rng.normal(size=(90, 4))
y = (X[:, :1] > X[:, 1:2]).astype(int)
model = Logistic(4).fit(X, y)
print("score", model.score(X, y), np.mean(model.predict(X) == y), (np.round(model.predict_proba(X)) == y).mean())
