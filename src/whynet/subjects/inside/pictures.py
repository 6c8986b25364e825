"""What reaches the layers of a network: pictures with their axes as they should be, words as words, and how much is
left of them further on; and whether the validation rows are numbers like the training rows."""

from __future__ import annotations

from typing import Any

import numpy as np

from whynet.doctor.diagnosis import Finding, Gap, Status
from whynet.doctor.symptoms.passes import (
    CODES,
    ON_ONE_PLACE,
    RESHAPED,
    ROUGHNESS,
    VALIDATION_OFFSET,
    VALIDATION_SPREAD,
)
from whynet.errors import UsageError
from whynet.subjects.inside.probe import Layer, Passage, Probe, Seen, arrays_in, is_real
from whynet.types import Array

CLEARLY = 1.5  # times as rough as with the axes in another order: right ones are 0.5 to 1, wrong ones 1.7 to 17
SAME = 0.999  # correlation of what differs in its unit alone
SMOOTH = 0.5  # 1 - correlation of neighbours: photographs have 0.2, digits of 8 x 8 have 0.47, noise 1
COLOURS = 4  # an axis so short is one of colours
MOST_PICTURES = 32
FEWEST_PLACES = 8  # height and width of pictures that are looked at
WORD_LIKE = 50  # kinds of whole numbers: fewer may be ranks, classes, counts
UNORDERED = 0.1  # correlation of neighbours in a row
NEAR_ZERO = 0.05  # of the largest: numbers of words begin there, counts of one kind of thing may not
ALIKE = 2.0  # times: columns of one vocabulary have the same spread
PLACES = 5  # in a row of words
MANY = 15  # rows that have no padding at a place
FEWEST_NUMBERS = 400
APART, FAR = 5.0, 2.0  # spreads and means of other units; other rows of the same kind are nearer
FEWEST_ROWS = 10


def confused_axes(probe: Probe) -> Seen:
    """Whether the pictures that reach the first convolution would be smoother with their axes in another order.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> ramp = torch.linspace(0, 1, 16)
    >>> pictures = torch.stack([ramp[:, None] * ramp, ramp[:, None] + 0 * ramp, 0 * ramp[:, None] - ramp], -1)
    >>> pictures = pictures * torch.rand(8, 1, 1, 3)
    >>> from whynet.subjects.frameworks.torch_probe import TorchProbe
    >>> model = torch.nn.Conv2d(3, 4, 3)
    >>> for given in (pictures.reshape(8, 3, 16, 16), pictures.permute(0, 3, 1, 2)):
    ...     print([one.cause for one in confused_axes(TorchProbe.of(torch, model, None, given)).findings])
    ['image-axes-confused']
    []
    """
    try:
        first = _first_convolution(probe)
    except UsageError as error:
        return Seen(gaps=[Gap("the axes of the pictures", error.message)])
    if first is None:
        return Seen()
    layer, given = first.layer, np.asarray(first.array[:MOST_PICTURES], dtype=np.float64)
    last, colours_first = layer.channels_last, (0, 3, 1, 2)
    order, place, side = ("0, 2, 3, 1", "first", "columns") if last else ("0, 3, 1, 2", "last", "rows")
    own = given.transpose(colours_first) if last else given
    n, channels, height, width = own.shape
    short, long, along = (height, width, 0) if last else (width, height, 1)
    if short <= COLOURS < min(channels, long) and layer.kernel[along] > 1:  # colours at the other end
        rough, other = (
            _roughness(given.transpose(0, 2, 1, 3)),
            _roughness(given if last else given.transpose(colours_first)),
        )
        if not other < SMOOTH:
            return Seen()
        fact = ROUGHNESS.measured(max(rough / max(other, 1e-3), CLEARLY + 1))
        words = probe.says("colours-elsewhere", name=layer.name, side=side, order=order)
        return Seen([fact], [Finding("image-axes-confused", "found", (fact,), detail=words)])
    if channels == 1 or channels > COLOURS or min(height, width) < FEWEST_PLACES:
        return Seen()
    before = (n, channels, height, width) if last else (n, height, width, channels)
    anew = given.reshape(before)
    rough, other = _roughness(own), _roughness(anew if last else anew.transpose(colours_first))
    if not (rough == rough and other == other):
        return Seen()
    words = probe.says("colours-reshaped", name=layer.name, place=place, order=order)
    reshaped = max((_reshaped(one, anew, own) for one in arrays_in(probe.X)), default=0.0)
    if reshaped > SAME:  # whatever they show
        fact = RESHAPED.measured(reshaped)
        return Seen([fact], [Finding("image-axes-confused", "found", (fact,), detail=words)])
    fact = ROUGHNESS.measured(rough / max(other, 1e-3))
    if not (other < SMOOTH and rough > CLEARLY * other):
        return Seen([fact] if rough < CLEARLY * other else [])
    return Seen([fact], [Finding("image-axes-confused", "found", (fact,), detail=words)])


def _reshaped(inputs: Array, anew: Array, own: Array) -> float:
    """The correlation of the inputs with `anew`, the numbers that the convolution is given, as if their axes were those
    of the inputs; 0 where these have other axes, or show the same as `own`, the pictures that it takes them for.

    >>> x = np.random.default_rng(0).random((4, 8, 8, 3))
    >>> moved = x.transpose(0, 3, 1, 2)
    >>> _reshaped(x, x.copy(), x.reshape(4, 3, 8, 8)) > SAME, _reshaped(x, moved.reshape(x.shape), moved)
    (True, 0.0)
    """
    if inputs.ndim != 4 or inputs.shape[1:] != anew.shape[1:] or len(inputs) < len(anew):
        return 0.0
    x = np.asarray(inputs[: len(anew)], dtype=np.float64)
    pairs = ((x, anew), (x if x.shape == own.shape else x.transpose(0, 3, 1, 2), own))
    if any(not (np.isfinite(a).all() and np.isfinite(b).all() and a.std() > 0 and b.std() > 0) for a, b in pairs):
        return 0.0
    same, right = (float(np.corrcoef(a.reshape(-1), b.reshape(-1))[0, 1]) for a, b in pairs)
    return 0.0 if right > SAME else same


def _first_convolution(probe: Probe) -> Passage | None:
    """What goes into the first layer of two-dimensional filters."""
    known = (one for one in probe.copy().passed() if one.part == "in" and _narrows(one.layer))
    first = next((one for one in known if len(one.layer.kernel) == 2), None)
    return first if first is not None and first.array.ndim == 4 and len(first.array) > 1 else None


def _narrows(layer: Layer) -> bool:
    """Whether it is a convolution, but none that is transposed, which makes many places of few."""
    return layer.kind == "convolution" and bool(layer.kernel) and "Transpose" not in layer.own


def _roughness(pictures: Array) -> float:
    """1 - the correlation of neighbours along both axes, on average over those of channels (n, channels, rows, columns)
    that are not flat; NaN where all are."""
    flat = pictures - pictures.mean(axis=(2, 3), keepdims=True)
    spread = (flat**2).mean(axis=(2, 3))
    whole = spread[np.isfinite(spread)].max(initial=0.0)
    kept = flat[spread > 1e-6 * whole] if whole > 0 else flat[:0, 0]
    sides = [axis for axis in (1, 2) if kept.shape[axis] > 1]
    if not len(kept) or not sides:
        return float("nan")
    jumps = [float((np.diff(kept, axis=axis) ** 2).mean()) for axis in sides]
    return float(np.mean(jumps)) / (2 * float((kept**2).mean()))


def nothing_left(probe: Probe) -> Seen:
    """Whether convolutions with filters larger than one place are given a single place.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> from whynet.subjects.frameworks.torch_probe import TorchProbe
    >>> first, last = torch.nn.Conv2d(1, 4, 3, padding=1), torch.nn.Conv2d(4, 4, 3, padding=1)
    >>> model = torch.nn.Sequential(first, torch.nn.MaxPool2d(8), last)
    >>> [one.cause for one in nothing_left(TorchProbe.of(torch, model, None, torch.rand(6, 1, 8, 8))).findings]
    ['too-much-pooling']
    """
    try:
        passages = probe.copy().passed()
    except UsageError as error:
        return Seen(gaps=[Gap("how much is left of the pictures", error.message)])
    wide = [
        (one.layer.name, one.array.shape[1:-1] if one.layer.channels_last else one.array.shape[2:])
        for one in passages
        if one.part == "in" and _narrows(one.layer) and max(one.layer.kernel) > 1
    ]
    if not wide or max(wide[0][1], default=0) == 1:  # nothing was there to be pooled
        return Seen()
    single = list(dict.fromkeys(name for name, places in wide if max(places, default=0) == 1))
    fact = ON_ONE_PLACE.measured(len(single))
    if not single:
        return Seen([fact])
    which = f"`{single[0]}`" + (f" and {len(single) - 1} more" if len(single) > 1 else "")
    words = probe.says("too-much-pooling", size=" x ".join(map(str, wide[0][1])), which=which)
    return Seen([fact], [Finding("too-much-pooling", "found", (fact,), detail=words)])


def words_as_numbers(probe: Probe) -> Seen:
    """Whether numbers of words go into a layer that multiplies them, in place of an embedding.

    Counts and pixels are quantities: they have an order in the row, or columns of their own range. Where the inputs are
    whole numbers kept as floats, it is only suspected.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> from whynet.subjects.frameworks.torch_probe import TorchProbe
    >>> words = torch.randint(0, 5000, (64, 20), generator=torch.Generator().manual_seed(0))
    >>> probe = TorchProbe.of(torch, torch.nn.Linear(20, 2), None, words.float())
    >>> [(one.cause, one.status) for one in words_as_numbers(probe).findings]
    [('tokens-as-quantities', 'suspected')]
    """
    if any(layer.kind == "embedding" or layer.own.startswith("Embedding") for layer in probe.copy().layers):
        return Seen()
    for given in arrays_in(probe.X):
        x = given[..., 0] if given.ndim == 3 and given.shape[-1] == 1 else given
        if x.ndim != 2 or x.dtype.kind not in "iuf" or not _are_words(x.astype(np.float64)):
            continue
        fact = CODES.measured(len(np.unique(x)))
        status: Status = "suspected" if is_real(given) else "found"
        return Seen([fact], [Finding("tokens-as-quantities", status, (fact,), detail=probe.says("embedding-first"))])
    return Seen()


def _are_words(x: Array) -> bool:
    """Whether these rows look like numbers of words: whole, of many kinds, of one range everywhere, in no order."""
    if x.shape[1] < PLACES or x.size < FEWEST_NUMBERS or not np.isfinite(x).all():
        return False
    if x.min() < 0 or (x != np.rint(x)).any() or len(np.unique(x)) < WORD_LIKE or x.max() < 2 * WORD_LIKE:
        return False
    if x.min() > NEAR_ZERO * x.max():
        return False
    kinds, often = np.unique(x[:, -1], return_counts=True)
    padding = np.cumprod(x[:, ::-1] == kinds[often.argmax()], axis=1)[:, ::-1].astype(bool)
    real = ~padding
    ranks = np.searchsorted(np.sort(x[real]), x)  # the commonest words have small numbers, a few have huge ones
    spreads = np.array([column[own].std() for column, own in zip(ranks.T, real.T, strict=True) if own.sum() > MANY])
    if len(spreads) < PLACES or spreads.min() * ALIKE < spreads.max():
        return False
    both = real[:, 1:] & real[:, :-1]
    return bool(abs(np.corrcoef(ranks[:, 1:][both], ranks[:, :-1][both])[0, 1]) < UNORDERED)


def unlike_training(training: Any, validation: Any) -> Seen:
    """Whether validation inputs are other numbers than training inputs: arrays of rows, of any shape.

    >>> pixels = np.random.default_rng(0).uniform(0, 1, (50, 8, 8))
    >>> [one.cause for one in unlike_training(pixels, 255 * pixels[:20]).findings]
    ['validation-unlike-training']
    >>> len(unlike_training(pixels, pixels[:20]).findings)
    0
    """
    a, b = (np.asarray(one, dtype=np.float64) for one in (training, validation))
    if a.shape[1:] != b.shape[1:] or min(len(a), len(b)) < FEWEST_ROWS:
        return Seen()
    a, b = a.reshape(len(a), -1), b.reshape(len(b), -1)
    if not (np.isfinite(a).all() and np.isfinite(b).all()):
        return Seen()
    own, other = a.std(axis=0), b.std(axis=0)
    live = own > 1e-3 * np.sqrt((a**2).mean())
    if not live.any() or not a.std():
        return Seen()
    spread = float(np.median(other[live] / own[live]))
    middle = float(abs(np.median((b.mean(axis=0) - a.mean(axis=0))[live] / own[live])))
    facts = [VALIDATION_SPREAD.measured(spread), VALIDATION_OFFSET.measured(middle)]
    if 1 / APART <= spread <= APART and middle <= FAR:
        return Seen(facts)
    words = f"training inputs {a.min():.3g} to {a.max():.3g}, validation inputs {b.min():.3g} to {b.max():.3g}: "
    words += "prepare both by the same function"
    return Seen(facts, [Finding("validation-unlike-training", "found", tuple(facts), detail=words)])
