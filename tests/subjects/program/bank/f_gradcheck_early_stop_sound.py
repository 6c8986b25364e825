# truth: none
"""MLP classifier with weight decay, a numerical check of the gradient, and early stopping."""
import numpy as np
from sklearn.datasets import load_iris


def unpack(vec, shapes):
    out, at = [], 0
    for s in shapes:
        size = int(np.prod(s))
        out.append(vec[at:at + size].reshape(s))
        at += size
    return out


def cost_and_grad(vec, shapes, X, Y, decay):
    W1, b1, W2, b2 = unpack(vec, shapes)
    n = X.shape[0]
    S = X @ W1 + b1
    A = np.log1p(np.exp(S))                       # softplus
    O = A @ W2 + b2
    O = O - O.max(axis=1, keepdims=True)
    logZ = np.log(np.exp(O).sum(axis=1, keepdims=True))
    logP = O - logZ
    cost = -(Y * logP).sum() / n + 0.5 * decay * ((W1 ** 2).sum() + (W2 ** 2).sum())

    dO = (np.exp(logP) - Y) / n
    dW2 = A.T @ dO + decay * W2
    db2 = dO.sum(axis=0)
    dS = (dO @ W2.T) / (1 + np.exp(-S))           # slope of softplus is the logistic
    dW1 = X.T @ dS + decay * W1
    db1 = dS.sum(axis=0)
    return cost, np.concatenate([g.ravel() for g in (dW1, db1, dW2, db2)])


def classify(vec, shapes, X):
    W1, b1, W2, b2 = unpack(vec, shapes)
    return (np.log1p(np.exp(X @ W1 + b1)) @ W2 + b2).argmax(axis=1)


def check(vec, shapes, X, Y, decay, h=1e-5):
    _, g = cost_and_grad(vec, shapes, X, Y, decay)
    num = np.zeros_like(vec)
    for i in range(vec.size):
        up, down = vec.copy(), vec.copy()
        up[i] += h
        down[i] -= h
        num[i] = (cost_and_grad(up, shapes, X, Y, decay)[0]
                  - cost_and_grad(down, shapes, X, Y, decay)[0]) / (2 * h)
    return np.linalg.norm(num - g) / np.linalg.norm(num + g)


rng = np.random.default_rng(14)
iris = load_iris()
order = rng.permutation(150)
X, t = iris.data[order], iris.target[order]
X = (X - X[:90].mean(axis=0)) / X[:90].std(axis=0)
Y = np.eye(3)[t]
parts = {'train': slice(0, 90), 'valid': slice(90, 120), 'test': slice(120, 150)}

shapes = [(4, 10), (10,), (10, 3), (3,)]
theta = np.concatenate([
    rng.normal(0, 0.5, 40), np.zeros(10), rng.normal(0, 0.3, 30), np.zeros(3)])
decay = 1e-3
print("relative difference of the gradients: %.2e" % check(theta, shapes, X[:20], Y[:20], decay))

best, best_theta, patience = np.inf, theta.copy(), 0
for epoch in range(3000):
    cost, grad = cost_and_grad(theta, shapes, X[parts['train']], Y[parts['train']], decay)
    theta = theta - 0.3 * grad
    v, _ = cost_and_grad(theta, shapes, X[parts['valid']], Y[parts['valid']], 0.0)
    if epoch % 200 == 0:
        print("epoch %4d train %.4f valid %.4f" % (epoch, cost, v))
    if v < best - 1e-6:
        best, best_theta, patience = v, theta.copy(), 0
    else:
        patience += 1
        if patience == 50:
            print("stopped at", epoch)
            break
for name, sl in parts.items():
    print(name, "accuracy %.3f" % (classify(best_theta, shapes, X[sl]) == t[sl]).mean())
