# truth: none
"""Quantile regression (0.9) in plain Python, five folds."""
import random

rnd = random.Random(2)
xs = [rnd.uniform(0, 4) for _ in range(100)]
ys = [1.5 * x + rnd.gauss(0, 0.3 + 0.3 * x) for x in xs]
Q = 0.9


def fit(train, epochs=30):
    slope, quad, intercept = 0.0, 0.0, 0.0
    for epoch in range(epochs):
        rate = 0.05 / (1 + 0.1 * epoch)
        order = train[:]
        rnd.shuffle(order)
        for i in order:
            guess = slope * xs[i] + quad * xs[i] ** 2 / 4 + intercept
            if ys[i] > guess:
                push = -Q
            else:
                push = 1 - Q
            slope -= rate * push * xs[i]
            quad -= rate * push * xs[i] ** 2 / 4
            intercept -= rate * push
    return slope, quad, intercept


folds = [list(range(k, 100, 5)) for k in range(5)]
for k in range(5):
    train = [i for j in range(5) if j != k for i in folds[j]]
    s, q, c = fit(train)
    below = sum(ys[i] <= s * xs[i] + q * xs[i] ** 2 / 4 + c for i in folds[k]) / len(folds[k])
    print("fold", k, "share below", below)
