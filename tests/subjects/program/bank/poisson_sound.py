# truth: none
import numpy as np

gen = np.random.default_rng(8)
X = np.c_[np.ones(90), gen.normal(size=(90, 3))]
counts = gen.poisson(np.exp(X @ np.array([0.3, 0.5, -0.4, 0.1])))
beta = np.zeros(4)
for it in range(200):
    mu = np.exp(X @ beta)
    score = X.T @ (mu - counts) / len(counts)
    beta -= 0.1 * score
print(beta)
