import numpy as np
from sklearn.neural_network import MLPRegressor

rng = np.random.RandomState(0)
X = rng.uniform(-2, 2, size=(600, 2))
y = np.sin(2 * X[:, 0]) + X[:, 1] ** 2 / 2

X_train, y_train, X_test, y_test = X[:450], y[:450], X[450:], y[450:]
mlp = MLPRegressor(
    hidden_layer_sizes=(50,),
    activation="tanh",
    alpha=50.0,
    max_iter=600,
    random_state=0,
)
mlp.fit(X_train, y_train)
print("train score", mlp.score(X_train, y_train))
print("test score", mlp.score(X_test, y_test))
