# truth: none
import numpy as np

rng = np.random.RandomState(9)
n, k = 75, 3
y = rng.randint(0, k, n)
X = rng.randn(n, 4)
X[np.arange(n), y] += 2
W = np.zeros((4, k))
for i in range(120):
    z = X @ W
    p = np.exp(z) / np.exp(z).sum(1, keepdims=True)
    g = p.copy()
    g[np.arange(n), y] -= 1
    W -= 0.5 * X.T @ g / n
guess = p.argmax(axis=1)
confusion = (guess[:, None] == np.arange(k)).T.astype(float) @ (y[:, None] == np.arange(k)).astype(float)
recall = [np.sum((guess == c) & (y == c)) / np.sum(y == c) for c in range(k)]
print(confusion, recall, np.trace(confusion) / n, (guess == y).sum() / n, np.sum(guess == y) / y.shape[0] * 100)
