"""The ward: a sound network and its twin with causes switched on, step beside step, and what is measured of both."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np

from whynet.data.sources import load
from whynet.doctor.case import Case
from whynet.doctor.causes import cause
from whynet.doctor.states import state_of
from whynet.errors import Interrupted, NonFinite, UsageError
from whynet.interfaces.web.control import Control, Say
from whynet.interfaces.web.measured import as_rows
from whynet.interfaces.web.pixels import signed
from whynet.mistakes.catalogue import NAMED, cause_of
from whynet.network.excitation import linear, masks
from whynet.report.wording.mistakes import PLAIN
from whynet.report.wording.whynet import toml
from whynet.subjects.plants import SOUND, Plant, plants
from whynet.subjects.recipe import RecipeSubject
from whynet.training.loop import Training
from whynet.training.recipe import Recipe

DATA, EPOCHS, CHUNKS = "digits", 6, 60
APART = 1 / 30


@cache
def wards() -> dict[str, Any]:
    """The sound networks, and the causes that each can be given."""
    found = []
    for name, plant in illnesses().items():
        page = (cause(plant.cause).__doc__ or "").strip()
        edits = [f"learning rate x {value:g}" if field == "rate_times" else f"{field} = {toml(value)}"
                 for field, value in plant.edits.items()]  # fmt: skip
        edits += [f"mistake: {one}; right would be: {PLAIN[one]}" if one in PLAIN else one for one in plant.mistakes]
        found.append({
            "name": name, "title": page.splitlines()[0], "family": cause(plant.cause).FAMILY, "page": page,
            "does": ", ".join(edits), "only": list(plant.only),
        })  # fmt: skip
    return {"bases": {name: recipe.as_dict() for name, recipe in SOUND.items()}, "causes": found, "data": DATA}


@cache
def illnesses() -> dict[str, Plant]:
    """Every cause that can be planted, and mistakes that people make in backpropagation, by their names."""
    return plants() | {name: Plant(cause_of(name), mistakes=(name,)) for name in NAMED}


def sound(base: str, seed: int) -> Recipe:
    """A sound network by its name."""
    if base not in SOUND:
        raise UsageError("there is no such network", expected=", ".join(SOUND), found=base)
    return SOUND[base].but(data=DATA, epochs=EPOCHS, seed=seed)


def spoilt(recipe: Recipe, base: str, causes: Sequence[str]) -> Recipe:
    """The same with causes switched on."""
    known = illnesses()
    for name in causes:
        if name not in known or base not in known[name].only:
            raise UsageError("this network cannot be given that", found=name)
        recipe = known[name].spoil(recipe)
    return recipe


def compare(order: dict[str, Any], say: Say, control: Control) -> None:
    """Train both, side by side, from the same seed in the same order; then measure both."""
    healthy = sound(order["base"], order["seed"])
    ill = spoilt(healthy, order["base"], order["causes"])
    data = load(DATA)
    subjects = {"sound": RecipeSubject(healthy, data), "ill": RecipeSubject(ill, data)}
    control.asks = True
    trainings = {name: one.training(one.fitted(())) for name, one in subjects.items()}
    for name, training in trainings.items():
        recipe = training.recipe
        say("twin", twin=name, floor=training.prepared.floor, network=repr(training.network), recipe=recipe.as_dict())
    for chunk in range(1, CHUNKS + 1):
        if control.stopped:
            raise Interrupted("stopped on request")
        started = time.monotonic()
        for name, training in trainings.items():
            total = training.prepared.batches * training.recipe.epochs
            cost = advance(training, max(1, total * chunk // CHUNKS))
            say("look", twin=name, step=training.steps, share=chunk / CHUNKS, cost=cost)
        if chunk % 6 == 0 or chunk == CHUNKS:
            for name, training in trainings.items():
                shown = _masks(training)
                if shown is not None:
                    say(f"masks-{name}", twin=name, **shown)
        time.sleep(max(0.0, APART - (time.monotonic() - started)))
    control.asks = False
    for name, subject in subjects.items():
        case = examined(subject)
        outcome = case.before
        say("symptoms", twin=name, state=case.state, rows=as_rows(case.symptoms),
            quality=None if outcome is None else outcome.quality,
            recalls=[] if outcome is None else list(outcome.recalls))  # fmt: skip


def examined(subject: RecipeSubject) -> Case:
    """All that is measured of it, and its state."""
    case = subject.examine()
    case.state = state_of(case)
    return case


def advance(training: Training, last: int) -> float | None:
    """Go on to that step; the mean cost of the latest batches, None where numbers blew up."""
    training.pauses = [last]
    training.stop = lambda: training.steps >= last
    try:
        while training.steps < last:
            next(training)
    except Interrupted:
        pass
    except (NonFinite, StopIteration):
        return None
    recent = training.position.costs[-40:]
    return float(recent.mean()) if len(recent) and np.isfinite(recent).all() else None


def _masks(training: Training) -> dict[str, Any] | None:
    network = training.network
    if not linear(network):
        return None
    W = masks(network, 0)[:, :12]
    side = round(len(W) ** 0.5)
    return {"masks": signed(W.T.reshape(-1, side, side))}
