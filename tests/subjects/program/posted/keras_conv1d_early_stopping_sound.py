import keras
import numpy as np
from keras import layers, regularizers
from sklearn.utils.class_weight import compute_class_weight


def make_signals(n, rng):
    t = np.linspace(0, 1, 48)
    labels = (rng.uniform(size=n) < 0.3).astype("int64")
    freq = np.where(labels == 1, 6, 3) + rng.normal(0, 0.3, n)
    waves = np.sin(2 * np.pi * (freq[:, None] * t + rng.uniform(size=(n, 1))))
    return (waves + rng.normal(0, 0.4, waves.shape))[..., None].astype("float32"), labels


def get_model():
    model = keras.Sequential()
    model.add(keras.Input(shape=(48, 1)))
    model.add(layers.Conv1D(16, 7, activation="relu", kernel_regularizer=regularizers.l2(1e-4)))
    model.add(layers.BatchNormalization())
    model.add(layers.GlobalMaxPooling1D())
    model.add(layers.Dropout(0.3))
    model.add(layers.Dense(16, activation="relu"))
    model.add(layers.Dense(1, activation="sigmoid"))
    model.compile(optimizer=keras.optimizers.Adam(3e-3), loss="binary_crossentropy", metrics=["accuracy"])
    return model


if __name__ == "__main__":
    keras.utils.set_random_seed(1)
    rng = np.random.default_rng(1)
    X, y = make_signals(1200, rng)
    X_test, y_test = make_signals(300, rng)
    weights = compute_class_weight("balanced", classes=np.array([0, 1]), y=y)
    model = get_model()
    stop = keras.callbacks.EarlyStopping(monitor="val_loss", patience=5, restore_best_weights=True)
    model.fit(X, y, epochs=40, batch_size=32, validation_split=0.2, callbacks=[stop],
              class_weight={0: weights[0], 1: weights[1]}, verbose=0)
    print("test accuracy", model.evaluate(X_test, y_test, verbose=0)[1])
