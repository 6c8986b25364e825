"""What a loss makes of the outputs and targets of a batch, whatever network they come from.

Only declared here: they are measured where a loss can be asked, in the libraries' own tensors.
"""

from __future__ import annotations

from whynet.doctor.normal import Below, Exactly
from whynet.doctor.symptom import Symptom

TARGETS_NOT_TAKEN = Symptom(
    "targets-not-taken", "targets that the loss cannot take as they are", "fraction of the targets", Exactly(0)
)
WEIGHT_WITH_COUNT = Symptom(
    "weight-with-count", "pairs of classes of which the commoner weighs more in the loss",
    "fraction of the pairs that differ", Below(0.5),
)  # fmt: skip
LOSS_OF_DOUBLED_BATCH = Symptom(
    "loss-of-doubled-batch",
    "loss of a batch that holds every example twice",
    "times the loss",
    Exactly(1, rounding=0.01),
)
PADDING_COUNTED = Symptom(
    "padding-counted",
    "targets that only fill up short sequences and are counted",
    "fraction of the targets",
    Exactly(0),
)
DOMINATED_TERM = Symptom(
    "dominated-term", "gradient of the largest term of the loss", "times that of the next", Below(100)
)
