# truth: line 27 sign
import numpy as np

np.random.seed(1)
X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
y = np.array([[0], [1], [1], [0]])


def sigmoid(v):
    return 1 / (1 + np.exp(-v))


W1 = np.random.randn(2, 4)
b1 = np.zeros((1, 4))
W2 = np.random.randn(4, 1)
b2 = np.zeros((1, 1))

for epoch in range(3000):
    hidden = sigmoid(X @ W1 + b1)
    out = sigmoid(hidden @ W2 + b2)
    error = y - out
    d_out = error * out * (1 - out)
    d_hidden = (d_out @ W2.T) * hidden * (1 - hidden)
    W2 += 0.5 * hidden.T @ d_out
    b2 += 0.5 * d_out.sum(axis=0, keepdims=True)
    W1 += 0.5 * X.T @ d_hidden
    b1 -= 0.5 * d_hidden.sum(axis=0, keepdims=True)
    if epoch % 1000 == 0:
        print(epoch, np.mean(error ** 2))
