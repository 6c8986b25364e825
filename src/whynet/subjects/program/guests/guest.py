"""What the watchers of all libraries have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from types import ModuleType
from typing import Any, NamedTuple, Protocol

from whynet.doctor.diagnosis import Diagnosis, Gap, Where
from whynet.subjects.program.guests.lines import Places

Told = Callable[[ModuleType], None]


class Guest(Protocol):
    """A library that may be used by the program."""

    LIBRARY: str
    last: int
    """When it trained for the last time, on the clock of all; 0 for never."""
    begun: bool
    """Whether the program made something of it that trains."""

    def __init__(self, places: Places, clock: Iterator[int]) -> None: ...

    def wanted(self) -> dict[str, Told]:
        """Modules, and what is to be done when the program has imported them."""
        ...

    def close(self) -> None:
        """Watch no more."""
        ...

    def diagnosis(self, asked: dict[str, Any]) -> Diagnosis:
        """Why the last that was trained does not learn."""
        ...

    def lines(self) -> dict[str, Where]:
        """Places of the program, by name."""
        ...

    def others(self) -> list[Gap]:
        """What else was trained."""
        ...

    def course(self) -> Course | None:
        """How the loss went in the program itself, of what was trained last."""
        ...


class Course(NamedTuple):
    """The loss at the beginning and at the end of a training, and how many steps or epochs that took.

    >>> Course.of([2.3, 2.0, 0.5, 0.3], 400)
    Course(first=2.3, last=0.3, steps=400)
    """

    first: float
    last: float
    steps: int

    @staticmethod
    def of(costs: Sequence[float], steps: int) -> Course | None:
        """Of all losses: means of a twentieth of them at either end."""
        if not len(costs):
            return None
        some = max(1, len(costs) // 20)
        first, last = (sum(part) / some for part in (costs[:some], costs[-some:]))
        return Course(float(first), float(last), steps)


class Patches:
    """Attributes that are replaced, and put back.

    >>> patches = Patches()
    >>> patches.put(Patches, "hello", lambda self: "hello")
    >>> patches.hello()
    'hello'
    >>> patches.undo()
    >>> hasattr(Patches, "hello")
    False
    """

    def __init__(self) -> None:
        self._all: list[tuple[Any, str, bool, Any]] = []

    def put(self, owner: Any, name: str, value: Any) -> None:
        """Replace an attribute."""
        self._all.append((owner, name, name in vars(owner), vars(owner).get(name)))
        setattr(owner, name, value)

    def undo(self) -> None:
        """All as before."""
        for owner, name, there, value in reversed(self._all):
            if there:
                setattr(owner, name, value)
            else:
                delattr(owner, name)
        self._all.clear()


def said_of(where: Where | None) -> str:
    """A place in words.

    >>> said_of(Where("train.py", 12)), said_of(None)
    ('train.py:12', 'a place that is not the program')
    """
    return "a place that is not the program" if where is None else f"{where.file}:{where.line}"


def counted(number: int, what: str) -> str:
    """So many of something.

    >>> counted(1, "other training"), counted(2, "other training")
    ('1 other training', '2 other trainings')
    """
    return f"{number} {what}{'' if number == 1 else 's'}"
