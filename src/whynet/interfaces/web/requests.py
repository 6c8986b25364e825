"""What a request may say: its fields, their kinds and their limits."""

from __future__ import annotations

import math
from typing import Annotated, Any, TypeVar

import msgspec
import numpy as np
from msgspec import Meta, Struct

from whynet.data.sources import NAMES
from whynet.errors import UsageError
from whynet.training.recipe import Recipe
from whynet.types import Array

SIDE = 200
UNITS, LAYERS, EPOCHS, LINE = 4096, 12, 1000, 60
Side = Annotated[int, Meta(ge=4, le=SIDE)]
Name = Annotated[str, Meta(min_length=1, max_length=80)]
Seed = Annotated[int, Meta(ge=0, lt=2**31)]
T = TypeVar("T", bound=Struct)


class Drawing(Struct, forbid_unknown_fields=True):
    """A drawing, `rows` by `columns` bytes of ink in base64; or example number `test` of the test set. `about` is the
    answer that is explained, by default the one that is given."""

    rows: Side = 4
    columns: Side = 4
    ink: bytes = b""
    photo: bool = False
    """Whether it is a picture that was pasted or dropped; else it was drawn on the page."""
    test: Annotated[int, Meta(ge=0)] | None = None
    about: Annotated[int, Meta(ge=0, le=10_000)] | None = None

    def grey(self) -> Array:
        """The drawing as grey values (rows, columns), dark ink on white."""
        if len(self.ink) != self.rows * self.columns:
            raise UsageError(
                "the drawing has not as many pixels as it says",
                expected=f"{self.rows * self.columns}", found=str(len(self.ink)),
            )  # fmt: skip
        return 255 - np.frombuffer(self.ink, np.uint8).reshape(self.rows, self.columns)


class Lesson(Struct, forbid_unknown_fields=True):
    """A drawing and what it is."""

    drawing: Drawing
    label: Annotated[int, Meta(ge=0, le=10_000)]


class Wanted(Struct, forbid_unknown_fields=True):
    """A training: the recipe's fields that differ from `plain`, or a whole recipe."""

    recipe: dict[str, Any]
    name: Annotated[str, Meta(max_length=80)] = ""


class Ward(Struct, forbid_unknown_fields=True):
    """A sound network by name, and the causes that are switched on."""

    base: Name
    causes: Annotated[list[Name], Meta(max_length=6)]
    seed: Seed = 0


class Quiz(Struct, forbid_unknown_fields=True):
    """The seed of a riddle."""

    seed: Seed = 0


class Measure(Struct, forbid_unknown_fields=True):
    """What the player wants measured."""

    place: Name


class Guess(Struct, forbid_unknown_fields=True):
    """The cause that the player names."""

    cause: Name


class Patient(Struct, forbid_unknown_fields=True):
    """What is to be diagnosed: a recipe, or a script that was uploaded."""

    recipe: dict[str, Any] | None = None
    name: Annotated[str, Meta(max_length=80)] = ""
    script: Annotated[str, Meta(max_length=40)] | None = None
    effort: Annotated[float, Meta(gt=0, le=60)] = 30.0
    budget: Annotated[float, Meta(ge=5, le=1800)] = 600.0


class Log(Struct, forbid_unknown_fields=True):
    """What a training printed, or a question with figures in it."""

    text: Annotated[str, Meta(min_length=1, max_length=60_000)]


class Verb(Struct, forbid_unknown_fields=True):
    """What is to be done with a job."""

    verb: Annotated[str, Meta(pattern="^(pause|go|step|stop)$")]


def read(body: bytes, kind: type[T]) -> T:
    """A request's body as a value of that kind.

    Raises
    ------
    UsageError
        It is not JSON (which knows no NaN), a field is unknown, or a value out of its bounds.
    """
    try:
        return msgspec.json.decode(body, type=kind, strict=True)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise UsageError(f"the request makes no sense: {str(error)[:200]}") from None


def recipe_of(values: dict[str, Any], uploads: dict[str, Any]) -> Recipe:
    """The recipe of a form, within what a page may ask of this machine; its data are named, never a path, unless they
    were uploaded to this server.

    Raises
    ------
    UsageError, BadFile
        A field or a value that makes no sense, or is too much.
    """
    if len(str(values)) > 20_000:
        raise UsageError("the recipe is too long")
    recipe = Recipe.from_dict(values, "the form")
    if recipe.data not in NAMES and recipe.data not in uploads:
        raise UsageError("there are no such data here", expected=", ".join(NAMES), found=recipe.data[:60])
    units = [*(recipe.sizes or ())[1:], *(recipe.hidden or ())]
    lines = recipe.layers or ()
    if max(units, default=0) > UNITS or any(number > UNITS for line in lines for number in _numbers(line)):
        raise UsageError("that is too wide for the page", expected=f"{UNITS:,} units at most", do="Use whynet train")
    if max(len(units), len(lines)) > LAYERS or any(len(line) > LINE for line in lines):
        raise UsageError("those are too many layers for the page", expected=f"{LAYERS} at most", do="Use whynet train")
    if math.prod(max(one, 1) for one in units[:2]) > 4_000_000:
        raise UsageError("that is too large for the page", do="Use whynet train")
    if recipe.epochs > EPOCHS:
        raise UsageError("that is too long for the page", expected=f"{EPOCHS:,} epochs at most", do="Use whynet train")
    return recipe


def _numbers(line: str) -> list[int]:
    import re

    return [int(found) for found in re.findall(r"\d{1,9}", line)]
