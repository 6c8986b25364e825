"""`whynet curves`: does it need more data, more units, or more time?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from whynet.interfaces.cli.completion import completing, patients
from whynet.interfaces.cli.screen import Screen, screen_options

if TYPE_CHECKING:
    from whynet.subjects.curves import Point


@click.command(short_help="Learning curves: would more data, units or time help?")
@click.argument("patient", shell_complete=completing(patients, files=True))
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
    from whynet.casebook.cases import recipe_of
    from whynet.data.sources import load_for
    from whynet.report.curves import curves_page
    from whynet.report.wording.problems import decimals
    from whynet.subjects.curves import learning_curves

    recipe = recipe_of(patient)
    dataset = load_for(recipe, data, say=screen.say)
    found = learning_curves(recipe, dataset, say=screen.say)
    lines = [f"{'examples':>9} {'epochs':>7} {'training':>9} {'validation':>11}"]
    if found.problem != "classification":
        lines.insert(0, f"{found.quality}:")

    def both(point: Point) -> tuple[str, str]:
        return decimals(point.train, found.problem), decimals(point.validation, found.problem)

    lines += ["{:>9,} {:>7,} {:>9} {:>11}".format(p.examples, p.epochs, *both(p)) for p in found.over_examples]
    lines += ["", *("epoch {:>4}: training {}, validation {}".format(p.epochs, *both(p)) for p in found.over_epochs)]
    lines += ["", found.reading]
    screen.result(found.as_dict(), "\n".join(lines))
    if page is not None:
        files.write(page, curves_page(patient, found))
        screen.say(f"page  {page}")
    screen.next("whynet diagnose {}", "is there anything else wrong with it?", patient)
