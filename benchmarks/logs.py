"""How often a log alone is read right: real trainings, their figures printed in many formats, each diagnosed.

    python benchmarks/logs.py figures build/figures.jsonl --seeds 0,1    # train everything once (a quarter of an hour)
    python benchmarks/logs.py score build/figures.jsonl                  # print, read, compare: a minute

The patients are the planted faults of the causes, the sound networks that they were planted in, the real cases and the
published experiments. What counts as right: the state that the doctor gives who has the network itself,
judged on the images that the log speaks of; and a set of causes with the planted one, or one as good, in it.
"""

from __future__ import annotations

import itertools
import json
import math
import random
import re
import statistics
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import numpy as np
from log_columns import columns_of, drawn, right_of
from log_tables import table_logs
from weighing import Row, Weights, left_out, named, reliability, sharpness_of

import whynet
from whynet import files
from whynet.casebook.cases import CASES
from whynet.doctor.case import Case
from whynet.doctor.diagnosis import LogDiagnosis, Outcome, Settings
from whynet.doctor.states import state_of
from whynet.doctor.symptom import Symptom
from whynet.doctor.symptoms import data as of_the_data
from whynet.doctor.symptoms import outcome
from whynet.errors import NonFinite
from whynet.logs.clues import clues_in
from whynet.logs.code import said_in_code
from whynet.logs.log import diagnose_log
from whynet.logs.scales import scales
from whynet.logs.seen import seen_in
from whynet.logs.tokens import thinned
from whynet.logs.transcript import read
from whynet.subjects.plants import SOUND, plants
from whynet.subjects.recipe import RecipeSubject
from whynet.training import metrics
from whynet.training.loop import Training
from whynet.training.prepare import prepare

EPOCHS = 4
SYMPTOMS = {one.name: one for one in (*vars(outcome).values(), *vars(of_the_data).values()) if isinstance(one, Symptom)}
EXPERIMENTS = {  # those whose texts print figures; what counts as right is what their diagnosis proves
    "neuron-by-neuron": ("init-positive-saturation", "lr-too-high"),
    "vectorised": ("init-positive-saturation", "momentum-unscaled"),
    "never-below-3.24": ("init-too-small", "batch-too-large", "lr-too-high", "undertrained"),
    "tutorial-15": ("healthy",),
    "tutorial-rate-0.001": ("lr-too-low", "undertrained"),
    "tutorial-rate-100": ("lr-too-high",),
    "tutorial-100": ("output-units-saturated", "init-too-large"),
}


def patients(seeds: list[int]) -> Iterator[tuple[str, whynet.Recipe, tuple[str, ...]]]:
    """Name, recipe, and the causes that are right."""
    for seed in seeds:
        for net, sound in SOUND.items():
            yield f"sound {net} {seed}", sound.but(epochs=EPOCHS, seed=seed), ("healthy",)
            for plant in plants().values():
                if net in plant.only:
                    recipe = plant.spoil(sound.but(epochs=EPOCHS, seed=seed))
                    yield f"{plant.cause} {net} {seed}", recipe, (plant.cause, *plant.also)
    for name, case in CASES.items():
        if case.recipe.data != "mnist":
            continue  # a state of four examples is no matter of a log's formats
        yield name, case.recipe, case.causes
    for name, causes in EXPERIMENTS.items():
        recipe = whynet.Recipe.named(name)
        yield name, recipe.but(epochs=min(recipe.epochs, 10)), causes


def figures(recipe: whynet.Recipe, data: whynet.Dataset) -> dict[str, Any]:
    """What its programs would have printed: single batches' costs, and a row for every epoch."""
    training = Training(prepare(recipe, data))
    some = training.train.take(np.linspace(0, len(training.train) - 1, min(len(training.train), 5000)).astype(np.intp))
    rows: list[dict[str, float]] = []
    prints: list[tuple[int, float]] = []

    def evaluate() -> dict[str, float]:
        network, engine = training.network, training.engine
        assert training.test is not None
        return {
            "val_cost": metrics.mean_cost(network, training.test, engine),
            "val_accuracy": metrics.quality(network, training.test, engine),
            "accuracy": metrics.quality(network, some, engine),
            "right": round(metrics.quality(network, training.test, engine) * len(training.test)),
        }

    def costs() -> None:
        every = max(1, training.prepared.batches // 10)
        seen = training.position.costs
        first = training.position.epoch * training.prepared.batches
        prints.extend((first + at, float(seen[at])) for at in range(0, len(seen), every))

    with np.errstate(all="ignore"):
        start = evaluate()
        try:
            for epoch in training:
                rows.append({"cost": epoch.cost, **evaluate()})
                costs()
        except NonFinite:
            costs()
            rows.append({"cost": math.nan, **dict.fromkeys(start, math.nan), "right": 980, "val_accuracy": 0.098,
                         "accuracy": 0.0987})  # fmt: skip
            prints.append((training.steps, math.nan))
        assert training.test is not None
        answers = training.engine.scores(training.network, training.test.inputs).argmax(1)
    matrix = metrics.confusion(answers, training.test.y, 10)
    return {"cost": recipe.cost, "recalls": list(metrics.recall(matrix)),
            "one-answer": matrix.sum(0).max() / matrix.sum(), "steps": training.prepared.batches, "start": start,
            "rows": rows, "prints": prints, "rows_in_all": len(training.train)}  # fmt: skip


def yardsticks(recipe: whynet.Recipe, data: whynet.Dataset) -> dict[str, Any]:
    """What the state is judged by and no log shows: a linear classifier, and the commonest class."""
    case = RecipeSubject(recipe, data).examine()
    keys = ("largest-class", "floor", "standard-error")
    return {"linear": case.value("linear-accuracy"), "known": {key: case.value(key) for key in keys}}


@click.group()
def main() -> None:
    """Measure what a log alone tells."""


@main.command("figures")
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--seeds", default="0")
def figures_of_all(out: Path, seeds: str) -> None:
    """Train every patient, and write its figures as a line of JSON."""
    data = whynet.load("mnist")
    done = {json.loads(line)["name"] for line in out.read_text().splitlines()} if out.exists() else set()
    with out.open("a") as file:
        for name, recipe, causes in patients([int(seed) for seed in seeds.split(",")]):
            if name in done:
                continue
            row = {"name": name, "causes": causes, **figures(recipe, data), **yardsticks(recipe, data)}
            file.write(json.dumps(row) + "\n")
            file.flush()
            last = row["rows"][-1]
            click.echo(f"{name}: {last['cost']:.4g}, {last['val_accuracy']:.1%}")


# ---- the same figures as different programs print them


def _lines(pattern: str) -> Callable[[dict[str, Any]], str]:
    """A format of one line for each epoch; `{n}` counts from one, `{i}` from nought, percentages have a capital."""

    def text(figures: dict[str, Any]) -> str:
        rows, total = figures["rows"], len(figures["rows"])
        return "\n".join(
            pattern.format(
                i=index, n=index + 1, total=total, batches=figures["steps"], seconds=2 + index % 2,
                **row, ACC=100 * row["accuracy"], VAL=100 * row["val_accuracy"],
            )
            for index, row in enumerate(rows)
        )  # fmt: skip

    return text


def _pytorch(figures: dict[str, Any]) -> str:
    size, steps, lines = figures["rows_in_all"], figures["steps"], []
    for index, row in enumerate(figures["rows"]):
        for step, cost in figures["prints"]:
            if index * steps <= step < (index + 1) * steps:
                at = (step - index * steps) * size // steps
                done = f"{at}/{size} ({100 * at / size:.0f}%)"
                lines.append(f"Train Epoch: {index + 1} [{done}]\tLoss: {cost:.6f}")
        right = f"{int(row['right'])}/10000 ({100 * row['val_accuracy']:.0f}%)"
        lines.append(f"\nTest set: Average loss: {row['val_cost']:.4f}, Accuracy: {right}\n")
    return "\n".join(lines)


def _steps(figures: dict[str, Any]) -> str:
    steps, epochs = figures["steps"], len(figures["rows"])
    return "\n".join(
        f"Epoch [{step // steps + 1}/{epochs}], Step [{step % steps + 1}/{steps}], Loss: {cost:.4f}"
        for step, cost in figures["prints"]
    )


def _tensorflow(figures: dict[str, Any]) -> str:
    lines = []
    for row, (step, cost) in zip(figures["rows"], figures["prints"][::10], strict=False):
        lines += [
            f"Minibatch loss at step {step}: {cost:.6f}",
            f"Minibatch accuracy: {100 * row['accuracy']:.1f}%",
            f"Validation accuracy: {100 * row['val_accuracy']:.1f}%",
        ]
    return "\n".join(lines)


def _bare(figures: dict[str, Any]) -> str:
    return "\n".join(f"{cost:.6g}" for _, cost in figures["prints"])


def _table(head: str, pattern: str) -> Callable[[dict[str, Any]], str]:
    return lambda figures: head + "\n" + _lines(pattern)(figures)


def _history(figures: dict[str, Any]) -> str:
    keys = {"loss": "cost", "accuracy": "accuracy", "val_loss": "val_cost", "val_accuracy": "val_accuracy"}
    return str({name: [round(row[key], 5) for row in figures["rows"]] for name, key in keys.items()})


def _german(figures: dict[str, Any]) -> str:
    text = _lines("Epoche {n}: Kosten {cost:.4f}, Genauigkeit (Test) {VAL:.2f} %")(figures)
    return text.replace(".", ",")


def _prose(figures: dict[str, Any]) -> str:
    first, last = figures["rows"][0], figures["rows"][-1]
    return (
        f"I trained it for {len(figures['rows'])} epochs with a batch size of 32. The training cost goes from "
        f"{first['cost']:.3g} to {last['cost']:.3g}, and the test accuracy is {100 * last['val_accuracy']:.2f}%."
    )


KERAS = (
    "Epoch {n}/{total}\n{batches}/{batches} [==============================] - {seconds}s 4ms/step - "
    "loss: {cost:.4f} - accuracy: {accuracy:.4f} - val_loss: {val_cost:.4f} - val_accuracy: {val_accuracy:.4f}"
)
FORMATS: dict[str, Callable[[dict[str, Any]], str]] = {
    "keras": _lines(KERAS),
    "keras-carriage-returns": lambda figures: _lines("\x1b[1m" + KERAS)(figures).replace("\n", "\r"),
    "pytorch-example": _pytorch,
    "pytorch-steps": _steps,
    "epoch-loss-acc": _lines("epoch {n} loss {cost:.3f} acc {accuracy:.3f} "
                             "val loss {val_cost:.3f} val acc {val_accuracy:.3f}"),
    "book": _lines("Epoch {i} : {right} / 10000"),
    "book-costs": _lines(
        "Epoch {i} training complete\nCost on training data: {cost}\nAccuracy on training data: {ACC:.2f}%\n"
        "Accuracy on evaluation data: {right} / 10000\n"
    ),
    "csv": _table("epoch,train_loss,train_acc,val_loss,val_acc",
                  "{n},{cost:.5f},{accuracy:.4f},{val_cost:.5f},{val_accuracy:.4f}"),
    "tsv-cost": _table("step\tcost", "{n}\t{cost:.5f}"),
    "markdown": _table("| epoch | loss | test accuracy |\n|---|---|---|", "| {n} | {cost:.4f} | {VAL:.2f}% |"),
    "json-lines": _lines('{{"epoch": {i}, "loss": {cost}, "lr": 0.1, "time": 3.21, "test_acc": {val_accuracy}}}'),
    "dict": _history,
    "bare": _bare,
    "scikit-learn": _lines("Iteration {n}, loss = {cost:.8f}"),
    "fastai": _table("epoch     train_loss  valid_loss  accuracy  time",
                     "{i}         {cost:.6f}    {val_cost:.6f}    {val_accuracy:.6f}  00:0{seconds}"),
    "lightning": _lines("Epoch {i}: 100%|\u2588\u2588\u2588\u2588| {batches}/{batches} "
                        "[00:10<00:00, 91.23it/s, v_num=3, "
                        "train_loss={cost:.3f}, val_loss={val_cost:.3f}, val_acc={val_accuracy:.3f}]"),
    "tensorflow": _tensorflow,
    "octave": _lines("Iteration {n} | Cost: {cost:.6e}"),
    "logging": _lines("2024-05-01 12:00:0{i},123 - INFO - Epoch {n}/{total} - lr 0.100 - train loss {cost:.4f} - "
                      "train acc {ACC:.2f}% - test acc {VAL:.2f}% (3.2s)"),
    "german": _german,
    "sentence": _prose,
}  # fmt: skip


SHOWS = {
    "full": "cost and both accuracies",
    "held-out": "cost and held-out accuracy",
    "cost": "cost",
    "right": "counts",
}
SHOWN = {  # what is not named shows everything
    "held-out": ("pytorch-example", "markdown", "json-lines", "fastai", "lightning", "german", "sentence"),
    "cost": ("pytorch-steps", "tsv-cost", "bare", "scikit-learn", "octave"),
    "right": ("book",),
}


def accepted_states(figures: dict[str, Any], shown: str) -> set[str]:
    """The states that the doctor's own rules give for these figures: for all of them, and for those that are shown;
    with what each class is answered and without; from the true start and from the first figure printed. An alarm about
    the data is right too where held-out images are answered so much better, or worse, than those trained on."""
    rows, known = figures["rows"], figures["known"] | {"one-answer": figures["one-answer"]}
    last, half = rows[-1], rows[len(rows) // 2 if len(rows) > 2 else 0]
    floor, linear = known["floor"], figures["linear"]
    found = set()
    for start, recalls, all_of_it in itertools.product(
        (figures["start"]["val_cost"], rows[0]["cost"]),
        ((), tuple(figures["recalls"])),
        (True, False),
    ):
        case = Case(Settings(), layers=2, rows=1000, available=1000, classes=10, features=784)
        for name, value in known.items():
            case.note(SYMPTOMS[name], value)
        accuracy, cost, falling = last["val_accuracy"], last["cost"], half["cost"] - last["cost"]
        case.note(SYMPTOMS["gap"], last["accuracy"] - last["val_accuracy"])
        if not all_of_it and shown != "full":
            case.note(SYMPTOMS["gap"], math.nan)
            recalls = ()
            if shown == "cost":
                usual = max(floor, scales(10, "mnist", figures["cost"])[0].floor)  # no cost tells how classes are mixed
                accuracy = linear if cost < 0.25 * usual else 0.0
                case.note(SYMPTOMS["one-answer"], math.nan)
            if shown == "right":
                start, cost, falling = (
                    1 - figures["start"]["val_accuracy"],
                    1 - accuracy,
                    accuracy - half["val_accuracy"],
                )
                case.note(SYMPTOMS["floor"], 0.9 if cost > 0.86 else 0.0)
        case.note(SYMPTOMS["accuracy"], accuracy)
        case.note(SYMPTOMS["start-cost"], start)
        case.note(SYMPTOMS["cost"], cost)
        if len(rows) == 1:
            falling = figures["start"]["val_cost"] - cost
        case.note(SYMPTOMS["still-falling"], falling / max(abs(cost + falling), 1e-12))
        case.note(SYMPTOMS["linear-accuracy"], linear)
        finite = math.isfinite(last["cost"]) or shown == "right"
        case.before = Outcome(cost, accuracy, recalls=recalls, one_answer=case.value("one-answer"), finite=finite)
        found.add(state_of(case))
    if abs(last["accuracy"] - last["val_accuracy"]) > 0.15:
        found.add("bad-data")
    if last["cost"] < 0.05 * floor and last["val_accuracy"] < linear - 0.1:
        found.add("overfits")  # by its cost it knows what it trains on
    if not math.isfinite(last["cost"]) and shown == "right":
        found.add("constant-answer")
    return found


@main.command()
@click.argument("figures", type=click.Path(path_type=Path))
@click.option("--show", is_flag=True, help="Print those that are wrong.")
def score(figures: Path, show: bool) -> None:
    """Print every patient's figures in every format, read them, and compare."""
    table: dict[str, list[tuple[bool, bool | None, int]]] = {}
    missed: Counter[str] = Counter()
    for line in figures.read_text().splitlines():
        patient = json.loads(line)
        for name, text in FORMATS.items():
            shown = next((key for key, names in SHOWN.items() if name in names), "full")
            right_states = accepted_states(patient, shown)
            try:
                found = diagnose_log(text(patient))
            except whynet.WhynetError as error:
                found = LogDiagnosis(state=str(error)[:60])
            said = [finding.cause for finding in found.verdict]
            judged = "healthy" not in right_states  # what learns all the same has nothing to be found
            right = found.state in right_states
            hit = bool(set(said) & set(patient["causes"])) if judged else None
            table.setdefault(name, []).append((right, hit, len(said)))
            missed[patient["causes"][0]] += hit is False
            if show and not (right and hit is not False):
                mark = ("STATE " if not right else "") + ("CAUSE" if hit is False else "")
                click.echo(f"{mark} {patient['name']} / {name}: {found.state} not {sorted(right_states)}; {said}")
    everything = [one for row in table.values() for one in row]
    groups = {
        f"all that show {what}": [one for name, row in table.items() for one in row if name in SHOWN.get(key, ()) or
                                  (key == "full" and not any(name in names for names in SHOWN.values()))]
        for key, what in SHOWS.items()
    }  # fmt: skip
    for name, row in [*table.items(), *groups.items(), ("all", everything)]:
        causes = [hit for _, hit, _ in row if hit is not None]
        sizes = [size for _, hit, size in row if hit is not None]
        click.echo(
            f"{name}: {len(row)} logs; state right {statistics.mean(right for right, *_ in row):.1%}; cause in the set "
            f"{statistics.mean(causes):.1%}; mean set {statistics.mean(sizes):.1f}"
        )
    click.echo("missed: " + ", ".join(f"{name} {count}" for name, count in missed.most_common(25) if count))


@main.command()
@click.argument("figures", type=click.Path(path_type=Path))
@click.option("--formats", default=2000, help="How many texts of formats drawn at random.")
@click.option("--show", default=0, help="Print so many that are wrong.")
def columns(figures: Path, formats: int, show: int) -> None:
    """Print figures whose columns are known, read them, and compare column by column: role, split and values."""
    known = [json.loads(line) for line in figures.read_text().splitlines()]
    rng = random.Random(5)
    fixed = [(text(one), found) for name, text in FORMATS.items() for one in known
             if (found := columns_of(name, one)) is not None]  # fmt: skip
    for what, logs in (("the formats", fixed), ("drawn", [drawn(rng, rng.choice(known)) for _ in range(formats)])):
        right = every = 0
        for text, true in logs:
            runs = read(text).runs
            one, of = right_of(true, runs[-1] if runs else ())
            right, every = right + one, every + of
            if one < of and show:
                show -= 1
                click.echo(f"{text[:600]}\n  true {true}\n  read {runs[-1:]}\n")
        click.echo(f"{what}: {right / every:.1%} of {every} columns")


# ---- the table of evidence

TEXTS = Path(__file__).parent.parent / "tests" / "logs" / "texts"
TABLE = Path(whynet.__file__).parent / "logs" / "evidence.toml"


def texts() -> Iterator[tuple[str, set[str], tuple[str, ...], dict[str, int], str]]:
    """Of every kept text its set, the states and the causes that are right, what is given beside it, and itself."""
    for file in sorted(TEXTS.glob("*.txt")):
        for part in re.split(r"(?m)^=== ", file.read_text("utf-8"))[1:]:
            head, _, text = part.partition("\n")
            right, _, options = head.partition("|")
            states, _, causes = right.partition(":")
            given = {name: int(value) for name, value in (option.split("=") for option in options.split())}
            yield file.stem, set(states.strip().split("/")), tuple(causes.split()), given, text


def row_of(group: str, right: tuple[str, ...], text: str, weight: float, classes: int | None = None) -> Row | None:
    """What is seen in a text, as a row to fit to; None where nothing is, or where it is judged to be healthy."""
    transcript = read(text)
    if not transcript.runs:
        return None
    seen = seen_in(transcript.runs[-1], transcript, clues_in(thinned(text)) + said_in_code(text), None, classes, None)
    if seen.state == "healthy":
        return None
    heard = [one for one in seen.said if seen.state in one.states]
    spoken = frozenset(cause for one in heard for cause in one.speaks)
    cleared = frozenset(cause for one in seen.said for cause in one.clears)
    hinted = frozenset(cause for one in heard for cause in one.hints)
    return Row(group, right, seen.features, spoken, cleared, weight, hinted)


@main.command("tables")
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--seeds", default="0,1")
def logs_of_tables(out: Path, seeds: str) -> None:
    """Train the planted faults of tables, regressions too, and write what they print, a line of JSON each."""
    rows = [row for seed in seeds.split(",") for row in table_logs(int(seed))]
    files.write(out, "".join(json.dumps(row) + "\n" for row in rows))


@main.command()
@click.argument("figures", type=click.Path(path_type=Path))
@click.option("--tables", type=click.Path(path_type=Path, exists=True), help="What `tables` wrote.")
@click.option("--penalty", default=3.0)
@click.option("--steps", default=120)
def fit(figures: Path, tables: Path | None, penalty: float, steps: int) -> None:
    """Fit the table of evidence to the texts and to what the patients print; say how it does on what was left out."""
    rows: list[Row | None] = []
    for number, (name, _, causes, given, text) in enumerate(texts()):
        if causes and name.startswith("K"):  # the other sets are there to measure by
            rows.append(row_of(f"{name}{number // 20:02}", causes, text, 1.0, given.get("classes")))
    for line in figures.read_text().splitlines():
        patient = json.loads(line)
        for name, format in FORMATS.items():
            shown = next((key for key, names in SHOWN.items() if name in names), "full")
            if "healthy" not in accepted_states(patient, shown):
                group = f"patient {patient['name'][-1]}"  # of which seed
                rows.append(row_of(group, tuple(patient["causes"]), format(patient), 2 / len(FORMATS)))
    for line in tables.read_text().splitlines() if tables else ():
        name, right, text, classes = json.loads(line)
        rows.append(row_of(f"table {name[-1]}", tuple(right), text, 0.5, classes))
    known = [row for row in rows if row is not None]
    shares, every = left_out(known, penalty=penalty, steps=steps)
    right = np.array([[cause in row.right for cause in every.causes] for row in known])
    kinds = np.array([row.group.split()[0] for row in known])
    printed, of_tables = kinds == "patient", kinds == "table"
    pasted = ~printed & ~of_tables
    sharpness = sharpness_of(shares[pasted], right[pasted])
    shares = shares**sharpness / (shares**sharpness).sum(1, keepdims=True)
    order, many = named(shares)
    hit = np.array([right[at, row[:count]].any() for at, (row, count) in enumerate(zip(order, many, strict=True))])
    for what, which in (("texts", pasted), ("generated", printed), ("tables", of_tables)):
        if not which.any():
            continue
        click.echo(f"{what}, left out: cause among the named {hit[which].mean():.1%} of {which.sum()}, "
                   f"named {many[which].mean():.2f}")  # fmt: skip
        for low, count, true in reliability(shares[which], right[which])[1:]:
            click.echo(f"  given {low:.0%} to {low + 0.1:.0%}: {count}, right {true:.0%}")
    files.write(TABLE, Weights(known).fit(known, penalty=penalty, steps=2 * steps).as_toml(sharpness))


if __name__ == "__main__":
    main()
