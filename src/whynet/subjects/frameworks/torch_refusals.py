"""PyTorch's own errors that give a cause away: a module that cannot be run is told why, not only that."""

from __future__ import annotations

import re

from whynet.doctor.diagnosis import Finding
from whynet.doctor.symptoms.passes import NORMALISED_OVER
from whynet.subjects.inside.probe import Seen

CHANNELS = re.compile(r"expected input\[([\d, ]+)\] to have (\d+) channels, but got (\d+) channels")
ONE_VALUE = "Expected more than 1 value per channel when training"
TWICE = "backward through the graph a second time"


def why_refused(error: str) -> Seen:
    """The causes that an error of PyTorch's, by its words, is known to have.

    >>> [one.cause for one in why_refused("Expected more than 1 value per channel when training").findings]
    ['batch-norm-small-batch']
    >>> why_refused("mat1 and mat2 shapes cannot be multiplied").findings
    ()
    """
    channels = CHANNELS.search(error)
    if channels is not None:
        shape = [int(size) for size in channels[1].split(",")]
        wanted, given = int(channels[2]), int(channels[3])
        if len(shape) in (3, 4) and shape[-1] == wanted != given == shape[1]:
            axes = "X.permute(0, 3, 1, 2)" if len(shape) == 4 else "X.transpose(1, 2)"
            words = f"a convolution of {wanted} channels is given {tuple(shape)}, channels last: `{axes}`"
            return Seen(findings=[Finding("image-axes-confused", "found", detail=words)])
    if ONE_VALUE in error:
        fact = NORMALISED_OVER.measured(1)
        words = "batch normalisation of a single value: larger batches, and `DataLoader(..., drop_last=True)`"
        return Seen([fact], [Finding("batch-norm-small-batch", "found", (fact,), detail=words)])
    if TWICE in error:
        words = "what is kept in `self` hangs on the step before: begin with zeros in `forward`, or `.detach()` it"
        return Seen(findings=[Finding("state-carried-over", "found", detail=words)])
    return Seen()
