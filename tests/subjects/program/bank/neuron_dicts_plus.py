# truth: line 64 sign
from math import exp
from random import seed, random

seed(1)


def initialize(n_in, n_hid, n_out):
    hidden = [{"weights": [random() - 0.5 for _ in range(n_in + 1)]} for _ in range(n_hid)]
    output = [{"weights": [random() - 0.5 for _ in range(n_hid + 1)]} for _ in range(n_out)]
    return [hidden, output]


def activate(weights, inputs):
    activation = weights[-1]
    for i in range(len(weights) - 1):
        activation += weights[i] * inputs[i]
    return activation


def transfer(v):
    return 1.0 / (1.0 + exp(-v))


def forward(network, row):
    inputs = row
    for layer in network:
        new = []
        for neuron in layer:
            neuron["output"] = transfer(activate(neuron["weights"], inputs))
            new.append(neuron["output"])
        inputs = new
    return inputs


def derivative(out):
    return out * (1.0 - out)


def backward(network, expected):
    for i in reversed(range(len(network))):
        layer = network[i]
        errors = []
        if i != len(network) - 1:
            for j in range(len(layer)):
                error = 0.0
                for neuron in network[i + 1]:
                    error += neuron["weights"][j] * neuron["delta"]
                errors.append(error)
        else:
            for j in range(len(layer)):
                errors.append(layer[j]["output"] - expected[j])
        for j in range(len(layer)):
            layer[j]["delta"] = errors[j] * derivative(layer[j]["output"])


def update(network, row, rate):
    for i in range(len(network)):
        inputs = row[:-1]
        if i != 0:
            inputs = [neuron["output"] for neuron in network[i - 1]]
        for neuron in network[i]:
            for j in range(len(inputs)):
                neuron["weights"][j] += rate * neuron["delta"] * inputs[j]
            neuron["weights"][-1] -= rate * neuron["delta"]


data = [[random() * 4, random() * 3] for _ in range(30)]
data = [row + [int(row[0] > row[1])] for row in data]
network = initialize(2, 3, 2)
for epoch in range(40):
    total = 0
    for row in data:
        out = forward(network, row)
        expected = [0, 0]
        expected[row[-1]] = 1
        total += sum((expected[i] - out[i]) ** 2 for i in range(2))
        backward(network, expected)
        update(network, row, 0.4)
    if epoch % 10 == 0:
        print(epoch, total)
