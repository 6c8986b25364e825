"""Edits of shapes and codes: targets beside outputs, labels as the loss wants them, axes in their order."""

from __future__ import annotations

import re
from collections.abc import Iterator

import libcst as cst

from whynet.subjects.program.guests.edits.about import About
from whynet.subjects.program.guests.edits.output import more
from whynet.subjects.program.guests.edits.source import Source, argument, called
from whynet.subjects.program.guests.edits.values import origins, text_of

RECURRENT = ("LSTM", "GRU", "RNN", "MultiheadAttention", "TransformerEncoderLayer", "TransformerDecoderLayer")
AXES = {2: ((1, 0),), 3: ((0, 2, 1), (1, 0, 2)), 4: ((0, 3, 1, 2), (0, 2, 3, 1))}
RESHAPES = ("view", "reshape")
OF_A_ROW = re.compile(r"outputs \(\d+,\) against targets \(\d+, 1\)")
LOSS_WORDS = ("loss", "criterion", "cost", "entropy", "mse", "crit", "objective")
SPARSE = {"categorical_crossentropy": "sparse_categorical_crossentropy"} | {
    "CategoricalCrossentropy": "SparseCategoricalCrossentropy"
}


def losses(source: Source, about: About) -> list[cst.Call]:
    """The calls of a loss of outputs and targets, that of the training first.

    >>> source = Source("value = criterion(net(x), y)")
    >>> source.code(losses(source, About("loss-broadcast"))[0])
    'criterion(net(x), y)'
    """
    found = [
        one
        for one in source.all(cst.Call)
        if len([each for each in one.args if each.keyword is None]) >= 2
        and any(word in source.code(one.func).lower() for word in LOSS_WORDS)
    ]
    line = about.lines.get("loss")
    exact = [one for one in found if line is not None and source.covers(source.statement(one), line)]
    if line is not None and not exact:  # a loss by any other name
        calls = [one for one in source.all(cst.Call) if source.covers(one, line) and len(one.args) == 2]
        return [*calls, *source.at(found, line)]
    return exact or source.at(found, line)


def like_outputs(source: Source, about: About) -> Iterator[str]:
    """Targets of the shape of the outputs, or outputs of the shape of the targets.

    >>> print(next(like_outputs(Source("loss = mse_loss(net(x), y)"), About("loss-broadcast"))))
    loss = mse_loss(net(x), y.unsqueeze(1))
    """
    for call in losses(source, about)[:2]:
        outputs, targets = call.args[0].value, call.args[1].value
        own, other = source.code(outputs), source.code(targets)
        if OF_A_ROW.search(about.detail):
            yield source.but(source.put(targets, f"{_tight(source, targets)}.squeeze(-1)"))
        yield source.but(source.put(targets, f"{_tight(source, targets)}.unsqueeze(1)"))
        yield source.but(source.put(targets, f"{_tight(source, targets)}.unsqueeze(-1)"))
        if isinstance(outputs, cst.Name):
            yield source.but(source.put(targets, f"{_tight(source, targets)}.view_as({own})"))
        yield source.but(source.put(targets, f"{_tight(source, targets)}.squeeze(-1)"))
        yield source.but(source.put(outputs, f"{_tight(source, outputs)}.squeeze(-1)"))
        yield source.but(source.put(outputs, f"{_tight(source, outputs)}.squeeze()"))
        yield source.but(source.put(targets, own), source.put(outputs, other))  # exchanged
    line = about.lines.get("loss")
    for one in source.all(cst.BinaryOperation):
        if isinstance(one.operator, cst.Subtract) and (line is None or source.covers(one, line)):
            for part in (one.right, one.left):
                yield source.but(source.put(part, f"{_tight(source, part)}.unsqueeze(1)"))
                yield source.but(source.put(part, f"{_tight(source, part)}.squeeze(-1)"))
    for call in source.calls("fit"):
        given = argument(call, "y", 1)
        if given is not None:
            yield source.but(source.put(given.value, f"{_tight(source, given.value)}.reshape(-1, 1)"))


def _tight(source: Source, node: cst.CSTNode) -> str:
    """An expression that a method can be called of."""
    text = source.code(node)
    return (
        f"({text})" if isinstance(node, (cst.BinaryOperation, cst.UnaryOperation, cst.IfExp, cst.Comparison)) else text
    )


def encoded(source: Source, about: About) -> Iterator[str]:
    """Labels as the loss wants them: whole numbers from 0 on, or one number for each class.

    >>> print(next(encoded(Source("loss = criterion(net(x), y)"), About("label-encoding-mismatch"))))
    loss = criterion(net(x), y - 1)
    """
    for call in losses(source, about)[:2]:
        targets = call.args[1].value
        own = _tight(source, targets)
        yield source.but(source.put(targets, f"{source.code(targets)} - 1"))
        for code in (f"{own}.long()", f"{own}.argmax(dim=1)", f"{own}.float()", f"{own}.squeeze(1).long()"):
            yield source.but(source.put(targets, code))
    yield from _sparse(source)
    for call in source.calls("fit"):
        given = argument(call, "y", 1)
        if given is not None:
            yield source.but(source.put(given.value, f"{source.code(given.value)} - 1"))


def _sparse(source: Source) -> Iterator[str]:
    """Keras' cross-entropy for whole numbers in the place of the one for one-hot rows, and the other way round."""
    both = SPARSE | {new: old for old, new in SPARSE.items()}
    for call in source.calls("compile"):
        loss = argument(call, "loss", 1)
        for each in [] if loss is None else origins(source, loss.value):
            text = text_of(each) or ""
            if text in both:
                yield source.but(source.put(each, source.code(each).replace(text, both[text])))
    found = [one for one in source.all(cst.Name) if one.value in both]
    for name in dict.fromkeys(one.value for one in found):
        yield source.but(*(source.put(one, both[name]) for one in found if one.value == name))


def batch_first(source: Source, about: About) -> Iterator[str]:
    """Recurrent layers and attention that are told that the batch stands first.

    >>> print(next(batch_first(Source("nn.LSTM(8, 16)"), About("batch-mixed"))))
    nn.LSTM(8, 16, batch_first=True)
    """
    layers = [one for one in source.calls(*RECURRENT) if argument(one, "batch_first") is None]
    for some in [layers, *([one] for one in layers)] if len(layers) > 1 else [layers]:
        if some:
            yield source.but(*(source.put(one, more(source, one, "batch_first=True")) for one in some))
    for one in source.all(cst.Arg):
        if one.keyword is not None and one.keyword.value == "batch_first" and source.code(one.value) == "False":
            yield source.but(source.put(one.value, "True"))


def last_step(source: Source, about: About) -> Iterator[str]:
    """The last step of a sequence read, in the place of its first.

    >>> text = "def forward(self, x):\\n    out, _ = self.lstm(x)\\n    return self.fc(out[:, 0, :])"
    >>> print(next(last_step(Source(text), About("wrong-time-step"))))
    def forward(self, x):
        out, _ = self.lstm(x)
        return self.fc(out[:, -1, :])
    """
    forwards = [one for one in source.all(cst.FunctionDef) if one.name.value in ("forward", "call")]
    found = [each for one in forwards for each in source.inside(one, cst.SubscriptElement)]
    for one in source.at(found or source.all(cst.SubscriptElement), about.where):
        if isinstance(one.slice, cst.Index) and source.code(one.slice.value) == "0":
            yield source.but(source.put(one.slice.value, "-1"))


def permuted(source: Source, about: About) -> Iterator[str]:
    """Axes exchanged, where a reshape only lays the numbers out anew.

    >>> print(next(permuted(Source("x = x.view(-1, 3, 32, 32)"), About("image-axes-confused"))))
    x = x.permute(0, 3, 1, 2)
    """
    for call in source.at(source.calls(*RESHAPES), about.where):
        places = [source.code(one.value) for one in call.args]
        if len(places) not in AXES or "reshape" in source.receiver(call):
            continue
        owner = source.receiver(call)
        if owner in ("np", "numpy", "torch"):
            continue
        array = source.text.count("np.") > source.text.count("torch.")
        method = "transpose" if array else "permute"
        for way in AXES[len(places)]:
            yield source.but(source.put(call, f"{owner}.{method}({', '.join(map(str, way))})"))


def over_classes(source: Source, about: About) -> Iterator[str]:
    """A softmax over the classes of a row, and not over the batch.

    >>> print(next(over_classes(Source("softmax(x, dim=0)"), About("batch-mixed"))))
    softmax(x, dim=1)
    """
    for call in source.calls("softmax", "log_softmax", "Softmax", "LogSoftmax"):
        for one in call.args:
            named = one.keyword is not None and one.keyword.value in ("dim", "axis")
            if source.code(one.value) == "0" and (named or one is call.args[-1]):
                yield source.but(source.put(one.value, "1"))
                yield source.but(source.put(one.value, "-1"))


def meaned(source: Source, about: About) -> Iterator[str]:
    """The mean over a batch in the place of the sum.

    >>> print(next(meaned(Source('MSELoss(reduction="sum")'), About("gradient-not-averaged"))))
    MSELoss()
    """
    for one in source.all(cst.Arg):
        if one.keyword is not None and one.keyword.value == "reduction" and text_of(one.value) == "sum":
            yield source.but(source.without_item(one))
    line = about.lines.get("loss")
    for call in source.at(source.calls("sum"), line):
        if line is not None and source.covers(source.statement(call), line) and called(call) == "sum":
            yield source.but(source.put(call, f"{source.receiver(call)}.mean()"))
