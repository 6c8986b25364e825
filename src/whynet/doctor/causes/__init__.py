"""The closed list of causes is this folder: one file each, complete in itself, whose docstring is the page that
`whynet explain CAUSE` prints. What a file holds: `whynet.doctor.cause.Cause`."""

from __future__ import annotations

import pkgutil
from importlib import import_module
from typing import cast

from whynet.doctor.cause import Cause
from whynet.errors import UsageError, did_you_mean

FAMILIES = ("data", "output", "cost", "start", "network", "update", "steps", "gradient", "result")
"""What a cause is about, in the order in which causes are listed.

    data      the examples, and how they are handed over
    output    the last layer or the loss does not fit the task: until it is mended, nothing else is proved
    cost      what is made small, and its arithmetic
    start     the weights and biases before the first step
    network   its layers, units and activations
    update    how far a step goes
    steps     there are too few, or they are too short: trials tell which of these causes it is
    gradient  what backpropagation computes
    result    how good it gets, and whether that is measured
"""


def names() -> tuple[str, ...]:
    """All causes, by family, then by name.

    >>> names()[0], names()[-1], len(names()) > 50
    ('bad-inputs', 'underfit', True)
    """
    found = {name: _load(module) for name, module in _found().items()}
    return tuple(sorted(found, key=lambda name: (FAMILIES.index(found[name].FAMILY), name)))


def cause(name: str) -> Cause:
    """The cause of that name.

    >>> cause("lr-too-high").__doc__.splitlines()[0]
    'The steps are too long.'

    Raises
    ------
    UsageError
        There is none.
    """
    found = _found()
    if name not in found:
        raise UsageError(f"there is no cause '{name}'", do=did_you_mean(name, sorted(found)))
    return _load(found[name])


def pages() -> str:
    """All pages as one Markdown text; `make docs` writes it into docs/causes.md.

    >>> pages().startswith("# Causes")
    True
    """
    parts = ["# Causes: why a network does not learn\n\nMade from the docstrings of the causes by `make docs`."]
    families = {name: cause(name).FAMILY for name in names()}
    for family in FAMILIES:
        parts.append(f"## About the {family}")
        parts += [
            f"### {name}\n\n{(cause(name).__doc__ or '').strip()}" for name in families if families[name] == family
        ]
    return "\n\n".join(parts) + "\n"


def _found() -> dict[str, str]:
    """The module of each cause, by its name: those in the folder at this moment."""
    return {module.name.replace("_", "-"): module.name for module in pkgutil.iter_modules(__path__)}


def _load(module: str) -> Cause:
    return cast(Cause, import_module(f"{__name__}.{module}"))
