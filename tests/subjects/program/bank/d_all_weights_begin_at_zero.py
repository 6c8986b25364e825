# truth: equal hidden units
import numpy as np

X = np.array([[i, j, k] for i in (0, 1) for j in (0, 1) for k in (0, 1)], dtype=float)
y = np.array([[int(a) ^ int(b) ^ int(c)] for a, b, c in X], dtype=float)  # parity

n_hidden = 8
W_in = np.zeros((3, n_hidden))
b_in = np.zeros((1, n_hidden))
W_out = np.zeros((n_hidden, 1))
b_out = np.zeros((1, 1))


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


losses = []
for i in range(5000):
    H = np.tanh(X.dot(W_in) + b_in)
    P = sigmoid(H.dot(W_out) + b_out)
    losses.append(-np.mean(y * np.log(P) + (1 - y) * np.log(1 - P)))

    dP = (P - y) / len(X)
    dW_out = H.T.dot(dP)
    db_out = dP.sum(axis=0, keepdims=True)
    dH = dP.dot(W_out.T) * (1 - H ** 2)
    dW_in = X.T.dot(dH)
    db_in = dH.sum(axis=0, keepdims=True)

    W_in -= 1.0 * dW_in
    b_in -= 1.0 * db_in
    W_out -= 1.0 * dW_out
    b_out -= 1.0 * db_out

print("final loss", losses[-1])
