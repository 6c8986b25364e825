"""What every command prints with: data on stdout, everything else on stderr."""

from __future__ import annotations

import json
import math
import os
import sys
from collections.abc import Callable
from typing import Any, TypeVar

import click

SCHEMA = 2
SHADES = " .:-=+*#%@"  # ink, from none to all of it
F = TypeVar("F", bound=Callable[..., Any])


class Screen:
    """The two streams, and how much the user wants on them."""

    def __init__(self, as_json: bool = False, quiet: bool = False, verbose: bool = False) -> None:
        self.as_json, self.quiet, self.verbose = as_json, quiet, verbose

    def say(self, text: str) -> None:
        """A line for the person watching."""
        if not self.quiet:
            click.echo(text, err=True)

    def detail(self, text: str) -> None:
        """A line for the person who asked for more."""
        if self.verbose:
            click.echo(text, err=True)

    def result(self, values: dict[str, Any], text: str) -> None:
        """What the command was asked for: one JSON object, or text."""
        if self.as_json:
            click.echo(json.dumps({"schema": SCHEMA, **finite(values)}))
        else:
            click.echo(text)

    def next(self, command: str, why: str) -> None:
        """The command to try next."""
        self.say(f"Next: {command}  ({why})")


def screen_options(command: F) -> F:
    """Adds `--json`, `-q` and `-v` to a command, which receives one `screen` instead."""
    import functools

    @click.option("--json", "as_json", is_flag=True, help="Print one JSON object on stdout.")
    @click.option("-q", "--quiet", is_flag=True, help="Nothing on stderr but errors.")
    @click.option("-v", "--verbose", is_flag=True, help="More on stderr.")
    @functools.wraps(command)
    def wrapped(*args: Any, as_json: bool, quiet: bool, verbose: bool, **options: Any) -> Any:
        return command(*args, screen=Screen(as_json, quiet, verbose), **options)

    return wrapped  # type: ignore[return-value]


def finite(value: Any) -> Any:
    """The same value with NaN and infinities as None, which JSON can hold.

    >>> finite({"cost": [1.0, float("nan")]})
    {'cost': [1.0, None]}
    """
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [finite(item) for item in value]
    return value


def print_error(error: dict[str, str | None], as_json: bool) -> None:
    """An error as a person or a script wants it."""
    if as_json:
        click.echo(json.dumps({"schema": SCHEMA, "error": error}))
        return
    colour = sys.stderr.isatty() and "NO_COLOR" not in os.environ
    word = click.style("Error:", fg="red", bold=True) if colour else "Error:"
    click.echo(f"{word} {error['message']}", err=True)
    for word in ("where", "expected", "found"):
        if error.get(word):
            click.echo(f"  {word:<9} {error[word]}", err=True)
    if error.get("do"):
        click.echo(f"  {error['do']}", err=True)
