"""How the default recipe was chosen: candidates, each trained on 50,000 images with 5 seeds, judged on the 10,000
validation images (never on the test set), and on the embedded digits (a fifth of them held back).

    python benchmarks/default_recipe.py [--data mnist] [--seeds 5]

Prints a Markdown table: mean and sd of the validation accuracy, seconds of training (steps alone, median over seeds,
one thread). The winner is the fastest candidate whose mean is at least 98 % on MNIST and 96.5 % on the digits.
"""

from __future__ import annotations

import statistics

import click

import whynet
from whynet.training.loop import Training
from whynet.training.prepare import prepare

SOUND = {"activation": "relu", "init": "he", "schedule": "one-cycle"}
CANDIDATES = [
    {"hidden": (hidden,), "batch_size": batch, "learning_rate": rate, "epochs": epochs}
    for hidden, batch, rate, epochs in (
        (320, 32, 0.8, 6),
        (256, 32, 0.8, 6),
        (256, 32, 0.6, 6),
        (320, 40, 0.8, 5),
    )
]


def judge(recipe: whynet.Recipe, data: whynet.Dataset, held: int, seeds: int) -> tuple[float, float, float]:
    """Mean and sd of the validation accuracy, and median seconds."""
    accuracies, seconds = [], []
    for seed in range(seeds):
        mine = recipe.but(seed=seed, validation_size=held)
        training = Training(prepare(mine, data)._replace(test=None))
        epochs = list(training)
        accuracies.append(epochs[-1].validation_accuracy)
        seconds.append(sum(epoch.seconds for epoch in epochs))
    return statistics.mean(accuracies), statistics.stdev(accuracies), statistics.median(seconds)


@click.command()
@click.option("--data", default="mnist", show_default=True)
@click.option("--seeds", default=5, show_default=True)
def main(data: str, seeds: int) -> None:
    """Print the table."""
    mnist, digits = whynet.load(data), whynet.load("digits")
    click.echo("| hidden | batch | rate | epochs | scaling | validation, MNIST | seconds | validation, digits |")
    click.echo("|---|---|---|---|---|---|---|---|")
    for candidate in CANDIDATES:
        recipe = whynet.Recipe(**SOUND, **candidate)
        mean, sd, seconds = judge(recipe, mnist, 10_000, seeds)
        small, small_sd, _ = judge(recipe, digits, len(digits) // 5, seeds)
        click.echo(
            f"| {candidate['hidden'][0]} | {recipe.batch_size} | {recipe.learning_rate} | {recipe.epochs} "
            f"| {recipe.scaling} "
            f"| {mean:.2%} ± {sd:.2%} | {seconds:.2f} | {small:.2%} ± {small_sd:.2%} |"
        )


if __name__ == "__main__":
    main()
