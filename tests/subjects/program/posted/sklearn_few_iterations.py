# ConvergenceWarning: Stochastic Optimizer: Maximum iterations (8) reached. Accuracy is poor, the model seems too weak?
import argparse
import warnings

from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import accuracy_score
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

warnings.filterwarnings("ignore", category=ConvergenceWarning)


def main(argv=None):
    parser = argparse.ArgumentParser()
    parser.add_argument("--hidden", type=int, default=40)
    parser.add_argument("--max-iter", type=int, default=8)
    args = parser.parse_args(argv)

    X, y = load_digits(return_X_y=True)
    X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
    clf = Pipeline([
        ("scale", StandardScaler()),
        ("mlp", MLPClassifier(hidden_layer_sizes=(args.hidden,), solver="sgd", learning_rate_init=0.002,
                              max_iter=args.max_iter, random_state=0)),
    ])
    clf.fit(X_train, y_train)
    print("train:", accuracy_score(y_train, clf.predict(X_train)))
    print("test:", accuracy_score(y_test, clf.predict(X_test)))


if __name__ == "__main__":
    main()
