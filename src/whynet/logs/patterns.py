"""Patterns: the kinds of figures that trainings print, and what each commonly comes from.

The causes of a pattern were chosen by training networks with known mistakes and looking at what they print
(`benchmarks/logs.py`); several mistakes print the same, which is why a log leaves a set.
"""

from __future__ import annotations

from dataclasses import dataclass


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
        ("regularisation-too-strong", "label-noise", "labels-corrupted", "bad-inputs"),
        "Print the training accuracy with dropout switched off. If it stays low, show twenty training images with "
        "their labels: blank images and wrong labels are seen at once.",
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
    "went-back": Pattern(
        ("lr-too-high", "momentum-unscaled", "gradient-missing-derivative", "gradient-buffer-not-reset"),
        "Go on from the best weights with a tenth of the learning rate, and without momentum: if it no longer gets "
        "worse, that was it; else check the gradient by differences.",
    ),
    "shrinking": Pattern(
        ("regularisation-too-strong", "cost-mismatch", "label-noise", "lr-too-high"),
        "Print the cost without its penalty, and the size of the weights, after every epoch: weights that shrink while "
        "answers get worse mean a penalty that is too strong.",
    ),
    "jumpy": Pattern(
        ("lr-too-high", "input-not-scaled", "init-too-large", "momentum-unscaled"),
        "Run it with a tenth of the learning rate: if the accuracy then rises smoothly, and further, that was it; "
        "print the largest input, too: above 10 it is not scaled.",
    ),
    "late": Pattern(
        ("vanishing-gradients", "init-too-small", "wrong-hidden-activation", "lr-too-low"),
        "Print the size of the gradient of each layer's weights in the first epoch: a factor of 1000 between the "
        "layers means that gradients vanish; all of them tiny, initial weights that are too small.",
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
