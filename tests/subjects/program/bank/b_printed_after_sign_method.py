# truth: line 17 metric-wrong
import numpy as np


class Classifier:
    def __init__(self, n, k):
        self.W = np.zeros((n, k))

    def scores(self, X):
        Z = X.dot(self.W)
        Z -= Z.max(axis=1, keepdims=True)
        P = np.exp(Z)
        return P / P.sum(axis=1, keepdims=True)

    def loss(self, X, y):
        P = self.scores(X)
        data_loss = np.log(P[np.arange(len(y)), y]).mean()
        return data_loss

    def grad(self, X, y):
        P = self.scores(X)
        P[np.arange(len(y)), y] -= 1
        return X.T.dot(P) / len(y)

    def train(self, X, y):
        for it in range(200):
            loss = self.loss(X, y)
            self.W -= 0.5 * self.grad(X, y)
            if it % 50 == 0:
                print(it, loss)


rng = np.random.RandomState(0)
X = rng.randn(100, 6)
y = X[:, :3].argmax(1)
Classifier(6, 3).train(X, y)
