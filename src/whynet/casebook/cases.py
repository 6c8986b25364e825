"""Real cases: networks of people who asked in public why theirs does not learn, as recipes.

What their texts leave open is assumed and was chosen so that the reported symptom shows. `causes` are the answers that
count as right, the accepted one first; `reported` is what they saw.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from whynet.training.recipe import Recipe


@dataclass(frozen=True)
class RealCase:
    """One case: its recipe, the causes that are right, where it was asked, and what was seen.

    >>> CASES["se-286424"].causes
    ('init-positive-saturation',)
    """

    recipe: Recipe
    causes: tuple[str, ...]
    source: str
    reported: str


def _case(source: str, reported: str, causes: str, recipe: Recipe) -> RealCase:
    data = "mnist" if recipe.data == "auto" else recipe.data
    return RealCase(recipe.but(data=data), tuple(causes.split()), source, reported)


XOR = Recipe(data="xor", activation="sigmoid", cost="quadratic", batch_size=4, order="file")
RELU = Recipe(hidden=(100,), activation="relu", init="he", batch_size=32)
CASES: dict[str, RealCase] = {
    "se-286424": _case(
        "stats.stackexchange.com/questions/286424", "total error settles near 0.47-0.5", "init-positive-saturation",
        Recipe(hidden=(15,), cost="quadratic", init="uniform(0, 1)", bias_init="uniform(0, 1)", learning_rate=0.5,
               batch_size=1, epochs=1, train_size=20000),
    ),
    "so-447051": _case(
        "Stack Overflow (mirrored)", "cost 1.35, then flat at 0.46; 12 % right",
        "undertrained batch-too-large stops-on-plateau",
        Recipe(hidden=(16, 16), cost="quadratic", learning_rate=1.0, batch_size="full", epochs=75, train_size=15000),
    ),
    "so-1943234": _case(
        "Stack Overflow (own answer)", "did not learn; 90 % when mended",
        "input-not-scaled init-too-large bias-not-updated",
        Recipe(hidden=(10,), activation="relu", init="uniform(-0.5, 0.5)", bias_init="uniform(-0.5, 0.5)",
               scaling="raw", learning_rate=0.1, batch_size="full", epochs=100, train_size=10000,
               faults=("forgotten-bias",)),
    ),
    "so-tanh-98": _case(
        "Stack Overflow (mirrored)", "8.35 % untrained, then 9.8 % for ever",
        "gradient-buffer-not-reset init-too-large lr-too-high",
        Recipe(hidden=(100,), activation="tanh", output_activation="tanh", cost="quadratic", learning_rate=0.1,
               batch_size=100, epochs=3, faults=("stale-gradients",)),
    ),
    "se-kotlin-nielsen": _case(
        "stats.stackexchange.com", "does not learn with the book's settings",
        "lr-too-high gradient-not-averaged metric-wrong",
        Recipe(hidden=(30,), cost="sigmoid-cross-entropy", learning_rate=3.0, batch_size=10, epochs=1,
               faults=("summed-gradient",)),
    ),
    "dsse-86652": _case(
        "datascience.stackexchange.com/questions/86652", "some digits are never answered",
        "output-units-saturated cost-mismatch no-bias",
        Recipe(hidden=(100,), activation="relu", cost="quadratic", init="uniform(-1, 1)", learning_rate=0.01,
               batch_size=1, epochs=1, train_size=20000),
    ),
    "mlx-188": _case(
        "github.com/ml-explore, issue 188", "accuracy stays at 11 %", "input-not-scaled lr-too-high dead-relu",
        Recipe(hidden=(32, 32), activation="relu", init="scaled-normal", scaling="raw", learning_rate=0.1,
               batch_size=256, epochs=2),
    ),
    "hidden-3-4": _case(
        "a repository that follows the book", "784-3-4-10 answers nothing", "lr-too-low bottleneck undertrained",
        Recipe(hidden=(3, 4), cost="quadratic", init="normal", learning_rate=0.01, batch_size=16, epochs=10),
    ),
    "myonn-18a": _case(
        "Make Your Own Neural Network, 100 rows", "60 % after ten epochs", "too-little-data",
        Recipe(hidden=(200,), cost="quadratic", learning_rate=0.1, batch_size=1, epochs=10, train_size=100),
    ),
    "myonn-87": _case(
        "Make Your Own Neural Network, 100 rows once", "answers hardly anything", "undertrained too-little-data",
        Recipe(hidden=(10,), cost="quadratic", learning_rate=0.3, batch_size=1, epochs=1, train_size=100),
    ),
    "nielsen-inverted": _case(
        "github.com/mnielsen, inverted images", "far below what the book prints",
        "lr-too-high input-not-centred init-too-large",
        Recipe(hidden=(30,), cost="quadratic", init="normal", bias_init="normal", learning_rate=3.0, batch_size=10,
               epochs=2, faults=("inverted-pixels",)),
    ),
    "so-11818227": _case(
        "stackoverflow.com/questions/11818227", "10 to 11 % from zero weights",
        "symmetric-init wrong-hidden-activation",
        Recipe(hidden=(10,), activation="softmax", init="zeros", learning_rate=0.5, batch_size=100, epochs=2),
    ),
    "p5-12": _case(
        "github.com, a neural network for p5, issue 12", "NaN at once", "nan-hyperparameter",
        Recipe(hidden=(30,), cost="quadratic", epochs=1, faults=("undefined-rate",)),
    ),
    "coral-6": _case(
        "github.com/google-coral, issue 6", "10 % on the test set", "label-order-mismatch metric-wrong",
        Recipe(hidden=(30,), learning_rate=0.3, epochs=1, faults=("shuffled-test-labels",)),
    ),
    "htm-299": _case(
        "github.com/htm-community, issue 299", "training cost near 0, 41 % on the test set",
        "data-index-bug too-little-data",
        Recipe(hidden=(30,), learning_rate=0.3, epochs=1, faults=("few-rows",)),
    ),
    "perm-pixels": _case(
        "pixels shuffled for each row", "20 %", "features-destroyed", RELU.but(epochs=2, faults=("scrambled-pixels",)),
    ),
    "se-174710": _case(
        "stats.stackexchange.com/questions/174710", "own digits, not centred: 22 %", "preprocess-mismatch",
        RELU.but(epochs=2, faults=("off-centre-test-images",)),
    ),
    "udacity-hankcs-1": _case(
        "github.com/hankcs, issue 1", "a stale file of labels: 18 %", "labels-corrupted",
        RELU.but(epochs=1, batch_size=64, faults=("random-labels",)),
    ),
    "bm-ips4": _case(
        "a fault benchmark", "cost of 42,000 at the start", "init-too-large",
        Recipe(hidden=(500, 500, 500), activation="relu", init="normal", bias_init="normal", optimizer="adam",
               learning_rate=0.003, batch_size=100, epochs=1, train_size=25000),
    ),
    "se-550353": _case(
        "stats.stackexchange.com/questions/550353", "cost moves once; one class for all rows",
        "unstable-softmax gradient-missing-derivative",
        Recipe(hidden=(30,), init="normal(0, 0.1)", learning_rate=0.1, batch_size=10, epochs=1,
               faults=("softmax-over-batch", "no-hidden-slope")),
    ),
    "so-28746889": _case(
        "stackoverflow.com/questions/28746889", "any digit gives the same ten numbers, 0.07 to 0.16",
        "input-not-scaled lr-too-high init-too-large",
        Recipe(hidden=(30,), cost="quadratic", init="uniform(-0.5, 0.5)", scaling="raw", learning_rate=0.1,
               momentum=0.9, batch_size=1, epochs=1, train_size=10000),
    ),
    "so-sum-ce": _case(
        "Stack Overflow (mirrored)", "fails when the batch grows", "gradient-not-averaged lr-too-high log-of-zero",
        Recipe(hidden=(), init="normal", learning_rate=0.01, batch_size=10000, epochs=10,
               faults=("summed-gradient",)),
    ),
    "bm-dying-relu-34": _case(
        "a fault benchmark", "34 ReLU layers: half of the runs never learn", "dead-relu too-deep init-too-small",
        Recipe(hidden=(128,) * 34, activation="relu", init="glorot", optimizer="adam", batch_size=32, epochs=1,
               train_size=19200),
    ),
    "bm-31880720": _case(
        "stackoverflow.com/questions/31880720", "cost never moves, half are right", "softmax-single-unit",
        XOR.but(sizes=(2, 50, 50, 1), activation="relu", init="he", output_activation="softmax",
                cost="sigmoid-cross-entropy", optimizer="rmsprop", batch_size=1, epochs=3),
    ),
    "bm-31556268": _case(
        "stackoverflow.com/questions/31556268", "XOR: cost stays at one half", "undertrained cost-mismatch lr-too-low",
        XOR.but(sizes=(2, 4, 1), init="glorot", learning_rate=0.05, momentum=0.11, epochs=4),
    ),
    "xor-codeproject": _case(
        "codeproject.com/Questions/1097336", "XOR: 0.03, 0.92, 0.87, 0.76 for 0, 1, 1, 0",
        "gradient-buffer-not-reset gradient-wrong-transpose",
        XOR.but(sizes=(2, 3, 1), init="uniform(-1, 1)", bias_init="uniform(-1, 1)", learning_rate=0.5, epochs=40,
                seed=2, faults=("stale-gradients", "summed-gradient")),
    ),
    "xor-small-init": _case(
        "a question about XOR", "cost stays at 0.69", "init-too-small metric-wrong",
        XOR.but(sizes=(2, 5, 1), cost="sigmoid-cross-entropy", init="normal(0, 0.01)", learning_rate=0.1, epochs=40),
    ),
    "xor-11589": _case(
        "datascience.stackexchange.com/questions/11589", "XOR with 2 hidden units fails, with 4 it works",
        "capacity-minimal",
        XOR.but(sizes=(2, 2, 1), init="uniform(-1, 1)", bias_init="uniform(-1, 1)", learning_rate=0.5, batch_size=1,
                epochs=40, seed=9),
    ),
    "xor-zero-input": _case(
        "makeyourownneuralnetwork.blogspot.com", "XOR: stuck until the inputs were moved away from 0",
        "no-bias init-too-large",
        XOR.but(sizes=(2, 3, 1), learning_rate=0.3, batch_size=1, epochs=40, faults=("no-biases",)),
    ),
    "ok-hunkim-244": _case(
        "github.com/hunkim, issue 244", "zeros are fine without hidden layers", "healthy",
        Recipe(hidden=(), init="zeros", learning_rate=0.5, batch_size=100, epochs=5),
    ),
    "ok-sutton": _case(
        "a question about a network that learns", "95 %", "healthy lr-too-high",
        Recipe(hidden=(256, 128, 64), activation="relu", init="he", optimizer="adam", learning_rate=0.01,
               batch_size=100, epochs=2),
    ),
    "ok-nielsen-30": _case(
        "the book, chapter 3", "96 %", "healthy",
        Recipe(hidden=(30, 30), cost="sigmoid-cross-entropy", learning_rate=0.1, l2=5 / 60000, batch_size=10, epochs=3),
    ),
}  # fmt: skip

LEFT_OUT = {
    "so-76755951": "rate, batch and start are not stated; with likely ones it learns (25 to 50 % and rising)",
    "so-38604": "one output for ten classes is refused before training, with a sentence",
    "fashion-132": "its test images are not divided by 255: pixels beyond 1 do not fit into bytes",
    "mdenil-4": "no figures; a velocity one step old is not among the known mistakes",
    "bm-47352366": "does not show: this cross-entropy takes no logarithm of zero, and it learns (95 %)",
    "bm-39217567": "eight targets at once, not one class",
    "bm-38648195": "several labels at once, not one class",
    "bm-51930566": "contested: 17 of 40 seeds are bad, and as many without the fault",
    "bm-50306988": "two blobs in two features: no such data set is built in",
    "bm-44066044": "features that range from 1 to 10,000 do not fit into bytes",
    "bm-47724077": "features that range from 1 to 1,000,000 do not fit into bytes",
    "bm-at-blob-exp": "exponential units are not among the activations",
    "seven from the published experiments": "shipped under their own names, see reproduction.md",
}
"""Cases that are known and not shipped, and why."""


def recipe_of(patient: str) -> Recipe:
    """The recipe that is meant.

    >>> recipe_of("vectorised").sizes
    (784, 30, 10)

    Raises
    ------
    UsageError, BadFile
        There is nothing of that name, or it cannot be read.
    """
    if patient in CASES:
        return CASES[patient].recipe
    folder = Path(patient)
    if (folder / "recipe.toml").is_file():
        return Recipe.read(folder / "recipe.toml")
    return Recipe.find(patient)
