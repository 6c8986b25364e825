"""There are more layers than these initial weights can pass a signal through.

**What it means.** Whether it learns depends on the seed.

**How it is seen.** Units die or gradients vanish, in some seeds.

**Why it happens.** Signals and gradients are products over layers.

**What to change.** Half the layers.

**Not to be confused with.** Dead units because of a high learning rate.

**An example.** 34 ReLU layers with Glorot initialisation: 11 to 71 %, 8 layers 95 %.

**Sources.** He et al., Deep Residual Learning (2016)
"""

from __future__ import annotations

from whynet.doctor import recommended
from whynet.doctor.case import Case
from whynet.doctor.cause import Suspicion
from whynet.doctor.change import Change

KIND = "setting"
FAMILY = "network"
QUESTION = None


def suspect(case: Case) -> Suspicion | None:
    if case.layers > 6:
        return Suspicion(0.5, case.evidence("gradient-fall", "dead-start"))
    return None


def changes(case: Case) -> list[Change]:
    return recommended.half_as_deep(case)


SICK = {"settings": {"widths": (64, *(30,) * 8, 10)}, "layers": 9, "gradient-fall": 0.001}
WELL = {"settings": {"widths": (64, *(30,) * 5, 10)}, "layers": 6, "gradient-fall": 0.02}
PLANT = None
