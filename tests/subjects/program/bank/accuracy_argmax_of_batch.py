# truth: line 21 metric-wrong
import numpy as np


class Net:
    def __init__(self, rng):
        self.W, self.b = rng.randn(3, 4) * 0.1, np.zeros((3, 1))

    def forward(self, X):
        Z = self.W @ X + self.b
        E = np.exp(Z - Z.max(axis=0))
        return E / E.sum(axis=0)

    def train(self, X, T, steps):
        for k in range(steps):
            A = self.forward(X)
            self.W -= 0.4 * (A - T) @ X.T / X.shape[1]
            self.b -= 0.4 * np.mean(A - T, axis=1, keepdims=True)

    def accuracy(self, X, T):
        guess = np.argmax(self.forward(X), axis=1)
        truth = np.argmax(T, axis=1)
        return np.sum(guess == truth) / guess.size


def main():
    rng = np.random.RandomState(0)
    lab = rng.randint(0, 3, 70)
    X = rng.randn(4, 70)
    X[lab, np.arange(70)] += 2.5
    T = np.eye(3)[lab].T
    net = Net(rng)
    net.train(X, T, 300)
    print("accuracy", net.accuracy(X, T))


main()
