"""How often the doctor is right: planted faults, healthy networks, harmless oddities, double faults.

    python benchmarks/diagnosis.py             all of it, the gates: about an hour
    python benchmarks/diagnosis.py seeds
    python benchmarks/diagnosis.py planted --data mnist --seeds 0,1
    python benchmarks/diagnosis.py healthy --data mnist
    python benchmarks/diagnosis.py odd --data mnist
    python benchmarks/diagnosis.py doubles --data digits
    python benchmarks/diagnosis.py engines
    python benchmarks/diagnosis.py cases docs/cases.md

Each line is one patient as JSON: what was planted, what was said, how it ended. The last lines are the scores: how
often the first answer is right (or as right), how often one of the first three is, false alarms, proved repairs, and
beside them what three baselines reach: always naming the most common cause, training longer, a random single change.
"""

from __future__ import annotations

import itertools
import json
import statistics
from collections import Counter
from pathlib import Path
from typing import Any

import click

import whynet
from whynet.casebook.cases import CASES, LEFT_OUT
from whynet.subjects.plants import SOUND, plants
from whynet.subjects.recipe import diagnose_recipe

EPOCHS = {"digits": 15}
GRID = {
    "hidden": [(20,), (50,), (100,), (60, 30)],
    "activation": ["sigmoid", "tanh", "relu"],
    "cost": ["quadratic", "sigmoid-cross-entropy", "softmax-cross-entropy"],
    "optimizer": [("sgd", 0.5), ("sgd", 0.2), ("adam", 0.002), ("nesterov", 0.05)],
    "init": ["scaled-normal", "glorot", "he"],
}
ODD: dict[str, dict[str, Any]] = {
    "lambda = 1/N": {"l2": 1 / 60_000},
    "as many hidden units as classes": {"hidden": (10,)},
    "a high rate that works": {"learning_rate": 2.0},
    "biases that start at 0.1": {"bias_init": "constant(0.1)"},
    "pixels from -1 to 1": {"scaling": "-1..1", "learning_rate": 0.1},
    "batches of 100": {"batch_size": 100},
    "a little dropout": {"dropout": 0.1},
    "labels smoothed": {"label_smoothing": 0.1},
    "no hidden layer": {"hidden": (), "learning_rate": 0.1},
    "gradients clipped at 5": {"clip_norm": 5.0},
}
DOUBLES = [
    ({"init": "uniform(0, 1)", "learning_rate": 500.0}, {"init-positive-saturation", "lr-too-high"}),
    ({"scaling": "raw", "init": "zeros"}, {"input-not-scaled", "symmetric-init"}),
    ({"init": "zeros", "learning_rate": 0.0005}, {"symmetric-init", "lr-too-low"}),
    ({"activation": "softmax", "learning_rate": 0.0005}, {"wrong-hidden-activation", "lr-too-low"}),
    ({"l2": 1.0, "scaling": "raw"}, {"regularisation-too-strong", "input-not-scaled"}),
    ({"init": "normal(0, 0.0003)", "batch_size": "full", "hidden": (30, 30)}, {"init-too-small", "batch-too-large"}),
    ({"l2": 1.0, "init": "zeros"}, {"regularisation-too-strong", "symmetric-init"}),
    ({"scaling": "raw", "learning_rate": 500.0}, {"input-not-scaled", "lr-too-high"}),
]


SEEDS = {  # the networks of people who asked -> first answers that are right, the test accuracy that the cure reaches
    "neuron-by-neuron": ({"init-positive-saturation"}, 0.85),
    "vectorised": ({"init-positive-saturation"}, 0.90),
    "vectorised-800": ({"init-positive-saturation"}, 0.90),
    "never-below-3.24": ({"init-too-small", "batch-too-large", "lr-too-high"}, 0.70),
    "tutorial-rate-0.001": ({"lr-too-low"}, 0.90),
    "tutorial-rate-100": ({"lr-too-high"}, 0.90),
    "tutorial-100": ({"output-units-saturated", "init-too-large", "cost-mismatch"}, 0.95),
}


@click.group(invoke_without_command=True)
@click.pass_context
def main(ctx: click.Context) -> None:
    """Measure the doctor; without a command, all of it."""
    if ctx.invoked_subcommand is None:
        ctx.invoke(seeds)
        for data, some in (("digits", "0,1"), ("mnist", "0")):
            ctx.invoke(planted, data=data, seeds=some)
        ctx.invoke(cases, page=None)
        for data in ("digits", "mnist"):
            ctx.invoke(healthy, data=data)
        ctx.invoke(doubles)


@main.command()
def seeds() -> None:
    """The networks of people who asked: is the first answer right, and the cure as good as is known to be possible?"""
    right = 0
    for name, (causes, least) in SEEDS.items():
        found = diagnose_recipe(name)
        first, after = found.verdict[0] if found.verdict else None, found.after and found.after.test_accuracy
        good = first is not None and first.cause in causes and first.status == "proved" and (after or 0) >= least
        right += good
        said = [(one.cause, one.status) for one in found.verdict[:4]]
        click.echo(json.dumps({"seed": name, "said": said, "after": after, "right": good, "seconds": found.seconds}))
    click.echo(f"{right} of {len(SEEDS)} networks of people who asked as they should be")


@main.command()
@click.option("--data", default="mnist")
@click.option("--seeds", default="0,1")
def planted(data: str, seeds: str) -> None:
    """Every expressible cause x three networks x seeds."""
    dataset, name = whynet.load(data), whynet.load(data).name
    rows: list[dict[str, Any]] = []
    for seed, (net, sound), plant in itertools.product(map(int, seeds.split(",")), SOUND.items(), plants().values()):
        if net not in plant.only:
            continue
        recipe = plant.spoil(sound.but(epochs=EPOCHS.get(name, 2), seed=seed))
        found = diagnose_recipe(recipe, dataset)
        said = [finding.cause for finding in found.verdict]
        right = {plant.cause, *plant.also}
        longer, chance = (found.baselines.get(key) for key in ("train longer", "a random single change"))
        rows.append({
            "planted": plant.cause, "network": net, "seed": seed, "state": found.state, "said": said[:4],
            "first": said[:1] != [] and said[0] in right, "third": bool(right & set(said[:3])),
            "before": found.before.validation_accuracy, "after": found.after and found.after.validation_accuracy,
            "longer": longer and longer.validation_accuracy, "chance": chance and chance.validation_accuracy,
            "linear": found.yardstick, "seconds": found.seconds, "effort": found.effort,
        })  # fmt: skip
        click.echo(json.dumps(rows[-1]))
    scores(rows)


def scores(rows: list[dict[str, Any]]) -> None:
    """Top-1, top-3, per cause, repairs, beside the baselines."""
    share = {key: statistics.mean(row[key] for row in rows) for key in ("first", "third")}
    common = Counter(row["planted"] for row in rows).most_common(1)[0][1] / len(rows)

    sick = [row for row in rows if row["before"] < row["linear"] - 0.03]

    def repaired(key: str) -> float:
        return statistics.mean(row[key] is not None and row[key] >= row["linear"] - 0.03 for row in sick)

    click.echo(
        f"{len(rows)} patients: first answer right {share['first']:.1%}, among the first three {share['third']:.1%}"
    )
    click.echo(f"always the most common cause: {common:.1%}")
    click.echo(f"{len(sick)} of them do not learn (3 points and more below a linear classifier); of these are as good:")
    for key, what in (("after", "the cure"), ("longer", "training longer"), ("chance", "a random single change")):
        click.echo(f"  after {what}: {repaired(key):.1%}")
    worse = statistics.mean(row["after"] is not None and row["after"] < row["before"] - 0.01 for row in rows)
    click.echo(
        f"made worse by the cure: {worse:.1%}; median seconds {statistics.median(r['seconds'] for r in rows):.1f}"
    )
    for cause in sorted({row["planted"] for row in rows}):
        own = [row for row in rows if row["planted"] == cause]
        others = Counter(row["said"][0] if row["said"] else "nothing" for row in own if not row["first"])
        missed = "; else " + ", ".join(f"{name} x {count}" for name, count in others.items()) if others else ""
        click.echo(f"  {cause}: {statistics.mean(row['first'] for row in own):.0%} of {len(own)}{missed}")


@main.command()
@click.option("--data", default="mnist")
@click.option("--epochs", default=2)
def healthy(data: str, epochs: int) -> None:
    """Networks with nothing wrong, over a grid. Those count that are, on the test images, which the doctor does not
    look at, as good as a linear classifier (less 1.5 points)."""
    dataset, name = whynet.load(data), whynet.load(data).name
    alarms = runs = seed = 0
    for hidden, activation, cost, (optimizer, rate), init in itertools.product(*GRID.values()):
        recipe = whynet.Recipe(
            hidden=hidden, activation=activation, cost=cost, optimizer=optimizer, learning_rate=rate, init=init,
            batch_size=20, epochs=EPOCHS.get(name, epochs), seed=seed,
        )  # fmt: skip
        seed += 1
        found = diagnose_recipe(recipe, dataset, trials=False)
        if found.before.test_accuracy < found.yardstick - 0.015:
            continue
        runs += 1
        convicted = [finding.cause for finding in found.verdict]
        if found.state != "healthy" or convicted:
            alarms += 1
            plain = whynet.Recipe().as_dict()
            changed = {key: value for key, value in recipe.as_dict().items() if plain.get(key) != value}
            row = {"recipe": changed, "state": found.state, "said": convicted[:4]}
            click.echo(json.dumps({**row, "accuracy": found.before.validation_accuracy, "linear": found.yardstick}))
    click.echo(f"{seed} networks of a grid, {runs} of them healthy: {alarms} alarms ({alarms / runs:.1%})")


@main.command()
@click.option("--data", default="mnist")
def odd(data: str) -> None:
    """Harmless oddities: how many are convicted."""
    dataset, name = whynet.load(data), whynet.load(data).name
    convicted = 0
    for what, edits in ODD.items():
        for seed in range(3):
            recipe = SOUND["sigmoid-30"].but(**{"epochs": EPOCHS.get(name, 2), "seed": seed, **edits})
            found = diagnose_recipe(recipe, dataset)
            guilty = [finding.cause for finding in found.verdict if finding.status == "proved"]
            convicted += bool(guilty)
            click.echo(json.dumps({"odd": what, "seed": seed, "state": found.state, "said": guilty}))
    click.echo(f"{3 * len(ODD)} oddities: {convicted} convicted ({convicted / (3 * len(ODD)):.1%})")


@main.command()
@click.option("--data", default="digits")
def doubles(data: str) -> None:
    """Two faults at once: how often the smallest set is found."""
    dataset, name = whynet.load(data), whynet.load(data).name
    right = 0
    for edits, causes in DOUBLES:
        for seed in range(2):
            recipe = SOUND["sigmoid-30"].but(**{"epochs": EPOCHS.get(name, 2), "seed": seed, **edits})
            found = diagnose_recipe(recipe, dataset)
            said = {finding.cause for finding in found.verdict if finding.status == "proved"}
            right += causes <= said
            row = {"planted": sorted(causes), "said": sorted(said), "state": found.state}
            click.echo(json.dumps({**row, "after": found.after and found.after.validation_accuracy}))
    click.echo(f"{2 * len(DOUBLES)} double faults: the set found in {right / (2 * len(DOUBLES)):.0%}")


@main.command()
@click.option("--every", default=6, help="Of the plants, one in so many.")
def engines(every: int) -> None:
    """Planted digits diagnosed with either engine: the same state, causes and statuses, or said to be chaotic."""
    dataset = whynet.load("digits")
    every_plant = [plant for plant in plants().values() if not plant.mistakes]
    patients = [(net, plant) for net in SOUND for plant in every_plant if net in plant.only]
    same = said_so = 0
    for net, plant in patients[::every]:
        recipe = plant.spoil(SOUND[net].but(epochs=EPOCHS["digits"]))
        compiled, readable = (diagnose_recipe(recipe.but(engine=name), dataset) for name in ("native", "reference"))
        verdicts = [(found.state, [(one.cause, one.status) for one in found.verdict]) for found in (compiled, readable)]
        chaotic = any(remark.kind == "chaotic" for found in (compiled, readable) for remark in found.remarks)
        same += verdicts[0] == verdicts[1]
        said_so += verdicts[0] != verdicts[1] and chaotic
        click.echo(json.dumps({"planted": plant.cause, "network": net, "native": verdicts[0], "reference": verdicts[1],
                               "same": verdicts[0] == verdicts[1], "chaotic": chaotic}))  # fmt: skip
    count = len(patients[::every])
    click.echo(f"{count} patients, either engine: {same} the same, {said_so} others said to be chaotic")


CASES_HEAD = """# Real cases

People who asked in public why their network does not learn, as recipes: `whynet diagnose se-286424`. What their texts
leave open is assumed, see `casebook/cases.py`. Each recipe was trained from five seeds to see whether it shows what was
reported (the states); then diagnosed from its own seed. Images right are those of the test set.

| case | reported | states | counted as right | the doctor's first three | images right, before -> mended |
|---|---|---|---|---|---|
"""


@main.command()
@click.argument("page", type=click.Path(path_type=Path, dir_okay=False), required=False)
@click.option("--seeds", default=5)
def cases(page: Path | None, seeds: int = 5) -> None:
    """The real cases of the casebook: the state of each from several seeds, and what is said of it. Writes PAGE."""
    first = third = 0
    lines = []
    for name, case in CASES.items():
        dataset = whynet.load(case.recipe.data)
        own = case.recipe.seed
        states = Counter(
            diagnose_recipe(case.recipe.but(seed=seed), dataset, trials=False).state for seed in range(own, own + seeds)
        )
        found = diagnose_recipe(case.recipe, dataset)
        said = [finding.cause for finding in found.verdict] or [found.state]
        first += said[0] in case.causes
        third += bool(set(said[:3]) & set(case.causes))
        shown = ", ".join(f"{state} x {count}" for state, count in states.items())
        before, after = (one and one.test_accuracy for one in (found.before, found.after))
        cured = f"{before:.1%}" + (f" -> {after:.1%}" if after is not None else "")
        lines.append(
            f"| {name} | {case.reported} | {shown} | {', '.join(case.causes)} | {', '.join(said[:3])} | {cured} |"
        )
        click.echo(lines[-1])
    score = f"{len(CASES)} cases: first answer right {first / len(CASES):.0%}, first three {third / len(CASES):.0%}"
    click.echo(score)
    if page is None:
        return
    left = "\n".join(f"- `{name}`: {why}." for name, why in LEFT_OUT.items())
    text = CASES_HEAD + "\n".join(lines) + f"\n\n{score}.\n\nKnown and not shipped:\n\n{left}\n"
    text += "\nMade by `python benchmarks/diagnosis.py cases docs/cases.md`.\n"
    page.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
