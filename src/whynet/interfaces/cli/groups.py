"""The fields of a recipe in groups, as `whynet train --help` lists them; which of them describe the network."""

from __future__ import annotations

from dataclasses import MISSING, fields
from typing import Any

import click

from whynet.training.recipe import RECIPES, Recipe

NETWORK, STEPS = "The network", "Cost and optimizer"
GROUPS: dict[str, tuple[str, ...]] = {
    "Data": (
        "data", "target", "problem", "missing", "train_size", "subset", "validation_size", "scaling", "target_scaling",
        "class_weights",
    ),
    "Images distorted anew every epoch": ("rotation", "shear", "zoom", "shift", "elastic", "elastic_sigma"),
    NETWORK: (
        "sizes", "hidden", "layers", "activation", "output_activation", "init", "bias_init", "output_init",
        "batch_norm", "dropout", "input_dropout", "noise", "input_noise",
    ),
    STEPS: (
        "cost", "optimizer", "learning_rate", "momentum", "schedule", "batch_size", "l1", "l2", "weight_decay",
        "max_norm", "clip_norm", "label_smoothing", "average",
    ),
    "How long, and in which order": ("epochs", "patience", "order"),
    "How it is computed": ("seed", "dtype", "randomness", "engine", "threads", "faults"),
}  # fmt: skip
DESCRIBING = {*GROUPS[NETWORK], *GROUPS[STEPS], "faults"}
"""With one of these, and no recipe, it is `plain`: a network of one's own is not laid over a tuned one."""


def defaults_of(name: str) -> str:
    """What a field is where nobody says: in `default`, and in `plain` where that differs.

    >>> defaults_of("activation"), defaults_of("seed"), defaults_of("max_norm")
    ('default: relu; plain: sigmoid', 'default: 0', '')
    """
    import tomllib

    one = next(field for field in fields(Recipe) if field.name == name)
    plain = None if one.default is MISSING else one.default
    tuned = tomllib.loads((RECIPES / "default.toml").read_text("utf-8")).get(name, plain)
    if tuned == plain:
        return "" if plain in (None, ()) else f"default: {_shown(plain)}"
    return f"default: {_shown(tuned)}" + ("" if plain in (None, ()) else f"; plain: {_shown(plain)}")


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


class Grouped(click.Command):
    """A command whose help lists a recipe's options under headings, and its own options after them."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options, group by group."""
        left = {param.name: param for param in self.get_params(ctx) if param.get_help_record(ctx) is not None}
        for title, names in GROUPS.items():
            rows = []
            for name in names:
                option, text = left.pop(name).get_help_record(ctx) or ("", "")
                usual = defaults_of(name)
                rows.append((option, f"{text.rstrip('.')} ({usual})." if usual and "(default" not in text else text))
            with formatter.section(title):
                formatter.write_dl(rows)
        with formatter.section("This run"):
            formatter.write_dl([record for param in left.values() if (record := param.get_help_record(ctx))])
