"""The stages of a convolutional network, and the parts of pictures that excite their filters."""

from __future__ import annotations

import numpy as np
import pytest

import whynet
from whynet.network.architectures import Style, convnet
from whynet.network.patches import cut, strongest
from whynet.network.stages import maps, stages

LINES = {
    "valid": ["conv 3 3x3", "pool 2", "conv 4 2x2"],
    "same": ["conv 3 5x3 same", "average-pool 2", "conv 4 3x3 same"],
    "strides": ["conv 3 3x3 stride 2", "pool 3 stride 2", "conv 2 2x2 same"],
    "normalised": ["conv 3 3x3 batch-norm", "dropout 0.3", "pool 2", "conv 4 2x2 batch-norm"],
}


def network_of(lines, shape=(14, 12, 1)):
    network = whynet.Network(layers=convnet(shape, lines, 3, Style("tanh")), seed=2, dtype="float64")
    network.params.vector[:] = np.random.default_rng(5).normal(size=network.params.vector.size)
    return network


@pytest.mark.parametrize("name", LINES)
def test_a_number_hangs_on_its_window_alone_and_on_all_of_it(name, rng):
    network = network_of(LINES[name])
    pictures = rng.random((1, 14, 12))
    for stage in stages(network):
        window = stage.window
        before = maps(network, pictures.reshape(1, -1), stage)
        touched = np.zeros((*stage.shape[:2], 14, 12), bool)
        for row, column in np.ndindex(14, 12):
            for push in (3.0, -3.0):  # a pool may look at another pixel
                moved = pictures.copy()
                moved[0, row, column] += push
                after = maps(network, moved.reshape(1, -1), stage)
                touched[:, :, row, column] |= (after != before).any(axis=3)[0]
        for down, across in np.ndindex(*stage.shape[:2]):
            top, left = down * window.stride[0] - window.before[0], across * window.stride[1] - window.before[1]
            wanted = np.zeros((14, 12), bool)
            wanted[max(top, 0) : top + window.size[0], max(left, 0) : left + window.size[1]] = True
            assert not touched[down, across][~wanted].any()
            assert touched[down, across][wanted].mean() > 0.6  # in a pool others may be larger all the time


def test_a_stage_ends_with_its_normalisation():
    network = network_of(LINES["normalised"])
    assert [network.layers[stage.last].kind for stage in stages(network)] == ["dropout", "batch-norm"]
    assert [stage.shape for stage in stages(network)] == [(12, 10, 3), (5, 4, 4)]


def test_networks_without_pictures_have_no_stages():
    assert stages(whynet.Network([6, 4, 2])) == []


@pytest.mark.parametrize("name", LINES)
def test_what_is_cut_out_excites_its_filter_as_much(name, rng):
    network = network_of(LINES[name])
    images = rng.integers(0, 255, (30, 14, 12), np.uint8)
    X = images.reshape(30, -1) / 255
    for stage in stages(network):
        found = strongest(network, X, stage, most=4)
        seen = maps(network, X, stage)
        assert (found.values[:, 0] == seen.max(axis=(0, 1, 2))).all()
        assert (np.diff(found.values, axis=1) <= 0).all()
        patches = cut(images, found, stage.window)
        assert patches.shape[:2] == (stage.shape[2], 4)
        for one, place in np.ndindex(*found.examples.shape):
            where = found.examples[one, place], found.rows[one, place], found.columns[one, place]
            assert seen[(*where, one)] == found.values[one, place]
            assert len({*found.examples[one].tolist()}) == 4


def test_a_filter_that_is_always_off_is_dead():
    network = whynet.Network(layers=convnet((6, 6, 1), ["conv 2 3x3"], 2, Style("relu")), dtype="float64")
    network.params[0]["b"][:] = [-1e3, 1.0]
    found = strongest(network, np.random.default_rng(0).random((5, 36)), stages(network)[0])
    assert found.dead.tolist() == [True, False]


def test_a_patch_beyond_the_edge_is_blank():
    network = network_of(["conv 1 3x3 same"], (4, 4, 1))
    network.params[0]["W"][:] = 0
    network.params[0]["W"][8] = 1  # the lower right corner of the window
    image = np.zeros((1, 4, 4), np.uint8)
    image[0, 1, 1] = 200
    found = strongest(network, image.reshape(1, -1) / 255, stages(network)[0])
    patch = cut(image, found, stages(network)[0].window)[0, 0]
    assert patch.tolist() == [[0, 0, 0], [0, 0, 0], [0, 0, 200]]
