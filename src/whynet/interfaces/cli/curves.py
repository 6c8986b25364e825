"""`whynet curves`: does it need more data, more units, or more time?"""

from __future__ import annotations

from pathlib import Path

import click

from whynet.interfaces.cli.screen import Screen, screen_options


@click.command()
@click.argument("patient")
@click.option("--data", help="Other data than the recipe's.")
@click.option("--page", type=click.Path(path_type=Path, dir_okay=False), help="Also draw the curves into an HTML page.")
@screen_options
def curves(screen: Screen, patient: str, data: str | None, page: Path | None) -> None:
    """Draw the learning curves of PATIENT (a run's folder, a recipe file, or a recipe's name), and read them.

    It is trained on 1/32, 1/16 ... of the examples and on all of them, every time for as many steps.

    \b
    Examples:
      whynet curves default
      whynet curves runs/20260101-120000-784-30-10 --page curves.html
    """
    from whynet import files
    from whynet.data.sources import load_for
    from whynet.report.curves import curves_page
    from whynet.subjects.curves import learning_curves
    from whynet.subjects.records import recipe_of

    recipe = recipe_of(patient)
    dataset = load_for(recipe, data, say=screen.say)
    found = learning_curves(recipe, dataset, say=screen.say)
    lines = [f"{'examples':>9} {'epochs':>7} {'training':>9} {'validation':>11}"]
    lines += [f"{p.examples:>9,} {p.epochs:>7,} {p.train:>9.2%} {p.validation:>11.2%}" for p in found.over_examples]
    lines += [
        "",
        *(f"epoch {p.epochs:>4}: training {p.train:.2%}, validation {p.validation:.2%}" for p in found.over_epochs),
    ]
    lines += ["", found.reading]
    screen.result(found.as_dict(), "\n".join(lines))
    if page is not None:
        files.write(page, curves_page(patient, found))
        screen.say(f"page  {page}")
    screen.next(f"whynet diagnose {patient}", "is there anything else wrong with it?")
