import warnings

import numpy as np
from sklearn.compose import TransformedTargetRegressor
from sklearn.datasets import load_diabetes, make_friedman1
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

warnings.filterwarnings("ignore")

X, y = make_friedman1(n_samples=700, n_features=8, noise=0.5, random_state=0)
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
mlp = make_pipeline(StandardScaler(), MLPRegressor(hidden_layer_sizes=(30,), learning_rate_init=0.01, max_iter=200, random_state=0))
model = TransformedTargetRegressor(regressor=mlp, transformer=StandardScaler())
grid = GridSearchCV(model, {"regressor__mlpregressor__alpha": [1e-4, 1e-2]}, cv=3)
grid.fit(X_train, y_train)
print(grid.best_params_)
print("R2 on held-out rows:", grid.score(X_test, y_test))
