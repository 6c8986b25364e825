# truth: line 19 unread
from math import exp
from random import seed, random, gauss


def initialize_network(n_inputs, n_hidden, n_outputs):
    network = []
    hidden_layer = [{'weights': [random() - 0.5 for _ in range(n_inputs + 1)]} for _ in range(n_hidden)]
    network.append(hidden_layer)
    output_layer = [{'weights': [random() - 0.5 for _ in range(n_hidden + 1)]} for _ in range(n_outputs)]
    network.append(output_layer)
    return network


# the last weight of a neuron is its bias
def activate(weights, inputs):
    activation = 0.0
    for i in range(len(weights) - 1):
        activation += weights[i] * inputs[i]
    return activation


def transfer(activation):
    return 1.0 / (1.0 + exp(-activation))


def transfer_derivative(output):
    return output * (1.0 - output)


def forward_propagate(network, row):
    inputs = row
    for layer in network:
        new_inputs = []
        for neuron in layer:
            neuron['output'] = transfer(activate(neuron['weights'], inputs))
            new_inputs.append(neuron['output'])
        inputs = new_inputs
    return inputs


def backward_propagate_error(network, expected):
    for i in reversed(range(len(network))):
        layer = network[i]
        errors = []
        if i != len(network) - 1:
            for j in range(len(layer)):
                error = 0.0
                for neuron in network[i + 1]:
                    error += neuron['weights'][j] * neuron['delta']
                errors.append(error)
        else:
            for j in range(len(layer)):
                errors.append(layer[j]['output'] - expected[j])
        for j, neuron in enumerate(layer):
            neuron['delta'] = errors[j] * transfer_derivative(neuron['output'])


def update_weights(network, row, l_rate):
    for i in range(len(network)):
        inputs = row[:-1]
        if i != 0:
            inputs = [neuron['output'] for neuron in network[i - 1]]
        for neuron in network[i]:
            for j in range(len(inputs)):
                neuron['weights'][j] -= l_rate * neuron['delta'] * inputs[j]
            neuron['weights'][-1] -= l_rate * neuron['delta']


def train_network(network, train, l_rate, n_epoch, n_outputs):
    for epoch in range(n_epoch):
        sum_error = 0
        for row in train:
            outputs = forward_propagate(network, row)
            expected = [0 for _ in range(n_outputs)]
            expected[row[-1]] = 1
            sum_error += sum((expected[i] - outputs[i]) ** 2 for i in range(n_outputs))
            backward_propagate_error(network, expected)
            update_weights(network, row, l_rate)
        if epoch % 20 == 0:
            print('>epoch=%d, lrate=%.3f, error=%.3f' % (epoch, l_rate, sum_error))


def predict(network, row):
    outputs = forward_propagate(network, row)
    return outputs.index(max(outputs))


seed(1)
dataset = []
for k in range(150):
    c = k % 3
    # three kinds of seeds on one line through the origin, told apart by their size
    size = [1.0, 2.0, 3.0][c] + gauss(0, 0.15)
    dataset.append([size + gauss(0, 0.1), 0.5 * size + gauss(0, 0.1), c])

network = initialize_network(2, 5, 3)
train_network(network, dataset, 0.5, 121, 3)
correct = sum(predict(network, row) == row[-1] for row in dataset)
print('Accuracy: %.1f%%' % (100.0 * correct / len(dataset)))
