# truth: line 18 factor
import numpy as np
import scipy.optimize as opt


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def compute_cost(theta, X, y):
    m = y.size
    h = sigmoid(X.dot(theta))
    return (-y.dot(np.log(h)) - (1 - y).dot(np.log(1 - h))) / m


def compute_gradient(theta, X, y):
    h = sigmoid(X.dot(theta))
    grad = X.T.dot(h - y)
    return grad


np.random.seed(0)
X = np.c_[np.ones(90), np.random.randn(90, 2)]
y = (X[:, 1] + X[:, 2] + np.random.randn(90) * 0.4 > 0) * 1.0
result = opt.fmin_tnc(func=compute_cost, x0=np.zeros(3), fprime=compute_gradient, args=(X, y), disp=0)
print(result[0])
