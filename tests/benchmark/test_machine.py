"""The floor under the time of a step: what it counts."""

from __future__ import annotations

import numpy as np
import pytest

import whynet
from whynet.benchmark.machine import Machine, step_floor
from whynet.training.prepare import prepare

FAST_MEMORY = Machine(peak=1e9, bandwidths=((1, 1e30),))
FAST_PROCESSOR = Machine(peak=1e30, bandwidths=((1, 1e9),))


def task(pixels, **options):
    data = whynet.Dataset(pixels, np.zeros(len(pixels), np.uint8), problem=("a", "b", "c"))
    recipe = whynet.Recipe(sizes=(data.features, 5, 4, 3), **options)
    return prepare(recipe, data).task


def test_products_are_counted_once_each_and_those_with_blank_pixels_not_at_all():
    pixels = np.zeros((6, 2, 5), np.uint8)
    pixels[:, 0, :3] = 200  # three of ten pixels are inked
    products = 7 * (2 * 3 * 5 + 3 * (5 * 4 + 4 * 3))
    assert step_floor(FAST_MEMORY, task(pixels), batch=7) == pytest.approx(2 * products / 1e9)


def test_numbers_that_change_are_read_and_written():
    pixels = np.zeros((6, 2, 5), np.uint8)
    pixels[:, 0, :3] = 200
    numbers = 3 * 5 + 5 * 4 + 4 * 3 + 5 + 4 + 3  # the weights of seven pixels never change
    for options, vectors in (({}, 1), ({"momentum": 0.9}, 2), ({"optimizer": "adam"}, 3)):
        assert step_floor(FAST_PROCESSOR, task(pixels, **options), batch=7) == pytest.approx(
            8 * vectors * numbers / 1e9
        )


def test_plain_descent_changes_only_what_a_batch_has_ink_on():
    pixels = np.zeros((4, 1, 4), np.uint8)
    np.fill_diagonal(pixels[:, 0], 9)  # each image inks a pixel of its own
    numbers = 5 * 4 + 4 * 3 + 5 + 4 + 3
    assert step_floor(FAST_PROCESSOR, task(pixels), batch=1) == pytest.approx(8 * (5 + numbers) / 1e9)
    assert step_floor(FAST_PROCESSOR, task(pixels), batch=10**6) == pytest.approx(8 * (4 * 5 + numbers) / 1e9)


def test_the_bandwidth_of_a_size_is_never_less_than_what_was_measured_there():
    machine = Machine(1e9, ((100, 5.0), (1000, 7.0), (10000, 2.0)))
    assert [machine.bandwidth(size) for size in (10, 100, 999, 1000, 10**4, 10**9)] == [7, 7, 7, 7, 2, 2]
