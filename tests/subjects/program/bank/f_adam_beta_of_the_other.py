# truth: line 51 wrong
import numpy as np

np.random.seed(33)

# house price style regression, five standardised features
N = 600
X = np.random.randn(N, 5)
true = 3 * X[:, 0] - 2 * X[:, 1] * X[:, 2] + np.maximum(X[:, 3], 0) * 4 + 0.5 * X[:, 4] ** 2
y = (true + 0.1 * np.random.randn(N)).reshape(-1, 1)
X_train, y_train, X_test, y_test = X[:500], y[:500], X[500:], y[500:]

sizes = [5, 40, 40, 1]
params = []
for fan_in, fan_out in zip(sizes[:-1], sizes[1:]):
    params.append(np.random.randn(fan_in, fan_out) * np.sqrt(2 / fan_in))
    params.append(np.zeros((1, fan_out)))


def forward(x):
    W1, b1, W2, b2, W3, b3 = params
    z1 = x @ W1 + b1
    a1 = np.maximum(z1, 0)
    z2 = a1 @ W2 + b2
    a2 = np.maximum(z2, 0)
    return a2 @ W3 + b3, (x, z1, a1, z2, a2)


def gradients(y_hat, target, cache):
    x, z1, a1, z2, a2 = cache
    W1, b1, W2, b2, W3, b3 = params
    d3 = 2 * (y_hat - target) / len(target)
    d2 = (d3 @ W3.T) * (z2 > 0)
    d1 = (d2 @ W2.T) * (z1 > 0)
    return [x.T @ d1, d1.sum(0, keepdims=True),
            a1.T @ d2, d2.sum(0, keepdims=True),
            a2.T @ d3, d3.sum(0, keepdims=True)]


class Adam:
    def __init__(self, params, lr=0.01, beta1=0.9, beta2=0.999, eps=1e-8):
        self.lr, self.eps = lr, eps
        self.beta1, self.beta2 = beta1, beta2
        self.m = [np.zeros_like(p) for p in params]
        self.v = [np.zeros_like(p) for p in params]
        self.t = 0

    def step(self, params, grads):
        self.t += 1
        for i, (p, g) in enumerate(zip(params, grads)):
            self.m[i] = self.beta2 * self.m[i] + (1 - self.beta2) * g
            self.v[i] = self.beta2 * self.v[i] + (1 - self.beta2) * g * g
            m_hat = self.m[i] / (1 - self.beta1 ** self.t)
            v_hat = self.v[i] / (1 - self.beta2 ** self.t)
            p -= self.lr * m_hat / (np.sqrt(v_hat) + self.eps)


opt = Adam(params, lr=0.005)
for epoch in range(61):
    order = np.random.permutation(len(X_train))
    losses = []
    for k in range(0, len(order), 50):
        idx = order[k:k + 50]
        y_hat, cache = forward(X_train[idx])
        losses.append(np.mean((y_hat - y_train[idx]) ** 2))
        opt.step(params, gradients(y_hat, y_train[idx], cache))
    if epoch % 10 == 0:
        test = np.mean((forward(X_test)[0] - y_test) ** 2)
        print("epoch %3d train mse %.4f test mse %.4f" % (epoch, np.mean(losses), test))
print("variance of the targets: %.3f" % y_test.var())
