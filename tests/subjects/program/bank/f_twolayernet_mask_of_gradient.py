# truth: line 42 wrong
import numpy as np


class TwoLayerNet(object):
    """
    affine - relu - affine - softmax
    """

    def __init__(self, input_size, hidden_size, output_size, std=0.1):
        self.params = {}
        self.params['W1'] = std * np.random.randn(input_size, hidden_size)
        self.params['b1'] = np.zeros(hidden_size)
        self.params['W2'] = std * np.random.randn(hidden_size, output_size)
        self.params['b2'] = np.zeros(output_size)

    def loss(self, X, y=None, reg=0.0):
        W1, b1 = self.params['W1'], self.params['b1']
        W2, b2 = self.params['W2'], self.params['b2']
        N, D = X.shape

        hidden = np.maximum(0, X.dot(W1) + b1)
        scores = hidden.dot(W2) + b2
        if y is None:
            return scores

        shifted = scores - np.max(scores, axis=1, keepdims=True)
        exp_scores = np.exp(shifted)
        probs = exp_scores / np.sum(exp_scores, axis=1, keepdims=True)
        loss = np.sum(-np.log(probs[np.arange(N), y])) / N
        loss += 0.5 * reg * (np.sum(W1 * W1) + np.sum(W2 * W2))

        grads = {}
        dscores = probs.copy()
        dscores[np.arange(N), y] -= 1
        dscores /= N

        grads['W2'] = hidden.T.dot(dscores) + reg * W2
        grads['b2'] = np.sum(dscores, axis=0)

        dhidden = dscores.dot(W2.T)
        dhidden[dhidden <= 0] = 0

        grads['W1'] = X.T.dot(dhidden) + reg * W1
        grads['b1'] = np.sum(dhidden, axis=0)
        return loss, grads

    def train(self, X, y, X_val, y_val, learning_rate=1e-1, learning_rate_decay=0.99,
              reg=1e-4, num_iters=2000, batch_size=100, verbose=True):
        num_train = X.shape[0]
        iterations_per_epoch = max(num_train // batch_size, 1)
        for it in range(num_iters):
            idx = np.random.choice(num_train, batch_size)
            X_batch, y_batch = X[idx], y[idx]
            loss, grads = self.loss(X_batch, y=y_batch, reg=reg)
            for p in self.params:
                self.params[p] -= learning_rate * grads[p]
            if verbose and it % 250 == 0:
                print('iteration %d / %d: loss %f' % (it, num_iters, loss))
            if it % (50 * iterations_per_epoch) == 0:
                learning_rate *= learning_rate_decay
        print('train acc: %.3f' % (self.predict(X) == y).mean())
        print('val acc: %.3f' % (self.predict(X_val) == y_val).mean())

    def predict(self, X):
        return np.argmax(self.loss(X), axis=1)


def make_spiral(points_per_class, K, noise):
    X = np.zeros((points_per_class * K, 2))
    y = np.zeros(points_per_class * K, dtype='int')
    for j in range(K):
        ix = range(points_per_class * j, points_per_class * (j + 1))
        r = np.linspace(0.05, 1, points_per_class)
        t = np.linspace(j * 4, (j + 1) * 4, points_per_class) + np.random.randn(points_per_class) * noise
        X[ix] = np.c_[r * np.sin(t), r * np.cos(t)]
        y[ix] = j
    return X, y


np.random.seed(231)
X, y = make_spiral(200, 3, 0.15)
X_val, y_val = make_spiral(60, 3, 0.15)
net = TwoLayerNet(2, 100, 3)
net.train(X, y, X_val, y_val, learning_rate=1.0, num_iters=3000)
