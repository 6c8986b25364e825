"""Gradient forensics: which array, and how; from networks written out by hand, in both conventions."""

import itertools

import numpy as np
import pytest

from plants import planted
from plants.handmade import BUGS, Network, examples
from whynet.network.layers import Dense
from whynet.subjects.own_code.anatomy import identify
from whynet.subjects.own_code.code import Code, Examples
from whynet.subjects.own_code.forensics import examine, examine_blindly

NETS = [((12, 8, 5), "sigmoid", "quadratic"), ((12, 7, 7, 5), "tanh", "binary"), ((12, 9, 6, 5), "relu", "softmax")]


def code_of(network):
    return Code(
        network.parameters, network.loss, network.gradients, examples=Examples(examples(network))
    )  # fmt: skip


def spoilt(network):
    """Whether its gradient is another than without the bug."""
    wrong = network.gradients(*examples(network, 6))
    bug, network.bug = network.bug, None
    right = network.gradients(*examples(network, 6))
    network.bug = bug
    return any(not np.allclose(a, b) for a, b in zip(wrong, right, strict=True))


def check_named(network):
    code = code_of(network)
    anatomy = identify(code)
    assert anatomy is not None and anatomy.shape.columns == network.columns
    found = examine(code, anatomy)
    if not spoilt(network):
        assert found.right
        return
    cause, part = BUGS[network.bug]
    at = network.layer - (network.bug in ("not transposed", "slope not taken back"))
    first = found.mistakes[0]
    assert found.explained and first.cause == cause
    assert first.layer == at or (first.layer == -1 and at == len(network.W) - 1)
    assert first.part == part or (first.part, part) == ("all", "error")


@pytest.mark.parametrize("bug", BUGS)
def test_the_mistake_and_its_array_are_named(bug):
    sizes, act, cost = NETS[0]
    for layer, columns in itertools.product(range(2), (False, True)):
        check_named(Network(sizes, act, cost, columns=columns, bug=bug, layer=layer))


@pytest.mark.slow
@pytest.mark.parametrize("bug", BUGS)
def test_every_mistake_in_every_layer_of_three_networks(bug):
    for (sizes, act, cost), columns in itertools.product(NETS, (False, True)):
        for layer in range(len(sizes) - 1):
            check_named(Network(sizes, act, cost, columns=columns, bug=bug, layer=layer))


def check_innocent(seed):
    rng = np.random.default_rng(seed)
    sizes = (12, *rng.integers(2, 9, size=rng.integers(0, 3)), 5)
    act, cost = rng.choice(["sigmoid", "tanh", "relu"]), rng.choice(["quadratic", "binary", "softmax"])
    network = Network(sizes, act, cost, columns=bool(rng.integers(2)), seed=seed)
    code = code_of(network)
    anatomy = identify(code)
    assert anatomy is not None and anatomy.shape.sizes == sizes
    assert examine(code, anatomy).right
    assert examine_blindly(code).right


def test_right_gradients_are_not_accused():
    for seed in range(15):
        check_innocent(seed)


@pytest.mark.slow
def test_none_of_500_right_gradients_is_accused():
    for seed in range(500):
        check_innocent(seed)


def planted_code(bug):
    network = bug.network(0)
    backprop = planted.Backprop(bug)
    rng = np.random.default_rng(1)
    X, targets = rng.random((40, 5)), np.eye(5)[rng.integers(5, size=40)]
    return network, Code(
        [array for _, array in network.params.named()],
        lambda X, y: network.cost.value(network.scores(X), y) + planted.PENALTY.value(network.params),
        lambda X, y: [array.copy() for _, array in backprop(network, X, y).named()],
        examples=Examples((X, targets)),
    )


NOT_TOLD = {"penalty twice as strong"}  # a gradient with more weight decay than the loss prints is a habit, no mistake


@pytest.mark.slow
def test_no_planted_bug_passes_for_a_right_gradient():
    named = tried = 0
    for name, bug in planted.BUGS.items():
        network, code = planted_code(bug)
        if any(not isinstance(layer, Dense) for layer in network.layers) or name in NOT_TOLD:
            continue
        found = examine(code, identify(code))
        assert not found.right and found.wrong, name
        tried += 1
        named += found.explained
    assert tried > 50 and named / tried > 0.8


def test_gradients_that_pile_up_are_told_from_wrong_ones():
    network = Network(*NETS[0])
    total = [np.zeros_like(array) for array in network.parameters]

    def piling(X, y):
        for sum_so_far, g in zip(total, network.gradients(X, y), strict=True):
            sum_so_far += g
        return total

    code = Code(network.parameters, network.loss, piling, examples=Examples(examples(network)))
    found = examine(code, identify(code))
    assert found.stale and not found.mistakes


def test_a_slope_left_out_at_sigmoid_outputs_is_harmless():
    network = Network(*NETS[0], bug="no slope", layer=1)
    code = code_of(network)
    found = examine(code, identify(code))
    assert found.harmless and not found.right


def test_parameters_come_back_to_the_bit():
    network = Network(*NETS[1], bug="wrong sign")
    before = [array.copy() for array in network.parameters]
    code = code_of(network)
    examine(code, identify(code))
    examine_blindly(code)
    assert all(np.array_equal(a, b) for a, b in zip(before, network.parameters, strict=True))


def test_a_loss_that_nothing_here_knows_is_checked_by_differences():
    network = Network(*NETS[0], bug="wrong sign", layer=1)

    def loss(X, y):
        return float(np.mean((network.forward(X)[0][-1] - y) ** 4))

    def gradients(X, y):
        return [-g for g in numeric(network.parameters, lambda: loss(X, y))]

    code = Code(network.parameters, loss, gradients, examples=Examples(examples(network)))
    assert identify(code) is None
    found = examine_blindly(code)
    assert [one.cause for one in found.mistakes] == ["gradient-sign-flipped"] and found.mistakes[0].part == "all"


def numeric(arrays, loss, step=1e-6):
    slopes = []
    for array in arrays:
        slope = np.zeros_like(array)
        for index in np.ndindex(array.shape):
            kept = array[index]
            costs = []
            for sign in (1, -1):
                array[index] = kept + sign * step
                costs.append(loss())
            array[index] = kept
            slope[index] = (costs[0] - costs[1]) / (2 * step)
        slopes.append(slope)
    return slopes


def test_the_network_is_told_from_its_loss_whatever_its_averages():
    network = Network((12, 6, 5), "tanh", "quadratic")
    code = Code(
        {"W": network.W, "b": network.b},
        lambda X, y: 3 * len(X) * network.loss(X, y) + 0.02 * sum(float(np.sum(W * W)) for W in network.W),
        examples=Examples(examples(network)),
    )
    found = identify(code)
    assert (found.hidden, found.output, found.cost, found.mean) == (("tanh",), "sigmoid", "quadratic", False)
    assert found.scale == pytest.approx(3) and found.l2 == pytest.approx(0.02)


def closed(network):
    """Its functions as closures over all the data."""
    X, y = examples(network)
    return lambda: network.loss(X, y), lambda: network.gradients(X, y)


def scaled_in_place(network):
    def loss(X, y):
        X /= 255
        return network.loss(X, y)

    def gradients(X, y):
        X /= 255
        return network.gradients(X, y)

    return loss, gradients


def with_penalty_in_the_gradient_alone(network):
    def gradients(X, y):
        Ws = [*network.W, *(0 * b for b in network.b)]
        return [g + 0.02 * W for g, W in zip(network.gradients(X, y), Ws, strict=True)]

    return network.loss, gradients


STYLES = {"closures": closed, "in place": scaled_in_place, "a penalty": with_penalty_in_the_gradient_alone}


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("bug", [None, "no slope", "wrong sign", "weights halved"])
def test_the_style_of_the_functions_hides_no_mistake(style, bug):
    network = Network(*NETS[0], bug=bug, layer=0)
    loss, gradients = STYLES[style](network)
    X, y = examples(network)
    code = Code(network.parameters, loss, gradients, examples=Examples((255 * X if style == "in place" else X, y)))
    found = examine(code, identify(code))
    if bug is None:
        assert found.right
    else:
        assert found.explained and [(one.cause, one.layer) for one in found.mistakes] == [(BUGS[bug][0], 0)]


def chain(acts, slopes, W, b, X):
    """Outputs, and per layer its inputs and slopes."""
    kept, a = [], X
    for act, slope, w, c in zip(acts, slopes, W, b, strict=True):
        z = a @ w + c
        kept.append((a, slope(z)))
        a = act(z)
    return a, kept


@pytest.mark.parametrize("first", ["relu", "a leak of 1/5"])
@pytest.mark.parametrize("sign", [1, -1])
def test_layers_with_activations_of_their_own(first, sign):
    leak = 0.0 if first == "relu" else 0.2
    second = np.tanh if first == "relu" else (lambda z: np.where(z > 0, z, leak * z))
    second_slope = (lambda z: 1 - np.tanh(z) ** 2) if first == "relu" else (lambda z: np.where(z > 0, 1, leak))
    rng = np.random.default_rng(0)
    sizes = (6, 5, 4, 3)
    W = [rng.normal(0, 0.6, pair) for pair in itertools.pairwise(sizes)]
    b = [rng.normal(0, 0.3, size) for size in sizes[1:]]
    acts = [lambda z: np.where(z > 0, z, leak * z), second, lambda z: z]
    slopes = [lambda z: np.where(z > 0, 1, leak), second_slope, np.ones_like]

    def loss(X, y):
        return 0.5 * np.mean(np.sum((chain(acts, slopes, W, b, X)[0] - y) ** 2, axis=1))

    def gradients(X, y):
        out, kept = chain(acts, slopes, W, b, X)
        delta, found = (out - y) / len(X), {}
        for layer in (2, 1, 0):
            a, slope = kept[layer]
            delta = delta * slope * (sign if layer == 1 else 1)
            found[f"db{layer}"], found[f"dW{layer}"] = delta.sum(axis=0), a.T @ delta
            delta = delta @ W[layer].T
        return found

    parameters = {f"{kind}{layer}": array[layer] for kind, array in (("W", W), ("b", b)) for layer in range(3)}
    data = rng.random((30, 6)), rng.random((30, 3))
    code = Code(parameters, loss, gradients, examples=Examples(data))
    found = examine(code, identify(code))
    assert found.right if sign > 0 else [(m.cause, m.layer) for m in found.mistakes] == [("gradient-sign-flipped", 1)]


def test_a_gradient_of_the_call_before_is_told_from_one_that_piles_up():
    network = Network(*NETS[0])
    kept = [[np.zeros_like(array) for array in network.parameters]]

    def late(X, y):
        kept.append(network.gradients(X, y))
        return kept[-2]

    code = Code(network.parameters, network.loss, late, examples=Examples(examples(network)))
    found = examine(code, identify(code))
    assert "before they are filled" in found.stale and not found.mistakes


@pytest.mark.parametrize("small", [1e-15, 1e-12, 1e-7])
def test_small_numbers_in_the_logarithm_accuse_nobody(small):
    network = Network(*NETS[2])
    for array in network.parameters:
        array *= 30  # saturated

    def loss(X, y):
        return -np.mean(np.sum(y * np.log(network.forward(X)[0][-1] + small), axis=1))

    code = Code(network.parameters, loss, network.gradients, examples=Examples(examples(network)))
    assert examine(code, identify(code)).right
