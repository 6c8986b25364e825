"""What the outputs of a network do when its inputs are altered: other companions, another order."""

from __future__ import annotations

from whynet.doctor.normal import About, Above, AtLeast, Below, Exactly
from whynet.doctor.symptom import Symptom

COMPANIONS = Symptom(
    "other-examples-matter", "change of an output when other examples stand beside it", "sd", Exactly(0)
)  # fmt: skip
NORMALISED_OVER = Symptom("normalised-over", "values that batch normalisation takes a mean of", "values", AtLeast(4))
SECOND_CALL = Symptom("second-call", "change of the outputs when a batch is asked twice", "sd", Exactly(0))
MODES_APART = Symptom("modes-apart", "outputs in training mode, to those in evaluation mode", "sd")
STEPS_IN_EVALUATION = Symptom(
    "steps-in-evaluation-mode", "training steps in evaluation mode", "fraction of the steps looked at", Exactly(0)
)
IDLE_IN_TRAINING = Symptom(
    "idle-in-training", "dropout and batch normalisation that act as in evaluation mode while it is trained", "layers",
    Exactly(0),
)  # fmt: skip
EVALUATED_IN_TRAINING = Symptom(
    "evaluated-in-training-mode", "evaluations in training mode", "fraction of the evaluations seen", Exactly(0)
)
DROPPED_IN_EVALUATION = Symptom(
    "dropped-in-evaluation", "change of the outputs in evaluation mode when dropout draws anew", "sd", Exactly(0)
)
SHUFFLED_SEQUENCE = Symptom(
    "shuffled-sequence", "change of the outputs when the sequence is shuffled", "sd", Above(1e-4)
)
LATER_STEPS = Symptom("later-steps", "change of the outputs with all steps but the first", "sd", Above(1e-5))
BEFORE_PADDING = Symptom(
    "before-padding", "what a sequence tells before its padding, to what it tells after it", "times", Above(0.05)
)
LATER_TO_EARLIER = Symptom(
    "future-steps", "change of an output when later steps are changed", "sd", Exactly(0)
)  # fmt: skip
ROUGHNESS = Symptom("axes-roughness", "roughness of pictures, to that with their axes changed", "times", Below(1.5))
RESHAPED = Symptom(
    "reshaped-pictures", "correlation of the inputs, in the order of their numbers, with what is taken for pictures",
    "correlation", Below(0.99),
)  # fmt: skip
ON_ONE_PLACE = Symptom("on-one-place", "convolutions that see a single place", "layers", Exactly(0))
CODES = Symptom("codes-as-numbers", "numbers of words that are fed as quantities", "different numbers", Below(50))
VALIDATION_SPREAD = Symptom(
    "validation-spread", "spread of the validation inputs to the training inputs", "times", About(1, factor=2)
)
VALIDATION_OFFSET = Symptom(
    "validation-offset", "distance of the validation inputs' mean from the training inputs'", "sd", Below(1)
)
