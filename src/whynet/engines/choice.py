"""Which engine takes the steps."""

from __future__ import annotations

from whynet.engines.base import Engine, Task
from whynet.engines.native import Native
from whynet.engines.reference import Reference
from whynet.errors import UsageError

ENGINES: tuple[Engine, ...] = (Native(), Reference())  # fastest first
FASTEST = ENGINES[0]


def choose(name: str, task: Task) -> tuple[Engine, str]:
    """The engine to use, and why it is that one. `auto` takes the fastest that can do the task.

    >>> from whynet.data.sources import load
    >>> from whynet.training.prepare import prepare
    >>> from whynet.training.recipe import Recipe
    >>> engine, why = choose("reference", prepare(Recipe(), load("xor")).task)
    >>> engine.name, why
    ('reference', 'asked for')

    Raises
    ------
    UsageError
        The engine asked for does not exist or cannot do this; the reason is in the message.
    """
    declined: list[str] = []
    for engine in ENGINES:
        reason = engine.why_not(task)
        if name == engine.name:
            if reason is not None:
                raise UsageError(f"the {name} engine cannot train this: {reason}", do="Leave out --engine")
            return engine, "asked for"
        if name == "auto" and reason is None:
            return engine, "; ".join(declined) or "the fastest that can do it"
        declined.append(f"the {engine.name} engine cannot: {reason}")
    raise UsageError(
        f"there is no engine '{name}'", expected="auto, " + ", ".join(engine.name for engine in ENGINES), found=name
    )
