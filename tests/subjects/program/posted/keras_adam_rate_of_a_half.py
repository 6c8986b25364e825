import numpy as np
import pandas as pd
from keras.layers import Dense, Input
from keras.models import Sequential
from keras.optimizers import Adam
from keras.utils import set_random_seed
from sklearn.datasets import load_wine
from sklearn.preprocessing import MinMaxScaler

set_random_seed(12)
wine = load_wine()
df = pd.DataFrame(wine.data, columns=wine.feature_names)
df["cultivar"] = wine.target
df = df.sample(frac=1, random_state=0)
X = MinMaxScaler().fit_transform(df.drop(columns="cultivar").values)
Y = pd.get_dummies(df["cultivar"]).values.astype("float32")
split = 130

LEARNING_RATE = 0.5
EPOCHS = 60

model = Sequential()
model.add(Input((X.shape[1],)))
model.add(Dense(32, activation="relu"))
model.add(Dense(32, activation="relu"))
model.add(Dense(16, activation="relu"))
model.add(Dense(3, activation="softmax"))
model.compile(loss="categorical_crossentropy", optimizer=Adam(LEARNING_RATE), metrics=["accuracy"])
model.fit(X[:split], Y[:split], epochs=EPOCHS, batch_size=16, verbose=0)

pred = model.predict(X[split:], verbose=0).argmax(1)
print(np.mean(pred == Y[split:].argmax(1)))
