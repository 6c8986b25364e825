"""`whynet check-gradients`: is backpropagation right?"""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

import click

from whynet.interfaces.cli.completion import completing, patients
from whynet.interfaces.cli.screen import Screen, screen_options

if TYPE_CHECKING:
    from whynet.network.gradcheck import GradientCheck


@click.command("check-gradients", short_help="Compare backpropagation with numeric gradients.")
@click.argument("recipe_or_run", shell_complete=completing(patients, files=True))
@click.option("--data", help="Take the batch from these data instead of the recipe's own.")
@click.option("--rows", default=10, show_default=True, type=click.IntRange(1), help="Examples in the batch.")
@click.option("--sample", default=30, show_default=True, type=click.IntRange(1), help="Entries of each array.")
@click.option("--complex-step", is_flag=True, help="Differentiate with complex numbers: exact to about 1e-13.")
@screen_options
def check_gradients(
    screen: Screen, recipe_or_run: str, data: str | None, rows: int, sample: int, complex_step: bool
) -> None:
    """Compare the gradients of RECIPE_OR_RUN with numeric ones, in float64, on its first examples.

    Entries of every array are sampled; random directions in which all parameters move check the rest. Dropout, noise
    and normalisation are those of the first step.

    RECIPE_OR_RUN is a shipped recipe, a recipe file or a run's directory; a run is checked where it stands, a recipe
    at its initial weights.

    \b
    Examples:
      whynet check-gradients plain --data digits
      whynet check-gradients runs/20260101-120000-784-30-10
    """
    from whynet.data.sources import load_for
    from whynet.training.checking import check, whole_matrix_ratios
    from whynet.training.prepare import prepare
    from whynet.training.recipe import Recipe
    from whynet.training.run import Run

    if Path(recipe_or_run).is_dir():
        run = Run.open(recipe_or_run, say=screen.say)
        prepared = run.prepared
    else:
        recipe = Recipe.find(recipe_or_run)
        prepared = prepare(recipe, load_for(recipe, data, say=screen.say))
    found = check(prepared, rows=rows, sample=sample, complex_step=complex_step)
    text = in_words(found)
    if "whole-matrix-check" in prepared.recipe.faults:
        ratios = whole_matrix_ratios(prepared)
        text += "\n\nThe recipe's own check, which shifts whole matrices, says: "
        text += ", ".join(f"{ratio:.4f}" for ratio in ratios)
        text += ". That check cannot work: it compares one number with a whole matrix."
    screen.result(dataclasses.asdict(found), text)
    if found.passed:
        why = "the gradients are not the cause; look at learning rate, initial weights and data"
        screen.next("whynet diagnose {}", why, recipe_or_run)
    else:
        screen.next("whynet explain 0.45", "what the plateau says")
        raise click.exceptions.Exit(1)


def in_words(found: GradientCheck) -> str:
    """The check as a table and a sentence."""
    kinds = f"{' and '.join(found.unseen)} layers"
    lines = ["array       relative error   norm      checked   verdict"]
    for one in found.arrays:
        note = {
            "right": "right",
            "wrong": "WRONG",
            "too-small": f"too small to check (below {one.resolution:.0e}): saturated or cut off",
            "kinks-unseen": f"not checked: the kinks of {kinds}, if any, cannot be seen",
        }[one.verdict]
        kinks = f", {one.kinks} set aside at kinks" if one.kinks else ""
        lines.append(f"{one.array:<12}{one.relative_error:<17.1e}{one.norm:<10.1e}{one.checked:<10}{note}{kinks}")
    if found.projection is not None:
        lines.append(f"all at once {found.projection:<17.1e}along random directions")
    small = [one.array for one in found.arrays if one.verdict == "too-small"]
    unseen = [one.array for one in found.arrays if one.verdict == "kinks-unseen"]
    if not found.passed and found.worst is not None:
        worst = found.worst
        lines.append(
            f"The gradients are wrong. Worst: {worst.array}{list(worst.index)}, "
            f"analytic {worst.analytic:.6g}, numeric {worst.numeric:.6g}."
            + (f" Or {worst.array} stands at a kink: those of {kinds} cannot be seen." if found.unseen else "")
        )
    elif unseen and len(small) + len(unseen) == len(found.arrays):
        lines.append("Nothing could be checked: the kinks cannot be seen, or the gradient is below its own round-off.")
    elif len(small) == len(found.arrays):
        lines.append("Nothing could be checked: every gradient is below its own round-off.")
    else:
        lines.append(
            f"The gradients are right (largest relative error {found.relative_error:.1e})"
            + (f"; {', '.join(small)} too small to judge" if small else "")
            + (f"; {', '.join(unseen)} not checked." if unseen else ".")
        )
    return "\n".join(lines)
