"""Steps are taken where there is no gradient: forward, backward, step are in the wrong order.

**What it means.** The step comes before the gradient that it is to follow, or after that was cleared away.

**How it is seen.** At a step, the gradients of all weights are missing or 0.

**Why it happens.** `optimizer.step()` before `loss.backward()`; `optimizer.zero_grad()` between the two.

**What to change.** `optimizer.zero_grad()`, `loss.backward()`, `optimizer.step()`, in this order.

**Not to be confused with.** A gradient that is cut, or vanishes: that is so at every step, and in the loss itself.

**An example.** `loss.backward(); optimizer.zero_grad(); optimizer.step()`: no weight ever moves.

**Sources.** PyTorch documentation, torch.optim: taking an optimization step
"""

from __future__ import annotations

from whynet.doctor.case import Case
from whynet.doctor.cause import CERTAIN, Suspicion
from whynet.doctor.change import Change

KIND = "measured"
FAMILY = "gradient"
QUESTION = None


def suspect(case: Case) -> Suspicion | None:
    if case.value("steps-without-gradient") > 0:
        return Suspicion(CERTAIN, case.evidence("steps-without-gradient"))
    return None


def changes(case: Case) -> list[Change]:
    return [Change("mend", {"mistakes": ("zero_grad, backward, step, in this order",)})]


SICK = {"steps-without-gradient": 1.0}
WELL = {"steps-without-gradient": 0.0}
PLANT = None
