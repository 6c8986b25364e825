"""How often the doctor is right about programs of PyTorch, Keras and scikit-learn, handed over as files.

    python -m benchmarks.posted posted.jsonl             # state, first cause, line, and what the mended file prints
    python -m benchmarks.posted --every 4 posted.jsonl
    python -m benchmarks.posted --summary posted.jsonl

The programs, and what is true of them, are those of `tests/subjects/program/posted`. Every program is a line of JSON. A
file that is there is gone on with: programs that it has are left out.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
import tomllib
from pathlib import Path
from typing import Any

import click

from whynet.subjects.program.diagnose import diagnose_program

POSTED = Path(__file__).parents[1] / "tests" / "subjects" / "program" / "posted"
ACCUSED = ("proved", "found")


def printed(source: str) -> float | None:
    """The last number that a program prints at its end; None where it does not come to one."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "train.py"
        file.write_text(source, "utf-8")
        ran = subprocess.run([sys.executable, file], capture_output=True, text=True, cwd=folder, check=False)
    try:
        return float(ran.stdout.split()[-1])
    except (ValueError, IndexError):
        return None


def row_of(name: str, expected: dict[str, Any], budget: float) -> dict[str, Any]:
    """What is said of a program, and whether that is right."""
    source = (POSTED / f"{name}.py").read_text("utf-8")
    began = time.perf_counter()
    try:
        found = diagnose_program(POSTED / f"{name}.py", echo=False, budget=budget)
    except Exception as error:  # a diagnosis that ends in an error is a result too, and the others are still to come
        return {"name": name, "sound": not expected, "error": f"{type(error).__name__}: {error}"}
    row: dict[str, Any] = {
        "name": name, "sound": not expected, "state": found.state,
        "statuses": [(one.cause, one.status, one.where and one.where.line) for one in found.verdict],
        "patch": getattr(found, "patch", ""), "seconds": round(time.perf_counter() - began, 1),
    }  # fmt: skip
    if expected and found.verdict:
        first, lines = found.verdict[0], source.splitlines()
        row["cause"] = first.cause in expected["causes"]
        row["line"] = first.where is not None and any(one in lines[first.where.line - 1] for one in expected["lines"])
    if row["patch"]:
        row["prints"] = printed(found.healed.after)
        row["heals"] = row["prints"] is not None and row["prints"] >= expected.get("healed", -1.0)
    return row


def summary(rows: list[dict[str, Any]]) -> str:
    """What the lines add up to, and each program that is not told right."""
    sick, sound = [one for one in rows if not one["sound"]], [one for one in rows if one["sound"]]
    first = [one for one in sick if one.get("cause")]
    lines = [one for one in first if one.get("line")]
    sure = [one for one in first if one["statuses"][0][1] in ACCUSED]
    healed = [one for one in sick if one.get("heals")]
    accused = [one for one in sound if any(status in ACCUSED for _, status, _ in one.get("statuses", ()))]
    healthy = [one for one in sound if one.get("state") == "healthy"]
    told = [
        f"{len(sick)} with a mistake: the cause first {len(first)} (found or proved {len(sure)}), and its line "
        f"{len(lines)}; a patch {sum(bool(one.get('patch')) for one in sick)}, which heals {len(healed)}",
        f"{len(sound)} sound: accused {len(accused)}, called healthy {len(healthy)}",
    ]
    wrong = [one for one in sick if one not in lines or one not in healed]
    wrong += [one for one in sound if one in accused or one not in healthy]
    for one in wrong:
        said = one.get("error") or f"{one['state']}, {one['statuses'][:3]}, heals {one.get('heals')}"
        told.append(f"  {one['name']}: {said}")
    return "\n".join(told)


@click.command()
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--every", default=1, help="One program in so many.")
@click.option("--budget", default=40.0, help="Seconds for a diagnosis.")
@click.option("--summary", "only", is_flag=True, help="Only what the file says.")
def main(out: Path, every: int, budget: float, only: bool) -> None:
    """Measure, and say what it comes to."""
    rows = [json.loads(line) for line in out.read_text("utf-8").splitlines()] if out.exists() else []
    if not only:
        out.parent.mkdir(parents=True, exist_ok=True)
        known = {one["name"] for one in rows}
        expected = tomllib.loads((POSTED / "expected.toml").read_text("utf-8"))
        for name in list(expected)[::every]:
            if name not in known:
                rows.append(row_of(name, expected[name], budget))
                with out.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(rows[-1]) + "\n")
    click.echo(summary(rows))


if __name__ == "__main__":
    main()
