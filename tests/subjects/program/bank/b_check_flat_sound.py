# truth: none
import numpy as np

rng = np.random.default_rng(4)
x, y = rng.normal(size=(30, 3)), rng.normal(size=(30, 1))
shapes = ((3, 5), (5, 1))
theta = rng.normal(size=20) * 0.5


def err(theta):
    w0, w1 = theta[:15].reshape(3, 5), theta[15:].reshape(5, 1)
    return np.mean((np.tanh(x @ w0) @ w1 - y) ** 2)


def grad(theta):
    w0, w1 = theta[:15].reshape(3, 5), theta[15:].reshape(5, 1)
    h = np.tanh(x @ w0)
    d = 2 * (h @ w1 - y) / y.size
    return np.concatenate([(x.T @ (d @ w1.T * (1 - h**2))).ravel(), (h.T @ d).ravel()])


def numerical(theta, eps=1e-6):
    return np.array([(err(theta + eps * e) - err(theta - eps * e)) / (2 * eps) for e in np.eye(20)])


print("check", np.abs(numerical(theta) - grad(theta)).max())
for step in range(200):
    theta = theta - 0.1 * grad(theta)
print(err(theta))
