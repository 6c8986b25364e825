"""Words: what each measured fact is called in a sentence. The JSON of a verdict has the short names."""

from __future__ import annotations

from whynet.doctor.case import Symptom

WORDS = {
    "accuracy": "validation images answered right",
    "accuracy-misreported": "the accuracy that is printed is off by",
    "arrays-left-alone": "weight arrays that have a gradient and never move",
    "bend": "how far the answers half way between two images are from the mean of theirs",
    "biases": "biases that have any effect",
    "biases-gradient": "the largest gradient of a bias",
    "biases-move": "the largest change of a bias",
    "blank-rows": "images that are one single colour",
    "class-balance": "how evenly the classes are spread",
    "classes-per-batch": "different classes in a batch",
    "cost": "the cost at the end",
    "dead-end": "hidden units that answer 0 to every image, at the end",
    "dead-start": "hidden units that answer 0 to every image, before the first step",
    "doubt": "how far chance moves this accuracy",
    "effective-rate": "the learning rate that the steps obey",
    "fitted-momentum": "how much of the step before is in each step",
    "fitted-previous-gradient": "how much of the gradient before is in each step",
    "fitted-rate": "how much of the gradient is in each step",
    "floor": "the cost of giving every image the same answer",
    "gap": "the training images are answered better than the others, by",
    "gradient-cosine": "the gradient's direction, against the true slope of the cost",
    "gradient-error": "the gradient's difference from the true slope of the cost",
    "gradient-fall": "the first layer's gradient, compared with the last layer's",
    "gradient-finite": "the gradient is made of finite numbers (1: yes)",
    "gradient-length": "the gradient's length, compared with the true one",
    "hidden-shares": "hidden layers whose answers are shares of 1",
    "highest-cost": "the highest cost on the way",
    "identical-units": "hidden units that start as copies of another",
    "input-offset": "how far the pixels' mean is from 0",
    "largest-class": "the share of the most frequent class",
    "largest-input": "the largest number that is fed in",
    "largest-output": "the largest output before the first step",
    "least-output": "the least output before the first step",
    "least-weight-gain": "the narrowest spread of a layer's first weights",
    "linear-accuracy": "a linear classifier answers right",
    "lost-classes": "classes that are never answered",
    "moved": "how far the weights have moved in all",
    "narrowest": "the narrowest hidden layer",
    "nearest-neighbour": "answering like the most similar training image is right for",
    "neighbouring-pixels": "how alike neighbouring pixels are",
    "neighbours-agree": "training images whose most similar one has the same label",
    "one-answer": "images that get the most frequent answer",
    "one-sided-push": "the weights push all units of the first layer one way",
    "optimizer-plain": "the steps follow the gradient itself (1: yes)",
    "output-weighted-input": "the size of the outputs' weighted inputs before the first step",
    "outputs-sum": "the first outputs of an image sum to 1 but for",
    "overflows": "parts of the gradient that overflow where a sound formula does not",
    "own-check": "the program's own gradient check finds this error",
    "own-steps": "steps that were taken",
    "penalty-pull": "the pull of the penalty on the weights",
    "progress": "how far the cost has come down",
    "rank": "independent directions among the answers",
    "rows": "training examples",
    "rows-sum": "the outputs of an image, as shares, sum to 1 but for",
    "rows-visited": "different training images in an epoch",
    "same-class-in-a-row": "two examples in a row are of one class",
    "saturated-end": "hidden answers where the activation is flat, at the end",
    "saturated-start": "hidden answers where the activation is flat, before the first step",
    "spread-end": "how much the hidden answers differ between images, at the end",
    "spread-start": "how much the hidden answers differ between images, before the first step",
    "start-cost": "the cost before the first step",
    "start-cost-ratio": "the cost before the first step, compared with that of a sound start",
    "steps": "updates of the weights",
    "steps-per-epoch": "updates of the weights in an epoch",
    "still-falling": "how far the cost fell",
    "stopped-early": "the stopping rule ended it early",
    "test-images-in-training": "test images that are among the training images",
    "test-loss": "the test images are answered worse than the validation images, by",
    "test-set-differs": "how different the test images look from the training images",
    "train-accuracy": "training images answered right",
    "update-finite": "the updated weights are finite numbers (1: yes)",
    "weight-gain": "the widest spread of a layer's first weights",
    "weighted-input-sd": "the spread of the first layer's weighted inputs",
    "weights": "the size of the weights at the end",
    "weights-gradient": "the largest gradient of a weight",
    "weights-move": "the largest change of a weight",
}


def in_words(symptom: Symptom) -> str:
    """One measured fact as a sentence.

    >>> in_words(Symptom("one-sided-push", 19.9, "", "below 2"))
    'the weights push all units of the first layer one way: 19.9 (normal: below 2)'
    """
    unit = f" {symptom.unit}" if symptom.unit else ""
    normal = f" (normal: {symptom.normal})" if symptom.normal else ""
    return f"{WORDS.get(symptom.name, symptom.name.replace('-', ' '))}: {symptom.value:.4g}{unit}{normal}"
