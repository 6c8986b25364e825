"""`whynet ask`: a few questions about a network, then its diagnosis."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from whynet.errors import UsageError
from whynet.interfaces.cli.diagnose import diagnose
from whynet.interfaces.cli.screen import Screen, screen_options

if TYPE_CHECKING:
    from whynet.interfaces.questions import Question


@click.command()
@click.option("--save", type=click.Path(path_type=Path, dir_okay=False), help="Write the recipe to this file.")
@click.option("--budget", type=click.FloatRange(1), help="A cap in seconds on the trials (120).")
@click.option("--no-trials", is_flag=True, help="Only measure and suspect; nothing is proved.")
@screen_options
@click.pass_context
def ask(ctx: click.Context, screen: Screen, save: Path | None, budget: float | None, no_trials: bool) -> None:
    """Ask about your network, and say why it does not learn.

    Enter takes the default; your own words will do ("MSE", "random between 0 and 1"). Answers can be piped in, one on
    a line; "back" goes to the question before, "quit" ends it. Exit code 0: healthy; 1: anything else.

    \b
    Examples:
      whynet ask --save mine.toml
      printf 'mnist\\nall\\nraw\\n' | whynet ask
    """
    from whynet import files
    from whynet.interfaces.questions import QUESTIONS, recipe_from

    if save is not None and save.exists():
        raise UsageError("the file for the recipe exists", where=str(save), do="Choose another name")
    questions, answers = list(QUESTIONS.values()), list[dict[str, object]]()
    while len(answers) < len(questions):
        found = _answer(questions[len(answers)], first=not answers)
        if found is None:
            answers.pop()
        else:
            answers.append(found)
    recipe = recipe_from(answers)
    said = {name: value for name, value in recipe.as_dict().items() if any(name in answer for answer in answers)}
    screen.say("\nThe recipe (what is not listed is as in the recipe plain):")
    screen.say("".join(f"  {name} = {value}\n" for name, value in said.items()))
    with tempfile.TemporaryDirectory() as folder:
        path = save or Path(folder) / "asked.toml"
        files.write(path, recipe.to_toml())
        if save is not None:
            screen.say(f"recipe  {save}")
        how = {"as_json": screen.as_json, "quiet": screen.quiet, "verbose": screen.verbose}
        ctx.invoke(diagnose, patient=str(path), budget=budget, no_trials=no_trials, **how)


def _answer(question: Question, *, first: bool) -> dict[str, object] | None:
    """Ask until the answer is understood; where piped answers end, the rest are defaults. None: back to the one
    before."""
    while True:
        piped = not sys.stdin.isatty()
        try:
            words = click.prompt(question.text, default=question.default, err=True)
        except click.Abort:
            if not piped:
                raise
            words = question.default
        if piped:
            click.echo(words, err=True)
        said = words.strip().lower()
        if said in ("quit", "exit"):
            raise click.Abort
        if said == "back" and not first:
            return None
        if said in ("?", "help", "back"):
            click.echo(f"  Enter takes {question.default}; or in your own words. Also: back, quit.", err=True)
            continue
        try:
            found = question.answer(words)
        except UsageError as error:
            click.echo(f"  {error.message}; expected {error.expected}", err=True)
            continue
        if words != question.default:
            told = ", ".join(f"{name} = {value}" for name, value in found.items() if value is not None)
            click.echo(f"  {told}" if told else "  as usual", err=True)
        return found
