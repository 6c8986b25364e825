"""The code that an autoencoder draws from says nothing of the example.

**What it means.** Every example gets the same code, that of the prior, and so the same answer: the mean of all.

**How it is seen.** To move the code by a standard deviation costs several times more than the best direction of the
code can take off the loss of a constant answer. Or: the codes of all examples are equal, and so are the answers.

**Why it happens.** The term that holds the code to the prior (Kullback-Leibler) weighs too much: its own weight, or the
reconstruction is averaged over an example's numbers while that term is summed over the code's.

**What to change.** A smaller weight, or one that is raised from 0 step by step; both terms summed over an example.

**Not to be confused with.** A code that is small at the start and grows: there it costs less than it can gain. A plain
autoencoder whose code's units are dead: there nothing holds the code to a prior.

**An example.** Digits of 8 x 8, squared error averaged over 64 pixels, the other term summed over 8 numbers: the code
costs 39 times what it can gain; trained, its largest spread over examples is 0.001, at a hundredth of the weight 0.8.

**Sources.** Bowman et al., Generating Sentences from a Continuous Space (2016); Lucas et al., Don't Blame the ELBO!
(2019)
"""

from __future__ import annotations

from whynet.doctor.case import Case
from whynet.doctor.cause import LIKELY, Suspicion
from whynet.doctor.change import Change

KIND = "measured"
FAMILY = "cost"
QUESTION = None


def suspect(case: Case) -> Suspicion | None:
    if case.value("code-cost") > 3:
        return Suspicion(LIKELY, case.evidence("code-cost"))
    if case.value("code-spread") < 0.05:
        return Suspicion(LIKELY, case.evidence("code-spread"))
    return None


def changes(case: Case) -> list[Change]:
    return [Change("mend", {"mistakes": ("a smaller weight of the term that holds the code to its prior",)})]


SICK = {"code-cost": 39.0}
WELL = {"code-cost": 0.4}
PLANT = None
