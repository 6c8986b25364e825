"""How the layers start: units that are copies of another, and units that are dead."""

from __future__ import annotations

import numpy as np

from whynet.subjects.program.health import layers
from whynet.subjects.program.judgement import Judged
from whynet.subjects.program.plan import Plan
from whynet.types import Array

RECTIFIES = {"maximum", "larger", "where", "mul", "clip"}


def start_of(one: Judged, plan: Plan) -> dict[str, float]:
    """By the names of symptoms, from the first iteration that was recorded.

    >>> from whynet.subjects.program.loop import Flow
    >>> from whynet.subjects.program.plan import Watched
    >>> from whynet.subjects.program.tape import Tape
    >>> start_of(Judged(Flow([Tape(0, 1)]), [], [], []), Plan(0, Watched(1, 0, (0,), 1), Watched(1, 1, (0,), 1)))
    {}
    """
    found: dict[str, float] = {}
    matrices = [W for W in (_matrix(one, layer.paths, layer.fan_in) for layer in plan.weights) if W is not None]
    alike = [float(1 - (len(np.unique(W.T, axis=0)) - 1) / (W.shape[1] - 1)) for W in matrices[:-1] if W.shape[1] > 1]
    if alike:
        found["identical-units"] = max(alike)
    if plan.rows is None or plan.input_rows is None:
        return found
    dead = []
    for node in layers(one)[1]:
        a = np.asarray(one.tape.value(node), dtype=float) if node >= 0 else np.zeros(0)
        if a.ndim != 2 or one.tape.ops[node].name not in RECTIFIES or not np.all(a >= 0):
            continue
        dead.append(float(np.mean((a <= 0).all(axis=plan.input_rows))))
    if dead:
        found["dead-start"] = max(dead)
    return found


def _matrix(one: Judged, paths: tuple[str, ...], fan_in: int) -> Array | None:
    """Weights as (fan_in, units)."""
    if len(paths) != 1 or paths[0] not in one.tape.start:
        return None
    W = np.asarray(one.tape.value(one.tape.start[paths[0]]), dtype=float)
    if W.ndim != 2 or fan_in not in W.shape:
        return None
    return W if W.shape[0] == fan_in else W.T
