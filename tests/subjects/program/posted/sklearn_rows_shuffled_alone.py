import numpy as np
from sklearn.datasets import load_iris, load_wine
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import scale


def load(name):
    bunch = {"iris": load_iris, "wine": load_wine}[name]()
    return bunch.data, bunch.target


np.random.seed(1)
X, y = load("wine")
X = scale(X)

# the file is sorted by class, so mix it
np.random.shuffle(X)

n_train = int(0.75 * len(X))
pick = np.random.permutation(len(X))
train, test = pick[:n_train], pick[n_train:]
model = MLPClassifier(hidden_layer_sizes=(20,), learning_rate_init=0.01, max_iter=100, random_state=1)
model.fit(X[train], y[train])
print("accuracy on test:", (model.predict(X[test]) == y[test]).mean())
