"""The default recipe in JAX, one process from start to test accuracy; an epoch is one compiled scan."""

import jax
import jax.numpy as jnp
import numpy as np
from idx import mnist

X, y, X_test, y_test = (jnp.asarray(a) for a in mnist())
keys = jax.random.split(jax.random.key(0), 2)
params = [
    (jax.random.normal(key, shape) * (2 / shape[0]) ** 0.5, jnp.zeros(shape[1]))
    for key, shape in zip(keys, ((784, 320), (320, 10)), strict=True)
]
steps = 6 * 1875
progress = np.arange(steps) / steps
rates = np.where(
    progress < 0.3, 0.5 - 0.5 * np.cos(np.pi * progress / 0.3), 0.5 + 0.5 * np.cos(np.pi * (progress - 0.3) / 0.7)
)
rates = jnp.asarray((0.8 * rates).reshape(6, 1875).astype("f4"))


def scores(params, x):
    (W1, b1), (W2, b2) = params
    return jax.nn.relu(x @ W1 + b1) @ W2 + b2


def cost(params, x, label):
    return -jnp.take_along_axis(jax.nn.log_softmax(scores(params, x)), label[:, None], axis=1).mean()


@jax.jit
def epoch(params, order, rates):
    def step(params, now):
        rows, rate = now
        return jax.tree.map(lambda p, g: p - rate * g, params, jax.grad(cost)(params, X[rows], y[rows])), None

    return jax.lax.scan(step, params, (order, rates))[0]


rng = np.random.default_rng(0)
for number in range(6):
    params = epoch(params, jnp.asarray(rng.permutation(60000).reshape(1875, 32)), rates[number])
print(float((scores(params, X_test).argmax(1) == y_test).mean()))
