import keras
import numpy as np
from keras.layers import Dense
from sklearn.datasets import load_diabetes
from sklearn.metrics import r2_score

keras.utils.set_random_seed(0)
X, y = load_diabetes(return_X_y=True)
X = X / X.std(axis=0)

model = keras.models.Sequential([
    keras.Input(shape=(X.shape[1],)),
    Dense(32, activation="relu"),
    Dense(1, activation="sigmoid"),
])
model.compile(optimizer=keras.optimizers.Adam(0.01), loss="mse")
model.fit(X[:350], y[:350], epochs=80, batch_size=32, verbose=0)
predicted = model.predict(X[350:], verbose=0)[:, 0]
print("mean prediction", np.mean(predicted), "mean target", np.mean(y[350:]))
print("r2", r2_score(y[350:], predicted))
