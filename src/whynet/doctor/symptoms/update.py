"""The patient's own update, as a black box: what its steps do to the weights."""

from __future__ import annotations

from typing import Any

import numpy as np

from whynet.doctor.case import Case
from whynet.doctor.normal import Above, Exactly
from whynet.doctor.symptom import Symptom
from whynet.doctor.symptoms.gradient import CHECK_ROWS
from whynet.doctor.symptoms.weights import measure_step
from whynet.engines.reference import Reference
from whynet.errors import WhynetError
from whynet.mistakes.update import MEMORY, wrong_update
from whynet.network.network import Network
from whynet.noise import Noise
from whynet.optimizers.optimizers import optimizer
from whynet.params import Params
from whynet.training.loop import Training
from whynet.types import Array

UPDATE_FINITE = Symptom("update-finite", "the updated weights are finite (1: yes)", normal=Exactly(1))
GRADIENT_FINITE = Symptom("gradient-finite", "the gradient is finite (1: yes)", normal=Exactly(1))
MOVE = {
    "weights": Symptom("weights-move", "largest change of a weight", "largest change in five steps", Above(0)),
    "biases": Symptom("biases-move", "largest change of a bias", "largest change in five steps", Above(0)),
}
GRADIENT = {
    "weights": Symptom("weights-gradient", "largest derivative by a weight", "largest gradient", Above(0)),
    "biases": Symptom("biases-gradient", "largest derivative by a bias", "largest gradient", Above(0)),
}
ARRAYS_LEFT_ALONE = Symptom(
    "arrays-left-alone", "weight arrays with a gradient that never move", "arrays with a gradient that never move",
    Exactly(0),
)  # fmt: skip
ARRAYS_OFF_THEIR_GRADIENT = Symptom(
    "arrays-off-their-gradient", "arrays that move, but not along their gradient", "arrays", Exactly(0)
)
PARAMETERS_LEFT_OUT = Symptom(
    "parameters-left-out", "arrays that the optimizer does not move", "arrays that the optimizer does not move",
    Exactly(0),
)  # fmt: skip
LAYERS_LEFT_OUT = Symptom("layers-left-out", "layers that are not trained", "layers that are not trained", Exactly(0))
GRADIENTS_KEPT = Symptom(
    "gradients-kept", "steps that begin with the gradient of the step before", "fraction of the steps checked",
    Exactly(0),
)  # fmt: skip
FITTED_RATE = Symptom(
    "fitted-rate", "multiple of the gradient in each step", "of the gradient",
    Exactly(why="the learning rate", rounding=0.02),
)  # fmt: skip
FITTED_PREVIOUS_GRADIENT = Symptom(
    "fitted-previous-gradient", "multiple of the gradient before in each step", "of the previous gradient",
    Exactly(0, rounding=1e-3),
)  # fmt: skip
FITTED_MOMENTUM = Symptom(
    "fitted-momentum", "fraction of the step before in each step", "of the previous step",
    Exactly(why="the momentum", rounding=0.02),
)  # fmt: skip
EFFECTIVE_RATE = Symptom(
    "effective-rate", "learning rate that the steps obey", "of the gradient", Exactly(why="as set", rounding=0.05)
)

TINY = 1e-9  # a rate


@np.errstate(all="ignore")
def audit_update(case: Case, training: Training, steps: int = 5) -> None:
    """What the update does to the weights: fitted on a few single steps of a copy, the step against the gradient, the
    gradient before and the step before.

    >>> from whynet.subjects.recipe import RecipeSubject
    >>> from whynet.data.sources import load
    >>> from whynet.training.recipe import Recipe
    >>> case = RecipeSubject(Recipe(epochs=1), load("digits")).examine()
    >>> round(case.value("effective-rate"), 3), case.settings.rate
    (0.1, 0.1)
    """
    task = training.task
    network = _unstuck(training)
    first = network.params.copy()
    patient = task._replace(network=task.network.having(network.params.vector, network.statistics.vector))
    state = task.first_state()
    rng = np.random.default_rng(0)
    size = min(training.prepared.batch_size, len(training.train), 1000)
    rate, momentum = training.recipe.rate, training.recipe.momentum
    moves, gradients = [], []
    try:
        for step in range(steps):
            rows = rng.choice(len(training.train), size=size, replace=False)[np.newaxis]
            before = network.params.copy()
            X = task.examples.features(rows[0], network.dtype)
            trace = patient.network.forward(X, Noise(task.seed, step))
            g = task.backward(patient.network, trace, task.examples.targets[task.examples.labels[rows[0]]])
            task.penalty.add_gradient(network.params, g)
            Reference().advance(patient, state, rows, np.full(1, rate), step)
            moves.append(network.params.vector.astype(np.float64) - before.vector)
            gradients.append(g.vector.astype(np.float64))
    except WhynetError:
        case.note(UPDATE_FINITE, float(_finite_at_a_tiny_rate(training, rows)))
        finite = bool(
            np.isfinite(
                training.network.gradients(X, task.examples.targets[task.examples.labels[rows[0]]]).vector
            ).all()
        )
        case.note(GRADIENT_FINITE, float(finite))
        return
    case.note(UPDATE_FINITE, 1)
    layers = zip(training.prepared.called, network.layers, strict=True)
    owners = [called for called, layer in layers for _ in layer.weight_names]
    after = _as_params(first.vector + moves[0], network)
    measure_step(case, list(first.weights()), list(after.weights()), owners)
    weights = np.concatenate([np.full(array.size, name.endswith("W")) for name, array in network.params.named()])
    for what, chosen in (("weights", weights), ("biases", ~weights)):
        moved = np.concatenate([move[chosen] for move in moves])
        slope = np.concatenate([g[chosen] for g in gradients])
        case.note(MOVE[what], float(np.abs(moved).max(initial=0)))
        case.note(GRADIENT[what], float(np.abs(slope).max(initial=0)))
    unmoved = [name for name, array in network.params.named() if not np.any(array != dict(first.named())[name])]
    still = [name for name in unmoved if np.any(dict(_as_params(gradients[0], network).named())[name])]
    case.note(ARRAYS_LEFT_ALONE, len(still))
    if case.settings.optimizer == "sgd":
        now, before_g = gradients[2:], gradients[1:-1]
        target = np.concatenate([m[weights] for m in moves[2:]])
        basis = np.stack(
            [
                np.concatenate([g[weights] for g in now]),
                np.concatenate([g[weights] for g in before_g]),
                np.concatenate([m[weights] for m in moves[1:-1]]),
            ],
            axis=1,
        )
        scale = np.linalg.norm(basis, axis=0)
        keep = scale > 0
        if keep.any() and np.isfinite(basis).all() and np.isfinite(target).all():
            found = np.zeros(3)
            found[keep] = np.linalg.lstsq(basis[:, keep] / scale[keep], target, rcond=1e-6)[0] / scale[keep]
            case.note(FITTED_RATE, -found[0], at=rate)
            case.note(FITTED_PREVIOUS_GRADIENT, -found[1])
            case.note(FITTED_MOMENTUM, found[2], at=momentum)
            lasting = -(found[0] + found[1]) / max(1 - found[2], 1e-3)
            case.note(EFFECTIVE_RATE, lasting, at=rate / (1 - momentum))
    case.fitting += tuple(
        name for name in MEMORY if _moves_alike(case, training, name, patient, moves, gradients, rate)
    )


def _finite_at_a_tiny_rate(training: Training, rows: Array) -> bool:
    """Whether a step is finite where next to nothing is to be moved: then the rate is too large, not undefined."""
    network = _unstuck(training)
    task = training.task._replace(
        network=training.task.network.having(network.params.vector, network.statistics.vector)
    )
    state = task.first_state()
    try:
        Reference().advance(task, state, rows, np.full(1, TINY), 0)
    except WhynetError:
        return False
    return True


def _unstuck(training: Training) -> Network:
    """A copy of the network; with small random weights if its units are saturated, for an update shows little of
    itself where there is no gradient."""
    network = training.network.having(training.network.params.vector.copy(), training.network.statistics.vector.copy())
    examples = training.task.examples
    rows = np.arange(min(CHECK_ROWS, len(training.train)))
    gradient = network.gradients(examples.features(rows, network.dtype), examples.targets[examples.labels[rows]])
    if np.abs(gradient.vector).max() > 1e-3:
        return network
    small = np.random.default_rng(0).normal(0, 0.05, gradient.vector.size).astype(network.dtype)
    return network.having(small, network.statistics.vector)


def _as_params(vector: Array, network: Network) -> Params:
    return Params(network.params.shapes, vector)


@np.errstate(all="ignore")
def _moves_alike(
    case: Case, training: Training, fault: str, patient: Any, moves: list[Array], gradients: list[Array], rate: float
) -> bool:
    """Whether the optimizer with that mistake, handed the same gradients, would have moved the weights the same way,
    and the sound one would not."""
    if case.settings.optimizer != "sgd" and fault == "raw-momentum":
        return False
    outcomes = []
    sound = optimizer(training.recipe.optimizer, training.recipe.momentum)
    for spoilt in (wrong_update(fault, sound), sound):
        params = Params(training.network.params.shapes, training.network.params.vector.astype(np.float64).copy())
        state = spoilt.init(params)
        made = []
        for g in gradients:
            before = params.vector.copy()
            spoilt.update(params, Params(params.shapes, g.copy()), state, rate)
            made.append(params.vector - before)
        a, b = np.concatenate(made), np.concatenate(moves)
        outcomes.append(float(np.linalg.norm(a - b)) / max(float(np.linalg.norm(b)), 1e-300))
    tolerance = 1e-6 if training.network.dtype == np.float64 else 1e-2
    return outcomes[0] < tolerance < 10 * outcomes[1] and outcomes[0] < 0.1 * outcomes[1]  # both may be rounding alone
