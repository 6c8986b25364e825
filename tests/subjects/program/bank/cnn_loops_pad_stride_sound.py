# truth: none
import numpy as np

np.random.seed(1)


def zero_pad(X, pad):
    return np.pad(X, ((0, 0), (pad, pad), (pad, pad), (0, 0)), "constant", constant_values=(0, 0))


def conv_single_step(a_slice_prev, W, b):
    s = a_slice_prev * W
    Z = np.sum(s)
    return Z + float(b.item())


def conv_forward(A_prev, W, b, hparameters):
    (m, n_H_prev, n_W_prev, n_C_prev) = A_prev.shape
    (f, f, n_C_prev, n_C) = W.shape
    stride = hparameters["stride"]
    pad = hparameters["pad"]
    n_H = int((n_H_prev - f + 2 * pad) / stride) + 1
    n_W = int((n_W_prev - f + 2 * pad) / stride) + 1
    Z = np.zeros((m, n_H, n_W, n_C))
    A_prev_pad = zero_pad(A_prev, pad)
    for i in range(m):
        a_prev_pad = A_prev_pad[i]
        for h in range(n_H):
            for w in range(n_W):
                for c in range(n_C):
                    vert_start, horiz_start = h * stride, w * stride
                    a_slice_prev = a_prev_pad[vert_start:vert_start + f, horiz_start:horiz_start + f, :]
                    Z[i, h, w, c] = conv_single_step(a_slice_prev, W[..., c], b[..., c])
    return Z, (A_prev, W, b, hparameters)


def conv_backward(dZ, cache):
    (A_prev, W, b, hparameters) = cache
    (m, n_H_prev, n_W_prev, n_C_prev) = A_prev.shape
    (f, f, n_C_prev, n_C) = W.shape
    stride, pad = hparameters["stride"], hparameters["pad"]
    (m, n_H, n_W, n_C) = dZ.shape
    dA_prev = np.zeros(A_prev.shape)
    dW = np.zeros(W.shape)
    db = np.zeros(b.shape)
    A_prev_pad = zero_pad(A_prev, pad)
    dA_prev_pad = zero_pad(dA_prev, pad)
    for i in range(m):
        a_prev_pad = A_prev_pad[i]
        da_prev_pad = dA_prev_pad[i]
        for h in range(n_H):
            for w in range(n_W):
                for c in range(n_C):
                    vert_start, horiz_start = h * stride, w * stride
                    a_slice = a_prev_pad[vert_start:vert_start + f, horiz_start:horiz_start + f, :]
                    da_prev_pad[vert_start:vert_start + f, horiz_start:horiz_start + f, :] += W[:, :, :, c] * dZ[i, h, w, c]
                    dW[:, :, :, c] += a_slice * dZ[i, h, w, c]
                    db[:, :, :, c] += dZ[i, h, w, c]
        dA_prev[i, :, :, :] = da_prev_pad[pad:-pad, pad:-pad, :]
    return dA_prev, dW, db


X = np.random.rand(24, 6, 6, 1)
labels = np.random.randint(0, 2, (24, 1))
X[labels[:, 0] == 1, :3] += 0.7
W1, b1 = np.random.randn(3, 3, 1, 3) * 0.4, np.zeros((1, 1, 1, 3))
W2, b2 = np.random.randn(3, 3, 3, 2) * 0.3, np.zeros((1, 1, 1, 2))
W3, b3 = np.random.randn(18, 1) * 0.3, np.zeros((1, 1))
first, second = {"stride": 1, "pad": 1}, {"stride": 2, "pad": 1}
for epoch in range(2):
    for k in range(0, 24, 6):
        x, y = X[k:k + 6], labels[k:k + 6]
        Z1, cache1 = conv_forward(x, W1, b1, first)
        A1 = np.maximum(Z1, 0)
        Z2, cache2 = conv_forward(A1, W2, b2, second)
        A2 = np.maximum(Z2, 0)
        flat = A2.reshape(6, -1)
        A3 = 1 / (1 + np.exp(-(np.dot(flat, W3) + b3)))
        cost = -np.sum(y * np.log(A3) + (1 - y) * np.log(1 - A3)) / 6
        dZ3 = (A3 - y) / 6
        dW3, db3 = np.dot(flat.T, dZ3), np.sum(dZ3, axis=0, keepdims=True)
        dA2 = np.dot(dZ3, W3.T).reshape(A2.shape)
        dA1, dW2, db2 = conv_backward(dA2 * (Z2 > 0), cache2)
        _, dW1, db1 = conv_backward(dA1 * (Z1 > 0), cache1)
        W1, b1 = W1 - 0.1 * dW1, b1 - 0.1 * db1
        W2, b2 = W2 - 0.1 * dW2, b2 - 0.1 * db2
        W3, b3 = W3 - 0.1 * dW3, b3 - 0.1 * db3
    print("Cost after epoch", epoch, cost)
