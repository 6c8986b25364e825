import keras
import numpy as np
from keras.layers import Dense, Input
from keras.models import Model

keras.utils.set_random_seed(4)
rng = np.random.default_rng(0)
x = rng.normal(size=(1500, 12)).astype("float32")
y = np.argmax(x[:, :5] + 0.3 * rng.normal(size=(1500, 5)), axis=1)
x_val, y_val = x[1200:], y[1200:]
x, y = x[:1200], y[:1200]

inputs = Input(shape=(12,))
h = Dense(48, activation="relu")(inputs)
h = Dense(48, activation="relu")(h)
outputs = Dense(5)(h)
model = Model(inputs, outputs)

model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(x, y, validation_data=(x_val, y_val), epochs=15, batch_size=32, verbose=0)
loss, acc = model.evaluate(x_val, y_val, verbose=0)
print("loss %.3f, accuracy %.3f" % (loss, acc))
