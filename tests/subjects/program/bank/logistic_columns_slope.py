# truth: line 13 wrong
import numpy as np

gen = np.random.RandomState(11)
x_train = gen.randn(5, 60)
y_train = (x_train[0:1] + 0.5 * x_train[1:2] > 0) * 1


def propagate(w, b, X, Y):
    m = X.shape[1]
    A = 1 / (1 + np.exp(-(np.dot(w.T, X) + b)))
    cost = -1 / m * np.sum(Y * np.log(A) + (1 - Y) * np.log(1 - A))
    dw = 1 / m * np.dot(X, ((A - Y) * A).T)
    db = 1 / m * np.sum(A - Y)
    return {"dw": dw, "db": db}, cost


def optimize(w, b, X, Y, steps, lr):
    costs = []
    for i in range(steps):
        grads, cost = propagate(w, b, X, Y)
        dw = grads["dw"]
        db = grads["db"]
        w = w - lr * dw
        b = b - lr * db
        if i % 100 == 0:
            costs.append(cost)
    return w, b, costs


w, b, costs = optimize(np.zeros((5, 1)), 0.0, x_train, y_train, 500, 0.1)
print(costs)
