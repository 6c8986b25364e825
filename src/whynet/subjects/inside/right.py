"""How many predictions are right, of a network that is judged by its loss and yet predicts classes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from whynet.subjects.inside.probe import Network, ProbeError, arrays_in
from whynet.types import Array


class Right(NamedTuple):
    """The share of predictions that are right, and that of the commonest class.

    >>> Right(0.931, 0.12).words
    '93.1 % of the predictions held back are right; the commonest class alone has 12 %.'
    """

    share: float
    commonest: float

    @property
    def words(self) -> str:
        """A sentence."""
        shares = (f"{100 * one:.3g} %" for one in self)
        return "{} of the predictions held back are right; the commonest class alone has {}.".format(*shares)


def right(network: Network, pieces: Sequence[tuple[Any, Any]]) -> Right | None:
    """Of pieces of inputs and targets: targets that are whole numbers, with one axis less than the scores, that of the
    classes. None where they are something else. Targets below 0, which losses leave out, are left out.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> from whynet.subjects.frameworks.torch_probe import TorchProbe
    >>> scores, y = torch.eye(3)[[0, 1, 1, 2]], torch.tensor([0, 1, 2, 2])
    >>> probe = TorchProbe.of(torch, torch.nn.Identity(), torch.nn.CrossEntropyLoss(), (scores, y))
    >>> right(probe.copy(), [(probe.X, probe.y)])
    Right(share=0.75, commonest=0.5)
    >>> right(probe.copy(), [(probe.X, probe.X)]) is None
    True
    """
    hits, found = [], []
    for inputs, targets in pieces:
        known = [np.asarray(one) for one in arrays_in(targets)]
        if len(known) != 1 or known[0].dtype.kind not in "iu":
            return None
        try:
            scores = network.answers(inputs)
        except ProbeError:
            return None
        y, axis = known[0], _axis_of_classes(scores, known[0])
        if axis is None or not y.size or y.max() >= scores.shape[axis]:
            return None
        counted = y >= 0
        hits.append((scores.argmax(axis) == y)[counted])
        found.append(y[counted])
    if not sum(len(one) for one in found):
        return None
    labels = np.concatenate(found)
    return Right(
        float(np.concatenate(hits).mean()), float(np.unique(labels, return_counts=True)[1].max() / len(labels))
    )


def _axis_of_classes(scores: Array, y: Array) -> int | None:
    """The axis of the scores that the targets lack; None where there is none, or it could be another."""
    if scores.ndim != y.ndim + 1:
        return None
    fitting = [axis for axis in range(1, scores.ndim) if scores.shape[:axis] + scores.shape[axis + 1 :] == y.shape]
    return fitting[0] if len(fitting) == 1 else None
