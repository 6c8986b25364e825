"""A network whose data are no rows with an answer for each: what was found inside, and trials judged by the loss."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

from whynet.doctor.budget import TIMES
from whynet.doctor.change import Wording
from whynet.doctor.diagnosis import STATUSES, UNKNOWN, Diagnosis, Gap, Settings
from whynet.errors import UsageError
from whynet.subjects.inside.batches import Batch
from whynet.subjects.inside.how import How
from whynet.subjects.inside.judged import ByLoss
from whynet.subjects.inside.look import Look


@dataclass(frozen=True)
class Training:
    """How a network is trained, and on what.

    >>> Training(lambda: iter([]), None, 1, Settings()).epochs
    1
    """

    epoch: Callable[[], Iterator[Batch]]
    """The batches of an epoch, again and again: inputs and targets, each nested as it may be."""
    per_epoch: int | None
    """Batches in an epoch; None where the data do not say."""
    epochs: int
    settings: Settings
    kept: Callable[[], AbstractContextManager[None]] = nullcontext
    """Within it the data may be read; afterwards they are what they were."""
    loop: How = How()
    """Mistakes that were measured in the user's loop, and that the trials make too."""


def unlike_rows(
    look: Look,
    why: UsageError,
    training: Training,
    *,
    effort: float = TIMES,
    budget: float | None = None,
    trials: bool = True,
    say: Callable[[str], None] = lambda _: None,
    gaps: list[Gap] | None = None,
) -> Diagnosis:
    """The diagnosis of what is no row of numbers with an answer for each: by its loss alone; `why` it is none.

    >>> unlike_rows(Look(), UsageError("no rows"), Training(lambda: iter([]), None, 1, Settings()))
    Traceback (most recent call last):
    whynet.errors.UsageError: no rows

    Raises
    ------
    UsageError
        Not even that can be computed, and nothing was found: the reason why it is no row.
    """
    if not (look.priced or look.findings):
        raise why
    own = [*(gaps or []), *look.gaps]
    probe = look.probe
    if probe is None or not (look.priced or look.mendable):
        return Diagnosis(
            "not-examined",
            verdict=sorted(look.findings, key=lambda one: STATUSES.index(one.status)),
            used={} if probe is None else look.used(),
            not_examined=[Gap("trials", _reason(why)), *own],
            problem=UNKNOWN,
            symptoms={fact.name: fact for fact in look.facts},
            wording=Wording(look.library),
        )
    judged = ByLoss(
        probe, training.epoch, training.epochs, training.per_epoch, training.settings, Wording(look.library),
        why=_reason(why), findings=look.findings, facts=look.facts, gaps=own, used=look.used(),
        loop=training.loop,
    )  # fmt: skip
    with training.kept():
        return judged.diagnosis(effort=effort, budget=budget, trials=trials, say=say)


def _reason(why: UsageError) -> str:
    """What was said, and what was found in place of it, without what to do."""
    return why.message + (f": {why.found}" if why.found else "")
