# truth: line 120 sign
# port of a well known javascript toy network: own Matrix class, no numpy
import math
import random

random.seed(42)


class Matrix:
    def __init__(self, rows, cols):
        self.rows = rows
        self.cols = cols
        self.data = [[0.0] * cols for _ in range(rows)]

    @staticmethod
    def from_array(arr):
        m = Matrix(len(arr), 1)
        for i in range(len(arr)):
            m.data[i][0] = arr[i]
        return m

    @staticmethod
    def subtract(a, b):
        r = Matrix(a.rows, a.cols)
        for i in range(a.rows):
            for j in range(a.cols):
                r.data[i][j] = a.data[i][j] - b.data[i][j]
        return r

    @staticmethod
    def transpose(m):
        r = Matrix(m.cols, m.rows)
        for i in range(m.rows):
            for j in range(m.cols):
                r.data[j][i] = m.data[i][j]
        return r

    @staticmethod
    def product(a, b):
        r = Matrix(a.rows, b.cols)
        for i in range(r.rows):
            for j in range(r.cols):
                s = 0.0
                for k in range(a.cols):
                    s += a.data[i][k] * b.data[k][j]
                r.data[i][j] = s
        return r

    @staticmethod
    def mapped(m, f):
        r = Matrix(m.rows, m.cols)
        for i in range(m.rows):
            for j in range(m.cols):
                r.data[i][j] = f(m.data[i][j])
        return r

    def randomize(self):
        for i in range(self.rows):
            for j in range(self.cols):
                self.data[i][j] = random.random() * 2 - 1

    def add(self, n):
        for i in range(self.rows):
            for j in range(self.cols):
                self.data[i][j] += n.data[i][j]

    def multiply(self, n):
        for i in range(self.rows):
            for j in range(self.cols):
                if isinstance(n, Matrix):
                    self.data[i][j] *= n.data[i][j]
                else:
                    self.data[i][j] *= n


def sigmoid(x):
    return 1 / (1 + math.exp(-x))


def dsigmoid(y):
    return y * (1 - y)


class NeuralNetwork:
    def __init__(self, i, h, o):
        self.weights_ih = Matrix(h, i)
        self.weights_ho = Matrix(o, h)
        self.weights_ih.randomize()
        self.weights_ho.randomize()
        self.bias_h = Matrix(h, 1)
        self.bias_o = Matrix(o, 1)
        self.bias_h.randomize()
        self.bias_o.randomize()
        self.learning_rate = 0.3

    def train(self, input_array, target_array):
        inputs = Matrix.from_array(input_array)
        hidden = Matrix.product(self.weights_ih, inputs)
        hidden.add(self.bias_h)
        hidden = Matrix.mapped(hidden, sigmoid)
        outputs = Matrix.product(self.weights_ho, hidden)
        outputs.add(self.bias_o)
        outputs = Matrix.mapped(outputs, sigmoid)

        targets = Matrix.from_array(target_array)
        output_errors = Matrix.subtract(targets, outputs)
        gradients = Matrix.mapped(outputs, dsigmoid)
        gradients.multiply(output_errors)
        hidden_errors = Matrix.product(Matrix.transpose(self.weights_ho), gradients)
        gradients.multiply(self.learning_rate)
        weight_ho_deltas = Matrix.product(gradients, Matrix.transpose(hidden))

        hidden_gradient = Matrix.mapped(hidden, dsigmoid)
        hidden_gradient.multiply(hidden_errors)
        hidden_gradient.multiply(self.learning_rate)
        weight_ih_deltas = Matrix.product(hidden_gradient, Matrix.transpose(inputs))

        self.weights_ho.add(weight_ho_deltas)
        self.bias_o.add(gradients)
        self.weights_ih = Matrix.subtract(self.weights_ih, weight_ih_deltas)
        self.bias_h.add(hidden_gradient)
        return output_errors.data[0][0] ** 2


xor = [([0, 0], [0]), ([0, 1], [1]), ([1, 0], [1]), ([1, 1], [0])]
nn = NeuralNetwork(2, 4, 1)
for n in range(3000):
    inp, out = random.choice(xor)
    e = nn.train(inp, out)
    if n % 500 == 0:
        print(n, e)
