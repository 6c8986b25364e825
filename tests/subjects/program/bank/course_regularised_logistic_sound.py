# truth: none
import numpy as np
import scipy.optimize as opt


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def compute_cost(theta, X, y, lam):
    m = y.size
    h = sigmoid(X.dot(theta))
    return (-y.dot(np.log(h)) - (1 - y).dot(np.log(1 - h))) / m + lam / (2 * m) * np.sum(theta[1:] ** 2)


def compute_gradient(theta, X, y, lam):
    m = y.size
    h = sigmoid(X.dot(theta))
    grad = X.T.dot(h - y) / m
    grad[1:] = grad[1:] + lam / m * theta[1:]
    return grad


np.random.seed(0)
X = np.c_[np.ones(90), np.random.randn(90, 2)]
y = (X[:, 1] + X[:, 2] + np.random.randn(90) * 0.4 > 0) * 1.0
res = opt.minimize(compute_cost, np.zeros(3), args=(X, y, 1.0), jac=compute_gradient, method="TNC")
print(res.x)
