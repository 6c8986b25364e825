# truth: line 36 wrong-operand
import csv
import io
import math

TABLE = """x1,x2,label
0.2,1.1,0
1.4,0.3,1
2.2,1.9,1
0.1,0.4,0
1.9,0.2,1
0.7,1.6,0
2.6,0.8,1
0.3,2.0,0
"""
rows = [[float(r["x1"]), float(r["x2"]), int(r["label"])] for r in csv.DictReader(io.StringIO(TABLE))]


def predict(row, coef):
    yhat = coef[0]
    for i in range(len(row) - 1):
        yhat += coef[i + 1] * row[i]
    return 1.0 / (1.0 + math.exp(-yhat))


def coefficients(train, rate, epochs):
    coef = [0.0 for _ in range(len(train[0]))]
    for epoch in range(epochs):
        total = 0
        for row in train:
            yhat = predict(row, coef)
            error = row[-1] - yhat
            total += error ** 2
            coef[0] = coef[0] + rate * error * yhat * (1.0 - yhat)
            for i in range(len(row) - 1):
                coef[i + 1] = coef[i + 1] + rate * error * yhat * (1.0 - yhat) * row[0]
    return coef


print(coefficients(rows, 0.3, 60))
