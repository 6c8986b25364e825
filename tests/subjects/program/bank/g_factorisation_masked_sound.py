# truth: none
import numpy as np

# matrix factorisation with biases and a mask of the known entries, full batch, momentum
gen = np.random.Generator(np.random.PCG64(5))
users, items, k = 60, 40, 4
true = gen.normal(size=(users, k)) @ gen.normal(size=(k, items)) * 0.5 + gen.normal(size=(users, 1)) * 0.5 + 3
R = np.clip(np.round(true * 2) / 2, 0.5, 5.5)
known = gen.random((users, items)) < 0.5
held = ~known

state = {
    "P": gen.normal(scale=0.1, size=(users, k)),
    "Q": gen.normal(scale=0.1, size=(items, k)),
    "bu": np.zeros((users, 1)),
    "bi": np.zeros((1, items)),
}
mean = R[known].mean()
speed = {name: np.zeros_like(value) for name, value in state.items()}
reg, rate, mu = 0.05, 0.01, 0.9


def predict():
    return mean + state["bu"] + state["bi"] + state["P"] @ state["Q"].T


for sweep in range(200):
    E = np.where(known, predict() - R, 0.0)
    objective = 0.5 * (E ** 2).sum() + 0.5 * reg * sum((v ** 2).sum() for v in state.values())
    slope = {
        "P": E @ state["Q"] + reg * state["P"],
        "Q": E.T @ state["P"] + reg * state["Q"],
        "bu": E.sum(axis=1, keepdims=True) + reg * state["bu"],
        "bi": E.sum(axis=0, keepdims=True) + reg * state["bi"],
    }
    for name in state:
        speed[name] = mu * speed[name] - rate * slope[name]
        state[name] = state[name] + speed[name]
    if sweep % 40 == 39:
        rmse = np.sqrt(np.mean((predict() - R)[known] ** 2))
        rmse_held = np.sqrt(np.mean((predict() - R)[held] ** 2))
        print(f"sweep {sweep + 1:3d} objective {objective:9.2f} rmse known {rmse:.3f} held {rmse_held:.3f}")
