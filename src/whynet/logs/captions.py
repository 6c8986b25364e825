"""Captions: what the line above some numbers says of them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from whynet.logs.figures import Figure
from whynet.logs.tables import line_above
from whynet.logs.words import HEADING, TRAIN, role_of, split_of, terms_of

LEGEND = re.compile(r"\b(?:columns?|fields|format|spalten)\b[^:\n]{0,20}:\s*([^:\n)]+)", re.I)
PROMPT = re.compile(r"\s*(?:>>>|In \[\d*\]:|julia>|>|octave\S*>)\s*\S")


def under_captions(lines: Sequence[str], figures: Sequence[Figure]) -> list[Figure]:
    """Numbers without a name take the words of the line above them, where it ends with `:` or is typed at a prompt;
    or those of a line that names their columns: `(columns: epoch, loss, accuracy)`.

    >>> under_captions(["Test accuracy:", "0.91"], [Figure(1, 0.91, "", "")])[0].role
    'accuracy'
    """
    legend = next((match[1].split(",") for line in lines if (match := LEGEND.search(line))), [])
    found = list(figures)
    for block in _bare_blocks(lines, figures):
        columns = list(dict.fromkeys(figures[index].column for index in block))
        above = line_above(lines, figures[block[0]].line)
        asked = PROMPT.match(above) or above.rstrip().endswith(":")
        above = above.partition("#")[0] or above
        above = re.sub(r"==", " accuracy ", above)  # `np.mean(predict(X_test) == y_test)`
        names = legend or (re.split(r"[;,]|\b(?:and|und)\b", re.split(r"[.!?]\s", above)[-1]) if asked else [])
        roles = [(role, name) for name in names if (role := role_of(terms_of(name))) in ("cost", "accuracy", "wrong")]
        if {role for role, _ in roles} == {"accuracy"} and asked and len(columns) == 1:
            roles = roles[:1]
        if not roles or len(roles) != len(columns):
            continue
        named = dict(zip(columns, roles, strict=True))
        for index in block:
            role, name = named[figures[index].column]
            percent = figures[index].percent or bool(re.search(r"per ?cent|%", name))
            found[index] = replace(figures[index], role=role, split=split_of(terms_of(name)), percent=percent,
                                   label=" ".join((*terms_of(name)[-4:], figures[index].column)))  # fmt: skip
    return found


def _bare_blocks(lines: Sequence[str], figures: Sequence[Figure]) -> Iterator[list[int]]:
    """Figures without a name that stand together, nothing but empty lines between them."""
    block: list[int] = []
    for index, figure in enumerate(figures):
        between = lines[figures[block[-1]].line + 1 : figure.line] if block else []
        if figure.role == "step":
            continue
        if block and (figure.role or figure.said or any(line.strip() for line in between)):
            yield block
            block = []
        if not figure.role and not figure.said:
            block.append(index)
    if block:
        yield block


def under_headings(lines: Sequence[str], figures: Sequence[Figure]) -> list[Figure]:
    """Figures on the line after `model.evaluate(X_test, y_test)` or `Validation:` are of held-out examples.

    >>> under_headings(["Validation:", "loss 0.3"], [Figure(1, 0.3, "cost", "loss")])[0].split
    'held-out'
    """
    taken = {figure.line for figure in figures}
    headed = set()
    for number, line in enumerate(lines[:-1]):
        if number not in taken and number + 1 in taken and not re.search(r"\d", line):
            terms = terms_of(line)
            if 0 < len(terms) <= 8 and "sanity" not in terms and HEADING & set(terms) and not TRAIN & set(terms):
                headed.add(number + 1)
    return [
        replace(one, split="held-out") if one.line in headed and not one.split and one.role != "step" else one
        for one in figures
    ]
