"""Keras' own errors that give a cause away: a model that cannot be run is told why, not only that."""

from __future__ import annotations

import re

from whynet.doctor.diagnosis import Finding
from whynet.subjects.inside.probe import Seen

AXIS = re.compile(
    r"expected axis (-?\d+) of input shape to have value (\d+), but received input with shape \(([^)]*)\)"
)


def why_refused(error: str) -> Seen:
    """The causes that an error of Keras', by its words, is known to have.

    >>> said = "expected axis -1 of input shape to have value 3, but received input with shape (8, 3, 32, 32)"
    >>> [one.cause for one in why_refused(said).findings]
    ['image-axes-confused']
    >>> why_refused("Invalid input shape").findings
    ()
    """
    axis = AXIS.search(error)
    if axis is not None:
        shape = [part.strip() for part in axis[3].split(",") if part.strip()]
        if len(shape) == 4 and axis[1] in ("-1", "3") and shape[1] == axis[2] != shape[3]:
            words = f"a convolution of {axis[2]} channels is given ({axis[3]}), channels first: "
            words += "`keras.ops.transpose(x, (0, 2, 3, 1))`"
            return Seen(findings=[Finding("image-axes-confused", "found", detail=words)])
    return Seen()
