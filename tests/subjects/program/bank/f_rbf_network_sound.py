# truth: none
import numpy as np


class RBFNet:
    """Gaussian units; centres start at k-means, then all is trained by gradient descent."""

    def __init__(self, k, lr=0.05, epochs=300, seed=0):
        self.k, self.lr, self.epochs = k, lr, epochs
        self.rng = np.random.default_rng(seed)

    def _kmeans(self, X, iters=20):
        C = X[self.rng.choice(len(X), self.k, replace=False)].copy()
        for _ in range(iters):
            d = ((X[:, None, :] - C[None, :, :]) ** 2).sum(axis=2)
            a = d.argmin(axis=1)
            for j in range(self.k):
                if np.any(a == j):
                    C[j] = X[a == j].mean(axis=0)
        return C

    def _phi(self, X):
        diff = X[:, None, :] - self.C[None, :, :]          # (N, k, D)
        sq = (diff ** 2).sum(axis=2)                       # (N, k)
        return np.exp(-sq * np.exp(self.s)), diff, sq

    def predict(self, X):
        return self._phi(X)[0] @ self.w + self.b

    def fit(self, X, y):
        self.C = self._kmeans(X)
        spread = np.sqrt(((self.C[:, None] - self.C[None]) ** 2).sum(axis=2))
        np.fill_diagonal(spread, np.inf)
        self.s = -np.log(2 * spread.min(axis=1) ** 2)      # log of 1 / (2 sigma^2)
        self.w = self.rng.normal(0, 0.1, self.k)
        self.b = y.mean()
        history = []
        for e in range(self.epochs):
            order = self.rng.permutation(len(X))
            for i in range(0, len(X), 20):
                xb, yb = X[order[i:i + 20]], y[order[i:i + 20]]
                phi, diff, sq = self._phi(xb)
                r = (phi @ self.w + self.b - yb) / len(yb)

                dphi = r[:, None] * self.w                  # (n, k)
                beta = np.exp(self.s)
                dC = 2 * beta[:, None] * np.einsum('nk,nkd->kd', dphi * phi, diff)
                ds = -(dphi * phi * sq).sum(axis=0) * beta

                self.w -= self.lr * (phi.T @ r)
                self.b -= self.lr * r.sum()
                self.C -= self.lr * dC
                self.s -= self.lr * ds
            history.append(np.mean((self.predict(X) - y) ** 2))
        return history


rng = np.random.default_rng(3)
X = rng.uniform(-2, 2, (240, 2))
y = np.sin(2 * X[:, 0]) * np.cos(X[:, 1]) + 0.05 * rng.standard_normal(240)

net = RBFNet(k=20, lr=0.3, epochs=200, seed=5)
hist = net.fit(X[:180], y[:180])
for e in (0, 20, 50, 100, 150, 199):
    print("epoch %3d  train mse %.5f" % (e, hist[e]))
pred = net.predict(X[180:])
print("test mse %.5f, variance of y %.5f" % (np.mean((pred - y[180:]) ** 2), y.var()))
