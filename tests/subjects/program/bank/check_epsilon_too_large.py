# truth: line 29 gradient-check-invalid
import numpy as np


class Model:
    def __init__(self, rng):
        self.params = {"U": rng.randn(4, 7) * 0.5, "V": rng.randn(7, 2) * 0.5}

    def loss(self, X, T):
        self.H = np.tanh(X @ self.params["U"])
        self.O = self.H @ self.params["V"]
        return 0.5 * np.sum((self.O - T) ** 2) / len(X)

    def grads(self, X, T):
        self.loss(X, T)
        d = (self.O - T) / len(X)
        return {"V": self.H.T @ d, "U": X.T @ (d @ self.params["V"].T * (1 - self.H**2))}

    def grad_check(self, X, T, h=0.5):
        exact = self.grads(X, T)
        worst = 0.0
        for name, P in self.params.items():
            for index in np.ndindex(P.shape):
                old = P[index]
                P[index] = old + h
                up = self.loss(X, T)
                P[index] = old
                down = self.loss(X, T)
                slope = (up - down) / h
                worst = max(worst, abs(slope - exact[name][index]))
        return worst


rng = np.random.RandomState(3)
X, T = rng.randn(25, 4), rng.randn(25, 2)
model = Model(rng)
print("worst difference", model.grad_check(X, T))
for epoch in range(150):
    for name, g in model.grads(X, T).items():
        model.params[name] = model.params[name] - 0.2 * g
print(model.loss(X, T))
