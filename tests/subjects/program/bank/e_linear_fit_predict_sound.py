# truth: none
import numpy as np


class LinearRegressionGD:
    """Ordinary least squares by gradient descent, as in scikit-learn"""

    def __init__(self, lr=0.1, n_iters=300, tol=1e-9):
        self.lr = lr
        self.n_iters = n_iters
        self.tol = tol

    def fit(self, X, y):
        n_samples, n_features = X.shape
        self.coef_ = np.zeros(n_features)
        self.intercept_ = 0.0
        previous = np.inf
        for self.iter_ in range(self.n_iters):
            y_pred = self.predict(X)
            residual = y - y_pred
            mse = np.mean(residual ** 2)
            if previous - mse < self.tol:
                break
            previous = mse
            self.coef_ += self.lr * (2 / n_samples) * np.dot(X.T, residual)
            self.intercept_ += self.lr * (2 / n_samples) * residual.sum()
        return self

    def predict(self, X):
        return np.dot(X, self.coef_) + self.intercept_

    def score(self, X, y):
        u = ((y - self.predict(X)) ** 2).sum()
        v = ((y - y.mean()) ** 2).sum()
        return 1 - u / v


class StandardScaler:
    def fit_transform(self, X):
        self.mean_, self.scale_ = X.mean(axis=0), X.std(axis=0)
        return self.transform(X)

    def transform(self, X):
        return (X - self.mean_) / self.scale_


r = np.random.RandomState(17)
X = r.uniform([0, 100, -5], [1, 900, 5], size=(150, 3))
y = 4 * X[:, 0] + 0.01 * X[:, 1] - 0.7 * X[:, 2] + 3 + r.normal(scale=0.1, size=150)
split = 110
scaler = StandardScaler()
X_train, X_test = scaler.fit_transform(X[:split]), scaler.transform(X[split:])
model = LinearRegressionGD().fit(X_train, y[:split])
print(model.coef_, model.intercept_, model.score(X_test, y[split:]))
