"""The momentum term adds raw gradients that the learning rate does not scale.

**What it means.** The step that counts is the momentum, whatever the learning rate is.

**How it is seen.** A fit to the applied steps finds a multiple of the previous gradient, not of the previous step;
ten times the rate changes nothing.

**Why it happens.** The velocity must hold steps, not gradients.

**What to change.** v = m v - rate g; w = w + v.

**Not to be confused with.** A learning rate that is too high; changing that does nothing here.

**An example.** Rate 0.0001 and 0.3 times the previous gradient: an effective rate of 0.3.

**Sources.** Sutskever et al. (2013)
"""

from __future__ import annotations

from whynet.doctor.case import Case
from whynet.doctor.cause import CERTAIN, Change, Suspicion


def suspect(case: Case) -> Suspicion | None:
    if "raw-momentum" in case.fitting:
        return Suspicion(
            CERTAIN, case.evidence("effective-rate", "fitted-rate", "fitted-previous-gradient", "fitted-momentum")
        )
    return None


def changes(case: Case) -> list[Change]:
    words = "momentum of steps, not of gradients: v = m v - rate g"
    sound = Change(words, without=("raw-momentum",))
    real = case.value("effective-rate") * (1 - case.recipe.momentum)
    if not real > 2 * case.recipe.rate:
        return [sound]
    rate = float(f"{real:.2g}")
    return [
        sound,
        Change(f"{words}, at the rate that was really in effect, {rate:g}", {"learning_rate": rate}, sound.without),
    ]
