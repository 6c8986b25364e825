"""What the tapes say beside right and wrong: how large the inputs are, how the units start, where the error goes."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np

from whynet.subjects.program.costs import LOOKS, residual
from whynet.subjects.program.judgement import Judged
from whynet.subjects.program.loop import PRODUCTS
from whynet.types import Array

FEWEST = 4
"""Numbers; fewer say nothing about a layer."""
STEEPEST = {"logistic": 0.25, "tanh": 1.0}
"""The largest derivative of the activations that saturate."""
FLAT = 0.01


def health(one: Judged) -> dict[str, float]:
    """Of the first tape: the size of the inputs, of the weights, and how many hidden activations are saturated.

    >>> from whynet.subjects.program.loop import Flow
    >>> from whynet.subjects.program.tape import Tape
    >>> health(Judged(Flow([Tape(0, 1)]), [], [], []))
    {}
    """
    inputs, hidden, gains = layers(one)
    found: dict[str, float] = {}
    fed = _joined([one.tape.value(node) for node in inputs])
    if fed.size >= FEWEST:
        found["largest-input"] = float(np.max(np.abs(fed)))
        found["feature-size"] = float(np.sqrt(np.mean(fed**2)))
    if gains:
        found["weight-gain"], found["least-weight-gain"] = max(gains), min(gains)
    shares, spreads, pushes, copies = [], [], [], []
    for pushed, flat in _of_single_numbers(one, hidden):
        pushes.append(pushed)
        shares.append(flat)
    for node in hidden:
        a = np.asarray(one.tape.value(node), dtype=float)
        if a.size < FEWEST or not np.all(np.isfinite(a)):
            continue
        size = float(np.mean(np.abs(a)))
        shape = a.shape
        if a.ndim == 2 and min(shape) > 1:
            many = {n for output in one.outputs for n in np.shape(one.tape.value(output))} & set(shape)
            axes = [shape.index(n) for n in many] if len(many) == 1 else []
            if axes and size and shape[0] != shape[1]:
                spreads.append(float(np.mean(a.std(axis=axes[0]))) / size)
                copies.append(all(_copies(tape.value(node), axes[0]) for tape in one.flow.tapes))
        for name, top in STEEPEST.items():
            z = LOOKS[name](one.flow, node)
            if z is not None:
                slope = a * (1 - a) if name == "logistic" else 1 - a * a
                shares.append(float(np.mean(slope < FLAT * top)))
                pushes.append(float(np.mean(np.asarray(one.tape.value(z), dtype=float))))
                break
    if shares:
        found["saturated-start"] = max(shares)
    if spreads:
        found["spread-start"], found["identical-units"] = min(spreads), float(any(copies))
    if pushes:
        found["one-sided-push"] = pushes[0]
    return {name: value for name, value in found.items() if math.isfinite(value)}


def _of_single_numbers(one: Judged, hidden: Sequence[int]) -> Iterator[tuple[float, float]]:
    """Of layers whose units are single numbers: what goes into a unit, and the share of those saturated."""
    single = {node for node in hidden if node >= 0 and np.ndim(one.tape.value(node)) == 0}
    whose = {one.tape.start[path]: group.name for group in one.parameters for path in group.paths} if single else {}
    units: dict[str, dict[int, None]] = {}
    for node in sorted(one.forward) if single else ():
        read = one.tape.ops[node].inputs
        own = [leaf for leaf in read if leaf in whose]
        if one.tape.ops[node].name in PRODUCTS and len(own) == 1:
            units.setdefault(whose[own[0]], {}).update((other, None) for other in read if other in single)
    for layer in units.values():
        a = np.array([float(one.tape.value(node)) for node in layer])
        for name, top in STEEPEST.items():
            z = [LOOKS[name](one.flow, node) for node in layer] if a.size >= FEWEST and np.isfinite(a).all() else [None]
            if all(node is not None for node in z):
                slope = a * (1 - a) if name == "logistic" else 1 - a * a
                into = [float(one.tape.value(node)) for node in z if node is not None]
                yield float(np.mean(into)), float(np.mean(slope < FLAT * top))
                break


def _copies(value: object, examples: int) -> bool:
    """Whether all units of a layer give the same, and not nothing."""
    a = np.moveaxis(np.asarray(value, dtype=float), examples, 0)
    return bool(np.any(a) and np.all(np.abs(a - a[:, :1]) <= 1e-12 * np.max(np.abs(a))))


def layers(one: Judged) -> tuple[list[int], list[int], list[float]]:
    """What is multiplied by parameters: inputs, and hidden values; and how large the weights are beside 1 / sqrt(n).

    >>> from whynet.subjects.program.loop import Flow
    >>> from whynet.subjects.program.tape import Tape
    >>> layers(Judged(Flow([Tape(0, 1)]), [], [], []))
    ([], [], [])
    """
    leaves = {one.tape.start[path] for group in one.parameters for path in group.paths}
    below = one.flow.after(leaves)
    inputs: dict[int, None] = {}
    hidden: dict[int, None] = {}
    gains: list[float] = []
    for node in sorted(one.forward):
        op = one.tape.ops[node]
        own = [read for read in op.inputs if _is_parameter(one, read, leaves)]
        rest = [read for read in op.inputs if read not in own]
        if op.name not in PRODUCTS or len(own) != 1 or len(rest) != 1:
            continue
        if rest[0] in below:
            hidden[rest[0]] = None
        elif not _constant(one, rest[0]) or _varies(one, node, op.inputs.index(rest[0])):
            inputs[rest[0]] = None
        weights, with_ = np.asarray(one.tape.value(own[0]), dtype=float), np.shape(one.tape.value(rest[0]))
        if weights.ndim == 2 and weights.size >= FEWEST and op.name in ("matmul", "dot"):
            fan = next((n for n in weights.shape if n in with_), 0)
            if fan > 1:
                gains.append(float(np.sqrt(np.mean(weights**2)) * np.sqrt(fan)))
    return list(inputs), list(hidden), gains


def _constant(one: Judged, node: int) -> bool:
    return node < 0 and one.tape.leaves[-node - 1].constant


def _varies(one: Judged, node: int, place: int) -> bool:
    """Whether an operand is another number in another iteration: whole numbers may be inputs too."""
    return len({float(np.max(tape.value(tape.ops[node].inputs[place]))) for tape in one.flow.tapes}) > 1


def _is_parameter(one: Judged, node: int, leaves: set[int]) -> bool:
    """Whether a value is a parameter, perhaps turned."""
    while node >= 0 and one.tape.ops[node].name in ("T", "transpose", "reshape", "getitem"):
        node = min(one.tape.ops[node].inputs, default=0)
    return node in leaves


def _joined(values: Sequence[object]) -> Array:
    arrays = [np.ravel(np.asarray(value, dtype=float)) for value in values]
    return np.concatenate(arrays) if arrays else np.zeros(0)


def course(one: Judged) -> list[tuple[int, float]]:
    """The mean squared error in each iteration, where all of them saw the same targets; of an error that no step
    follows from, nothing is known.

    >>> from whynet.subjects.program.loop import Flow
    >>> from whynet.subjects.program.tape import Tape
    >>> course(Judged(Flow([Tape(0, 1)]), [], [], []))
    []
    """
    if one.cost is None or not one.cost.pairs or any(pair.kind not in ("sub", "add") for pair in one.cost.pairs):
        return []
    if not any(step.right or step.node is not None or step.rate is not None for step in one.steps):
        return []
    targets = [_joined([tape.value(pair.target) for pair in one.cost.pairs]) for tape in one.flow.tapes]
    if targets[0].size < 2 or not all(np.array_equal(target, targets[0]) for target in targets):
        return []
    with np.errstate(all="ignore"):
        errors = [_joined([residual(pair, tape) for pair in one.cost.pairs]) for tape in one.flow.tapes]
        return [(tape.iteration, float(np.mean(error**2))) for tape, error in zip(one.flow.tapes, errors, strict=True)]
