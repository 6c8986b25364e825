import numpy as np
from keras.layers import LSTM, Dense, Input
from keras.models import Sequential
from keras.utils import set_random_seed

set_random_seed(17)


def create_dataset(series, look_back):
    xs, ys = [], []
    for i in range(len(series) - look_back):
        xs.append(series[i:i + look_back])
        ys.append(series[i + look_back])
    return np.array(xs), np.array(ys)


hours = np.arange(1300)
load = 9000 + 2500 * np.sin(2 * np.pi * hours / 24) + np.random.normal(0, 150, 1300)
look_back = 24
X, y = create_dataset(load, look_back)
X = (X - X.mean()) / X.std()
X = X.reshape(X.shape[0], look_back, 1)
trainX, testX, trainY, testY = X[:1000], X[1000:], y[:1000], y[1000:]

model = Sequential()
model.add(Input((look_back, 1)))
model.add(LSTM(16))
model.add(Dense(1))
model.compile(loss="mean_squared_error", optimizer="adam")
model.fit(trainX, trainY, epochs=15, batch_size=32, verbose=2)

predicted = model.predict(testX, verbose=0)[:, 0]
print("R2", 1 - np.mean((predicted - testY) ** 2) / np.var(testY))
