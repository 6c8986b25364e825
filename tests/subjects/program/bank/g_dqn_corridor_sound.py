# truth: none
"""Q-learning on a corridor with a hand-written net, replay buffer and a target network."""
import random
from collections import deque

import numpy as np

np.random.seed(0)
random.seed(0)
LENGTH = 7


class QNet:
    def __init__(self, n_state, n_hidden, n_action):
        self.W1 = np.random.randn(n_state, n_hidden) * np.sqrt(2.0 / n_state)
        self.b1 = np.zeros(n_hidden)
        self.W2 = np.random.randn(n_hidden, n_action) * np.sqrt(2.0 / n_hidden)
        self.b2 = np.zeros(n_action)

    def forward(self, s):
        z1 = s @ self.W1 + self.b1
        a1 = np.maximum(0, z1)
        return a1 @ self.W2 + self.b2, z1, a1

    def copy_from(self, other):
        for name in ("W1", "b1", "W2", "b2"):
            setattr(self, name, getattr(other, name).copy())

    def train(self, s, a, target, lr):
        q, z1, a1 = self.forward(s)
        rows = np.arange(len(a))
        td = q[rows, a] - target
        dq = np.zeros_like(q)
        dq[rows, a] = 2 * td / len(a)
        dW2 = a1.T @ dq
        db2 = dq.sum(axis=0)
        dz1 = (dq @ self.W2.T) * (z1 > 0)
        dW1 = s.T @ dz1
        db1 = dz1.sum(axis=0)
        self.W1 -= lr * dW1
        self.b1 -= lr * db1
        self.W2 -= lr * dW2
        self.b2 -= lr * db2
        return np.mean(td ** 2)


def one_hot(pos):
    v = np.zeros(LENGTH)
    v[pos] = 1
    return v


def env_step(pos, action):
    pos = max(0, pos - 1) if action == 0 else pos + 1
    if pos == LENGTH - 1:
        return pos, 1.0, True
    return pos, -0.02, False


online, target_net = QNet(LENGTH, 24, 2), QNet(LENGTH, 24, 2)
target_net.copy_from(online)
memory = deque(maxlen=1000)
epsilon, gamma, steps = 1.0, 0.9, 0
for episode in range(120):
    pos, total = 0, 0.0
    for _ in range(60):
        if random.random() < epsilon:
            action = random.randrange(2)
        else:
            action = int(np.argmax(online.forward(one_hot(pos)[None])[0]))
        nxt, reward, done = env_step(pos, action)
        memory.append((one_hot(pos), action, reward, one_hot(nxt), done))
        pos, total = nxt, total + reward
        steps += 1
        if len(memory) >= 64:
            batch = random.sample(memory, 32)
            s, a, r, s2, d = (np.array(part) for part in zip(*batch))
            best = target_net.forward(s2)[0].max(axis=1)
            goal = r + gamma * best * (1 - d)
            loss = online.train(s, a, goal, 0.05)
            if steps % 100 == 0:
                target_net.copy_from(online)
        if done:
            break
    epsilon = max(0.05, epsilon * 0.96)
    if episode % 30 == 29:
        print(f"episode {episode + 1} return {total:.2f} loss {loss:.5f} eps {epsilon:.2f}")
print("greedy:", [int(np.argmax(online.forward(one_hot(p)[None])[0])) for p in range(LENGTH - 1)])
