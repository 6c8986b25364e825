"""What reaches the layers: axes, words, places that are left, validation rows: the sick, and sound look-alikes."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from sklearn.datasets import load_breast_cancer, load_digits, load_sample_images  # noqa: E402
from torch import nn  # noqa: E402

from whynet.subjects.frameworks.torch_probe import TorchProbe  # noqa: E402
from whynet.subjects.inside.pictures import (  # noqa: E402
    _roughness,
    confused_axes,
    nothing_left,
    unlike_training,
    words_as_numbers,
)


@pytest.fixture(autouse=True)
def _seeded():
    torch.manual_seed(0)


def photographs(size=32, step=4, rows=16):
    """Pieces of photographs, colours last."""
    rng, whole, pieces = np.random.default_rng(0), load_sample_images().images, []
    for _ in range(rows):
        one = whole[rng.integers(2)]
        y, x = (rng.integers(0, side - size * step) for side in one.shape[:2])
        pieces.append(one[y : y + size * step : step, x : x + size * step : step])
    return torch.tensor(np.stack(pieces) / 255, dtype=torch.float32)


def digits(rows=16):
    return torch.tensor(load_digits().images[:rows, :, :, None] / 16, dtype=torch.float32)


def causes(seen):
    return [(one.cause, one.status) for one in seen.findings]


def of(model, X):
    return TorchProbe.of(torch, model, None, X)


def reshaped(last):
    n, height, width, colours = last.shape
    return last.reshape(n, colours, height, width)


PICTURES = {
    "photographs": photographs,
    "as they are": lambda: photographs(step=1),
    "far apart": lambda: photographs(step=8),
    "grey": lambda: photographs().mean(-1, keepdim=True).repeat(1, 1, 1, 3),
    "digits": lambda: digits().repeat(1, 1, 1, 3),
}


@pytest.mark.parametrize("name", PICTURES)
def test_a_reshape_is_told_from_a_permutation(name):
    last, model = PICTURES[name](), nn.Conv2d(3, 4, 3)
    seen = confused_axes(of(model, reshaped(last)))
    assert causes(seen) == [("image-axes-confused", "found")] and "permute" in seen.findings[0].detail
    assert causes(confused_axes(of(model, last.permute(0, 3, 1, 2)))) == []
    assert causes(confused_axes(of(model, last.permute(0, 3, 2, 1)))) == [], "rows and columns may change places"


@pytest.mark.parametrize("permute", [True, False])
@pytest.mark.parametrize("kind", ["noise", "even"])
def test_a_reshape_of_the_inputs_is_found_whatever_they_show(permute, kind):
    x = torch.rand(6, 12, 12, 3) if kind == "noise" else torch.rand(6, 1, 1, 1).expand(6, 12, 12, 3)

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(3, 4, 3)

        def forward(self, x):
            x = 2 * x - 1
            return self.conv(x.permute(0, 3, 1, 2) if permute else x.reshape(len(x), 3, 12, 12))

    wrong = kind == "noise" and not permute
    assert [one.cause for one in confused_axes(of(Net(), x)).findings] == ["image-axes-confused"] * wrong


def test_a_reshape_inside_the_module_is_found_too():
    class Inside(nn.Module):
        def __init__(self, permute):
            super().__init__()
            self.conv, self.permute = nn.Conv2d(3, 4, 3), permute

        def forward(self, x):
            return self.conv(x.permute(0, 3, 1, 2) if self.permute else reshaped(x))

    assert causes(confused_axes(of(Inside(False), photographs()))) == [("image-axes-confused", "found")]
    assert causes(confused_axes(of(Inside(True), photographs()))) == []


def test_rows_that_are_taken_for_colours():
    model = nn.Conv2d(32, 4, 3, padding=1)
    assert causes(confused_axes(of(model, photographs()))) == [("image-axes-confused", "found")]
    steps = photographs()[..., :1]
    assert causes(confused_axes(of(nn.Conv2d(32, 4, (3, 1)), steps))) == [], "a filter of one column is meant so"


@pytest.mark.parametrize("channels", [1, 2, 3, 4, 12])
def test_noise_and_maps_of_their_own_have_no_better_order(channels):
    noise = torch.randn(16, channels, 16, 16)
    maps = nn.functional.avg_pool2d(noise, 5, 1, 2)
    for given in (noise, maps, torch.zeros_like(noise)):
        assert causes(confused_axes(of(nn.Conv2d(channels, 4, 3), given))) == []


def test_roughness_is_what_a_slow_loop_counts():
    pictures = np.random.default_rng(0).normal(size=(3, 2, 5, 4))
    jumps, square = ([], []), []
    for one in pictures.reshape(6, 5, 4):
        flat = one - one.mean()
        square += [value**2 for value in flat.ravel()]
        jumps[0].extend((flat[i + 1, j] - flat[i, j]) ** 2 for i in range(4) for j in range(4))
        jumps[1].extend((flat[i, j + 1] - flat[i, j]) ** 2 for i in range(5) for j in range(3))
    expected = (np.mean(jumps[0]) + np.mean(jumps[1])) / 2 / (2 * np.mean(square))
    assert _roughness(pictures) == pytest.approx(expected)


def pooled(poolings, size=32, kernel=3):
    layers, width = [], 1
    for _ in range(poolings):
        layers += [nn.Conv2d(width, 4, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
        width = 4
    return nn.Sequential(*layers, nn.Conv2d(4, 4, kernel, padding=kernel // 2)), torch.rand(4, 1, size, size)


@pytest.mark.parametrize(("poolings", "size", "kernel", "found"), [(5, 32, 3, 1), (4, 32, 3, 0), (5, 32, 1, 0)])
def test_a_filter_over_a_single_place(poolings, size, kernel, found):
    model, X = pooled(poolings, size, kernel)
    seen = nothing_left(of(model, X))
    assert causes(seen) == [("too-much-pooling", "found")] * found
    assert not found or "`15` sees 1" in seen.findings[0].detail


def test_pooling_before_the_dense_layer_and_squeezing_are_meant():
    class Squeeze(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv, self.one, self.out = nn.Conv2d(1, 4, 3), nn.Conv2d(4, 4, 1), nn.Linear(4, 2)

        def forward(self, x):
            h = self.conv(x)
            h = h * torch.sigmoid(self.one(h.mean((2, 3), keepdim=True)))
            return self.out(nn.functional.adaptive_avg_pool2d(h, 1).flatten(1))

    assert causes(nothing_left(of(Squeeze(), torch.rand(4, 1, 8, 8)))) == []


def words(rows=64, places=30, padded=False):
    rng = np.random.default_rng(0)
    X = np.minimum(rng.zipf(1.3, (rows, places)), 20000)
    if padded:
        for row, length in zip(X, rng.integers(5, places, rows), strict=True):
            row[length:] = 0
    return torch.tensor(X)


class Cast(nn.Module):
    def __init__(self, places):
        super().__init__()
        self.out = nn.Linear(places, 2)

    def forward(self, x):
        return self.out(x.float())


@pytest.mark.parametrize("padded", [False, True])
def test_numbers_of_words_in_a_dense_layer(padded):
    X = words(padded=padded)
    assert causes(words_as_numbers(of(Cast(30), X))) == [("tokens-as-quantities", "found")]
    assert causes(words_as_numbers(of(nn.Linear(30, 2), X.float()))) == [("tokens-as-quantities", "suspected")]
    embedded = nn.Sequential(nn.Embedding(20001, 4), nn.Flatten(), nn.Linear(120, 2))
    assert causes(words_as_numbers(of(embedded, X))) == []


def quantities():
    rng = np.random.default_rng(0)
    yield load_digits().data[:64]
    yield np.round(load_breast_cancer().data[:64])
    yield np.round(photographs(rows=64).numpy()[:, 16, :, 0] * 255)
    yield np.abs(rng.integers(-9, 10, (64, 30)).cumsum(1))
    yield rng.poisson(200, (64, 20))
    yield rng.integers(0, 10, (64, 20))
    yield rng.normal(size=(64, 20))


def test_quantities_are_no_words():
    for X in quantities():
        X = torch.tensor(np.asarray(X, dtype=np.float32))
        assert causes(words_as_numbers(of(nn.Linear(X.shape[1], 2), X))) == []


@pytest.mark.parametrize(
    ("spoil", "found"),
    [
        (lambda X: 255 * X, True),
        (lambda X: X / 255, True),
        (lambda X: X - 5, True),
        (lambda X: X, False),
        (lambda X: 1.3 * X + 0.1, False),
        (lambda X: (X - X.mean()) / X.std(), False),
    ],
)
def test_validation_rows_in_another_unit(spoil, found):
    X = load_digits().images / 16
    train, other = X[:1000], X[1000:]
    assert causes(unlike_training(train, spoil(other))) == [("validation-unlike-training", "found")] * found


def test_rows_that_cannot_be_compared_are_left_alone():
    X = np.random.default_rng(0).normal(size=(50, 3))
    assert unlike_training(X, X[:3]).facts == () and unlike_training(X, X[:, :2]).facts == ()
    assert unlike_training(np.ones((50, 3)), X).facts == () and unlike_training(X, X * np.nan).facts == ()
