"""Recipe: the one frozen description of an experiment. It drives the command line, recipe files, run directories
and Python alike; it imports no NumPy, so that the command line can print its help at once.

The defaults below are the recipe `plain`: what a textbook does when nobody says otherwise. An option given on the
command line that describes the network or its optimizer is laid over `plain`, never over the tuned `default`.
"""

from __future__ import annotations

import dataclasses
import functools
import itertools
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_type_hints

from whynet.aliases import meant
from whynet.errors import BadFile, UsageError, did_you_mean
from whynet.mistakes.names import FaultName
from whynet.training.values import check, check_choice, plain

ActivationName = Literal["identity", "elu", "gelu", "leaky-relu", "relu", "scaled-tanh", "sigmoid", "softmax", "tanh"]
CostName = Literal["quadratic", "sigmoid-cross-entropy", "softmax-cross-entropy", "absolute", "huber", "auto"]
OptimizerName = Literal["sgd", "nesterov", "adam", "adamw", "rmsprop"]
ScheduleName = Literal["constant", "cosine", "exponential", "linear", "one-cycle", "step", "warm-up"]
ScalingName = Literal["0..1", "-1..1", "standard", "raw"]
EngineName = Literal["auto", "native", "reference"]

RECIPES = Path(__file__).parent.parent / "recipes"
LEARNING_RATES = {"sgd": 0.1, "nesterov": 0.1, "adam": 0.001, "adamw": 0.001, "rmsprop": 0.001}
WEIGHT_DECAYS = {"adamw": 0.01}


def _help(text: str, default: Any) -> Any:
    return field(default=default, metadata={"help": text})


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """Everything that decides what a training run does.

    >>> recipe = Recipe(sizes=(784, 30, 10), activation="sigmoid", epochs=3)
    >>> recipe.but(learning_rate=3.0).learning_rate
    3.0

    Raises
    ------
    UsageError
        A value that makes no sense; the message says which, and what would.
    """

    data: str = _help(
        "auto, mnist, fashion-mnist, digits, iris, wine, breast-cancer, diabetes, xor; a file .csv, .tsv, .parquet or "
        ".npz; a folder of pictures or IDX files. auto: MNIST if it can be had, else the digits inside scikit-learn.",
        "auto",
    )
    target: str | None = _help("Of a table: the column to predict, or several with commas between.", None)
    problem: Literal["auto", "classification", "regression", "labels"] = _help("What kind of target that is.", "auto")
    missing: Literal["refuse", "median"] = _help("What to do about missing cells of a table.", "refuse")
    train_size: int | None = _help("Train on this many examples only.", None)
    subset: Literal["balanced", "first"] = _help(
        "Which ones: as many of each class, or the first in the file.", "balanced"
    )
    validation_size: int = _help("Hold back this many training examples, stratified, to validate on.", 0)
    scaling: ScalingName = _help("How pixels, or the columns of a table, become features.", "0..1")
    class_weights: Literal["balanced"] | tuple[float, ...] | None = _help(
        "How much the examples of each class count: numbers, or balanced (in inverse proportion to their frequency).",
        None,
    )
    rotation: float = _help("Turn each image by up to this many degrees, anew every epoch.", 0.0)
    shear: float = _help("Slant it by up to this many degrees.", 0.0)
    zoom: float = _help("Change its width and height by up to this fraction.", 0.0)
    shift: float = _help("Move it by up to this many pixels along each axis.", 0.0)
    elastic: float = _help("Bend it by this many pixels, root mean square along each axis.", 0.0)
    elastic_sigma: float = _help("How smooth the bending is: width of its Gaussian in pixels.", 5.0)

    sizes: tuple[int, ...] | None = _help("Units from input to output, such as 784,30,10.", None)
    hidden: tuple[int, ...] | None = _help("Hidden units only; the ends come from the data (default: 30).", None)
    layers: tuple[str, ...] | None = _help(
        "Hidden layers in words instead, such as 'conv 16 5x5, pool 2, dense 128 dropout 0.5'.", None
    )
    activation: ActivationName = _help("Activation of the hidden layers.", "sigmoid")
    output_activation: ActivationName | None = _help(
        "Activation of the output layer (default: sigmoid under quadratic, else identity).", None
    )
    init: str = _help(
        "Initial weights: normal, normal(mean,sd), scaled-normal, scaled-uniform, glorot, he, lecun, orthogonal, "
        "uniform(low,high), constant(c), zeros.",
        "scaled-normal",
    )
    bias_init: str = _help("Initial biases, in the same words.", "zeros")
    output_init: str | None = _help("Initial weights of the output layer, if other than the rest.", None)
    batch_norm: bool = _help("Batch normalisation of each hidden unit's pre-activation.", False)
    dropout: float = _help("Fraction of each hidden layer's units set to 0 in a step.", 0.0)
    input_dropout: float = _help("Fraction of the features set to 0 in a step.", 0.0)
    noise: float = _help("Standard deviation of the noise added to each hidden layer's activations in a step.", 0.0)
    input_noise: float = _help("Standard deviation of the noise added to the features in a step.", 0.0)
    cost: CostName = _help(
        "The cost (loss) to minimise; auto: softmax-cross-entropy for classes, sigmoid-cross-entropy for labels, "
        "quadratic for numbers.",
        "softmax-cross-entropy",
    )
    target_scaling: Literal["raw", "standard"] = _help(
        "How numbers to predict are scaled for training; predictions are in their own units.", "raw"
    )

    optimizer: OptimizerName = _help("How a step is made from the gradient.", "sgd")
    learning_rate: float | None = _help(
        "What the gradient is multiplied by (default: 0.1; 0.001 for adam, adamw and rmsprop).", None
    )
    momentum: float = _help(
        "Fraction of the last step added to the next (adam, adamw: beta1; nesterov: 0.9 unless given).", 0.0
    )
    schedule: ScheduleName = _help("How the learning rate changes from first step to last.", "constant")
    l1: float = _help("L1 penalty: adds l1 times the sum of the weights' absolute values to the cost.", 0.0)
    l2: float = _help("L2 penalty: adds l2/2 times the sum of squared weights to the cost.", 0.0)
    weight_decay: float | None = _help(
        "Shrinks the weights by this times the rate before every step (default: 0; 0.01 for adamw).", None
    )
    max_norm: float | None = _help("The largest norm that the weights into a unit may have.", None)
    clip_norm: float | None = _help("The largest norm that a gradient may have (gradient clipping).", None)
    label_smoothing: float = _help("Fraction of each target that is spread over all classes.", 0.0)
    average: float = _help(
        "Evaluate and keep a running mean of the parameters with this decay per step, such as 0.999.", 0.0
    )
    batch_size: int | Literal["full"] = _help("Examples in a batch, or full.", 10)
    epochs: int = _help("Passes over the training set.", 10)
    patience: int | None = _help(
        "Stop after this many epochs without a better validation accuracy, and keep the best.", None
    )
    order: Literal["shuffled", "file", "random"] = _help(
        "Order of examples: shuffled anew every epoch, as in the file, or drawn with replacement.", "shuffled"
    )

    seed: int = _help("Decides everything random.", 0)
    dtype: Literal["float32", "float64"] = _help("Type of the numbers.", "float32")
    randomness: Literal["by-purpose", "one-generator"] = _help(
        "one-generator draws in the tutorial's order.", "by-purpose"
    )
    engine: EngineName = _help("What takes the steps: the fastest engine that can (auto), or one by name.", "auto")
    threads: int = _help("Threads for matrix products; more than one pays for wide layers only.", 1)
    faults: tuple[FaultName, ...] = _help("Known mistakes to make on purpose, see whynet/mistakes.", ())

    def __post_init__(self) -> None:
        for one in dataclasses.fields(self):
            value = plain(getattr(self, one.name))
            object.__setattr__(self, one.name, meant(one.name, value) if isinstance(value, str) else value)
        for name, hint in _hints().items():
            check_choice(name, getattr(self, name), hint)
        if sum(one is not None for one in (self.sizes, self.hidden, self.layers)) > 1:
            raise UsageError("give one of sizes, hidden and layers: each says all layers", do="Leave out the others")
        if self.layers is not None and not all(isinstance(one, str) and one.strip() for one in self.layers):
            raise UsageError("layers are lines of words", expected="such as conv 16 5x5", found=repr(self.layers))
        for name in ("sizes", "hidden"):
            for size in getattr(self, name) or ():
                check(name, size, int, lambda v: 1 <= v <= 1_000_000, "whole numbers from 1 to 1,000,000")
        whole = "a whole number, 1 or more"
        if self.sizes is not None and len(self.sizes) < 2:
            raise UsageError(
                "a network needs an input and an output",
                expected="two sizes or more, such as 784,30,10",
                found=",".join(map(str, self.sizes)) or "none",
            )
        if self.train_size is not None:
            check("train_size", self.train_size, int, lambda v: v >= 1, whole)
        check("threads", self.threads, int, lambda v: 1 <= v <= 64, "a whole number from 1 to 64")
        if self.batch_size != "full":
            check("batch_size", self.batch_size, int, lambda v: v >= 1, f"{whole}, or full")
        for name in ("epochs", "validation_size"):
            check(name, getattr(self, name), int, lambda v: v >= 0, "a whole number, 0 or more")
        check("seed", self.seed, int, lambda v: 0 <= v < 2**63, "a whole number from 0 to 2^63 - 1")
        if self.learning_rate is not None:
            check("learning_rate", self.learning_rate, (int, float), lambda v: v > 0, "a number above 0")
        for name in ("dropout", "input_dropout", "label_smoothing", "momentum", "average"):
            check(name, getattr(self, name), (int, float), lambda v: 0 <= v < 1, "0 or more, below 1")
        for name in ("l1", "l2", "weight_decay", "noise", "input_noise"):
            if getattr(self, name) is not None:
                check(name, getattr(self, name), (int, float), lambda v: v >= 0, "a number, 0 or more")
        for name in ("max_norm", "clip_norm"):
            if getattr(self, name) is not None:
                check(name, getattr(self, name), (int, float), lambda v: v > 0, "a number above 0")
        for name, most in (("rotation", 180), ("shear", 60), ("zoom", 0.9), ("shift", 1000), ("elastic", 1000)):
            check(name, getattr(self, name), (int, float), lambda v, most=most: 0 <= v <= most, f"from 0 to {most}")
        check("elastic_sigma", self.elastic_sigma, (int, float), lambda v: 0.5 <= v <= 1000, "from 0.5 to 1000")
        if isinstance(self.class_weights, tuple):
            for weight in self.class_weights:
                check("class_weights", weight, (int, float), lambda v: v >= 0, "numbers, 0 or more")
        if not isinstance(self.batch_norm, bool):
            raise UsageError("batch norm makes no sense", expected="true or false", found=repr(self.batch_norm))
        if self.patience is not None:
            check("patience", self.patience, int, lambda v: v >= 1, whole)
            if not self.validation_size:
                raise UsageError(
                    "patience needs validation examples to judge by",
                    do="Hold some back: --validation-size 5000",
                )

    @property
    def rate(self) -> float:
        """The learning rate, the optimizer's usual one where none is given."""
        return LEARNING_RATES[self.optimizer] if self.learning_rate is None else float(self.learning_rate)

    @property
    def decay(self) -> float:
        """The weight decay, the optimizer's usual one where none is given."""
        return WEIGHT_DECAYS.get(self.optimizer, 0.0) if self.weight_decay is None else float(self.weight_decay)

    def but(self, **changes: Any) -> Recipe:
        """The same recipe with some fields changed."""
        unknown = set(changes) - {f.name for f in dataclasses.fields(Recipe)}
        if unknown:
            name = sorted(unknown)[0]
            raise UsageError(f"a recipe has no '{name}'", do=did_you_mean(name, field_names()))
        return dataclasses.replace(self, **changes)

    def fitting(self, problem: Any) -> Recipe:
        """The recipe with what the problem decides: the cost that goes with it, and the activation of outputs that are
        numbers.

        >>> from whynet.data.problem import Regression
        >>> made = Recipe(cost="auto").fitting(Regression(("price",)))
        >>> made.cost, made.output_activation
        ('quadratic', 'identity')
        """
        recipe = self.but(cost=problem.cost) if self.cost == "auto" else self
        if problem.kind == "regression" and recipe.output_activation is None:
            recipe = recipe.but(output_activation="identity")
        return recipe

    def sizes_for(self, data: Any) -> tuple[int, ...]:
        """All sizes, the ends checked against a `Dataset`: only two classes may share one output."""
        problem = data.problem
        return self.full_sizes(data.features, problem.outputs, shared=problem.kind == "classification")

    def full_sizes(self, features: int, outputs: int, *, shared: bool = True) -> tuple[int, ...]:
        """All sizes, the ends checked against the data.

        Raises
        ------
        UsageError
            The first size is not the number of features, or the last does not fit the classes or targets.
        """
        if self.layers is not None:
            return features, outputs  # how many units there are in between, the layers themselves say
        if self.sizes is None:
            return (features, *(self.hidden if self.hidden is not None else (30,)), outputs)
        fits = self.sizes[-1] == outputs or (shared and self.sizes[-1] == 1 and outputs == 2)
        if self.sizes[0] != features or not fits:
            raise UsageError(
                "the sizes do not fit the data",
                expected=f"{features} inputs and {outputs} outputs",
                found=",".join(map(str, self.sizes)),
                do=f"Try --sizes {features},{','.join(map(str, self.sizes[1:-1] or (30,)))},{outputs}, "
                "or give --hidden alone",
            )
        return self.sizes

    def sized(self, data: Any) -> Recipe:
        """The recipe with all sizes, those of a `Dataset` included; one with `layers` says them in its own words."""
        return self if self.layers is not None else self.but(sizes=self.sizes_for(data), hidden=None)

    def as_dict(self) -> dict[str, Any]:
        """Plain values by name; what is None is left out."""
        values = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        return {name: list(v) if isinstance(v, tuple) else v for name, v in values.items() if v is not None}

    def to_toml(self) -> str:
        """The recipe as a recipe file."""
        import tomli_w

        return tomli_w.dumps(self.as_dict())

    @staticmethod
    def from_dict(values: dict[str, Any], where: str) -> Recipe:
        """A recipe from plain values, as a file holds them.

        Raises
        ------
        BadFile
            A name that does not exist or a value of the wrong kind; `where` says in which file.
        """
        import msgspec

        for name in values:
            if name not in field_names():
                raise BadFile(f"a recipe has no '{name}'", where=where, do=did_you_mean(name, field_names()))
        hints = _hints()
        try:
            for name, value in values.items():
                if isinstance(value, str):  # msgspec would refuse a misspelling without listing the choices
                    check_choice(name, meant(name, value), hints[name])
            known = {name: meant(name, value) if isinstance(value, str) else value for name, value in values.items()}
            return msgspec.convert(known, Recipe, strict=True)
        except (UsageError, msgspec.ValidationError) as error:
            cause = error if isinstance(error, UsageError) else error.__cause__
            if isinstance(cause, UsageError):
                details = (cause.message, cause.expected, cause.found, cause.do)
            else:
                details = (f"this recipe cannot be read: {error}".replace("$.", ""), None, None, None)
            message, expected, found, do = details
            raise BadFile(message, where=where, expected=expected, found=found, do=do) from None

    @staticmethod
    def read(path: str | Path) -> Recipe:
        """The recipe in a TOML file.

        Raises
        ------
        BadFile
            There is no such file, or it is no recipe.
        """
        import tomllib

        path = Path(path)
        try:
            if path.stat().st_size > 1_000_000:
                raise BadFile("this is too large to be a recipe", where=str(path), expected="a small TOML file")
            values = tomllib.loads(path.read_text("utf-8"))
        except OSError as error:
            raise BadFile(f"the recipe cannot be read: {error.strerror}", where=str(path)) from None
        except UnicodeDecodeError:
            raise BadFile("this is not a text file", where=str(path), expected="a recipe in TOML") from None
        except tomllib.TOMLDecodeError as error:
            raise BadFile(f"this is not TOML: {error}", where=str(path), expected="a recipe in TOML") from None
        return Recipe.from_dict(values, str(path))

    @staticmethod
    def named(name: str) -> Recipe:
        """A recipe that ships with whynet.

        >>> Recipe.named("plain") == Recipe()
        True

        Raises
        ------
        UsageError
            There is none of that name; the message lists them.
        """
        if name not in recipe_names():
            raise UsageError(f"there is no recipe '{name}'", do=did_you_mean(name, recipe_names()))
        return Recipe.read(RECIPES / f"{name}.toml")

    @staticmethod
    def find(name_or_file: str) -> Recipe:
        """A shipped recipe by name, or a recipe file."""
        if name_or_file in recipe_names():
            return Recipe.named(name_or_file)
        if name_or_file.endswith(".toml") or Path(name_or_file).is_file():
            return Recipe.read(name_or_file)
        raise UsageError(
            f"'{name_or_file}' is neither a shipped recipe nor a recipe file",
            do=did_you_mean(name_or_file, recipe_names()),
        )


@functools.cache
def _hints() -> dict[str, Any]:
    return get_type_hints(Recipe)


def recipe_names() -> list[str]:
    """The names of the shipped recipes, sorted.

    >>> "default" in recipe_names(), "plain" in recipe_names()
    (True, True)
    """
    return sorted(path.stem for path in RECIPES.glob("*.toml"))


def about(name: str) -> str:
    """What a shipped recipe is: the comment at the head of its file.

    >>> about("plain")
    'What a textbook does when nobody says otherwise: these are the defaults of every field.'
    """
    lines = (RECIPES / f"{name}.toml").read_text("utf-8").splitlines()
    return " ".join(line[1:].strip() for line in itertools.takewhile(lambda line: line.startswith("#"), lines))


def field_names() -> list[str]:
    """The names of a recipe's fields, in their order.

    >>> field_names()[:3]
    ['data', 'target', 'problem']
    """
    return [f.name for f in dataclasses.fields(Recipe)]
