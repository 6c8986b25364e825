import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

rng = np.random.default_rng(6)
n = 1500
frame = pd.DataFrame({
    "age": rng.integers(18, 80, n),
    "income": rng.lognormal(10, 0.5, n),
    "visits": rng.poisson(3, n),
    "plan": rng.choice(["free", "basic", "pro"], n),
})
score = 0.05 * (frame["age"] - 45) + 0.6 * (frame["visits"] - 3) + 1.5 * (frame["plan"] == "pro") - 0.4
frame["stays"] = (score + rng.logistic(0, 0.3, n) > 0).astype(int)

X_train, X_test, y_train, y_test = train_test_split(frame.drop(columns="stays"), frame["stays"], random_state=6)
prepare = ColumnTransformer([
    ("numbers", StandardScaler(), ["age", "income", "visits"]),
    ("words", OneHotEncoder(), ["plan"]),
])
model = Pipeline([
    ("prepare", prepare),
    ("net", MLPClassifier((16,), learning_rate_init=0.01, early_stopping=True, max_iter=300, random_state=6)),
])
model.fit(X_train, y_train)
print("accuracy", model.score(X_test, y_test))
