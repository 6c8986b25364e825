"""`whynet diagnose`: why does this network not learn?"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from whynet.errors import UsageError
from whynet.interfaces.cli.completion import completing, patients
from whynet.interfaces.cli.screen import Screen, screen_options

PROGRAMS = (".py", ".pyw", ".ipynb")
LOGS = (".log", ".txt", ".csv", ".tsv", ".jsonl", ".json")
THEIRS = ("--data", "--seed", "--engine", "--log", "--cost", "--classes", "--labels")
"""Options that whynet has too, but not for a program: after it, they are the program's and nothing else."""
EFFORT, BUDGET = 30.0, 120.0  # trainings of the patient; seconds


class BeforeTheProgram(click.Command):
    """Options stand before a program; what follows it are its own arguments."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        place, own = program_among(args, self.params)
        ctx.meta["whynet.arguments"] = own
        return super().parse_args(ctx, args[:place])


def program_among(args: list[str], params: list[click.Parameter]) -> tuple[int, list[str]]:
    """How many words are whynet's, and those after them, a program's own.

    >>> program_among(["-v", "--seconds", "9", "train.py", "-v"], diagnose.params)
    (4, ['-v'])
    >>> program_among(["vectorised", "-v"], diagnose.params)
    (2, [])
    """
    takes = {
        name for one in params if isinstance(one, click.Option) and not one.is_flag for name in one.opts
    }  # fmt: skip
    words = iter(enumerate(args))
    for place, word in words:
        if word in takes:
            next(words, None)
        elif not word.startswith("-"):
            program = Path(word).suffix.lower() in PROGRAMS and not Path(word).is_dir()
            return (place + 1, args[place + 1 :]) if program else (len(args), [])
    return len(args), []


def named_after(arguments: list[str], params: list[click.Parameter]) -> list[str]:
    """Words after a program that are options of whynet's for programs; whoever wrote them may have meant those.

    >>> named_after(["--epochs", "5", "--no-trials", "--page=a.html", "--seed", "--", "-v"], diagnose.params)
    ['--no-trials', '--page']
    """
    own = {name for one in params if isinstance(one, click.Option) for name in one.opts} - set(THEIRS)
    before = arguments[: arguments.index("--")] if "--" in arguments else arguments
    return [word.split("=")[0] for word in before if word.split("=")[0] in own]


@click.command(cls=BeforeTheProgram, short_help="Say why a network or a program does not learn, with proof.")
@click.argument("patient", required=False, shell_complete=completing(patients, files=True))
@click.option(
    "--log",
    help="Instead: a file with what a training printed, or where a library logged it (a folder too); - is a pipe.",
)
@click.option("--cost", help="Of a log: quadratic, sigmoid-cross-entropy or softmax-cross-entropy, if you know.")
@click.option("--classes", type=click.IntRange(2, 100_000), help="Of a log: how many classes there are.")
@click.option("--labels", help="Of a log: whose class shares, mnist, fashion-mnist or balanced.")
@click.option("--data", help="Other data than the recipe's.")
@click.option("--seed", type=click.IntRange(0), help="Another seed than the recipe's.")
@click.option("--engine", type=click.Choice(["auto", "native", "reference"]), help="Who takes the steps.")
@click.option(
    "--effort",
    type=click.FloatRange(0, min_open=True),
    help="How much may be trained: so many times its own training (30).",
)
@click.option("--budget", type=click.FloatRange(1), help="A cap in seconds (120); what it cuts is said.")
@click.option("--no-trials", is_flag=True, help="Only measure and suspect; nothing is proved.")
@click.option(
    "--seconds", type=click.FloatRange(0, min_open=True), help="Of a program: how long it is watched at most (60)."
)
@click.option(
    "--apply",
    "apply_to",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the mended recipe, or the mended program, into this new file.",
)
@click.option("--in-place", is_flag=True, help="Of a program: mend its own file; the old one stays as FILE.orig.")
@click.option("--page", type=click.Path(path_type=Path, dir_okay=False), help="Also write the diagnosis as HTML.")
@screen_options
@click.pass_context
def diagnose(
    ctx: click.Context,
    screen: Screen,
    patient: str | None,
    log: str | None,
    cost: str | None,
    classes: int | None,
    labels: str | None,
    data: str | None,
    seed: int | None,
    engine: str | None,
    effort: float | None,
    budget: float | None,
    no_trials: bool,
    seconds: float | None,
    apply_to: Path | None,
    in_place: bool,
    page: Path | None,
) -> None:
    """Say why PATIENT (a run's folder, a recipe file, a recipe's name, or your own program) does not learn, and prove
    it.

    The network is trained as it is, measured, and trained again with one thing changed at a time, from the same seed,
    on the same examples in the same order. Exit code 0: healthy; 1: anything else.

    A program (train.py, notebook.ipynb) is run as it is, in a copy of its folder, and the line that is wrong is named.
    Of one written by hand a patch is looked for, and run before it is shown; --apply or --in-place writes it.
    whynet's options stand before the file, the program's own arguments after it; what it prints goes to stderr.

    With --log nothing is trained: the numbers of any printed training, table or sentence are read, and what they prove
    is said, with the causes that remain. A file whose name ends in .txt, .log, .csv or .jsonl is read as one anyway.

    \b
    Examples:
      whynet diagnose vectorised
      whynet diagnose --log training.txt
      whynet diagnose --seconds 30 train.py --epochs 5
      whynet diagnose --apply fixed.py train.py
      echo "958, 958, 890 of 10000" | whynet diagnose --log -
      whynet diagnose runs/20260101-120000-784-30-10 --apply mended.toml
    """
    for option, path in (("--page", page), ("--apply", apply_to)):
        if path is not None and not path.absolute().parent.is_dir():
            raise UsageError(f"the folder for {option} does not exist", where=str(path.parent), do="Make it first")
    given = {"--cost": cost, "--classes": classes, "--labels": labels}
    if patient is None and log is None:
        raise UsageError(
            "there is no patient",
            expected="a run's folder, a recipe file, a recipe's name or a program; or --log FILE",
            do="Try: whynet diagnose vectorised",
        )
    if log is None and patient is not None and Path(patient).suffix.lower() in LOGS and Path(patient).is_file():
        log, patient = patient, None
    if log is not None:
        trained = {
            "PATIENT": patient, "--data": data, "--seed": seed, "--engine": engine, "--effort": effort,
            "--budget": budget, "--no-trials": no_trials or None, "--apply": apply_to, "--seconds": seconds,
            "--in-place": in_place or None,
        }  # fmt: skip
        _refuse(trained, "a log is read, and nothing is trained")
        ctx.exit(_diagnose_log(screen, log, page, cost=cost, classes=classes, labels=labels))
    _refuse(given, "what the cost and the classes are, the patient itself tells")
    assert patient is not None
    if Path(patient).suffix.lower() in PROGRAMS and not Path(patient).is_dir():
        recipes = {"--data": data, "--seed": seed, "--engine": engine}
        _refuse(recipes, "a program has its own; give it to the program, after its name")
        wanted = {"--apply": apply_to, "--in-place": in_place or None}
        if no_trials:
            _refuse(wanted, "without trials no patch is looked for")
        if apply_to is not None:
            _refuse({"--in-place": in_place or None}, "the mended text goes into one file")
        limits: dict[str, Any] = {"effort": effort or EFFORT, "budget": budget or BUDGET, "trials": not no_trials}
        limits |= {"apply": apply_to, "in_place": in_place}
        meant = named_after(ctx.meta["whynet.arguments"], ctx.command.params)
        if meant:
            words = f"{' and '.join(meant)} {'goes' if len(meant) == 1 else 'go'}"
            name = Path(patient).name
            screen.say(f"{words} to {name}, as all that stands after it does; whynet's own options stand before it")
        ctx.exit(_diagnose_program(screen, patient, ctx.meta["whynet.arguments"], seconds, page, limits))
    _refuse({"--seconds": seconds}, "it says how long a program is watched")
    _refuse({"--in-place": in_place or None}, "a recipe is written into a new file, with --apply")
    from whynet import files
    from whynet.casebook.cases import recipe_of
    from whynet.data.sources import load_for
    from whynet.report.diagnosis import diagnosis_html, diagnosis_in_words
    from whynet.report.page import page as whole_page
    from whynet.subjects.recipe import diagnose_recipe

    if apply_to is not None and apply_to.exists():
        raise UsageError("the file for the mended recipe exists", where=str(apply_to), do="Choose another name")
    recipe = recipe_of(patient)
    edits = {name: value for name, value in (("seed", seed), ("engine", engine)) if value is not None}
    dataset = load_for(recipe, data, say=screen.say)
    diagnosis = diagnose_recipe(
        patient, dataset, edits=edits, effort=effort or EFFORT, budget=budget or BUDGET, trials=not no_trials,
        say=screen.say,
    )  # fmt: skip
    values = diagnosis.as_dict()
    screen.result(values, diagnosis_in_words(diagnosis, verbose=screen.verbose))
    if page is not None:
        files.write(page, whole_page(f"whynet: diagnosis of {patient}", diagnosis_html(diagnosis), charts=True))
        screen.say(f"page  {page}")
    if apply_to is not None:
        if diagnosis.fix is None or diagnosis.fix.recipe is None:
            screen.say("there is no proved cure to write")
        else:
            files.write(apply_to, diagnosis.fix.recipe)
            screen.say(f"recipe  {apply_to}")
    if screen.as_json:  # else the text itself names it
        screen.next("whynet diagnose {} -v", "all evidence, what was tried, and what was cleared", patient)
    if any(remark.kind == "interrupted" for remark in diagnosis.remarks):
        ctx.exit(130)
    ctx.exit(0 if values["state"] == "healthy" else 1)


def _diagnose_program(
    screen: Screen, patient: str, arguments: list[str], seconds: float | None, page: Path | None, limits: dict[str, Any]
) -> int:
    """Run somebody's program, say which line is wrong, and return the exit code."""
    from whynet import files
    from whynet.report.diagnosis import diagnosis_html, diagnosis_in_words
    from whynet.report.page import page as whole_page
    from whynet.subjects.program.diagnose import SECONDS, diagnose_program
    from whynet.subjects.program.guests.told import Told

    diagnosis = diagnose_program(
        patient, args=arguments, seconds=seconds or SECONDS, echo=not screen.quiet, say=screen.say, **limits
    )
    values, told = diagnosis.as_dict(), isinstance(diagnosis, Told)
    screen.result(values, str(diagnosis) if told else diagnosis_in_words(diagnosis, verbose=screen.verbose))
    if page is not None:
        body = diagnosis._repr_html_() if told else diagnosis_html(diagnosis)
        files.write(page, whole_page(f"whynet: diagnosis of {patient}", body, charts=True))
        screen.say(f"page  {page}")
    if screen.as_json and not told:
        screen.next("whynet diagnose -v {}", "every value of it, right or wrong", patient)
    if any(remark.kind == "interrupted" for remark in diagnosis.remarks):
        return 130
    accused = any(one["status"] != "suspected" for one in values["verdict"])  # it may learn for all that
    return 0 if values["state"] == "healthy" and not accused else 1


def _refuse(options: Mapping[str, object], why: str) -> None:
    """Options that make no sense here."""
    named = [name for name, value in options.items() if value is not None]
    if named:
        raise UsageError(f"{named[0]} makes no sense here: {why}", do=f"Leave out {' and '.join(named)}")


def _diagnose_log(
    screen: Screen, log: str, page: Path | None, *, cost: str | None, classes: int | None, labels: str | None
) -> int:
    """Diagnose what a training printed, and return the exit code."""
    from whynet import files
    from whynet.logs.log import diagnose_log, read_log
    from whynet.logs.runs import diagnose_path
    from whynet.report.log import log_html
    from whynet.report.page import page as whole_page

    if log == "-":
        where = "standard input"
        text = read_log(sys.stdin.buffer.read(), where)
        diagnosis = diagnose_log(text, cost=cost, classes=classes, labels=labels, where=where)
    else:
        diagnosis = diagnose_path(Path(log), cost=cost, classes=classes, labels=labels)
    screen.result(diagnosis.as_dict(), str(diagnosis))
    if page is not None:
        files.write(page, whole_page("whynet: diagnosis of a log", log_html(diagnosis), charts=True))
        screen.say(f"page  {page}")
    if diagnosis.verdict:
        screen.next(f"whynet explain {diagnosis.verdict[0].cause}", "what that is, and what it is not")
        screen.next("whynet ask", "describe the network: it is trained here, and the causes are put to the proof")
    else:
        screen.next("whynet train", "train the default network")
    return 0 if diagnosis.state == "healthy" else 1
