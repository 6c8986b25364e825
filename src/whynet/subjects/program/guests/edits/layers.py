"""Edits of what is trained and how it begins: lists of layers, optimizers, frozen layers, initial weights."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

import libcst as cst

from whynet.subjects.program.guests.edits.about import About
from whynet.subjects.program.guests.edits.loop import model_of
from whynet.subjects.program.guests.edits.output import behind
from whynet.subjects.program.guests.edits.source import Source, Splice, argument, called
from whynet.subjects.program.guests.edits.values import text_of

KINDS = (
    "Linear",
    "Conv",
    "LSTM",
    "GRU",
    "RNN",
    "Embedding",
    "Sequential",
    "Norm",
    "Block",
    "Layer",
    "Cell",
    "Attention",
)
INITS = re.compile(r"(\.|\b)(zeros_|ones_|constant_|normal_|uniform_|fill_|mul_|zero_|copy_|trunc_normal_|eye_)$")


def listed(source: Source, about: About) -> Iterator[str]:
    """Layers in a list of PyTorch's own, which knows of their parameters.

    >>> text = "class Net(nn.Module):\\n    def __init__(self):\\n        self.parts = [nn.Linear(2, 2)]\\n"
    >>> print(next(listed(Source(text), About("layer-not-updated"))), end="")
    class Net(nn.Module):
        def __init__(self):
            self.parts = nn.ModuleList([nn.Linear(2, 2)])
    """
    for one in source.at(source.all(cst.Assign), about.where):
        target = one.targets[0].target
        if not isinstance(target, cst.Attribute) or not isinstance(target.value, cst.Name):
            continue
        home = source.outer(one, cst.ClassDef)
        if home is None or not home.bases:
            continue
        prefix = source.code(home.bases[0].value).rpartition(".")[0] or "torch.nn"
        name = source.code(target)
        if isinstance(one.value, (cst.List, cst.ListComp, cst.Tuple)) and _of_layers(source, one.value, name):
            yield source.but(source.put(one.value, f"{prefix}.ModuleList({_as_list(source, one.value)})"))
        elif isinstance(one.value, (cst.Dict, cst.DictComp)) and _of_layers(source, one.value, name):
            yield source.but(source.put(one.value, f"{prefix}.ModuleDict({source.code(one.value)})"))
        elif isinstance(one.value, cst.Name) and target.value.value == "self":
            made = source.code(one.value)
            if re.search(rf"\b{re.escape(made)}\.append\(|\b{re.escape(made)} = \[", source.code(home)):
                yield source.but(source.put(one.value, f"{prefix}.ModuleList({made})"))


def _as_list(source: Source, node: cst.CSTNode) -> str:
    text = source.code(node)
    if text in ("[]", "()"):
        return ""
    if isinstance(node, cst.ListComp):
        return text
    return text if text[0] in "[(" else f"[{text}]"


def _of_layers(source: Source, node: cst.CSTNode, name: str) -> bool:
    """Whether something holds layers, now or later."""
    code = source.code(node)
    if code in ("[]", "()", "{}"):
        return re.search(rf"{re.escape(name)}(\.append|\.extend|\[[^\]]+\] = |\s*\+=)", source.text) is not None
    return any(kind in code for kind in KINDS) or bool(source.inside(node, cst.Call))


def all_held(source: Source, about: About) -> Iterator[str]:
    """All parameters of the model that is trained handed to the optimizer.

    >>> text = "optimizer = optim.SGD(net.last.parameters(), lr=0.1)"
    >>> print(next(all_held(Source(text), About("layer-not-updated"))))
    optimizer = optim.SGD(net.parameters(), lr=0.1)
    """
    model = model_of(source, about)
    line = about.lines.get("optimizer")
    for call in source.at(source.calls("parameters"), line):
        maker = source.outer(call, cst.Call)
        if maker is None or "optim" not in source.code(source.statement(call)).lower():
            continue
        owner = source.receiver(call)
        for whole in dict.fromkeys((owner.split(".")[0], model)):
            if whole and whole not in (owner, "self"):
                first = argument(maker, "params", 0)
                yield source.but(source.put(call if first is None else first.value, f"{whole}.parameters()"))
    yield from _made_twice(source, line, model)


def _made_twice(source: Source, line: int | None, model: str) -> Iterator[str]:
    """A model that is made anew after its optimizer: the second time left out, or the optimizer made after it."""
    if line is None:
        return
    made = [one for one in source.all(cst.Assign) if source.code(one.targets[0].target) == model]
    optimizers = [one for one in source.all(cst.Assign) if source.covers(one, line)]
    later = [one for one in made if optimizers and source.line(one) > line]
    earlier = [source.code(one.value) for one in made if one not in later]
    for one in later:
        if source.function(one) is source.function(optimizers[0]):
            if source.code(one.value) in earlier:
                yield source.but(source.without(one))
            yield source.but(source.without(optimizers[0]), source.after(one, source.code(optimizers[0])))


def unfrozen(source: Source, about: About) -> Iterator[str]:
    """Nothing frozen: `requires_grad`, `trainable`.

    >>> print(next(unfrozen(Source("Dense(5, trainable=False)"), About("layer-not-updated"))))
    Dense(5)
    """
    found: list[list[Splice]] = []
    for one in source.at(source.all(cst.Assign), about.where):
        name = source.code(one.targets[0].target)
        if name.endswith((".requires_grad", ".trainable")) and source.code(one.value) == "False":
            loop = source.outer(one, cst.For)
            alone = loop is not None and len(loop.body.body) == 1
            found.append([source.without(loop if alone else one)])
    found += [[source.without(one)] for one in source.calls("requires_grad_") if "False" in source.code(one)]
    for arg in source.all(cst.Arg):
        name = arg.keyword.value if arg.keyword is not None else ""
        if name in ("trainable", "requires_grad") and source.code(arg.value) == "False":
            found.append([source.without_item(arg)])
    if len(found) > 1:
        yield source.but(*(splice for some in found for splice in some))
    for some in found:
        yield source.but(*some)


def drawn_anew(source: Source, about: About) -> Iterator[str]:
    """Initial weights as the library draws them.

    >>> print(next(drawn_anew(Source('Dense(5, kernel_initializer="zeros")'), About("symmetric-init"))))
    Dense(5)
    """
    own: list[list[Splice]] = []
    for call in source.at([one for one in source.all(cst.Call) if INITS.search(called(one))], about.where):
        target = source.code(call.func) + (source.code(call.args[0].value) if call.args else "")
        if isinstance(source.parent(call), cst.Expr) and re.search(r"init\.|weight|bias|\bp\b|param|\.data", target):
            own.append([source.without(call)])
    for arg in source.all(cst.Arg):
        name = arg.keyword.value if arg.keyword is not None else ""
        if name in ("kernel_initializer", "bias_initializer"):
            own.append([source.without_item(arg)])
    if len(own) > 1:
        yield source.but(*(splice for some in own for splice in some))
    for some in own:
        yield source.but(*some)
    for call in source.calls("apply"):  # model.apply(init_weights)
        if isinstance(source.parent(call), cst.Expr):
            yield source.but(source.without(call))


def activated(source: Source, about: About) -> Iterator[str]:
    """A rectifier between dense layers, where there is nothing.

    >>> print(next(activated(Source("Sequential(Linear(2, 9), Linear(9, 1))"), About("missing-activation"))))
    Sequential(Linear(2, 9), ReLU(), Linear(9, 1))
    """
    layers = ("Linear", "Conv2d", "Conv1d")
    for call in source.calls("Sequential"):
        parts = [one.value for one in call.args]
        gaps = [
            first
            for first, second in pairwise(parts)
            if isinstance(first, cst.Call) and isinstance(second, cst.Call)
            and called(first) in layers and called(second) in layers
        ]  # fmt: skip
        if gaps:
            prefix = source.receiver(gaps[0])
            unit = f"{prefix + '.' if prefix else ''}ReLU()"
            yield source.but(*(behind(source, one, unit) for one in gaps))
    dense = [one for one in source.calls("Dense") if argument(one, "activation", 1) is None]
    if about.library == "Keras" and len(source.calls("Dense")) > 1:
        hidden = [one for one in dense if one is not source.calls("Dense")[-1]]
        if hidden:
            yield source.but(*(Splice(*source.span(one), _with_relu(source, one)) for one in hidden))
    for arg in source.all(cst.Arg):
        if (
            arg.keyword is not None
            and arg.keyword.value == "activation"
            and text_of(arg.value) in ("linear", "identity")
        ):
            yield source.but(source.put(arg.value, source.code(arg.value).replace(text_of(arg.value) or "", "relu")))


def _with_relu(source: Source, call: cst.Call) -> str:
    quote = "'" if source.text.count("'") > source.text.count('"') else '"'
    return f"{source.code(call)[:-1].rstrip().rstrip(',')}, activation={quote}relu{quote})"
