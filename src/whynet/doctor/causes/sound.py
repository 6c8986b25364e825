"""What a sound start looks like."""

from __future__ import annotations

from typing import Any

from whynet.training.recipe import Recipe


def sound_start(recipe: Recipe) -> dict[str, Any]:
    """The fields of a start that suits the recipe's activation.

    >>> sound_start(Recipe(activation="relu"))["init"], sound_start(Recipe(activation="tanh"))["init"]
    ('he', 'scaled-normal')
    """
    rectifies = recipe.activation in ("relu", "leaky-relu", "elu", "gelu")
    return {"init": "he" if rectifies else "scaled-normal", "bias_init": "zeros", "output_init": None}
