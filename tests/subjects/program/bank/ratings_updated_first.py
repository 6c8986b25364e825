# truth: line 23 used-after-change
import random

import numpy as np

random.seed(6)
np.random.seed(6)
users, items, k = 12, 15, 4
ratings = [(u, i, float((u * i) % 5 + 1)) for u in range(users) for i in range(items) if random.random() < 0.5]
P = np.random.rand(users, k)
Q = np.random.rand(items, k)
bu = np.zeros(users)
alpha, beta = 0.02, 0.02
for epoch in range(20):
    random.shuffle(ratings)
    se = 0.0
    for u, i, r in ratings:
        guess = P[u] @ Q[i] + bu[u]
        e = r - guess
        se += e ** 2
        bu[u] += alpha * (e - beta * bu[u])
        P[u] += alpha * (e * Q[i] - beta * P[u])
        Q[i] += alpha * (e * P[u] - beta * Q[i])
    print("rmse", (se / len(ratings)) ** 0.5)
