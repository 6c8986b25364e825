import numpy as np
from keras import Input, Model, utils
from keras.layers import Conv2D, Dense, Dropout, Flatten, MaxPooling2D
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

utils.set_random_seed(6)
images, labels = load_digits(return_X_y=True)
images = images.reshape(-1, 8, 8, 1).astype("float32") / 16.0
x_train, x_test, y_train, y_test = train_test_split(images, labels, test_size=0.2, random_state=3)
y_train_cat = utils.to_categorical(y_train, 10)
y_test_cat = utils.to_categorical(y_test, 10)


def build_model(input_shape=(8, 8, 1), num_classes=10):
    inputs = Input(shape=input_shape)
    x = Conv2D(16, (3, 3), activation="relu", padding="same")(inputs)
    x = MaxPooling2D((2, 2))(x)
    x = Conv2D(24, (3, 3), activation="relu", padding="same")(x)
    x = Flatten()(x)
    x = Dense(48, activation="relu")(x)
    x = Dropout(0.2)(x)
    outputs = Dense(num_classes, activation="relu")(x)
    return Model(inputs=inputs, outputs=outputs)


model = build_model()
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
history = model.fit(x_train, y_train_cat, batch_size=32, epochs=8, validation_data=(x_test, y_test_cat), verbose=2)
predicted = np.argmax(model.predict(x_test, verbose=0), axis=1)
print("test accuracy:", np.mean(predicted == y_test))
