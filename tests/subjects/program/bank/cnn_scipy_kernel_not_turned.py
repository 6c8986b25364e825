# truth: line 39 wrong
import numpy as np
from scipy import signal

rng = np.random.default_rng(8)


class Convolutional:
    def __init__(self, input_shape, kernel_size, depth):
        input_depth, input_height, input_width = input_shape
        self.depth = depth
        self.input_shape = input_shape
        self.input_depth = input_depth
        self.output_shape = (depth, input_height - kernel_size + 1, input_width - kernel_size + 1)
        self.kernels = rng.normal(size=(depth, input_depth, kernel_size, kernel_size)) * 0.3
        self.biases = np.zeros(self.output_shape)

    def forward(self, input):
        self.input = input
        self.output = np.copy(self.biases)
        for i in range(self.depth):
            for j in range(self.input_depth):
                self.output[i] += signal.correlate2d(self.input[j], self.kernels[i, j], "valid")
        return self.output

    def backward(self, output_gradient, learning_rate):
        kernels_gradient = np.zeros(self.kernels.shape)
        input_gradient = np.zeros(self.input_shape)
        for i in range(self.depth):
            for j in range(self.input_depth):
                kernels_gradient[i, j] = signal.correlate2d(self.input[j], output_gradient[i], "valid")
                input_gradient[j] += self.turned_back(output_gradient[i], self.kernels[i, j])
        self.kernels -= learning_rate * kernels_gradient
        self.biases -= learning_rate * output_gradient
        return input_gradient

    def turned_back(self, gradient, kernel):
        """What the picture below gets."""
        return signal.correlate2d(gradient, kernel, "full")


class Sigmoid:
    def forward(self, input):
        self.output = 1 / (1 + np.exp(-input))
        return self.output

    def backward(self, output_gradient, learning_rate):
        return output_gradient * self.output * (1 - self.output)


class Reshape:
    def __init__(self, input_shape, output_shape):
        self.input_shape, self.output_shape = input_shape, output_shape

    def forward(self, input):
        return np.reshape(input, self.output_shape)

    def backward(self, output_gradient, learning_rate):
        return np.reshape(output_gradient, self.input_shape)


class Dense:
    def __init__(self, input_size, output_size):
        self.weights = rng.normal(size=(output_size, input_size)) * 0.2
        self.bias = np.zeros((output_size, 1))

    def forward(self, input):
        self.input = input
        return np.dot(self.weights, self.input) + self.bias

    def backward(self, output_gradient, learning_rate):
        weights_gradient = np.dot(output_gradient, self.input.T)
        input_gradient = np.dot(self.weights.T, output_gradient)
        self.weights -= learning_rate * weights_gradient
        self.bias -= learning_rate * output_gradient
        return input_gradient


def binary_cross_entropy(y, p):
    return np.mean(-y * np.log(p) - (1 - y) * np.log(1 - p))


def binary_cross_entropy_prime(y, p):
    return ((1 - y) / (1 - p) - y / p) / np.size(y)


x_train = rng.random((24, 1, 8, 8))
y_train = np.zeros((24, 2, 1))
for n in range(24):
    k = n % 2
    y_train[n, k] = 1
    x_train[n, 0, 4 * k:4 * k + 4] += 0.5

network = [
    Convolutional((1, 8, 8), 3, 3),
    Sigmoid(),
    Convolutional((3, 6, 6), 3, 2),
    Sigmoid(),
    Reshape((2, 4, 4), (2 * 4 * 4, 1)),
    Dense(2 * 4 * 4, 2),
    Sigmoid(),
]
for e in range(4):
    error = 0
    for x, y in zip(x_train, y_train):
        output = x
        for layer in network:
            output = layer.forward(output)
        error += binary_cross_entropy(y, output)
        grad = binary_cross_entropy_prime(y, output)
        for layer in reversed(network):
            grad = layer.backward(grad, 0.1)
    print(f"{e + 1}, error={error / len(x_train)}")
