# truth: line 29 used-after-change
import numpy as np

rng = np.random.default_rng(7)


class Layer:
    def forward(self, x):
        raise NotImplementedError

    def backward(self, grad, lr):
        raise NotImplementedError


class Dense(Layer):
    def __init__(self, n_in, n_out):
        self.W = rng.normal(0, np.sqrt(1.0 / n_in), (n_in, n_out))
        self.b = np.zeros((1, n_out))

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, grad, lr):
        dW = self.x.T @ grad
        db = grad.sum(axis=0, keepdims=True)
        self.W -= lr * dW
        self.b -= lr * db
        return grad @ self.W.T


class Activation(Layer):
    def __init__(self, f, df):
        self.f, self.df = f, df

    def forward(self, x):
        self.x = x
        return self.f(x)

    def backward(self, grad, lr):
        return grad * self.df(self.x)


class Tanh(Activation):
    def __init__(self):
        super().__init__(np.tanh, lambda x: 1 - np.tanh(x) ** 2)


class MSE:
    def __call__(self, pred, target):
        return np.mean((pred - target) ** 2)

    def grad(self, pred, target):
        return 2 * (pred - target) / pred.size


class Network:
    def __init__(self, layers, loss):
        self.layers = layers
        self.loss = loss

    def predict(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def fit(self, X, Y, epochs, lr, batch):
        n = len(X)
        for e in range(epochs):
            order = rng.permutation(n)
            total = 0.0
            for i in range(0, n, batch):
                idx = order[i:i + batch]
                out = self.predict(X[idx])
                total += self.loss(out, Y[idx]) * len(idx)
                grad = self.loss.grad(out, Y[idx])
                for layer in reversed(self.layers):
                    grad = layer.backward(grad, lr)
            if e % 20 == 0:
                print(f"epoch {e:4d}  mse {total / n:.5f}")


X = rng.uniform(-1, 1, (400, 3))
Y = np.c_[np.sin(3 * X[:, 0]) * X[:, 1], X[:, 2] ** 2 - X[:, 0]]
Xt, Yt = X[320:], Y[320:]

net = Network([Dense(3, 32), Tanh(), Dense(32, 32), Tanh(), Dense(32, 2)], MSE())
net.fit(X[:320], Y[:320], epochs=161, lr=0.3, batch=16)
print("test mse", MSE()(net.predict(Xt), Yt))
