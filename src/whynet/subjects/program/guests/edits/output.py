"""Edits of what a network answers with and of its loss: one squashing too many, one too few, another loss."""

from __future__ import annotations

import re
from collections.abc import Iterator

import libcst as cst

from whynet.subjects.program.guests.edits.about import About
from whynet.subjects.program.guests.edits.source import Source, Splice, argument, called, last_name
from whynet.subjects.program.guests.edits.values import origins, quoted, text_of

FUNCTIONS = ("softmax", "log_softmax", "sigmoid", "expit", "relu", "tanh", "logsigmoid")
MODULES = ("Softmax", "LogSoftmax", "Sigmoid", "ReLU", "Tanh")
NAMES = ("softmax", "sigmoid", "log_softmax", "relu", "tanh")
UNFIT = ("relu", "linear", "tanh", "elu", "selu", "leaky_relu", "gelu", "swish", "softplus")
"""Activations of Keras that make no probabilities."""
AT_A_HALF = re.compile(r"[<>]=?\s*0?\.5\b|\bround\(")
"""Answers that are probabilities."""
WITH_ITS_OWN = {  # a loss that squashes by itself -> the one that is given probabilities
    "BCEWithLogitsLoss": "BCELoss",
    "binary_cross_entropy_with_logits": "binary_cross_entropy",
}
OF_SCORES = {  # a loss that is given probabilities, or their logarithms -> the one that squashes by itself
    "NLLLoss": "CrossEntropyLoss",
    "nll_loss": "cross_entropy",
    "BCELoss": "BCEWithLogitsLoss",
    "binary_cross_entropy": "binary_cross_entropy_with_logits",
}
KERAS_LOSSES = {
    "binary_crossentropy": "BinaryCrossentropy",
    "categorical_crossentropy": "CategoricalCrossentropy",
    "sparse_categorical_crossentropy": "SparseCategoricalCrossentropy",
}


def bare(source: Source, about: About) -> Iterator[str]:
    """The last squashing left out: a call, a layer, an `activation=`.

    >>> print(next(bare(Source("return F.softmax(self.last(x), dim=1)"), About("wrong-output-activation"))))
    return self.last(x)
    """
    if about.cause != "output-range-mismatch" and AT_A_HALF.search(source.text):
        yield from no_logits(source, about)  # its answers are taken for probabilities
    for one in _squashings(source, about):
        if about.cause == "output-range-mismatch" or not re.search(r"(?i)relu|tanh", source.code(one).split("(")[0]):
            yield source.but(*_left_out(source, one))


def _squashings(source: Source, about: About) -> list[cst.CSTNode]:
    """What may be the last squashing: near the line that is accused, then the last in the text."""
    found: list[cst.CSTNode] = []
    for one in source.all(cst.Call):
        named = called(one) in (*FUNCTIONS, *MODULES) or (called(one) == "Activation" and len(one.args) > 0)
        if named or (isinstance(one.func, cst.Attribute) and _is_squashing(source, one.func)):
            found.append(one)
    given = [one for one in source.all(cst.Arg) if one.keyword is not None and one.keyword.value == "activation"]
    found += [one for one in given if _names(source, one.value, about)]
    place = about.where if about.where is not None else about.lines.get("activation")
    near = [one for one in found if place is not None and source.covers(source.statement(one), place)]
    exact = [one for one in near if source.covers(one, place or 0)]
    rest = [one for one in reversed(found) if one not in near]
    return [*reversed(exact), *(one for one in reversed(near) if one not in exact), *rest]


def _is_squashing(source: Source, function: cst.Attribute) -> bool:
    """`self.softmax`, where that is a layer which squashes."""
    made = [
        one
        for one in source.all(cst.Assign)
        if last_name(one.targets[0].target) == function.attr.value and isinstance(one.value, cst.Call)
    ]
    return isinstance(function.value, cst.Name) and any(called(one.value) in MODULES for one in made)


def _names(source: Source, node: cst.CSTNode, about: About) -> bool:
    """Whether this is a squashing by its name, or a function of such a name."""
    names = NAMES if about.cause == "output-range-mismatch" else NAMES[:3]
    return last_name(node) in names or any(text_of(one) in names for one in origins(source, node))


def _left_out(source: Source, node: cst.CSTNode) -> list[Splice]:
    if isinstance(node, cst.Arg):
        return [source.without_item(node)]
    assert isinstance(node, cst.Call)
    if called(node) in (*MODULES, "Activation"):
        return _without_layer(source, node)
    if node.args and not (isinstance(node.func, cst.Attribute) and _of_tensor(source, node)):
        inner = source.code(node.args[0].value)
    else:
        inner = source.receiver(node)  # x.softmax(1)
    choice = source.parent(node)
    if isinstance(choice, cst.IfExp) and source.code(choice.orelse if node is choice.body else choice.body) == inner:
        return [source.put(choice, inner)]
    outer = source.parent(node)
    if isinstance(outer, cst.Assign) and source.code(outer.targets[0].target) == inner:
        return [source.without(source.condition(node) or node)]
    return [source.put(node, inner)]


def _of_tensor(source: Source, node: cst.Call) -> bool:
    """Whether the method is a tensor's: `x.softmax(1)`, and not `F.softmax(x)`."""
    owner = source.receiver(node)
    first = source.code(node.args[0].value) if node.args else ""
    return bool(re.fullmatch(r"-?\d+", first)) or (not node.args and owner not in ("torch", "F", "nn"))


def _without_layer(source: Source, node: cst.Call) -> list[Splice]:
    """A layer left out: of a list or of arguments, with the call that adds it, or something idle in its place."""
    whole = source.parent(node)
    adds = source.outer(node, cst.Call)
    if isinstance(whole, cst.Arg) and adds is not None and called(adds) in ("add", "append", "add_module"):
        return [source.without(adds)]
    if isinstance(whole, cst.Element) and isinstance(source.parent(whole), cst.Tuple):  # ("last", nn.Softmax())
        pair = source.parent(source.parent(whole) or whole)
        return [] if pair is None else [source.without_item(pair)]
    if isinstance(whole, (cst.Arg, cst.Element)):
        return [source.without_item(whole)]
    if isinstance(whole, cst.Call) and whole.func is node:  # layers.Softmax()(x)
        return [source.put(whole, source.code(whole.args[0].value))] if whole.args else []
    prefix = source.receiver(node)
    return [source.put(node, f"{prefix + '.' if prefix else ''}Identity()")]


def single_unit(source: Source, about: About) -> Iterator[str]:
    """A sigmoid in the place of a softmax over one number.

    >>> print(next(single_unit(Source('Dense(1, activation="softmax")'), About("softmax-single-unit"))))
    Dense(1, activation="sigmoid")
    """
    for one in _squashings(source, about):
        if isinstance(one, cst.Arg):
            for each in origins(source, one.value):
                if text_of(each) == "softmax":
                    yield source.but(source.put(each, quoted("sigmoid", source.code(each))))
        elif isinstance(one, cst.Call) and called(one) == "Activation":
            for each in origins(source, one.args[0].value):
                if text_of(each) == "softmax":
                    yield source.but(source.put(each, quoted("sigmoid", source.code(each))))
        elif isinstance(one, cst.Call) and called(one) in ("Softmax", "LogSoftmax"):
            prefix = source.receiver(one)
            yield source.but(source.put(one, f"{prefix + '.' if prefix else ''}Sigmoid()"))
        elif isinstance(one, cst.Call) and called(one) in ("softmax", "log_softmax"):
            inner = source.receiver(one) if _of_tensor(source, one) else source.code(one.args[0].value)
            yield source.but(source.put(one, f"torch.sigmoid({inner})"))


def no_logits(source: Source, about: About) -> Iterator[str]:
    """A loss of Keras that is given probabilities, and told so; of PyTorch, the one for probabilities.

    >>> print(next(no_logits(Source("BinaryCrossentropy(from_logits=True)"), About("wrong-output-activation"))))
    BinaryCrossentropy()
    """
    for one in source.all(cst.Arg):
        if one.keyword is not None and one.keyword.value == "from_logits":
            yield source.but(source.without_item(one))
    yield from _exchanged(source, about, WITH_ITS_OWN)


def of_scores(source: Source, about: About) -> Iterator[str]:
    """The loss that squashes by itself; in Keras the last layer squashes, or the loss is told.

    >>> print(next(of_scores(Source("loss = F.nll_loss(net(x), y)"), About("missing-output-activation"))))
    loss = F.cross_entropy(net(x), y)
    """
    if about.library == "Keras":
        yield from _keras_last(source, about)
        yield from _keras_loss(source)
        return
    if AT_A_HALF.search(source.text):
        yield from _squashed(source, "torch.sigmoid({})", "Sigmoid()")
    yield from _exchanged(source, about, OF_SCORES)
    for call in source.at(source.calls("nll_loss", "NLLLoss"), about.lines.get("loss")):
        if called(call) == "nll_loss" and call.args:
            first = call.args[0].value
            yield source.but(source.put(first, f"torch.log_softmax({source.code(first)}, dim=1)"))


def _squashed(source: Source, function: str, module: str) -> Iterator[str]:
    """Answers squashed by a function where `forward` returns them, or by a last layer."""
    for one in source.all(cst.FunctionDef):
        returns = source.inside(one, cst.Return) if one.name.value == "forward" else []
        if returns and returns[-1].value is not None:
            value = returns[-1].value
            yield source.but(source.put(value, function.format(source.code(value))))
    for call in source.calls("Sequential"):
        layers = [one.value for one in call.args if isinstance(one.value, cst.Call)]
        if layers and len(layers) == len(call.args):
            prefix = source.receiver(layers[-1])
            yield source.but(behind(source, layers[-1], f"{prefix + '.' if prefix else ''}{module}"))


def behind(source: Source, node: cst.CSTNode, new: str) -> Splice:
    """Another element behind one, in a line of its own where that has one.

    >>> source = Source("Sequential(Linear(3, 1))")
    >>> source.but(behind(source, source.calls("Linear")[0], "Sigmoid()"))
    'Sequential(Linear(3, 1), Sigmoid())'
    """
    start, end = source.span(node)
    begin = source.text.rfind("\n", 0, start) + 1
    blank = source.text[begin:start]
    return Splice(end, end, f",\n{blank}{new}" if not blank.strip() else f", {new}")


def _exchanged(source: Source, about: About, table: dict[str, str]) -> Iterator[str]:
    """Another loss by its name, where it is used and where it is imported."""
    found = [one for one in source.all(cst.Name) if one.value in table]
    for name in dict.fromkeys(one.value for one in source.at(found, about.lines.get("loss"))):
        yield source.but(*(source.put(one, table[name]) for one in found if one.value == name))


def _keras_loss(source: Source) -> Iterator[str]:
    """The same loss, of scores."""
    for call in source.calls("compile"):
        loss = argument(call, "loss", 1)
        for each in [] if loss is None else origins(source, loss.value):
            name = KERAS_LOSSES.get(text_of(each) or "")
            if name:
                yield with_keras(source, source.put(each, f"keras.losses.{name}(from_logits=True)"))
    for name in KERAS_LOSSES.values():
        for call in source.calls(name):
            if argument(call, "from_logits") is None:
                yield source.but(source.put(call, more(source, call, "from_logits=True")))


def _keras_last(source: Source, about: About) -> Iterator[str]:
    """The last layer of Keras, with the squashing that its loss asks for."""
    loss = source.text[source.text.find("compile(") :]
    names = ("sigmoid",) if re.search(r"binary_?cross", loss, re.IGNORECASE) else ("softmax", "sigmoid")
    layers = [one for one in source.calls("Dense") if argument(one, "activation", 1) is None]
    quote = "'" if source.text.count("'") > source.text.count('"') else '"'
    other = [one for one in source.calls("Dense") if about.where is not None and source.covers(one, about.where)]
    for given in (argument(one, "activation", 1) for one in other):
        if given is not None and text_of(given.value) in UNFIT:
            for name in names:
                yield source.but(source.put(given.value, quoted(name, source.code(given.value))))
    for one in source.at(list(reversed(layers)), about.where):
        for name in names:
            yield source.but(source.put(one, more(source, one, f"activation={quote}{name}{quote}")))


def with_keras(source: Source, *splices: Splice) -> str:
    """The text with those pieces exchanged, and `keras` imported, if it is not.

    >>> source = Source("from keras import layers\\nx = 1\\n")
    >>> print(with_keras(source, source.put(source.all(cst.Integer)[0], "keras.ops")), end="")
    import keras
    from keras import layers
    x = keras.ops
    """
    if re.search(r"^\s*import keras\s*$|^\s*from tensorflow import keras\b", source.text, re.MULTILINE):
        return source.but(*splices)
    line = next((one for one in source.all(cst.Import, cst.ImportFrom) if source.function(one) is source.module), None)
    tensorflow = "tensorflow" in source.text and not re.search(r"\bfrom keras\b", source.text)
    words = "from tensorflow import keras" if tensorflow else "import keras"
    return "" if line is None else source.but(source.before(_keras_import(source) or line, words), *splices)


def _keras_import(source: Source) -> cst.CSTNode | None:
    found = [one for one in source.all(cst.Import, cst.ImportFrom) if "keras" in source.code(one)]
    return found[0] if found else None


def more(source: Source, call: cst.Call, given: str) -> str:
    """A call with one argument more.

    >>> source = Source("nn.LSTM(1, 16)")
    >>> more(source, source.calls("LSTM")[0], "batch_first=True")
    'nn.LSTM(1, 16, batch_first=True)'
    """
    text = source.code(call)
    inner = text[:-1]
    if not call.args:
        return f"{inner}{given})"
    if "\n" in inner[inner.rfind(source.code(call.args[-1])) + len(source.code(call.args[-1])) :]:  # a line for each
        end = source.span(call.args[-1])[1] - source.span(call)[0]
        begin = text.rfind("\n", 0, end) + 1
        blank = re.match(r"[ \t]*", text[begin:])
        rest = re.sub(r"^[ \t]*,", "", inner[end:])
        return f"{text[:end]},\n{blank.group() if blank else ''}{given},{rest})"
    return f"{inner.rstrip().rstrip(',')}, {given})"
