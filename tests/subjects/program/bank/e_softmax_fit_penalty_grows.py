# truth: line 37 decay-grows
import numpy as np


class SoftmaxClassifier(object):
    def __init__(self, learning_rate=1e-1, reg=1e-2, num_iters=200, batch_size=64):
        self.learning_rate = learning_rate
        self.reg = reg
        self.num_iters = num_iters
        self.batch_size = batch_size
        self.W = None

    def train(self, X, y, verbose=False):
        num_train, dim = X.shape
        num_classes = np.max(y) + 1
        if self.W is None:
            self.W = 0.01 * np.random.randn(dim, num_classes)
        loss_history = []
        for it in range(self.num_iters):
            choice = np.random.choice(num_train, self.batch_size)
            X_batch, y_batch = X[choice], y[choice]
            loss, grad = self.loss(X_batch, y_batch)
            loss_history.append(loss)
            self.W += -self.learning_rate * grad
            if verbose and it % 50 == 0:
                print('iteration %d / %d: loss %f' % (it, self.num_iters, loss))
        return loss_history

    def loss(self, X, y):
        n = X.shape[0]
        scores = X.dot(self.W)
        scores -= scores.max(axis=1)[:, np.newaxis]
        p = np.exp(scores) / np.exp(scores).sum(axis=1)[:, np.newaxis]
        loss = -np.log(p[np.arange(n), y]).sum() / n + 0.5 * self.reg * np.sum(self.W * self.W)
        ind = np.zeros_like(p)
        ind[np.arange(n), y] = 1
        dW = X.T.dot(p - ind) / n - self.reg * self.W
        return loss, dW

    def predict(self, X):
        return X.dot(self.W).argmax(axis=1)


np.random.seed(231)
X = np.random.randn(400, 10)
y = np.argmax(X[:, :4] + 0.3 * np.random.randn(400, 4), axis=1)
X = np.hstack([X, np.ones((400, 1))])
clf = SoftmaxClassifier()
clf.train(X, y, verbose=True)
print('training accuracy: %f' % np.mean(y == clf.predict(X)))
