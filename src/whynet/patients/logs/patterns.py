"""Patterns: the kinds of figures that trainings print, which state each is, and what it commonly comes from.

The causes of a pattern were chosen by training networks with known mistakes and looking at what they print
(`benchmarks/logs.py`); several mistakes print the same, which is why a log leaves a set.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from whynet.doctor.floors import SHARES
from whynet.patients.logs.facts import Facts, Scale, at_floor, at_low
from whynet.patients.logs.transcript import Transcript

TENDING = {"tends", "tending", "approaches", "approaching", "converges", "converging", "settles", "towards"}


@dataclass(frozen=True)
class Pattern:
    """What figures of some kind commonly come from, the likeliest first, and what would tell these apart.

    >>> PATTERNS["nan-later"].causes[0]
    'log-of-zero'
    """

    causes: tuple[str, ...]
    separate: str


PATTERNS: dict[str, Pattern] = {
    "nan-at-once": Pattern(
        ("lr-too-high", "log-of-zero", "nan-hyperparameter", "missing-activation"),
        "Print the cost before the first step, and the largest weight after it: a NaN cost at once means log(0) or "
        "an overflow of the outputs; a finite cost and NaN weights mean a rate (or another setting) that is no "
        "number; weights that grow tenfold from step to step mean too high a rate.",
    ),
    "nan-always": Pattern(
        ("lr-too-high", "bad-inputs", "log-of-zero", "nan-hyperparameter"),
        "Count the inputs that are NaN or infinite, then print the cost before the first step: NaN there means "
        "log(0) or an overflow, a finite one too high a rate (or another setting that is no number).",
    ),
    "nan-overflow": Pattern(
        ("unstable-softmax", "lr-too-high", "input-not-scaled", "init-too-large"),
        "Print the largest score before the exponential, and the largest input: subtract each row's largest "
        "score first; inputs above 10 are not scaled; scores that grow from step to step mean too high a "
        "rate.",
    ),
    "nan-later": Pattern(
        ("log-of-zero", "lr-too-high", "unstable-softmax", "missing-output-activation"),
        "Print the smallest probability under the logarithm in the last good step: exactly 0 means log(0); if it "
        "is not, run it with a tenth of the learning rate.",
    ),
    "negative": Pattern(
        ("output-shape-mismatch", "cost-mismatch", "labels-corrupted"),
        "Print the smallest and the largest target, and the shape of the outputs: a target outside 0..1 (a class "
        "number where ones and zeros belong) makes a cross-entropy negative.",
    ),
    "one-answer": Pattern(
        ("lr-too-high", "output-units-saturated", "symmetric-init", "class-imbalance"),
        "Print the cost, the outputs for ten images, and the hidden activations: outputs at 0 and 1 mean too high a "
        "rate or too large weights, hidden units that are all alike a symmetric start; count the examples of each "
        "class.",
    ),
    "numbers-for-classes": Pattern(
        ("output-shape-mismatch", "wrong-output-activation", "cost-mismatch", "input-not-scaled"),
        "Print the shapes of the outputs and of the targets, and the largest target: a squared error this large means "
        "targets that are class numbers, which no output between 0 and 1 reaches.",
    ),
    "growing": Pattern(
        ("gradient-sign-flipped", "gradient-buffer-not-reset", "lr-too-high"),
        "Take one step at a thousandth of the learning rate and print the cost of the same batch before and after: "
        "if it rises even so, the gradient has the wrong sign; if it falls, print the gradient of the same batch "
        "twice: where the second is larger, it is not reset.",
    ),
    "clipped": Pattern(
        ("lr-too-high", "input-not-scaled", "wrong-output-activation", "init-too-large"),
        "Print the outputs for ten images: exactly 0 and 1 for all of them. Print the largest input and the "
        "weighted inputs of the outputs before the first step: large at once means inputs or weights that "
        "are too large, later too high a rate.",
    ),
    "clipped-two": Pattern(
        ("softmax-single-unit", "wrong-output-activation", "input-not-scaled", "lr-too-high"),
        "Print the outputs for ten examples: all exactly 1 is a softmax over one unit, all exactly 0 an "
        "output that is cut off (ReLU); print the largest input too: above 10 means that it is not scaled.",
    ),
    "zeros-counted": Pattern(
        ("lr-too-high", "metric-wrong", "symmetric-init", "input-not-scaled"),
        "Count the images whose largest output is the right one: an accuracy of each output by itself is 90 % where "
        "nothing is learned. Then print the hidden activations of ten images.",
    ),
    "majority": Pattern(
        ("class-imbalance", "softmax-single-unit", "input-not-scaled", "lr-too-low"),
        "Count the examples and the answers of each class: where one class is nearly all of the examples, "
        "weigh the others more; where it is not, print the hidden activations of ten examples.",
    ),
    "dear": Pattern(
        ("lr-too-high", "gradient-not-averaged", "input-not-scaled", "unstable-softmax"),
        "Print the cost of one batch before and after the very first step, at the rate and at a tenth of "
        "it; print the sum of each image's outputs (1, or the softmax is taken over the batch), and the "
        "largest input.",
    ),
    "high": Pattern(
        ("lr-too-high", "gradient-not-averaged", "input-not-scaled", "init-positive-saturation"),
        "Print the cost of one batch before and after the very first step, at the rate and at a tenth of it: a "
        "cost that jumps at the rate only means too high a rate (or a gradient summed over the batch: then batches "
        "of 1 learn); also print the largest input: above 10 means pixels that are not scaled.",
    ),
    "summed": Pattern(
        ("gradient-not-averaged", "lr-too-high", "symmetric-init"),
        "Divide the cost, and with it the gradient, by the number of examples in a batch, and run the same steps "
        "again: if it learns, that was it; else print the hidden activations of ten images: all alike is a symmetric "
        "start.",
    ),
    "above": Pattern(
        ("lr-too-high", "gradient-wrong-term", "input-not-scaled", "init-positive-saturation"),
        "Check the gradient by differences on one example; where it is right, print the largest input (above 10: "
        "not scaled) and try a tenth of the learning rate.",
    ),
    "penalty-decays": Pattern(
        ("regularisation-too-strong", "lr-too-low", "init-too-large", "lr-too-high"),
        "Print the cost without its penalty, and the largest weight, before training and after: a cost that is almost "
        "all penalty, and weights that shrink to nothing, mean a penalty that is too strong.",
    ),
    "high-start-stuck": Pattern(
        ("init-positive-saturation", "init-too-large", "input-not-scaled", "lr-too-high"),
        "Print the mean and the spread of the first hidden layer's weighted inputs before training: a mean above 4 "
        "means initial weights that are all of one sign, a spread above 4 weights (or pixels, print the largest) "
        "that are too large; near 0 and 1 it is the learning rate.",
    ),
    "high-start": Pattern(
        ("init-too-large", "input-not-scaled", "lr-too-high", "lr-too-low"),
        "Print the largest input and the standard deviation of the first hidden layer's weighted inputs before "
        "training: inputs above 10 are not scaled; inputs up to 1 with a deviation above 4 mean initial weights "
        "that are too large.",
    ),
    "better-held-out": Pattern(
        ("bad-inputs", "labels-corrupted", "label-noise", "regularisation-too-strong"),
        "Show twenty training images with their labels: blank images and wrong labels are seen at once. If they "
        "are in order, print the training accuracy with dropout switched off.",
    ),
    "held-out-foreign": Pattern(
        ("preprocess-mismatch", "label-order-mismatch", "metric-wrong", "not-shuffled"),
        "Print minimum, mean and maximum of the training inputs and of the held-out inputs: different ones mean "
        "that they are prepared differently; equal ones mean labels in another order, or a wrong count of right "
        "answers: evaluate the training images with the same code.",
    ),
    "learns-at-chance": Pattern(
        ("not-shuffled", "label-order-mismatch", "metric-wrong", "preprocess-mismatch"),
        "Print the labels of one batch: all alike means that the examples come sorted by class. If they are mixed, "
        "evaluate the training images with the same code as the others: low there too means the count is wrong.",
    ),
    "learns-one-class": Pattern(
        ("not-shuffled", "labels-corrupted", "data-index-bug", "preprocess-mismatch"),
        "Count the labels in the training set, and in one batch: all alike means a mistake in reading them, or "
        "examples that come sorted by class. If they are mixed, evaluate the training images "
        "with the same code as the others.",
    ),
    "few-rows": Pattern(
        ("data-index-bug", "too-little-data", "not-shuffled", "class-imbalance"),
        "Count the distinct training rows that are visited in one epoch, and the examples of each class among them.",
    ),
    "lopsided": Pattern(
        ("class-imbalance", "data-index-bug", "too-little-data", "preprocess-mismatch"),
        "Count the training examples of each class, and the distinct rows that are visited in one epoch.",
    ),
    "gap": Pattern(
        ("too-little-data", "overfit", "preprocess-mismatch", "class-imbalance"),
        "Train on a quarter of the examples: where the held-out accuracy hardly falls, more examples will not help "
        "either, and it is overfitting; print minimum, mean and maximum of both sets of inputs to exclude that "
        "they are prepared differently.",
    ),
    "nothing-general": Pattern(
        ("features-destroyed", "labels-corrupted", "too-little-data", "label-order-mismatch"),
        "Show twenty training images with their labels, taken from the very arrays that are trained on; if they "
        "look right, a linear classifier on the same arrays must reach about 90 %.",
    ),
    "plateau-even-start": Pattern(
        ("symmetric-init", "dead-relu", "init-too-small", "lr-too-low"),
        "Print the standard deviation of the first hidden layer's weights, and the share of hidden units that are "
        "0 for all images: equal weights are symmetric, a deviation below 0.001 is too small, a share of 1 is a "
        "dead layer.",
    ),
    "motionless": Pattern(
        ("dead-relu", "softmax-single-unit", "wrong-output-activation", "layer-not-updated"),
        "Print the outputs for ten examples: all exactly 1 is a softmax over one unit, all exactly 0 an output or a "
        "layer of ReLUs that is dead; if they differ, print a weight of each layer before and after a step.",
    ),
    "nothing-moves": Pattern(
        ("layer-not-updated", "lr-too-low", "dead-relu", "symmetric-init"),
        "Print a weight of each layer before and after a step: weights that stay the same to the last digit are not "
        "updated (or the rate is nothing); if they move, print the hidden activations of ten images.",
    ),
    "collapsed": Pattern(
        ("lr-too-high", "log-of-zero", "dead-relu", "regularisation-too-strong"),
        "Print the cost of every batch around the place where it was lost, and whether it was NaN: NaN is log(0) or an "
        "overflow; a jump without NaN is too high a rate: go back to the last good weights with a tenth of it.",
    ),
    "plateau-frozen": Pattern(
        ("symmetric-init", "dead-relu", "regularisation-too-strong", "init-too-small"),
        "Print the hidden activations of ten images before training and after an epoch: all units alike from the "
        "start is a symmetric start; all 0, or all at an end of their range, after the first steps is too high a "
        "rate.",
    ),
    "plateau-from-above": Pattern(
        ("init-too-small", "batch-too-large", "undertrained", "lr-too-low"),
        "Count the updates (epochs x examples / batch size): below a few hundred there are too few; else print the "
        "spread of the hidden activations over images: below 0.01 the initial weights are too small.",
    ),
    "plateau-few-updates": Pattern(
        ("undertrained", "batch-too-large", "lr-too-low", "init-too-small"),
        "Count the updates (epochs x examples / batch size): below a few hundred there are too few.",
    ),
    "plateau-noisy": Pattern(
        ("lr-too-high", "vanishing-gradients", "regularisation-too-strong", "init-positive-saturation"),
        "Print the mean of the first hidden layer's weighted inputs before training, and the size of the gradient "
        "of each layer's weights: a mean above 4 is saturation, a factor of 1000 between the layers vanishing "
        "gradients; else lower the rate, then the penalty.",
    ),
    "outputs-at-zero": Pattern(
        ("lr-too-high", "output-units-saturated", "init-too-large", "dead-relu"),
        "Print the ten outputs for one image, before training and after: all at 0 after the first steps "
        "means too high a rate; from the start, initial weights that are too large.",
    ),
    "plateau-squares": Pattern(
        ("init-positive-saturation", "lr-too-high", "gradient-missing-derivative", "lr-too-low"),
        "Print the mean of the first hidden layer's weighted inputs before training: above 4 is saturation; "
        "else check the gradient by differences, then try a tenth of the rate, and ten times it.",
    ),
    "just-below": Pattern(
        ("labels-corrupted", "gradient-wrong-term", "init-too-small", "lr-too-low"),
        "Show twenty training images with their labels; if these belong together, check the gradient of "
        "each layer by differences, then print the spread of the hidden activations over images.",
    ),
    "below": Pattern(
        ("features-destroyed", "undertrained", "labels-corrupted", "lr-too-low"),
        "Train on 50 images alone and show them with their labels; if they look right, a linear classifier "
        "on the same arrays must reach about 90 %: where it does, double the narrowest layer.",
    ),
    "plateau-noisy-costs": Pattern(
        ("lr-too-high", "label-order-mismatch", "regularisation-too-strong", "vanishing-gradients"),
        "Print the accuracy: exactly the share of one class, a different one every time, means that the rate (or "
        "the penalty) is too high; anything else near chance, that labels and images do not belong together: train "
        "on 50 images alone.",
    ),
    "plateau-leaving": Pattern(
        ("init-too-small", "lr-too-low", "gradient-wrong-term", "wrong-hidden-activation"),
        "Let it run on for as long again: if it now learns quickly, only the start was slow; then print the spread "
        "of the hidden activations over images before training: below 0.01 the initial weights are too small.",
    ),
    "plateau-uniform": Pattern(
        ("lr-too-low", "wrong-output-activation", "dead-relu", "symmetric-init"),
        "Print the output biases after an epoch: if they have not moved, no gradient reaches them (outputs that "
        "are all 0, or a layer that is not updated) or the rate is far too low; if they have, look at the hidden "
        "activations of ten images: all alike is a symmetric start, all 0 a dead layer.",
    ),
    "frozen-majority": Pattern(
        ("symmetric-init", "lr-too-high", "dead-relu", "init-too-small"),
        "Print the cost, and the hidden activations of ten images before training and after an epoch: all alike "
        "from the start is a symmetric (or too small) start; all 0, or all at an end of their range, after the "
        "first steps is too high a rate.",
    ),
    "frozen-zero": Pattern(
        ("nan-hyperparameter", "lr-too-high", "log-of-zero", "wrong-output-activation"),
        "Print the cost and the ten outputs for one image: NaN outputs make every answer the first class; outputs "
        "that are all 0, or all equal, do too.",
    ),
    "frozen-other": Pattern(
        ("lr-too-high", "gradient-sign-flipped", "init-positive-saturation", "gradient-not-averaged"),
        "Print the cost of the same batch before and after one step, at the rate and at a thousandth of it: if it "
        "rises at both, the gradient has the wrong sign; if only at the rate, that is too high, or the gradient is "
        "a sum.",
    ),
    "plateau": Pattern(
        ("lr-too-high", "symmetric-init", "init-positive-saturation", "undertrained"),
        "Print the cost before the first step, and the mean and spread of the first hidden layer's weighted "
        "inputs: a mean or spread above 4 is saturation, no difference between units a symmetric start; else try a "
        "tenth of the rate.",
    ),
    "plateau-told": Pattern(
        ("init-too-small", "lr-too-high", "batch-too-large", "init-positive-saturation"),
        "Print the mean and the spread of the first hidden layer's weighted inputs before training (a mean above 4 "
        "is saturation, a spread below 0.01 a start that is too small), and count the updates: below a few hundred "
        "there are too few.",
    ),
    "two-classes-stuck": Pattern(
        ("lr-too-low", "init-too-small", "symmetric-init", "capacity-minimal"),
        "Print the hidden activations of all examples before training: alike for every unit is a symmetric "
        "(or too small) start; else run it ten times as long, then with another seed and twice the hidden "
        "units.",
    ),
    "two-classes-linear": Pattern(
        ("missing-activation", "lr-too-high", "capacity-minimal", "input-not-scaled"),
        "Fit a linear classifier to the same examples: where it does no better either, a hidden layer without an "
        "activation is no more than that. Else try a tenth of the rate, and print the largest input.",
    ),
    "two-classes-partly": Pattern(
        ("capacity-minimal", "no-bias", "gradient-buffer-not-reset", "lr-too-high"),
        "Run it with five other seeds, and with twice the hidden units: what then succeeds mostly was too "
        "small. Else print the biases, and the gradient of the same example twice: a second one that is "
        "larger is not reset.",
    ),
    "two-classes-slow": Pattern(
        ("lr-too-low", "undertrained", "capacity-minimal", "input-not-scaled"),
        "Run it ten times as long, then at ten times the rate; print the largest input: above 10 it is not scaled.",
    ),
    "double-softmax": Pattern(
        ("wrong-output-activation", "cost-mismatch", "lr-too-low", "regularisation-too-strong"),
        "Print the smallest cost that is possible: with a softmax before a cost that has its own, it is "
        "1.46 for ten classes, and the gradient is weak. Give the cost the scores before any activation.",
    ),
    "double-softmax-costs": Pattern(
        ("wrong-output-activation", "bottleneck", "symmetric-init", "lr-too-low"),
        "Print the accuracy: good answers at a cost that does not fall below 1.46 (of ten classes) mean a softmax "
        "before a cost that has its own; bad ones few hidden units, or some that are all alike.",
    ),
    "leaving": Pattern(
        ("lr-too-low", "undertrained", "init-too-small", "wrong-hidden-activation"),
        "Run one epoch at ten times the learning rate: if the cost falls about ten times as fast, that was it; else "
        "let it run on for as long again, and print the spread of the hidden activations over images.",
    ),
    "thawing": Pattern(
        ("output-units-saturated", "init-too-large", "dead-relu", "cost-mismatch"),
        "Count the answers of each class on the held-out images after every epoch: classes that are not "
        "answered until late have saturated output units; print their weighted inputs.",
    ),
    "faint": Pattern(
        ("regularisation-too-strong", "labels-corrupted", "undertrained", "lr-too-low"),
        "Print the largest output for ten images: right answers at outputs of hardly more than the others "
        "mean weights that are kept too small; without any penalty, show twenty images with their labels.",
    ),
    "slightly-better": Pattern(
        ("features-destroyed", "labels-corrupted", "gradient-wrong-term", "bottleneck"),
        "Show twenty training images with their labels, from the very arrays that are trained on; if they "
        "look right, a linear classifier on these arrays must reach about 90 %: where it does, double the "
        "narrowest layer.",
    ),
    "below-chance": Pattern(
        ("preprocess-mismatch", "label-order-mismatch", "metric-wrong", "labels-corrupted"),
        "Evaluate the training images with the same code: well answered there means that held-out inputs or "
        "labels are prepared differently; badly, that labels or the count are wrong.",
    ),
    "middling": Pattern(
        ("output-units-saturated", "init-too-large", "lr-too-high", "labels-corrupted"),
        "Count the answers of each class on the held-out images: a class that is never answered has a "
        "saturated output unit; else try a tenth of the rate, then print the first weighted inputs before "
        "training.",
    ),
    "sawtooth": Pattern(
        ("not-shuffled", "lr-too-high", "data-index-bug", "label-order-mismatch"),
        "Print the labels of one batch: all alike means that the examples come sorted by class. If they are "
        "mixed, run it with a tenth of the learning rate.",
    ),
    "class-lost": Pattern(
        ("output-units-saturated", "init-too-large", "cost-mismatch", "class-imbalance"),
        "Count the answers of each class on the held-out images: a class that is never answered has a saturated "
        "output unit; print its weighted input: beyond 4 in size, no gradient of a squared error brings it back.",
    ),
    "nearly": Pattern(
        ("lr-too-low", "init-too-large", "wrong-hidden-activation", "labels-corrupted"),
        "Print the cost before the first step: far above that of a network that knows nothing means initial "
        "weights that are too large; else run one epoch at ten times the learning rate, then more epochs.",
    ),
    "slowing": Pattern(
        ("lr-too-low", "undertrained", "bottleneck", "too-little-data"),
        "Run the same epochs once with ten times the learning rate, and once with twice the hidden units: the one "
        "that gains is it. Count the updates and the training examples too: hundreds are too few.",
    ),
    "improving": Pattern(
        ("lr-too-low", "undertrained", "too-little-data", "wrong-hidden-activation"),
        "Run one epoch at ten times the learning rate: if the cost falls about ten times as fast, that was it. "
        "Count the updates too (epochs x examples / batch size): a few hundred are too few.",
    ),
    "improving-both": Pattern(
        ("lr-too-low", "undertrained", "batch-too-large", "wrong-hidden-activation"),
        "Run one epoch at ten times the learning rate: if the cost falls about ten times as fast, that was "
        "it. Count the updates too (epochs x examples / batch size): a few hundred are too few.",
    ),
    "improving-few-rows": Pattern(
        ("too-little-data", "undertrained", "lr-too-low", "batch-too-large"),
        "Count the training examples, and the updates (epochs x examples / batch size): hundreds of examples are "
        "too few to learn digits from, and hundreds of updates too few to learn in.",
    ),
    "nothing-costs": Pattern(
        ("output-shape-mismatch", "softmax-single-unit", "cost-mismatch", "metric-wrong"),
        "Print the shapes of the outputs and of the targets, and the outputs of ten images: a softmax over one unit is "
        "exactly 1 and costs nothing; there should be a unit for every class.",
    ),
    "by-heart": Pattern(
        ("label-order-mismatch", "labels-corrupted", "features-destroyed", "label-noise"),
        "Show twenty training images with their labels, taken from the very arrays that are trained on: what is "
        "learned of them does not hold for others.",
    ),
    "creeping": Pattern(
        ("lr-too-low", "undertrained", "vanishing-gradients", "momentum-unscaled"),
        "Run the same steps at a hundred times the learning rate: if the cost falls a hundred times as fast, that was "
        "it; else print the size of the gradient of each layer's weights.",
    ),
    "low-flat-counts": Pattern(
        ("bottleneck", "symmetric-init", "data-index-bug", "lr-too-high"),
        "Print the training cost: near nothing means that only a few rows are visited. Print the hidden activations "
        "of ten images: units that are all alike are a symmetric start; if they differ, double the narrowest layer.",
    ),
    "slowing-both": Pattern(
        ("lr-too-low", "undertrained", "init-too-large", "bottleneck"),
        "Run the same epochs once with ten times the learning rate, and once with initial weights a tenth as large: "
        "the one that gains is it; else double the hidden units. Count the updates too: hundreds are too few.",
    ),
    "slowing-low": Pattern(
        ("lr-too-low", "undertrained", "features-destroyed", "bottleneck"),
        "Run the same epochs with ten times the learning rate; where that does not help, show twenty training images "
        "from the very arrays that are trained on, then double the narrowest layer.",
    ),
    "low-flat-costs": Pattern(
        ("bottleneck", "symmetric-init", "lr-too-low", "init-too-large"),
        "Print the hidden activations of ten images: units that are all alike are a symmetric start; if "
        "they differ, double the narrowest layer, then try ten times the rate.",
    ),
    "low-flat": Pattern(
        ("bottleneck", "symmetric-init", "output-units-saturated", "lr-too-high"),
        "Print the hidden activations of ten images: units that are all alike are a symmetric start; if they "
        "differ, double the narrowest layer; then print the largest input and the spread of the first weighted "
        "inputs.",
    ),
    "unsure": Pattern(
        ("regularisation-too-strong", "label-noise", "init-too-large", "labels-corrupted"),
        "Run it once without any penalty and dropout: where the cost then falls, that was it. Else show twenty "
        "training images with their labels, those that are answered wrongly.",
    ),
    "near-linear": Pattern(
        ("init-too-large", "wrong-hidden-activation", "undertrained", "missing-activation"),
        "Fit a linear classifier to the same examples: where it does as well, the hidden layer does nothing, and "
        "its activation is missing or wrong; where it does better, try a tenth of the learning rate, then more "
        "epochs.",
    ),
    "odd-labels": Pattern(
        ("label-order-mismatch", "gradient-wrong-term", "lr-too-high", "input-not-scaled"),
        "Train on 50 images alone: if they are learned by heart, labels or images are at fault (show twenty of "
        "them with their labels); if not, the gradient is: check it by differences.",
    ),
}


def state_of_log(facts: Facts, scale: Scale | None) -> str:
    """The state, by what was printed; the same lines as in `doctor/states.py`, in the same order.

    >>> from whynet.doctor.series import Series
    >>> from whynet.patients.logs.facts import facts_of, scales
    >>> facts = facts_of((Series("loss", "cost", "", (2.4, math.nan)),), classes=10, linear=0.92)
    >>> state_of_log(facts, scales(10, "mnist", None)[0])
    'non-finite'
    """
    accuracy = facts.accuracy
    known = not math.isnan(accuracy)
    end, start = facts.end, facts.start
    if facts.broken or (len(facts.costs) and math.isnan(end)):
        return "non-finite"
    if facts.answers.alike and (facts.classes == 2 or facts.answers.same or not facts.good):
        return "constant-answer"
    if known and (facts.certain or facts.majority or (facts.end == 0 and facts.chance(accuracy) and facts.frozen)):
        return "constant-answer"
    if _zeros_counted(facts, scale) or _one_accuracy(facts) or (facts.still and not known):
        return "constant-answer"
    running = facts.falling > 0.05 and len(facts.accuracies) < 2  # the mean over an epoch in which it learned
    if known and ((facts.held - facts.train > 0.15 and not running) or _better_than_its_cost(facts, scale)):
        return "bad-data"
    fell = math.isfinite(end) and scale is not None and end < 0.6 * scale.floor
    low = scale is not None and 0 <= end <= max(facts.val_end, end) < 0.16 * scale.floor and not scale.summed
    if known and facts.classes > 2 and facts.chance(accuracy) and low and facts.val_end < facts.val_start:
        return "healthy"  # by the cost of held-out examples; the accuracy is counted wrongly
    if known and facts.good:
        return "overfits" if facts.gap > 0.05 else "healthy"
    if not math.isnan(end) and end < 0:
        return "constant-answer" if known and facts.chance(accuracy) else "diverged"
    above = scale is not None and end > 1.08 * scale.floor
    if len(facts.costs) > 1 and end > 1.02 * start + 2 * facts.noise and (above or scale is None) and not _level(facts):
        return "diverged"
    if not facts.broken and (_rose(facts) or _turned(facts) or (facts.rising < -0.15 and facts.falling < -0.1)):
        return "diverged"
    if not facts.costs and len(facts.accuracies) > 4 and accuracy < facts.accuracies[0] - 0.1:
        return "diverged"
    if known and scale is not None and facts.chance(accuracy) and end > 4 * max(scale.start, scale.floor):
        return "diverged"
    usual = max(scale.start, scale.floor) if scale is not None else math.nan
    if not known and _smooth(facts.costs) and 1.5 * usual < end < 0.06 * start and not facts.val_end > 1.5 * end:
        return "healthy"  # whatever it is a sum over
    if not known and end > 4 * usual:
        return "diverged" if not facts.falling > 0.01 else "undertrained"
    above = scale is not None and end > 1.08 * max(scale.start, scale.floor)
    if (
        known
        and facts.chance(accuracy)
        and above
        and not all(share_of(one) is not None for one in facts.accuracies[-3:])
    ):
        return "diverged"
    if known and facts.chance(accuracy) and scale is not None and _unmoved(facts, scale):
        return "not-started"
    if known and accuracy < 2 / facts.classes and _sawtooth(facts, scale):
        return "constant-answer"
    if known and facts.chance(accuracy):
        rises = facts.val_end > 1.15 * facts.val_start and facts.end < 0.8 * min(start, scale.floor if scale else start)
        if (
            rises
            or (not facts.chance(facts.train) and facts.gap > 0.05)
            or (_known_by_heart(facts, scale) and not facts.frozen)
        ):
            return "overfits"
        if accuracy < 0.55 / facts.classes and facts.classes > 4:
            return "bad-data"  # so far below chance is no ignorance: labels or inputs are not what was trained on
        learning = facts.falling > 0.03 and scale is not None and not at_floor(facts, scale) and not fell
        if not learning or facts.frozen:
            return "constant-answer"
    saturated = scale is not None and abs(end - scale.high) < 0.02 * scale.high < math.inf and abs(facts.falling) < 0.02
    if not known and scale is not None and (at_floor(facts, scale) or saturated):
        return "constant-answer"
    if known and scale is not None and abs(end - scale.floor) <= 0.02 * scale.floor and accuracy < 3 / facts.classes:
        return "constant-answer"
    if (facts.answers.missing and accuracy > 3 / facts.classes) or (not facts.gap > 0.05 and _class_lost(facts, scale)):
        return "classes-missing"
    below = 0.05 if len(facts.costs) > 4 and _smooth(facts.costs) else 0.75
    left = scale is not None and end < below * scale.floor  # what was printed begins late
    if (
        not left
        and len(facts.costs) > 1
        and (abs(start - end) < 0.01 * abs(start) or (_level(facts) and not known and start < 1.3 * end))
        and not (known and (accuracy > 3 / facts.classes or facts.rising > 0.03))
    ):
        return "not-started"
    worse = bool(facts.costs) and end > 1.5 * min(facts.costs)  # of the training examples too
    if known and max(facts.accuracies) > accuracy + 0.08 and worse:
        return "underfits"
    if facts.gap > 0.05 or _known_by_heart(facts, scale):
        return "overfits"
    apart = facts.val_end > 1.5 * end and facts.val_end > 1.1 * facts.val_least
    if not known and (
        apart
        or (facts.val_end > 2.5 * end and not (facts.val_falling > 0.02 and facts.val_end < 0.97 * facts.val_start))
    ):
        return "overfits"
    if not known and fell and scale is not None and end < 0.16 * scale.floor and _learned(facts, scale):
        return "healthy"
    moving = (
        facts.falling > 0.01 or facts.rising > 0.05 or _steady(facts) if len(facts.costs) > 1 else facts.rising > 0.01
    )
    if moving or (len(facts.costs) < 2 and math.isnan(facts.rising)):
        return "undertrained"
    if math.isnan(facts.falling) and facts.rising > 0.01:
        return "undertrained"
    still = facts.falling < 0.002 if not math.isnan(facts.falling) else facts.rising < 0.005
    still = still and not facts.noise > 0.003 * abs(end)  # what goes up and down may still be falling
    if known:
        return "stalled" if still and accuracy < 0.5 * facts.linear else "underfits"
    return "stalled" if still and scale is not None and end > 0.6 * scale.floor else "underfits"


def _unmoved(facts: Facts, scale: Scale) -> bool:
    """Whether the cost has stayed where it began, above the floor, at no class's share."""
    usual, end = max(scale.floor, scale.start), facts.end
    stayed = len(facts.costs) > 2 and abs(facts.start - end) < 0.01 * end and 1.03 * usual < end < 1.5 * usual
    return stayed and scale.cost == "softmax-cross-entropy" and share_of(facts.accuracy) is None


def _one_accuracy(facts: Facts) -> bool:
    """Whether the accuracy stays the same to the last digit while the cost goes on, as where one answer is given."""
    stuck = facts.still and facts.chance(facts.accuracy)  # where nothing moves, it may not have started
    return facts.unmoved and not stuck and not facts.gap > 0.05 and not facts.end > 1.02 * facts.start


def _learned(facts: Facts, scale: Scale) -> bool:
    """Whether the cost was seen to fall, or is next to nothing: a low cost alone may be computed in another way."""
    return len(facts.costs) < 2 or facts.end < 0.9 * facts.start or facts.end < 0.05 * scale.floor


def _level(facts: Facts) -> bool:
    """Whether costs go up and down, and neither rise nor fall all in all."""
    spread = facts.noise * math.sqrt(len(facts.costs) / 3)
    return len(facts.costs) > 7 and 0 < spread < 0.03 * facts.end and abs(facts.trend) < 2


def _steady(facts: Facts) -> bool:
    """Whether the cost has fallen by more than 2 % and does so no slower at the end."""
    costs, steps = facts.costs, len(facts.costs) - 1
    if steps < 2 or not _smooth(costs):
        return False
    return costs[0] - costs[-1] > 0.02 * costs[0] and (costs[-2] - costs[-1]) * steps > 0.85 * (costs[0] - costs[-1])


def _rose(facts: Facts) -> bool:
    """Whether the cost rose from print to print, nearly always, to far above where it began."""
    steps = [b > a for a, b in pairwise(facts.costs)]
    return len(steps) >= 2 and facts.costs[-1] > 1.5 * facts.start and sum(steps) >= 0.75 * len(steps)


def _turned(facts: Facts) -> bool:
    """Whether the cost fell from print to print, and then rose from print to print to many times its least value."""
    costs = facts.costs
    least = costs.index(min(costs)) if len(costs) > 5 else 0
    falls, rises = pairwise(costs[: least + 1]), pairwise(costs[least:])
    smooth = all(b < a for a, b in falls) and all(b > a for a, b in rises)
    return 2 < least < len(costs) - 3 and smooth and costs[-1] > 3 * costs[least]


def _better_than_its_cost(facts: Facts, scale: Scale | None) -> bool:
    """Whether held-out examples are answered well while the training cost stands where nothing is learned."""
    stands = scale is not None and facts.end > 0.85 * scale.floor and abs(facts.falling) < 0.006
    return stands and math.isnan(facts.train) and facts.held > 0.45 and facts.classes > 4


def _zeros_counted(facts: Facts, scale: Scale | None) -> bool:
    """Whether the cost stays at the floor, and the accuracy where one output in K is wrong: 90 % of ten, each alone."""
    stays = scale is not None and facts.classes > 4 and at_floor(facts, scale) and abs(facts.falling) < 0.03
    return stays and abs(facts.accuracy - 1 + 1 / facts.classes) < 0.015


def _unsure(facts: Facts, scale: Scale | None) -> bool:
    """Whether the cost stays where answers cost that are right this often, and give the rest to all others alike:
    what labels at random leave, and weights that are kept small. A network's usual mistakes cost two thirds of it.
    """
    a, K = facts.accuracy, facts.classes
    if scale is None or scale.cost != "softmax-cross-entropy" or not 0.3 < a < 0.95 or K < 3 or facts.gap > 0.03:
        return False
    blind = -a * math.log(a) - (1 - a) * math.log((1 - a) / (K - 1))
    flat = len(facts.costs) > 4 and abs(facts.falling) < 0.025 and facts.rising < 0.01
    return flat and 0.85 < facts.end / blind < 1.4


def _known_by_heart(facts: Facts, scale: Scale | None) -> bool:
    """Whether the training examples are known, by their cost, and others are not."""
    if scale is None or facts.classes == 2 or facts.val_end < 1.3 * facts.end or facts.val_end < 0.3 * scale.floor:
        return False
    if math.isnan(facts.train):  # a cross-entropy is about 1.4 floors for every wrong answer
        return facts.end < min(0.3, 0.7 * (1 - facts.held)) * scale.floor and facts.held < facts.linear - 0.07
    return facts.end < 0.05 * scale.floor and facts.held < facts.linear - 0.15


def _class_lost(facts: Facts, scale: Scale | None) -> bool:
    """Whether accuracy stands where one or two of the classes are missing, and the rest is learned."""
    values, K = facts.accuracies, facts.classes
    if scale is not None and scale.cost == "softmax-cross-entropy" and facts.start > 0.4 * scale.floor < 4 * facts.end:
        return False  # no output of a softmax is lost for good
    if facts.rising > 0.05 and facts.falling > 0.1:
        return False
    if facts.val_end > 1.5 * facts.end or len(values) < 3 or K < 5 or max(values[-3:]) - min(values[-3:]) > 0.012:
        return False
    return _as_if_lost(values[-1], K)


def _as_if_lost(accuracy: float, classes: int) -> bool:
    """Whether an accuracy is what is reached where one, two or three classes are never answered."""
    return any((classes - n) / classes - 0.055 <= accuracy <= (classes - n) / classes + 0.003 for n in (1, 2, 3))


def pattern_of(facts: Facts, scale: Scale | None, state: str, transcript: Transcript) -> str | None:
    """The name of the pattern that the figures follow; None if nothing is wrong.

    >>> from whynet.doctor.series import Series
    >>> from whynet.patients.logs.facts import facts_of, scales
    >>> facts = facts_of((Series("loss", "cost", "", (2.4, math.nan)),), classes=10, linear=0.92)
    >>> pattern_of(facts, scales(10, "mnist", None)[0], "non-finite", Transcript(()))
    'nan-at-once'
    """
    finite = [value for value in facts.costs if math.isfinite(value)]
    usual = max(scale.start, scale.floor) if scale else math.nan
    known, accuracy = not math.isnan(facts.accuracy), facts.accuracy
    high = bool(finite) and scale is not None and high_start(facts, scale)
    fell = math.isfinite(facts.end) and scale is not None and facts.end < 0.6 * scale.floor
    if state == "healthy":
        return None
    if _zeros_counted(facts, scale):
        return "zeros-counted"
    if facts.classes == 2 and facts.answers.alike:
        return "majority"
    if facts.certain or facts.outputs_whole:
        return "clipped-two" if facts.classes == 2 or facts.outputs_whole else "clipped"
    if facts.majority or (
        _one_accuracy(facts) and not facts.still and accuracy > 1.5 / facts.classes and facts.end > 0
    ):
        return "majority"
    if facts.end == 0 and facts.frozen and state == "constant-answer":
        return "nothing-costs"
    if state == "non-finite" and not finite and {"overflow", "exp"} <= transcript.words:
        return "nan-overflow"
    if state == "non-finite":
        if not finite and len(facts.costs) > 2:
            return "nan-always"
        progress = (len(finite) >= 2 and finite[-1] < 0.9 * finite[0]) or (len(finite) == 1 and finite[0] < 0.5 * usual)
        return "nan-later" if progress else "nan-at-once"
    if math.isfinite(facts.end) and facts.end < 0:
        return "negative"
    if state == "bad-data":
        return "better-held-out" if accuracy > 1 / facts.classes else "learns-at-chance"
    if state == "classes-missing" and facts.answers.missing:
        return "class-lost"
    if state == "constant-answer" and facts.answers.alike and (len(finite) < 3 or scale is None or scale.summed):
        return "one-answer"
    if state == "constant-answer" and "mse" in transcript.words and facts.frozen and 9.5 < facts.end < 100:
        return "numbers-for-classes"
    if state == "diverged":
        if _turned(facts) or (
            len(finite) > 1 and finite[-1] > 1.5 * finite[0] and (facts.falling < -0.1 or _rose(facts))
        ):
            return "growing"
        if facts.end < 1.3 * usual:
            return "above"
        return "dear" if scale is not None and scale.cost == "softmax-cross-entropy" else "high"
    if _sawtooth(facts, scale):
        return "sawtooth"
    if state == "overfits":
        if not known:
            return "gap"
        if facts.held < 1.5 / facts.classes and not facts.gap > 0.05:
            return "learns-at-chance"
        if scale is not None and facts.end < 0.05 * scale.floor and facts.train < facts.linear - 0.15:
            return "few-rows"
        if facts.held < (1.5 if facts.train < 0.9 else 2.5) / facts.classes and facts.train > 0.5:
            return "held-out-foreign"
        if facts.train < 0.6 and (scale is None or facts.end > 0.6 * scale.floor) and facts.held < 3.2 / facts.classes:
            return "nothing-general"
        if not facts.train <= 0.95 and facts.held < 0.85 and finite and scale and finite[0] < 0.2 * scale.floor:
            return "lopsided" if facts.end > 0.01 * scale.floor else "few-rows"
        return "gap"
    if known and fell and (facts.chance(accuracy) or (accuracy < 1.7 / facts.classes and facts.rising < 0.01)):
        one = (facts.frozen or (scale is not None and facts.end < 0.01 * scale.floor)) and share_of(
            accuracy
        ) is not None
        return "learns-one-class" if one else "learns-at-chance"
    if known and fell and finite and scale and facts.end < 0.1 * scale.floor and accuracy < 0.8:
        return "few-rows" if math.isnan(facts.train) or facts.train < 0.8 else "lopsided"
    if facts.classes == 2 and (finite or known):
        return _two_classes(facts, scale, state, high)
    if known and not facts.chance(accuracy) and _double_softmax(facts, scale):
        return "double-softmax"
    if facts.still and not known and scale is not None and not at_floor(facts, scale):
        return "motionless"
    if state in ("constant-answer", "not-started") and _evenly(finite):
        return "creeping"
    still = abs(facts.falling) < 0.005 and not facts.rising > 0.02
    if not facts.chance(max(facts.accuracies, default=0.0)) and max(facts.accuracies) > max(
        2 * accuracy, 3 / facts.classes
    ):
        return "collapsed"
    faint = scale is not None and abs(facts.end / scale.floor - 1) < 0.03 and still
    if faint and 1.4 / facts.classes < accuracy < 0.7:
        return "faint" if accuracy > 2.2 / facts.classes else "slightly-better"
    if state == "constant-answer" or (state in ("not-started", "stalled") and (not known or facts.chance(accuracy))):
        return _plateau(facts, scale, high, transcript)
    if state == "classes-missing":
        return "class-lost"
    if high:
        return "high-start"
    if facts.thawing:
        return "thawing"
    low = known and accuracy < 3.2 / facts.classes
    if (
        low
        and not facts.rising > 0.02
        and not abs(facts.falling) > 0.1
        and scale is not None
        and facts.end > 0.75 * scale.floor
    ):
        return "odd-labels" if facts.chance(accuracy) else _flat(facts, scale)
    if _unsure(facts, scale):
        return "unsure"
    if known and accuracy > 0.9 * facts.linear:
        return "near-linear"
    if state == "undertrained":
        if facts.gap > 0.03:
            return "improving-few-rows"
        if abs(facts.falling) < 0.05 and not facts.rising > 0.03:
            return _flat(facts, scale)
        if not finite and len(facts.accuracies) < 2 and _as_if_lost(accuracy, facts.classes):
            return "middling"
        if known and accuracy > 0.78 * facts.linear:
            return "nearly"
        if _slowing(facts):
            stands = not finite and accuracy > 0.5 and facts.rising < 0.03
            return "middling" if stands else _slow(facts)
        return "improving-both" if not math.isnan(facts.gap) else "improving"
    return _flat(facts, scale)


def _flat(facts: Facts, scale: Scale | None) -> str:
    """Which kind of standing still above chance, by where it stands."""
    if not math.isnan(facts.accuracy):
        if facts.accuracy < 2.7 / facts.classes:
            slow = facts.rising > 0.01 or facts.falling > 0.01 or _steady(facts)
            return _slow(facts) if slow else "slightly-better"
        near = scale is not None and facts.end > 0.85 * scale.floor  # it has hardly left the plateau
        if facts.falling > (0.008 if near else 0.03):
            return _slow(facts)
        if facts.accuracy > 0.5:
            return "middling"
        return "low-flat" if facts.costs else "low-flat-counts"
    least = math.log(math.e + facts.classes - 1) - 1
    if scale is not None and scale.cost == "softmax-cross-entropy" and least < facts.end < 1.12 * least:
        return "double-softmax-costs"
    return "low-flat-costs" if scale is None or facts.end < 0.8 * scale.floor else "below"


def _slow(facts: Facts) -> str:
    """Which kind of slow learning."""
    if facts.accuracy < 2.7 / facts.classes:
        return "slowing-low"
    return "slowing-both" if facts.costs and not math.isnan(facts.accuracy) else "slowing"


def _two_classes(facts: Facts, scale: Scale | None, state: str, high: bool) -> str:
    """Two classes, as in XOR: nothing learned, a part of the examples, or too slowly."""
    if scale is not None and facts.frozen and facts.start > 1.1 * scale.floor > 1.099 * facts.end:
        return "two-classes-linear"
    if high:
        return "high-start"
    stuck = scale is not None and facts.end > 0.9 * scale.floor
    if stuck and not _smooth(facts.costs) and len(facts.accuracies) > 4 and statistics.stdev(facts.accuracies) > 0.03:
        return "two-classes-linear"
    if state in ("constant-answer", "not-started") or (stuck and abs(facts.falling) < 0.02):
        return "two-classes-stuck"
    return "two-classes-slow" if facts.falling > 0.1 else "two-classes-partly"


def _double_softmax(facts: Facts, scale: Scale | None) -> bool:
    """Whether the cost is what a softmax of a softmax leaves at this accuracy: its least value, and 1 for an error."""
    least = math.log(math.e + facts.classes - 1) - 1
    entropy = scale is not None and scale.cost == "softmax-cross-entropy" and len(facts.costs) > 1
    flat = abs(facts.falling) < 0.05 and facts.accuracy > 0.4
    return entropy and flat and abs(facts.end - least - (1 - facts.accuracy)) < 0.12


def _sawtooth(facts: Facts, scale: Scale | None) -> bool:
    """Whether the cost goes again and again from far below the floor to far above it."""
    if scale is None or len(facts.costs) < 5:
        return False
    marks = [1 if cost > 1.5 * scale.floor else -1 for cost in facts.costs
             if cost > 1.5 * scale.floor or cost < 0.2 * scale.floor]  # fmt: skip
    turns = sum(a != b for a, b in pairwise(marks))
    return turns >= 4 and turns >= len(facts.costs) / 12


def _slowing(facts: Facts) -> bool:
    """Whether the last step down is clearly smaller than the one before."""
    values = facts.costs if len(facts.costs) > 2 else tuple(-one for one in facts.accuracies)
    if len(values) < 3:
        return False
    third = max(1, len(values) // 3)
    first, middle, last = (
        statistics.fmean(part) for part in (values[:third], values[third : 2 * third], values[-third:])
    )
    return (middle - last) < 0.6 * (first - middle)


def high_start(facts: Facts, scale: Scale) -> bool:
    """Whether the first cost is far above that of a network that knows nothing.

    >>> from whynet.doctor.series import Series
    >>> from whynet.patients.logs.facts import facts_of, scales
    >>> facts = facts_of((Series("error", "cost", "", (4.37, 0.45)),), classes=10, linear=0.92)
    >>> high_start(facts, scales(10, "mnist", "quadratic")[0])
    True
    """
    if scale.cost == "quadratic":
        return facts.start > 0.7 * scale.high and facts.start > 1.5 * scale.start
    return facts.start > 2 * scale.start


def _plateau(facts: Facts, scale: Scale | None, high: bool, transcript: Transcript) -> str:
    """Which kind of standing still."""
    costs = [value for value in facts.costs if math.isfinite(value)]
    shares = [share_of(value) for value in facts.accuracies[-4:]]
    smooth = [statistics.median(costs[max(0, at - 1) : at + 2]) for at in range(len(costs))]
    if max(facts.accuracies, default=0.0) > 3 / facts.classes or (
        scale and min(smooth[1:-1], default=9e9) < 0.6 * scale.floor < 0.67 * facts.end
    ):
        return "collapsed"
    if scale is not None and _decays(costs, scale.floor):
        return "penalty-decays"
    if high:
        return "high-start-stuck"
    if (
        facts.gap > 0.01
        and facts.val_end > 1.002 * facts.val_start
        and facts.end < 0.998 * facts.start
        and _smooth(costs)
    ):
        return "by-heart"
    usual = max(scale.start, scale.floor) if scale else math.inf
    if scale is not None and scale.summed:
        return "summed"
    if _level(facts) and costs and 1.03 * usual < facts.end < 1.3 * usual:
        return "nothing-moves"
    if costs and facts.end > 1.08 * usual:
        return "high" if facts.end > 1.3 * usual else "above"
    if scale is not None and not high and at_low(facts, scale):
        return "outputs-at-zero"
    if TENDING & transcript.words and len(costs) < 3:
        return "plateau-told"
    if len(costs) < 3 and not set(shares) - {1} and shares:
        return "frozen-majority"
    if not costs:
        if len(shares) > 1 and len(set(shares[-3:])) == 1 and shares[-1] is not None:
            return {1: "frozen-majority", 0: "frozen-zero"}.get(shares[-1], "frozen-other")
        if len(shares) > 1:
            if facts.accuracy < 0.8 / facts.classes and None in shares:
                return "below-chance"
            return "plateau-noisy" if None not in shares else "odd-labels"
        return "plateau"
    if scale is None or len(costs) < 2:
        return "plateau"
    if (
        len(costs) > 4
        and _smooth(costs)
        and len(set(costs)) == len(costs)
        and facts.falling > 0.2 * (1 - costs[-1] / costs[0])
        and 0.995 * costs[0] < costs[-1] > 1.003 * scale.floor
    ):
        return "creeping"
    if len(costs) > 2 and len(set(costs)) == 1 and facts.accuracies and None in shares:
        return "nothing-moves"
    if facts.trend < -2.5 and len(costs) > 7 and costs[0] < 1.02 * scale.floor and not facts.accuracies:
        return "creeping"
    uniform = math.log(facts.classes)
    if scale.cost == "softmax-cross-entropy" and abs(uniform - scale.floor) > 0.001 > 2.5 * abs(facts.end - uniform):
        return "plateau-uniform"
    if scale.cost != "quadratic" and abs(facts.start / scale.start - 1) < 0.0004:
        return "plateau-even-start"
    few = transcript.epochs is not None and transcript.epochs > 20
    if few and costs[0] > 1.3 * scale.floor and _smooth(costs):
        return "plateau-few-updates"
    if facts.end < 0.999 * scale.floor and facts.falling > 0.001 and facts.rising > 0.01:
        return "plateau-leaving"
    if facts.rising > 0.02 and _smooth(costs) and all(b >= a for a, b in pairwise(facts.accuracies)):
        return "leaving"
    steady = (costs[-2] - costs[-1]) * (len(costs) - 1) > 0.6 * (costs[0] - costs[-1])
    slowly = _smooth(costs) and facts.falling > 0.005 and (steady or facts.end > 1.004 * scale.floor)
    better = len(facts.accuracies) > 2 and all(b > a for a, b in pairwise(facts.accuracies))
    if slowly or (better and facts.val_falling > 0.001):
        return "creeping"
    if len(shares) > 2 and len(set(facts.accuracies[-4:])) > 1:
        if facts.accuracy < 0.8 / facts.classes and None in shares[-3:]:
            return "below-chance"
        return "plateau-noisy" if None not in shares[-3:] else "odd-labels"
    if not math.isnan(facts.accuracy) and not facts.chance(facts.accuracy) and facts.end < 0.998 * facts.start:
        return "leaving"
    near = abs(facts.end / scale.floor - 1) < 0.006
    if near and _smooth(costs) and costs[0] > 1.03 * scale.floor:
        return "plateau-from-above"
    last = costs[-4:]
    still = max(last) - min(last) < 0.0004 * scale.floor or bool(facts.accuracies)
    if facts.frozen or (still and abs(facts.end / scale.floor - 1) < (0.006 if facts.accuracies else 0.0012)):
        return "plateau" if scale.cost == "quadratic" else "plateau-frozen"
    if facts.accuracies:
        return "plateau-noisy"
    if scale.cost == "quadratic":
        return "plateau-squares"
    ratio = facts.end / scale.floor
    return "below" if ratio < 0.975 else "just-below" if ratio < 0.996 else "plateau-noisy-costs"


def _decays(costs: Sequence[float], floor: float) -> bool:
    """Whether the cost falls to the floor by the same share every time, as a penalty alone makes it."""
    above = [cost - floor for cost in costs if cost > 1.02 * floor]
    ratios = [b / a for a, b in pairwise(above)]
    return len(ratios) > 3 and max(ratios) < 0.97 and max(ratios) - min(ratios) < 0.25 and above[0] > floor


def _evenly(costs: Sequence[float]) -> bool:
    """Whether the cost falls by about the same little step every time, as where the steps are far too small."""
    steps = [a - b for a, b in pairwise(costs)]
    return len(steps) > 3 and min(steps) > 0 and max(steps) < 1.6 * min(steps) and costs[-1] > 0.9 * costs[0]


def _smooth(costs: Sequence[float]) -> bool:
    return len(costs) > 2 and all(b <= a * 1.0005 for a, b in pairwise(costs))


def share_of(accuracy: float) -> int | None:
    """Which class of MNIST's test images this is the share of, to a twentieth of a point.

    >>> share_of(0.0958), share_of(0.5)
    (6, None)
    """
    shares = [count / 10_000 for count in SHARES["mnist"][1]]
    near = min(range(10), key=lambda label: abs(shares[label] - accuracy))
    return near if abs(shares[near] - accuracy) < 0.00055 else None
