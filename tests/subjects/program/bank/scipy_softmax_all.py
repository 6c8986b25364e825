# truth: line 12 examples-mixed
import numpy as np
from scipy.special import softmax

rng = np.random.RandomState(5)
X = rng.randn(50, 4)
y = rng.randint(0, 3, 50)
X[np.arange(50), y] += 2
Y = np.eye(3)[y]
W, b = rng.randn(4, 3) * 0.1, np.zeros(3)
for i in range(150):
    P = softmax(X @ W + b)
    D = (P - Y) / 50
    W -= 0.5 * X.T @ D
    b -= 0.5 * D.sum(0)
print((P.argmax(1) == y).mean())
