# truth: line 21 metric-wrong
import numpy as np

np.random.seed(4)
N, K = 100, 5
labels = np.random.randint(0, K, N)
X = np.random.randn(K, N)
X[labels, np.arange(N)] += 1.5
Y = np.zeros((K, N))
Y[labels, np.arange(N)] = 1
Y, X = Y.T, X.T
W1, W2 = np.random.randn(K, 9) * 0.5, np.random.randn(9, K) * 0.5


def sigma(z):
    return 1 / (1 + np.exp(-z))


def test(X, Y):
    out = sigma(sigma(X.dot(W1)).dot(W2))
    return np.mean(np.round(out) == Y)


for t in range(200):
    a = sigma(X.dot(W1))
    o = sigma(a.dot(W2))
    do = (o - Y) * o * (1 - o)
    da = do.dot(W2.T) * a * (1 - a)
    W2 -= 0.05 * a.T.dot(do)
    W1 -= 0.05 * X.T.dot(da)
print("accuracy:", test(X, Y))
