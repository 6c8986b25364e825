"""What else a program could have meant: the values that it has where a line stands, the likeliest first."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from whynet.subjects.program.edits.source import Source


def pool(source: Source, statement: Any) -> list[str]:
    """The values that are named in a statement's function, or that its object keeps, the nearest first.

    >>> source = Source("def f(x, W):\\n    z = x @ W\\n    a = tanh(z)\\n    return a")
    >>> pool(source, source.statement(4))
    ['a', 'z', 'W', 'x']
    """
    function = source.function(statement)
    here = source.first(statement)
    found: dict[str, tuple[int, int]] = {}
    nodes = source.walk(function)
    outside = (source.cst.FunctionDef, source.cst.ClassDef)
    skipped: set[int] = set()
    if function is source.module:
        for node in source.module.body:
            if isinstance(node, outside):
                skipped.update(id(inner) for inner in source.walk(node))
    for node in nodes:
        if id(node) in skipped or not source.is_value(node):
            continue
        text = source.code(node).strip("()")
        line = source.first(node)
        far = abs(here - line) + (1000 if line > here else 0)
        if text not in found or far < found[text][0]:
            found[text] = (far, -len(found))
    for name in sorted(source.assigned(function)):
        if function is not source.module and name not in ("self", "cls"):
            found.setdefault(name, (500, -len(found)))
    for name in source.attributes(statement):
        found.setdefault(f"self.{name}", (800, -len(found)))
    hidden = source.functions | source.counted(function, statement) | {"_"}
    names = [text for text in found if not hidden & set(re.findall(r"(?<![\w.'\"])[A-Za-z_]\w*(?![\w('\"])", text))]
    return sorted(names, key=lambda text: found[text])


def last(text: str) -> str:
    """The part of a value's name that says most.

    >>> last("self.layers[0].w"), last("cache['Z1']"), last("zs[-l]"), last("x")
    ('w', 'Z1', 'zs', 'x')
    """
    key = re.search(r"\[['\"](\w+)['\"](?: ?\+[^\[\]]*)?\]$", text)
    bare = key.group(1) if key else re.sub(r"\[.*", "", text.rpartition(".")[2] if "." in text else text)
    return bare or text


def like(text: str, names: list[str]) -> list[str]:
    """The names that are called as something is, before the rest.

    >>> like("self.a", ["z", "a", "cache['a']"])
    ['a', "cache['a']", 'z']
    """
    own = last(text)

    def unlike(name: str) -> int:
        other = last(name)
        return (
            0 if other == own else 1 if min(len(own), len(other)) and (other + "s" == own or own + "s" == other) else 2
        )

    return sorted(names, key=unlike) if text else list(names)


def indices(source: Source, statement: Any) -> list[str]:
    """What a statement and its loops count with, and what stands in its square brackets.

    >>> source = Source("for i in range(3):\\n    w[i] = x[0]")
    >>> indices(source, source.statement(2))
    ['i', '0']
    """
    found: dict[str, None] = {}
    for node in source.walk(statement):
        if isinstance(node, source.cst.Subscript):
            found[", ".join(source.code(one.slice).strip() for one in node.slice)] = None
    for loop in source.loops(statement):
        if isinstance(loop, source.cst.For) and isinstance(loop.target, source.cst.Name):
            found[loop.target.value] = None
    for node in source.walk(statement):
        if isinstance(node, source.cst.CompFor) and isinstance(node.target, source.cst.Name):
            found[node.target.value] = None
    return list(found)


def others(source: Source, statement: Any, text: str, names: list[str]) -> Iterator[str]:
    """What may belong where a value stands: of its own kind first.

    >>> source = Source("def f(zs, acts, l):\\n    d = acts[-l]\\n    return d")
    >>> list(others(source, source.statement(2), "acts[-l]", ["acts", "zs", "l"]))[:2]
    ['zs[-l]', 'zs[-l + 1]']
    """
    base, index = _split(text)
    used = indices(source, statement)
    inside = {source.code(node) for node in source.expressions(statement)}
    counters = set(re.findall(r"\w+", " ".join(used)))
    fresh = [name for name in names if name not in inside] + [name for name in names if name in inside]
    bases = [name for name in fresh if not _split(name)[1] and name not in counters and name != base]
    around = " ".join(source.code(node) for node in source.walk(statement) if isinstance(node, source.cst.CompFor))
    around += " ".join(source.lines[source.first(loop) - 1] for loop in source.loops(statement))
    counts = re.findall(rf"for {re.escape(index)} in range\(len\((\w+)\)", around) if index else []
    bases.sort(key=lambda name: name not in counts)
    listed = [
        name for name in bases if re.search(rf"(?<!\w){re.escape(name)}(\[|\.append|\.insert| = \[)", source.text)
    ]
    if index:
        for other in [*(one for one in used if re.fullmatch(r"[a-z]\w*", one)), *_shifted(index)][:2]:
            if other != index and (index[-1].isdigit() or other.isidentifier()):
                yield f"{base}[{other}]"
        for name in listed:
            yield f"{name}[{index}]"
            yield from (f"{name}[{other}]" for other in _shifted(index)[:1])
        for name in bases:
            yield f"{name}[{index}]"
        for name in fresh:
            own, other = _split(name)
            if own != base and other and other != index:
                yield f"{own}[{index}]"
        for name in bases:
            yield from (f"{name}[{other}]" for other in _shifted(index))
        yield from (f"{base}[{other}]" for other in [*used, *_shifted(index)] if other != index)
    yield from (name for name in fresh if name != text)
    for name in fresh:
        if not index and "[" not in name:
            for other in used:
                if other not in (name, text) and re.fullmatch(r"\w+", other):
                    yield f"{name}[{other}]"
    yield f"{text} ** 2"
    yield f"{text} ** 3"


def _split(text: str) -> tuple[str, str]:
    """A subscript's list, and its last index."""
    if not text.endswith("]"):
        return text, ""
    depth = 0
    for at in range(len(text) - 1, -1, -1):
        depth += (text[at] == "]") - (text[at] == "[")
        if depth == 0:
            return text[:at], text[at + 1 : -1]
    return text, ""


def _shifted(index: str) -> list[str]:
    """Indices beside one."""
    if index in ("0", "1"):
        return ["1" if index == "0" else "0"]
    less = re.fullmatch(r"(.+?) ?([-+]) ?1", index)
    if less:
        return [less.group(1), f"{less.group(1)} {'-' if less.group(2) == '+' else '+'} 1"]
    return [f"{index} + 1", f"{index} - 1"] if re.fullmatch(r"-?\w+", index) and not index[-1].isdigit() else []
