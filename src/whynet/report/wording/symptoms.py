"""Symptoms in words: what each measured number is called. The JSON of a diagnosis has the short names.

To name a new one, add a line to `WORDS`, and its name to `FRACTIONS` if it is said in per cent.
"""

from __future__ import annotations

import math
import re

from whynet.doctor.diagnosis import Symptom, Wording

WORDS = {
    "accuracy": "validation accuracy",
    "accuracy-misreported": "the printed accuracy is off by",
    "arrays-off-their-gradient": "arrays that move, but not along their gradient",
    "arrays-left-alone": "weight arrays with a gradient that never move",
    "bend": "departure of the outputs from a linear map",
    "biases": "biases that have any effect",
    "biases-gradient": "largest derivative by a bias",
    "biases-move": "largest change of a bias",
    "blank-rows": "rows of one single value",
    "class-balance": "evenness of the classes (entropy)",
    "classes-per-batch": "different classes in a batch, of shuffled ones",
    "constant-accuracy": "accuracy of the best constant prediction",
    "cost": "cost at the end",
    "dead-end": "dead hidden units at the end",
    "dead-start": "dead hidden units before the first step",
    "dead-units": "dead hidden units",
    "standard-error": "standard error of the accuracy",
    "effective-rate": "learning rate that the steps obey",
    "fitted-momentum": "fraction of the step before in each step",
    "fitted-previous-gradient": "multiple of the gradient before in each step",
    "fitted-rate": "multiple of the gradient in each step",
    "floor": "cost of the best constant prediction",
    "gap": "training accuracy above validation accuracy by",
    "gradient-cosine": "cosine between the gradient and the true one",
    "gradient-error": "relative error of the gradient",
    "gradient-fall": "first layer's gradient to the last layer's",
    "gradient-finite": "the gradient is finite (1: yes)",
    "gradient-length": "length of the gradient to the true one's",
    "hidden-probabilities": "hidden layers whose activations sum to 1",
    "hidden-shares": "hidden layers whose activations sum to 1",
    "highest-cost": "highest cost on the way, to the first",
    "identical-units": "hidden units that start as copies of another",
    "input-offset": "distance of the inputs' mean from 0",
    "largest-class": "fraction of the largest class",
    "largest-input": "largest input",
    "largest-output": "largest output before the first step",
    "least-output": "least output before the first step",
    "least-weight-gain": "smallest gain of a layer's initial weights",
    "linear-accuracy": "accuracy of a linear classifier",
    "lost-classes": "classes that are never predicted",
    "moved": "distance moved, to the weights' first length",
    "narrowest": "units of the narrowest hidden layer",
    "nearest-neighbour": "accuracy of the nearest neighbour",
    "neighbouring-pixels": "correlation of neighbouring pixels",
    "neighbours-agree": "nearest neighbours of the same label",
    "one-answer": "commonest prediction",
    "one-prediction": "commonest prediction",
    "one-sided-push": "mean pre-activation of layer 1",
    "optimizer-plain": "the steps follow the gradient itself (1: yes)",
    "output-pre-activation": "mean size of the outputs' pre-activations",
    "output-weighted-input": "mean size of the outputs' pre-activations",
    "outputs-sum": "outputs of an example sum to 1 but for",
    "overflows": "gradient arrays that overflow needlessly",
    "own-check": "error that the program's gradient check finds",
    "own-steps": "steps that were taken",
    "pre-activation-offset": "offset of layer 1's pre-activations from 0",
    "penalty-pull": "pull of the penalty, to the gradient's",
    "pre-activation-sd": "standard deviation of layer 1's pre-activations",
    "progress": "fall of the cost",
    "rank": "independent directions among the activations",
    "rows": "training examples",
    "rows-sum": "probabilities of an example sum to 1 but for",
    "rows-visited": "different training examples in an epoch",
    "same-class-in-a-row": "neighbouring examples of one class",
    "saturated-end": "saturated hidden activations at the end",
    "saturated-start": "saturated hidden activations",
    "spread-end": "spread of hidden activations over examples, end",
    "spread-start": "spread of hidden activations over examples",
    "start-cost": "cost before the first step",
    "start-cost-ratio": "cost before the first step, to a sound one",
    "steps": "steps in all",
    "steps-per-epoch": "steps in an epoch",
    "still-falling": "fall of the cost in the second half",
    "stopped-early": "epochs that the stopping rule left out",
    "test-images-in-training": "test examples among the training examples",
    "test-loss": "validation accuracy above test accuracy by",
    "test-set-differs": "distance of the test set from the training set",
    "train-accuracy": "training accuracy",
    "update-finite": "the updated weights are finite (1: yes)",
    "weight-gain": "largest gain of a layer's initial weights",
    "weighted-input-sd": "standard deviation of layer 1's pre-activations",
    "weights": "mean size of the weights at the end",
    "weights-gradient": "largest derivative by a weight",
    "weights-move": "largest change of a weight",
}
FRACTIONS = {
    "constant-accuracy",
    "accuracy", "accuracy-misreported", "blank-rows", "dead-end", "dead-start", "dead-units", "standard-error", "gap",
    "identical-units", "largest-class", "linear-accuracy", "nearest-neighbour", "neighbours-agree", "one-answer",
    "one-prediction", "own-steps", "progress", "rows-visited", "same-class-in-a-row", "saturated-end",
    "saturated-start", "still-falling", "stopped-early", "test-images-in-training", "test-loss", "train-accuracy",
}  # fmt: skip
PLAIN = Wording()
BARE = {"sd", "of the true gradient's"}  # units that the name does not say already


def name_of(symptom: Symptom) -> str:
    """What it is called.

    >>> name_of(Symptom("saturated-start", 1.0, "", "")), name_of(Symptom("new-number", 1.0, "", ""))
    ('saturated hidden activations', 'new number')
    """
    return WORDS.get(symptom.name, symptom.name.replace("-", " "))


def value_of(symptom: Symptom) -> str:
    """Its value, as it is written.

    >>> value_of(Symptom("saturated-start", 0.987, "", "")), value_of(Symptom("largest-input", 255.0, "", ""))
    ('98.7 %', '255')
    """
    if not math.isfinite(symptom.value):
        return "not a number" if math.isnan(symptom.value) else "infinite"
    if symptom.name in FRACTIONS:
        return percent(symptom.value)
    shown = f"{symptom.value:,.0f}" if float(symptom.value).is_integer() and abs(symptom.value) < 1e9 else ""
    unit = f" {symptom.unit}" if symptom.unit in BARE else ""
    return (shown or f"{symptom.value:.3g}") + unit


def normal_of(symptom: Symptom, wording: Wording = PLAIN) -> str:
    """What is normal, in the same measure.

    >>> normal_of(Symptom("saturated-start", 1.0, "", "below 0.3"))
    'below 30 %'
    """
    text = symptom.normal
    if symptom.name in FRACTIONS:
        return re.sub(r"\d*\.?\d+", lambda found: percent(float(found.group())), text)
    return text


def in_words(symptom: Symptom, wording: Wording = PLAIN) -> str:
    """One measured fact in a line.

    >>> in_words(Symptom("one-sided-push", 19.9, "", "below 2"))
    'mean pre-activation of layer 1: 19.9 (usual: below 2)'
    """
    normal = normal_of(symptom, wording)
    usual = f" (usual: {normal})" if normal else ""
    return f"{name_of(symptom)}: {value_of(symptom)}{usual}"


def percent(value: float) -> str:
    """A fraction in per cent.

    >>> percent(0.5), percent(0.923), percent(1.0), percent(0.00012)
    ('50 %', '92.3 %', '100 %', '0.012 %')
    """
    size = 100 * value
    if size and abs(size) < 0.1:
        return f"{size:.2g} %"
    shown = f"{size:.1f}"
    return f"{shown.removesuffix('.0')} %"
