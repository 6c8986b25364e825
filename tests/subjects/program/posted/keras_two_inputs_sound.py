import keras
import numpy as np
from keras import layers

keras.utils.set_random_seed(9)
rng = np.random.default_rng(9)
n = 1500
numbers = rng.normal(size=(n, 6)).astype("float32")
shop = rng.integers(0, 12, size=(n, 1))
shop_effect = rng.normal(size=12)
target = numbers[:, 0] - 0.5 * numbers[:, 1] * numbers[:, 2] + shop_effect[shop[:, 0]] + 0.1 * rng.normal(size=n)
target = ((target - target.mean()) / target.std()).astype("float32")

numeric_in = keras.Input((6,), name="numbers")
shop_in = keras.Input((1,), dtype="int32", name="shop")
embedded = layers.Flatten()(layers.Embedding(12, 4)(shop_in))
merged = layers.Concatenate()([numeric_in, embedded])
hidden = layers.Dense(48, activation="relu")(merged)
hidden = layers.Dense(24, activation="relu")(hidden)
out = layers.Dense(1, name="sales")(hidden)

model = keras.Model([numeric_in, shop_in], out)
model.compile(optimizer=keras.optimizers.Adam(0.005), loss="mse", metrics=["mae"])
model.fit([numbers[:1200], shop[:1200]], target[:1200], validation_split=0.1, epochs=30, batch_size=32, verbose=0)
said = model.predict([numbers[1200:], shop[1200:]], verbose=0)[:, 0]
print("R2", 1 - np.mean((said - target[1200:]) ** 2) / np.var(target[1200:]))
