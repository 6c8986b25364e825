import numpy as np
from sklearn.metrics import mean_absolute_error, r2_score
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPRegressor
from sklearn.preprocessing import StandardScaler

rng = np.random.RandomState(8)
n = 900
years = rng.uniform(0, 35, n)
education = rng.randint(0, 5, n)
hours = rng.normal(38, 6, n)
salary = 24000 + 1500 * years - 18 * years ** 2 + 6500 * education + 420 * (hours - 38) + rng.normal(0, 2500, n)
X = np.column_stack([years, education, hours])

X_train, X_test, y_train, y_test = train_test_split(X, salary, test_size=0.3, random_state=42)
sc = StandardScaler()
X_train = sc.fit_transform(X_train)
X_test = sc.transform(X_test)

reg = MLPRegressor(hidden_layer_sizes=(32, 32), activation="relu", solver="adam", max_iter=150, random_state=1)
reg.fit(X_train, y_train)
y_pred = reg.predict(X_test)
print("MAE", mean_absolute_error(y_test, y_pred))
print("R2", r2_score(y_test, y_pred))
