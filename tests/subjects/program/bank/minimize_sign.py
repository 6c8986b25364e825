# truth: line 16 sign
import numpy as np
from scipy.optimize import minimize


class Logistic:
    def __init__(self, X, y):
        self.X, self.y = np.c_[np.ones(len(X)), X], y

    def loss(self, theta):
        p = 1 / (1 + np.exp(-self.X @ theta))
        return -np.mean(self.y * np.log(p) + (1 - self.y) * np.log(1 - p))

    def grad(self, theta):
        p = 1 / (1 + np.exp(-self.X @ theta))
        return self.X.T @ (self.y - p) / len(self.y)

    def fit(self):
        return minimize(self.loss, np.zeros(self.X.shape[1]), jac=self.grad, method="BFGS")


rng = np.random.default_rng(3)
X = rng.normal(size=(80, 3))
y = (X @ [1.0, -1.0, 0.5] + 0.3 * rng.normal(size=80) > 0).astype(float)
print(Logistic(X, y).fit().x)
