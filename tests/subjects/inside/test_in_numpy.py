"""What looks into a network asks arrays alone: networks of plain NumPy are looked at as those of any library."""

from __future__ import annotations

import ast
import string
import sys
from pathlib import Path

import numpy as np
import pytest

from plants.in_numpy import (
    NumpyProbe,
    attention,
    batch_norm,
    convolution,
    dense,
    dropout,
    embedding,
    function,
    pooled,
    positions,
    recurrent,
    softmax,
)
from whynet.subjects import inside
from whynet.subjects.frameworks import keras_words, torch_words
from whynet.subjects.inside.companions import handed_over, mixed_batch, second_call, small_batches
from whynet.subjects.inside.pictures import confused_axes, nothing_left, words_as_numbers
from whynet.subjects.inside.sequences import future_leak, no_positions, wrong_end

WORDS, WIDTH = 20, 8


@pytest.fixture(autouse=True)
def _without_libraries(monkeypatch):
    for name in ("torch", "keras", "jax", "tensorflow"):
        monkeypatch.setitem(sys.modules, name, None)


def causes(seen):
    assert not seen.gaps
    return [(one.cause, one.status) for one in seen.findings]


def told(seen):
    return seen.findings[0].detail


def rows(*shape):
    return np.random.default_rng(0).random(shape).astype(np.float32)


def words(steps=12, padded=False):
    X = np.random.default_rng(0).integers(1, WORDS, (12, steps))
    if padded:
        for row in range(len(X)):
            X[row, 2 + row % 4 :] = 0
    return X


def last():
    return function("last", lambda x: x[:, -1])


def first():
    return function("first", lambda x: x[:, 0])


def mean():
    return function("mean", lambda x: x.mean(axis=1))


def read(*mix, outputs=2, size=WIDTH):
    return [embedding("words", WORDS, WIDTH), *mix, dense("out", size, outputs)]


def turned(x):
    return x.reshape(x.shape[1], x.shape[0], -1).mean(axis=0)


MIXED = {
    "reshape": ([dense("a", 3, 8), function("turn", turned), dense("b", 8, 2)], (8, 5, 3), "`turn`"),
    "seen where rows are rows again": (
        [dense("a", 3, 8), function("turn", turned), function("b", lambda x: x[None]), function("c", lambda x: x[0])],
        (8, 5, 3), "`turn`",
    ),
    "softmax over the batch": (
        [dense("a", 3, 2), function("squash", lambda x: softmax(x, 0), "softmax", axis=0)], (8, 3), "axis=-1",
    ),
    "time first": ([function("turn", lambda x: x.swapaxes(0, 1)), recurrent("r", 3), function("end", lambda x: x[-1])],
                   (8, 5, 3), "`r` (RNN) takes axis 0 for the batch"),
}  # fmt: skip


@pytest.mark.parametrize("name", MIXED)
def test_rows_that_are_mixed(name):
    steps, shape, where = MIXED[name]
    seen = mixed_batch(NumpyProbe(steps, rows(*shape)))
    assert causes(seen) == [("batch-mixed", "found")] and where in told(seen)


@pytest.mark.parametrize(
    ("steps", "shape"),
    [
        ([recurrent("r", 3), last(), dense("b", 3, 2)], (8, 5, 3)),
        ([dense("a", 3, 4), batch_norm("n", 4), dropout("d")], (8, 3)),
        ([dense("a", 3, 4), function("pairs", lambda x: x @ x.T)], (8, 3)),
        ([function("squash", lambda x: softmax(x, 0))], (3, 3)),
    ],
)
def test_rows_that_are_kept_apart(steps, shape):
    assert causes(mixed_batch(NumpyProbe(steps, rows(*shape)))) == []


@pytest.mark.parametrize(("n", "frozen", "found"), [(1, False, 1), (2, False, 1), (2, True, 0), (16, False, 0)])
def test_a_few_rows_that_are_normalised(n, frozen, found):
    steps = [dense("a", 3, 4), batch_norm("n", 4, frozen=frozen), dense("b", 4, 2)]
    seen = small_batches(NumpyProbe(steps, rows(n, 3)))
    assert causes(seen) == [("batch-norm-small-batch", "found")] * found


def test_two_pictures_have_many_places_whose_channels_are_last():
    steps = [convolution("c", 1, 4, (3, 3)), batch_norm("n", 4)]
    seen = small_batches(NumpyProbe(steps, rows(2, 6, 6, 1)))
    assert causes(seen) == [] and [one.value for one in seen.facts] == [72]


@pytest.mark.parametrize("kept", [False, True])
def test_a_state_that_the_library_knows_of_is_no_more_than_suspected(kept):
    seen = second_call(NumpyProbe([recurrent("r", 3, kept=kept), last()], rows(8, 5, 3)))
    assert causes(seen) == [("state-carried-over", "suspected")] * kept


def test_evaluation_mode_in_which_normalisation_never_saw_a_batch():
    steps = [dense("a", 3, 4), batch_norm("n", 4), dense("b", 4, 2)]
    assert causes(handed_over(NumpyProbe(steps, rows(8, 3)))) == []
    probe = NumpyProbe(steps, rows(8, 3), in_training=False)
    assert causes(handed_over(probe)) == [("mode-wrong-in-training", "found")]
    steps[1].state["n/moving_mean"][:] = 0.5
    assert causes(handed_over(probe)) == [], "it was trained, and evaluated last"
    probe = NumpyProbe([dense("a", 3, 4), dropout("d")], rows(8, 3), in_training=False)
    assert causes(handed_over(probe)) == [("mode-wrong-in-training", "suspected")]


@pytest.mark.parametrize(
    ("mix", "expected"),
    [
        ([attention("look", WIDTH)], [("no-positions", "found")]),
        ([attention("look", WIDTH), mean()], [("no-positions", "suspected")]),
        ([positions("where", 12, WIDTH), attention("look", WIDTH)], []),
        ([attention("look", WIDTH, causal=True)], []),
        ([recurrent("r", WIDTH)], []),
    ],
)
def test_attention_and_the_order_of_steps(mix, expected):
    assert causes(no_positions(NumpyProbe(read(*mix), words()))) == expected


def test_positions_that_are_all_zero_at_the_start_are_positions():
    where = positions("where", 12, WIDTH)
    where.weights["where/table"][:] = 0
    assert causes(no_positions(NumpyProbe(read(where, attention("look", WIDTH)), words()))) == []


@pytest.mark.parametrize(
    ("mix", "padded", "said"),
    [
        ([recurrent("r", WIDTH), first()], False, "return_sequences"),
        ([recurrent("r", WIDTH), last()], True, "mask_zero=True"),
        ([recurrent("r", WIDTH), last()], False, ""),
        ([recurrent("r", WIDTH), mean()], True, ""),
    ],
)
def test_the_end_at_which_a_sequence_is_read(mix, padded, said):
    steps = read(*mix)
    steps[1].weights["r/U"][:] *= 0.5  # it forgets
    seen = wrong_end(NumpyProbe(steps, words(40, padded)))
    assert causes(seen) == [("wrong-time-step", "found")] * bool(said) and (not said or said in told(seen))
    steps[1].weights["r/U"][:] *= 2


def cross_entropy(scores, y):
    return float(-np.log(np.take_along_axis(softmax(scores), y[..., None], -1)).mean())


def shifted_inside(scores, y):
    return cross_entropy(scores[:, :-1], y[:, 1:])


@pytest.mark.parametrize("inside_loss", [False, True])
@pytest.mark.parametrize(
    ("mix", "size", "said"),
    [
        (attention("look", WIDTH), WIDTH, "use_causal_mask=True"),
        (recurrent("r", WIDTH, both=True), 2 * WIDTH, "Bidirectional"),
        (convolution("c", WIDTH, WIDTH, (3,)), WIDTH, "padding='causal'"),
        (attention("look", WIDTH, causal=True), WIDTH, ""),
        (recurrent("r", WIDTH), WIDTH, ""),
        (convolution("c", WIDTH, WIDTH, (3,), same=False), WIDTH, ""),
    ],
)
def test_a_next_word_that_is_seen(mix, size, said, inside_loss):
    X, steps = words(13), read(mix, outputs=WORDS, size=size)
    given = (X, X.copy(), shifted_inside) if inside_loss else (X[:, :-1], X[:, 1:], cross_entropy)
    seen = future_leak(NumpyProbe(steps, *given))
    assert len(seen.facts) == 1
    assert causes(seen) == [("future-leak", "found")] * bool(said) and (not said or said in told(seen))


def test_a_sparse_sequence_that_is_reconstructed_may_be_seen_whole():
    X = np.zeros((12, 40, 2), dtype=np.float32)
    X[:, 20] = rows(12, 2)
    steps = [recurrent("r", 2, both=True), dense("out", 4, 2)]
    square = lambda made, y: float(((made - y) ** 2).mean())  # noqa: E731
    assert future_leak(NumpyProbe(steps, X, X.copy(), square)).facts == ()


def pictures():
    """Smooth ones, colours last."""
    x, y = np.meshgrid(np.linspace(0, 3, 24), np.linspace(0, 3, 24))
    rng = np.random.default_rng(0)
    waves = [[np.sin(a * x + b * y + c) for a, b, c in rng.uniform(0.5, 2, (3, 3))] for _ in range(8)]
    return np.moveaxis(np.array(waves, dtype=np.float32), 1, -1)


def test_colours_at_either_end():
    right = pictures()
    wrong = np.moveaxis(right, -1, 1)
    probe = lambda X, n=3: NumpyProbe([convolution("c", n, 4, (3, 3))], X)  # noqa: E731
    assert causes(confused_axes(probe(right))) == []
    assert causes(confused_axes(probe(np.swapaxes(right, 1, 2)))) == [], "rows and columns may change places"
    for given, n, said in ((wrong, 24, "columns"), (wrong.reshape(right.shape), 3, "`reshape`")):
        seen = confused_axes(probe(np.ascontiguousarray(given), n))
        assert causes(seen) == [("image-axes-confused", "found")]
        assert said in told(seen) and "transpose(x, (0, 2, 3, 1))" in told(seen)


@pytest.mark.parametrize(("by", "own", "found"), [(8, "Conv", 1), (4, "Conv", 0), (8, "Conv2DTranspose", 0)])
def test_a_filter_over_a_single_place(by, own, found):
    steps = [convolution("a", 1, 4, (3, 3)), pooled("p", by), convolution("b", 4, 4, (3, 3), own=own)]
    seen = nothing_left(NumpyProbe(steps, rows(4, 8, 8, 1)))
    assert causes(seen) == [("too-much-pooling", "found")] * found
    assert not found or "of 8 x 8 places, `b` sees 1" in told(seen)


def test_numbers_of_words_in_a_dense_layer():
    X = np.minimum(np.random.default_rng(0).zipf(1.3, (64, 30)), 20000)
    assert causes(words_as_numbers(NumpyProbe([dense("a", 30, 2)], X))) == [("tokens-as-quantities", "found")]
    floats = NumpyProbe([dense("a", 30, 2)], X.astype(np.float32))
    assert causes(words_as_numbers(floats)) == [("tokens-as-quantities", "suspected")]
    assert causes(words_as_numbers(NumpyProbe([embedding("e", 20001, 4)], X))) == []


def asked_for():
    """The keys of what is said, and the names of what is filled in, wherever they are written out."""
    for path in Path(inside.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "says"):
                continue
            named = {one.arg for one in node.keywords}
            if None not in named and node.args and isinstance(node.args[0], ast.Constant):
                yield node.args[0].value, named


@pytest.mark.parametrize("library", [keras_words, torch_words])
def test_what_is_said_can_be_said_in_the_words_of_each_library(library):
    found = dict(asked_for())
    assert found
    for key, named in found.items():
        assert {name for _, name, _, _ in string.Formatter().parse(library.WORDS[key]) if name} <= named, key
