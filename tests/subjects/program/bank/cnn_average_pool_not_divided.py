# truth: line 45 factor
import numpy as np

np.random.seed(42)


def conv2d(X, K):
    m, H, W, C = X.shape
    k, _, _, F = K.shape
    out = np.zeros((m, H - k + 1, W - k + 1, F))
    for i in range(H - k + 1):
        for j in range(W - k + 1):
            out[:, i, j, :] = np.tensordot(X[:, i:i + k, j:j + k, :], K, axes=([1, 2, 3], [0, 1, 2]))
    return out


def avg_pool(A, s):
    m, H, W, C = A.shape
    out = np.zeros((m, H // s, W // s, C))
    for i in range(H // s):
        for j in range(W // s):
            out[:, i, j, :] = np.mean(A[:, i * s:(i + 1) * s, j * s:(j + 1) * s, :], axis=(1, 2))
    return out


def forward(X, theta):
    Z = conv2d(X, theta["K"]) + theta["kb"]
    A = np.tanh(Z)
    P = avg_pool(A, 2)
    S = P.reshape(len(X), -1) @ theta["W"] + theta["wb"]
    Y = 1 / (1 + np.exp(-S))
    return Y, (X, A, P)


def backward(Y, T, cache, theta):
    X, A, P = cache
    m = len(X)
    dS = Y - T
    grads = {"W": P.reshape(m, -1).T @ dS / m, "wb": dS.mean(axis=0)}
    dP = (dS @ theta["W"].T).reshape(P.shape)
    dA = np.zeros_like(A)
    for i in range(P.shape[1]):
        for j in range(P.shape[2]):
            # every pixel of the block had the same share
            dA[:, 2 * i:2 * i + 2, 2 * j:2 * j + 2, :] += dP[:, i:i + 1, j:j + 1, :]
    dZ = dA * (1 - A ** 2)
    dK = np.zeros_like(theta["K"])
    k = dK.shape[0]
    for i in range(Z_SIZE):
        for j in range(Z_SIZE):
            dK += np.tensordot(X[:, i:i + k, j:j + k, :], dZ[:, i, j, :], axes=([0], [0]))
    grads["K"] = dK / m
    grads["kb"] = dZ.sum(axis=(0, 1, 2)) / m
    return grads


X = np.random.rand(50, 8, 8, 1)
T = np.random.randint(0, 2, (50, 1)).astype(float)
X[T[:, 0] == 1, 1:4, 1:4] += 0.8
Z_SIZE = 6
theta = {
    "K": np.random.randn(3, 3, 1, 3) * 0.3,
    "kb": np.zeros(3),
    "W": np.random.randn(27, 1) * 0.3,
    "wb": np.zeros(1),
}
for i in range(40):
    Y, cache = forward(X, theta)
    cost = -np.mean(T * np.log(Y) + (1 - T) * np.log(1 - Y))
    grads = backward(Y, T, cache, theta)
    theta = {key: theta[key] - 0.3 * grads[key] for key in theta}
    if i % 10 == 0:
        print(i, cost)
