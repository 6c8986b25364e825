# truth: line 27 sign
import numpy as np
from scipy.special import expit

np.random.seed(12)
samples = np.random.rand(50, 3)
wanted = np.array([[s[0] * s[1], 1 - s[2]] for s in samples])
A = np.random.randn(4, 3)
p = np.random.randn(4)
B = np.random.randn(2, 4)
q = np.random.randn(2)
velocity = {"A": 0, "p": 0, "B": 0, "q": 0}
rate = 0.2
for epoch in range(10):
    rate *= 0.99
    for s, t in zip(samples, wanted):
        u = expit(A @ s + p)
        v = expit(B @ u + q)
        dv = (v - t) * v * (1 - v)
        du = (B.T @ dv) * u * (1 - u)
        steps = {"A": np.outer(du, s), "p": du, "B": np.outer(dv, u), "q": dv}
        for name, step in steps.items():
            velocity[name] = 0.8 * velocity[name] + rate * step
        A = A - velocity["A"]
        p = p - velocity["p"]
        B = B - velocity["B"]
        q = q + velocity["q"]
print(np.mean((expit(expit(samples @ A.T + p) @ B.T + q) - wanted) ** 2))
