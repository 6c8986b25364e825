"""How often the doctor is right inside networks of PyTorch and Keras.

    python -m benchmarks.inside --every 5 sick.jsonl          # one in five of the planted mistakes
    python -m benchmarks.inside --sound sound.jsonl           # sound networks
    python -m benchmarks.inside --summary sick.jsonl sound.jsonl
    python -m benchmarks.inside --check checked.jsonl         # that plants harm and sound ones learn; no doctor

Each patient is a line of JSON, examined in a process of its own, on one thread, for two minutes of processor time at
most, so that a busy machine makes no difference. A file that is there is gone on with: names that it has are left out.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import click
from benchmarks.inside.healthy import Sound, healthy
from benchmarks.inside.plants import Patient, patients
from benchmarks.inside.scores import summary

LIMIT = 120
ROOT = Path(__file__).parents[2]
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def _read(paths: tuple[Path, ...]) -> list[dict[str, Any]]:
    return [json.loads(line) for path in paths if path.exists() for line in path.read_text("utf-8").splitlines()]


def _append(path: Path, row: dict[str, Any]) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(row) + "\n")


def _in_a_process(one: Patient | Sound, effort: float | None, limit: int) -> dict[str, Any]:
    """The row of a patient, examined in a process of its own."""
    told = json.dumps({"name": one.name, "seed": one.seed, "effort": effort})
    one_thread = {**os.environ, **dict.fromkeys(THREADS, "1"), "TF_CPP_MIN_LOG_LEVEL": "3"}
    one_thread.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1")
    started = time.perf_counter()
    failed: dict[str, Any] = {"name": one.name, "library": one.library, "architecture": one.architecture}
    if isinstance(one, Patient):
        plant = one.plant
        failed |= {"plant": plant.name, "planted": plant.right, "certain": plant.certain, "cure": plant.cure}
    else:
        failed |= {"plant": "", "habit": one.habit.name}
    ran = None
    with contextlib.suppress(subprocess.TimeoutExpired):
        ran = subprocess.run(
            [sys.executable, "-m", "benchmarks.inside", "--one", told, "--limit", str(limit)], cwd=ROOT,
            env=one_thread, timeout=10 * limit, capture_output=True, text=True,
        )  # fmt: skip
    if ran is None or ran.returncode in (-signal.SIGXCPU, -signal.SIGKILL):
        return failed | {"error": f"crashed: more than {limit} s", "seconds": limit}
    lines = [line for line in ran.stdout.splitlines() if line.startswith('{"name"')]
    if lines:
        return json.loads(lines[-1])
    last = (ran.stderr.strip().splitlines() or ["no word"])[-1]
    return failed | {"error": f"crashed: {last}"[:300], "seconds": round(time.perf_counter() - started, 1)}


def _one(told: str) -> None:
    from benchmarks.inside.running import row

    given = json.loads(told)
    everyone = [*patients(given["seed"]), *healthy(given["seed"])]
    found = next(one for one in everyone if one.name == given["name"])
    click.echo(json.dumps(row(found, given["effort"])))


def _checked(one: Patient | Sound) -> dict[str, Any]:
    from benchmarks.inside.running import LEARNED, harm, learned

    started = time.perf_counter()
    row: dict[str, Any] = {"name": one.name, "library": one.library, "architecture": one.architecture}
    if isinstance(one, Patient):
        row |= {"plant": one.plant.name, "certain": one.plant.certain, **harm(one)}
    else:
        good, trouble = learned(one.spec())
        row |= {"plant": "", "sound": round(good, 3), "learned": good >= LEARNED, "trouble": trouble}
    return row | {"seconds": round(time.perf_counter() - started, 1)}


@click.command()
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@click.option("--seed", default=0, show_default=True, help="Sizes, rates, data.")
@click.option("--sound", is_flag=True, help="Sound networks in place of sick ones.")
@click.option("--only", default="", help="Names with this in them.")
@click.option("--library", type=click.Choice(["torch", "keras"]))
@click.option("--effort", type=float, help="As for `whynet.diagnose`.")
@click.option("--every", default=1, help="One patient in so many.")
@click.option("--first", default=0, help="The first of them.")
@click.option("--limit", default=LIMIT, show_default=True, help="Seconds of processor time for a patient.")
@click.option("--check", is_flag=True, help="Train sick and sound networks, and compare; no doctor.")
@click.option("--summary", "only_summary", is_flag=True, help="What is in FILES, nothing more.")
@click.option("--one", hidden=True)
def main(
    files: tuple[Path, ...], seed: int, sound: bool, only: str, library: str | None, effort: float | None, every: int,
    first: int, limit: int, check: bool, only_summary: bool, one: str | None,
) -> None:  # fmt: skip
    """Diagnose planted mistakes, or sound networks, and write a line for each into FILE."""
    if one:
        resource.setrlimit(resource.RLIMIT_CPU, (limit, limit + 5))
        _one(one)
        return
    if only_summary:
        click.echo(summary(_read(files)))
        return
    if len(files) != 1:
        raise click.UsageError("one file to write to")
    out = files[0]
    done = {row["name"] for row in _read(files)}
    here = (healthy if sound else patients)(seed, library or "", only)[first::every]
    for patient in here:
        if patient.name in done:
            continue
        if check:
            row = _checked(patient)
        else:
            row = _in_a_process(patient, effort, limit)
            if isinstance(patient, Patient):
                row["harmed"] = patient.plant.certain or _harmed(patient)
        _append(out, row)
        click.echo(json.dumps(row))
    if not check:
        click.echo(summary(_read(files)))


def _harmed(patient: Patient) -> bool:
    from benchmarks.inside.running import harm

    return bool(harm(patient)["harmed"])


if __name__ == "__main__":
    main()
