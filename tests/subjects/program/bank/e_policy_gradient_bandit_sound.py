# truth: none
# policy gradient on a contextual bandit, in the manner of pong from pixels
import numpy as np

np.random.seed(0)
H, D, A = 12, 4, 3
batch_size = 20
learning_rate = 0.05
model = {}
model['W1'] = np.random.randn(H, D) / np.sqrt(D)
model['W2'] = np.random.randn(A, H) / np.sqrt(H)
grad_buffer = {k: np.zeros_like(v) for k, v in model.items()}
secret = np.random.randn(A, D)


def policy_forward(x):
    h = np.dot(model['W1'], x)
    h[h < 0] = 0
    logp = np.dot(model['W2'], h)
    p = np.exp(logp - np.max(logp))
    return p / p.sum(), h


def policy_backward(eph, epdlogp, epx):
    dW2 = np.dot(epdlogp.T, eph)
    dh = np.dot(epdlogp, model['W2'])
    dh[eph <= 0] = 0
    dW1 = np.dot(dh.T, epx)
    return {'W1': dW1, 'W2': dW2}


running_reward = None
for episode in range(150):
    xs, hs, dlogps, rewards = [], [], [], []
    for _ in range(batch_size):
        x = np.random.randn(D)
        p, h = policy_forward(x)
        action = np.random.choice(A, p=p)
        onehot = np.zeros(A)
        onehot[action] = 1
        xs.append(x)
        hs.append(h)
        dlogps.append(onehot - p)
        rewards.append(1.0 if action == np.argmax(secret @ x) else 0.0)
    epx, eph, epdlogp, epr = np.vstack(xs), np.vstack(hs), np.vstack(dlogps), np.array(rewards)
    running_reward = epr.mean() if running_reward is None else 0.9 * running_reward + 0.1 * epr.mean()
    advantage = epr - running_reward
    epdlogp *= advantage.reshape(-1, 1)
    grad = policy_backward(eph, epdlogp, epx)
    for k in model:
        grad_buffer[k] += grad[k]
    for k, v in model.items():
        model[k] += learning_rate * grad_buffer[k]
        grad_buffer[k] = np.zeros_like(v)
    if episode % 50 == 0:
        print('running mean reward: %f' % running_reward)
