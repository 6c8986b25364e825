"""The gradient does not reach layers that the loss hangs on: the chain of derivatives is cut.

**What it means.** These layers stay as they were drawn, and the ones after the cut learn from random features.

**How it is seen.** With other weights the loss is another one, and yet backpropagation leaves no gradient there.

**Why it happens.** `.detach()`, `.item()`, `.numpy()` or a new tensor made of old numbers; `argmax` or a rounding,
which have no slope; `torch.no_grad()` around a part that is to be trained.

**What to change.** Keep the outputs as they are on their way to the loss; in place of `argmax` and `round`, the scores.

**Not to be confused with.** Layers that are frozen on purpose, a head that nobody asks: with other weights its loss is
the same. Vanishing gradients: there they are small, here there are none.

**An example.** Two dense layers with a `.detach()` between them: the first never moves.

**Sources.** PyTorch documentation, Autograd mechanics: locally disabling gradient computation
"""

from __future__ import annotations

from whynet.doctor.case import Case
from whynet.doctor.cause import CERTAIN, Suspicion
from whynet.doctor.change import Change

KIND = "measured"
FAMILY = "gradient"
QUESTION = None


def suspect(case: Case) -> Suspicion | None:
    if case.value("gradients-cut") > 0:
        return Suspicion(CERTAIN, case.evidence("gradients-cut"))
    return None


def changes(case: Case) -> list[Change]:
    return [Change("mend", {"mistakes": ("keep the chain of derivatives whole",)})]


SICK = {"gradients-cut": 2.0}
WELL = {"gradients-cut": 0.0}
PLANT = None
