"""How a training went: its steps, its cost on the way, and what it gets right at the end.

Every subject measures these where it knows the figures, and logs print them: they are declared here, without NumPy.
"""

from __future__ import annotations

from whynet.doctor.normal import About, Above, AtLeast, Below, Exactly
from whynet.doctor.symptom import Symptom

START_COST = Symptom("start-cost", "cost before the first step", normal=About(factor=2.5))
COST = Symptom("cost", "cost at the end")
FLOOR = Symptom("floor", "cost of the best constant prediction")
FIRST_COST = Symptom("first-cost", "first cost", normal=About(why="that of a fresh start", factor=2.5))
LAST_COST = Symptom("last-cost", "last cost", normal=Below(why="that of the best constant prediction"))
FIRST_BROKEN_COST = Symptom("first-broken-cost", "place of the first cost that is not finite", "th printed")
EXCHANGED_INPUTS = Symptom(
    "exchanged-inputs", "loss with the inputs of other rows, to its own", "of its own", Above(1.02)
)
LOWER_RATE = Symptom("lower-rate", "loss that a lower rate comes to, to its own", "of its own")
HELD_RIGHT = Symptom("held-right", "predictions that are right, where it is judged by its loss", "fraction")
PROGRESS = Symptom("progress", "fall of the cost", "fraction of the first cost", Above(0.5))
HIGHEST_COST = Symptom("highest-cost", "highest cost on the way, to the first", "of the first", Below(1.5))
STILL_FALLING = Symptom("still-falling", "fall of the cost in the second half", "fraction, in the second half")

STEPS = Symptom("steps", "steps in all", "steps", AtLeast(500))
STEPS_PER_EPOCH = Symptom("steps-per-epoch", "steps in an epoch", "steps", Above(20))
OWN_STEPS = Symptom("own-steps", "steps that were taken", "fraction of those asked for", Exactly(1))
STOPPED_EARLY = Symptom(
    "stopped-early", "epochs that the stopping rule left out", "fraction of the epochs asked for", Below(0.2)
)
NARROWEST = Symptom(
    "narrowest", "units of the narrowest hidden layer", "units", AtLeast(why="as many as there are outputs")
)

ACCURACY = Symptom("accuracy", "validation accuracy", "fraction right, or R2", AtLeast(why="that of a linear model"))
TRAIN_ACCURACY = Symptom("train-accuracy", "training accuracy", "fraction right, or R2")
GAP = Symptom("gap", "training accuracy above validation accuracy by", "fraction", Below(0.05))
STANDARD_ERROR = Symptom("standard-error", "standard error of the accuracy", "fraction")
YARDSTICK_ERROR = Symptom(
    "yardstick-error", "standard error of the distance from the yardstick", "fraction, on the same rows"
)
TEST_LOSS = Symptom("test-loss", "validation accuracy above test accuracy by", "fraction", Below(0.03))
ONE_ANSWER = Symptom("one-answer", "commonest prediction", "fraction of predictions alike", About())
LOST_CLASSES = Symptom("lost-classes", "classes that are never predicted", "classes with recall below 0.05", Exactly(0))
ACCURACY_MISREPORTED = Symptom("accuracy-misreported", "the printed accuracy is off by", "fraction", Below(0.01))
CONSTANT_ACCURACY = Symptom("constant-accuracy", "accuracy of the best constant prediction", "fraction")
LINEAR_ACCURACY = Symptom("linear-accuracy", "accuracy of a linear classifier", "fraction right, or R2")
