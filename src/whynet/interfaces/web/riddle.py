"""Find the fault: a network is broken by a cause that the seed chooses, and the player orders measurements."""

from __future__ import annotations

from typing import Any

import numpy as np

from whynet.data.sources import load
from whynet.interfaces.web.control import Control, Say
from whynet.interfaces.web.measured import PLACES, as_rows
from whynet.interfaces.web.twins import DATA, examined, sound, spoilt
from whynet.subjects.plants import SOUND, plants
from whynet.subjects.recipe import RecipeSubject

COINS, CHOICES = 5, 6


def set_up(order: dict[str, Any], say: Say, control: Control) -> None:
    """Break a network so that it shows: the same seed breaks the same one in the same way, on every machine."""
    rng = np.random.default_rng([order["seed"], 21])
    names = sorted(plants())
    data = load(DATA)
    for name in rng.permutation(names).tolist():
        base = str(rng.choice(sorted(set(plants()[name].only) & set(SOUND))))
        healthy = sound(base, order["seed"])
        subject = RecipeSubject(spoilt(healthy, base, [name]), data)
        case = examined(subject)
        rows = as_rows(case.symptoms)
        if case.state != "healthy" and any(row["unusual"] for row in rows):
            break
    plant = plants()[name]
    others = [one for one in names if one not in (name, *plant.also) and base in plants()[one].only]
    choices = sorted([name, *rng.choice(others, CHOICES - 1, replace=False).tolist()])
    outcome = case.before
    say("secret", cause=name, also=list(plant.also), recipe=subject.recipe.as_dict(), rows=rows, state=case.state)
    say(
        "riddle", base=base, network=healthy.as_dict(), coins=COINS, choices=choices,
        places={place: PLACES[place] for place in dict.fromkeys(row["place"] for row in rows)},
        curve=[] if outcome is None else list(outcome.curve), floor=case.value("floor"),
        quality=None if outcome is None else outcome.quality,
    )  # fmt: skip
