"""`whynet explain`: what a number is the plateau of, what a cause is, or what a word means."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from whynet.errors import UsageError
from whynet.interfaces.cli.completion import completing, explainable
from whynet.interfaces.cli.screen import Screen, screen_options
from whynet.report import glossary


@click.command(short_help="Say what a number is the plateau of, what a cause is, or what a word means.")
@click.argument("number", nargs=-1, metavar="NUMBER|CAUSE|WORD", shell_complete=completing(explainable))
@click.option("--classes", type=click.IntRange(2, 100_000), help="How many classes there are (default: 10).")
@click.option(
    "--labels", default="mnist", show_default=True, help="Whose class frequencies: mnist, fashion-mnist, balanced."
)
@click.option(
    "--targets",
    type=click.Path(path_type=Path),
    help="Your own targets instead: a file with a number a line, a CSV file, or .npy.",
)
@click.option("--target", metavar="COLUMN", help="Which column of that CSV file.")
@screen_options
def explain(
    screen: Screen, number: tuple[str, ...], classes: int | None, labels: str, targets: Path | None, target: str | None
) -> None:
    """Say what NUMBER, a cost, an accuracy or a count of correct predictions, is the plateau of; or what a cause of
    the doctor's is; or what a word means, whynet's or the field's. Alone it lists the causes and the words.

    With --targets, what it is the plateau of where those are predicted: their variance, the entropy of their base
    rates, and others.

    \b
    Examples:
      whynet explain 0.45
      whynet explain 11.35%
      whynet explain 0,45
      whynet explain 6100 --targets houses.csv --target price
      whynet explain 958 of 10000
      whynet explain init-positive-saturation
      whynet explain learning rate
    """
    text = " ".join(number)
    if not text.strip():
        _list(screen)
        return
    if target is not None and targets is None:
        raise UsageError("--target is a column of a file", do="Name the file: --targets FILE")
    if targets is not None and classes is not None:
        raise UsageError("how many classes there are, the targets themselves tell", do="Leave out --classes")
    word = glossary.lookup(text)
    if not any(character.isdigit() for character in text):
        _explain_name(screen, text, word)
    elif word is not None:  # such as L2
        _explain_word(screen, word)
    else:
        _explain_number(screen, text, classes, labels, targets, target)


def _explain_number(
    screen: Screen, text: str, classes: int | None, labels: str, targets: Path | None, target: str | None
) -> None:
    from whynet.doctor import target_floors
    from whynet.doctor.floors import explain as readings_of
    from whynet.interfaces.targets import read_targets

    rows = None if targets is None else read_targets(targets, target)
    readings = readings_of(text, classes=classes, labels=labels, targets=rows)
    outputs = [] if rows is None else target_floors.summary(target_floors.columns_of(rows))
    values: dict[str, Any] = {
        "number": text,
        "readings": [
            {"cost": one.cost, "averaging": one.averaging, "meaning": one.meaning, "exact": one.exact}
            for one in readings
        ],
    }
    if rows is not None:
        values["targets"] = {"rows": len(rows), "outputs": outputs}
    if not readings and outputs:
        words = "\n".join([
            f"{text} is no plateau of these targets: if it no longer moves, the predictions are not constant.",
            "Their plateaus are:", "", *(line for one in outputs for line in _spread(one)),
        ])  # fmt: skip
    elif not readings:
        words = f"{text} is no plateau that whynet knows: if it no longer moves, the predictions are not constant."
    else:
        lines = [f"{text} is what you see where:"]
        for one in readings:
            what = ", ".join(part for part in (one.cost, one.averaging) if part)
            lines += ["", f"  {one.meaning}", f"      {one.exact:.6g}  ({what})"]
        words = "\n".join(lines)
    usual = _usual(text, classes, labels) if rows is None else ""
    screen.result(values, words + (f"\n\n{usual}" if usual else ""))
    if readings:
        screen.next("whynet reproduce --quick", "see networks that are stuck there, and why")
    else:
        screen.next("whynet diagnose --log FILE", "what the whole of a printed training tells")


def _usual(text: str, classes: int | None, labels: str) -> str:
    """Of a fraction of right answers: where it stands among what people reach."""
    from whynet.doctor.numerals import numerals

    number = next(numerals(text))
    fraction = number.value / number.total if number.total else number.value
    shares = number.percent or number.total or number.kind == "share"
    if not shares or labels != "mnist" or classes not in (None, 10) or not 0.5 <= fraction <= 1:
        return ""
    return (
        "On MNIST a linear classifier is right on about 92 %, a plain network with one hidden layer on 95 to 98.5 %, "
        "a convolutional one on 99 % and more."
    )


def _spread(one: Mapping[str, float]) -> list[str]:
    """The plateaus of one output."""
    said = {
        "variance": "the variance: squared error (MSE) of the mean", "half_variance": "half the variance",
        "sd": "the standard deviation: RMSE of the mean",
        "mean_absolute_deviation": "the mean distance from the median: MAE of the median",
        "huber": "Huber's cost of its best constant",
    }  # fmt: skip
    return [f"  {one[name]:<12.6g} {words}" for name, words in said.items()]


def _explain_name(screen: Screen, name: str, word: glossary.Word | None) -> None:
    from whynet.doctor.causes import cause, names

    found = "-".join(name.lower().replace("_", " ").split())
    causes = names()
    if found in causes:
        page = (cause(found).__doc__ or "").strip()
        values = {"cause": found, "family": cause(found).FAMILY, "page": page, "causes": list(causes)}
        screen.result(values, f"{found}\n\n{plain(page)}")
        screen.next("whynet diagnose RUN", "see whether it is what your network has")
    elif word is not None:
        _explain_word(screen, word)
    else:
        raise UsageError(
            f"'{name}' is neither a number nor a cause nor a word of the glossary",
            expected="a number, such as 0.45 or 11.35 %, a cause, such as lr-too-high, or a word, such as saturation",
            do=_suggestion(name.lower(), causes),
        )


def _suggestion(name: str, causes: Sequence[str]) -> str:
    """The nearest causes and words."""
    near = difflib.get_close_matches(name, [*causes, *glossary.BY_NAME])
    if near:
        return "Did you mean " + " or ".join(f"'{one}'" for one in near) + "?"
    return "All causes and words: whynet explain"


def plain(page: str) -> str:
    """A page without the marks of Markdown."""
    return re.sub(r"\*\*(.+?)\*\*", r"\1", page, flags=re.DOTALL).replace("`", "")


def _list(screen: Screen) -> None:
    """All causes, by what they are about, and all words."""
    from whynet.doctor.causes import FAMILIES, cause, names

    families = {family: [name for name in names() if family == cause(name).FAMILY] for family in FAMILIES}
    words = [row.word for row in glossary.GLOSSARY]
    lines = ["The causes, by what they are about:", ""]
    wide = max(map(len, families))
    lines += [f"  {family:<{wide}}  {', '.join(causes)}" for family, causes in families.items()]
    lines += ["", "The words:", "", f"  {', '.join(words)}"]
    screen.result({"causes": families, "words": words}, "\n".join(lines))
    screen.next("whynet explain lr-too-high", "what one of them is; or a number that you are stuck at")


def _explain_word(screen: Screen, row: glossary.Word) -> None:
    lines = [row.word + (f"  ({row.symbol})" if row.symbol else ""), "", plain(row.meaning)]
    if row.field:
        lines += ["", f"Also called: {row.field}"]
    screen.result(row._asdict(), "\n".join(lines))
    screen.next("whynet explain lr-too-high", "what a cause is; or a number that you are stuck at")
