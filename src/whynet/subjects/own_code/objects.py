"""A network that is an object, of a class that somebody wrote: its parameters found by what they do.

No names are needed. A number that lives in the object (an array in a list, a float in one of a thousand neurons) is a
parameter if changing it changes what the object predicts and predicting does not overwrite it. How the object likes
its examples (a batch in rows or in columns, one vector, one column, one list) is found by trying. The object itself is
never touched: all is done on a deep copy.
"""

from __future__ import annotations

import copy
import inspect
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from whynet.errors import UsageError
from whynet.subjects.own_code.anatomy import BROKEN, Anatomy, identify, targets_of
from whynet.subjects.own_code.code import Code, Examples, trial_rows
from whynet.subjects.own_code.losses import Asked, number_of, required, settle, ways_of_asking
from whynet.subjects.own_code.outputs import Way, at, size_of, suffix, ways
from whynet.types import Array

PREDICT = ("predict", "feedforward", "feed_forward", "forward", "predict_proba", "think", "query", "run", "output",
           "compute", "activate", "__call__", "scores", "loss")  # fmt: skip
TRAIN = ("train", "train_step", "train_one", "train_on_batch", "step", "learn", "update", "fit_one", "partial_fit",
         "update_mini_batch", "backpropagate", "fit", "train_single")  # fmt: skip
GRADIENTS = ("gradients", "gradient", "grad", "grads", "backprop", "backward", "back_propagation", "backpropagation",
             "compute_gradients")  # fmt: skip
LOSS = ("loss", "cost", "error", "compute_loss", "compute_cost", "loss_function", "cost_function", "objective")
UPDATE = ("update", "step", "update_parameters", "update_params", "update_weights", "apply_gradients", "optimize",
          "optimise", "gradient_descent")  # fmt: skip
RATES = {"eta", "lr", "rate", "learningrate", "alpha", "learnrate", "stepsize"}
ONCE = {"epochs", "epoch", "nepochs", "numepochs", "iterations", "numiterations", "numiters", "niter", "niters",
        "iters", "maxiter", "steps"}  # fmt: skip
WHOLE = {"batchsize", "minibatchsize", "batch", "m", "n", "nsamples", "numsamples", "nexamples", "numexamples"}
PROBES = 4  # rows on which it is tried what matters
SUFFIXES = 60  # numbers in one place that are looked at, at most, before the place is called a parameter


@dataclass(frozen=True)
class Form:
    """How examples are handed over: `x` and `y` from rows (n, features) and (n, outputs).

    >>> FORMS["column"].hand(np.zeros((1, 3)))
    array([[0.],
           [0.],
           [0.]])
    """

    single: bool
    hand: Callable[[Array], Any]


FORMS = {
    "rows": Form(False, lambda a: a),
    "columns": Form(False, lambda a: np.ascontiguousarray(a.T)),
    "column": Form(True, lambda a: a[0][:, None]),
    "vector": Form(True, lambda a: a[0]),
    "list": Form(True, lambda a: a[0].tolist()),
}


class Fed(Examples):
    """Examples handed over in the form that an object takes.

    >>> Fed(np.zeros((4, 3)), np.eye(2)[[0, 1, 0, 1]], "vector").take([2])[0]
    array([0., 0., 0.])
    """

    def __init__(self, X: Array, targets: Array, form: str, given: Array | None = None) -> None:
        super().__init__((X, targets))
        self.name, self.form = form, FORMS[form]
        self.given = given

    @property
    def single(self) -> bool:
        return self.form.single

    def take(self, rows: Sequence[int] | Array) -> tuple[Any, Any]:
        X, targets = super().take(rows)
        y = targets if self.given is None else self.given[rows]
        if self.given is not None:
            return self.form.hand(X), y[0].item() if self.form.single else y
        return self.form.hand(X), self.form.hand(targets)

    def as_rows(self, X: Any, y: Any) -> tuple[Array, Array]:
        X, y = np.asarray(X, dtype=np.float64), np.asarray(y)
        if self.single:
            return X.reshape(1, -1), y.reshape(1, -1) if y.ndim else y.reshape(1)
        turned = self.name == "columns"
        return X.T if turned else X, y.T if turned and y.ndim == 2 else y

    def rows(self, rows: Sequence[int] | Array) -> tuple[Array, Array]:
        rows = rows[:1] if self.form.single else rows
        X, targets = super().take(rows)
        return X.astype(np.float64), targets

    def all_rows(self, most: int | None = None) -> tuple[Array, Array]:
        return self.X[:most].astype(np.float64), self.y[:most]


Key = tuple[str, Any]
"""One step on the way from an object to a number in it: `(".", attribute)` or `("[", index)`."""


class Slot:
    """A number, or an array or list of numbers, that lives somewhere in an object. The way there is walked anew every
    time: people's code makes new lists at every step.

    >>> class Neuron:
    ...     def __init__(self): self.b = [0.5, 0.25]
    >>> neuron = Neuron()
    >>> slot = Slot(neuron, ((".", "b"),))
    >>> slot.write(np.array([1.0, 2.0])); slot.path, neuron.b
    ('b', [1.0, 2.0])
    """

    def __init__(self, root: Any, way: tuple[Key, ...]) -> None:
        self.root, self.way = root, way
        self.path = "".join(f".{key}" if kind == "." else f"[{key!r}]" for kind, key in way).lstrip(".")

    def get(self) -> Any:
        """What is there now."""
        return _walk(self.root, self.way)

    def read(self) -> Array:
        """Its value as an array."""
        now = self.get()
        return now if isinstance(now, np.ndarray) else np.asarray(now, dtype=np.float64)

    def write(self, value: Array) -> None:
        """Another value, in the same kind of thing; arrays are written where they lie."""
        now = self.get()
        if isinstance(now, np.ndarray) and now.shape == value.shape and now.flags.writeable:
            now[...] = value
            return
        new = value.tolist() if isinstance(now, list) else float(value) if value.ndim == 0 else np.array(value)
        holder, (kind, key) = _walk(self.root, self.way[:-1]), self.way[-1]
        if kind == ".":
            setattr(holder, key, new)
        else:
            holder[key] = new


def _walk(thing: Any, way: tuple[Key, ...]) -> Any:
    for kind, key in way:
        thing = getattr(thing, key) if kind == "." else thing[key]
    return thing


def slots(root: Any) -> Iterator[Slot]:
    """Every floating-point number and array that can be reached from an object.

    >>> class Net:
    ...     def __init__(self): self.layers, self.name = [{"w": np.zeros((2, 2)), "b": 0.5}], "net"
    >>> [slot.path for slot in slots(Net())]
    ["layers[0]['w']", "layers[0]['b']"]
    """
    seen: set[int] = set()

    def search(thing: Any, way: tuple[Key, ...]) -> Iterator[Slot]:
        if _numeric(thing, way):
            yield Slot(root, way)
            return
        if id(thing) in seen:
            return
        seen.add(id(thing))
        if isinstance(thing, dict):
            items = [(("[", key), value) for key, value in thing.items()]
        elif isinstance(thing, list) or (isinstance(thing, np.ndarray) and thing.dtype == object and thing.ndim == 1):
            items = [(("[", i), value) for i, value in enumerate(thing)]
        elif hasattr(thing, "__dict__") and (not way or not callable(thing)):
            items = [((".", name), value) for name, value in vars(thing).items()]
        else:
            return
        for key, value in items:
            yield from search(value, (*way, key))

    yield from search(root, ())


def _numeric(value: Any, way: tuple[Key, ...]) -> bool:
    """Whether this may be a parameter: a float, an array or a list of floats; a whole number only as a bias."""
    if isinstance(value, np.ndarray):
        return bool(np.issubdtype(value.dtype, np.floating))
    if isinstance(value, list):
        return len(value) > 0 and all(isinstance(one, (float, np.floating)) for one in value)
    if isinstance(value, int) and not isinstance(value, bool) and way:
        return re.fullmatch(r"b(ias)?", str(way[-1][1])) is not None
    return isinstance(value, (float, np.floating))


@dataclass
class Adapted:
    """An object as `Code`, with its own gradient check, if it has one, and the form its examples take. `used` says what
    was taken for what; `assumed_cost` that its loss cannot be asked: half the squared error stands in its place.

    >>> Adapted.__name__
    'Adapted'
    """

    code: Code
    check: Callable[..., Any] | None
    form: str
    assumed_cost: bool = False
    anatomy: Anatomy | None = None
    used: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Fit:
    """A form of example on which a method works, where its outputs stand, how many, and whether they are classes.

    >>> Fit("rows", (0,), 10).classes
    False
    """

    form: str
    way: Way
    outputs: int
    classes: bool = False


def adapt(
    thing: Any,
    data: Any,
    *,
    learning_rate: float | None = None,
    loss: Callable[..., Any] | None = None,
    predict: Callable[..., Any] | str | None = None,
    train: Callable[..., Any] | str | None = None,
) -> Adapted:
    """Find what an object predicts with, what it learns with, and where its parameters are.

    >>> class Net:
    ...     def __init__(self): self.W, self.rate = np.ones((3, 2)), 0.1
    ...     def forward(self, X): return X @ self.W, X
    >>> found = adapt(Net(), (np.eye(3), np.eye(2)[[0, 1, 0]]))
    >>> found.form, found.code.names, found.assumed_cost, found.used["predict"]
    ('rows', ['W'], True, 'forward(X)[0]')

    Raises
    ------
    UsageError
        It has no method that predicts, or nothing in it changes what is predicted.
    """
    try:
        net = copy.deepcopy(thing)
    except Exception as error:
        raise UsageError(
            f"this object cannot be copied: {error}", where=type(thing).__name__,
            do="Hand over its parts instead: whynet.diagnose(parameters=[...], loss=..., gradients=..., data=...)",
        ) from error  # fmt: skip
    born = copy.deepcopy(getattr(thing, "__dict__", {}))  # steps leave velocities and the like behind
    given = Examples(data)
    X, y = given.all_rows()
    wide = y.shape[1] if y.ndim == 2 else None
    name, method, fits = _predicting(net, predict, X, wide)
    fit, found = _parameters(net, method, X, fits)
    if not found:
        raise UsageError(
            f"nothing in this {type(thing).__name__} changes what {name} returns", expected="weights as NumPy arrays",
            do="Hand over its parts: whynet.diagnose(parameters=[...], loss=..., gradients=..., data=...)",
        )  # fmt: skip
    tensors = _stacked(found)
    arrays = {path: _read(group, path) for path, group in tensors}

    def push() -> None:
        for path, group in tensors:
            for slot, value in zip(group, arrays[path] if _many(group, path) else [arrays[path]], strict=True):
                slot.write(value)

    def pull() -> None:
        for path, group in tensors:
            arrays[path][...] = _read(group, path)

    def renew() -> None:
        vars(net).update(copy.deepcopy(born))

    code = Code(arrays, predict=lambda X: method(X), push=push, pull=pull)
    code.way = fit.way
    code.renew = renew if born else code.renew
    code.names = [path for path, _ in tensors]
    targets = targets_of(y, wide or fit.outputs)
    forms = list(dict.fromkeys(one.form for one in fits if one.way == fit.way))
    fed = [Fed(X, targets, one, y) for one in forms if y.ndim == 1]  # as they were given; else as targets
    fed += [Fed(X, targets, one) for one in forms]
    adapted = Adapted(code, None, fit.form, used={"predict": f"{name}(X){suffix(fit.way)}"})
    _learning(net, adapted, fed, train, 0.1 if learning_rate is None else learning_rate, loss)
    adapted.used["parameters"] = ", ".join(code.names)
    assert isinstance(code.examples, Fed)
    adapted.form = code.examples.name
    checks = (one for one in _names(net) if "check" in one.lower() and len(required(getattr(net, one))) == 2)
    own = next(checks, None)
    if own is not None:
        adapted.check, adapted.used["check"] = getattr(net, own), own
    return adapted


def _learning(
    net: Any,
    adapted: Adapted,
    fed: Sequence[Fed],
    train: Callable[..., Any] | str | None,
    rate: float,
    loss: Callable[..., Any] | None,
) -> None:
    """Find how the object is taught: its gradients, its step, its loss, and the form of examples on which they work."""
    code, used = adapted.code, adapted.used
    gradients = list(_methods(net, None, GRADIENTS))
    steps = list(_methods(net, train, TRAIN))
    both = _both(net) if not gradients else None
    tried = []
    for way in fed:
        code.examples = way
        g = _first(code, "gradients", [(f"{name}(X, y)", _of_batch(method)) for name, method in gradients])
        if both:
            g = _first(code, "gradients", [(f"{both[0]}(X, y)[1]", both[2])])
        s = _first(code, "step", [_step(name, method, rate, way) for name, method in steps])
        if s is None and train is None:
            s = _first(code, "step", list(_in_parts(net, code, gradients, rate)))
        tried.append((2 * (g is not None) + (s is not None), way, g, s))
    most = max(score for score, *_ in tried)
    best = [one for one in tried if one[0] == most]
    candidates: list[tuple[Fed, Any, Any, Asked, bool]] = []
    for _, way, g, s in best:
        code.examples = way
        asked = _losses(net, code, loss, both if g else None, s)
        candidates += [(way, g, s, one, False) for one in asked]
    if not candidates:
        _, way, g, s = best[0]
        code.examples = way
        candidates = [(way, g, s, _half_squared(code), True)]
    for way, g, s, one, assumed in candidates:
        _take(adapted, way, g, s, one, assumed)
        try:
            adapted.anatomy = identify(code)
        except BROKEN:
            continue
        if adapted.anatomy is not None:
            break
    else:
        _take(adapted, *candidates[0])
    way, g, s, one, adapted.assumed_cost = next(
        c for c in candidates if c[3].ask is code.loss and c[0] is code.examples
    )
    used.update({
        role: words for role, words in (("loss", "" if adapted.assumed_cost else one.words), ("gradients", g and g[0]),
                                        ("step", s and s[0])) if words
    })  # fmt: skip


def _take(adapted: Adapted, way: Fed, gradients: Any, step: Any, asked: Asked, _: bool) -> None:
    code = adapted.code
    code.examples, code.loss = way, asked.ask
    code.gradients = gradients and gradients[1]
    code.step = step and step[1]
    code.together = code.step.together if isinstance(code.step, OfPairs) else None


def _losses(
    net: Any, code: Code, loss: Callable[..., Any] | None, both: Any, step: tuple[str, Callable[..., Any]] | None
) -> list[Asked]:
    """The ways in which the loss can be asked, the best first: a method of the object, else what training returns."""
    if loss is not None:
        name = getattr(loss, "__name__", "loss")
        own = list(ways_of_asking(name if name.isidentifier() else "loss", loss, code))
        return settle(own, code) or [Asked(f"{name}(X, y)", loss)]
    if both:
        return [Asked(f"{both[0]}(X, y)[0]", both[1])]
    found = []
    for name, method in _methods(net, None, LOSS):
        found += [replace(one, ask=_number(one.ask)) for one in ways_of_asking(name, method, code)]
    settled = settle(found, code)
    if settled or step is None:
        return settled
    words, take = step
    return settle([Asked(f"what {words} returns", _number(take))], code)


def _number(ask: Callable[..., Any]) -> Callable[..., Any]:
    if not required(ask):
        return lambda: number_of(ask())
    return lambda X, y: number_of(ask(X, y))


def _of_batch(method: Callable[..., Any]) -> Callable[..., Any]:
    return lambda X, y: method(X, y)


def _first(
    code: Code, what: str, functions: Sequence[tuple[str, Callable[..., Any]]]
) -> tuple[str, Callable[..., Any]] | None:
    """The first of these that works; a step that moves something rather than one that does not."""
    rows, works = trial_rows(code), []
    for words, function in functions:
        try:
            if what == "gradients":
                code.gradients = function
                code.slopes(code.values, rows)
                return words, function
            code.step = function
            if any(np.any(move) for move in code.moved(code.values, [rows])[0]):
                return words, function
            works.append((words, function))
        except UsageError:
            continue
        finally:
            code.gradients = code.step = None
    return works[0] if works else None


def _predicting(
    net: Any, predict: Callable[..., Any] | str | None, X: Array, wide: int | None
) -> tuple[str, Callable[..., Any], list[Fit]]:
    """The method that predicts, and the forms on which it works; numbers rather than classes."""
    kind = type(net).__name__
    named = list(_methods(net, predict, PREDICT))
    if not named:
        raise UsageError(
            f"{kind} has no method that predicts", expected=", ".join(PREDICT[:5]) + " ...",
            do="Name it: predict='its_name'",
        )  # fmt: skip
    working = []
    for name, method in named:
        fits = _forms(method, X, wide)
        numbers = [fit for fit in fits if not fit.classes]
        if numbers:
            return name, method, numbers
        if fits:
            working.append((name, method, fits))
    if not working:
        raise UsageError(
            f"{kind}.{named[0][0]} works on none of the usual forms of an example",
            expected=f"a batch of rows or columns, a vector, a column or a list of {X.shape[1]} numbers",
            do="Hand over its parts: whynet.diagnose(parameters=[...], loss=..., gradients=..., data=...)",
        )  # fmt: skip
    return working[0]


def _asarray(found: Any) -> Array:
    return np.asarray(found, dtype=np.float64)


def _names(net: Any) -> list[str]:
    return [name for name in dir(type(net)) if not name.startswith("__") and callable(getattr(net, name, None))]


def _methods(
    net: Any, given: Callable[..., Any] | str | None, usual: Sequence[str]
) -> Iterator[tuple[str, Callable[..., Any]]]:
    """The method of that name, or those of the usual ones that it has (case and underscores aside)."""
    if callable(given):
        bound = getattr(given, "__self__", None)
        name = getattr(given, "__name__", "")
        yield name, getattr(net, name) if bound is not None and hasattr(net, name) else given
        return
    if given is not None:
        if not callable(getattr(net, given, None)):
            raise UsageError(f"{type(net).__name__} has no method '{given}'", do="It has: " + ", ".join(_names(net)))
        yield given, getattr(net, given)
        return
    own = {name.lower().replace("_", ""): name for name in [*_names(net), *(["__call__"] if callable(net) else [])]}
    for name in usual:
        if name.lower().replace("_", "") in own:
            found = own[name.lower().replace("_", "")]
            yield found, getattr(net, found)


def _forms(method: Callable[..., Any], X: Array, wide: int | None) -> list[Fit]:
    """The forms of example on which predicting works."""
    fits = []
    count = next((n for n in (3, 4, 5) if n not in (wide, X.shape[1])), 3)
    for name, form in FORMS.items():
        rows = X[:1] if form.single else X[: min(count, len(X))].copy()
        if len(rows) == 1 and not form.single:
            continue
        try:
            with np.errstate(all="ignore"):
                said = method(form.hand(rows))
        except Exception:
            continue
        for way in ways(said):
            outputs = np.asarray(at(said, way))
            size = size_of(outputs, None if form.single else len(rows), columns=name != "rows")
            if size is not None and wide in (None, size):
                classes = outputs.dtype == bool or np.issubdtype(outputs.dtype, np.integer)
                fits.append(Fit(name, way, size, bool(classes)))
    return fits


def _parameters(net: Any, method: Callable[..., Any], X: Array, fits: Sequence[Fit]) -> tuple[Fit, list[Slot]]:
    """What the outputs are, and the slots that matter to them. Of several things that may be the outputs, those that
    depend on most are: hidden units do not depend on the layers above."""
    best: tuple[Fit, list[Slot]] = fits[0], []
    highest = (0, False)
    size = float(np.sqrt(np.mean(np.square(X, dtype=np.float64))))
    for fit in (one for one in fits if one.form == fits[0].form):
        ask = _probing(method, X, fit)
        with np.errstate(all="ignore"):
            found = _matter(net, ask, size)
            said = ask()
        score = (len(found), bool(np.all((said >= 0) & (said <= 1))))  # probabilities rather than pre-activations
        if score > highest:
            best, highest = (fit, found), score
    return best


def _probing(method: Callable[..., Any], X: Array, fit: Fit) -> Callable[[], Array]:
    """What is predicted of some rows, and of the same a little moved: a weight at an input of 0 has no effect there."""
    hand, rng = FORMS[fit.form].hand, np.random.default_rng(1)
    rows = np.asarray(X[np.unique(np.linspace(0, len(X) - 1, PROBES).astype(int))], dtype=np.float64)
    moved = rows + 0.1 * (rows.std() + 0.1) * rng.normal(size=rows.shape)

    def ask(batch: Array) -> Array:
        parts = [one[None] for one in batch] if FORMS[fit.form].single else [batch]
        return np.concatenate([_asarray(at(method(hand(part.copy())), fit.way)).ravel() for part in parts])

    def both() -> Array:
        return np.concatenate([ask(rows), ask(moved)])

    def plain() -> Array:
        return ask(rows).copy()

    try:
        both()
    except Exception:  # inputs that must be whole numbers
        return plain
    return both


Numbers = list[tuple[Slot, Array]]
"""What is written into each slot."""


def _matter(net: Any, predict: Callable[[], Array], size: float) -> list[Slot]:
    """Slots that, changed one place at a time, change the outputs. A layer behind which all is 0, or saturated, changes
    nothing: what does not matter as the network stands is tried again among small numbers. `size` is that of inputs."""
    predict()
    found = []
    places: dict[str, list[Slot]] = {}
    for slot in slots(net):
        places.setdefault(re.sub(r"\[\d+\](?=[^\[\]]*$)", "[*]", slot.path), []).append(slot)
    rng = np.random.default_rng(0)
    own = [(slot, np.array(slot.read())) for group in places.values() for slot in group]
    grounds = own, [(slot, _small(value, size, rng)) for slot, value in own]

    def moved(group: list[Slot]) -> bool:
        return any(_moves(group, ground, predict, rng) for ground in grounds)

    try:
        for group in places.values():
            if moved(group):
                found += [slot for slot in group if len(group) == 1 or _one_place(group) or moved([slot])]
    finally:
        _write(own)
    return found


def _small(value: Array, size: float, rng: np.random.Generator) -> Array:
    """Numbers of both signs in place of an array, so small that no layer of such weights saturates; a single number
    stays as it is."""
    if value.size < 2:
        return value
    return rng.normal(0, 1 / (np.sqrt(max(value.shape)) * max(size, 1.0)), value.shape)


def _write(numbers: Numbers) -> None:
    for slot, value in numbers:
        slot.write(value)


def _one_place(group: list[Slot]) -> bool:
    """Whether the group is alike throughout (as many neurons of a layer are), so that asking once is enough."""
    return len(group) > SUFFIXES or (len({slot.read().shape for slot in group}) == 1 and group[0].path.count("[") > 1)


def _moves(group: list[Slot], ground: Numbers, predict: Callable[[], Array], rng: np.random.Generator) -> bool:
    """Whether other numbers there give other outputs, where everything is as `ground` has it. What predicting wrote on
    the way is written over."""
    for size in (0.0, 1.0):
        outputs = []
        for sign in (0, 1, -1):
            _write(ground)
            for slot in group:
                own = slot.read()
                noise = rng.normal(0, 1, own.shape) * (np.abs(own).mean() + 0.1)
                slot.write(own * size + sign * noise * (0.3 if size else 0.05))
            outputs.append(predict())
        _write(ground)
        if any(not np.array_equal(outputs[0], other, equal_nan=True) for other in outputs[1:]):
            return True
    return False


def _stacked(found: list[Slot]) -> list[tuple[str, list[Slot]]]:
    """Slots of many like units (`layers[1].neurons[5].w`) gathered into one tensor each; others alone."""
    like = re.compile(r"\[\d+\](?=(\.\w+|\['\w+'\])?$)")
    layered = {like.split(slot.path)[0] for slot in found if slot.read().ndim == 2}  # lists of layers, not of units
    groups: dict[str, list[Slot]] = {}
    for slot in found:
        many = slot.path.count("[") > 1 or not slot.path.endswith("]")
        alone = slot.read().ndim >= 2 or like.split(slot.path)[0] in layered
        groups.setdefault(slot.path if alone or not many else like.sub("[:]", slot.path), []).append(slot)
    return sorted(groups.items(), key=lambda item: _depth(item[0]))


def _depth(path: str) -> tuple[Any, ...]:
    """Sort key: the numbers in a path, so that layer 2 comes after layer 1; what has the same keeps its order."""
    return tuple(int(number) for number in re.findall(r"\d+", path))


def _many(group: list[Slot], path: str) -> bool:
    """Whether a tensor is made of units, be it of one: a layer of a single neuron has a matrix of one row."""
    return len(group) > 1 or path != group[0].path


def _read(group: list[Slot], path: str) -> Array:
    return np.stack([slot.read() for slot in group]) if _many(group, path) else np.array(group[0].read())


class OfPairs:
    """A step on a list of examples, `(x, y)` each; of one, as functions of an example are called.

    >>> OfPairs(lambda examples: print(examples))(1.0, 0)
    [(1.0, 0)]
    """

    def __init__(self, together: Callable[[list[tuple[Any, Any]]], Any]) -> None:
        self.together = together

    def __call__(self, X: Any, y: Any) -> Any:
        return self.together([(X, y)])


def _step(name: str, method: Callable[..., Any], rate: float, fed: Fed) -> tuple[str, Callable[..., Any]]:
    """One step of learning, whatever else the method wants: a rate, a list of pairs, how many epochs or rows."""
    needed = required(method)
    pairs = len(needed) >= 2 and _plain(needed[1]) in RATES | ONCE | WHOLE
    settings = [name for name in _names_of(method) if _plain(name) in RATES | ONCE | WHOLE]
    more = list(dict.fromkeys([*needed[1 if pairs else 2 :], *settings]))

    def given(rows: int) -> dict[str, Any]:
        return {name: 1 if _plain(name) in ONCE else rows if _plain(name) in WHOLE else rate for name in more}

    def take(X: Any, y: Any) -> Any:
        return method(X, y, **given(len(fed.as_rows(X, y)[0])))

    def together(examples: list[tuple[Any, Any]]) -> Any:
        return method(examples, **given(sum(len(fed.as_rows(X, y)[0]) for X, y in examples)))

    def value(one: str) -> str:
        return "1" if _plain(one) in ONCE else "rows" if _plain(one) in WHOLE else f"{rate:g}"

    words = "".join(f", {one}={value(one)}" for one in more)
    return f"{name}({'[(X, y)]' if pairs else 'X, y'}{words})", OfPairs(together) if pairs else take


def _in_parts(
    net: Any, code: Code, backward: Sequence[tuple[str, Callable[..., Any]]], rate: float
) -> Iterator[tuple[str, Callable[..., Any]]]:
    """Steps of three calls: predict, go backward, update."""
    for back, backprop in backward:
        takes_y = len(required(backprop)) == 1
        if len(required(backprop)) > 2:
            continue
        for name, update in _methods(net, None, UPDATE):
            needed = required(update)
            if not all(_plain(one) in RATES for one in needed):
                continue

            def take(
                X: Any,
                y: Any,
                backprop: Any = backprop,
                update: Any = update,
                takes_y: bool = takes_y,
                rates: int = len(needed),
            ) -> None:
                code.answer(X)
                backprop(*((y,) if takes_y else (X, y)[: len(required(backprop))]))
                update(*[rate] * rates)

            yield f"predicting, then {back}({'y' if takes_y else 'X, y'}), then {name}()", take


def _plain(name: str) -> str:
    return name.lower().replace("_", "")


def _names_of(method: Callable[..., Any]) -> list[str]:
    try:
        return list(inspect.signature(method).parameters)
    except (TypeError, ValueError):
        return []


def _both(net: Any) -> tuple[str, Callable[..., Any], Callable[..., Any]] | None:
    """Loss and gradients of a method that may return them together, `loss, grads = net.loss(X, y)`."""
    for name, method in _methods(net, None, LOSS):

        def ask(X: Any, y: Any, part: int, method: Callable[..., Any] = method) -> Any:
            found = method(X, y)
            if not (isinstance(found, tuple) and len(found) == 2 and np.ndim(found[0]) == 0):
                raise TypeError("this is no loss with its gradients")
            return found[part]

        return name, (lambda X, y: ask(X, y, 0)), (lambda X, y: ask(X, y, 1))
    return None


def _half_squared(code: Code) -> Asked:
    """Half the squared error of what is predicted, in place of a loss that cannot be asked."""

    def half_squared(X: Any, y: Any) -> float:
        error = _asarray(code.answer(X)).ravel() - np.asarray(y, dtype=np.float64).ravel()
        single = code.examples is None or code.examples.single
        return float(0.5 * error @ error) / (
            1 if code.examples is None or single else len(code.examples.as_rows(X, y)[0])
        )

    return Asked("half the squared error, assumed", half_squared)
