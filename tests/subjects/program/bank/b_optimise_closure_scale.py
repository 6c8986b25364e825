# truth: line 17 wrong
import numpy as np
from scipy.optimize import minimize

rng = np.random.default_rng(9)
X = np.hstack([np.ones((50, 1)), rng.normal(size=(50, 2))])
y = X @ np.array([0.5, -1.0, 2.0]) + rng.normal(size=50) * 0.1


def loss(beta):
    r = X @ beta - y
    return 0.5 * np.mean(r**2) + 0.05 * np.sum(beta**2)


def loss_grad(beta):
    r = X @ beta - y
    return X.T @ r + 0.1 * beta


fit = minimize(loss, np.zeros(3), jac=loss_grad, method="BFGS")
print(fit.x, fit.message)
