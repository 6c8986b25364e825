"""The answer is read off the wrong end of the sequence.

**What it means.** At its first step a recurrent layer has seen one step; after long padding it has forgotten what stood
before it.

**How it is seen.** All steps but the first are exchanged, and the answer stays. Or what stands before the padding
hardly matters, and matters when the padding is moved in front of it.

**Why it happens.** `out[:, 0]` in place of `out[:, -1]`; `out[:, -1]` where short sequences are filled up with zeros.

**What to change.** `out[range(n), lengths - 1]`, `pack_padded_sequence`, or the mean over the steps that are no
padding.

**Not to be confused with.** A recurrent layer in both directions, whose first step has seen all. Gradients that vanish
through time.

**An example.** An LSTM over 2 to 5 words and then 15 zeros, read at the end: the words tell less than a hundredth of
what they tell with the zeros in front of them.

**Sources.** PyTorch documentation, pack_padded_sequence
"""

from __future__ import annotations

from whynet.doctor.case import Case
from whynet.doctor.cause import CERTAIN, Suspicion
from whynet.doctor.change import Change

KIND = "measured"
FAMILY = "network"
QUESTION = None


def suspect(case: Case) -> Suspicion | None:
    if case.value("later-steps") < 1e-5 or case.value("before-padding") < 0.05:
        return Suspicion(CERTAIN, case.evidence("later-steps", "before-padding"))
    return None


def changes(case: Case) -> list[Change]:
    return [Change("mend", {"mistakes": ("read the last step that is no padding",)})]


SICK = {"later-steps": 0.0}
WELL = {"later-steps": 0.3}
PLANT = None
