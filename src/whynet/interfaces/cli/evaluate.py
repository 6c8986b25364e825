"""`whynet evaluate` and `whynet report`: the results of a finished run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from whynet.errors import UsageError
from whynet.interfaces.cli.screen import Screen, screen_options
from whynet.interfaces.cli.trained import network_of

if TYPE_CHECKING:
    from whynet.data.dataset import Dataset
    from whynet.types import Labels


@click.command(short_help="Test a trained network: how good its predictions are, class by class or in units.")
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--data", help="Test on these data instead of the run's own.")
@screen_options
def evaluate(screen: Screen, run: Path, data: str | None) -> None:
    """Test the network of RUN (a run's directory, or a model file) on the test set of its data: of classes the
    accuracy, the confusion matrix and the recalls, of several labels F1 and recalls, of numbers RMSE, MAE and R2 in
    their own units.

    \b
    Examples:
      whynet evaluate runs/20260101-120000-784-30-10
      whynet evaluate model.safetensors --data mnist
    """
    from whynet.data.sources import load, load_for
    from whynet.data.tables import is_table, load_like
    from whynet.report.answers import answers_of, in_words
    from whynet.training.recipe import Recipe

    network = network_of(run)
    test: Dataset | None
    if data is not None and network.encoding is not None and is_table(Path(data)):
        test = load_like(
            Path(data), network.encoding, network.problem, screen.say
        )  # all rows, as it was trained on such
    else:
        dataset = (
            load_for(Recipe.read(run / "recipe.toml"), data, say=screen.say)
            if run.is_dir()
            else load(data or "auto", say=screen.say)
        )
        test = dataset.test
    if test is None:
        raise UsageError("these data have no test set", where=dataset.source)
    found = answers_of(network, test)
    values: dict[str, Any] = {
        "test_correct": None,
        "test_total": len(test),
        "accuracy": None,
        "recall": None,
        "confusion": None,
        "problem": network.problem.kind,
        "quality": found.quality,
        "metric": found.metric._asdict(),
        "metrics": found.metrics,
    }
    if test.classes:
        lines = _confusion(found.predictions, test, values)
    else:
        lines = in_words(network, test, found)
    screen.result(values, "\n".join(lines))
    if run.is_dir():
        screen.next("whynet report {}", "learning curves, mistakes and weights as a page", run)
    else:
        screen.next("whynet train", "train another one")


def _confusion(predictions: Labels, test: Dataset, values: dict[str, Any]) -> list[str]:
    """The confusion matrix and the recalls as lines; their numbers go into `values`."""
    from whynet.training import metrics

    classes = len(test.classes)
    table = metrics.confusion(predictions, test.labels, max(classes, int(predictions.max()) + 1))
    right = int(table.trace())
    recall = metrics.recall(table)
    values |= {
        "test_correct": right,
        "accuracy": right / len(test),
        "recall": recall.tolist(),
        "confusion": table.tolist(),
    }
    longest = max(map(len, test.classes), default=1)
    width, first = max(5, len(f"{table.max()}") + 1, min(longest, 14) + 1), max(8, min(longest, 20))
    lines = [f"{right:,} of {len(test):,} test {test.word} right ({right / len(test):.2%})", ""]
    lines.append("confusion matrix; row: the true class, column: the predicted class")
    names = [name[: width - 1] for name in test.classes]
    lines.append(" " * first + "".join(f"{name:>{width}}" for name in names) + "   recall")
    for name, row, found in zip(names, table, recall, strict=False):
        lines.append(
            f"{name[:first]:>{first}}"
            + "".join(f"{count or '.':>{width}}" for count in row.tolist())
            + f"   {found:6.1%}"
        )
    return lines


@click.command(short_help="Make a run's HTML report again.")
@click.argument("run", type=click.Path(path_type=Path))
@screen_options
def report(screen: Screen, run: Path) -> None:
    """Make the HTML report of RUN, a run's directory, again."""
    from whynet.training.run import Run

    opened = Run.open(run, say=screen.say)
    opened.report()
    path = run / "report.html"
    screen.result({"run": str(run), "report": str(path)}, f"report  {path}")
    screen.next("whynet evaluate {}", "the same figures here in the terminal", run)
