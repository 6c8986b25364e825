# truth: line 17 wrong
import numpy as np


def svm_loss_vectorized(W, X, y, reg):
    num_train = X.shape[0]
    scores = X.dot(W)
    correct = scores[np.arange(num_train), y].reshape(-1, 1)
    margins = np.maximum(0, scores - correct + 1)
    margins[np.arange(num_train), y] = 0
    loss = np.sum(margins) / num_train + reg * np.sum(W * W)

    binary = margins
    binary[margins > 0] = 1
    row_sum = np.sum(binary, axis=1)
    # the right class is pushed once for every margin
    binary[np.arange(num_train), y] = row_sum
    dW = X.T.dot(binary) / num_train + 2 * reg * W
    return loss, dW


np.random.seed(6)
X_train = np.random.randn(300, 6)
y_train = np.argmax(X_train[:, :3], axis=1)
X_train = np.hstack([X_train, np.ones((300, 1))])
W = np.random.randn(7, 3) * 0.001
for it in range(150):
    loss, grad = svm_loss_vectorized(W, X_train, y_train, 1e-3)
    W -= 0.05 * grad
    if it % 50 == 0:
        print('loss', loss, 'accuracy', np.mean(X_train.dot(W).argmax(1) == y_train))
