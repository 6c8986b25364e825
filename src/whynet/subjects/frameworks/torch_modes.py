"""In which mode somebody's own loop trains and evaluates: counted at each step, and where rows are only looked at."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from whynet.doctor.diagnosis import Finding
from whynet.doctor.symptom import Measured
from whynet.doctor.symptoms.passes import EVALUATED_IN_TRAINING, MODES_APART, STEPS_IN_EVALUATION
from whynet.subjects.frameworks.torch_answers import main_output
from whynet.subjects.frameworks.torch_nested import array_of, undisturbed
from whynet.subjects.frameworks.torch_probe import TorchProbe
from whynet.subjects.frameworks.torch_training import copied
from whynet.subjects.inside.companions import DIFFERENT, change

FEW = 0.02  # of the steps: so few in evaluation mode alter nothing
OFTEN = 0.5  # of the steps: rows that are looked at before so many of them are a part of training
FEWEST = 2  # batches that were only looked at


@dataclass
class Modes:
    """What was counted: `step` at each step, `looked` at each batch that passes without gradients.

    >>> modes = Modes()
    >>> for training in (True, False, False):
    ...     modes.step(training)
    >>> modes.in_evaluation, modes.steps
    (2, 3)
    """

    steps: int = 0
    in_evaluation: int = 0
    evaluations: int = 0
    in_training: int = 0
    before_steps: int = 0
    """Steps before which batches were only looked at."""
    most_rows: int = 0
    """Rows that were only looked at between two steps, where they were the most."""
    _fresh: bool = False
    _rows: int = 0

    def step(self, training: bool) -> None:
        """A step of the optimizer, the module being in that mode."""
        self.steps += 1
        self.in_evaluation += not training
        self.before_steps += self._fresh
        self._fresh, self._rows = False, 0

    def looked(self, training: bool, rows: int = 0) -> None:
        """A batch of so many rows that passes without gradients."""
        self._rows += rows
        self.most_rows = max(self.most_rows, self._rows)
        self.evaluations += 1
        self.in_training += training
        self._fresh = True

    def findings(self, torch: Any, model: Any, X: Any, steps_seen: int) -> tuple[list[Measured], list[Finding]]:
        """What is wrong with the modes; nothing is where the module does the same in both.

        >>> import pytest
        >>> torch = pytest.importorskip("torch")
        >>> model = torch.nn.Sequential(torch.nn.Linear(2, 8), torch.nn.Dropout(0.5))
        >>> [one.cause for one in Modes(steps=5, in_evaluation=5).findings(torch, model, torch.rand(4, 2), 5)[1]]
        ['mode-wrong-in-training']
        """
        trained = self.in_evaluation / self.steps if self.steps else 0.0
        evaluated = self.in_training / self.evaluations if self.evaluations else 0.0
        ahead = self.before_steps > OFTEN * steps_seen or self.evaluations < FEWEST
        if trained <= FEW and (evaluated < 1 or ahead):
            return [], []
        apart = modes_apart(torch, model, X)
        if not apart > DIFFERENT:
            return [], []
        facts, found = [MODES_APART.measured(apart)], []
        if trained > FEW:
            fact = STEPS_IN_EVALUATION.measured(trained)
            facts.append(fact)
            words = (
                f"{self.in_evaluation:,} of {self.steps:,} steps in evaluation mode: `model.train()` after validating"
            )
            found.append(Finding("mode-wrong-in-training", "found", (fact, facts[0]), detail=words))
        if evaluated == 1 and not ahead:
            fact = EVALUATED_IN_TRAINING.measured(evaluated)
            facts.append(fact)
            words = (
                "`model.eval()` before evaluating: `torch.no_grad()` alone leaves dropout and batch norm as in training"
            )
            found.append(Finding("mode-wrong-in-evaluation", "found", (fact, facts[0]), detail=words))
        return facts, found


def modes_apart(torch: Any, model: Any, X: Any) -> float:
    """How far the outputs in both modes are apart, in standard deviations; NaN where they cannot be compared.

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> modes_apart(torch, torch.nn.Linear(2, 3), torch.rand(4, 2))
    0.0
    """
    made: list[Any] = []
    asked = TorchProbe(torch, model, None, X, None)
    with undisturbed(torch), torch.no_grad(), suppress(Exception):  # a batch of one cannot be normalised
        made += [array_of(main_output(asked.run(copied(torch, model).train(mode), X))) for mode in (False, True)]
    return change(*made) if len(made) == 2 else float("nan")
