# truth: line 82 wrong
"""Policy gradients on a tiny game of catch, after the famous pong gist."""
import numpy as np

np.random.seed(1)
H = 24
WIDTH, HEIGHT = 5, 6
D = 2 * WIDTH
batch_size = 10
learning_rate = 1e-2
gamma = 0.95
decay_rate = 0.95

model = {
    "W1": np.random.randn(H, D) / np.sqrt(D),
    "W2": np.random.randn(H) / np.sqrt(H),
}
grad_buffer = {k: np.zeros_like(v) for k, v in model.items()}
rmsprop_cache = {k: np.zeros_like(v) for k, v in model.items()}


def sigmoid(x):
    return 1.0 / (1.0 + np.exp(-x))


def discount_rewards(r):
    discounted = np.zeros_like(r)
    running = 0
    for t in reversed(range(len(r))):
        running = running * gamma + r[t]
        discounted[t] = running
    return discounted


def observe(ball, paddle):
    x = np.zeros(D)
    x[ball] = 1
    x[WIDTH + paddle] = 1
    return x


def policy_forward(x):
    h = np.dot(model["W1"], x)
    h[h < 0] = 0
    return sigmoid(np.dot(model["W2"], h)), h


def policy_backward(epx, eph, epdlogp):
    dW2 = np.dot(eph.T, epdlogp).ravel()
    dh = np.outer(epdlogp, model["W2"])
    dh[eph <= 0] = 0
    dW1 = np.dot(dh.T, epx)
    return {"W1": dW1, "W2": dW2}


history = []
for episode in range(1, 1001):
    ball, paddle = np.random.randint(WIDTH), np.random.randint(WIDTH)
    xs, hs, dlogps, drs = [], [], [], []
    for height in range(HEIGHT):
        x = observe(ball, paddle)
        aprob, h = policy_forward(x)
        action = 1 if np.random.uniform() < aprob else 0
        xs.append(x)
        hs.append(h)
        dlogps.append(action - aprob)
        paddle = min(WIDTH - 1, paddle + 1) if action else max(0, paddle - 1)
        drs.append(0.0)
    drs[-1] = 1.0 if abs(ball - paddle) <= 1 else -1.0
    history.append(drs[-1])
    epx, eph = np.vstack(xs), np.vstack(hs)
    epdlogp, epr = np.vstack(dlogps), np.vstack(drs)
    adv = discount_rewards(epr)
    epdlogp *= adv
    grad = policy_backward(epx, eph, epdlogp)
    for k in model:
        grad_buffer[k] += grad[k]
    if episode % batch_size == 0:
        for k, v in model.items():
            g = grad_buffer[k]
            rmsprop_cache[k] = decay_rate * rmsprop_cache[k] + (1 - decay_rate) * g ** 2
            model[k] -= learning_rate * g / (np.sqrt(rmsprop_cache[k]) + 1e-5)
            grad_buffer[k] = np.zeros_like(v)
    if episode % 250 == 0:
        print("episode", episode, "mean reward of the last 200:", np.mean(history[-200:]))
