"""An example's answer hangs on the other examples of its batch.

**What it means.** What is learned about an example is partly learned from strangers. With other batches, or one example
alone, the answer is another one.

**How it is seen.** In evaluation mode an example keeps its place, the others are exchanged, and its output changes.

**Why it happens.** `view` or `reshape` where axes were to change places. A softmax or sum over dim 0. A recurrent or
attention layer that takes the batch for the sequence, because `batch_first=True` is missing.

**What to change.** `permute` or `transpose` for axes; `dim=-1` for the classes; `batch_first=True`.

**Not to be confused with.** Batch normalisation, which mixes a batch in training mode and on purpose. Losses that
compare the examples of a batch.

**An example.** An LSTM over (8, 5, 3) without `batch_first`: the last example's answer moves when the first four are
exchanged.

**Sources.** PyTorch documentation, LSTM; Karpathy, A recipe for training neural networks (2019), use backprop to chart
dependencies
"""

from __future__ import annotations

from whynet.doctor.case import Case
from whynet.doctor.cause import CERTAIN, Suspicion
from whynet.doctor.change import Change

KIND = "measured"
FAMILY = "network"
QUESTION = None


def suspect(case: Case) -> Suspicion | None:
    if case.value("other-examples-matter") > 1e-3:
        return Suspicion(CERTAIN, case.evidence("other-examples-matter"))
    return None


def changes(case: Case) -> list[Change]:
    return [Change("mend", {"mistakes": ("keep the rows of a batch apart",)})]


SICK = {"other-examples-matter": 0.6}
WELL = {"other-examples-matter": 1e-6}
PLANT = None
