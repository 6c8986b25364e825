# truth: none
import numpy as np

# sigmoid function, with deriv=True x is already the output of the sigmoid
def nonlin(x, deriv=False):
    if deriv:
        return x * (1 - x)
    return 1 / (1 + np.exp(-x))

# parity of the first two columns, third column is always one
X = np.array([[0, 0, 1],
              [0, 1, 1],
              [1, 0, 1],
              [1, 1, 1]])
y = np.array([[0],
              [1],
              [1],
              [0]])

np.random.seed(1)

# weights with mean 0
syn0 = 2 * np.random.random((3, 4)) - 1
syn1 = 2 * np.random.random((4, 1)) - 1

for j in range(20001):
    # layers 0, 1 and 2
    l0 = X
    l1 = nonlin(np.dot(l0, syn0))
    l2 = nonlin(np.dot(l1, syn1))

    # how much did we miss?
    l2_error = y - l2
    if j % 4000 == 0:
        print("Error: " + str(np.mean(np.abs(l2_error))))

    # in what direction is the target?
    l2_delta = l2_error * nonlin(l2, deriv=True)

    # how much did each l1 value contribute?
    l1_error = l2_delta.dot(syn1.T)
    l1_delta = l1_error * nonlin(l1, deriv=True)

    syn1 += l1.T.dot(l2_delta)
    syn0 += l0.T.dot(l1_delta)

print("Output after training:")
print(l2)
