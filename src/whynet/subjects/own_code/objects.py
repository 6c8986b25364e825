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
from dataclasses import dataclass
from typing import Any

import numpy as np

from whynet.errors import UsageError
from whynet.subjects.own_code.anatomy import targets_of
from whynet.subjects.own_code.code import Code, Examples
from whynet.types import Array

PREDICT = ("predict", "feedforward", "feed_forward", "forward", "predict_proba", "think", "query", "run", "output",
           "compute", "activate", "__call__", "scores", "loss")  # fmt: skip
TRAIN = ("train", "train_step", "train_one", "train_on_batch", "step", "learn", "update", "fit_one", "partial_fit",
         "update_mini_batch", "backpropagate", "fit", "train_single")  # fmt: skip
GRADIENTS = ("gradients", "gradient", "grad", "grads", "backprop", "backward", "back_propagation", "backpropagation",
             "compute_gradients")  # fmt: skip
LOSS = ("loss", "cost", "error", "compute_loss", "compute_cost", "loss_function", "cost_function", "objective")
RATES = {"eta", "lr", "rate", "learningrate", "alpha", "learnrate", "stepsize"}
ONCE = {"epochs", "epoch", "nepochs", "numepochs", "iterations", "numiterations", "numiters", "niter", "niters",
        "iters", "maxiter", "steps"}  # fmt: skip
WHOLE = {"batchsize", "minibatchsize", "batch"}
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
            return self.form.hand(X), int(y[0]) if self.form.single else y
        return self.form.hand(X), self.form.hand(targets)

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
    """An object as `Code`, with its own gradient check, if it has one, and the form its examples take.

    >>> Adapted.__name__
    'Adapted'
    """

    code: Code
    check: Callable[..., Any] | None
    form: str
    assumed_cost: bool = False


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
    ...     def predict(self, X): return X @ self.W
    >>> found = adapt(Net(), (np.eye(3), np.eye(2)[[0, 1, 0]]))
    >>> found.form, found.code.names, found.assumed_cost
    ('rows', ['W'], True)

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
    named = list(_methods(net, predict, PREDICT))
    if not named:
        raise UsageError(
            f"{type(thing).__name__} has no method that predicts", expected=", ".join(PREDICT[:5]) + " ...",
            do="Name it: predict='its_name'",
        )  # fmt: skip
    working = ((name, method, _forms(method, X, wide)) for name, method in named)
    name, method, forms = next((one for one in working if one[2]), (*named[0], []))
    if not forms:
        raise UsageError(
            f"{type(thing).__name__}.{named[0][0]} works on none of the usual forms of an example",
            expected=f"a batch of rows or columns, a vector, a column or a list of {X.shape[1]} numbers",
            do="Hand over its parts: whynet.diagnose(parameters=[...], loss=..., gradients=..., data=...)",
        )  # fmt: skip
    form, outputs = forms[0]
    targets = targets_of(y, wide or outputs)
    hand = FORMS[form].hand
    probe = X[:1] if FORMS[form].single else X[:4]
    found = _parameters(net, lambda: _asarray(method(hand(probe.copy()))).ravel().copy())
    if not found:
        raise UsageError(
            f"nothing in this {type(thing).__name__} changes what {name} returns", expected="weights as NumPy arrays",
            do="Hand over its parts: whynet.diagnose(parameters=[...], loss=..., gradients=..., data=...)",
        )  # fmt: skip
    tensors = _stacked(found)
    arrays = {path: _read(group) for path, group in tensors}

    def push() -> None:
        for path, group in tensors:
            for slot, value in zip(group, arrays[path] if len(group) > 1 else [arrays[path]], strict=True):
                slot.write(value)

    def pull() -> None:
        for path, group in tensors:
            arrays[path][...] = _read(group)

    def renew() -> None:
        vars(net).update(copy.deepcopy(born))

    code = Code(arrays, predict=lambda X: method(X), push=push, pull=pull)
    code.renew = renew if born else code.renew
    code.names = [path for path, _ in tensors]
    code.loss = loss
    gradients = next((method for _, method in _methods(net, None, GRADIENTS)), None)
    step = next((method for _, method in _methods(net, train, TRAIN)), None)
    rate = 0.1 if learning_rate is None else learning_rate
    both = _both(net) if gradients is None else None
    code.gradients = both[1] if both else None if gradients is None else lambda X, y: gradients(X, y)
    code.step = None if step is None else _step(step, rate)
    ways = [Fed(X, targets, one) for one, _ in forms]
    ways += [Fed(X, targets, one, y) for one, _ in forms if y.ndim == 1]  # some take labels
    code.examples = max(ways, key=lambda way: _working(code, way))
    form = code.examples.name
    rows = np.arange(min(3, len(X)))
    if code.gradients is not None and not _works(lambda: code.slopes(code.values, rows)):
        code.gradients = None
    if code.step is not None and not _works(lambda: code.moved(code.values, [rows])):
        code.step = None
    assumed = False
    if both and code.gradients is not None and code.loss is None:
        code.loss = both[0]
    if code.loss is None:
        assumed = _find_loss(net, code)
    check = next((getattr(net, one) for one in _names(net) if "check" in one.lower() and _two(getattr(net, one))), None)
    return Adapted(code, check, form, assumed)


def _asarray(found: Any) -> Array:
    return np.asarray(found, dtype=np.float64)


def _works(attempt: Callable[[], Any]) -> bool:
    try:
        attempt()
    except UsageError:
        return False
    return True


def _working(code: Code, way: Fed) -> int:
    """How much of the code works on examples handed over in this way."""
    code.examples = way
    rows = np.arange(min(3, len(way)))
    gradients = code.gradients is not None and _works(lambda: code.slopes(code.values, rows))
    step = code.step is not None and _works(lambda: code.moved(code.values, [rows]))
    return 2 * gradients + step


def _names(net: Any) -> list[str]:
    return [name for name in dir(type(net)) if not name.startswith("__") and callable(getattr(net, name, None))]


def _two(function: Callable[..., Any]) -> bool:
    return len(_required(function)) == 2


def _required(function: Callable[..., Any]) -> list[str]:
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return ["x", "y"]
    return [
        one.name for one in signature.parameters.values()
        if one.default is one.empty and one.kind in (one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD)
    ]  # fmt: skip


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


def _forms(method: Callable[..., Any], X: Array, wide: int | None) -> list[tuple[str, int]]:
    """The forms of example on which predicting works, and how many outputs there are."""
    forms = []
    for name, form in FORMS.items():
        rows = X[:1] if form.single else X[: min(4 if wide == 3 else 3, len(X))].copy()
        try:
            with np.errstate(all="ignore"):
                found = _asarray(method(form.hand(rows)))
        except Exception:
            continue
        if form.single:
            fits = found.size == wide if wide else found.size >= 1 and found.ndim > 0
        else:
            fits = found.ndim == 2 and found.shape[name != "rows"] == len(rows) and len(rows) > 1
            fits = fits and (wide is None or found.shape[name == "rows"] == wide)
        if fits:
            forms.append((name, int(found.size // (1 if form.single else len(rows)))))
    return forms


def _parameters(net: Any, predict: Callable[[], Array]) -> list[Slot]:
    """Slots that matter to what is predicted: changed, one place at a time, they change the outputs."""
    with np.errstate(all="ignore"):
        return _matter(net, predict)


def _matter(net: Any, predict: Callable[[], Array]) -> list[Slot]:
    predict()
    found = []
    places: dict[str, list[Slot]] = {}
    for slot in slots(net):
        places.setdefault(re.sub(r"\[\d+\](?=[^\[\]]*$)", "[*]", slot.path), []).append(slot)
    rng = np.random.default_rng(0)
    everything = [(slot, np.array(slot.read())) for group in places.values() for slot in group]
    for group in places.values():
        if not _moves(group, everything, predict, rng):
            continue
        found += [
            slot for slot in group if len(group) == 1 or _one_place(group) or _moves([slot], everything, predict, rng)
        ]
    return found


def _one_place(group: list[Slot]) -> bool:
    """Whether the group is alike throughout (as many neurons of a layer are), so that asking once is enough."""
    return len(group) > SUFFIXES or (len({slot.read().shape for slot in group}) == 1 and group[0].path.count("[") > 1)


def _moves(
    group: list[Slot], everything: list[tuple[Slot, Array]], predict: Callable[[], Array], rng: np.random.Generator
) -> bool:
    """Whether other numbers there give other outputs. All is put back, also what predicting wrote on the way."""
    for size in (0.0, 1.0):
        outputs = []
        for sign in (0, 1, -1):
            for slot, value in everything:
                slot.write(value)
            for slot in group:
                own = slot.read()
                noise = rng.normal(0, 1, own.shape) * (np.abs(own).mean() + 0.1)
                slot.write(own * size + sign * noise * (0.3 if size else 0.05))
            outputs.append(predict())
        for slot, value in everything:
            slot.write(value)
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


def _read(group: list[Slot]) -> Array:
    return np.array(group[0].read()) if len(group) == 1 else np.stack([slot.read() for slot in group])


def _step(method: Callable[..., Any], rate: float) -> Callable[..., Any]:
    """One step of learning, whatever else the method wants: a rate, a list of pairs, how many epochs."""
    needed = _required(method)
    pairs = len(needed) >= 2 and _plain(needed[1]) in RATES
    settings = [name for name in _names_of(method) if _plain(name) in RATES | ONCE | WHOLE]
    more = list(dict.fromkeys([*needed[1 if pairs else 2 :], *settings]))

    def take(X: Any, y: Any) -> Any:
        given = {name: 1 if _plain(name) in ONCE else len(y) if _plain(name) in WHOLE else rate for name in more}
        return method([(X, y)], **given) if pairs else method(X, y, **given)

    return take


def _plain(name: str) -> str:
    return name.lower().replace("_", "")


def _names_of(method: Callable[..., Any]) -> list[str]:
    try:
        return list(inspect.signature(method).parameters)
    except (TypeError, ValueError):
        return []


def _both(net: Any) -> tuple[Callable[..., Any], Callable[..., Any]] | None:
    """Loss and gradients of a method that may return them together, `loss, grads = net.loss(X, y)`."""
    for _, method in _methods(net, None, LOSS):

        def ask(X: Any, y: Any, part: int, method: Callable[..., Any] = method) -> Any:
            found = method(X, y)
            if not (isinstance(found, tuple) and len(found) == 2 and np.ndim(found[0]) == 0):
                raise TypeError("this is no loss with its gradients")
            return found[part]

        return (lambda X, y: ask(X, y, 0)), (lambda X, y: ask(X, y, 1))
    return None


def _find_loss(net: Any, code: Code) -> bool:
    """A method of the object that gives one number, or what training returns; else half the squared error of what it
    predicts. Returns whether that last was assumed."""
    method = next((method for _, method in _methods(net, None, LOSS)), None)
    if method is not None and _two(method):
        code.loss = lambda X, y: method(X, y)
        if _works(lambda: code.cost(code.values, [0])):
            return False
    step = code.step
    if step is not None:
        code.loss = lambda X, y: step(X, y)
        if _works(lambda: code.cost(code.values, [0])) and np.isfinite(code.cost(code.values, [0])):
            return False
    predict = code.predict
    assert predict is not None

    def half_squared(X: Any, y: Any) -> float:
        error = _asarray(predict(X)).ravel() - np.asarray(y, dtype=np.float64).ravel()
        return float(0.5 * error @ error) / (1 if code.examples is None or code.examples.single else len(y))

    code.loss = half_squared
    return True
