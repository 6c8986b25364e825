"""The accuracy that the default recipe promises."""

from __future__ import annotations

import statistics

import pytest

import whynet
from whynet.training.loop import Training
from whynet.training.prepare import prepare


def accuracies(data: whynet.Dataset, validation: int, seeds: int) -> list[float]:
    found = []
    for seed in range(seeds):
        recipe = whynet.Recipe.named("default").but(seed=seed, validation_size=validation)
        *_, last = Training(prepare(recipe, data))
        found.append(last.validation_accuracy if validation else last.test_accuracy)
    return found


def test_on_the_embedded_digits(digits):
    assert statistics.mean(accuracies(digits, 0, 5)) >= 0.97


@pytest.mark.mnist
@pytest.mark.slow
@pytest.mark.timeout(900)
def test_on_mnists_validation_images(mnist):
    assert statistics.mean(accuracies(mnist, 10_000, 5)) >= 0.98
