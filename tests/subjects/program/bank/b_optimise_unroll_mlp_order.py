# truth: line 31 packing-wrong
import numpy as np
from scipy import optimize


def roll(theta, shapes):
    out, i = [], 0
    for s in shapes:
        n = int(np.prod(s))
        out.append(theta[i : i + n].reshape(s))
        i += n
    return out


def unroll(arrays):
    return np.concatenate([a.ravel() for a in arrays])


shapes = [(3, 6), (6,), (6, 2), (2,)]
rng = np.random.default_rng(0)
X = rng.normal(size=(40, 3))
T = np.stack([X[:, 0] * X[:, 1], np.cos(X[:, 2])], 1)


def f(theta):
    W1, b1, W2, b2 = roll(theta, shapes)
    H = np.tanh(X @ W1 + b1)
    E = H @ W2 + b2 - T
    D = E / len(X)
    DH = D @ W2.T * (1 - H**2)
    return 0.5 * np.sum(E**2) / len(X), unroll([X.T @ DH, DH.sum(0), D.sum(0), H.T @ D])


theta = rng.normal(size=sum(int(np.prod(s)) for s in shapes)) * 0.4
print(optimize.minimize(f, theta, jac=True, method="L-BFGS-B").fun)
