# truth: none
import numpy as np

rng = np.random.RandomState(1)
users, items = 20, 15
R = rng.randn(users, 3) @ rng.randn(3, items) + rng.randn(users, 1)
P, Q = rng.randn(users, 3) * 0.1, rng.randn(items, 3) * 0.1
bu, bi, mu = np.zeros((users, 1)), np.zeros(items), R.mean()
for t in range(300):
    E = P @ Q.T + bu + bi + mu - R
    gP, gQ = E @ Q, E.T @ P
    P -= 0.01 * gP
    Q -= 0.01 * gQ
    bu -= 0.01 * E.sum(axis=1, keepdims=True)
    bi -= 0.01 * E.sum(axis=0)
print((E**2).mean())
