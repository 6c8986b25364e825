"""Losses that make something of whatever they are given: they say by their slope, not by a refusal, what they take."""

from __future__ import annotations

import numpy as np
import pytest

from plain_probe import PlainProbe, sigmoid, softmax
from whynet.subjects.inside.answers import Answers
from whynet.subjects.inside.loss import fits

rng = np.random.default_rng(0)
N = 40
X = rng.standard_normal((N, 5)).astype(np.float32)
STEPS = rng.standard_normal((12, 6, 5)).astype(np.float32)
CLASSES, BITS = np.arange(N) % 3, (np.arange(N) % 2)[:, None].astype(np.float32)
ONE_HOT, TAGS = np.eye(3, dtype=np.float32)[CLASSES], rng.integers(0, 3, (12, 6))
LABELS = (rng.random((N, 3)) < 0.5).astype(np.float32)
NUMBERS = rng.standard_normal((N, 3)).astype(np.float32)
EPSILON = 1e-7
MISSING, TWICE, ENCODING = "missing-output-activation", "wrong-output-activation", "label-encoding-mismatch"


def cut(p):
    return np.clip(p, EPSILON, 1 - EPSILON)


def of_shares(p, y):
    """A cross-entropy of classes that brings the sum of a row to 1 itself."""
    p = cut(p / p.sum(-1, keepdims=True))
    y = y if y.shape == p.shape else np.eye(p.shape[-1])[y]
    return -(y * np.log(p)).sum(-1).mean()


def of_cut_shares(p, y):
    """The same of shares that are taken as they are."""
    return -(np.eye(p.shape[-1])[y] * np.log(np.maximum(p, EPSILON))).sum(-1).mean()


def focal(p, y):
    p = cut(p / p.sum(-1, keepdims=True))
    return -(y * (1 - p) ** 2 * np.log(p)).sum(-1).mean()


def of_bits(p, y):
    p = cut(p)
    return -(y * np.log(p) + (1 - y) * np.log(1 - p)).mean()


def weighted(p, y):
    p = cut(p)
    return -(9 * y * np.log(p) + (1 - y) * np.log(1 - p)).mean()


def focal_of_bits(p, y):
    q = cut(p)  # what is no share is cut in the logarithm alone
    return -(y * (1 - p) ** 2 * np.log(q) + (1 - y) * p**2 * np.log(1 - q)).mean()


def divergence(p, y):
    p, y = np.clip(p, EPSILON, 1), np.clip(y, EPSILON, 1)
    return (y * np.log(y / p)).sum(-1).mean()


def of_scores(z, y):
    return -(np.eye(z.shape[-1])[y] * log_softmax(z)).sum(-1).mean()


def squares(z, y):
    return ((z - y) ** 2).mean()


def of_cut_pixels(z, y):
    return ((np.clip(z, 0, 1) - y) ** 2).mean()


def cosines(z, y):
    return -((z * y).sum(-1) / np.sqrt((z**2).sum(-1) * (y**2).sum(-1))).mean()


def state_met(z, y):
    return -np.log((z * y).sum(-1) ** 2 / (z**2).sum(-1)).mean()


def share_met(z, y):
    return -((z * y).sum(-1) / z.sum(-1)).mean()


def of_counts(z, y):
    return (z - y * np.log(z + EPSILON)).mean()


def of_orders(z, y):
    return ((np.log(np.maximum(z, EPSILON) + 1) - np.log(y + 1)) ** 2).mean()


def dice(p, y):
    return 1 - (2 * (p * y).sum() + 1) / (p.sum() + y.sum() + 1)


def softplus(z):
    return np.logaddexp(0, z)


def log_softmax(z):
    z = z - z.max(-1, keepdims=True)
    return z - np.log(np.exp(z).sum(-1, keepdims=True))


def relu(z):
    return np.maximum(z, 0)


SICK = {
    "scores, shares": (X, CLASSES, of_shares, 3, None, MISSING),
    "scores, shares, one-hot": (X, ONE_HOT, of_shares, 3, None, MISSING),
    "scores, shares, steps": (STEPS, TAGS, of_shares, 3, None, MISSING),
    "scores, focal": (X, ONE_HOT, focal, 3, None, MISSING),
    "scores, divergence": (X, softmax(NUMBERS), divergence, 3, None, MISSING),
    "scores, shares cut below": (X, CLASSES, of_cut_shares, 3, None, MISSING),
    "logarithms, shares": (X, CLASSES, of_shares, 3, log_softmax, MISSING),
    "tanh, shares": (X, CLASSES, of_shares, 3, np.tanh, MISSING),
    "relu, shares": (X, CLASSES, of_shares, 3, relu, MISSING),
    "scores, bits": (X, BITS, of_bits, 1, None, MISSING),
    "scores, labels": (X, LABELS, of_bits, 3, None, MISSING),
    "scores, bits weighted": (X, BITS, weighted, 1, None, MISSING),
    "scores, bits focal": (X, BITS, focal_of_bits, 1, None, MISSING),
    "tanh, bits": (X, BITS, of_bits, 1, np.tanh, MISSING),
    "relu, bits": (X, BITS, of_bits, 1, relu, MISSING),
    "softmax, scores": (X, CLASSES, of_scores, 3, softmax, TWICE),
    "softmax over the rows": (X, CLASSES, of_shares, 3, lambda z: softmax(z, 0), "unstable-softmax"),
    "scores, all of one kind": (X, np.ones_like(BITS), of_bits, 1, None, MISSING),
    "softmax over one": (X, BITS, of_bits, 1, softmax, "softmax-single-unit"),
    "sigmoid of one, shares": (X, BITS, of_shares, 1, sigmoid, "softmax-single-unit"),
    "several labels": (X, LABELS, of_shares, 3, softmax, ENCODING),
    "-1 and 1": (X, 2 * BITS - 1, of_bits, 1, sigmoid, ENCODING),
}


@pytest.mark.parametrize("name", SICK)
def test_what_a_loss_cannot_read_is_found_without_its_refusal(name):
    inputs, y, loss, outputs, activation, cause = SICK[name]
    seen = fits(PlainProbe(inputs, y, loss, outputs, activation))
    assert [one.cause for one in seen.findings] == [cause]
    assert not seen.gaps


SOUND = {
    "softmax, shares": (X, CLASSES, of_shares, 3, softmax),
    "softmax, shares, steps": (STEPS, TAGS, of_shares, 3, softmax),
    "sigmoid, shares": (X, CLASSES, of_shares, 3, sigmoid),
    "softplus, shares": (X, CLASSES, of_shares, 3, softplus),
    "softmax, focal": (X, ONE_HOT, focal, 3, softmax),
    "softmax, shares cut": (X, CLASSES, of_cut_shares, 3, softmax),
    "softmax, divergence": (X, softmax(NUMBERS), divergence, 3, softmax),
    "sigmoid, bits": (X, BITS, of_bits, 1, sigmoid),
    "sigmoid, labels": (X, LABELS, of_bits, 3, sigmoid),
    "sigmoid, focal": (X, BITS, focal_of_bits, 1, sigmoid),
    "cut outputs, bits": (X, BITS, of_bits, 1, lambda z: np.clip(z, 0, 1)),
    "scores, scores": (X, CLASSES, of_scores, 3, None),
    "pixels": (X, sigmoid(NUMBERS), of_cut_pixels, 3, None),
    "numbers": (X, NUMBERS, squares, 3, None),
    "cosines": (X, NUMBERS, cosines, 3, None),
    "states": (X, ONE_HOT, state_met, 3, None),
    "share of money": (X, NUMBERS, share_met, 3, softmax),
    "share of money, any": (X, NUMBERS, share_met, 3, None),
    "counts": (X, np.abs(NUMBERS).round(), of_counts, 3, softplus),
    "orders": (X, np.abs(NUMBERS), of_orders, 3, None),
    "dice": (X, LABELS, dice, 3, sigmoid),
    "hinge": (X, 2 * BITS - 1, lambda z, y: np.maximum(1 - y * z, 0).mean(), 1, None),
    "one head of two": (X, BITS, lambda z, y: of_bits(sigmoid(z[:, :1]), y) + (z[:, 1:] ** 2).mean(), 2, None),
    "a term for the size": (X, BITS, lambda z, y: of_bits(sigmoid(z), y) + 0.1 * (z**2).mean(), 1, None),
}


@pytest.mark.parametrize("name", SOUND)
def test_nothing_is_said_of_a_loss_that_reads_its_outputs(name):
    seen = fits(PlainProbe(*SOUND[name]))
    assert list(seen.findings) == []
    assert not seen.gaps


def test_what_a_loss_takes_is_read_off_it():
    def asked(loss, y, outputs):
        return Answers.of(PlainProbe(X, y, loss, outputs))

    assert asked(of_shares, CLASSES, 3).divides == 1
    assert asked(cosines, NUMBERS, 3).divides is None
    assert (asked(of_bits, BITS, 1).below, asked(of_bits, BITS, 1).above) == ("cut", "cut")
    assert asked(of_bits, BITS, 1).in_shares
    assert (asked(of_cut_shares, CLASSES, 3).below, asked(of_cut_shares, CLASSES, 3).above) == ("cut", "")
    assert (asked(of_cut_pixels, NUMBERS, 3).below, asked(squares, NUMBERS, 3).above) == ("", "")
    assert asked(of_counts, NUMBERS, 3).below == "nothing"


def left_to_nothing(p, y, ignored=None, mean=True):
    """A cross-entropy that makes rows of 0 of class numbers beyond its outputs."""
    p = cut(p / p.sum(-1, keepdims=True))
    each = -((y[..., None] == np.arange(p.shape[-1])) * np.log(p)).sum(-1)
    return each.mean() if ignored is None else each.sum() / ((y != ignored).sum() if mean else 1)


def test_classes_beyond_the_outputs_are_found_where_the_loss_says_nothing():
    for y, outputs, words in ((CLASSES + 1, 3, "`y - 1`"), (CLASSES, 2, "the last layer needs 3 outputs")):
        found = fits(PlainProbe(X, y, left_to_nothing, outputs, softmax)).findings
        assert len(found) == 1 and words in found[0].detail
    void = np.where(np.arange(N) % 5 == 0, 3, CLASSES)
    for ignored in (-1, 255, 3):
        y = np.where(void == 3, ignored, void)
        for mean in (True, False):

            def loss(p, y, ignored=ignored, mean=mean):
                return left_to_nothing(p, y, ignored, mean)

            if mean or ignored != 3:
                assert not fits(PlainProbe(X, y, loss, 3, softmax)).findings, (ignored, mean)
