# truth: line 16 examples-mixed
import numpy as np

rng = np.random.RandomState(11)
N = 40
X = rng.randn(N, 6).T
T = np.zeros((4, N))
lab = rng.randint(0, 4, N)
T[lab, np.arange(N)] = 1
X[lab, np.arange(N)] += 2
W = rng.randn(4, 6) * 0.1
b = np.zeros((4, 1))
for i in range(200):
    scores = W @ X + b
    scores = scores - scores.max(axis=1, keepdims=True)
    P = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    loss = -np.sum(T * np.log(P + 1e-12)) / N
    dS = (P - T) / N
    W -= 0.5 * dS @ X.T
    b -= 0.5 * dS.sum(axis=1, keepdims=True)
    if i % 50 == 0:
        print(i, loss, np.mean(P.argmax(axis=0) == lab))
