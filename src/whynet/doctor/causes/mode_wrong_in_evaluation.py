"""The network is evaluated in training mode.

**What it means.** Dropout takes units out of the answers, and batch normalisation goes by whatever is in the batch:
figures are worse than the network, and change from time to time.

**How it is seen.** Whenever rows are only looked at, without gradients, the module is in training mode, and there it
answers otherwise. Or dropout takes part in evaluation mode too: the same rows are answered otherwise at each call.

**Why it happens.** `torch.no_grad()` is taken for what `model.eval()` does; or `F.dropout(x)`, which is on unless it is
told the mode.

**What to change.** `model.eval()` before evaluating, `model.train()` after it; `training=self.training` for functions.

**Not to be confused with.** Dropout that is left on to see how sure a network is. Overfitting: there the training
examples are right.

**An example.** A network with dropout 0.5: the same test rows are answered otherwise at each call.

**Sources.** PyTorch documentation, Module.eval; Gal and Ghahramani, Dropout as a Bayesian approximation (2016)
"""

from __future__ import annotations

from whynet.doctor.case import Case
from whynet.doctor.cause import CERTAIN, Suspicion
from whynet.doctor.change import Change

KIND = "measured"
FAMILY = "network"
QUESTION = None


def suspect(case: Case) -> Suspicion | None:
    if case.value("evaluated-in-training-mode") > 0:
        return Suspicion(CERTAIN, case.evidence("evaluated-in-training-mode", "modes-apart"))
    if case.value("dropped-in-evaluation") > 0:
        return Suspicion(CERTAIN, case.evidence("dropped-in-evaluation"))
    return None


def changes(case: Case) -> list[Change]:
    return [Change("mend", {"mistakes": ("train in training mode, evaluate in evaluation mode",)})]


SICK = {"evaluated-in-training-mode": 1.0, "modes-apart": 2.0}
WELL = {"evaluated-in-training-mode": 0.0, "modes-apart": 2.0}
PLANT = None
