"""The mean of the inputs is far from zero, compared with their spread.

**What it means.** Every weight of a unit gets gradients of the same sign, and the mean image drives all units the
same way.

**How it is seen.** The mean of the features is more than one standard deviation from zero, as with inverted images.

**Why it happens.** The mean of the inputs times the sum of the weights is added to every pre-activation, whatever the
image.

**What to change.** Subtract the mean: `scaling = "standard"`.

**Not to be confused with.** Saturation caused by the initial weights: there the inputs are centred.

**An example.** Inverted digits at rate 3 stop at 17 to 63 %; with the mean subtracted 84 to 93 %.

**Sources.** LeCun et al., Efficient BackProp (1998), section 4.3
"""

from __future__ import annotations

from whynet.doctor.case import Case
from whynet.doctor.cause import LIKELY, Suspicion
from whynet.doctor.change import Change

KIND = "setting"
FAMILY = "data"
QUESTION = None


def suspect(case: Case) -> Suspicion | None:
    if case.value("input-offset") > 1.5 and not case.value("largest-input") > 10:
        return Suspicion(LIKELY, case.evidence("input-offset"))
    return None


def changes(case: Case) -> list[Change]:
    return [Change("scale-inputs", {"scheme": "standard"})]


SICK = {"input-offset": 2.5, "largest-input": 3.0}
WELL = {"input-offset": 1.4, "largest-input": 3.0}
PLANT = None
