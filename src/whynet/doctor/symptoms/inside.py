"""What is seen inside any module of somebody's, in one pass and a few steps, whatever it learns."""

from __future__ import annotations

from whynet.doctor.normal import Below, Exactly
from whynet.doctor.symptom import Symptom

GRADIENTS_CUT = Symptom(
    "gradients-cut", "weight arrays of the loss that no gradient comes to", "arrays that the loss hangs on", Exactly(0)
)
GRADIENT_GROWTH = Symptom(
    "gradient-growth", "gradient at the first layer to that at the last", "first layer's to last's", Below(1000)
)
GRADIENTS_LOST = Symptom(
    "gradients-lost", "derivatives too small for their sixteen bits", "fraction of the gradient", Below(0.5)
)
WEIGHTS_LEFT_BY_STEP = Symptom(
    "weights-left-by-step", "weights that a step is too short to change", "fraction of those with a gradient",
    Below(0.5),
)  # fmt: skip
IDENTICAL_AFTER_STEPS = Symptom(
    "identical-after-steps", "layers whose units are alike, and stay so", "layers", Exactly(0)
)
RATE_GONE = Symptom(
    "rate-gone", "steps at less than a thousandth of the largest rate", "fraction of the steps", Below(0.5)
)
GRADIENT_TO_CLIPPED = Symptom(
    "gradient-to-clipped", "length of the gradient to what clipping leaves of it", "times", Below(20)
)
STEPS_WITHOUT_GRADIENT = Symptom(
    "steps-without-gradient", "steps that were taken without a gradient", "of the steps looked at", Exactly(0)
)
NOT_FINITE = Symptom("not-finite", "numbers that are NaN or infinite", "fraction", Exactly(0))
