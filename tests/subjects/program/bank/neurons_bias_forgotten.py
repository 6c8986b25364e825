# truth: line 20 missing-update
import math
import random

random.seed(4)
rate = 0.5
points = [(random.uniform(-1, 1), random.uniform(-1, 1)) for _ in range(40)]
samples = [([a, b], 1.0 if a * b > 0 else 0.0) for a, b in points]


class Neuron:
    def __init__(self, count):
        self.weights = [random.uniform(-1, 1) for _ in range(count)]
        self.bias = random.uniform(-1, 1)

    def fire(self, inputs):
        self.inputs = inputs
        total = self.bias
        for w, x in zip(self.weights, inputs):
            total += w * x
        self.value = 1 / (1 + math.exp(-total))
        return self.value

    def slope(self):
        return self.value * (1 - self.value)

    def learn(self):
        for i in range(len(self.weights)):
            self.weights[i] -= rate * self.delta * self.inputs[i]
        self.steps = getattr(self, 'steps', 0) + 1


hidden = [Neuron(2) for _ in range(4)]
output = Neuron(4)

for epoch in range(60):
    wrong = 0.0
    for inputs, target in samples:
        guess = output.fire([n.fire(inputs) for n in hidden])
        wrong += (target - guess) ** 2
        output.delta = (guess - target) * output.slope()
        for i, n in enumerate(hidden):
            n.delta = output.delta * output.weights[i] * n.slope()
        for n in hidden + [output]:
            n.learn()
    if epoch % 20 == 0:
        print(epoch, wrong)
