"""The second look: what a program says of its cost, its accuracy and its gradient, and whether that is so."""

from __future__ import annotations

from collections.abc import Sequence

from whynet.subjects.program.checks import checked
from whynet.subjects.program.judgement import Judged
from whynet.subjects.program.metrics import accuracies, cost_upside_down
from whynet.subjects.program.run import Ran
from whynet.subjects.program.sites import Site
from whynet.subjects.program.text import Text
from whynet.subjects.program.unmoved import Blame

SAID = ("metric-wrong", "gradient-check-invalid")
"""Kinds of mistakes in what a program says of itself: they do not spoil its training."""


def evaluated(one: Judged, sites: Sequence[Site], again: Ran | None) -> list[Blame]:
    """What is wrong with what a program says of itself; `again` is its second run, of one step.

    >>> from whynet.subjects.program.loop import Flow
    >>> from whynet.subjects.program.tape import Tape
    >>> evaluated(Judged(Flow([Tape(0, 1)]), [], [], []), [], None)
    []
    """
    found = cost_upside_down(one, Text(sites, one))
    seen = [(one.tape, sites)]
    if again is not None:
        seen += [(tape, again.sites) for tape in again.tapes]
    for look in (checked, accuracies):
        for tape, places in seen:
            for blame in look(tape, places):
                if (blame.file, blame.line) not in [(known.file, known.line) for known in found]:
                    found.append(blame)
    return found
