"""Tables: cells under a head of names, in lists, under tags; and what the line above says of numbers without a name."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from whynet.logs.columns import Cell
from whynet.logs.roles import MEASURED, base_of, is_measured, kinds, means, split_of
from whynet.logs.tokens import VALUE, Token, terms_of, tokens_of, value_of

ITEMS = re.compile(r"\[([^\[\]]*)\]")
NAMED = re.compile(r"([\w ./%-]{0,60}[\w%])[\"']?(?:\[[-:\d]*\])?\s*(?::|=|->)\s*$")  # what stands before a list
FIGURES = re.compile(r".*\s\d[\d.]*(?:e[-+]?\d+)?\s+", re.I)  # before a list's name
ITEM = re.compile(rf"(?:{VALUE}|None|null)%?", re.I)
RULE = re.compile(r"[\s\-=+:|.─━┄┼╇╪┃│┏┓┗┛┡┩┳┻└┘├┤┬┴┌┐═╬╔╗╚╝╠╣╦╩║╎]*|\s*(?:<[a-z]+>\s*)+")
BARS = "|│┃║"
LEGEND = re.compile(r"\b(?:columns?|cols|fields|format|spalten)\b(?:[^:=,\n]{0,20}[:=]| are\b)\s*([^:;\n).]+)", re.I)
BRACKETS = re.compile(r"\(([^()]*)\)\W*$")
INPUTS = re.compile(r"(?:(?:^|\s+)[01]{2}){4}\s*$")  # of XOR, over what is answered to each
PROMPT = re.compile(r"\s*(?:>>>|In \[\d*\]:|julia>|>|octave\S*>)\s*\S")
TAGS = ("tag", "metric", "name", "key", "variable")
OF_SO_MANY = re.compile(r"(?:/|\b(?:of|von|su|sur|de|di|out of|from|em))\s*(?:(\d\d+)|\d)\b|\([^()]*\d[^()]*\)")


def line_above(lines: Sequence[str], number: int) -> str:
    """The nearest line above that is not empty.

    >>> line_above(["Costs:", "", "0.5"], 2)
    'Costs:'
    """
    return next((lines[index] for index in range(number - 1, -1, -1) if lines[index].strip()), "")


def number_in(cell: str) -> Token | None:
    """The first number in a cell.

    >>> number_in("about 0.5 (3.2s)").value
    0.5
    """
    return next((one for one in tokens_of(cell) if one.kind == "number"), None)


def lists_in(lines: list[str]) -> Iterator[Cell]:
    """`'val_loss': [2.3, 0.4, ...]`, over several lines if need be; they are taken out of the lines.

    >>> [one.value for one in lists_in(["loss: [0.7, 0.5,", "0.4]"])]
    [0.7, 0.5, 0.4]
    """
    text = "\n".join(lines)
    taken = text
    for order, match in enumerate(ITEMS.finditer(text)):
        items = [item for item in re.split(r"[,\s]+", match[1]) if item]
        if len(items) < 2 or not all(ITEM.fullmatch(item) for item in items):
            continue
        line = text.count("\n", 0, match.start())
        before = text[text.rfind("\n", 0, match.start()) + 1 : match.start()]
        named = NAMED.search(before[-100:])
        if not named and before.strip():
            continue
        name = FIGURES.sub("", named[1]) if named else ""  # `epoch 3 cost 0.5 y = [...]` is a list of y
        terms = terms_of(name)[-4:]
        told = means(terms_of(line_above(lines, line))) in ("accuracy", "wrong") or any("." in item for item in items)
        if not name and (len(items) < 4 or not told):
            continue
        start = match.start() - (len(before[-100:]) - named.start(1) - len(named[1]) + len(name) if named else 0)
        taken = taken[:start] + re.sub(r"[^\n]", " ", text[start : match.end()]) + taken[match.end() :]
        if name and means(terms) not in MEASURED:
            if len(items) == 2 and split_of(terms) == split_of(terms[-1:]) != "" and "." in match[1]:
                for place, what in enumerate(("loss", "accuracy")):  # `'val': [2.30, 0.11]`
                    yield Cell(line, 1000 * order + place, value_of(items[place]), (terms[-1], what),
                               split=split_of(terms), column=f"pair {place}")  # fmt: skip
            continue
        for place, item in enumerate(items):
            value = math.nan if item.lower() in ("none", "null") else value_of(item.rstrip("%"))
            yield Cell(line, 1000 * order + place, value, tuple(terms), split=split_of(terms),
                       percent=item.endswith("%") or "%" in name, column=f"list {order}")  # fmt: skip
    lines[:] = taken.split("\n")


def tables_in(lines: list[str]) -> list[Cell]:
    """Columns under a line of names, and rows of a tag and its value; they are taken out of the lines.

    >>> [(one.name, one.value) for one in tables_in(["epoch,loss", "1,0.5"])]
    [(('epoch',), 1.0), (('loss',), 0.5)]
    """
    cells: list[Cell] = []
    number = 0
    while number < len(lines):
        found = _tagged(lines, number) or _table(lines, number)
        if found is None:
            number += 1
            continue
        rows, last = found
        cells += rows
        lines[number:last] = [""] * (last - number)
        number = last
    return cells


def _tagged(lines: Sequence[str], start: int) -> tuple[list[Cell], int] | None:
    """Rows under `tag,step,value`, or under a title and `step,value`."""
    names = [name.strip().lower() for name in lines[start].partition("#")[0].split(",")]
    tag = next((index for index, name in enumerate(names) if name in TAGS), None)
    if "value" not in names:
        return None
    title = terms_of(lines[start].partition("#")[2] or line_above(lines, start))
    title = [term for term in title if is_measured([term]) or split_of([term])]
    title = title if means(title) in MEASURED else ["loss"] if "step" in names else []
    found, number = [], start + 1
    while (tag is not None or title) and number < len(lines):
        cells = lines[number].split(",")
        value = number_in(cells[names.index("value")]) if len(cells) == len(names) else None
        if value is None:
            break
        terms = title if tag is None else terms_of(cells[tag])
        found.append(Cell(number, 0, value.value, tuple(terms), split=split_of(terms)))
        number += 1
    return (found, number) if found else None


def _split(line: str, kind: str) -> list[str]:
    """The cells of a line. What holds spaces and is one thing, such as `2m 3s`, is one cell."""
    if kind == "|":
        line = re.sub(f"[{BARS}]", "|", line).strip().strip("|")
    if kind in ("  ", " "):
        for one in tokens_of(line):
            if one.kind not in ("number", "word") and " " in one.text:
                line = line.replace(one.text, one.text.replace(" ", "_"))
        return re.split(r"\s{2,}|\t", line.strip()) if kind == "  " else line.split()
    return [cell.strip().strip("\"'") for cell in line.split(kind)]


def _table(lines: Sequence[str], start: int) -> tuple[list[Cell], int] | None:
    head = lines[start]
    bars = bool(re.search(f"[{BARS}]", head))
    bare = OF_SO_MANY.sub("", head)
    bare = re.sub(rf"[{BARS}]\s*#?\d*\s*[{BARS}]", "|", bare)
    if bars and start + 1 < len(lines) and RULE.fullmatch(lines[start + 1]):
        bare = re.sub(r"[A-Za-z]\s?\d{1,2}(?=\s*(?:\||$))", "", bare)  # `layer 7` is a name
    if not head.strip() or RULE.fullmatch(head) or (number_in(bare) and not INPUTS.search(bare)):
        return None
    below = lines[start + 1] if bars and start + 1 < len(lines) and not number_in(lines[start + 1]) else ""
    terms = terms_of(f"{head} {below}")
    measure: list[str] = []
    if not is_measured(terms):
        if len({split_of([term]) for term in terms} - {""}) < 2:
            return None
        measure = [term for term in terms_of(line_above(lines, start)) if is_measured([term])][:1]  # `Dice`, above both
    for kind in ("|", "\t", ";", ",", "  ", " "):
        names = _split(head, kind) if kind != "|" or bars else []
        long = {"|": 8, "  ": 6}.get(kind, 4)
        if (len(names) > 1 or (kind == " " and names)) and all(len(name.split()) <= long for name in names):
            found = _rows(lines, start, kind, [_measured(name, measure) for name in names])
            if found is not None:
                return found
    return None


def _measured(name: str, measure: Sequence[str]) -> str:
    """A name that says of which examples it is only, with what is measured of them."""
    return " ".join([name, *measure]) if split_of(terms_of(name)) else name


def _rows(lines: Sequence[str], start: int, kind: str, names: list[str]) -> tuple[list[Cell], int] | None:
    number, found, rows, runs = start + 1, list[Cell](), 0, list[str]()
    heads: list[Cell] = []
    loose = kind in ("  ", " ")
    while number < len(lines):
        line = lines[number]
        if RULE.fullmatch(line) and (line.strip() or rows == 0 or kind == "|"):
            number += 1
            continue
        cells = _split(line, kind)
        values = [number_in(cell) for cell in cells]
        if len(cells) == len(names) and not any(values) and rows == 0:  # the head goes on below
            names = [f"{name} {cell}" for name, cell in zip(names, cells, strict=True)]
            number += 1
            continue
        if loose and len(cells) == len(names) + 1 and len(names) > 1:
            cells, values = cells[1:], values[1:]  # rows that begin with their number
        words = [cell for cell, value in zip(cells, values, strict=True) if value is None]
        if len(cells) != len(names) or not any(values):
            break
        if loose and any(_is_wordy(cell) for cell in cells):
            break
        said = split_of([term for cell in words for term in terms_of(cell)])
        runs.append("" if values[0] or said else cells[0])
        heads = heads or _heads(names)
        for value, head in zip(values, heads, strict=True):
            if value is not None:
                of, percent = value.total or head.total, value.percent or head.percent
                cell = replace(head, line=number, value=value.value, split=head.split or said, run=runs[-1])
                found.append(replace(cell, total=of, percent=percent))
        rows += 1
        number += 1
    if len({*runs} - {""}) < max(2, rows):  # not a row for each training
        found = [replace(one, run="") for one in found]
    good = any(is_measured(one.name) or split_of(one.name) for one in found)
    return (found, number) if rows and good else None


def _heads(names: Sequence[str]) -> list[Cell]:
    """For each column a cell without its value. A name that comes again is of the examples that were named last."""
    found: list[Cell] = []
    bases: list[list[str]] = []
    for place, name in enumerate(names):
        of = OF_SO_MANY.search(name)
        base = base_of(terms_of(name))
        split = split_of(terms_of(name)) or (found[-1].split if base in bases else "")
        bases.append(base)
        terms = tuple(terms_of(name if of is None else name.replace(of[0], " "))) or ("column",)
        total = int(of[1]) if of and of[1] and int(of[1]) else None
        found.append(Cell(0, place, 0.0, terms, split=split, total=total, percent="%" in name, column=f"table {place}"))
    return found


def _is_wordy(cell: str) -> bool:
    """Whether a cell has words, and is nothing that holds digits and letters, such as a time."""
    plain = all(one.kind in ("word", "number") for one in tokens_of(cell))
    return plain and bool(re.search(r"[A-Za-z]{3,}", re.sub(VALUE, "", cell)))


def under_captions(lines: Sequence[str], cells: Sequence[Cell]) -> list[Cell]:
    """Numbers without a name take the words of the line above them, where it ends with `:` or is typed at a prompt; or
    those of a line that names their columns: `(columns: epoch, loss, accuracy)`.

    >>> under_captions(["Test accuracy:", "0.91"], [Cell(1, 0, 0.91)])[0].name
    ('test', 'accuracy')
    """
    legends = [names for line in lines if (names := _legend(line))]
    found = list(cells)
    for block in _bare_blocks(lines, cells):
        columns = list(dict.fromkeys(cells[index].column for index in block))
        above = line_above(lines, cells[block[0]].line)
        asked = PROMPT.match(above) or above.rstrip().endswith(":")
        above = re.sub("==", " accuracy ", above.partition("#")[0] or above)  # `np.mean(predict(X) == y)`
        last = re.split(r"[;,]|\b(?:and|und)\b", re.split(r"[.!?]\s", above)[-1]) if asked else []
        last = [name for name in last if means(terms_of(name)) in MEASURED]
        names = next((names for names in [*legends, last] if len(_figures(names)) == len(columns)), [])
        if not names:
            continue
        measure = [term for term in terms_of(above) if is_measured([term])][:1]
        named = dict(zip(columns, _heads([_with(one, names, measure) for one in _figures(names)]), strict=True))
        for index in block:
            head, cell = named[cells[index].column], cells[index]
            percent = cell.percent or head.percent or "percent" in head.name
            total = cell.total or head.total
            found[index] = replace(cell, name=head.name, split=head.split, total=total, percent=percent)
    return found


def _legend(line: str) -> list[str]:
    """The names of columns, if a line tells nothing else: `(epoch, train loss, test loss)`, `columns: epoch, loss`.

    >>> _legend("(first column epoch, then train, then test)"), _legend("I tried it, the loss is high")
    (['first column epoch', ' train', ' test'], [])
    """
    told = LEGEND.search(line)
    aside = told or BRACKETS.search(line)
    alone = re.split(r"[.!?]\s", line)[-1].strip(" :") if line.rstrip().endswith(":") else line.strip()
    body = re.sub(r"\d+ ?%", "", aside[1] if aside else alone)
    if re.search(r"\d", OF_SO_MANY.sub("", body)):
        return []
    names = [name for name in re.split(r"[,;/|]|\bthen\b", body) if name.strip()]
    known = [name for name in names if means(terms_of(name)) or split_of(terms_of(name))]
    short = all(len(name.split()) < 7 for name in names)
    return names if len(names) > 1 and short and (told or len(known) == len(names)) else []


def _figures(names: Sequence[str]) -> list[str]:
    """Those of a legend's names that are of figures, rather than of the steps that they are counted by."""
    return [name for name in names if means(terms_of(name)) in MEASURED or (
        split_of(terms_of(name)) and means(terms_of(name)) == "")]  # fmt: skip


def _with(name: str, names: Sequence[str], measure: Sequence[str]) -> str:
    """A name that says of which examples it is only, with what the legend, or the line above, says is measured."""
    if is_measured(terms_of(name)):
        return name
    before = [term for one in names[: names.index(name)] for term in terms_of(one) if is_measured([term])]
    return " ".join([name, *(before[-1:] or measure)])


def _bare_blocks(lines: Sequence[str], cells: Sequence[Cell]) -> Iterator[list[int]]:
    """Cells without a name that stand together, nothing but empty lines between them."""
    block: list[int] = []
    for index, cell in enumerate(cells):
        if means(cell.name) == "step":
            continue
        named = cell.name or cell.behind or cell.said
        between = lines[cells[block[-1]].line + 1 : cell.line] if block else []
        other = bool(block) and cells[block[-1]].column.partition(" ")[2] != cell.column.partition(" ")[2]
        if block and (named or other or any(line.strip() for line in between)):
            yield block
            block = []
        if not named:
            block.append(index)
    if block:
        yield block


def under_headings(lines: Sequence[str], cells: Sequence[Cell]) -> list[Cell]:
    """Cells on the line after `model.evaluate(X_test, y_test)` or `Validation:` are of held-out examples.

    >>> under_headings(["Validation:", "loss 0.3"], [Cell(1, 0, 0.3, ("loss",))])[0].split
    'held-out'
    """
    taken = {cell.line for cell in cells}
    headed = set()
    for number, line in enumerate(lines[:-1]):
        if number not in taken and number + 1 in taken and not re.search(r"\d", line):
            terms = set(terms_of(line))
            heads = (kinds("heading", "heldout")) & terms and not kinds("train") & terms
            if 0 < len(terms) <= 8 and "sanity" not in terms and heads:
                headed.add(number + 1)
    return [replace(one, split="held-out") if one.line in headed and not one.split else one for one in cells]
