"""The options of a recipe on the command line: one for every field of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from functools import partial
from typing import Any, get_type_hints

import click

from whynet.interfaces.cli.completion import completing
from whynet.training.recipe import Recipe
from whynet.training.values import choices


class Sizes(click.ParamType[Any]):
    """`784,30,10` -> (784, 30, 10)."""

    name = "N,N,..."

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if not isinstance(value, str):
            return value
        try:
            return tuple(int(part) for part in value.replace("-", ",").split(",") if part.strip())
        except ValueError:
            self.fail(f"'{value}' is no list of sizes; expected something like 784,30,10", param, ctx)


class BatchSize(click.ParamType[Any]):
    """A whole number, or `full`."""

    name = "N|full"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if value == "full" or isinstance(value, int):
            return value
        try:
            return int(value)
        except ValueError:
            self.fail(f"'{value}' is neither a whole number nor full", param, ctx)


class ClassWeights(click.ParamType[Any]):
    """`balanced`, or `1,2,0.5` -> (1.0, 2.0, 0.5)."""

    name = "balanced|W,W,..."

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if value == "balanced" or not isinstance(value, str):
            return value
        try:
            return tuple(float(part) for part in value.split(","))
        except ValueError:
            self.fail(f"'{value}' is neither balanced nor a list of numbers, one for each class", param, ctx)


class Names(click.ParamType[Any]):
    """`a,b` -> ("a", "b")."""

    def __init__(self, name: str) -> None:
        self.name = name

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


def recipe_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds an option for every field of a recipe; what is not given arrives as None."""
    hints = get_type_hints(Recipe)
    for one in reversed(fields(Recipe)):
        hint, text = hints[one.name], one.metadata["help"]
        kind: Any
        metavar = None
        if one.name in ("sizes", "hidden"):
            kind = Sizes()
        elif one.name == "class_weights":
            kind = ClassWeights()
        elif one.name == "batch_size":
            kind = BatchSize()
        elif one.name in ("faults", "layers"):
            kind = Names("NAME,..." if one.name == "faults" else "LAYER,...")
        elif choices(hint):
            kind, metavar = click.STRING, "[" + "|".join(choices(hint)) + "]"
        else:
            kind = {"int": click.INT, "float": click.FLOAT}.get(str(one.type).split(" ")[0], click.STRING)
        name = "--" + one.name.replace("_", "-")
        if hint is bool:
            command = click.option(f"{name}/--no-{name[2:]}", one.name, default=None, help=text)(command)
            continue
        complete = completing(partial(choices, hint)) if metavar else None
        command = click.option(
            name, one.name, type=kind, default=None, help=text, metavar=metavar, shell_complete=complete
        )(command)
    return command
