"""Five causes that all mean too few steps: is the one named that is true?

    python benchmarks/steps.py build     makes the grid benchmarks/steps.json: 60 patients, checked by plain trainings
    python benchmarks/steps.py score     diagnoses each from three seeds

A patient is drawn at random and spoilt in one way. Plain trainings then show that it does not learn, that mending this
one thing restores it, and that none of the other cheap changes does: a higher rate at equal steps, no stopping rule, a
smaller batch at equal examples, more rows at equal steps. More epochs do what all of them do, and may help as well,
unless too few epochs is what was planted. The trainings are judged on the test set, which no diagnosis looks at.
"""

from __future__ import annotations

import itertools
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import numpy as np

import whynet
from whynet.data.dataset import Dataset
from whynet.errors import NonFinite
from whynet.subjects.recipe import diagnose_recipe

GRID = Path(__file__).with_name("steps.json")
CAUSES = ("lr-too-low", "stops-on-plateau", "batch-too-large", "too-little-data", "undertrained")
MORE_STEPS_HELP = CAUSES[:3]
EACH = 12
FEW_ROWS = 500  # of the digits: so few that an epoch is too short
GOOD, SICK = 0.03, 0.10  # below a linear classifier: restored, and not learning


def dataset_of(patient: dict[str, Any]) -> Dataset:
    """Its data; where it says so, as if there were no more rows than these."""
    whole, rows = whynet.load(patient["data"]), patient["rows"]
    return whole if rows is None else whole.take(slice(0, rows))


def accuracy(recipe: whynet.Recipe, dataset: Dataset) -> float:
    """On the test set, after training; what blows up is at chance level."""
    assert dataset.test is not None
    try:
        network = whynet.fit(recipe, dataset).network
    except NonFinite:
        return 1 / len(dataset.classes)
    return float(np.mean(network.predict(dataset.test.images) == dataset.test.labels))


def linear(dataset: Dataset) -> float:
    """What scikit-learn's logistic regression reaches on the test set."""
    from sklearn.linear_model import LogisticRegression

    assert dataset.test is not None
    rows = slice(0, 10_000)
    model = LogisticRegression(max_iter=200).fit(dataset.inputs[rows] / 255.0, dataset.labels[rows])
    return float(model.score(dataset.test.inputs / 255.0, dataset.test.labels))


def changes(recipe: whynet.Recipe, dataset: Dataset) -> Iterator[tuple[str, whynet.Recipe]]:
    """Each of the five, made in the sizes that could be asked for."""
    available = len(dataset) - recipe.validation_size
    rows = min(recipe.train_size or available, available)
    for times in (10**0.5, 10.0, 100.0, 1000.0, 10_000.0):
        yield "lr-too-low", recipe.but(learning_rate=recipe.rate * times)
    if recipe.patience is not None:
        yield "stops-on-plateau", recipe.but(patience=None)
    for size in (10, 32):
        if recipe.batch_size == "full" or size < recipe.batch_size:
            yield "batch-too-large", recipe.but(batch_size=size)
    if rows < available:
        as_many_steps = max(1, round(recipe.epochs * rows / available))
        yield "too-little-data", recipe.but(train_size=None, epochs=as_many_steps)
    for times in (10, 40):
        yield "undertrained", recipe.but(epochs=recipe.epochs * times)


def is_true(cause: str, recipe: whynet.Recipe, dataset: Dataset, good: float) -> bool:
    """Whether this one restores learning alone, and no other does."""
    restored = False
    for name, mended in sorted(changes(recipe, dataset), key=lambda item: item[0] != cause):
        if name != cause and not restored:
            return False
        if (name == "undertrained" and cause in MORE_STEPS_HELP) or (name == cause and restored):
            continue
        if accuracy(mended, dataset) >= good:
            if name != cause:
                return False
            restored = True
    return restored


def rate_for(recipe: whynet.Recipe, dataset: Dataset) -> float:
    """The highest rate that does as well as any."""
    ladder = [float(rate) for rate in np.geomspace(1e-4, 30, 12)]
    scores = [accuracy(recipe.but(learning_rate=rate), dataset) for rate in ladder]
    return max(rate for rate, score in zip(ladder, scores, strict=True) if score >= max(scores) - 0.015)


def drawn(cause: str, rng: np.random.Generator) -> dict[str, Any]:
    """A patient that may have this one cause: data, rows and recipe."""
    activation = str(rng.choice(["sigmoid", "tanh", "relu"]))
    base = whynet.Recipe(
        hidden=[(20,), (50,), (100,), (40, 20)][rng.integers(4)], activation=activation,
        init="he" if activation == "relu" else "scaled-normal",
        cost=str(rng.choice(["quadratic", "sigmoid-cross-entropy", "softmax-cross-entropy"])),
        optimizer=str(rng.choice(["sgd", "sgd", "nesterov", "adam"])), batch_size=10, epochs=10,
        learning_rate=0.1, seed=int(rng.integers(100)),
    )  # fmt: skip
    patient: dict[str, Any] = {"data": str(rng.choice(["digits", "digits", "mnist"])), "rows": None}
    if cause in ("undertrained", "stops-on-plateau"):
        patient["data"] = "digits"
    if cause == "undertrained":
        patient["rows"] = int(rng.choice([200, 350, 500]))
        base = base.but(epochs=int(rng.choice([1, 2])))
    dataset = dataset_of(patient)
    if patient["data"] == "mnist":
        base = base.but(epochs=1)
    base = base.but(learning_rate=rate_for(base, dataset))
    if cause == "lr-too-low":
        base = base.but(learning_rate=base.rate / float(rng.choice([30, 300, 3000])))
    elif cause == "batch-too-large":
        base = base.but(batch_size=["full", 500][rng.integers(2)], epochs=int(rng.choice([2, 5, 10, 30])))
    elif cause == "too-little-data":
        base = base.but(train_size=int(rng.choice([50, 80, 120, 200])), epochs=int(rng.choice([20, 50])))
    elif cause == "stops-on-plateau":
        base = base.but(
            hidden=[(30, 30), (30, 30, 30), (50, 20, 20)][rng.integers(3)], activation="sigmoid", init="scaled-normal",
            epochs=60, patience=int(rng.choice([1, 2, 3])), validation_size=int(rng.choice([50, 100, 200])),
        )  # fmt: skip
    plain = whynet.Recipe().as_dict()
    patient["recipe"] = {key: value for key, value in base.as_dict().items() if plain.get(key) != value}
    return patient


def recipe_of(patient: dict[str, Any]) -> whynet.Recipe:
    """The recipe as it was drawn."""
    fields = {key: tuple(value) if key in ("hidden", "sizes") else value for key, value in patient["recipe"].items()}
    return whynet.Recipe(**fields)


@click.group()
def main() -> None:
    """Five causes that all mean too few steps: is the one named that is true?"""


@main.command()
@click.option("--each", default=EACH)
def build(each: int) -> None:
    """Draw patients until there are enough of each cause, and write the grid."""
    rng, patients = np.random.default_rng(2026), []
    yardsticks = {data: linear(whynet.load(data)) for data in ("digits", "mnist")}
    for cause in CAUSES:
        count, tries = 0, 0
        while count < each and tries < 40 * each:
            tries += 1
            patient = drawn(cause, rng)
            recipe, dataset = recipe_of(patient), dataset_of(patient)
            yardstick = yardsticks[patient["data"]] if patient["rows"] is None else linear(dataset)
            if accuracy(recipe, dataset) > yardstick - SICK:
                continue
            if is_true(cause, recipe, dataset, yardstick - GOOD):
                patients.append({"cause": cause, **patient})
                count += 1
                click.echo(json.dumps(patients[-1]))
        click.echo(f"{cause}: {count} of {tries} drawn")
    GRID.write_text("[\n" + ",\n".join(map(json.dumps, patients)) + "\n]\n", "utf-8")


@main.command()
@click.option("--seeds", default=3)
@click.option("--every", default=1)
def score(seeds: int, every: int) -> None:
    """Diagnose each from so many seeds: is the first of the five that is named the true one?"""
    counts: Counter[tuple[str, str]] = Counter()
    first = alone = 0
    patients = list(itertools.product(json.loads(GRID.read_text("utf-8"))[::every], range(seeds)))
    for patient, step in patients:
        recipe, dataset = recipe_of(patient), dataset_of(patient)
        found = diagnose_recipe(recipe.but(seed=recipe.seed + step), dataset)
        named = [one.cause for one in found.verdict if one.cause in CAUSES]
        named_first = found.verdict[0].cause if found.verdict else found.state
        first += named[:1] == [patient["cause"]]
        alone += named_first == patient["cause"]
        counts[patient["cause"], named[0] if named else found.state] += 1
        said = [(one.cause, one.status, one.alternatives) for one in found.verdict[:3]]
        click.echo(json.dumps({**patient, "seed": step, "state": found.state, "said": said, "seconds": found.seconds}))
    for (cause, named_as), count in sorted(counts.items()):
        click.echo(f"  {cause}: {named_as} x {count}")
    click.echo(
        f"{len(patients)} diagnoses: the first of the five right in {first / len(patients):.1%}, "
        f"the first of all in {alone / len(patients):.1%}"
    )


if __name__ == "__main__":
    main()
