"""Tables: lists of numbers, columns under a line of names, rows of tags and values."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence

from whynet.logs.cleaning import NAN, NUMBER, PLAIN
from whynet.logs.figures import OF, Figure, value_of
from whynet.logs.words import (
    ACCURACY,
    COST,
    HELD_OUT,
    TRAIN,
    WRONG,
    role_of,
    split_of,
    terms_of,
)

LIST = re.compile(r"(?:(?P<name>[\w ./-]{0,60}\w)[\"']?\s*(?::|=)|^)\s*\[(?P<items>[^\[\]]*)\]", re.M)
TYPES = re.compile(r"\s*(?:<[a-z]+>\s*)+")  # under the names of an R table
RULE = re.compile(r"[\s\-=+:|.─━┄┼╇╪┃│┏┓┗┛┡┩┳┻└┘├┤┬┴┌┐═╬╔╗╚╝╠╣╦╩║╎]*")


def line_above(lines: Sequence[str], number: int) -> str:
    """The nearest line above that is not empty.

    >>> line_above(["Costs:", "", "0.5"], 2)
    'Costs:'
    """
    return next((lines[index] for index in range(number - 1, -1, -1) if lines[index].strip()), "")


def pivot(lines: list[str]) -> None:
    """Rows of a name and its value, under `tag,step,value`, or under a title and `step,value`, become `name: value`.

    >>> lines = ["tag,step,value", "loss,1,0.5"]
    >>> pivot(lines); lines[1]
    'loss: 0.5'
    """
    for start, head in enumerate(lines):
        names = [name.strip().lower() for name in head.partition("#")[0].split(",")]
        tags = [index for index, name in enumerate(names) if name in ("tag", "metric", "name", "key", "variable")]
        if "value" not in names:
            continue
        above = terms_of(head.partition("#")[2] or line_above(lines, start))
        title = " ".join(term for term in above if term in COST | ACCURACY | WRONG | TRAIN | HELD_OUT)
        if not tags and role_of(above) == "" and not set(above) & (COST | ACCURACY | WRONG):
            title = "loss" if "step" in names else ""
        if not (tags or title):
            continue
        for number in range(start + 1, len(lines)):
            cells = lines[number].split(",")
            if len(cells) != len(names) or not NUMBER.search(cells[names.index("value")]):
                break
            lines[number] = f"{cells[tags[0]] if tags else title}: {cells[names.index('value')]}"


def lists_in(lines: list[str]) -> Iterator[Figure]:
    """`'val_loss': [2.3, 0.4, ...]`, over several lines if need be; they are taken out of the lines.

    >>> [one.value for one in lists_in(["loss: [0.7, 0.5,", "0.4]"])]
    [0.7, 0.5, 0.4]
    """
    text = "\n".join(lines)
    taken = text
    for order, match in enumerate(LIST.finditer(text)):
        items = [item.strip() for item in re.split(r"[,\s]+", match["items"]) if item.strip()]
        if len(items) < 2 or not all(re.fullmatch(rf"(?:{NAN}|{PLAIN}|None|null)%?", item) for item in items):
            continue
        terms = terms_of(match["name"] or "")
        role = role_of(terms[-4:])
        above = line_above(lines, text.count("\n", 0, match.start()))
        told = role_of(terms_of(above)) in ("accuracy", "wrong") or any("." in item for item in items)
        if not match["name"] and (len(items) < 4 or not told):
            continue
        line = text.count("\n", 0, match.start())
        blank = re.sub(r"[^\n]", " ", match[0])
        taken = taken[: match.start()] + blank + taken[match.end() :]
        if role not in ("cost", "accuracy", "wrong") and match["name"]:
            continue
        for place, item in enumerate(items):
            value = math.nan if item in ("None", "null") else value_of(item.rstrip("%"))
            label = " ".join(terms[-4:])
            yield Figure(
                line,
                value,
                role,
                label,
                split_of(terms),
                item.endswith("%"),
                place=1000 * order + place,
                column=f"list {order}",
            )
    lines[:] = taken.split("\n")


def _cells(line: str, kind: str) -> list[str]:
    if kind == "|":
        return [cell.strip() for cell in re.split(r"[|│┃║]", line.strip().strip("|│┃║"))]
    if kind == "  ":
        return [cell.strip() for cell in re.split(r"\s{2,}|\t", line.strip())]
    if kind == " ":
        return line.split()
    return [cell.strip().strip("\"'") for cell in line.split(kind)]


def tables_in(lines: list[str]) -> list[Figure]:
    """Columns under a line of names; they are taken out of the lines.

    >>> [(one.role, one.value) for one in tables_in(["epoch,loss", "1,0.5"])]
    [('step', 1.0), ('cost', 0.5)]
    """
    figures: list[Figure] = []
    number = 0
    while number < len(lines):
        found = _table(lines, number)
        if found is None:
            number += 1
            continue
        rows, last = found
        figures += rows
        for index in range(number, last):
            lines[index] = ""
        number = last
    return figures


def _table(lines: list[str], start: int) -> tuple[list[Figure], int] | None:
    head = lines[start]
    head = re.sub(
        r"(?:/|\b(?:of|von|su|sur|de|di|out of|from|em))\s*\d+\b"
        + (r"|\([^()]*\d[^()]*\)" if re.search(r"[|;\t]", head) else ""),
        "",
        head,
    )
    bare = re.sub(r"[|│┃]\s*#?\d*\s*[|│┃]", "|", head)
    if start + 1 < len(lines) and "|" in head and RULE.fullmatch(lines[start + 1]):
        bare = re.sub(r"[A-Za-z]\s?\d{1,2}(?=\s*(?:\||$))", "", bare)  # `layer 7` is a name
    if not head.strip() or RULE.fullmatch(head) or NUMBER.search(bare):
        return None
    below = lines[start + 1] if start + 1 < len(lines) and head.count("|") == lines[start + 1].count("|") > 1 else ""
    below = "" if NUMBER.search(below) else below  # a head of two lines
    if role_of(terms_of(head)) == "" and not set(terms_of(head + " " + below)) & (COST | ACCURACY | WRONG):
        return None
    for kind in ("|", "\t", ";", ",", "  ", " "):
        names = _cells(head, kind if kind != "|" or re.search("[|│┃║]", head) else "\0")
        if (len(names) < 2 and not (kind == " " and len(names) == 1)) or any(
            len(name.split()) > (8 if kind == "|" else 4) for name in names
        ):
            continue
        found = _rows(lines, start, kind, names)
        if found is not None:
            return found
    return None


def _rows(lines: list[str], start: int, kind: str, names: list[str]) -> tuple[list[Figure], int] | None:
    number, figures, rows = start + 1, [], 0
    names = list(names)
    while number < len(lines):
        line = lines[number]
        if TYPES.fullmatch(line) and rows == 0:
            number += 1
            continue
        if RULE.fullmatch(line) and (line.strip() or rows == 0 or kind == "|"):
            number += 1
            if not line.strip() and number - start > 3 and rows == 0:
                return None
            continue
        cells = _cells(line, kind)
        numeric = [bool(NUMBER.search(cell)) for cell in cells]
        if len(cells) == len(names) and not any(numeric) and rows == 0:  # the head goes on below
            names = [f"{name} {cell}" for name, cell in zip(names, cells, strict=True)]
            number += 1
            continue
        if len(cells) == len(names) + 1 and len(names) > 1 and kind in ("  ", " "):
            cells = cells[1:]  # rows that begin with their number
        if kind in ("  ", " ") and 2 <= len(cells) == len(names) - 1:
            cells = [*cells, ""]  # a time at the end was put out
        if len(cells) != len(names) or not any(NUMBER.search(cell) for cell in cells):
            break
        if kind in ("  ", " ") and any(re.search(r"[A-Za-z]{3,}", re.sub(NAN, "", cell)) for cell in cells):
            break
        said = split_of([term for cell in cells if not NUMBER.search(cell) for term in terms_of(cell)])
        for place, (name, cell) in enumerate(zip(names, cells, strict=True)):
            terms = terms_of(name)
            role = role_of(terms)
            match = NUMBER.search(cell)
            if match is None:
                continue
            of = re.search(rf"{PLAIN}{OF}({PLAIN})", cell)
            percent = match["after"].strip() == "%" or "%" in name
            of = of or re.search(rf"{OF}(\d+)\b", name)  # `correct of 3000`
            total = int(value_of(of[1])) or None if of else None
            value = value_of(match["number"])
            label = " ".join(terms) or "column"
            split = split_of(terms) or said
            if terms and set(terms) <= TRAIN | HELD_OUT:
                role = "which"  # of train, of test: costs or accuracies
            figures.append(Figure(number, value, role or "other", label, split, percent, total, place=place))
        rows += 1
        number += 1
    good = any(figure.role in ("cost", "accuracy", "wrong") for figure in figures)
    return (figures, number) if rows and good else None
