"""A program's text with a loop over batches in it, where each step sees all examples."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from whynet.subjects.program.edits.names import last
from whynet.subjects.program.edits.source import Source
from whynet.subjects.program.xray import Xray


def cut(source: Source, size: int, facts: Xray) -> str | None:
    """The text with its steps taken on so many examples at a time; None where it is not seen how.

    >>> from whynet.subjects.program.origins import Origins
    >>> from whynet.subjects.program.xray import Row
    >>> text = "for epoch in range(9):\\n    print(cost(X, y))\\n    dW = gradient(X, y)\\n    W -= rate * dW\\n"
    >>> step = Row("W", 4, "f.py", "step", "right")
    >>> facts = Xray("ended", loop_line=1, rows=[step], origins=Origins(whole=("X", "y")))
    >>> print(cut(Source(text), 10, facts))
    for epoch in range(9):
        print(cost(X, y))
        for start in range(0, len(X), 10):
            dW = gradient(X[start:start + 10], y[start:start + 10])
            W -= rate * dW
    <BLANKLINE>
    """
    loop = source.statement(facts.loop_line)
    names = [name for name in facts.origins.whole if re.fullmatch(r"\w+", name)]
    if not isinstance(loop, (source.cst.For, source.cst.While)) or not names:
        return None
    body = list(loop.body.body)
    steps = {row.line for row in facts.rows if row.meaning == "step"}
    within = [i for i, one in enumerate(body) if any(source.first(one) <= line <= source.last(one) for line in steps)]
    if not within:
        return None
    begin, end = _needed(source, body, within[0]), within[-1]
    if not any(_uses(source.code(one), name) for one in body[begin : end + 1] for name in names):
        return None
    indent = source.indent(body[begin])
    first, stop = source.first(body[begin]), source.last(body[end]) + 1
    start = _free(source, "start")
    part = f"[{start}:{start} + {size}]"
    lines = [f"{indent}for {start} in range(0, len({names[0]}), {size}):"]
    for line in source.lines[first - 1 : stop - 1]:
        for name in names:
            line = re.sub(rf"(?<![\w.]){name}(?!\w|\s*=(?!=))", f"{name}{part}", line)
        lines.append(f"    {line}" if line.strip() else line)
    return source.with_lines((first, stop, lines))


def _needed(source: Source, body: Sequence[Any], at: int) -> int:
    """The first statement whose value a step hangs on."""
    first, needed = at, source.code(body[at])
    for index in range(at - 1, -1, -1):
        own = source.target(body[index])
        if own and any(_uses(needed, last(part.strip())) for part in own.split(",")):
            first, needed = index, needed + source.code(body[index])
    return first


def _uses(text: str, name: str) -> bool:
    return bool(re.search(rf"(?<![\w.]){re.escape(name)}(?!\w)", text))


def _free(source: Source, name: str) -> str:
    """A name that the program does not have."""
    while re.search(rf"(?<!\w){name}(?!\w)", source.text):
        name += "_"
    return name
