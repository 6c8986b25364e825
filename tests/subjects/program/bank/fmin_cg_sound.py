# truth: none
import numpy as np
from scipy.optimize import fmin_cg

np.random.seed(1)
X = np.random.randn(70, 3)
y = np.sin(X[:, 0]) + X[:, 1] ** 2


def predict(theta):
    w1, w2 = theta[:12].reshape(3, 4), theta[12:16]
    hidden = np.tanh(X.dot(w1))
    return hidden, hidden.dot(w2)


def error(theta):
    return np.mean((predict(theta)[1] - y) ** 2)


def slope(theta):
    w2 = theta[12:16]
    hidden, out = predict(theta)
    d = 2 * (out - y) / len(y)
    back = np.outer(d, w2) * (1 - hidden * hidden)
    return np.concatenate([X.T.dot(back).ravel(), hidden.T.dot(d)])


best = fmin_cg(error, np.random.randn(16) * 0.5, fprime=slope, maxiter=50, disp=False)
print(error(best))
