"""What every command prints with: data on stdout, everything else on stderr."""

from __future__ import annotations

import json
import math
import os
import re
import shlex
import shutil
import sys
import textwrap
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
            click.echo(fitted(text) if sys.stderr is not None and sys.stderr.isatty() else text, err=True)

    def detail(self, text: str) -> None:
        """A line for the person who asked for more."""
        if self.verbose:
            click.echo(text, err=True)

    def result(self, values: dict[str, Any], text: str) -> None:
        """What the command was asked for: one JSON object, or text."""
        if self.as_json:
            click.echo(json.dumps({"schema": SCHEMA, **finite(values)}))
        else:
            click.echo(shown(text) if sys.stdout is not None and sys.stdout.isatty() else text)

    def next(self, command: str, why: str, *names: object) -> None:
        """The command to try next; `names` fill its braces, quoted as a shell needs it."""
        self.say(f"Next: {command.format(*(shlex.quote(str(name)) for name in names))}  ({why})")


def colours() -> bool:
    """Whether colours and bold letters are wanted: https://no-color.org."""
    return not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def fitted(text: str, wide: int | None = None) -> str:
    """Lines that are longer than the terminal is wide, broken between words; what follows is set in as the line was.
    Rows of a table, with two spaces between their words, are left as they are where the terminal has room for them.

    >>> print(fitted("It learns, and is at least as good as a linear classifier.", 40))
    It learns, and is at least as good as a
      linear classifier.
    """
    wide = wide or shutil.get_terminal_size().columns
    lines = []
    for line in text.split("\n"):
        start = re.match(r"\s*(?:\S.*?\s{2,}(?=\S))?", line)
        lead = len(start[0]) if start and len(start[0]) <= wide // 2 else len(line) - len(line.lstrip())
        later = " " * (lead or 2)
        long = len(line) > wide >= 20
        lines += textwrap.wrap(line, wide, subsequent_indent=later, drop_whitespace=True) if long else [line]
    return "\n".join(lines)


def shown(text: str) -> str:
    """A result on a terminal: as wide as that is, and its first sentence, the answer, in bold."""
    lines = fitted(text).split("\n")
    if not colours():
        return "\n".join(lines)
    end = 1  # a first line that was broken goes on, set in by spaces, until an empty one
    while "" in lines and end < lines.index("") and lines[end].startswith(" "):
        end += 1
    return "\n".join([*(click.style(line, bold=True) for line in lines[:end]), *lines[end:]])


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
    colour = sys.stderr.isatty() and colours()
    word = click.style("Error:", fg="red", bold=True) if colour else "Error:"
    click.echo(f"{word} {error['message']}", err=True)
    for word in ("where", "expected", "found"):
        if error.get(word):
            click.echo(f"  {word:<9} {error[word]}", err=True)
    if error.get("do"):
        click.echo(f"  {error['do']}", err=True)
