"""Evidence: how likely each cause is, from what is seen of a training and what is written beside it.

`evidence.toml` says by how many tenths of a nat each feature speaks for a cause. `benchmarks/logs.py fit` fits it
to trainings with a known mistake, so nobody has to write down which figures come from what.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Collection
from functools import cache
from pathlib import Path
from typing import Any

MOST = 4  # causes that are named
ENOUGH = 0.9  # of all that is likely: when so much is named, no further cause is
UNIT = 0.1  # nats
DOUBT = 0.2  # how likely it is that what a text says of its settings is not why it does not learn
SUREST = 0.9  # no share is larger: of causes that are given more, so many are right in logs that were not fitted to


@cache
def table() -> dict[str, Any]:
    """What each feature speaks for: {feature: {cause: tenths of a nat}}, and what words in the text weigh.

    >>> table()["features"]["state diverged"]["lr-too-high"] > 0
    True
    """
    return tomllib.loads(Path(__file__).with_name("evidence.toml").read_text("utf-8"))


def shares_of(
    features: Collection[str], spoken: Collection[str], cleared: Collection[str], hinted: Collection[str] = ()
) -> dict[str, float]:
    """How likely each cause is, the likeliest first: causes that words in the text speak for count much more, those
    that they hint at more, those that they clear are out.

    >>> found = shares_of(["always", "state non-finite"], (), {"log-of-zero"})
    >>> "log-of-zero" in found, round(sum(found.values()), 3)
    (False, 1.0)
    """
    weights, scores = table(), dict[str, float]()
    for feature in features:
        for cause, weight in weights["features"].get(feature, {}).items():
            scores[cause] = scores.get(cause, 0.0) + weight
    least = max(scores.values(), default=0.0) - weights["against"]  # so much the figures may say against words
    for cause in {*spoken, *hinted}:
        weight = weights["spoken" if cause in spoken else "hinted"]
        scores[cause] = max(scores.get(cause, weights["unseen"]), least) + weight
    left = {cause: score for cause, score in scores.items() if cause in spoken or cause not in cleared}
    most = max(left.values(), default=0.0)
    likely = {cause: math.exp((score - most) * UNIT * weights["sharpness"]) for cause, score in left.items()}
    total = sum(likely.values())
    shares = {cause: one / total for cause, one in likely.items()}
    if spoken or hinted:  # what people write may be wrong
        silent = shares_of(features, (), cleared)
        shares = {cause: (1 - DOUBT) * one + DOUBT * silent.get(cause, 0.0) for cause, one in shares.items()}
    return dict(sorted(shares.items(), key=lambda item: (-item[1], item[0])))


def named(shares: dict[str, float]) -> dict[str, float]:
    """As many of the likeliest causes as it takes to name what is likely, at most four.

    >>> named({"a": 0.6, "b": 0.32, "c": 0.08})
    {'a': 0.6, 'b': 0.32}
    """
    found: dict[str, float] = {}
    for cause, share in shares.items():
        if len(found) == MOST or sum(found.values()) >= ENOUGH:
            break
        found[cause] = share
    return found
