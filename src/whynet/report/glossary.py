"""The words that whynet uses, beside the words of the field. docs/words.md is made from this table by `make docs`."""

from __future__ import annotations

import re
from typing import NamedTuple


class Word(NamedTuple):
    """A row: whynet's word, other names of the same thing with commas between them, its symbol, and one sentence.

    >>> lookup("Losses").word
    'cost'
    """

    word: str
    field: str
    symbol: str
    meaning: str

    @property
    def names(self) -> tuple[str, ...]:
        """Whynet's word first, then the other names."""
        return (self.word, *filter(None, self.field.split(", ")))


GLOSSARY = (
    # Data
    Word("example", "sample, instance, data point, row", "x", "One input together with what should be predicted of it."),
    Word("feature", "input, input variable, attribute", "x", "One of the numbers that describe an example; of an image, a scaled pixel."),
    Word("label", "class label, ground truth", "y", "The class that an example belongs to, as a number."),
    Word("target", "target vector, one-hot vector, desired output", "t", "What the outputs should be for an example: 1 for its class and 0 for the others, or the number to predict."),
    Word("class frequencies", "class proportions, class priors, class shares, base rates", "p", "Which fraction of the examples each class has."),
    Word("training set", "training data", "", "The examples that the gradient is computed from."),
    Word("validation set", "development set, dev set, hold-out set", "", "Examples that are not trained on, by which settings are chosen and trials are judged."),
    Word("held-back rows", "held-out rows, held-out data", "", "The rows that a diagnosis sets aside as its validation set before anything is trained."),
    Word("test set", "test data", "", "Examples that are looked at once, at the end, and decide nothing."),
    # A network
    Word("weight", "kernel, coefficient, connection strength", "W", "What an input of a unit is multiplied by; in whynet W has one row for each input and one column for each unit."),
    Word("bias", "intercept, negative threshold", "b", "A number that is added to what comes into a unit, whatever the example."),
    Word("pre-activation", "weighted input, net input, logit", "z", "What comes into a unit before its activation function: z = x W + b."),
    Word("activation", "activation function, transfer function, nonlinearity, unit output", "a", "What a unit puts out, a = f(z); the function f has the same name."),
    Word("score", "output, raw output, model output", "s", "What the last layer puts out, before the cost makes probabilities of it."),
    Word("probability", "predicted probability, class probability, confidence", "p", "How likely each class is for an example, as the network says; over the classes it sums to 1."),
    Word("prediction", "answer, predicted class, predicted value", "y_hat", "The class with the highest score, or the predicted number."),
    Word("saturation", "saturated unit, saturated activation", "", "A pre-activation so large that the activation hardly changes with it: its derivative is almost 0 and hardly any gradient passes."),
    Word("dead unit", "dead neuron, dying ReLU", "", "A unit whose activation is 0 for every example, so that it passes no gradient and cannot recover."),
    Word("fan-in", "number of inputs of a unit", "n_in", "How many inputs a unit adds up; initial weights are scaled by its square root."),
    Word("initialisation", "initialization, initial weights, weight initialisation, weight initialization", "", "How weights and biases are drawn before the first step."),
    Word("capacity", "model capacity, expressiveness, representational power", "", "How complicated a relation a network can represent; it grows with units and layers."),
    Word("convolution", "convolutional layer, cross-correlation, conv layer", "", "A layer that lays the same small filters on every place of a picture, so that what is learned in one place is known in all."),
    Word("filter", "convolution kernel, feature detector", "W", "The weights of one output channel of a convolution: a small picture of what it looks for."),
    Word("channel", "plane, feature map, colour channel", "", "One of the numbers of each pixel: a colour of a picture, or what one filter says of each place."),
    Word("stride", "step of a window, subsampling factor", "", "How many pixels lie between one place of a filter or a pool and the next."),
    Word("padding", "zero padding, border of zeros", "", "Zeros round a picture, so that a filter can be laid on its edge."),
    Word("pooling", "max-pooling, average pooling, subsampling, downsampling", "", "Keeping the largest, or the mean, of each small window of a picture: what is there, and not quite where."),
    # Training
    Word("cost", "loss, loss function, cost function, objective, error function", "C", "The number that training makes smaller: for whynet the mean over examples of the sum over outputs."),
    Word("gradient", "gradients, vector of partial derivatives", "g", "The derivatives of the cost by all parameters: the direction in which the cost rises fastest."),
    Word("derivative", "slope, partial derivative", "f'(z)", "How much a value changes for a small change of what it depends on."),
    Word("delta", "error signal, backpropagated error, error term", "delta", "The derivative of the cost by a unit's pre-activation, dC/dz: what backpropagation hands from layer to layer."),
    Word("backpropagation", "backprop, backward pass, reverse-mode differentiation", "", "The chain rule from the last layer to the first: it gives all derivatives at the price of about two forward passes."),
    Word("gradient check", "numerical gradient check, gradcheck, finite differences", "", "A comparison of backpropagation with the change of the cost when one parameter is moved a little."),
    Word("batch", "mini-batch, minibatch", "B", "The examples whose mean gradient decides one step."),
    Word("step", "update, iteration, parameter update", "", "One change of all parameters, made from one batch."),
    Word("epoch", "pass over the training set", "", "As many steps as it takes to see every training example once."),
    Word("learning rate", "step size, rate, lr, eta, alpha", "eta", "What the gradient is multiplied by to get the step."),
    Word("schedule", "learning-rate schedule, learning rate decay", "", "How the learning rate changes from the first step to the last."),
    Word("momentum", "heavy ball, velocity, beta", "m", "The fraction of the previous step that is added to the next: v <- m v - eta g, w <- w + v."),
    Word("optimizer", "optimiser, update rule, solver", "", "The rule that makes a step of a gradient: SGD, Adam and others."),
    Word("penalty", "regularisation, regularization, L2, L2 penalty, L2 regularisation, L2 regularization, ridge, lambda", "L", "L/2 times the sum of the squared weights, added to the mean cost so that weights stay small; biases are left out."),
    Word("weight decay", "decoupled weight decay", "", "Every weight is made smaller by the same fraction before a step; under plain SGD the same as an L2 penalty, under Adam not."),
    Word("dropout", "dropout rate", "", "A random fraction of units is set to 0 in each training step, and none in evaluation."),
    Word("batch normalisation", "batch normalization, batch norm, batchnorm", "", "Each unit's pre-activations are brought to mean 0 and variance 1 over the batch, then scaled and shifted by learned numbers."),
    Word("early stopping", "patience", "", "Training ends when the validation quality has not risen for some epochs, and the best epoch is kept."),
    Word("seed", "random seed", "", "The number that decides everything random in a run."),
    Word("random state", "RNG state, generator state, random number generator", "", "What a random number generator will draw next depends on; the doctor leaves that of other libraries as it was."),
    # Measuring
    Word("floor", "baseline cost, cost of the best constant prediction, constant predictor", "", "The least cost that is possible with the same prediction for every example; a network at the floor has learned nothing from its inputs."),
    Word("plateau", "flat region, stuck loss", "", "A cost or accuracy that no longer changes; many plateaus are the floor of some cost, and `whynet explain NUMBER` knows them."),
    Word("chance level", "random guessing, chance accuracy, chance", "1/K", "The accuracy of guessing: one in K for K classes of equal frequency."),
    Word("yardstick", "linear baseline, baseline model, linear classifier, linear regression", "", "A linear model fitted to the same rows, a classifier or a regression; a network that is worse than it does not learn well."),
    Word("accuracy", "fraction correct, hit rate", "", "The fraction of examples whose prediction is right."),
    Word("quality", "score in 0..1, accuracy or R2, R2, coefficient of determination", "", "How good predictions are, from 0 to 1: the accuracy of classes, the balanced accuracy of labels, R2 of numbers (0 where it is negative)."),
    Word("confusion matrix", "contingency table, confusion table", "", "A table that counts how often each class (row) is predicted as each class (column)."),
    Word("recall", "sensitivity, true positive rate", "", "The fraction of a class's examples that are predicted as that class."),
    Word("balanced accuracy", "mean recall, balanced accuracy score", "", "Of a label, the mean of both recalls: of the rows that have it and of those that do not; 50 % for one answer to all."),
    Word("precision", "positive predictive value", "", "Of the rows that are said to have a label, the fraction that have it."),
    Word("F1", "F-score, F-measure, Dice coefficient", "", "The harmonic mean of precision and recall."),
    Word("RMSE", "root mean squared error, root-mean-square error", "", "The root of the mean squared error, in the units of the targets; always predicting the mean gives their standard deviation."),
    Word("MAE", "mean absolute error", "", "How far predictions are off on the average, in the units of the targets."),
    Word("residual", "prediction error", "", "What is left over of a number: the true one minus the predicted one."),
    Word("permutation importance", "feature importance", "", "How far the quality falls when one column is shuffled over the rows: what the network uses that column for."),
    Word("standard error", "SE, standard error of the mean, uncertainty", "SE", "How far a measured quality or mean would typically move with other examples or other seeds."),
    Word("overfitting", "overfits, overtraining, high variance, generalisation gap, generalization gap", "", "The training quality is well above the validation quality: the network has learned what is true of its training examples only."),
    Word("underfitting", "underfits, high bias", "", "Training and validation quality are both low and no longer rise: the network cannot represent the relation."),
    # What became of a training: the states
    Word("NaN", "not a number", "", "What comes of 0/0, of infinity minus infinity or of the logarithm of a negative number; once it is in a weight every cost is NaN, mostly because the learning rate is too large (`whynet explain lr-too-high`), a logarithm of 0 was taken (`whynet explain log-of-zero`) or the data hold one already (`whynet explain bad-inputs`)."),
    Word("infinity", "inf, overflow", "", "A number larger than the type holds, mostly of weights that grow with every step (`whynet explain exploding-gradients`) or of the logarithm of 0; the next step makes NaN of it."),
    Word("non-finite", "numerical instability", "", "State: a cost or a weight became NaN or infinite, and training stopped there."),
    Word("diverged", "divergence, blow-up", "", "State: the cost ended above where it began."),
    Word("constant-answer", "constant output, mode collapse, same output for every input", "", "State: every example gets the same prediction, or the cost is that of the best constant one: nothing has been learned about the inputs."),
    Word("classes-missing", "missing class, class never predicted", "", "State: some classes are learned, and at least one is hardly ever predicted (a recall below 5 %)."),
    Word("not-started", "", "", "State: the cost has moved by less than 1 % since before the first step."),
    Word("stalled", "stuck", "", "State: the cost has been flat for the last half of the training, far above what a linear model reaches."),
    Word("bad-data", "", "", "State: the data themselves are not in order, so that no network could learn from them."),
    Word("healthy", "sound", "", "State: at least as good as a linear model on the same rows, with no class of which less than half is found."),
    # Running
    Word("recipe", "configuration, config, hyperparameters", "", "All settings that decide a run, in one small file."),
    Word("run", "experiment, training run", "", "One training of one recipe, and the directory with everything that it left."),
    Word("engine", "backend, back end", "", "The code that takes the steps: `reference` is NumPy to be read, `native` is compiled and fast; both compute the same."),
    # The doctor
    Word("patient", "model under test, model under diagnosis", "", "The network, program or log that is diagnosed."),
    Word("symptom", "diagnostic, measurement, metric", "", "A measured fact about the patient, beside its normal range."),
    Word("state", "outcome, diagnosis of the run", "", "What the training has come to, such as constant-answer, overfits or healthy; it says what happened and not why."),
    Word("cause", "root cause, failure mode, bug", "", "Why a network does not learn; `whynet explain CAUSE` prints the page of one."),
    Word("change", "edit, intervention", "", "One edit of the patient, such as a tenth of the learning rate."),
    Word("trial", "ablation, paired experiment, controlled experiment", "", "Training again with one change, from the same seed and with the same order of examples, and comparing."),
    Word("verdict", "diagnosis, conclusion", "", "The causes that the doctor names, the strongest first, each with its status."),
    Word("proved", "confirmed", "", "Changing this alone restores learning over several seeds, or it belongs to the smallest set of changes that does."),
    Word("helps", "partial improvement", "", "Changing this gains more than two standard errors over the seeds, and not enough to restore learning."),
    Word("found", "detected defect", "", "A defect that was measured directly and is not shown to be what stops learning."),
    Word("suspected", "hypothesis", "", "The measurements speak for this cause, and no trial has shown it."),
    Word("not examined", "out of scope, not tested", "", "A part of the patient that could not be looked at or tried, listed with the reason."),
    Word("effort", "compute budget, trial budget", "", "How much training the trials may do, counted in multiply-adds and not in seconds, so that the verdict does not depend on the machine."),
    Word("casebook", "collection of cases, benchmark of failures", "", "The shipped recipes of real networks that did not learn, with what was wrong with each."),
)  # fmt: skip


def _key(text: str) -> str:
    return re.sub(r"[\s_-]+", " ", text).strip().lower()


BY_NAME = {_key(name): row for row in reversed(GLOSSARY) for name in reversed(row.names)}
BY_NAME |= {
    _key(row.word): row for row in GLOSSARY
}  # a word of whynet's own goes before another name of something else


def lookup(text: str) -> Word | None:
    """The row of a word, by any of its names: case, hyphens, underscores and a plural make no difference.

    >>> lookup("Mini_Batches").word, lookup("LEARNING-RATE").symbol, lookup("sofa")
    ('batch', 'eta', None)
    """
    key = _key(text)
    singulars = (
        key,
        key.removesuffix("s"),
        key.removesuffix("es"),
        re.sub("ies$", "y", key),
        re.sub("ices$", "ix", key),
    )
    return next((BY_NAME[one] for one in singulars if one in BY_NAME), None)


def words_page() -> str:
    """The table as Markdown; `make docs` writes it into docs/words.md.

    >>> words_page().startswith("# Words")
    True
    """
    head = [
        "# Words",
        "",
        "What whynet's words mean, and what else the same thing is called. `whynet explain WORD` prints a row, by any of",
        "these names. Made from `src/whynet/report/glossary.py` by `make docs`.",
        "",
        "| word | also called | symbol | meaning |",
        "|---|---|---|---|",
    ]
    rows = [
        f"| {row.word} | {row.field} | {f'`{row.symbol}`' if row.symbol else ''} | {row.meaning} |" for row in GLOSSARY
    ]
    return "\n".join([*head, *rows]) + "\n"
