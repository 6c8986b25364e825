"""Where in pictures the answers come from."""

from __future__ import annotations

import numpy as np

from whynet.network.attribution import contributions
from whynet.network.network import Network
from whynet.report import pictures
from whynet.report.page import text
from whynet.types import Array, Features, Images

RIGHT, WRONG = 10, 6
SIDE = 168
"""Pixels of a picture in a file."""
INK = 0.12
"""How much of the picture shines through."""
FULL = 0.9
"""The share of pixels that are paler than full colour."""


def heat(values: Array, image: Array) -> Array:
    """Contributions (rows, columns[, channels]) over a pale picture (uint8), RGB: red for, blue against.

    >>> heat(np.array([[1.0, 0.0]]), np.array([[255, 255]], np.uint8)).tolist()
    [[[157, 21, 38], [224, 224, 224]]]
    """
    values = values if values.ndim == 2 else values.sum(axis=2)
    paper = pictures.on_paper(image[np.newaxis])[0]
    grey = paper.mean(axis=2) if paper.ndim == 3 else paper
    pale = 1 - INK * (1 - grey / 255)
    sizes = np.abs(values[values != 0])
    top = float(np.quantile(sizes, FULL)) if sizes.size else 1.0
    rgb: Array = np.round(pictures.diverging(np.clip(values, -top, top)) * pale[..., np.newaxis]).astype(np.uint8)
    return rgb


def sources_html(network: Network, images: Images, X: Features, scores: Array, labels: Array, blank: float) -> str:
    """For a picture of each class that is answered rightly, and for some that are not, which pixels speak for the
    answer; `X (n, features)` are the pictures, scaled, and `scores` what the network says of them.

    >>> network, X = Network([4, 2]), np.zeros((1, 4))
    >>> page = sources_html(network, np.zeros((1, 2, 2), np.uint8), X, network.scores(X), np.array([0]), 0.0)
    >>> "Where the answers come from" in page
    True
    """
    if not np.isfinite(scores).all():
        return ""
    predicted, sure = network.problem.predictions(scores, network.cost.middle), network.cost.probabilities(scores)
    names = network.problem.names
    right = [
        rows[0]
        for one in range(max(2, sure.shape[1]))
        if len(rows := np.flatnonzero((labels == one) & (predicted == one)))
    ]
    wrong = np.flatnonzero(labels != predicted)
    if sure.shape[1] > 1:
        wrong = wrong[np.argsort(-sure[wrong, predicted[wrong]], kind="stable")]

    def named(one: int) -> str:
        return text(names[one] if one < len(names) else one)

    def figure(row: int, answers: list[int]) -> str:
        shown = [pictures.image(pictures.on_paper(images[row : row + 1])[0], f"picture {row}")]
        for answer in answers:
            values = toward(network, X[row : row + 1], answer, blank)[0].reshape(images.shape[1:])
            shown.append(pictures.image(heat(values, images[row]), f"what speaks for {named(answer)}"))
        said = (
            named(answers[0]) if len(answers) == 1 else f"predicted {named(answers[0])}, and it is {named(answers[1])}"
        )
        return f'<figure><div class="row">{"".join(shown)}</div><figcaption>{said}</figcaption></figure>'

    parts = [
        "<h2>Where the answers come from</h2><p>What each pixel's ink adds to the score of an answer: red speaks for "
        "it, blue against it (gradient times input; pixels without ink add nothing).</p>"
        f'<div class="sources">{"".join(figure(row, [int(predicted[row])]) for row in right[:RIGHT])}</div>'
    ]
    if len(wrong):
        parts.append(
            "<h3>Of its worst mistakes</h3><p>What spoke for the answer that it gave, and beside it what for the right "
            "one.</p>"
            f'<div class="sources wide">'
            f"{''.join(figure(row, [int(predicted[row]), int(labels[row])]) for row in wrong[:WRONG])}</div>"
        )
    return "".join(parts)


def why(network: Network, images: Images) -> Array:
    """Pictures above where the answers to them come from, one RGB picture as `whynet predict --why` writes it; of other
    answers than classes, that to the first question.

    >>> from whynet.data.sources import load
    >>> digits = load("digits").test
    >>> network = Network([64, 10], scaling=digits.X.scaling("0..1"))
    >>> why(network, digits.images[:3]).shape[2]
    3
    """
    assert network.scaling is not None
    X = network.scaling.apply(images, network.dtype)
    blank = float(network.scaling.table(np.float64)[0])
    classes = network.problem.kind == "classification"
    answers = network.predict(images) if classes else np.zeros(len(images), int)
    large = max(1, SIDE // images.shape[1])
    shown = []
    for row, answer in enumerate(answers.tolist()):
        values = (
            toward(network, X[row : row + 1], answer, blank)
            if classes
            else contributions(network, X[row : row + 1], np.zeros(1, int), blank)
        )
        paper = pictures.on_paper(images[row : row + 1])[0]
        rgb = paper if paper.ndim == 3 else np.repeat(paper[..., np.newaxis], 3, axis=2)
        shown.append(np.concatenate([rgb, heat(values[0].reshape(images.shape[1:]), images[row])]))
    return pictures.sheet(np.stack(shown).repeat(large, axis=1).repeat(large, axis=2), min(len(shown), 8), gap=large)


def toward(network: Network, X: Features, answer: int, blank: float) -> Array:
    """What each feature adds to the score of a class; of two classes with one output, to that of 1 or against it.

    >>> network = Network([2, 1], cost="sigmoid-cross-entropy", dtype="float64")
    >>> np.copyto(network.params[0]["W"], [[1], [-2]])
    >>> toward(network, np.array([[3.0, 1.0]]), 0, 0.0)
    array([[-3.,  2.]])
    """
    single = network.layers[-1].outputs == 1
    outputs = np.full(len(X), 0 if single else answer)
    found = contributions(network, X, outputs, blank)
    return -found if single and answer == 0 else found
