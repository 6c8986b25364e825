"""`whynet diagnose`: why does this network not learn?"""

from __future__ import annotations

from pathlib import Path

import click

from whynet.errors import UsageError
from whynet.interfaces.cli.screen import Screen, screen_options

BUDGET, SLOW_BUDGET = 30.0, 90.0  # seconds; with mistakes in the code, the readable engine takes the steps


@click.command()
@click.argument("patient")
@click.option("--data", help="Other data than the recipe's.")
@click.option("--seed", type=click.IntRange(0), help="Another seed than the recipe's.")
@click.option("--engine", type=click.Choice(["auto", "native", "reference"]), help="Who takes the steps.")
@click.option("--budget", type=click.FloatRange(1), help="Seconds that trials may take (default: 30, with faults 90).")
@click.option("--no-trials", is_flag=True, help="Only measure and suspect; nothing is proved.")
@click.option("--apply", "apply_to", type=click.Path(path_type=Path, dir_okay=False), help="Write the mended recipe.")
@click.option("--page", type=click.Path(path_type=Path, dir_okay=False), help="Also write the diagnosis as HTML.")
@screen_options
@click.pass_context
def diagnose(
    ctx: click.Context,
    screen: Screen,
    patient: str,
    data: str | None,
    seed: int | None,
    engine: str | None,
    budget: float | None,
    no_trials: bool,
    apply_to: Path | None,
    page: Path | None,
) -> None:
    """Say why PATIENT (a run's folder, a recipe file, or a recipe's name) does not learn, and prove it.

    The network is trained as it is, measured, and trained again with one thing changed at a time, from the same seed,
    on the same examples in the same order. Exit code 0: healthy; 1: anything else.

    \b
    Examples:
      whynet diagnose vectorised
      whynet diagnose runs/20260101-120000-784-30-10 --apply mended.toml
    """
    from whynet import files
    from whynet.data.sources import load
    from whynet.doctor.patient import recipe_of, recorded
    from whynet.doctor.verdict import diagnose as find_out
    from whynet.report.diagnosis import diagnosis_html, diagnosis_in_words
    from whynet.report.page import page as whole_page

    if apply_to is not None and apply_to.exists():
        raise UsageError("the file for the mended recipe exists", where=str(apply_to), do="Choose another name")
    recipe = recipe_of(patient)
    if seed is not None:
        recipe = recipe.but(seed=seed)
    if engine is not None:
        recipe = recipe.but(engine=engine)
    dataset = load(data or recipe.data, say=screen.say)
    seconds = budget or (SLOW_BUDGET if recipe.faults else BUDGET)
    remark = recorded(patient, recipe, dataset)
    diagnosis = find_out(recipe, dataset, budget=seconds, trials=not no_trials, say=screen.say)
    if remark:
        diagnosis.remarks.insert(0, remark)
    screen.result(diagnosis.as_dict(), diagnosis_in_words(diagnosis))
    if page is not None:
        files.write(page, whole_page(f"whynet: diagnosis of {patient}", diagnosis_html(diagnosis), charts=True))
        screen.say(f"page  {page}")
    if apply_to is not None:
        if diagnosis.fix_recipe is None:
            screen.say("there is no proved cure to write")
        else:
            files.write(apply_to, diagnosis.fix_recipe.to_toml())
            screen.say(f"recipe  {apply_to}")
    if diagnosis.verdict:
        screen.next(f"whynet explain {diagnosis.verdict[0].cause}", "what that is, and what it is not")
    else:
        screen.next("whynet train", "train the default network")
    ctx.exit(0 if diagnosis.state == "healthy" else 1)
