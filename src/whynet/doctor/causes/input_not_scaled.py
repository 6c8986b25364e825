"""The inputs are of size ten or a hundred instead of about one.

**What it means.** Pre-activations are that much too large: sigmoid units saturate, ReLU units die or explode, and no
learning rate suits.

**How it is seen.** The largest feature is above 10 (pixels 0..255), or features differ in spread by a hundred.

**Why it happens.** A unit adds up inputs times weights; initial weights are made for inputs of size one.

**What to change.** Divide pixels by 255, or subtract the mean and divide by the standard deviation: `scaling =
"0..1"`.

**Not to be confused with.** A learning rate that is too high and initial weights that are too large look the same;
the features themselves decide.

**An example.** 784-10-10 on raw pixels stays at 10 %; dividing by 255 alone gives 51 to 68 %.

**Sources.** LeCun et al., Efficient BackProp (1998), section 4.3
"""

from __future__ import annotations

from whynet.doctor.case import Case
from whynet.doctor.cause import CERTAIN, Suspicion
from whynet.doctor.change import Change

KIND = "setting"
FAMILY = "data"
QUESTION = None


def suspect(case: Case) -> Suspicion | None:
    if case.value("largest-input") > 10 and not case.value("feature-size") <= 5:
        return Suspicion(
            CERTAIN, case.evidence("largest-input", "feature-size", "weighted-input-sd", "saturated-start")
        )
    return None


def changes(case: Case) -> list[Change]:
    return [Change("scale-inputs", {"scheme": "0..1" if case.settings.scaling else "standard"})]


SICK = {"largest-input": 255.0, "saturated-start": 0.9}
WELL = {"largest-input": 9.0, "saturated-start": 0.2}
PLANT = {"edits": {"scaling": "raw"}, "only": ("sigmoid-30", "tanh-50-30")}
