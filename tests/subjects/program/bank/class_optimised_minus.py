# truth: line 28 derivative-left-out
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
        delta2 = delta3 @ self.W2.T
        dJdW1 = X.T @ delta2
        return np.concatenate((dJdW1.ravel(), dJdW2.ravel()))

    def setParams(self, params):
        end = self.W1.size
        self.W1 = np.reshape(params[0:end], self.W1.shape)
        self.W2 = np.reshape(params[end:], self.W2.shape)

    def wrapper(self, params, X, y):
        self.setParams(params)
        return self.costFunction(X, y), self.computeGradients(X, y)


rng = np.random.default_rng(2)
X = rng.uniform(size=(30, 2))
y = (X[:, :1] + X[:, 1:] > 1) * 1.0
net = Network(2, 4, 1)
res = optimize.minimize(net.wrapper, np.concatenate((net.W1.ravel(), net.W2.ravel())), jac=True, args=(X, y))
print(res.fun)
