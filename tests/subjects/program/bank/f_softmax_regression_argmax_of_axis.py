# truth: line 41 metric-wrong
import numpy as np

# multinomial logistic regression on flowers drawn at random
np.random.seed(6)
means = np.array([[5.0, 3.4, 1.5, 0.2],
                  [5.9, 2.8, 4.3, 1.3],
                  [6.6, 3.0, 5.6, 2.0]])
spread = np.array([0.35, 0.3, 0.3, 0.15])
labels = np.repeat([0, 1, 2], 50)
X = means[labels] + spread * np.random.randn(150, 4)
shuffle = np.random.permutation(150)
X, labels = X[shuffle], labels[shuffle]

X_train, X_test = X[:110], X[110:]
mu, sd = X_train.mean(axis=0), X_train.std(axis=0)
X_train = (X_train - mu) / sd
X_test = (X_test - mu) / sd


def to_onehot(t, n_classes=3):
    out = np.zeros((t.size, n_classes))
    out[np.arange(t.size), t] = 1.0
    return out


Y_train, Y_test = to_onehot(labels[:110]), to_onehot(labels[110:])


def softmax(Z):
    Z = Z - np.max(Z, axis=1, keepdims=True)
    E = np.exp(Z)
    return E / np.sum(E, axis=1, keepdims=True)


def cross_entropy(P, Y):
    return -np.sum(Y * np.log(P + 1e-12)) / len(Y)


def accuracy(P, Y):
    guess = np.argmax(P, axis=0)
    truth = np.argmax(Y, axis=0)
    return np.mean(guess == truth)


W = np.zeros((4, 3))
b = np.zeros((1, 3))
learning_rate = 0.5
l2 = 1e-3

for epoch in range(0, 401):
    P = softmax(X_train @ W + b)
    error = (P - Y_train) / len(X_train)
    grad_W = X_train.T @ error + l2 * W
    grad_b = np.sum(error, axis=0, keepdims=True)
    W -= learning_rate * grad_W
    b -= learning_rate * grad_b
    if epoch % 80 == 0:
        P_test = softmax(X_test @ W + b)
        print("epoch %3d loss %.4f  train acc %.3f  test acc %.3f" % (
            epoch, cross_entropy(P, Y_train), accuracy(P, Y_train), accuracy(P_test, Y_test)))
