# truth: line 45 wrong
# Homework 4 ported from Octave: digit recognition with one hidden layer.
# I use sklearn's small digits instead of ex4data1.mat.
import numpy as np
from sklearn.datasets import load_digits

input_layer_size = 64
hidden_layer_size = 25
num_labels = 10


def sigmoid(z):
    return 1.0 / (1.0 + np.exp(-z))


def sigmoidGradient(z):
    g = sigmoid(z)
    return g * (1 - g)


def randInitializeWeights(L_in, L_out):
    epsilon_init = np.sqrt(6) / np.sqrt(L_in + L_out)
    return np.random.rand(L_out, 1 + L_in) * 2 * epsilon_init - epsilon_init


def nnCostFunction(nn_params, X, y, lam):
    split = hidden_layer_size * (input_layer_size + 1)
    Theta1 = nn_params[:split].reshape(hidden_layer_size, input_layer_size + 1)
    Theta2 = nn_params[split:].reshape(num_labels, hidden_layer_size + 1)
    m = X.shape[0]

    # feedforward
    a1 = np.c_[np.ones(m), X]
    z2 = a1 @ Theta1.T
    a2 = np.c_[np.ones(m), sigmoid(z2)]
    z3 = a2 @ Theta2.T
    h = sigmoid(z3)

    Y = np.eye(num_labels)[y]
    J = -np.sum(Y * np.log(h) + (1 - Y) * np.log(1 - h)) / m
    J += lam / (2 * m) * (np.sum(Theta1[:, 1:] ** 2) + np.sum(Theta2[:, 1:] ** 2))

    # backpropagation
    delta3 = h - Y
    delta2 = (delta3 @ Theta2)[:, 1:] * sigmoidGradient(a2[:, 1:])
    Theta1_grad = delta2.T @ a1 / m
    Theta2_grad = delta3.T @ a2 / m

    # regularization, not for the bias column
    Theta1_grad[:, 1:] += lam / m * Theta1[:, 1:]
    Theta2_grad[:, 1:] += lam / m * Theta2[:, 1:]

    grad = np.concatenate([Theta1_grad.ravel(), Theta2_grad.ravel()])
    return J, grad


def predict(nn_params, X):
    split = hidden_layer_size * (input_layer_size + 1)
    Theta1 = nn_params[:split].reshape(hidden_layer_size, input_layer_size + 1)
    Theta2 = nn_params[split:].reshape(num_labels, hidden_layer_size + 1)
    m = X.shape[0]
    h1 = sigmoid(np.c_[np.ones(m), X] @ Theta1.T)
    h2 = sigmoid(np.c_[np.ones(m), h1] @ Theta2.T)
    return np.argmax(h2, axis=1)


np.random.seed(4)
digits = load_digits()
X = digits.data / 16.0
y = digits.target
order = np.random.permutation(len(X))
X, y = X[order], y[order]
Xtrain, ytrain, Xtest, ytest = X[:1400], y[:1400], X[1400:], y[1400:]

nn_params = np.concatenate([
    randInitializeWeights(input_layer_size, hidden_layer_size).ravel(),
    randInitializeWeights(hidden_layer_size, num_labels).ravel()])

alpha = 1.0
for it in range(301):
    J, grad = nnCostFunction(nn_params, Xtrain, ytrain, 0.1)
    nn_params = nn_params - alpha * grad
    if it % 50 == 0:
        print("Iteration %d | Cost: %f" % (it, J))

print("Training Set Accuracy: %.2f" % (100 * np.mean(predict(nn_params, Xtrain) == ytrain)))
print("Test Set Accuracy: %.2f" % (100 * np.mean(predict(nn_params, Xtest) == ytest)))
