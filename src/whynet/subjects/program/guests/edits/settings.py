"""Edits of settings: rate, epochs, batch, order, regularisation; where a number is written, there it is exchanged."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import libcst as cst

from whynet.subjects.frameworks.scikit_linear import LINEAR
from whynet.subjects.program.guests.edits.about import About
from whynet.subjects.program.guests.edits.loop import LOOPS
from whynet.subjects.program.guests.edits.output import more, with_keras
from whynet.subjects.program.guests.edits.source import Source, argument, called
from whynet.subjects.program.guests.edits.values import number_of, origins, text_of, written

OPTIMIZERS = ("SGD", "Adam", "AdamW", "RMSprop", "Adagrad", "Adadelta", "Adamax", "NAdam", "Nadam", "RAdam", "LBFGS")
PERCEPTRONS = ("MLPClassifier", "MLPRegressor")
KERAS_NAMES = {
    one.lower(): one for one in ("SGD", "Adam", "AdamW", "RMSprop", "Adagrad", "Adadelta", "Adamax", "Nadam")
}
USUAL_RATE = {"SGD": 0.01}
DROPOUTS = ("Dropout", "Dropout1d", "Dropout2d", "SpatialDropout2D", "AlphaDropout", "GaussianDropout")
PENALTIES = {"weight_decay": "0", "kernel_regularizer": "", "bias_regularizer": "", "activity_regularizer": ""}
TIMES = {"lr-too-high": (0.1, 0.01, 0.001), "lr-too-low": (100.0, 1000.0, 10.0)}
FEWER, SMALLER = (10.0, 3.0, 30.0), (32, 16)


def rate(source: Source, about: About) -> Iterator[str]:
    """Another learning rate.

    >>> print(next(rate(Source("SGD(w, lr=5.0)"), About("lr-too-high"))))
    SGD(w, lr=0.5)
    """
    tried = [about.numbers["times"]] if "times" in about.numbers else []
    tried += [one for one in TIMES.get(about.cause, ()) if one not in tried]
    makers = source.at(source.calls(*OPTIMIZERS, *PERCEPTRONS), about.lines.get("optimizer"))
    for times in tried:
        for call in makers[:2]:
            name = {"Keras": "learning_rate", "scikit-learn": "learning_rate_init"}.get(about.library, "lr")
            place = None if called(call) in PERCEPTRONS else 0 if about.library == "Keras" else 1
            given = argument(call, name, place) or argument(call, "lr")
            if given is None:
                usual = USUAL_RATE.get(called(call), 0.001)
                yield source.but(source.put(call, more(source, call, f"{name}={written(usual * times)}")))
            else:
                yield from times_of(source, given.value, times)
        if about.library == "Keras":
            yield from _keras_rate(source, times)
        for given in (argument(call, "eta0") for call in source.calls(*LINEAR)):
            if given is not None:
                yield from times_of(source, given.value, times)


def _keras_rate(source: Source, times: float) -> Iterator[str]:
    """The rate of an optimizer that is told by its name."""
    for call in source.calls("compile"):
        given = argument(call, "optimizer", 0)
        for each in [] if given is None else origins(source, given.value):
            name = KERAS_NAMES.get((text_of(each) or "").lower())
            if name:
                new = written(USUAL_RATE.get(name, 0.001) * times)
                yield with_keras(source, source.put(each, f"keras.optimizers.{name}(learning_rate={new})"))


def times_of(source: Source, node: cst.CSTNode, times: float) -> Iterator[str]:
    """A number, so many times as large, wherever it is written.

    >>> source = Source("rate = 0.5\\nSGD(w, rate)")
    >>> next(times_of(source, source.calls("SGD")[0].args[1].value, 0.1))
    'rate = 0.05\\nSGD(w, rate)'
    """
    for one in origins(source, node):
        number = number_of(source, one)
        if number:
            yield source.but(source.put(one, written(number * times, source.code(one))))


def epochs(source: Source, about: About) -> Iterator[str]:
    """More epochs.

    >>> print(next(epochs(Source("for epoch in range(20):\\n    optimizer.step()\\n"), About("undertrained"))), end="")
    for epoch in range(200):
        optimizer.step()
    """
    times = [float(about.numbers["times"])] if about.numbers.get("times") else []
    for many in [*times, *(one for one in FEWER if one not in times)]:
        for node in _counts(source, about):
            yield from times_of(source, node, many)
        if about.library == "scikit-learn":
            for call in source.calls(*PERCEPTRONS, *LINEAR):
                given = argument(call, "max_iter")
                if given is None:
                    yield source.but(source.put(call, more(source, call, f"max_iter={round(200 * many)}")))
                else:
                    yield from times_of(source, given.value, many)
        if about.library == "Keras":
            for call in source.at(source.calls("fit"), about.lines.get("fit")):
                given = argument(call, "epochs", 3)
                if given is None:
                    yield source.but(source.put(call, more(source, call, f"epochs={round(many)}")))
                else:
                    yield from times_of(source, given.value, many)


def _counts(source: Source, about: About) -> list[Any]:
    """How often the outermost loop around a step goes round: the last argument of its `range`."""
    spots = source.at(source.calls("step", "backward"), about.lines.get("step") or about.lines.get("backward"))[:1]
    found: list[Any] = []
    for _ in range(3):  # the step may lie in a function that a loop calls
        for spot in spots:
            loop = source.outer(spot, *LOOPS)
            while loop is not None:
                if isinstance(loop, cst.For):
                    ranges = [one for one in source.inside(loop.iter, cst.Call) if called(one) in ("range", "trange")]
                    found[:0] = [one.args[min(len(one.args), 2) - 1].value for one in ranges if one.args]
                loop = source.outer(loop, *LOOPS)
        functions = [source.function(one) for one in spots]
        spots = [call for one in functions if isinstance(one, cst.FunctionDef) for call in source.calls(one.name.value)]
        if not spots:
            break
    return found


def batch(source: Source, about: About) -> Iterator[str]:
    """Smaller batches.

    >>> print(next(batch(Source("DataLoader(rows, batch_size=5000)"), About("batch-too-large"))))
    DataLoader(rows, batch_size=32)
    """
    size = about.numbers.get("size")
    for many in [round(size)] if size else SMALLER:
        for call in source.calls("DataLoader", "fit", "batch", *PERCEPTRONS):
            given = argument(call, "batch_size", 1 if called(call) == "DataLoader" else None)
            for one in [] if given is None else origins(source, given.value):
                if number_of(source, one) is not None or called(call) == "DataLoader":
                    yield source.but(source.put(one, str(many)))
        for given in source.all(cst.AssignTarget):
            assign = source.parent(given)
            if source.code(given.target).lower().endswith("batch_size") and isinstance(assign, cst.Assign):
                yield source.but(source.put(assign.value, str(many)))


def shuffled(source: Source, about: About) -> Iterator[str]:
    """Rows in an order by chance.

    >>> print(next(shuffled(Source("DataLoader(rows, batch_size=5)"), About("not-shuffled"))))
    DataLoader(rows, batch_size=5, shuffle=True)
    """
    for one in source.all(cst.Arg):
        if one.keyword is not None and one.keyword.value == "shuffle" and source.code(one.value) == "False":
            test = source.outer(one, cst.Assign)
            if test is None or not any(word in source.code(test.targets[0].target) for word in ("test", "val")):
                yield source.but(source.put(one.value, "True"))
    for call in source.at(source.calls("DataLoader"), about.lines.get("loader")):
        if argument(call, "shuffle") is None and argument(call, "sampler") is None:
            yield source.but(source.put(call, more(source, call, "shuffle=True")))


def unregularised(source: Source, about: About) -> Iterator[str]:
    """No penalty, little dropout: each alone, the largest first, then all.

    >>> print(next(unregularised(Source("SGD(w, lr=0.1, weight_decay=3)"), About("regularisation-too-strong"))))
    SGD(w, lr=0.1)
    """
    found: list[list[str]] = [_dropouts(source, "0.2"), _dropouts(source, "0.0")]
    for arg in source.all(cst.Arg):
        name = arg.keyword.value if arg.keyword is not None else ""
        if name in PENALTIES:
            found.append([source.but(source.without_item(arg))])
        elif name == "alpha" and any(source.outer(arg, cst.Call) is one for one in source.calls(*PERCEPTRONS, *LINEAR)):
            found.append([source.but(source.put(one, "0.0001")) for one in origins(source, arg.value)])
        elif name in ("label_smoothing", "dropout", "recurrent_dropout"):
            found.append([source.but(source.without_item(arg))])
    for texts in found:
        yield from texts


def _dropouts(source: Source, new: str) -> list[str]:
    """All dropout at another rate."""
    places = [
        one
        for call in source.calls(*DROPOUTS)
        if (given := argument(call, "p", 0) or argument(call, "rate", 0)) is not None
        for one in origins(source, given.value)
        if (number_of(source, one) or 0.0) > float(new)
    ]
    return [source.but(*(source.put(one, new) for one in _once(places)))] if places else []


def _once(nodes: Sequence[Any]) -> list[Any]:
    found: list[Any] = []
    for one in nodes:
        if one not in found:
            found.append(one)
    return found


def unclipped_by_optimizer(source: Source, about: About) -> Iterator[str]:
    """An optimizer of Keras that clips nothing.

    >>> print(next(unclipped_by_optimizer(Source("SGD(0.1, clipnorm=1e-6)"), About("clipping-too-strong", "Keras"))))
    SGD(0.1)
    """
    for arg in source.all(cst.Arg):
        if arg.keyword is not None and arg.keyword.value in ("clipnorm", "clipvalue", "global_clipnorm"):
            yield source.but(source.without_item(arg))


def unscheduled_rate(source: Source, about: About) -> Iterator[str]:
    """A rate that stays, in place of a schedule of Keras.

    >>> print(next(unscheduled_rate(Source("ExponentialDecay(0.1, 10, 0.5)"), About("schedule-exhausted"))))
    0.1
    """
    for call in source.calls("ExponentialDecay", "CosineDecay", "PolynomialDecay", "InverseTimeDecay"):
        first = argument(call, "initial_learning_rate", 0)
        if first is not None:
            yield source.but(source.put(call, source.code(first.value)))


def unweighted(source: Source, about: About) -> Iterator[str]:
    """Classes that all count the same.

    >>> print(next(unweighted(Source("CrossEntropyLoss(weight=w)"), About("class-weights-inverted"))))
    CrossEntropyLoss()
    """
    for arg in source.all(cst.Arg):
        if arg.keyword is not None and arg.keyword.value in ("class_weight", "weight", "pos_weight"):
            yield source.but(source.without_item(arg))


def momentum(source: Source, about: About) -> Iterator[str]:
    """Less momentum.

    >>> print(next(momentum(Source("SGD(w, lr=0.1, momentum=0.99)"), About("momentum-unscaled"))))
    SGD(w, lr=0.1, momentum=0.9)
    """
    for arg in source.all(cst.Arg):
        if arg.keyword is not None and arg.keyword.value == "momentum":
            for one in origins(source, arg.value):
                if (number_of(source, one) or 0.0) > 0.9:
                    yield source.but(source.put(one, "0.9"))
            yield source.but(source.without_item(arg))
