"""Checks: of the likeliest cause, what to change; of the likeliest two, what to measure that tells them apart."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Sequence
from functools import cache
from pathlib import Path

LIBRARIES = {  # by words in the text
    "torch": {"torch", "pytorch", "lightning", "crossentropyloss", "mseloss", "nn", "transformers", "bert", "eval"},
    "keras": {"keras", "tensorflow", "val", "dense", "sequential", "sparse"},
}


@cache
def checks() -> dict[str, dict[str, str]]:
    """Of each cause, what to change and what to measure.

    >>> checks()["lr-too-high"]["change"]
    'a tenth of the learning rate'
    """
    return tomllib.loads(Path(__file__).with_name("checks.toml").read_text("utf-8"))


def next_step(causes: Sequence[str], words: Collection[str]) -> str:
    """What to do next, in words, with a line of code in the text's own library; nothing where there is no cause.

    >>> next_step(["not-shuffled"], {"torch"}).endswith("print(next(iter(loader))[1])")
    True
    """
    if not causes:
        return ""
    library = next((name for name, hints in LIBRARIES.items() if hints & set(words)), "numpy")
    told = [checks()[cause] for cause in causes[:2]]
    parts = [f"For {causes[0]}, try {told[0]['change']}."]
    measured = list(dict.fromkeys(one["measure"] for one in told))
    parts.append(f"Measure {measured[0]}" + (f"; and {measured[1]}." if measured[1:] else "."))
    if code := told[0].get(library) or told[0].get("numpy") or told[0].get("torch"):
        parts.append(f"In code: {code}")
    return " ".join(parts)
