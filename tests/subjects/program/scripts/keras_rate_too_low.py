import numpy as np
from keras import Input, Sequential
from keras.layers import Dense
from keras.optimizers import Adam
from keras.utils import set_random_seed, to_categorical
from sklearn.datasets import load_wine
from sklearn.preprocessing import StandardScaler

set_random_seed(12)
X, y = load_wine(return_X_y=True)
X = StandardScaler().fit_transform(X)
p = np.random.RandomState(1).permutation(len(X))
X, Y = X[p], to_categorical(y[p])

model = Sequential([Input((13,)), Dense(24, activation="relu"), Dense(24, activation="relu"), Dense(3, activation="softmax")])
opt = Adam(learning_rate=1e-6)
model.compile(loss="categorical_crossentropy", optimizer=opt, metrics=["accuracy"])
model.fit(X[:140], Y[:140], epochs=40, batch_size=10, verbose=0)

accuracy = (model.predict(X[140:], verbose=0).argmax(1) == Y[140:].argmax(1)).mean()
print("accuracy:", accuracy)
