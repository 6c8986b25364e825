"""`whynet export`: a trained network as a file for other programs."""

from __future__ import annotations

from pathlib import Path

import click

from whynet.interfaces.cli.screen import Screen, screen_options
from whynet.interfaces.cli.trained import network_of

TARGETS = ("numpy", "safetensors", "onnx", "torch", "keras")
NEXT = {
    "numpy": 'python -c "from {name} import predict"',
    "torch": 'python -c "from {name} import load; print(load())"',
    "keras": 'python -c "from {name} import load; load().summary()"',
}


@click.command(short_help="Write a trained network as a file for other programs.")
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--to", "target", default="numpy", show_default=True, help=f"For what: {', '.join(TARGETS)}.")
@click.option("--out", type=click.Path(path_type=Path), help="The folder to write into (default: here).")
@click.option("--name", default="model", show_default=True, help="What the files are called, without the ending.")
@click.option("--overwrite", is_flag=True, help="Write over files that are there already.")
@screen_options
def export(screen: Screen, run: Path, target: str, out: Path | None, name: str, overwrite: bool) -> None:
    """Write the network of RUN (a run's directory, or a model file) for other programs.

    numpy is one readable Python file that predicts with NumPy alone; torch and keras are one that builds the model,
    with the weights beside it; onnx (pip install onnx) runs nearly everywhere. All scale their inputs themselves.

    \b
    Examples:
      whynet export runs/20260101-120000-784-30-10
      whynet export model.safetensors --to onnx --out exported
    """
    from whynet import files
    from whynet.errors import UsageError
    from whynet.interfaces.exchange import export as exported

    if not name.isidentifier():
        raise UsageError("this cannot be the name of a module", found=name, expected="letters, digits and _")
    network = network_of(run)
    made = exported(network, target, name)
    folder = out or Path()
    taken = [one for one in made if (folder / one).exists()]
    if taken and not overwrite:
        raise UsageError(
            "there is such a file already", where=str(folder / taken[0]), do="Choose another --name, or --overwrite"
        )
    folder.mkdir(parents=True, exist_ok=True)
    for one, content in made.items():
        files.write(folder / one, content)
    paths = [str(folder / one) for one in made]
    screen.result({"to": target, "files": paths}, "\n".join(paths))
    if target in NEXT:
        screen.say(f"Next: {NEXT[target].format(name=name)}  (use it)")
    else:
        screen.next("whynet evaluate {}", "how good it is", run)
