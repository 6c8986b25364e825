"""Names: what `Recipe.faults` may hold; apart from the catalogue, so that reading a recipe needs no NumPy."""

from __future__ import annotations

from typing import Literal

FaultName = Literal[
    "answers-for-scores", "argmax-over-images", "bias-averaged-over-places", "bias-averaged-whole",
    "bias-first-example", "bias-last-example", "bias-of-another-layer", "bias-of-filters-zero", "bias-of-itself",
    "bias-per-pixel", "bias-size-only", "bias-summed-whole", "bias-times-value", "bias-value", "bias-without-slope",
    "bias-wrong-axis", "bias-zero", "blank-rows", "channels-summed", "channels-summed-back", "error-passed-on",
    "error-without-slope-taken-back", "extra-output-slope", "few-rows", "filters-averaged", "filters-first",
    "filters-first-place", "filters-without-slope", "filters-zero", "first-channel-back", "first-row-left-out",
    "first-row-only", "flipped-gradient", "forgotten-bias", "frozen-layer", "global-mean-not-divided",
    "global-mean-to-the-first", "inputs-before-activation", "inputs-left-out", "inputs-of-another-layer",
    "inverted-pixels", "inverted-test-images", "kernel-axes-exchanged", "kernel-axes-exchanged-back",
    "kernel-channels-first", "kernel-first-channel", "kernel-not-transposed", "kernel-turned", "kernel-turned-back",
    "last-row-left-out", "last-row-only", "last-unit-left-out", "leaked-test-images", "mean-not-divided",
    "mean-to-the-first", "missing-slope", "naive-sigmoid", "no-biases", "no-error-above", "no-hidden-slope",
    "no-output-slope", "noisy-labels", "not-transposed", "off-centre-test-images", "one-class-mostly",
    "one-minus-value", "output-error-taken-back", "output-for-error", "output-for-error-with-slope",
    "own-outputs-as-inputs", "padding-not-removed", "padding-off-by-one", "patches-averaged", "patches-overwritten",
    "patches-shifted", "plus-in-slope", "plus-targets-for-error", "plus-targets-for-error-with-slope",
    "pool-axes-exchanged", "pool-overwritten", "pool-shared-out", "pool-stride-ignored", "pool-to-all",
    "pool-to-the-first", "pool-to-the-next", "probabilities-for-error", "product-of-means", "quadratic-error",
    "quadratic-error-with-slope", "random-labels", "raw-error-passed-on", "raw-momentum", "reshaped-not-transposed",
    "scores-for-probabilities", "scrambled-pixels", "shuffled-labels", "shuffled-test-labels", "sigmoid-for-softmax",
    "sigmoid-formula", "sign-of-error", "size-of-error", "size-of-weights", "slope-by-error", "slope-from-inputs",
    "slope-of-layer-before", "slope-of-relu", "slope-of-sigmoid", "slope-of-tanh", "slope-of-value", "slope-twice",
    "slope-upside-down", "softmax-for-sigmoid", "softmax-of-columns", "softmax-over-batch", "sorted-rows",
    "squared-error", "stale-gradients", "stride-ignored", "summed-gradient", "tanh-formula", "target-for-error",
    "target-for-error-with-slope", "targets-of-the-next-row", "targets-of-the-row-before", "transposed-gradient",
    "undefined-rate", "value-for-slope", "value-formula-at-z", "weights-error-of-another-layer",
    "weights-error-without-slope", "weights-first-example", "weights-last-example", "weights-last-row-left-out",
    "weights-of-another-layer", "weights-size-only", "weights-value-for-error", "weights-z-for-error", "weights-zero",
    "whole-matrix-check", "wrong-slope", "wrong-term", "wrong-transpose", "z-for-error", "z-for-slope",
]  # fmt: skip
