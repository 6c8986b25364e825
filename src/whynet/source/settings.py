"""Settings: what the text of a program settles, each with its line. Nothing is run."""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from whynet.source.statements import Statement, statements

WEIGHTS = re.compile(r"^(?:w|weights?|theta|syn|kernel|wih|who|w_\w+|weights?_\w+|\w+_weights?)_?\d*$", re.I)
RATES = {"lr", "eta", "learning_rate", "learning_rate_init", "lrate", "rate", "step_size"}
GRADIENT = re.compile(r"grad|nabla|^d_?[wb]\d?$|^d_?weights?", re.I)
BACK = re.compile(r"grad|delta|nabla|err", re.I)
WHOLE = 12
"""Statements that a program has at least."""
SMALL, LARGE = 0.0011, 1.0
FAINT = 0.03
"""What so few inputs of size 1 add up to says nothing, with weights that are usual for many."""
SQUASHED = {"Softmax", "softmax", "log_softmax", "LogSoftmax", "Sigmoid", "sigmoid", "relu", "ReLU", "tanh", "Tanh"}
LAYERS = {"Linear", "Dense"}


class Settled(NamedTuple):
    """One thing that a line settles: what it is about, how, and a number where there is one.

    >>> settings_in("W1 = np.zeros((784, 30))")
    [Settled(about='weights', how='equal', line=1, text='W1 = np.zeros((784, 30))', number=None)]
    """

    about: str
    how: str
    line: int
    text: str
    number: float | None = None


def settings_in(text: str) -> list[Settled]:
    """All that the Python in a text settles.

    weights   equal, positive, wide, small: how they are drawn
    rate      given: the number
    update    adds, subtracts: what becomes of the gradient
    optimizer its name; `part` where it is handed some of the parameters
    loss      its name; output: its activation; outputs: their number
    gradient  not reset; never multiplied by a derivative; frozen
    layers    none bent: nothing between them
    order     shuffled, as it is; split the last rows
    inputs    scaled

    >>> [(one.about, one.how) for one in settings_in("optimizer = Adam(net.parameters(), lr=1)\\nloss.backward()")]
    [('rate', 'given'), ('optimizer', 'Adam')]
    """
    found: list[Settled] = []
    read = statements(text)
    for one in read:
        for about, how, *number in _of(one.node):
            found.append(Settled(about, how, one.line, one.text, *number))
    return list(dict.fromkeys([*found, *_of_all(read)]))


Told = tuple[Any, ...]  # what it is about, how, and a number where there is one


def _of(node: ast.stmt) -> Iterator[Told]:
    """What one statement says by itself."""
    if isinstance(node, ast.Assign) and len(node.targets) == 1:
        yield from _assigned(_name(node.targets[0]), node.value)
    if isinstance(node, ast.AugAssign):
        yield from _updated(_name(node.target), node)
    for call in _calls(node):
        yield from _called(call)
    for inner in _expressions(node):
        if isinstance(inner, ast.BinOp) and isinstance(inner.op, ast.Div) and _number(inner.right) in (255, 255.0, 256):
            yield "inputs", "scaled"


def _assigned(name: str, value: ast.expr) -> Iterator[Told]:
    number = _number(value)
    if name.lower() in RATES and number is not None:
        yield "rate", "given", number
    if WEIGHTS.match(name) and (how := _drawn(value)):
        yield "weights", how
    if name.endswith("requires_grad") and isinstance(value, ast.Constant) and value.value is False:
        yield "gradient", "frozen"
    moved = isinstance(value, ast.BinOp) and isinstance(value.op, (ast.Add, ast.Sub)) and _name(value.left) == name
    if isinstance(value, ast.BinOp) and moved and WEIGHTS.match(name) and _has_gradient(value.right):
        yield "update", "adds" if isinstance(value.op, ast.Add) else "subtracts"


def _updated(name: str, node: ast.AugAssign) -> Iterator[Told]:
    if WEIGHTS.match(name) and isinstance(node.op, (ast.Add, ast.Sub)) and _has_gradient(node.value):
        adds = isinstance(node.op, ast.Add) != _is_negative(node.value)
        yield "update", "adds" if adds else "subtracts"


def _has_gradient(value: ast.expr) -> bool:
    names = {_name(inner) for inner in ast.walk(value)}
    return any(GRADIENT.search(name) for name in names if name)


def _is_negative(value: ast.expr) -> bool:
    return any(isinstance(inner, ast.UnaryOp) and isinstance(inner.op, ast.USub) for inner in ast.walk(value))


def _drawn(value: ast.expr) -> str:
    """How weights are drawn; nothing where it is as usual, or not seen."""
    factor, inner = 1.0, value
    shifted = False
    while isinstance(inner, ast.BinOp):
        if isinstance(inner.op, (ast.Sub, ast.Add)):
            shifted = True
            inner = inner.left if isinstance(inner.left, (ast.Call, ast.BinOp)) else inner.right
            continue
        left, right = _number(inner.left), _number(inner.right)
        other = right if right is not None else left
        if other is None or not isinstance(inner.op, (ast.Mult, ast.Div)):
            return ""  # by something that is computed
        factor = factor * other if isinstance(inner.op, ast.Mult) else factor / (other or 1.0)
        inner = inner.left if right is not None else inner.right
    if not isinstance(inner, ast.Call):
        return ""
    called, where = _name(inner.func), _path(inner.func)
    if called in ("zeros", "ones", "full", "zeros_like", "ones_like"):
        return "equal" if not shifted and not _is_vector(inner) else ""
    if not re.search(r"random|\brng\b", where) and called not in ("rand", "randn"):
        return ""
    if called in ("rand", "random", "random_sample", "uniform"):
        bounds = [_number(one) for one in inner.args[:2]] if called == "uniform" else [0.0, 1.0]
        if len(bounds) < 2:
            bounds = [0.0, 1.0]
        low, high = bounds
        if low == 0 and high is not None and factor * high > 0.1 and not shifted:
            return "positive"
        return "small" if low is not None and high is not None and factor * (high - low) < 2 * SMALL else ""
    if called in ("randn", "normal", "standard_normal"):
        spread = _number(inner.args[1]) if called == "normal" and len(inner.args) > 1 else 1.0
        if spread is None:
            return ""
        small = abs(factor * spread) < SMALL or abs(factor * spread) * math.sqrt(_widest(inner)) < FAINT
        return "small" if small else "wide" if abs(factor * spread) >= LARGE else ""
    return ""


def _widest(call: ast.Call) -> float:
    """The larger size of a matrix, where both are numbers; infinite where they are not."""
    shape = call.args[-1] if call.args and isinstance(call.args[-1], (ast.Tuple, ast.List)) else None
    sizes = [_number(one) for one in (shape.elts if isinstance(shape, (ast.Tuple, ast.List)) else call.args[-2:])]
    known = [one for one in sizes if one is not None]
    return max(known) if len(known) == len(sizes) == 2 else math.inf


def _is_vector(call: ast.Call) -> bool:
    """Whether it is a vector of biases: one size, or a size of 1."""
    shape = call.args[0] if call.args else None
    if isinstance(shape, (ast.Tuple, ast.List)):
        return len(shape.elts) < 2 or any(_number(one) == 1 for one in shape.elts)
    return not call.args or _name(call.func) in ("zeros", "ones")


def _called(call: ast.Call) -> Iterator[Told]:
    name = _name(call.func)
    words = {one.arg: one.value for one in call.keywords if one.arg}
    for word, value in words.items():
        number = _number(value)
        if word in RATES and number is not None:
            yield "rate", "given", number
        if word == "shuffle" and isinstance(value, ast.Constant) and name not in ("split",):
            yield "order", "shuffled" if value.value is True else "as it is"
        if word == "validation_split" and number:
            yield "order", "split the last rows", number
        if word in ("kernel_initializer", "init") and _text(value).lower() in ("zeros", "ones", "zero", "one"):
            yield "weights", "equal"
        if word == "loss" and isinstance(value, ast.Constant) and isinstance(value.value, str):
            yield "loss", value.value
    if re.search(r"(?:Loss|^cross_entropy|^binary_crossentropy|^mse_loss|^nll_loss)$", name) and name != "Loss":
        yield "loss", name
    if name in ("zeros_", "constant_", "ones_") and "weight" in "".join(_path(one) for one in call.args[:1]):
        yield "weights", "equal"
    if name == "uniform_" and [_number(one) for one in call.args[-2:]] == [0.0, 1.0]:
        yield "weights", "positive"
    if name in ("SGD", "Adam", "AdamW", "RMSprop", "Adagrad", "Adamax", "NAdam"):
        yield "optimizer", name
        handed = _path(call.args[0].func) if call.args and isinstance(call.args[0], ast.Call) else ""
        if handed.count(".") > 1 + handed.startswith("self.") and handed.endswith(".parameters"):
            yield "optimizer", "part"
    if name in ("ToTensor", "StandardScaler", "MinMaxScaler", "Normalize", "Rescaling"):
        yield "inputs", "scaled"
    if name == "Sequential":
        yield from _stack(call)
    if name == "Dense" and call.args and _number(call.args[0]) == 1 and _text(words.get("activation")) == "softmax":
        yield "output", "softmax of one unit"


def _stack(call: ast.Call) -> Iterator[Told]:
    """A network that is listed: whether anything bends between its layers, and what stands at its end."""
    listed = call.args[0].elts if call.args and isinstance(call.args[0], (ast.List, ast.Tuple)) else call.args
    layers = [one for one in listed if isinstance(one, ast.Call)]
    weighted = [one for one in layers if _name(one.func) in LAYERS]
    inner = layers[layers.index(weighted[0]) : layers.index(weighted[-1])] if weighted else []
    bends = [one for one in inner if _name(one.func) not in (*LAYERS, "Flatten", "Dropout")]
    bent = any(word.arg == "activation" for one in inner for word in one.keywords)
    if len(weighted) > 1 and not bends and not bent:
        yield "layers", "none bent"
    if layers and _name(layers[-1].func) in SQUASHED:
        yield "output", _name(layers[-1].func).lower()
    elif layers and _name(layers[-1].func) == "Dense":
        activation = next((_text(word.value) for word in layers[-1].keywords if word.arg == "activation"), "")
        if activation:
            yield "output", activation


def _of_all(read: Iterable[Statement]) -> Iterator[Settled]:
    """What only all statements together say: gradients that are never reset, a derivative that is never taken."""
    read = list(read)
    calls = [(_name(call.func), one) for one in read if not hasattr(one.node, "body") for call in _calls(one.node)]
    called = {name for name, _ in calls}
    if {"backward", "step"} <= called and not called & {"zero_grad", "zero_", "clear_grads"}:
        line = next(one for name, one in calls if name == "backward")
        yield Settled("gradient", "not reset", line.line, line.text)
    yield from _replaced(read)
    text = " ".join(one.text for one in read)
    squashed = re.search(r"1(?:\.0?)?\s*/\s*\(\s*1(?:\.0?)?\s*\+\s*(?:np\.|math\.)?exp|np\.tanh|expit", text)
    back = next((one for one in read if re.search(r"\.T\b|transpose", one.text) and BACK.search(one.text)
                 and re.search(r"dot|@|matmul", one.text)), None)  # fmt: skip
    derived = re.search(r"1(?:\.0?)?\s*-\s*\w|deriv|prime|\*\*\s*2|grad\(", text)
    if squashed and back is not None and not derived:
        yield Settled("gradient", "without a derivative", back.line, back.text)


def _replaced(read: Sequence[Statement]) -> Iterator[Settled]:
    """Optimizers whose module is replaced after they were handed its parameters."""
    held: list[tuple[str, Statement]] = []
    for one in read:
        made = [_path(target) for target in one.node.targets] if isinstance(one.node, ast.Assign) else []
        for path, line in held:
            if any(path == name or path.startswith(f"{name}.") or name.startswith(f"{path}.") for name in made):
                yield Settled("optimizer", "part", line.line, line.text)
        if isinstance(one.node, ast.Assign):
            paths = [_path(call.func) for call in _calls(one.node)]
            held += [(path.removesuffix(".parameters"), one) for path in paths if path.endswith(".parameters")]


def _calls(node: ast.stmt) -> Iterator[ast.Call]:
    return (inner for inner in _expressions(node) if isinstance(inner, ast.Call))


def _expressions(node: ast.stmt) -> Iterator[ast.AST]:
    """What stands in a statement itself, without the statements within it."""
    pending: list[ast.AST] = [node]
    while pending:
        one = pending.pop()
        yield one
        pending += [inner for inner in ast.iter_child_nodes(one) if not isinstance(inner, ast.stmt)]


def _name(node: ast.AST) -> str:
    """The last part of a name: `W1` of `self.W1`, of `W1[0]`."""
    if isinstance(node, ast.Subscript):
        return _name(node.value)
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _path(node: ast.AST) -> str:
    """All of it: `np.random.rand`."""
    if isinstance(node, ast.Attribute):
        return f"{_path(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def _number(node: ast.AST | None) -> float | None:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        value = _number(node.operand)
        return None if value is None else -value
    if isinstance(node, ast.Constant) and isinstance(node.value, (int, float)) and not isinstance(node.value, bool):
        return float(node.value)
    return None


def _text(node: ast.AST | None) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def is_whole(text: str) -> bool:
    """Whether the text holds a whole program that trains, rather than some lines of one.

    >>> is_whole("import torch\\nloss.backward()")
    False
    """
    read = statements(text)
    imports = any(isinstance(one.node, (ast.Import, ast.ImportFrom)) for one in read)
    called = {_name(call.func) for one in read if not hasattr(one.node, "body") for call in _calls(one.node)}
    trains = called & {"fit", "backward", "train_on_batch", "minimize"} or any(
        one.about == "update" for one in settings_in(text)
    )
    return imports and bool(trains) and len(read) >= WHOLE
