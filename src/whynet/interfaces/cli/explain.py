"""`whynet explain`: what a number is the plateau of, or what a cause is."""

from __future__ import annotations

import click

from whynet.errors import UsageError, did_you_mean
from whynet.interfaces.cli.screen import Screen, screen_options


@click.command(short_help="Say what a number is the plateau of, or what a cause is.")
@click.argument("number", nargs=-1, required=True)
@click.option("--classes", type=click.IntRange(2, 100_000), help="How many classes there are (default: 10).")
@click.option(
    "--labels", default="mnist", show_default=True, help="Whose class shares: mnist, fashion-mnist, balanced."
)
@screen_options
def explain(screen: Screen, number: tuple[str, ...], classes: int | None, labels: str) -> None:
    """Say what NUMBER, a cost, an accuracy or a count of right answers, is the plateau of; or what a cause is.

    \b
    Examples:
      whynet explain init-positive-saturation
      whynet explain 0.45
      whynet explain 11.35%
      whynet explain 958 of 10000
    """
    text = " ".join(number)
    if not any(character.isdigit() for character in text):
        _explain_cause(screen, text)
        return
    from whynet.doctor.floors import explain as readings_of

    readings = readings_of(text, classes=classes, labels=labels)
    values = {
        "number": text,
        "readings": [
            {"cost": one.cost, "averaging": one.averaging, "meaning": one.meaning, "exact": one.exact}
            for one in readings
        ],
    }
    if not readings:
        words = f"{text} is no plateau that whynet knows: if it no longer moves, the reason is not a constant answer."
    else:
        lines = [f"{text} is what you get by:"]
        for one in readings:
            what = ", ".join(part for part in (one.cost, one.averaging) if part)
            lines += ["", f"  {one.exact:.6g}  ({what})", f"      {one.meaning}"]
        words = "\n".join(lines)
    screen.result(values, words)
    screen.next("whynet reproduce --quick", "see networks that are stuck there, and why")


def _explain_cause(screen: Screen, name: str) -> None:
    from whynet.doctor.causes import NAMES, cause

    if name not in NAMES:
        raise UsageError(
            f"'{name}' is neither a number nor a cause",
            expected="a number, such as 0.45 or 11.35 %, or a cause, such as lr-too-high",
            do=did_you_mean(name, NAMES),
        )
    page = (cause(name).__doc__ or "").strip()
    screen.result({"cause": name, "page": page, "causes": list(NAMES)}, f"{name}\n\n{page}")
    screen.next("whynet diagnose RUN", "see whether it is what your network has")
