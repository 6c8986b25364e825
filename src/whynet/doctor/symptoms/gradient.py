"""The patient's own gradient, as a black box: is it the derivative of its cost, and if not, which mistake is it?"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import cast

import numpy as np

from whynet.doctor.case import Case
from whynet.doctor.change import Change
from whynet.doctor.diagnosis import Finding
from whynet.doctor.normal import AtLeast, Below, Exactly
from whynet.doctor.symptom import Symptom
from whynet.engines.base import Task, backpropagate
from whynet.errors import WhynetError
from whynet.mistakes.backward import WrongGradient, dense_layers
from whynet.mistakes.catalogue import named
from whynet.mistakes.forward import unbiased
from whynet.mistakes.likeness import pictures_like
from whynet.mistakes.mistake import Mistake
from whynet.mistakes.pictures import PICTURES, makers
from whynet.mistakes.search import Gradient, Search
from whynet.network.gradcheck import check_gradients
from whynet.network.layers import Dense
from whynet.network.network import Network
from whynet.params import Params
from whynet.training.checking import own_check
from whynet.training.loop import Training
from whynet.types import Array

ROWS_SUM = Symptom("rows-sum", "probabilities of an example sum to 1 but for", "off 1", Exactly(0))
BIASES = Symptom("biases", "biases that have any effect", "biases that do anything", AtLeast(why="one for each unit"))
GRADIENT_ERROR = Symptom("gradient-error", "relative error of the gradient", "relative", Below(1e-5))
GRADIENT_COSINE = Symptom(
    "gradient-cosine", "cosine between the gradient and the true one", "with the true gradient", Exactly(1)
)
GRADIENT_LENGTH = Symptom(
    "gradient-length", "length of the gradient to the true one's", "of the true gradient's", Exactly(1)
)
GRADIENT_FACTOR = Symptom("gradient-factor", "multiple of the true gradient", "of the true one", Exactly(1))
OVERFLOWS = Symptom("overflows", "gradient arrays that overflow needlessly", "arrays of the gradient", Exactly(0))
OWN_CHECK = Symptom(
    "own-check", "error that the program's gradient check finds", "of a gradient that is right", Below(1e-5)
)
LOSS_OF_DOUBLED_SCORES = Symptom("loss-of-doubled-scores", "loss of doubled scores", "times the loss")
LOSS_OF_EXCHANGED_TARGETS = Symptom(
    "loss-of-exchanged-targets", "loss when the targets of a batch change places", "times the loss"
)

CHECK_ROWS = 8
FEATURES = 48  # on which a known mistake is looked for at first
SAME = 1e-6  # relative: numbers so close are the same
ELSEWHERE = 0.3  # relative: how far the weights are moved to another place


@np.errstate(all="ignore")
def audit_gradient(case: Case, training: Training) -> None:
    """Is the gradient that the patient computes the slope of its cost? If not, which known mistake equals it?

    >>> from whynet.subjects.recipe import RecipeSubject
    >>> from whynet.data.sources import load
    >>> from whynet.training.recipe import Recipe
    >>> case = RecipeSubject(Recipe(epochs=1), load("digits")).examine()
    >>> case.value("gradient-error") < 1e-6, case.fitting
    (True, ())
    """
    task = training.task
    rows = np.arange(min(CHECK_ROWS, len(training.train)))
    sound = _with_biases(training.network)
    X = task.examples.features(rows, np.dtype(np.float64))
    targets = task.examples.targets[task.examples.labels[rows]].astype(np.float64)
    patient = task.network.having(sound.params.vector, sound.statistics.vector)
    with np.errstate(all="ignore"):
        theirs = task.backward(patient, patient.forward(X), targets)
        if case.settings.cost == "softmax-cross-entropy" and targets.shape[1] > 1:
            shares = patient.cost.probabilities(patient.scores(X)).sum(axis=1)
            case.note(ROWS_SUM, float(np.abs(shares - 1).max()))
    biases = _working_biases(patient, X)
    case.note(BIASES, biases, at=sum(arrays["b"].size for arrays in patient.params if "b" in arrays))
    case.note(GRADIENT_ERROR, _gradient_error(patient, X, targets, theirs))
    size = float(np.linalg.norm(theirs.vector))
    right = sound.gradients(X, targets)
    norm = float(np.linalg.norm(right.vector))
    if norm > 0 and size > 0:
        case.note(GRADIENT_COSINE, float(theirs.vector @ right.vector) / (size * norm))
        case.note(GRADIENT_LENGTH, size / norm)
    case.note(OVERFLOWS, _overflows(sound, task, X, targets))
    check = own_check(training.recipe)
    if check is not None:
        case.note(OWN_CHECK, check)
    if not np.allclose(theirs.vector, right.vector, rtol=1e-6, atol=1e-12 * max(size, 1e-300)):
        fitting, mistakes = _fitting(task, sound, X, targets, biased=biases > 0)
        case.fitting += fitting
        _of_pictures(case, training, sound, X, targets, mistakes)


def _overflows(sound: Network, task: Task, X: Array, targets: Array) -> int:
    """How many arrays of the patient's gradient are not finite where the sound one's are, with weighted inputs of a
    thousand and more."""
    products = (layer.products(memo) for layer, memo in zip(sound.layers, sound.forward(X).memos, strict=True))
    largest = min(float(one[1].max()) for one in products if one is not None)
    large = sound.params.vector * (1000 / max(largest, 1e-3))
    found = []
    for network, backward in ((task.network, task.backward), (sound, backpropagate)):
        one = network.having(large, sound.statistics.vector)
        found.append(backward(one, one.forward(X), targets))
    theirs, right = found
    return sum(
        not np.isfinite(a).all() and bool(np.isfinite(b).all())
        for (_, a), (_, b) in zip(theirs.named(), right.named(), strict=True)
    )


def _with_biases(network: Network) -> Network:
    """The network in float64 with its biases moved a little: biases of 0 look the same whatever is done with them."""
    rng = np.random.default_rng(0)
    biases = np.concatenate([np.full(array.size, name.endswith("b")) for name, array in network.params.named()])
    vector = network.params.vector + biases * rng.normal(0, 0.1, len(biases))
    return network.having(vector.astype(np.float64), network.statistics.vector.astype(np.float64))


def _working_biases(network: Network, X: Array) -> int:
    """How many biases there are, of layers whose weighted inputs follow them."""
    count = 0
    for index, arrays in enumerate(network.params):
        if "b" in arrays:
            moved = network.params.copy()
            other = network.having(moved.vector, network.statistics.vector)
            np.add(moved[index]["b"], 1, out=moved[index]["b"])
            z, shifted = (one.layers[index].preactivation(one.forward(X).memos[index]) for one in (network, other))
            count += arrays["b"].size if z is None or shifted is None or np.any(z != shifted) else 0
    return count


def _fitting(
    task: Task, sound: Network, X: Array, targets: Array, *, biased: bool
) -> tuple[tuple[str, ...], tuple[Mistake, ...]]:
    """The known mistakes with which the sound network gives the patient's gradient of its dense layers, here and with
    other weights, by their names and as they are; looked for on some of many features first."""
    every = np.arange(X.shape[1])
    some = np.sort(np.argsort(-np.abs(X).sum(axis=0), kind="stable")[:FEATURES])
    for keep in (some, every) if len(some) < len(every) and sound.layers[0].kind == Dense.kind else (every,):
        found, explained = _search(task, sound, X * np.isin(every, keep), targets, keep, biased=biased)
        if explained:
            return (*(() if biased else ("no-biases",)), *named(found, len(dense_layers(sound)))), found
    return (), ()


def _of_pictures(
    case: Case, training: Training, sound: Network, X: Array, targets: Array, mistakes: tuple[Mistake, ...]
) -> None:
    """The known mistake of a convolution or a pool that, beside those of the dense layers, gives the patient's gradient
    here and with other weights: a finding, with its layers."""
    if not any(makers(name, sound) for name in PICTURES):
        return
    task = training.task
    backward = WrongGradient(mistakes) if mistakes else backpropagate
    vectors = (sound.params.vector, _elsewhere(sound))
    places = [sound.having(vector, sound.statistics.vector) for vector in vectors]
    patients = [task.network.having(vector, sound.statistics.vector) for vector in vectors]
    theirs = [task.backward(one, one.forward(X), targets) for one in patients]

    def gradient(network: Network) -> Params:
        return backward(network, network.forward(X), targets)

    found = pictures_like(theirs, places, gradient, SAME)
    if found is None:
        return
    names = (found.name, *found.others)
    kind, called = PICTURES[found.name], training.prepared.called
    if any(PICTURES[name].cause != kind.cause for name in names):  # these numbers do not tell which it is
        return
    alike = "".join(f", or {PICTURES[name].words}, which comes to the same here" for name in found.others)
    where = " and ".join(called[index] or f"layer {index + 1}, {sound.layers[index].text}" for index in found.layers)
    case.fitting += names
    case.findings.append(
        Finding(
            kind.cause, "found", case.evidence("gradient-error", "gradient-cosine"),
            Change("mend", {"mistakes": names}), detail=f"{where}: {kind.words}{alike}",
        )
    )  # fmt: skip


def _elsewhere(network: Network) -> Array:
    """Other parameters, some way off."""
    vector = network.params.vector
    moved: Array = vector * np.random.default_rng(0).normal(1, ELSEWHERE, vector.size)
    return moved


def _search(
    task: Task, sound: Network, X: Array, targets: Array, keep: Array, *, biased: bool
) -> tuple[tuple[Mistake, ...], bool]:
    """The mistakes, and whether they explain all, from the weights of the features to keep; the others are 0."""
    vector, statistics = sound.params.vector, sound.statistics.vector
    places, traces, theirs = [], [], []
    seen = keep if sound.layers[0].kind == Dense.kind else slice(None)  # else all rows of the first dense layer's W
    for here in (vector, _elsewhere(sound)):
        patient = task.network.having(here, statistics)
        theirs.append(_layers(patient, task.backward(patient, patient.forward(X), targets), seen))
        own = _narrowed(sound.having(here, statistics), keep)
        places.append(own if biased else unbiased(own))
        traces.append(places[-1].forward(X[:, keep]))
    if not all(np.isfinite(array).all() for gradient in theirs for layer in gradient for array in layer):
        return (), False

    def make(mistakes: tuple[Mistake, ...], _: object) -> list[Gradient]:
        backward = WrongGradient(mistakes)
        return [_layers(one, backward(one, trace, targets)) for one, trace in zip(places, traces, strict=True)]

    parameters = [_layers(one, one.params) for one in places]
    return Search(make, theirs, parameters, biased=biased, tolerance=SAME, exact_unit=True).run()


def _narrowed(network: Network, keep: Array) -> Network:
    """The network that sees these features alone."""
    first, *others = network.layers
    if first.kind != Dense.kind or len(keep) == first.inputs:
        return network
    layers = [replace(cast(Dense, first), inputs=len(keep)), *others]
    (_, W), *arrays = network.params.named()
    vector = np.concatenate([W[keep].ravel(), *(array.ravel() for _, array in arrays)])
    return Network(layers=layers, cost=network.cost_name, dtype=network.dtype).having(vector, network.statistics.vector)


def _layers(network: Network, params: Params, keep: Array | slice = slice(None)) -> Gradient:
    """W and b of each layer; of the first, the weights of these features."""
    first, *others = ((params[index]["W"], params[index]["b"]) for index in dense_layers(network))
    return [(first[0][keep], first[1]), *others]


def _gradient_error(patient: Network, X: Array, targets: Array, theirs: Params) -> float:
    """How far the patient's gradient is from differences of its cost."""
    try:
        found = check_gradients(patient, X, targets, gradients=lambda *_: theirs, sample=8)
    except (WhynetError, FloatingPointError):
        return math.nan
    return max(found.relative_error, min(found.projection or 0.0, 1e3))
