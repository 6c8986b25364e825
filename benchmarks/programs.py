"""How often the doctor is right about programs that people write by hand.

    python -m benchmarks.programs bank.jsonl                  # the x-ray alone: kind and line of the first finding
    python -m benchmarks.programs --trials --every 10 bank.jsonl
    python -m benchmarks.programs --summary bank.jsonl

The programs are those of `tests/subjects/program/bank`; the truth stands in the first line of each. Every program is a
line of JSON. A file that is there is gone on with: programs that it has are left out.
"""

from __future__ import annotations

import json
import re
import sys
import time
from pathlib import Path
from typing import Any

import click

from whynet.subjects.program.diagnose import diagnose_program

BANK = Path(__file__).parents[1] / "tests" / "subjects" / "program" / "bank"
ACCUSED = ("proved", "found")


def truth(path: Path) -> list[tuple[int, str]]:
    """The wrong lines of a program, and their kinds; those of one mistake stand in one row."""
    return [(int(line), kind) for line, kind in re.findall(r"line (\d+) ([a-z-]+)", path.read_text().split("\n")[0])]


def row_of(path: Path, trials: bool) -> dict[str, Any]:
    """What is said of a program."""
    began = time.perf_counter()
    found = diagnose_program(path, echo=False, trials=trials, budget=60)
    first = (found.xray or {}).get("findings", [])[:1]
    said = [(one["line"], one["kind"]) for one in first]
    return {
        "name": path.stem, "truth": truth(path), "said": said, "state": found.state,
        "patch": getattr(found, "patch", ""),
        "statuses": [(one.cause, one.status) for one in found.verdict],
        "before": None if found.before is None else found.before.quality,
        "after": None if found.fix is None else found.fix.after.quality,
        "seconds": round(time.perf_counter() - began, 1),
    }  # fmt: skip


def summary(rows: list[dict[str, Any]]) -> str:
    """What the lines add up to, and each program that is not told right."""
    sick, sound = [one for one in rows if one["truth"]], [one for one in rows if not one["truth"]]
    lines = [one for one in sick if one["said"] and one["said"][0][0] == one["truth"][0][0]]
    both = [one for one in lines if list(one["said"][0]) == list(one["truth"][0])]
    accused = [one for one in sound if any(status in ACCUSED for _, status in one["statuses"])]
    patched = [one for one in sick if one["patch"]]
    told = [
        f"{len(sick)} with a wrong line: the line {len(lines)}, line and kind {len(both)}, a patch {len(patched)}",
        f"{len(sound)} sound: accused {len(accused)}",
    ]
    told += [f"  {one['name']}: {one['truth']} said {one['said']}" for one in sick if one not in both]
    told += [f"  {one['name']}: sound, said {one['statuses']}" for one in accused]
    return "\n".join(told)


@click.command()
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--every", default=1, help="One program in so many.")
@click.option("--trials", is_flag=True, help="With trials and a patch.")
@click.option("--summary", "only", is_flag=True, help="Only what the file says.")
def main(out: Path, every: int, trials: bool, only: bool) -> None:
    """Measure, and say what it comes to."""
    rows = [json.loads(line) for line in out.read_text("utf-8").splitlines()] if out.exists() else []
    if not only:
        out.parent.mkdir(parents=True, exist_ok=True)
        known = {one["name"] for one in rows}
        for path in sorted(BANK.glob("*.py"))[::every]:
            if path.stem not in known:
                rows.append(row_of(path, trials))
                with out.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(rows[-1]) + "\n")
                click.echo(f"{rows[-1]['name']}: {rows[-1]['said']}", err=True)
    click.echo(summary(rows))


if __name__ == "__main__":
    sys.exit(main())
