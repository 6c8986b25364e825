"""Seen: all that is seen of one training in a text, which is what its state and its causes are judged by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from whynet.doctor.diagnosis import Series
from whynet.logs.clues import Said
from whynet.logs.course import Course, course_of
from whynet.logs.features import features_of
from whynet.logs.kinds import hinted_cost, labels_and_classes, problem_of, speaks_of_classes
from whynet.logs.states import state_of_log
from whynet.logs.transcript import Transcript

LINEAR = {"mnist": 0.92, "fashion-mnist": 0.845, "cifar": 0.4}  # share right, a linear classifier on all of them
ELSEWHERE = 0.9  # the same where the data are not known
FAIR = 0.5  # of R2: where nothing else is known, so much is something
MANY = 100_000  # classes: so many that none has a share


@dataclass(frozen=True)
class Seen:
    """One training: its figures, the state that they show, their features, and what the text says beside them.

    >>> from whynet.logs.transcript import read
    >>> found = read("loss 2.31\\nloss 2.30\\nloss 2.30")
    >>> seen_in(found.runs[-1], found, (), None, None, None).state
    'constant-answer'
    """

    transcript: Transcript
    run: tuple[Series, ...]
    course: Course
    state: str
    problem: str
    labels: str
    features: tuple[str, ...]
    said: tuple[Said, ...]

    @property
    def data_known(self) -> bool:
        """Whether the text says which data these are, so that a linear model's accuracy on them is known."""
        return self.labels == "fashion-mnist" or bool({"mnist", "digits", "digit"} & self.transcript.words)


def seen_in(
    run: tuple[Series, ...],
    transcript: Transcript,
    said: Sequence[Said],
    cost: str | None,
    classes: int | None,
    labels: str | None,
) -> Seen:
    """What is seen of one of the trainings in a transcript; cost, classes and labels are what is known from elsewhere.

    >>> from whynet.logs.transcript import read
    >>> found = read("acc 0.5\\nacc 0.97")
    >>> seen_in(found.runs[-1], found, (), None, 10, "mnist").state
    'healthy'
    """
    of, K = labels_and_classes(transcript, labels, classes)
    answers = transcript.answers if run is transcript.runs[-1] else None
    hinted = cost or hinted_cost(run, transcript)
    problem = "classification" if cost or classes else problem_of(run, transcript)
    cifar = "cifar" in transcript.words and not {"mnist", "digits", "digit"} & transcript.words
    linear = LINEAR.get("cifar" if cifar else of, ELSEWHERE)
    if problem != "classification":  # no share of a class is worth knowing, and none of its costs
        of, K, linear = "balanced", MANY, FAIR
    told = bool(classes or hinted or transcript.classes or speaks_of_classes(transcript))
    told = told or any(one.what == "accuracy" for one in run)
    course = course_of(run, labels=of, classes=K, linear=linear, cost=cost, hinted=hinted, answers=answers,
                       problem=problem, told=told)  # fmt: skip
    state = state_of_log(course)
    features = features_of(course, state, transcript.words, transcript.epochs)
    return Seen(transcript, run, course, state, problem, of, tuple(features), tuple(said))
