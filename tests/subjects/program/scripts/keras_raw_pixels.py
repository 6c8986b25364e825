import keras
import numpy as np
from keras import layers
from sklearn.datasets import load_digits

keras.utils.set_random_seed(3)
digits = load_digits()
pixels = np.clip(digits.data * 16, 0, 255).astype("uint8")
(x_train, y_train), (x_test, y_test) = (pixels[:1400], digits.target[:1400]), (pixels[1400:], digits.target[1400:])

x_train = x_train.astype("float32")
x_test = x_test.astype("float32")
y_train = keras.utils.to_categorical(y_train, 10)
y_test = keras.utils.to_categorical(y_test, 10)

model = keras.Sequential()
model.add(keras.Input(shape=(64,)))
model.add(layers.Dense(32, activation="sigmoid"))
model.add(layers.Dense(32, activation="sigmoid"))
model.add(layers.Dense(10, activation="softmax"))
model.compile(loss="categorical_crossentropy", optimizer=keras.optimizers.SGD(0.5), metrics=["accuracy"])
model.fit(x_train, y_train, batch_size=32, epochs=25, verbose=0)
score = model.evaluate(x_test, y_test, verbose=0)
print("Test loss:", score[0])
print("Test accuracy:", score[1])
