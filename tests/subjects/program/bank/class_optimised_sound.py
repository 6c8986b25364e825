# truth: none
import numpy as np
from scipy import optimize


class Network:
    def __init__(self, n, h, k):
        rng = np.random.default_rng(0)
        self.W1, self.W2 = rng.normal(size=(n, h)), rng.normal(size=(h, k))

    def forward(self, X):
        self.z2 = X @ self.W1
        self.a2 = 1 / (1 + np.exp(-self.z2))
        self.z3 = self.a2 @ self.W2
        return 1 / (1 + np.exp(-self.z3))

    def costFunction(self, X, y):
        self.yHat = self.forward(X)
        return 0.5 * np.sum((y - self.yHat) ** 2)

    def prime(self, z):
        return np.exp(-z) / ((1 + np.exp(-z)) ** 2)

    def computeGradients(self, X, y):
        self.yHat = self.forward(X)
        delta3 = np.multiply(-(y - self.yHat), self.prime(self.z3))
        dJdW2 = self.a2.T @ delta3
        delta2 = delta3 @ self.W2.T * self.prime(self.z2)
        dJdW1 = X.T @ delta2
        return np.concatenate((dJdW1.ravel(), dJdW2.ravel()))

    def setParams(self, params):
        end = self.W1.size
        self.W1 = np.reshape(params[0:end], self.W1.shape)
        self.W2 = np.reshape(params[end:], self.W2.shape)


class Trainer:
    def __init__(self, net):
        self.N = net
        self.J = []

    def callback(self, params):
        self.N.setParams(params)
        self.J.append(self.N.costFunction(self.X, self.y))

    def wrapper(self, params, X, y):
        self.N.setParams(params)
        return self.N.costFunction(X, y), self.N.computeGradients(X, y)

    def train(self, X, y):
        self.X, self.y = X, y
        start = np.concatenate((self.N.W1.ravel(), self.N.W2.ravel()))
        res = optimize.minimize(self.wrapper, start, jac=True, method="BFGS", args=(X, y),
                                options={"maxiter": 40}, callback=self.callback)
        self.N.setParams(res.x)


rng = np.random.default_rng(2)
X = rng.uniform(size=(30, 2))
y = (X[:, :1] + X[:, 1:] > 1) * 1.0
Trainer(Network(2, 4, 1)).train(X, y)
