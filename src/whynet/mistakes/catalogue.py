"""The catalogue: every mistake by its name, what it is planted as, and what is said of those that were found."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from whynet.data.dataset import Dataset
from whynet.engines.base import Engine, Task
from whynet.mistakes.backward import WrongGradient, dense_layers
from whynet.mistakes.data import DATA
from whynet.mistakes.forward import FORWARD
from whynet.mistakes.gradient import KINDS
from whynet.mistakes.kind import Kind, layers_in
from whynet.mistakes.measuring import MEASURING
from whynet.mistakes.mistake import Mistake
from whynet.mistakes.pictures import PICTURES, spoilt_pictures
from whynet.mistakes.update import UPDATES, wrong_update
from whynet.network.network import Network

CATALOGUE: dict[str, Kind] = {**KINDS, **FORWARD, **PICTURES, **UPDATES, **DATA, **MEASURING}
"""Planted forward, if it can be."""
NAMED: dict[str, tuple[tuple[str, str], ...]] = {  # kinds and the layers that they are in
    "forgotten-bias": (("bias-zero", "all"),),
    "frozen-layer": (("weights-zero", "first"), ("bias-zero", "first")),
    "no-hidden-slope": (("missing-slope", "hidden"),),
    "no-output-slope": (("missing-slope", "last"),),
    "wrong-slope": (("slope-of-value", "hidden"),),
    "wrong-transpose": (("not-transposed", "hidden"),),
}
WHOLE = {"flipped-gradient": Mistake("factor", -1, "all", -1.0), "summed-gradient": Mistake("summed", -1, "all")}
MENDED_AS = {  # the name by which a cause's change mends its mistakes
    "gradient-missing-derivative": "no-hidden-slope",
    "gradient-wrong-derivative": "wrong-slope",
    "gradient-wrong-term": "wrong-term",
    "gradient-wrong-transpose": "wrong-transpose",
    "gradient-sign-flipped": "flipped-gradient",
    "gradient-not-averaged": "summed-gradient",
    "gradient-buffer-not-reset": "stale-gradients",
    "bias-not-updated": "forgotten-bias",
    "layer-not-updated": "frozen-layer",
    "momentum-unscaled": "raw-momentum",
}


def cause_of(name: str) -> str:
    """The cause that a mistake is.

    >>> cause_of("slope-twice"), cause_of("frozen-layer"), cause_of("flipped-gradient")
    ('gradient-wrong-derivative', 'layer-not-updated', 'gradient-sign-flipped')
    """
    if name in WHOLE:
        return WHOLE[name].cause
    return CATALOGUE[NAMED[name][0][0] if name in NAMED else name].cause


def mended_as(name: str) -> str:
    """The name by which a mistake is mended: its own, or that of its cause.

    >>> mended_as("slope-twice"), mended_as("no-output-slope")
    ('wrong-slope', 'no-output-slope')
    """
    return MENDED_AS.get(KINDS[name].cause, name) if name in KINDS else name


def placed(name: str, layers: int) -> tuple[Mistake, ...]:
    """The mistakes in the gradient of so many layers that a name stands for.

    >>> [one.layer for one in placed("missing-slope", 2)], [one.kind for one in placed("frozen-layer", 2)]
    ([0, 1], ['weights-zero', 'bias-zero'])
    """
    if name in WHOLE:
        return (WHOLE[name],)
    if name == "no-biases":
        name = "forgotten-bias"
    if name in FORWARD or (name not in KINDS and name not in NAMED):
        return ()
    places = NAMED.get(name) or ((name, KINDS[name].where),)
    return tuple(Mistake(kind, layer, KINDS[kind].part) for kind, place in places for layer in layers_in(place, layers))


def plant(task: Task, names: Sequence[str]) -> Task:
    """The same task with those of the mistakes made that are in its code; its network shares the parameters.

    What a network cannot get wrong (the slope of a sigmoid where there is none) is left as it is.

    >>> from whynet.training.prepare import prepare
    >>> from whynet.training.recipe import Recipe
    >>> from whynet.data.sources import load
    >>> task = plant(prepare(Recipe(momentum=0.3), load("digits")).task, ["raw-momentum", "no-output-slope"])
    >>> task.optimizer.kind, task.backward.mistakes
    ('raw-momentum', (Mistake(kind='missing-slope', layer=1, part='error', factor=1.0),))

    Raises
    ------
    UsageError
        A mistake of another cost, or of another optimizer.
    """
    layers = len(dense_layers(task.network))
    made: dict[tuple[int, str, str], Mistake] = {}
    for name in names:
        for one in placed(name, layers):
            made.setdefault((one.layer, one.part, name if name in WHOLE else ""), one)  # of two in one place, the first
        if name in FORWARD:
            task = task._replace(network=FORWARD[name].spoil(task.network))
        elif name in PICTURES:
            task = task._replace(network=spoilt_pictures(name, task.network))
        elif name in UPDATES:
            task = task._replace(optimizer=wrong_update(name, task.optimizer))
    return task._replace(backward=WrongGradient(tuple(made.values()))) if made else task


def in_code(name: str) -> bool:
    """Whether it is a mistake in the code of a step, which the readable engine alone makes.

    >>> in_code("no-biases"), in_code("slope-twice"), in_code("few-rows"), in_code("whole-matrix-check")
    (True, True, False, False)
    """
    return any(name in table for table in (KINDS, NAMED, WHOLE, FORWARD, PICTURES, UPDATES))


def counting(names: Sequence[str]) -> Callable[[Network, Dataset, Engine], int] | None:
    """Who counts the right answers in a mistaken way; None if nobody does.

    >>> counting([]) is None, counting(["argmax-over-images"]).__name__
    (True, 'argmax_over_images')
    """
    return next(
        (MEASURING[name].spoil for name in names if name in MEASURING and MEASURING[name].part == "count"), None
    )


def planted_as(found: Sequence[Mistake], layers: int) -> tuple[tuple[str, ...], tuple[Mistake, ...]]:
    """The names that stand for mistakes found in a gradient of so many layers, and those that no name stands for.

    >>> planted_as([*placed("missing-slope", 3), Mistake("slope-twice", 1, "error")], 3)
    (('no-hidden-slope', 'no-output-slope'), (Mistake(kind='slope-twice', layer=1, part='error', factor=1.0),))
    """
    left, names = list(found), list[str]()
    for name in (*NAMED, *KINDS):
        places = placed(name, layers)
        if places and all(one in left for one in places):
            names.append(name)
            left = [one for one in left if one not in places]
    return tuple(names), tuple(left)


def named(found: Sequence[Mistake], layers: int) -> tuple[str, ...]:
    """The names of mistakes found in a gradient, and of each that is mended by the name of its cause, that name too.

    >>> named(placed("frozen-layer", 3), 3), named([Mistake("slope-twice", 1, "error")], 3)
    (('frozen-layer',), ('slope-twice', 'wrong-slope'))
    >>> named([Mistake("factor", -1, "all", -8.0)], 2)
    ('flipped-gradient', 'summed-gradient')
    """
    whole, left = planted_as(found, layers)
    names = [other for name in whole for other in (name, mended_as(name))]
    for one in left:
        if one.kind == "factor":
            names += ["flipped-gradient"] if one.factor < 0 else []
            names += ["summed-gradient"] if not np.isclose(abs(one.factor), 1, rtol=1e-3) else []
        elif one.kind in KINDS:
            names += [one.kind, mended_as(one.kind)]
        else:
            names.append(MENDED_AS[one.cause])
    return tuple(dict.fromkeys(names))
