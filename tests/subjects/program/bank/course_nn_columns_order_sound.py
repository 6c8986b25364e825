# truth: none
import numpy as np
from scipy.optimize import minimize


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def nnCostFunction(nn_params, n_in, n_hid, n_lab, X, Y, lam):
    Theta1 = nn_params[: n_hid * (n_in + 1)].reshape(n_hid, n_in + 1, order="F")
    Theta2 = nn_params[n_hid * (n_in + 1) :].reshape(n_lab, n_hid + 1, order="F")
    m = X.shape[0]
    a1 = np.concatenate([np.ones((m, 1)), X], axis=1)
    z2 = a1.dot(Theta1.T)
    a2 = np.concatenate([np.ones((m, 1)), sigmoid(z2)], axis=1)
    a3 = sigmoid(a2.dot(Theta2.T))
    J = (-1 / m) * np.sum(np.log(a3) * Y + np.log(1 - a3) * (1 - Y))
    J = J + (lam / (2 * m)) * (np.sum(np.square(Theta1[:, 1:])) + np.sum(np.square(Theta2[:, 1:])))
    delta_3 = a3 - Y
    delta_2 = delta_3.dot(Theta2)[:, 1:] * sigmoid(z2) * (1 - sigmoid(z2))
    Theta1_grad = (1 / m) * delta_2.T.dot(a1)
    Theta2_grad = (1 / m) * delta_3.T.dot(a2)
    Theta1_grad[:, 1:] = Theta1_grad[:, 1:] + (lam / m) * Theta1[:, 1:]
    Theta2_grad[:, 1:] = Theta2_grad[:, 1:] + (lam / m) * Theta2[:, 1:]
    return J, np.hstack((Theta1_grad.ravel(order="F"), Theta2_grad.ravel(order="F")))


rng = np.random.RandomState(1)
X = rng.randn(60, 4)
Y = np.eye(3)[rng.randint(0, 3, 60)]
X[:, :3] += 2 * Y
start = rng.uniform(-0.12, 0.12, 5 * 5 + 3 * 6)
costFunction = lambda p: nnCostFunction(p, 4, 5, 3, X, Y, 1)
res = minimize(costFunction, start, jac=True, method="CG", options={"maxiter": 30})
print(res.fun)
