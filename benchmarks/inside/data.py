"""What the networks are trained on: digits, and pictures, sequences and texts made by a rule.

Arrays are NumPy's, pictures channels last; what a library or a mistake wants otherwise is changed where it is built.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.ndimage import gaussian_filter
from sklearn import datasets

HELD = 300  # rows to judge by


@dataclass(frozen=True)
class Data:
    """Rows to train on, rows to judge by, and the kind of targets: "classes", "tokens", "pixels", "two", "numbers"."""

    X: np.ndarray
    y: np.ndarray
    X_test: np.ndarray
    y_test: np.ndarray
    kind: str
    outputs: int
    words: int = 0  # how many different tokens there are, of token numbers


def _split(X: np.ndarray, y: np.ndarray, rng: Any, kind: str, outputs: int, words: int = 0) -> Data:
    order = rng.permutation(len(X))
    held, rest = order[:HELD], order[HELD:]
    return Data(X[rest], y[rest], X[held], y[held], kind, outputs, words)


def _float(X: np.ndarray) -> np.ndarray:
    return np.asarray(X, np.float32)


def digits(rows: int, rng: Any) -> Data:
    """The digits of scikit-learn as pictures (8, 8, 1), 0 to 1."""
    X, y = datasets.load_digits(return_X_y=True)
    order = rng.permutation(len(X))[: rows + HELD]
    return _split(_float(X[order].reshape(-1, 8, 8, 1) / 16), y[order].astype(np.int64), rng, "classes", 10)


def copies(rows: int, rng: Any) -> Data:
    """Digits to be given back: the targets are the inputs, as rows of 64."""
    found = digits(rows, rng)
    flat, held = found.X.reshape(-1, 64), found.X_test.reshape(-1, 64)
    return Data(flat, flat.copy(), held, held.copy(), "numbers", 64)


def colours(rows: int, rng: Any) -> Data:
    """Smooth pictures (12, 12, 3) of one of six shapes in any colour, with noise: four bars, a disc, a ring."""
    count, side = rows + HELD, 12
    at = np.arange(side)
    X = np.zeros((count, side, side, 3))
    y = rng.integers(6, size=count)
    for row, kind in enumerate(y):
        a, b = at[:, None] - rng.uniform(3.5, 7.5), at[None] - rng.uniform(3.5, 7.5)
        near = np.hypot(a, b) < 4.5
        bars = [abs(a + 0 * b) < 1, abs(b + 0 * a) < 1, abs(a - b) < 1.4, abs(a + b) < 1.4]
        shape = [*(bar & near for bar in bars), np.hypot(a, b) < 2.2, abs(np.hypot(a, b) - 3) < 0.8][kind]
        X[row] = rng.uniform(0.1, 0.5, 3) + shape[..., None] * rng.uniform(0.15, 0.5, 3) * rng.choice((-1, 1))
    X = gaussian_filter(X, (0, 0.6, 0.6, 0)) + rng.normal(0, 0.06, X.shape)
    return _split(_float(X), y.astype(np.int64), rng, "classes", 6)


def masks(rows: int, rng: Any) -> Data:
    """Pictures (16, 16, 3), and for each pixel a class: background, disc, square."""
    count, side = rows + HELD, 16
    at = np.arange(side)
    X = rng.uniform(0.1, 0.4, (count, 1, 1, 3)) + rng.uniform(-0.2, 0.2, (count, 1, 1, 1)) * (at / side)[:, None, None]
    X = np.repeat(X, side, 2)
    y = np.zeros((count, side, side), np.int64)
    for row in range(count):
        a, b, c, d = rng.uniform(3, 12, 4)
        square = np.maximum(abs(at[:, None] - c), abs(at[None] - d)) < 2.6
        disc = np.hypot(at[:, None] - a, at[None] - b) < 3
        y[row][square], y[row][disc] = 2, 1
        X[row][square] += rng.uniform((0.3, 0, 0), (0.5, 0.2, 0.2))
        X[row][disc] += rng.uniform((0, 0.2, 0.3), (0.2, 0.4, 0.5))
    X = gaussian_filter(X, (0, 0.5, 0.5, 0)) + rng.normal(0, 0.08, X.shape)
    return _split(_float(X), y, rng, "pixels", 3)


def waves(rows: int, rng: Any, steps: int = 20) -> Data:
    """Sequences (steps, 2) of four kinds: waves of another frequency each, from any phase, with noise."""
    count = rows + HELD
    y = rng.integers(4, size=count)
    speed = np.array([0.25, 0.5, 0.85, 1.4])[y] * rng.uniform(0.93, 1.07, count)
    angle = rng.uniform(0, 2 * np.pi, count)[:, None] + speed[:, None] * np.arange(steps)
    X = np.stack([np.sin(angle), np.cos(angle) * rng.uniform(0.5, 1, count)[:, None]], -1)
    return _split(_float(X + rng.normal(0, 0.25, X.shape)), y.astype(np.int64), rng, "classes", 4)


def beginnings(rows: int, rng: Any, steps: int = 40) -> Data:
    """Sequences (steps, 2) whose first four steps say which of three classes they are; the rest is small noise."""
    count = rows + HELD
    y = rng.integers(3, size=count)
    X = rng.normal(0, 0.1, (count, steps, 2))
    X[:, :4] += np.array([[1, 0], [-0.5, 0.9], [-0.5, -0.9]])[y][:, None]
    return _split(_float(X), y.astype(np.int64), rng, "classes", 3)


def firsts(rows: int, rng: Any, words: int = 13, steps: int = 10) -> Data:
    """Tokens 1 to 12; the class of a sequence is the kind of its first token, of four that the numbers do not show."""
    X = rng.integers(1, words, (rows + HELD, steps))
    return _split(X, _kinds(words, rng)[X[:, 0]], rng, "classes", 4, words)


def _kinds(words: int, rng: Any) -> np.ndarray:
    kinds = np.zeros(words, np.int64)
    kinds[1:] = rng.permutation(np.arange(words - 1) % 4)
    return kinds


def tags(rows: int, rng: Any, words: int = 13, steps: int = 12, short: bool = False) -> Data:
    """Tokens, and for each a tag: the kind of the token before it, 1 to 4; 5 at the beginning, 0 of padding."""
    X = rng.integers(1, words, (rows + HELD, steps))
    y = np.full_like(X, 5)
    y[:, 1:] = _kinds(words, rng)[X[:, :-1]] + 1
    if short:
        ends = np.arange(steps) >= rng.integers(3, steps + 1, len(X))[:, None]
        X[ends] = y[ends] = 0
    return _split(X, y, rng, "tokens", 6, words)


NAMES = ("cat", "dog", "old man", "bird", "girl")
VERBS = ("sees", "likes", "follows", "has lost")
LETTERS = " " + "abcdefghijklmnopqrstuvwxyz" + ".,"


def texts(rows: int, rng: Any, steps: int = 24, short: bool = False) -> Data:
    """Sentences made by a rule, letter by letter, and the next letter at each place; 0 is padding."""

    def sentence() -> str:
        one, other, verb = rng.choice(NAMES), rng.choice(NAMES), rng.choice(VERBS)
        return f"the {one} {verb} a {other}, " if rng.random() < 0.3 else f"a {one} {verb} the {other}. "

    number = {letter: place + 1 for place, letter in enumerate(LETTERS)}
    pieces = np.zeros((rows + HELD, steps + 1), np.int64)
    for piece in pieces:
        text, begin = sentence(), 0
        if short:
            text = text[: rng.integers(8, steps + 2)]
        else:
            begin = rng.integers(12)
            text += sentence()
        letters = [number[letter] for letter in text[begin : begin + steps + 1]]
        piece[: len(letters)] = letters
    words = len(LETTERS) + 1
    return _split(pieces[:, :-1], pieces[:, 1:], rng, "tokens", words, words)


def curve(rows: int, rng: Any) -> Data:
    """Friedman's function of five of eight features, inputs and targets standardised."""
    X, y = datasets.make_friedman1(rows + HELD, 8, noise=0.5, random_state=int(rng.integers(2**31)))
    X = (X - X.mean(0)) / X.std(0)
    y = ((y - y.mean()) / y.std())[:, None]
    return _split(_float(X), _float(y), rng, "numbers", 1)


def products(rows: int, rng: Any) -> Data:
    """Two classes in six features: whether a sum of two products is positive, which no line tells."""
    X = rng.normal(size=(rows + HELD, 6))
    y = X[:, 0] * X[:, 1] + X[:, 2] * X[:, 3] > 0
    return _split(_float(X), _float(y[:, None]), rng, "two", 1)


MAKERS = {
    made.__name__: made
    for made in (digits, copies, colours, masks, waves, beginnings, firsts, tags, texts, curve, products)
}
