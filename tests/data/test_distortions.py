from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import map_coordinates

from whynet.data import distortions
from whynet.data.distortions import Distortions, contact_sheet, displacement
from whynet.errors import UsageError

ALL = Distortions(rotation=15, shear=10, zoom=0.15, shift=2, elastic=1.2)


@pytest.fixture
def images(rng):
    return rng.integers(256, size=(70, 12, 9), dtype=np.uint8)


@given(
    rotation=st.floats(0, 180), shear=st.floats(0, 60), zoom=st.floats(0, 0.9), shift=st.floats(0, 20),
    elastic=st.floats(0, 10), sigma=st.floats(0.5, 50), rows=st.integers(1, 9), columns=st.integers(1, 9),
)  # fmt: skip
@settings(deadline=None, max_examples=60)
def test_any_distortion_of_any_shape_is_an_image_of_that_shape(
    rotation, shear, zoom, shift, elastic, sigma, rows, columns
):
    images = np.random.default_rng(0).integers(256, size=(3, rows, columns), dtype=np.uint8)
    kept = images.copy()
    bent = Distortions(rotation, shear, zoom, shift, elastic, sigma).apply(images, seed=1, epoch=2)
    assert bent.shape == images.shape
    assert bent.dtype == np.uint8
    assert bent.max() <= images.max()
    np.testing.assert_array_equal(images, kept)


def test_without_strength_nothing_happens(images):
    assert not Distortions()
    np.testing.assert_array_equal(Distortions().apply(images, seed=0, epoch=0), images)


def test_seed_and_epoch_decide_and_nothing_else_does(images, monkeypatch):
    bent = ALL.apply(images, seed=3, epoch=5)
    np.testing.assert_array_equal(ALL.apply(images, seed=3, epoch=5), bent)
    np.testing.assert_array_equal(ALL.apply(images[:10], seed=3, epoch=5), bent[:10])  # a row is on its own
    monkeypatch.setattr(distortions, "AT_ONCE", 7)
    np.testing.assert_array_equal(ALL.apply(images, seed=3, epoch=5), bent)
    assert (ALL.apply(images, seed=3, epoch=6) != bent).any()
    assert (ALL.apply(images, seed=4, epoch=5) != bent).any()


def test_looking_up_is_bilinear_as_scipy_does_it(images, rng):
    points = rng.uniform(-3, 14, (70, 2, 12, 9)).astype(np.float32)
    ours = distortions._look_up(images, points)
    for image, point, found in zip(images, points, ours, strict=True):
        theirs = map_coordinates(image.astype(float), point, order=1, mode="grid-constant")
        assert np.abs(found - theirs).max() <= 0.51


@pytest.mark.parametrize("sigma", [2.0, 4.0, 6.0])
def test_bending_has_the_strength_asked_for_everywhere_and_is_smooth(sigma):
    """Against white noise smoothed by a Gaussian, whose covariance at distance d is exp(-d^2 / 4 sigma^2)."""
    modes = distortions._modes(28, sigma).astype(float)
    covariance = modes @ modes.T
    np.testing.assert_allclose(np.diag(covariance), 1, atol=1e-5)
    d = np.arange(28)[:, None] - np.arange(28)
    np.testing.assert_allclose(covariance, np.exp(-(d**2) / (4 * sigma**2)), atol=0.03)
    assert displacement(Distortions(elastic=1.3, sigma=sigma), 28, 28) == pytest.approx(1.3, rel=0.03)


def dot_at(row, column, size=41):
    image = np.zeros((1, size, size), np.uint8)
    image[0, row - 1 : row + 2, column - 1 : column + 2] = 200
    return image


def centre(image):
    rows, columns = np.indices(image.shape)
    mass = image.sum()
    return float((rows * image).sum() / mass), float((columns * image).sum() / mass)


def places(strength, image, epochs=200):
    middle = (image.shape[1] - 1) / 2
    return [
        tuple(c - middle for c in centre(strength.apply(image, seed=0, epoch=epoch)[0].astype(float)))
        for epoch in range(epochs)
    ]


def test_rotation_turns_by_up_to_the_angle_and_keeps_the_distance():
    found = places(Distortions(rotation=30), dot_at(20, 32))
    assert all(math.hypot(*place) == pytest.approx(12, abs=0.25) for place in found)
    angles = [math.degrees(math.atan2(*place)) for place in found]
    assert -31 < min(angles) < -26
    assert 26 < max(angles) < 31


def test_zoom_changes_width_and_height_each_by_up_to_its_share():
    found = places(Distortions(zoom=0.25), dot_at(32, 32))
    for axis in (0, 1):
        factors = [place[axis] / 12 for place in found]
        assert 0.73 < min(factors) < 0.78
        assert 1.22 < max(factors) < 1.27
    assert abs(np.corrcoef(np.array(found).T)[0, 1]) < 0.2


def test_shear_slants_uprights_and_leaves_level_lines_level():
    found = places(Distortions(shear=20), dot_at(32, 20))
    assert all(row == pytest.approx(12, abs=0.1) for row, _ in found)
    angles = [math.degrees(math.atan2(column, 12)) for _, column in found]
    assert -21 < min(angles) < -17
    assert 17 < max(angles) < 21
    assert all(place == pytest.approx((0, 12), abs=0.1) for place in places(Distortions(shear=20), dot_at(20, 32), 20))


def test_shift_moves_by_up_to_so_many_pixels_and_ink_may_leave_the_image():
    found = places(Distortions(shift=3), dot_at(20, 20))
    for axis in (0, 1):
        moves = [place[axis] for place in found]
        assert -3.01 < min(moves) < -2.7
        assert 2.7 < max(moves) < 3.01
    assert Distortions(shift=500).apply(dot_at(20, 20), seed=0, epoch=0).max() == 0


def test_a_contact_sheet_shows_each_image_before_and_after(images):
    sheet = contact_sheet(images[:5], ALL, seed=0, versions=3)
    np.testing.assert_array_equal(sheet[:, 0], images[:5])
    np.testing.assert_array_equal(sheet[:, 2], ALL.apply(images[:5], seed=0, epoch=1))


@pytest.mark.parametrize("wrong", [{"rotation": -1}, {"zoom": 1.5}, {"sigma": 0}, {"elastic": float("nan")}])
def test_strengths_that_make_no_sense_are_refused(wrong):
    with pytest.raises(UsageError, match="makes no sense"):
        Distortions(**wrong)


def test_colours_move_together(rng):
    grey = rng.integers(256, size=(3, 10, 8), dtype=np.uint8)
    bend = Distortions(rotation=20, shift=1, elastic=1.0)
    moved = bend.apply(np.stack([grey, 255 - grey, grey], axis=-1), seed=4, epoch=2)
    np.testing.assert_array_equal(moved[..., 0], bend.apply(grey, seed=4, epoch=2))
    np.testing.assert_array_equal(moved[..., 0], moved[..., 2])
    assert (moved[..., 1] != moved[..., 0]).any()
