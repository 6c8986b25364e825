"""Seconds from the start of a process to a network that answers 98 % of MNIST's test images right.

    python benchmarks/time_to_98.py FOLDER_OF_MNIST [--repeats 5]

whynet's default recipe, report and all, beside scripts that train the same network in PyTorch and JAX and the nearest
in scikit-learn (`benchmarks/scripts/`); those that are not installed are left out. They take turns.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from importlib import util
from pathlib import Path

import click

SCRIPTS = Path(__file__).parent / "scripts"
PEERS = {"torch": "pytorch.py", "jax": "jax_scan.py", "sklearn": "scikit_learn.py"}


def timed(command: list[str]) -> tuple[float, str]:
    """Wall-clock seconds of a process, and what it printed."""
    started = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return time.perf_counter() - started, done.stdout


@click.command()
@click.argument("folder")
@click.option("--repeats", default=5, show_default=True)
def main(folder: str, repeats: int) -> None:
    """Print a table."""
    seconds: dict[str, list[float]] = {}
    accuracies: dict[str, float] = {}
    for repeat in range(repeats):
        with tempfile.TemporaryDirectory() as out:
            command = [sys.executable, "-m", "whynet", "train", "--data", folder, "--out", f"{out}/run", "--json"]
            taken, printed = timed([*command, "--seed", str(repeat)])
        seconds.setdefault("whynet", []).append(taken)
        accuracies["whynet"] = min(accuracies.get("whynet", 1.0), json.loads(printed)["test_accuracy"])
        for package, script in PEERS.items():
            if util.find_spec(package) is None:
                continue
            taken, printed = timed([sys.executable, os.fspath(SCRIPTS / script), folder])
            seconds.setdefault(package, []).append(taken)
            accuracies[package] = float(printed)
    click.echo(
        "| system | seconds, median | min .. max | times whynet's | test accuracy (the least) |\n|---|---|---|---|---|"
    )
    for name, values in seconds.items():
        median = statistics.median(values)
        ratio = median / statistics.median(seconds["whynet"])
        spread = f"{min(values):.2f} .. {max(values):.2f}"
        click.echo(f"| {name} | {median:.2f} | {spread} | {ratio:.1f} | {accuracies[name]:.2%} |")


if __name__ == "__main__":
    main()
