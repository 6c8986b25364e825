"""Answers: what a log says of single classes, or of the four examples of XOR, rather than of all examples together.

Recalls in a report, a list or a confusion matrix, how often each class was answered, and outputs printed beside their
inputs: all tell at once whether one answer is given to everything, and which classes never are.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from whynet.doctor.floors import SHARES
from whynet.logs.beside import XOR, Beside
from whynet.logs.tokens import pattern

LONGEST = 100_000  # characters of a text that are looked at
VALUE = r"(?<![\w.])(?:\d+\.?\d*|\.\d+)(?:e-?\d+)?"
NAMED = re.compile(r"\bacc\w*\s+(?:of|for)\s+\w", re.I)  # `Accuracy of trousers: 81 %`
NAMES = 5  # so many such lines are about classes, not about sets of examples
KEY = re.compile(
    r"^\W*(?:(?:acc\w*|recall)\s+)?(?:(?:of|for|on)\s+)?(?:the\s+)?(?!(?:the\s+)?(?:net|model))(?:class|digit|label|cls|category)?\W*"
    r"(?P<key>\d{1,2}s?(?![\d.])|[A-Za-z][\w/-]*(?: [a-z]+)?)\s*(?:[:=|]|->|\bis\b|\s)",
    re.I,
)
PAIR = re.compile(r"(?<![\d.])(-?[01])(?:\.0*)?[ \t]*(?:[,;|^& \t]|xor|XOR|and)[ \t]*(-?[01])(?:\.0*)?(?![\d.]*\d)")
OUTPUT = re.compile(r"(?<![\w.])-?(?:\d*\.\d+(?:e[-+]?\d+)?|[01](?![\d.]))", re.I)
GIVEN = re.compile(r"(?:->|=>|\u2192|\b(?:output|got|predicted|prediction)\b\W{0,3}?)\s*\[?\s*(-?\d*\.\d+)", re.I)
SHARE = re.compile(r"iou|acc|recall|dice|f1|\bap\b", re.I)
MEASURED = re.compile(r"\b(?:loss|cost|err\w*|mse|acc\w*|epochs?|iter\w*)\b", re.I)


@dataclass(frozen=True)
class Answers:
    """Of each class the share that is right, and how often it is answered; outputs beside what they should be.

    >>> Answers((0.0, 1.0, 0.0)).alike
    True
    """

    recalls: tuple[float, ...] = ()
    answered: tuple[float, ...] = ()
    beside: Beside | None = None
    unanswered: bool = False
    """Whether the text says that a class is never answered."""
    same: bool = False
    """Whether the outputs printed for several examples hardly differ, or the text says so."""
    one_for_all: tuple[float, ...] = ()
    """What one answer for all would cost, by how much the text says that the targets vary: squared, and its root."""

    @property
    def alike(self) -> bool:
        """Whether all examples are given one answer."""
        others = sorted(self.recalls)[:-1]
        only = len(self.recalls) > 1 and max(self.recalls) > 0.9 and sum(others) < 0.05 * len(others)
        return self.same or only or max(self.answered, default=0.0) > 0.95

    @property
    def missing(self) -> bool:
        """Whether a class is never answered, and others are."""
        rare = min(self.recalls, default=1.0) < 0.05 and max(self.recalls, default=0.0) > 0.5
        return rare or self.unanswered or (bool(self.answered) and min(self.answered) == 0.0)


def answers_in(lines: list[str]) -> Answers:
    """What the lines say of single classes and examples; those that do are emptied.

    >>> answers_in(["Accuracy of 0: 98 %", "Accuracy of 1: 0 %", "Accuracy of 2: 91 %"]).missing
    True
    >>> answers_in(["0 0 -> 0.03", "0 1 -> 0.97", "1 0 -> 0.96", "1 1 -> 0.02"]).beside.right
    1.0
    """
    outputs = _outputs(lines)
    recalls = _matrix(lines) or _listed(lines, pattern("class")) or _report(lines) or _by_line(lines)
    answered = _listed(lines, pattern("answered"), whole=True)
    text = "\n".join(lines)
    same = not outputs and (bool(pattern("same").search(text)) or _predicted_alike(lines) or _vectors_alike(lines))
    never = bool(pattern("never").search(text))
    return Answers(recalls, answered, Beside(outputs, XOR) if outputs else None, never, same, _one_for_all(text))


def _one_for_all(text: str) -> tuple[float, ...]:
    """What one answer for all costs, where the text tells a target's variance or standard deviation.

    >>> _one_for_all("y.std() is 3.0"), _one_for_all("weights of std 0.01")
    ((9.0, 3.0), ())
    """
    found: list[float] = []
    for match in pattern("spread").finditer(text[:LONGEST]):
        value = float(match["value"].replace(",", ""))
        before = re.split(r"[.;\n]", text[max(0, match.start() - 20) : match.start()])[-1]
        if value and not pattern("not of targets").search(f"{before} {match['of']} {match['what']}"):
            found += [value, math.sqrt(value)] if match["variance"] else [value**2, value]
    found += [float(cost) for cost in pattern("one for all").findall(text[:LONGEST])]
    return tuple(dict.fromkeys(found))


def _predicted_alike(lines: list[str]) -> bool:
    """Whether what is printed behind `Predicted:` for four examples or more is nearly the same each time."""
    rows = [_numbers(line[match.end() :]) for line in lines if (match := pattern("predicted").search(line))]
    rows = [row for row in rows if row and any(value % 1 for value in row)]
    if not rows or len({len(row) for row in rows}) > 1 or len(rows) < (2 if len(rows[0]) > 4 else 4):
        return any(_repeats(row) for row in rows)
    return all(max(column) - min(column) < 0.02 * max(1.0, max(column)) for column in zip(*rows, strict=True))


def _vectors_alike(lines: Sequence[str]) -> bool:
    """Whether the lists of outputs on neighbouring lines, for several examples, hardly differ."""
    rows: list[tuple[int, list[float]]] = []
    for number, line in enumerate(lines):
        match = re.search(r"[\[{(]([^\[\](){}]+)[\]})]", line)
        values = _numbers(match[1]) if match else []
        if len(values) > 4 and sum(value % 1 != 0 for value in values) > len(values) / 2:
            rows.append((number, values))
    if len(rows) < 2 or len({len(row) for _, row in rows}) > 1 or rows[-1][0] - rows[0][0] > 3 * len(rows):
        return False
    about = " ".join(lines[max(0, rows[0][0] - 2) : rows[0][0] + 1])
    spread = max(max(column) - min(column) for column in zip(*(row for _, row in rows), strict=True))
    return spread < 0.005 and bool(pattern("answered").search(about))


def _repeats(row: Sequence[float]) -> bool:
    """Whether a list of predictions is one number, over and over: `y_pred[:6] = [273.08 273.08 ...]`."""
    return len(row) > 3 and any(value % 1 for value in row) and len(set(row)) == 1


def _numbers(text: str) -> list[float]:
    return [float(number) for number in re.findall(VALUE, text)]


def _matrix(lines: list[str]) -> tuple[float, ...]:
    """The recalls in a confusion matrix: as many rows as columns, of whole numbers; small ones need to be called so."""
    for start, line in enumerate(lines):
        first = _row(line)
        told = line.lstrip().startswith("[[") or re.search(
            r"onfusion|matri|\btable\(", " ".join(lines[max(0, start - 3) : start])
        )
        for size, skip in ((len(first), 0), (len(first) - 1, 1)):
            if not (2 if told else 5) <= size <= 100 or (start and len(_row(lines[start - 1])) == len(first)):
                continue
            rows = [_row(line) for line in lines[start : start + size + 1]]
            if len(rows) > size and len(rows.pop()) == len(first):
                continue  # more rows than columns
            numbered = [row[0] for row in rows if row] == list(range(size))
            if len(rows) < size or any(len(row) != len(first) for row in rows) or bool(skip) > numbered:
                continue
            for index in range(start, start + size):
                lines[index] = ""
            matrix = [row[skip:] for row in rows]
            if any(sum(row) == 0 for row in matrix):  # a class that is never answered, rather than one without examples
                matrix = [list(column) for column in zip(*matrix, strict=True)]
            return tuple(row[at] / max(sum(row), 1.0) for at, row in enumerate(matrix))
    return ()


def _row(line: str) -> list[float]:
    """The whole numbers on a line that has nothing else, up to a bar."""
    line = line.strip(" |").partition("|")[0]
    line = re.sub(r"^[A-Za-z][\w.-]*(?: [A-Za-z][\w.-]*)*\s{2,}(?=\d+\s)", "", line)  # a class's name
    if len(line) > 1000 or re.search(r"[A-Za-z.]", re.sub(r"\b(?:array|tensor)\b|(?<=\d)\.(?=[\s,\]])", "", line)):
        return []
    return _numbers(line)


def _listed(lines: list[str], named: re.Pattern[str], *, whole: bool = False) -> tuple[float, ...]:
    """As many shares as there are classes in one list, or after `0:`, `1:`, ... on one line that is about them."""
    text = "\n".join(lines)
    for match in re.finditer(r"[\[{](?P<items>[^\]\[}{]*)[\]}]", text):
        before = text[text.rfind("\n", 0, match.start()) + 1 : match.start()][-80:]
        if not before.strip():  # the line above says what it is
            before = text[: match.start()].rstrip().rpartition("\n")[2][-80:]
        values = _keyed(match["items"], alone=whole) or _numbers(match["items"])
        shares = _shares(values, whole=whole) or (() if whole else _named_shares(match["items"], before))
        vector = not whole and re.search(r"\b(?:outputs?|predict\w*|activation\w*)\b", before, re.I)
        if (
            (named.search(before) or (not whole and len(shares) == len(_named_shares(match["items"], before)) > 0))
            and shares
            and not vector
            and not (whole and pattern("given labels").search(text[: match.start()][-160:]))
        ):
            blank = re.sub(r"[^\n]", " ", match[0])
            lines[:] = (text[: match.start()] + blank + text[match.end() :]).split("\n")
            return shares
    for number, line in enumerate(lines):
        if re.search(r"\b(?:epoch|step|iteration|pass|round)s?\s+\d+\s*[:=]", line, re.I):
            continue  # not of classes
        rest = line.rpartition(":")[2]
        values = _keyed(line, alone=whole) or (
            _numbers(rest)
            if re.fullmatch(r"(?:\s*[01]\.\d+,?){10,}\s*" if not whole else r"\s*\d+(?:[,\s]+\d+){9}\s*", rest)
            else []
        )
        shares = _shares(values, whole=whole)
        if shares and named.search(line + (lines[number - 1] if number else "")):
            lines[number] = ""
            return shares
    return ()


def _keyed(text: str, *, alone: bool) -> list[float]:
    """The values of `0: 0.98, 1: 0.99, ...`, or of one that is alone; of keys that are left out, 0."""
    pairs = [(int(key), float(value)) for key, value in re.findall(rf"(?<![\d.])(\d{{1,2}})\s*[:=]\s*({VALUE})", text)]
    keys = [key for key, _ in pairs]
    if not keys or len(keys) != len(set(keys)) or not (keys == sorted(keys) or (alone and "." not in text)):
        return []
    found = dict(pairs)
    return [found.get(key, 0.0) for key in range(max(9, *keys) + 1)] if len(keys) > 2 or alone else []


def _named_shares(items: str, before: str) -> tuple[float, ...]:
    """The shares of classes by their names: `"iou": {"road": 0.948, "pole": 0.0}`."""
    if not re.search(r"(?:iou|dice|recalls?|f1|per[_ -]class|by[_ -]class)\W*$", before, re.I):
        return ()
    values = [float(one) for one in re.findall(rf"[\"']?[A-Za-z][\w /-]*[\"']?\s*[:=]\s*({VALUE})", items)]
    return tuple(values) if len(values) > 2 and max(values) <= 1 else ()


def _shares(values: Sequence[float], *, whole: bool) -> tuple[float, ...]:
    """Shares of 1; counts only where they are asked for."""
    if len(values) < 3 or len(values) > 100 or min(values) < 0:
        return ()
    if whole:
        total = sum(values)
        counts = all(value % 1 == 0 for value in values) and total >= 100
        return tuple(value / total for value in values) if counts else ()
    held = SHARES["mnist"][1]
    if len(values) == 10 and max(values) > 200 and all(v <= most for v, most in zip(values, held, strict=True)):
        return tuple(value / most for value, most in zip(values, held, strict=True))
    scale = 100 if max(values) > 1 else 1
    if scale > 1 and max(values) < 15 and not any(value % 1 for value in values):
        return ()  # labels
    return tuple(value / scale for value in values) if len(values) >= 10 and max(values) <= 100 else ()


def _report(lines: list[str]) -> tuple[float, ...]:
    """The column of recalls in a report that has a line for each class."""
    for start, line in enumerate(lines):
        names = line.split()
        if "precision" not in names or "recall" not in names or "=" in names:
            continue
        at, found, number = names.index("recall"), [], start + 1
        while number < len(lines):
            cells = lines[number].split()
            if (
                cells
                and len(_numbers(lines[number])) < len(names)
                and not re.match(r"[a-z]+$|macro|weighted", cells[0])
            ):
                break
            values = _numbers(" ".join(cells[-len(names) :]))
            if (
                cells
                and len(values) == len(names)
                and cells[0] not in ("macro", "weighted", "micro", "avg", "accuracy")
            ):
                found.append(values[at])
            elif cells and cells[0] == "accuracy":
                number += 1
                continue
            lines[number] = ""
            number += 1
        lines[start] = ""
        return tuple(found)
    return ()


def _by_line(lines: list[str]) -> tuple[float, ...]:
    """One line for every class: `Accuracy of 3: 97 %`, `digit 3: 962/1010`."""
    for run in _like_lines(lines):
        found: list[float] = []
        head = re.split(r"\s{2,}|[|\t]", " ".join(lines[max(0, run[0] - 2) : run[0]]))
        heads = [name for name in head if re.search(r"[A-Za-z]", name)][1:]  # the first is of the classes
        column = next((at for at, name in enumerate(heads) if SHARE.search(name)), -1)
        for number in run:
            match = KEY.match(lines[number])
            rest = lines[number][match.end() - 1 :] if match else ""
            of = re.search(rf"({VALUE})\s*(?:/|of|out of)\s*({VALUE})", rest)
            values = _numbers(rest)
            if of and float(of[2]):
                found.append(float(of[1]) / float(of[2]))
            elif values:
                one = values[column] if len(values) == len(heads) else values[-1]
                found.append(one / (100 if "%" in rest else 1))
        if len(found) == len(run) and max(found) > 1:
            found = [value / 100 for value in found]
        if len(found) == len(run) and max(found) <= 1:
            for number in run:
                lines[number] = ""
            return tuple(found)
    return ()


def _like_lines(lines: Sequence[str]) -> Iterator[list[int]]:
    """Neighbouring lines about one class after another."""
    run: list[int] = []
    keys: list[str] = []
    above = ""
    for number, line in enumerate([*lines, ""]):
        match = KEY.match(line)
        about = pattern("class").search(line) or pattern("class").search(above) or NAMED.search(line)
        key = match["key"].rstrip("s") if match else ""
        follows = key not in keys and (not keys or not keys[-1].isdigit() or key == str(int(keys[-1]) + 1))
        if match and about and re.search(r"\d", line[match.end() - 1 :]) and follows and (keys or key in "01" or not
                                                                                         key.isdigit()):  # fmt: skip
            run.append(number)
            keys.append(key)
            continue
        if len(run) >= (3 if keys[:1] and keys[0].isdigit() else NAMES):
            yield run
        run, keys = [], []
        if re.search(r"\w", line):
            above = line
    return


def _outputs(lines: list[str]) -> tuple[float, ...]:
    """The last outputs that are printed beside the four pairs of inputs."""
    found: dict[str, tuple[float, int]] = {}
    signed = False  # whether -1 stands for 0
    for number, line in enumerate(lines):
        pairs = list(PAIR.finditer(line))
        for index, pair in enumerate(pairs):
            end = pairs[index + 1].start() if index + 1 < len(pairs) else len(line)
            named = GIVEN.search(line[pair.end() : end])
            values = [float(value) for value in ([named[1]] if named else OUTPUT.findall(line[pair.end() : end]))]
            told = [value for value in values if value % 1] or values[-1:]
            if told and -1.1 <= told[-1] <= 1.1:
                signed = signed or "-1" in pair[0]
                found[(pair[1] + pair[2]).replace("-1", "0")] = (told[-1], number)
    if set(found) != {"00", "01", "10", "11"}:
        return ()
    for _, number in found.values():
        if not MEASURED.search(lines[number]):
            lines[number] = ""
    outputs = [found[key][0] for key in ("00", "01", "10", "11")]
    return tuple((one + 1) / 2 for one in outputs) if signed and min(outputs) < -0.3 else tuple(outputs)
