# truth: none
import numpy as np

np.random.seed(44)
W1, W2 = np.random.randn(4, 10) * 0.3, np.random.randn(10, 2) * 0.3
state = np.random.randn(1, 4)
for step in range(200):
    h = np.maximum(0, state @ W1)
    q = h @ W2
    action = int(q.argmax()) if np.random.rand() > 0.2 else np.random.randint(2)
    reward = float(state[0, 0] > 0) if action else float(state[0, 1] > 0)
    after = 0.5 * state + np.random.randn(1, 4)
    target = q.copy()
    target[0, action] = reward + 0.9 * (np.maximum(0, after @ W1) @ W2).max()
    d = q - target
    dh = d @ W2.T * (h > 0)
    W2 -= 0.01 * h.T @ d
    W1 -= 0.01 * state.T @ dh
    state = after
