# truth: line 14 metric-wrong
import numpy as np

np.random.seed(1)
X = np.random.randn(90, 4)
y = np.random.randint(0, 3, 90)
X[np.arange(90), y] += 3
Y = np.eye(3)[y]
W, b = np.random.randn(4, 3) * 0.1, np.zeros(3)
for epoch in range(100):
    z = X @ W + b
    P = np.exp(z - z.max(1, keepdims=True))
    P = P / P.sum(1, keepdims=True)
    accuracy = np.mean(np.argmax(P, axis=0) == np.argmax(Y, axis=0))
    d = (P - Y) / 90
    W -= 0.5 * X.T @ d
    b -= 0.5 * d.sum(0)
    if epoch % 20 == 0:
        print(epoch, accuracy)
