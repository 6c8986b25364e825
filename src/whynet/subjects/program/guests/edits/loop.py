"""Edits of a loop of PyTorch: gradients cleared, the order of a step, the mode, what cuts the gradient."""

from __future__ import annotations

import re
from collections.abc import Iterator

import libcst as cst

from whynet.subjects.program.guests.edits.about import About
from whynet.subjects.program.guests.edits.source import Source, Splice, called

LOOPS = (cst.For, cst.While)
CLIPS = ("clip_grad_norm_", "clip_grad_value_")
KEEPS_NO_GRADIENT = ("detach", "clone_detached", "item", "numpy", "tolist")
MADE_ANEW = ("tensor", "FloatTensor", "as_tensor", "from_numpy")
WITHOUT_SLOPE = ("round", "sign", "floor", "ceil", "trunc")


def optimizer_of(source: Source, about: About) -> str:
    """What the program calls its optimizer; empty where it does not say.

    >>> optimizer_of(Source("scaler.step(opt)"), About("gradient-buffer-not-reset"))
    'opt'
    """
    for step in source.at(source.calls("step"), about.lines.get("step")):
        name = source.receiver(step)
        made = [source.code(one) for one in source.all(cst.Assign) if source.code(one.targets[0].target) == name]
        if any(re.search(r"(?i)sched|[a-z]LR\(", one) for one in (name, *made)):
            continue
        return source.code(step.args[0].value) if "scaler" in name and step.args else name
    for made in source.at(source.all(cst.Assign), about.lines.get("optimizer")):
        if "optim" in source.code(made):
            return source.code(made.targets[0].target)
    return ""


def model_of(source: Source, about: About) -> str:
    """What the program calls its model where it trains it; empty where it does not say.

    >>> model_of(Source("opt = Adam(net.parameters())\\nloss = f(net(x), y)"), About("gradient-cut"))
    'net'
    """
    asked = [source.receiver(one) for one in source.calls("parameters", "train", "eval", "zero_grad")]
    line = about.lines.get("forward")
    names = [
        source.code(one.func)
        for one in source.at(source.all(cst.Call), line)
        if line is None or source.covers(source.statement(one), line)
    ]
    return next((one for one in names if one in asked), next((one for one in asked if one), ""))


def clear(source: Source, about: About) -> Iterator[str]:
    """Gradients cleared before the next are added.

    >>> print(next(clear(Source("loss.backward()\\nopt.step()\\n"), About("gradient-buffer-not-reset"))), end="")
    opt.zero_grad()
    loss.backward()
    opt.step()
    """
    name = optimizer_of(source, about)
    backward = source.at(source.calls("backward"), about.lines.get("backward"))[:1]
    if not backward or not name:
        return
    commented = re.compile(rf"^([ \t]*)#[ \t]*((?:{re.escape(name)}|[\w.]+)\.zero_grad\(.*\))[ \t]*$", re.MULTILINE)
    whole, _ = source.span(source.function(backward[0]))
    for one in commented.finditer(source.text, whole):
        yield source.but(Splice(one.start(), one.end(), one.group(1) + one.group(2)))
    own = [one for one in source.calls("zero_grad") if _alone(source, one)]
    yield from _unconditional(source, own)
    step = source.at(source.calls("step"), about.lines.get("step"))[:1]
    loop = source.outer(backward[0], *LOOPS)
    here = source.function(backward[0])
    outside = [one for one in own if source.function(one) is here and source.outer(one, *LOOPS) is not loop]
    away = [source.without(one) for one in outside]
    if step and source.function(step[0]) is not here:
        yield source.but(source.after(step[0], f"{name}.zero_grad()"), *away)
    yield source.but(source.before(backward[0], f"{name}.zero_grad()"), *away)
    yield source.but(source.before(backward[0], f"{name}.zero_grad()"))


def _unconditional(source: Source, calls: list[cst.Call]) -> Iterator[str]:
    """What is done under a condition, done always."""
    for one in calls:
        around = source.condition(one)
        if around is not None:
            yield source.but(source.put(around, source.code(one)))


def _alone(source: Source, call: cst.Call) -> bool:
    """Whether a call is a statement of its own."""
    return isinstance(source.parent(call), cst.Expr)


def order(source: Source, about: About) -> Iterator[str]:
    """Cleared, followed back, cut to size, stepped: in this order.

    >>> text = "loss.backward()\\nopt.zero_grad()\\nopt.step()\\n"
    >>> print(next(order(Source(text), About("update-order-wrong"))), end="")
    opt.zero_grad()
    loss.backward()
    opt.step()
    """
    name = optimizer_of(source, about)
    for backward in source.at(source.calls("backward"), about.lines.get("backward"))[:1]:
        function = source.function(backward)
        steps = [one for one in source.calls("step", within=function) if source.receiver(one) == name]
        steps = [one for one in steps if _alone(source, one)][:1]
        clears = [one for one in source.calls("zero_grad", within=function) if _alone(source, one)][:1]
        clips = [one for one in source.calls(*CLIPS, within=function) if _alone(source, one)][:1]
        moved = [source.without(one) for one in (*steps, *clears, *clips)]
        first = source.code(clears[0]) if clears else f"{name}.zero_grad()"
        then = [source.code(one) for one in clips] + [source.code(one) for one in steps or ()]
        last = source.after(backward, then[0]) if len(then) == 1 else None
        if steps and clears and _between(source, backward, clears[0], steps[0]):
            yield source.but(source.without(clears[0]), source.before(backward, first))
        if steps and source.line(steps[0]) < source.line(backward) and last is not None:
            yield source.but(source.without(steps[0]), source.after(backward, source.code(steps[0])))
            yield source.but(*moved, source.before(backward, first), last)
        if clips and steps and source.line(clips[0]) > source.line(steps[0]):
            yield source.but(source.without(clips[0]), source.before(steps[0], source.code(clips[0])))
        if name and not any(source.receiver(one) == name for one in source.calls("step")):  # a schedule's may be there
            yield source.but(source.after(backward, f"{name}.step()"))


def _between(source: Source, first: cst.Call, middle: cst.Call, last: cst.Call) -> bool:
    return source.line(first) <= source.line(middle) <= source.line(last)


def train_mode(source: Source, about: About) -> Iterator[str]:
    """The model put back into training mode: at every epoch, or at every step; or `eval()` taken away.

    >>> text = "for x in batches:\\n    net(x).backward()\\n    net.eval()\\n"
    >>> print(next(train_mode(Source(text), About("mode-wrong-in-training"))), end="")
    for x in batches:
        net.train()
        net(x).backward()
        net.eval()
    """
    name = model_of(source, about)
    spot = source.at(source.calls("backward", "zero_grad"), about.lines.get("backward"))[:1]
    evals = source.at([one for one in source.calls("eval") if _alone(source, one)], about.lines.get("eval"))
    yield from _unconditional(source, [one for one in source.calls("train") if source.receiver(one) == name])
    if name and spot:
        inner = source.outer(spot[0], *LOOPS)
        if inner is not None:
            if source.outer(inner, *LOOPS) is not None:
                yield source.but(source.before(inner, f"{name}.train()"))
            yield source.but(source.before(_first(inner), f"{name}.train()"))
        else:
            first = source.outer(spot[0], cst.FunctionDef)
            if first is not None:
                yield source.but(source.before(_first(first), f"{name}.train()"))
    for one in evals[:2]:
        yield source.but(source.without(one))
    for one in source.calls("train"):
        if one.args and source.code(one.args[0].value) == "False":
            yield source.but(source.put(one.args[0], "True"))


def _first(block: cst.CSTNode) -> cst.CSTNode:
    """The first statement of a loop or a function, after what documents it."""
    body = list(block.body.body)  # type: ignore[attr-defined]
    documented = isinstance(body[0], cst.SimpleStatementLine) and isinstance(body[0].body[0], cst.Expr)
    if isinstance(block, cst.FunctionDef) and documented and isinstance(body[0].body[0].value, cst.SimpleString):
        body = body[1:] or body
    first = body[0]
    return first.body[0] if isinstance(first, cst.SimpleStatementLine) else first


def eval_mode(source: Source, about: About) -> Iterator[str]:
    """The model put into evaluation mode where no gradients are wanted; dropout that knows of the mode.

    >>> text = "with torch.no_grad():\\n    net(x)\\nnet.train()\\n"
    >>> print(next(eval_mode(Source(text), About("mode-wrong-in-evaluation"))), end="")
    net.eval()
    with torch.no_grad():
        net(x)
    net.train()
    """
    for one in source.calls("dropout", "dropout2d"):
        if not any(each.keyword and each.keyword.value == "training" for each in one.args):
            yield source.but(source.put(one, f"{source.code(one)[:-1].rstrip().rstrip(',')}, training=self.training)"))
    name = model_of(source, about)
    for one in source.all(cst.With):
        if "no_grad" in source.code(one.items[0].item) and name:
            back = [] if source.calls("train") else [source.after(one, f"{name}.train()")]
            yield source.but(source.before(one, f"{name}.eval()"), *back)


def uncut(source: Source, about: About) -> Iterator[str]:
    """What cuts the gradient taken away: `detach()`, `.data`, `no_grad`, roundings, tensors made anew.

    >>> print(next(uncut(Source("loss = f(a(x).detach())\\nloss.backward()\\n"), About("gradient-cut"))), end="")
    loss = f(a(x))
    loss.backward()
    """
    forwards = [one for one in source.all(cst.FunctionDef) if one.name.value == "forward"]
    gradients = source.at(source.calls("backward"), about.lines.get("backward"))[:1]
    line = source.line(gradients[0]) if gradients else None
    homes = [*forwards, *(source.function(one) for one in gradients)]
    spots = dict.fromkeys(one for home in homes for one in source.inside(home, cst.Call, cst.Attribute))
    spots = dict.fromkeys(one for one in spots if line is None or not _only_told(source, one, line))
    detached = [one for one in spots if _takes_away(source, one)]
    texts = [source.but(_without_cut(source, one)) for one in source.at(detached, about.where)]
    if len(detached) > 1:
        texts.append(source.but(*(_without_cut(source, one) for one in detached)))
    for one in source.all(cst.With):
        lines = [about.lines[name] for name in ("forward", "loss") if name in about.lines]
        covers = any(source.covers(one, each) for each in lines) or source.function(one) in forwards
        if covers and re.search(r"no_grad|inference_mode", source.code(one.items[0].item)):
            texts.append(source.but(*_dedented(source, one)))
    for one in source.all(cst.Decorator):
        if re.search(r"no_grad|inference_mode", source.code(one)):
            start, end = source.span(one)
            begin = source.text.rfind("\n", 0, start) + 1
            texts.append(source.but(Splice(begin, end + 1, "")))
    yield from texts


def _only_told(source: Source, node: cst.CSTNode, line: int) -> bool:
    """Whether a part comes after the gradients, in the same function: what is printed, or added up."""
    home = source.function(node)
    after = source.line(node) > line and source.covers(home, line)
    return after or isinstance(source.outer(node, cst.AugAssign), cst.AugAssign)


def _takes_away(source: Source, node: cst.CSTNode) -> bool:
    if isinstance(node, cst.Call):
        own = isinstance(node.func, cst.Attribute)
        if own and called(node) in (*KEEPS_NO_GRADIENT, *WITHOUT_SLOPE) and not node.args:
            return True
        if called(node) in WITHOUT_SLOPE and source.receiver(node) == "torch" and node.args:
            return True
        if _compared(node) is not None:
            return True
        return called(node) in MADE_ANEW and len(node.args) > 0
    return isinstance(node, cst.Attribute) and node.attr.value == "data"


def _compared(node: cst.Call) -> cst.Comparison | None:
    """`x > 0.5` of `(x > 0.5).float()`."""
    inner = node.func.value if isinstance(node.func, cst.Attribute) else None
    return inner if isinstance(inner, cst.Comparison) and called(node) in ("float", "int", "long", "to") else None


def _without_cut(source: Source, node: cst.CSTNode) -> Splice:
    if isinstance(node, cst.Call):
        compared = _compared(node)
        if compared is not None:
            return source.put(node, source.code(compared.left))
        if called(node) in MADE_ANEW or (called(node) in WITHOUT_SLOPE and node.args):
            return source.put(node, source.code(node.args[0].value))
        return source.put(node, source.receiver(node))
    assert isinstance(node, cst.Attribute)
    return source.put(node, source.code(node.value))


def _dedented(source: Source, block: cst.With) -> list[Splice]:
    """A `with` taken away, and its body set back."""
    start, end = source.span(block)
    begin = source.text.rfind("\n", 0, start) + 1
    blank = source.text[begin:start]
    inner = source.text[begin:end].partition("\n")[2]
    first = re.match(r"[ \t]*", inner)
    deep = first.group() if first else ""
    body = re.sub(rf"^{re.escape(deep)}", blank, inner, flags=re.MULTILINE)
    return [Splice(begin, end, body)]


def unclipped(source: Source, about: About) -> Iterator[str]:
    """No clipping of gradients, or one at 1.

    >>> print(next(unclipped(Source("clip_grad_norm_(w, 1e-6)"), About("clipping-too-strong"))))
    clip_grad_norm_(w, 1.0)
    """
    for one in source.calls(*CLIPS):
        if len(one.args) > 1 and _alone(source, one):
            yield source.but(source.put(one.args[1].value, "1.0"))
            yield source.but(source.without(one))


def unscheduled(source: Source, about: About) -> Iterator[str]:
    """The schedule steps once an epoch, or never.

    >>> text = "for n in range(9):\\n    for x in batches:\\n        scheduler.step()\\n"
    >>> print(next(unscheduled(Source(text), About("schedule-exhausted"))), end="")
    for n in range(9):
        for x in batches:
            pass
        scheduler.step()
    """
    for one in source.calls("step"):
        if "sched" in source.receiver(one).lower() and _alone(source, one):
            inner = source.outer(one, *LOOPS)
            if inner is not None and source.outer(inner, *LOOPS) is not None:
                yield source.but(source.without(one), source.after(inner, source.code(one)))
            yield source.but(source.without(one))


def detached_state(source: Source, about: About) -> Iterator[str]:
    """A hidden state that is carried on without its gradient.

    >>> text = "for x in batches:\\n    y, h = rnn(x, h)\\n"
    >>> print(next(detached_state(Source(text), About("state-carried-over"))), end="")
    for x in batches:
        h = h.detach()
        y, h = rnn(x, h)
    """
    for one in source.at(source.all(cst.Assign), about.lines.get("forward")):
        target = one.targets[0].target
        if isinstance(one.value, cst.Call) and isinstance(target, cst.Tuple) and len(target.elements) == 2:
            state = source.code(target.elements[1].value)
            if state.startswith("_") or source.outer(one, *LOOPS) is None:
                continue
            yield source.but(source.before(one, f"{state} = {state}.detach()"))
            yield source.but(source.before(one, f"{state} = tuple(one.detach() for one in {state})"))
            yield source.but(source.before(one, f"{state} = None"))
