# truth: none
# Exercise 1: linear regression with multiple variables
import numpy as np


def featureNormalize(X):
    mu = np.mean(X, axis=0)
    sigma = np.std(X, axis=0)
    return (X - mu) / sigma, mu, sigma


def hypothesis(X, theta):
    return X @ theta


def computeCost(X, y, theta):
    m = y.size
    return np.sum((hypothesis(X, theta) - y) ** 2) / (2 * m)


np.random.seed(4)
area = np.random.uniform(800, 4000, 47)
rooms = np.random.randint(1, 6, 47)
price = 90000 + 130 * area + 9000 * rooms + np.random.randn(47) * 20000
data = np.column_stack([area, rooms])
Xn, mu, sigma = featureNormalize(data)
X = np.hstack([np.ones((47, 1)), Xn])
y = (price - price.mean()) / price.std()
m = len(y)

theta0, theta12 = np.zeros(1), np.zeros(2)
alpha = 0.3
num_iters = 150
J_history = []
for i in range(num_iters):
    error = theta0 + Xn @ theta12 - y
    theta0 = theta0 - alpha / m * np.sum(error)
    error = theta0 + Xn @ theta12 - y
    theta12 = theta12 - alpha / m * (Xn.T @ error)
    J_history.append(computeCost(X, y, np.concatenate([theta0, theta12])))

print('theta found', theta0, theta12)
print('cost', J_history[-1])
