"""What is seen inside any module of somebody's, in one pass and a few steps, whatever it learns."""

from __future__ import annotations

from whynet.doctor.normal import Above, Below, Exactly
from whynet.doctor.symptom import Symptom

GRADIENTS_CUT = Symptom(
    "gradients-cut", "weight arrays of the loss that no gradient comes to", "arrays that the loss hangs on", Exactly(0)
)
GRADIENT_GROWTH = Symptom(
    "gradient-growth", "gradient at the first layer to that at the last", "first layer's to last's", Below(1000)
)
GRADIENT_LEFT = Symptom(
    "gradient-left", "what of the last layer's gradient arrives at the first ones", "of the last layer's", Above(1e-6)
)
GRADIENT_LEFT_IN_TIME = Symptom(
    "gradient-left-in-time", "what of the last step's gradient arrives at the first step", "of the last step's"
)
TOLD_OUT_OF_REACH = Symptom(
    "told-out-of-reach", "what is told of the targets by a step that hardly any gradient comes to", "R2"
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
RATE_RISEN = Symptom("rate-risen", "learning rate at which the loss rose, to that at which it fell", "times", Below(2))
RISEN_AGAIN = Symptom(
    "risen-again", "what a loss rose by after its lowest, to what it had fallen by", "of its fall", Below(0.5)
)
GRADIENT_TO_CLIPPED = Symptom(
    "gradient-to-clipped", "length of the gradient to what clipping leaves of it", "times", Below(20)
)
STEPS_WITHOUT_GRADIENT = Symptom(
    "steps-without-gradient", "steps that were taken without a gradient", "of the steps looked at", Exactly(0)
)
GRADIENTS_WITHOUT_STEP = Symptom("gradients-without-step", "gradients that no step was taken by", "batches", Exactly(0))
NOT_FINITE = Symptom("not-finite", "numbers that are NaN or infinite", "fraction", Exactly(0))
SATURATED_LAYER = Symptom(
    "saturated-layer", "numbers of a hidden sigmoid or tanh at its bounds", "fraction of a layer's numbers", Below(0.95)
)
LARGEST_STEP = Symptom("largest-step", "longest step of an array of weights", "of the array's length")
SMALLEST_STEP = Symptom("smallest-step", "shortest step of an array of weights that moves", "of the array's length")
WHOLE_STEP = Symptom("whole-step", "length of a step", "of the weights' length", Below(1))
CODE_COST = Symptom("code-cost", "cost of what a code says to what it can gain", "times", Below(1))
CODE_SPREAD = Symptom(
    "code-spread", "largest spread over examples of a number of the code", "standard deviation", Above(0.05)
)
CONSTANT_LAYERS = Symptom("constant-layers", "layers whose output is the same for every example", "layers")
