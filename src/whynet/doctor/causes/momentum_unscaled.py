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
from whynet.doctor.cause import CERTAIN, Suspicion
from whynet.doctor.change import Change

KIND = "measured"
FAMILY = "update"
QUESTION = "rate too high"


def suspect(case: Case) -> Suspicion | None:
    if "raw-momentum" in case.fitting:
        return Suspicion(
            CERTAIN, case.evidence("effective-rate", "fitted-rate", "fitted-previous-gradient", "fitted-momentum")
        )
    return None


def changes(case: Case) -> list[Change]:
    sound = Change("mend", {"mistakes": ("raw-momentum",)})
    rate, momentum = case.settings.rate, case.settings.momentum or 0.0
    real = case.value("effective-rate") * (1 - momentum)
    if rate is None or not real > 2 * rate:
        return [sound]
    in_effect = float(f"{real:.2g}")
    return [sound, Change("mend", {"mistakes": ("raw-momentum",), "rate": in_effect})]


SICK = {"fitting": ("raw-momentum",), "effective-rate": 0.3, "fitted-momentum": 0.3}
WELL = {"fitting": (), "effective-rate": 0.01, "fitted-momentum": 0.3}
PLANT = None
