"""Real cases: networks of people who asked in public why theirs does not learn, as recipes.

What their texts leave open is assumed and was chosen so that the reported symptom shows. `causes` are the answers that
count as right, the accepted one first; `reported` is what they saw.
"""

from __future__ import annotations

from dataclasses import dataclass

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
    return RealCase(recipe.but(data="mnist"), tuple(causes.split()), source, reported)


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
