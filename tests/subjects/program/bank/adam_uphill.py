# truth: line 18 sign
import numpy as np


class Adam:
    def __init__(self, params, lr=0.01):
        self.params, self.lr, self.t = params, lr, 0
        self.m = [np.zeros_like(p) for p in params]
        self.v = [np.zeros_like(p) for p in params]

    def step(self, grads):
        self.t += 1
        for i, (p, g) in enumerate(zip(self.params, grads)):
            self.m[i] = 0.9 * self.m[i] + 0.1 * g
            self.v[i] = 0.999 * self.v[i] + 0.001 * g ** 2
            m = self.m[i] / (1 - 0.9 ** self.t)
            v = self.v[i] / (1 - 0.999 ** self.t)
            p += self.lr * m / (np.sqrt(v) + 1e-8)


def batches(X, y, size):
    while True:
        rows = np.random.choice(len(X), size, replace=False)
        yield X[rows], y[rows]


def main():
    np.random.seed(7)
    X = np.random.randn(200, 8)
    y = np.tanh(X @ np.random.randn(8, 2))
    V, c, U, d = (np.random.randn(8, 20) * 0.3, np.zeros(20), np.random.randn(20, 2) * 0.3, np.zeros(2))
    adam = Adam([V, c, U, d])
    count = 0
    for xb, yb in batches(X, y, 25):
        h = np.where(xb @ V + c > 0, xb @ V + c, 0.1 * (xb @ V + c))
        p = h @ U + d
        g = 2 * (p - yb) / len(xb)
        gh = g @ U.T
        gz = np.where(h > 0, gh, 0.1 * gh)
        adam.step([xb.T @ gz, gz.sum(0), h.T @ g, g.sum(0)])
        count += 1
        if count >= 300:
            break
    print(np.mean((np.where(X @ V + c > 0, X @ V + c, 0.1 * (X @ V + c)) @ U + d - y) ** 2))


main()
