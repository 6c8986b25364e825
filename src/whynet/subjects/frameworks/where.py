"""Which place of somebody's program a finding is about: the call of the loss, the optimizer, the model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from whynet.doctor.causes import cause
from whynet.doctor.diagnosis import Diagnosis, Finding, Where

OF_FAMILY = {
    "data": ("forward",),
    "output": ("loss", "forward"),
    "cost": ("loss", "backward"),
    "start": ("model", "forward"),
    "network": ("model", "forward"),
    "update": ("optimizer", "step"),
    "steps": ("optimizer", "step"),
    "gradient": ("backward", "step"),
    "result": ("forward",),
}
"""Of each family of causes, places by name; the first that is known is said."""
OF_CAUSE = {
    "wrong-output-activation": ("activation", "loss", "forward"),
    "softmax-single-unit": ("activation", "model", "loss"),
    "output-range-mismatch": ("activation", "loss", "forward"),
    "missing-output-activation": ("last", "model", "loss"),
    "unstable-softmax": ("activation", "loss"),
    "gradient-buffer-not-reset": ("backward", "step"),
    "update-order-wrong": ("step", "backward"),
    "layer-not-updated": ("not-held", "model", "optimizer"),
    "gradient-cut": ("cut", "model", "forward"),
    "mode-wrong-in-training": ("eval", "forward"),
    "mode-wrong-in-evaluation": ("forward",),
    "batch-mixed": ("forward",),
    "regularisation-too-strong": ("dropout", "optimizer", "model"),
    "target-not-scaled": ("loss", "forward"),
    "not-shuffled": ("loader", "forward"),
    "undertrained": ("loop", "step", "optimizer"),
    "batch-too-large": ("loader", "loop", "forward", "optimizer"),
}
NOT_HELD = "layer-not-updated"
SQUASHING = {"softmax", "sigmoid", "log_softmax", "Softmax", "Sigmoid", "LogSoftmax", "expit"}


def placed(found: Diagnosis, lines: Mapping[str, Where]) -> None:
    """Say of each finding where in the program it is.

    >>> found = Diagnosis("not-started", verdict=[Finding("lr-too-high", "proved")])
    >>> placed(found, {"optimizer": Where("train.py", 12)})
    >>> found.verdict[0].where
    Where(file='train.py', line=12, text='')
    """
    found.verdict = [_placed(one, lines) for one in found.verdict]


def _placed(one: Finding, lines: Mapping[str, Where]) -> Finding:
    if one.where is not None:
        return one
    names = OF_CAUSE.get(one.cause) or OF_FAMILY[cause(one.cause).FAMILY]
    where = next((lines[name] for name in names if name in lines), None)
    return one if where is None else replace(one, where=where)
