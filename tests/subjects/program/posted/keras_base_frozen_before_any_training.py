"""Fine-tuning: the base is frozen and a new head is trained. Accuracy will not go above 70 %."""

import keras
from keras import layers
from sklearn.datasets import load_digits

keras.utils.set_random_seed(0)
x, y = load_digits(return_X_y=True)
x = (x / 16).astype("float32")
x_train, y_train, x_val, y_val = x[:1400], y[:1400], x[1400:], y[1400:]


def make_base():
    base = keras.Sequential(name="base")
    base.add(layers.Input(shape=(64,)))
    base.add(layers.Dense(24, activation="relu"))
    base.add(layers.Dense(12, activation="relu"))
    return base


def main():
    base = make_base()
    # base.load_weights("base.weights.h5")
    base.trainable = False
    model = keras.Sequential([base, layers.Dense(10, activation="softmax")])
    model.compile(
        optimizer=keras.optimizers.Adam(learning_rate=0.01),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    model.fit(x_train, y_train, epochs=15, batch_size=32, verbose=2)
    print("val accuracy", model.evaluate(x_val, y_val, verbose=0)[1])


if __name__ == "__main__":
    main()
