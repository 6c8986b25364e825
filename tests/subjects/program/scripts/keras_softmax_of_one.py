import keras
import numpy as np
from keras.layers import Dense, Dropout
from keras.models import Sequential
from sklearn.datasets import load_breast_cancer
from sklearn.preprocessing import StandardScaler

keras.utils.set_random_seed(0)
X, y = load_breast_cancer(return_X_y=True)
X = StandardScaler().fit_transform(X)

model = Sequential()
model.add(keras.Input(shape=(30,)))
model.add(Dense(32, activation="relu"))
model.add(Dropout(0.2))
model.add(Dense(16, activation="relu"))
model.add(Dense(1, activation="softmax"))

model.compile(loss="binary_crossentropy", optimizer="adam", metrics=["accuracy"])
history = model.fit(X[:450], y[:450], epochs=12, batch_size=16, verbose=0)
print(history.history["accuracy"][-1])
pred = model.predict(X[450:], verbose=0)[:, 0] > 0.5
print("test accuracy", np.mean(pred == y[450:]))
