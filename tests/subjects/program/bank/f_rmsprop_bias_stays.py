# truth: line 42 missing-update
import numpy as np
np.random.seed(3)

# fit a curve with a 1-30-1 tanh network
x = np.linspace(-3, 3, 120).reshape(-1, 1)
t = np.sin(1.5 * x) + 0.7 * np.cos(2.5 * x)

H = 30
w_hidden = np.random.randn(1, H)
bias_hidden = np.zeros((1, H))
w_out = np.random.randn(H, 1) * 0.2
bias_out = np.zeros((1, 1))

rate = 0.005
rho = 0.95
tiny = 1e-8

s_w_hidden = np.zeros_like(w_hidden)
s_bias_hidden = np.zeros_like(bias_hidden)
s_w_out = np.zeros_like(w_out)
s_bias_out = np.zeros_like(bias_out)


def scaled(grad, s):
    return rate * grad / (np.sqrt(s) + tiny)


for epoch in range(6001):
    # forward
    hidden = np.tanh(x.dot(w_hidden) + bias_hidden)
    y = hidden.dot(w_out) + bias_out
    diff = y - t
    loss = 0.5 * np.mean(diff ** 2)

    # backward
    d_y = diff / len(x)
    d_w_out = hidden.T.dot(d_y)
    d_bias_out = d_y.sum(axis=0, keepdims=True)
    d_hidden = d_y.dot(w_out.T) * (1 - hidden ** 2)
    d_w_hidden = x.T.dot(d_hidden)
    d_bias_hidden = d_hidden.sum(axis=0, keepdims=True)

    # running mean of the squared gradients
    s_w_hidden = rho * s_w_hidden + (1 - rho) * d_w_hidden ** 2
    s_bias_hidden = rho * s_bias_hidden + (1 - rho) * d_bias_hidden ** 2
    s_w_out = rho * s_w_out + (1 - rho) * d_w_out ** 2
    s_bias_out = rho * s_bias_out + (1 - rho) * d_bias_out ** 2

    # step
    w_hidden -= scaled(d_w_hidden, s_w_hidden)
    w_out -= scaled(d_w_out, s_w_out)
    bias_out -= scaled(d_bias_out, s_bias_out)

    if epoch % 1000 == 0:
        print("epoch", epoch, "loss", round(float(loss), 5))

print("largest deviation", round(float(np.abs(y - t).max()), 3))
