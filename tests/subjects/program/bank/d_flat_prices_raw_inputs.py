# truth: inputs of thousands
"""Rent of flats. Why do I get the same number for every flat?"""
import numpy as np

np.random.seed(7)
n = 240
area = np.random.uniform(25, 160, n)
year = np.random.randint(1900, 2024, n)
floor = np.random.randint(0, 12, n)
distance = np.random.uniform(100, 9000, n)
rent = 6 * area + 1.5 * (year - 1900) + 8 * floor - 0.04 * distance + 500
rent = (rent - rent.mean()) / rent.std()
features = np.column_stack([area, year, floor, distance])


class Regressor:
    def __init__(self, inputs, hidden):
        self.w1 = np.random.randn(inputs, hidden) * 0.1
        self.b1 = np.zeros(hidden)
        self.w2 = np.random.randn(hidden) * 0.1
        self.b2 = 0.0

    def forward(self, x):
        self.h = np.tanh(x @ self.w1 + self.b1)
        return self.h @ self.w2 + self.b2

    def train(self, x, y, rate):
        out = self.forward(x)
        error = (out - y) / len(y)
        back = np.outer(error, self.w2) * (1 - self.h**2)
        self.w2 -= rate * self.h.T @ error
        self.b2 -= rate * error.sum()
        self.w1 -= rate * x.T @ back
        self.b1 -= rate * back.sum(axis=0)
        return ((out - y) ** 2).mean()


model = Regressor(4, 12)
for epoch in range(200):
    loss = 0
    for s in range(0, n, 24):
        loss += model.train(features[s : s + 24], rent[s : s + 24], 0.05)
    if epoch % 20 == 0:
        print(epoch, loss / 10)
