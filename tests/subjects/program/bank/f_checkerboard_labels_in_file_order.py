# truth: line 72 wrong
import numpy as np


def step_decay(base, epoch, drop=0.5, every=30):
    return base * drop ** (epoch // every)


def build(layer_dims, rng):
    net = []
    for i in range(len(layer_dims) - 1):
        net.append({
            'w': rng.normal(size=(layer_dims[i + 1], layer_dims[i])) * np.sqrt(2.0 / layer_dims[i]),
            'b': np.zeros((layer_dims[i + 1], 1)),
        })
    return net


def leaky(z):
    return np.where(z > 0, z, 0.1 * z)


def leaky_slope(z):
    return np.where(z > 0, 1.0, 0.1)


def run_forward(net, X):
    """X is (features, examples); returns the log-odds of the last layer"""
    a = X
    tape = []
    for i, layer in enumerate(net):
        z = layer['w'] @ a + layer['b']
        tape.append((a, z))
        a = z if i == len(net) - 1 else leaky(z)
    return a, tape


def run_backward(net, tape, dz):
    grads = []
    for i in range(len(net) - 1, -1, -1):
        a_in, _ = tape[i]
        grads.insert(0, {'w': dz @ a_in.T, 'b': dz.sum(axis=1, keepdims=True)})
        if i > 0:
            dz = (net[i]['w'].T @ dz) * leaky_slope(tape[i - 1][1])
    return grads


def logistic(z):
    return 1.0 / (1.0 + np.exp(-np.clip(z, -40, 40)))


def evaluate(net, X, Y):
    z, _ = run_forward(net, X)
    loss = np.mean(np.maximum(z, 0) - z * Y + np.log1p(np.exp(-np.abs(z))))
    return loss, np.mean((z > 0) == (Y > 0.5))


def main():
    rng = np.random.default_rng(77)
    X = rng.uniform(-1.5, 1.5, size=(2, 900))
    Y = ((np.floor(X[0]) + np.floor(X[1])) % 2).reshape(1, -1)
    Xv, Yv = X[:, 700:], Y[:, 700:]
    X, Y = X[:, :700], Y[:, :700]

    net = build([2, 32, 32, 1], rng)
    batch = 50
    for epoch in range(121):
        lr = step_decay(0.3, epoch)
        perm = rng.permutation(X.shape[1])
        for k in range(0, X.shape[1], batch):
            xb = X[:, perm[k:k + batch]]
            yb = Y[:, k:k + batch]
            z, tape = run_forward(net, xb)
            grads = run_backward(net, tape, (logistic(z) - yb) / xb.shape[1])
            for layer, g in zip(net, grads):
                layer['w'] -= lr * g['w']
                layer['b'] -= lr * g['b']
        if epoch % 20 == 0:
            tl, ta = evaluate(net, X, Y)
            vl, va = evaluate(net, Xv, Yv)
            print(f"epoch {epoch:3d} lr {lr:.4f} train {tl:.4f}/{ta:.3f} valid {vl:.4f}/{va:.3f}")


if __name__ == '__main__':
    main()
