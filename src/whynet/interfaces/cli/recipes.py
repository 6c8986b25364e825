"""`whynet recipes`: what there is to train or to diagnose by name."""

from __future__ import annotations

from typing import Any

import click

from whynet.interfaces.cli.completion import completing, patients
from whynet.interfaces.cli.screen import Screen, screen_options
from whynet.training.recipe import about, recipe_names


@click.command(short_help="List the shipped recipes and the real cases, a line each.")
@click.argument("name", required=False, shell_complete=completing(patients))
@screen_options
def recipes(screen: Screen, name: str | None) -> None:
    """List what `whynet train` and `whynet diagnose` take by name: the shipped recipes, and the real cases, networks
    of people who asked in public why theirs does not learn. With NAME, print that recipe as a file.

    \b
    Examples:
      whynet recipes
      whynet recipes default > mine.toml
    """
    from whynet.casebook.cases import CASES, recipe_of

    if name is not None:
        recipe = recipe_of(name)
        screen.result({"name": name, "recipe": recipe.as_dict()}, recipe.to_toml().rstrip())
        screen.next("whynet train {}", "train it", name)
        return
    listed: list[dict[str, Any]] = [{"name": one, "kind": "recipe", "about": about(one)} for one in recipe_names()]
    listed += [
        {"name": one, "kind": "case", "about": f"{case.reported} ({case.source})"} for one, case in CASES.items()
    ]
    wide = max(len(one["name"]) for one in listed)
    lines: list[str] = []
    for kind, title in (("recipe", "Recipes"), ("case", "Real cases: what they saw, and where they asked")):
        lines += ["", title, ""] if lines else [title, ""]
        lines += [f"  {one['name']:<{wide}}  {one['about']}" for one in listed if one["kind"] == kind]
    screen.result({"recipes": listed}, "\n".join(lines))
    screen.next("whynet diagnose vectorised", "why does one of them not learn?")
