"""The doctor on convolutional networks: planted faults, sound networks, and changes of networks in words."""

from __future__ import annotations

import tomllib

import numpy as np
import pytest

import whynet
from whynet.doctor.change import Change, Wording
from whynet.doctor.diagnosis import Settings
from whynet.doctor.subject import Arm
from whynet.mistakes.likeness import pictures_like
from whynet.mistakes.pictures import PICTURES, makers, spoilt_pictures
from whynet.network.architectures import Style, convnet
from whynet.network.lines import parts, roomier, wider
from whynet.network.network import Network
from whynet.report.wording.whynet import say
from whynet.subjects.edits import changed
from whynet.subjects.picture_plants import PLANTS, SOUND
from whynet.subjects.recipe import RecipeSubject
from whynet.subjects.recipe import diagnose_recipe as diagnose

FAST = ("equal filters", "dead filters", "pooled away", "kernel turned")
PARTS = 6  # of nine patients, of which one may be missed
BY_NAME = {plant.name: plant for plant in PLANTS}


def named(plant, found):
    """Whether the cause comes first, with the layer where there is one to name."""
    first = found.verdict[0]
    assert first.cause in plant.right, [(one.cause, one.status) for one in found.verdict]
    assert all(f"layer {at}" in first.detail for at in plant.at), first.detail
    return first


@pytest.mark.thinned(4)
@pytest.mark.parametrize("name", FAST)
def test_a_fault_of_a_convnet_is_named_proved_and_mended(name, digits):
    plant = BY_NAME[name]
    found = diagnose(plant.patient(seed=3).but(epochs=8), digits, effort=6)
    first = named(plant, found)
    assert first.status == "proved"
    assert found.after.quality > found.before.quality + 0.02
    assert whynet.Recipe.from_dict(tomllib.loads(found.fix.recipe), "the fix").layers is not None


def test_a_mistake_that_does_no_harm_is_found_and_no_more(digits):
    found = diagnose(BY_NAME["pool to all"].patient(seed=3), digits, effort=3)
    assert (found.state, named(BY_NAME["pool to all"], found).status) == ("healthy", "found")
    assert "layer 2, pool 2: every pixel of the window gets the gradient" in str(found)


@pytest.mark.slow
@pytest.mark.parametrize("part", range(PARTS))
def test_faults_of_convnets_are_named(part, digits):
    missed = []
    for plant in PLANTS[part::PARTS]:
        found = diagnose(plant.patient(seed=3), digits, effort=10)
        harmed = plant.certain or found.state != "healthy"
        if harmed and (not found.verdict or found.verdict[0].cause not in plant.right):
            missed.append((plant.name, [(one.cause, one.status) for one in found.verdict]))
    assert len(missed) <= 1, missed


@pytest.mark.parametrize("net", sorted(SOUND))
def test_a_sound_convnet_is_left_in_peace(net, digits):
    found = diagnose(SOUND[net].but(seed=1), digits, trials=False)
    assert (found.state, found.verdict) == ("healthy", [])


@pytest.fixture(scope="module")
def pictures():
    """A convnet with every kind of layer that can be got wrong, and what goes in and should come out."""
    lines = ["conv 3 3x2 same", "average-pool 3 stride 2", "conv 4 3x3 stride 2 same", "pool 2 stride 1", "conv 3 2x2"]
    layers = convnet((12, 12, 2), [*lines, "global-average-pool", "dense 5"], 3, Style("tanh"))
    rng = np.random.default_rng(0)
    return (
        Network(layers=layers, dtype="float64", seed=2),
        rng.normal(size=(5, 288)),
        np.eye(3)[rng.integers(3, size=5)],
    )


@pytest.mark.parametrize("name", sorted(PICTURES))
def test_a_mistake_in_one_layer_is_found_in_that_layer_or_said_to_be_like_another(name, pictures):
    sound, X, targets = pictures
    right = sound.gradients(X, targets).vector
    for index in makers(name, sound):
        wrong = spoilt_pictures(name, sound, [index]).gradients(X, targets)
        if np.allclose(wrong.vector, right, rtol=1e-6, atol=1e-12):
            continue  # it cannot be made there
        found = pictures_like([wrong], [sound], lambda network: network.gradients(X, targets))
        assert name in (found.name, *found.others)
        assert found.layers == (index,)


def test_a_gradient_that_no_known_mistake_gives_is_called_none(pictures):
    sound, X, targets = pictures
    wrong = sound.gradients(X, targets)
    wrong[2]["W"][0, 0] += 1e-3
    assert pictures_like([wrong], [sound], lambda network: network.gradients(X, targets)) is None


def test_filters_are_counted_and_not_their_pixels(digits):
    """The pixels at the border are blank, and what a filter says there is 0 in a sound network as well."""
    case = RecipeSubject(SOUND["relu"].but(epochs=1), digits).examine()
    assert case.value("dead-start") < 0.5
    lines = ("conv 8 3x3 bias-init constant(-10)", "pool 2", "dense 32")
    case = RecipeSubject(SOUND["relu"].but(epochs=1, layers=lines), digits).examine()
    assert case.value("dead-start") == 1
    assert case.symptoms["dead-start"].layer == "layer 1, conv 8 3x3 bias-init constant(-10)"
    assert case.value("biases") == 50


def test_settings_say_the_architecture(digits):
    settings = RecipeSubject(SOUND["norm"].but(epochs=1), digits).examine().settings
    assert settings.layers == SOUND["norm"].layers
    assert (settings.shape, settings.widths) == ((8, 8, 1), (64, 192, 24, 10))
    assert settings.activation == "relu"


def test_effort_counts_what_a_convolution_multiplies(digits):
    small, large = (RecipeSubject(whynet.Recipe(layers=(line,)), digits) for line in ("conv 2 3x3", "conv 20 3x3"))
    works = [subject.work(Arm((), 0, 100)) for subject in (small, large)]
    assert works[0] == 100 * (2e4 + 3 * 10 * (36 * 2 * 9 + 72 * 10))
    assert works[1] > 5 * works[0]


def test_what_is_changed_for_all_layers_takes_the_place_of_what_a_line_says():
    recipe = whynet.Recipe(layers=("conv 8 3x3 init zeros tanh dropout 0.9", "pool 2", "dropout 0.5", "dense 20"))
    drawn = changed(recipe, [Change("weights", {"scheme": "he", "part": "all"})])
    assert (drawn.init, drawn.layers[0]) == ("he", "conv 8 3x3 tanh dropout 0.9")
    leaky = changed(recipe, [Change("activation", {"name": "leaky-relu"})])
    assert (leaky.activation, leaky.layers[0]) == ("leaky-relu", "conv 8 3x3 init zeros dropout 0.9")
    assert changed(recipe, [Change("penalty", {"off": True})]).layers == (
        "conv 8 3x3 init zeros tanh",
        "pool 2",
        "dense 20",
    )
    wide = Change("width", {"layers": ("conv 16 3x3 init zeros", "dense 40")})
    both = changed(recipe, [Change("weights", {"scheme": "he", "part": "all"}), wide])
    assert both.layers == ("conv 16 3x3", "dense 40")
    said = say(Change("weights", {"scheme": "he"}), Settings(weights="he", layers=recipe.layers), Wording())
    assert said == 'layers = ["conv 8 3x3 tanh dropout 0.9", "pool 2", "dropout 0.5", "dense 20"]'


def test_a_change_of_widths_that_has_no_lines_is_declined_with_a_sentence(digits):
    subject = RecipeSubject(SOUND["relu"], digits)
    assert "said in words" in subject.why_not([Change("width", {"widths": (64, 50, 10)})])
    assert subject.why_not([Change("width", {"layers": ("conv 9 9x9",)})]).startswith("layer 1")


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["conv 4 3x3 same", "pool 4", "pool 2", "conv 4 3x3 same"], ("conv 4 3x3 same", "pool 4", "conv 4 3x3 same")),
        (["conv 4 3x3 stride 8 same", "conv 4 3x3 same"], ("conv 4 3x3 same", "conv 4 3x3 same")),
        (["conv 4 8x8", "conv 4 3x3 same"], None),
        (
            ["conv 4 3x3 same", "pool 8", "conv 4 1x1", "dense 3"],
            ("conv 4 3x3 same", "pool 8", "conv 4 1x1", "dense 3"),
        ),
    ],
)
def test_poolings_are_taken_out_until_there_is_something_to_see(lines, expected):
    assert roomier((8, 8, 1), lines) == expected


def test_lines_come_apart_and_together_again():
    for line in (
        "conv 16 5x5 stride 2 same batch-norm dropout 0.5 init he",
        "pool 3 stride 2",
        "dense 20 tanh noise 0.1",
    ):
        assert " ".join(said for _, said in parts(line)) == line
    assert wider((8, 8, 1), ["conv same 4 3x3", "pool 8"], (64, 30, 10)) == ("conv same 30 3x3", "pool 8")


def test_what_is_changed_in_one_network_is_not_changed_in_the_next():
    """A penalty taken off one that is said in lines once laid these lines over every later one."""
    off = [Change("penalty", {"off": True})]
    changed(whynet.Recipe(layers=("conv 4 3x3", "dense 10 dropout 0.5"), l2=0.1), off)
    plain = changed(whynet.Recipe(sizes=(64, 30, 10), l2=0.1), off)
    assert (plain.layers, plain.sizes, plain.l2) == (None, (64, 30, 10), 0.0)
