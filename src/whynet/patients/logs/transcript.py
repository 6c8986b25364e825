"""Transcript: what a program printed while it trained, as people paste it, read as series of numbers.

Nothing here knows a particular library. A number belongs to the words that stand before it on its line (or, where there
are none, after it), to the head of its column, or to the name of its list; those words say whether it is a cost, an
accuracy, a step, or something else, such as a time or a learning rate. Lines of code are not read.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from whynet.doctor.series import Series, Split, What
from whynet.patients.logs.answers import PAIR, Answers, answers_in
from whynet.patients.logs.cleaning import NAN, NUMBER, PLAIN, clean, thinned
from whynet.patients.logs.languages import in_english
from whynet.patients.logs.words import (
    ACCURACY,
    BESIDE,
    COST,
    EPOCHS,
    ERRORS,
    FILLER,
    HEADING,
    HELD_OUT,
    OTHER,
    SQUARES,
    STEP,
    TRAIN,
    UNITS,
    VAGUE,
    WRONG,
    role_of,
    spaced,
    split_of,
    terms_of,
)

STUCK = re.compile(
    r"\b(stuck|stay\w*|plateau\w*|settl\w*|converg\w*|tend\w*|hover\w*|flat\w*|remain\w*|freez\w*|frozen|"
    r"never (?:below|above)|always)\b"
)
EPOCH = re.compile(r"\b(?:ep|epochs?|round|pass)\b")
BEGUN = re.compile(r"\b(?:start\w*|beg[aiu]n\w*|initial\w*)\s+(?:at|from|with|of|around|is|was|near|about)[\s~≈]*$")
WISHES = re.compile(
    r"\b(should|expect\w*|supposed|other people|others|papers?|book|want\w*|goal|try|tried to|usual\w*|typical\w*|"
    r"recommend\w*|if|instead|less than|more than|at least|(?<!\d )up to|wanted|hoped)\b"
)

CLASSES = re.compile(
    r"(?<![\d.])(\d{1,4})[ -](?:different |balanced )?(?:classes|categories|way\b)|\bcifar-?(100)\b", re.I
)
TWO = re.compile(r"\bbinary[ _-]?(?:classif|problem|target|label)|\b(?:two|zwei|deux|dos) (?:class|klass|clas)", re.I)
ROWS = re.compile(r"\b(\d{3,6}) (train|test|validation)(?:ing)? (?:images|examples|samples|rows)\b", re.I)
LEGEND = re.compile(r"\b(?:columns?|fields|format|spalten)\b[^:\n]{0,20}:\s*([^:\n)]+)", re.I)
PROMPT = re.compile(r"\s*(?:>>>|In \[\d*\]:|julia>|>|octave\S*>)\s*\S")
LIST = re.compile(r"(?:(?P<name>[\w ./-]{0,60}\w)[\"']?\s*(?::|=)|^)\s*\[(?P<items>[^\[\]]*)\]", re.M)
RULE = re.compile(r"[\s\-=+:|.─━┄┼╇╪┃│┏┓┗┛┡┩┳┻└┘├┤┬┴┌┐═╬╔╗╚╝╠╣╦╩║╎]*")
OF = r"\s*(?:/|\bof\b|\bout of\b|\bfrom\b|\bsur\b|\bde\b|\bsu\b)\s*(?:the\s+)?"
CODE = re.compile(
    r"\s*(?:(?:import|class|def|elif|else|try|except|finally|return|raise|lambda|global|assert|del|yield|async|await|"
    r"public|private|protected|static|void|const|let|var|int|float|double|auto|using|namespace|template|function|func|"
    r"fn|struct|switch|case|library|require|end)\b(?!.*\b(?:loss|cost|acc\w*|error|epoch)\b\s*[:=]?\s*\d)|"
    r"from\s+\S+\s+import\b|(?:for|while|if|with)\b.*[:{]\s*$|\w+\s+in\s+range|print\b|//|/\*|\*/|#(?!\s*\d)|>>>|\$\s|!|@|"
    r"<\w|\}|\{\s*$|%(?!\d))"
)
STATEMENT = re.compile(r"[;{]\s*$|^\s*[\w.]+\([^)]*\)?.*\)\s*;?$|\.\w+\([^)]*\)|\bnp\.|\bself\.|->\s*\w+:")
PRINTED = re.compile(rf"[\[(]?\s*(?:{NAN}|{PLAIN})(?![\w.]|\s*[*/+(])")
PAIRS = re.compile(r"\w[=:]\s?-?\d+\.\d+")  # so many on a line are no program text
ASSIGNED = re.compile(r"^\s*(?P<name>[\w.\[\]]+(?:\s*,\s*[\w.\[\]]+)*)\s*(?:[-+*/@]?=)(?!=)\s*(?P<value>\S.*)$")


FEWEST = 500  # right answers, of ten thousand
FREQUENT = (
    0.0987,
    0.1124,
    0.0993,
    0.1022,
    0.0974,
    0.0986,
    0.1044,
    0.0975,
    0.0992,
    0.0980,
    0.1135,
    0.1032,
    0.1010,
    0.0982,
    0.0892,
    0.0958,
    0.1028,
    0.1009,
)  # of MNIST's images, the share of each class, but for 0.09: an MSE
SECOND = " second"  # marks the second number of a pair
LARGEST = 1e150  # larger costs are cut off here: they have diverged, and their squares must be numbers
LONGEST = 8_000  # characters of a line that is no list or table; what follows is no figure of a training


@dataclass(frozen=True)
class _Figure:
    """A number with what its words say: `role` is cost, accuracy, wrong, step, other, or nothing."""

    line: int
    value: float
    role: str
    label: str
    split: Split = ""
    percent: bool = False
    total: int | None = None
    said: bool = False
    place: int = 0
    goes_on: bool = False
    """Whether it is one more number of an enumeration: `958, 958, 890`."""
    run: bool = False
    """Whether it belongs to an enumeration."""
    column: str = ""
    """Of numbers without a name: which place on which kind of line, or which list."""


@dataclass(frozen=True)
class Transcript:
    """What was read: one tuple of series for every training in the text, and the words beside the numbers.

    >>> read("epoch 1 loss 0.70 acc 0.5\\nepoch 2 loss 0.69 acc 0.5").runs[-1][0].values
    (0.7, 0.69)
    """

    runs: tuple[tuple[Series, ...], ...]
    words: frozenset[str] = field(default_factory=frozenset)
    epochs: int | None = None
    """The number of the last epoch of the last training."""
    answers: Answers = Answers()
    classes: int | None = None
    """How many classes there are, if the text says so."""


def read(text: str) -> Transcript:
    """The series of numbers in a text.

    >>> series = read("Iteration 1, loss = 2.31\\nIteration 2, loss = 2.30").runs[0][0]
    >>> series.what, series.values
    ('cost', (2.31, 2.3))
    >>> read("958, 958, 890 of 10000").runs[0][0].values
    (0.0958, 0.0958, 0.089)
    """
    text = in_english(thinned(text))
    words = frozenset(re.findall(r"[^\W\d_]+", spaced(text).lower()))
    if re.search(r"\b(?:cost|loss|error|mean|sum)\b[^\n]*(?:\^|\*\*)\s?2\b", text):
        words |= {"squared"}
    lines = clean(text)
    answers = answers_in(lines)
    if answers.outputs or {"00", "01", "10", "11"} <= {"".join(pair) for pair in PAIR.findall(text)}:
        words |= {"xor"}  # the four examples, by their inputs
    _pivot(lines)
    figures = list(_lists(lines))
    figures += _tables(lines)
    code = _code(lines)
    skeletons = Counter(_skeleton(line) for line in lines if line.strip())
    numbered = _numbered_lines(lines)
    for number, line in enumerate(lines):
        if line.strip() and not code[number]:
            repeated = skeletons[_skeleton(line)] > 1
            figures += _line(number, line[:LONGEST], repeated=repeated, numbered=number in numbered)
    figures.sort(key=lambda figure: (figure.line, figure.place))
    unseen = {
        figure.value
        for figure in figures
        if set(figure.label.split()[-1:]) & {"f1", "recall"} and "auc" not in figure.label
    }
    if unseen == {0.0}:  # of two classes one is never answered
        answers = Answers(answers.recalls, (1.0, 0.0), answers.outputs)
    figures = _under_captions(lines, _under_headings(lines, figures))
    rows = {split_of([name.lower()]): int(count) for count, name in ROWS.findall(text)}
    runs = [run for run in (tuple(_series(part, rows)) for part in _trainings(figures)) if run]
    told = [run for run in runs if not all(series.said for series in run)]
    if told and len(told) < len(runs):  # sentences before, between and after the figures of a training
        beside = [series for run in runs if run not in told for series in run]
        last = [*told[-1], *(s for s in beside if s.what == "accuracy" and max(s.values) <= 0.3
                             and "accuracy" not in {other.what for other in told[-1]})]  # fmt: skip
        runs = [*told[:-1], tuple(last)]
    runs[-1:] = [_with_answers(runs[-1] if runs else (), answers)]
    runs = [run for run in runs if run]
    epochs = [int(f.value) for f in figures if f.role == "step" and EPOCH.search(f.label) and 0 <= f.value < 1e7]
    counted = CLASSES.search(text)
    classes = int(counted[1] or counted[2]) if counted else 2 if TWO.search(text) else 0
    return Transcript(tuple(runs), words, epochs[-1] if epochs else None, answers, classes if classes > 1 else None)


def _with_answers(run: tuple[Series, ...], answers: Answers) -> tuple[Series, ...]:
    """The series of a training, and what the answers tell where it has no cost or no accuracy."""
    printed = {series.what for series in run}
    found = []
    if "cost" not in printed and answers.outputs:
        found.append(Series("outputs", "cost", "", (answers.squared,), said=True))
    if "accuracy" not in printed and answers.outputs:
        found.append(Series("outputs", "accuracy", "", (answers.right,), 4, said=True))
    if "accuracy" not in printed and answers.recalls:
        mean = sum(answers.recalls) / len(answers.recalls)
        found.append(Series("recalls", "accuracy", "held-out", (mean,), said=True))
    return (*run, *found)


# ---- the text


def _above(lines: Sequence[str], number: int) -> str:
    """The nearest line above that is not empty."""
    return next((lines[index] for index in range(number - 1, -1, -1) if lines[index].strip()), "")


def _pivot(lines: list[str]) -> None:
    """Rows of a name and its value, under `tag,step,value`, or under a title and `step,value`, become `name: value`."""
    for start, head in enumerate(lines):
        names = [name.strip().lower() for name in head.split(",")]
        tags = [index for index, name in enumerate(names) if name in ("tag", "metric", "name", "key", "variable")]
        if "value" not in names:
            continue
        title = _above(lines, start)
        if not (tags or role_of(terms_of(title))):
            title = "loss" if "step" in names else ""
        if not (tags or title):
            continue
        for number in range(start + 1, len(lines)):
            cells = lines[number].split(",")
            if len(cells) != len(names) or not NUMBER.search(cells[names.index("value")]):
                break
            lines[number] = f"{cells[tags[0]] if tags else title}: {cells[names.index('value')]}"


def _skeleton(line: str) -> str:
    return re.sub(r"\s+", " ", NUMBER.sub("0", line)).strip()


def _code(lines: Sequence[str]) -> list[bool]:
    """Which lines are program text. `loss = 0.5` is, unless the text has more such lines."""
    assigned = [ASSIGNED.match(line) for line in lines]
    names = Counter(name for name, _ in {(match["name"].strip(), match["value"]) for match in assigned if match})
    sure = []
    for line, match in zip(lines, assigned, strict=True):
        program = bool(CODE.match(line) or STATEMENT.search(line)) and len(PAIRS.findall(line)) < 2
        if match and not PRINTED.match(match["value"]):
            program = True
        if re.search(r"\w: ?[-\d.e+]+;?\s*$", line) or (
            line.lstrip().startswith(("{", "[")) and re.search(r"\d", line)
        ):
            program = False  # a record or a list
        sure.append(program)
    some = sum(sure) > 1
    found = []
    for program, match in zip(sure, assigned, strict=True):
        alone = match is not None and some and names[match["name"].strip()] < 3
        found.append(program or alone)
    return found


def _numbered_lines(lines: Sequence[str]) -> set[int]:
    """The lines of a kind whose first number counts them: `1 2.30 0.11`, `2 2.29 0.12`, ..."""
    kinds: dict[str, list[int]] = {}
    for number, line in enumerate(lines):
        if len(line) < LONGEST and len(NUMBER.findall(line)) > 1:
            kinds.setdefault(_skeleton(line), []).append(number)
    found: set[int] = set()
    for alike in kinds.values():
        firsts = [_value(next(NUMBER.finditer(lines[number]))["number"]) for number in alike]
        counting = all(math.isfinite(value) and value % 1 == 0 for value in firsts)
        if len(alike) > 2 and counting and all(b > a for a, b in pairwise(firsts)):
            found |= set(alike)
    return found


def _under_captions(lines: Sequence[str], figures: Sequence[_Figure]) -> list[_Figure]:
    """Numbers without a name take the words of the line above them, where it ends with `:` or is typed at a prompt;
    or those of a line that names their columns: `(columns: epoch, loss, accuracy)`.
    """
    legend = next((match[1].split(",") for line in lines if (match := LEGEND.search(line))), [])
    found = list(figures)
    for block in _bare_blocks(lines, figures):
        columns = list(dict.fromkeys(figures[index].column for index in block))
        above = _above(lines, figures[block[0]].line)
        asked = PROMPT.match(above) or above.rstrip().endswith(":")
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
                                   label=figures[index].column)  # fmt: skip
    return found


def _bare_blocks(lines: Sequence[str], figures: Sequence[_Figure]) -> Iterator[list[int]]:
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


def _under_headings(lines: Sequence[str], figures: Sequence[_Figure]) -> list[_Figure]:
    """Figures on the line after `model.evaluate(X_test, y_test)` or `Validation:` are of held-out examples."""
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


def _value(text: str) -> float:
    if re.fullmatch(NAN, text):
        return (
            -math.inf
            if text.startswith("-") and "n" in text.lower() and "a" not in text.lower()
            else (math.nan if "nan" in text.lower() or "IND" in text or "QNAN" in text else math.inf)
        )
    value = float(text.replace("_", ""))
    return value if abs(value) < LARGEST else math.copysign(LARGEST, value)


# ---- lists, tables, lines


def _lists(lines: list[str]) -> Iterator[_Figure]:
    """`'val_loss': [2.3, 0.4, ...]`, over several lines if need be; they are taken out of the lines."""
    text = "\n".join(lines)
    taken = text
    for order, match in enumerate(LIST.finditer(text)):
        items = [item.strip() for item in re.split(r"[,\s]+", match["items"]) if item.strip()]
        if len(items) < 2 or not all(re.fullmatch(rf"(?:{NAN}|{PLAIN}|None|null)%?", item) for item in items):
            continue
        terms = terms_of(match["name"] or "")
        role = role_of(terms[-4:])
        if not match["name"] and (len(items) < 4 or not any("." in item for item in items)):
            continue
        line = text.count("\n", 0, match.start())
        blank = re.sub(r"[^\n]", " ", match[0])
        taken = taken[: match.start()] + blank + taken[match.end() :]
        if role not in ("cost", "accuracy", "wrong") and match["name"]:
            continue
        for place, item in enumerate(items):
            value = math.nan if item in ("None", "null") else _value(item.rstrip("%"))
            label = " ".join(terms[-4:])
            yield _Figure(
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


def _tables(lines: list[str]) -> list[_Figure]:
    """Columns under a line of names; they are taken out of the lines."""
    figures: list[_Figure] = []
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


def _table(lines: list[str], start: int) -> tuple[list[_Figure], int] | None:
    head = lines[start]
    head = re.sub(r"(?:/|\bof)\s*\d+\b", "", head)
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


def _rows(lines: list[str], start: int, kind: str, names: list[str]) -> tuple[list[_Figure], int] | None:
    number, figures, rows = start + 1, [], 0
    names = list(names)
    while number < len(lines):
        line = lines[number]
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
            total = int(float(of[1])) if of else None
            value = _value(match["number"])
            label = " ".join(terms) or "column"
            split = split_of(terms) or said
            figures.append(_Figure(number, value, role or "other", label, split, percent, total, place=place))
        rows += 1
        number += 1
    good = any(figure.role in ("cost", "accuracy", "wrong") for figure in figures)
    return (figures, number) if rows and good else None


def _line(number: int, line: str, *, repeated: bool, numbered: bool) -> list[_Figure]:
    """The figures on one line; what is said of one number of an enumeration holds for all of it."""
    shape = _skeleton(line)
    figures = [
        replace(one, column=f"{one.place} {shape}")
        for one in _one_by_one(number, line, repeated=repeated, numbered=numbered)
    ]
    for index in range(len(figures) - 2, -1, -1):
        one, following = figures[index], figures[index + 1]
        if following.goes_on and not (repeated and (numbered or _numbered(one, following))):
            figures[index + 1] = replace(following, run=True)
            figures[index] = one = replace(one, run=True)
        if following.goes_on and not one.total and (following.total or following.percent):
            figures[index] = replace(one, total=following.total, percent=following.percent, role=following.role)
    return figures


def _numbered(one: _Figure, following: _Figure) -> bool:
    """Whether this is a line's number and its figure, `(1, 2.3026)`, rather than two of a kind."""
    return one.place == 0 and one.value % 1 == 0 and following.value % 1 != 0


def _one_by_one(number: int, line: str, *, repeated: bool, numbered: bool) -> Iterator[_Figure]:
    matches = list(NUMBER.finditer(line))
    prose = not repeated and len(re.findall(r"[a-zà-ÿ]{2,}", line)) >= 7
    suffixed = _suffixed(line, matches)
    roles: list[str] = []
    previous: re.Match[str] | None = None
    run: _Figure | None = None
    skip = False
    consumed = ""  # the word behind the last number that named it
    for index, match in enumerate(matches):
        if prose and (begun := BEGUN.search(line[: match.start()])) and COST & set(terms_of(line[: begun.start()])):
            yield _Figure(number, _value(match["number"]), "cost", "", said=True, place=-1)
            previous = match
            continue
        if skip:
            skip = False
            continue
        if index == 0 and numbered and role_of(terms_of(line[: match.start()])) not in ("cost", "accuracy", "wrong"):
            behind = terms_of(line[match.end() :])[:1]
            consumed = behind[0] if behind and behind[0] in STEP else ""  # `After 1 epochs: 8881`
            yield _Figure(number, _value(match["number"]), "step", "")
            previous = match
            continue
        begin = previous.end() if previous else 0
        between = line[begin : match.start()]
        following = matches[index + 1] if index + 1 < len(matches) else None
        after = line[match.end() : following.start() if following else len(line)]
        total = None
        of = following and not match["after"].strip() and re.fullmatch(rf"((?:\s+[^\W\d]+){{0,2}}){OF}", after)
        if following and of:  # `958 / 10000`, `958 right answers of 10000`
            whole = _value(following["number"])
            if math.isfinite(whole) and 0 < whole == int(whole) and (not of[1] or whole >= 100):
                total, skip = int(whole), True
                after = line[following.end() :]
                following = matches[index + 2] if index + 2 < len(matches) else None
                after = line[matches[index + 1].end() : following.start() if following else len(line)]
        value, percent = _value(match["number"]), match["after"].strip() == "%"
        counted = run is not None and run.role in ("accuracy", "wrong") and run.value % 1 == 0 < run.value
        if percent and counted and run is not None and not run.total and re.fullmatch(r"\s*[(\[=,]?\s*", between):
            yield replace(run, value=value, percent=True, place=index)  # `440 97.8 %`: the count goes
            previous = match
            continue
        if percent and run is not None and run.total and re.fullmatch(r"\s*[(\[=,]\s*", between):
            previous = match  # the same once more: 958/10000 (9.58%)
            continue
        whole_number = value == int(value) if math.isfinite(value) else False
        continues = run is not None and re.fullmatch(
            r"\s*(?:,|;|[-\u2013\u2014]|->|→|=>|\.{2,}|…|and|to|then|et|, then|, and|\s)\s*"
            r"(?:then|about|around|ca)?\s*",
            between,
        )
        if (
            continues
            and run is not None
            and run.value % 1
            and not run.total
            and (total or (percent and run.role == "cost"))
        ):
            continues = None  # a count or a percentage behind a cost
        if run is not None and run.role == "which" and not whole_number and re.fullmatch(r"\s?[/|(]\s?", between):
            run = replace(run, value=value, label=run.label + SECOND, percent=percent, total=total, place=index)
            roles.append(run.role)
            yield run  # `train 0.34/0.90`
            previous = match
            continue
        if continues and run is not None and not (run.role == "step" and not (whole_number and math.isfinite(value))):
            if between.strip() == "" and not re.search(r"\[[^\]]*$", line[: match.start()]):
                continues = None
            if continues:
                run = replace(run, value=value, percent=percent or run.percent, total=total, place=index, goes_on=True)
                if total is not None and run.role == "step" and not prose and not EPOCH.search(run.label):
                    run = replace(run, role="")
                roles.append(run.role)
                yield run
                previous = matches[index + 1] if skip else match
                continue
        sentence = re.split(r"(?<=[a-z)])[.!?]\s|\s[|]\s|\]|\)\s*(?=[A-Za-z])|\s-\s", between)[-1]
        terms = terms_of(sentence)
        if consumed and terms[:1] == [consumed]:
            terms = terms[1:]
        consumed = ""
        role = role_of(terms)
        if role == "step" and _attached(between) and (percent or (value % 1 and set(terms) & EPOCHS)):
            role = role_of([term for term in terms if term not in STEP])  # `Test accuracy after epoch: 10.09%`
        split = split_of(terms_of(line[: match.start()]))
        behind = terms_of(re.split(r"[,;|(\[]|\s-\s|\.\s", after)[0])[:4]
        if suffixed or (role in ("", "step") and not _attached(between)):
            near = [word for word in behind if word in COST or word in ACCURACY or word in WRONG]
            names_next = following is not None and bool(near) and terms_of(after)[-1:] == near[-1:]
            belongs = bool(near) and not names_next and not re.match(r"\s*[\"']?\s*[:=]", after.partition(near[0])[2])
            if (suffixed and near) or (belongs and (total or percent or (not role and behind[0] not in STEP))):
                role, terms = role_of(near[:1]), near[:1]
                split = split_of([*terms_of(line[: match.start()]), *behind])
            elif behind and (suffixed or (not role and behind[0] in STEP | OTHER)):
                role, terms, consumed = role_of(behind[:1]), behind[:1], behind[0]
        on = re.match(r"\s*%?\s*(?:\w+\s+)?(?:\(|(?:on|for|in)\s+(?:the\s+|my\s+)?)(\w+)", after)
        if on and on[1].lower() in HELD_OUT | TRAIN:
            split = split_of([on[1].lower()])
        if not role and not suffixed and all(term in FILLER | STEP | TRAIN | HELD_OUT for term in terms):
            role = _earlier(line[: match.start()], roles, prose)
        unit = re.match(r"\s*([a-z]+)", after)
        units = UNITS | {"images", "examples", "samples"} if role in ("cost", "") else UNITS
        if whole_number and unit and unit[1] in units and not total and not _attached(between):
            role, terms, consumed = ("step" if unit[1] in STEP else "other"), [unit[1]], unit[1]
        if role == "cost" and (percent or total) and set(terms) & ERRORS:
            role = "wrong"
        if prose and role in ("cost", "accuracy", "wrong"):
            clause = re.split(r"[,;]|\bbut\b|\bwhen\b|\bwhile\b|[.!?]\s", line[: match.start()])[-1]
            if WISHES.search((clause + "0" + after[:12]).lower()):
                role = "other"
        if not role and set(terms) & (TRAIN | HELD_OUT) and set(terms) <= TRAIN | HELD_OUT | FILLER:
            role = _earlier(line[: match.start()], (), prose) or "which"
            role = "which" if role == "cost" and "cost" in roles else role
        if role == "which" and total and re.search(r"\[\s*$", between):
            role = "step"  # how far it has come: `Test: [0/79]`
        if role == "" and terms and not total and not percent:
            lone = STUCK.search(line.lower()) and not whole_number and all(t in FILLER or STUCK.match(t) for t in terms)
            role = "" if lone or not any(term not in FILLER for term in terms) else "unknown"
        said = (prose and not _attached(between)) or (not repeated and not _attached(between) and bool(terms))
        label = (
            ""
            if said and role in ("cost", "accuracy", "wrong", "")
            else " ".join(t for t in terms[-4:] if t not in BESIDE)
        )
        run = _Figure(number, value, role, label, split, percent, total, said, index)
        roles.append(role)
        yield run
        previous = matches[index + 1] if skip else match


def _attached(between: str) -> bool:
    """Whether the words before a number name it: `loss: `, `loss=`."""
    return bool(re.search(r"[:=]\s*[\"'(\[]?\s*$", between))


def _suffixed(line: str, matches: Sequence[re.Match[str]]) -> bool:
    """Whether the names stand behind their numbers: `0.5 loss, 0.9 accuracy`."""
    if not matches or role_of(terms_of(line[: matches[0].start()])) != "" or _attached(line[: matches[0].start()]):
        return False
    last = terms_of(re.split(r"[.:;!?](?:\s|$)", line[matches[-1].end() :])[0])
    first = terms_of(line[matches[0].end() : matches[1].start() if len(matches) > 1 else len(line)])
    return (
        bool(last[:3] and first[:1]) and role_of(last[:3]) in ("cost", "accuracy", "wrong") and role_of(first[:3]) != ""
    )


def _earlier(line: str, roles: Sequence[str], prose: bool) -> str:
    """What a number without a name of its own is: `Cost after iteration 100: 0.69`, `from 0.7 it fell to 0.6`."""
    terms = [term for term in terms_of(re.split(r"(?<=[a-z)])[.!?]\s", line)[-1]) if term not in STEP]
    role = role_of(terms)
    if role not in ("cost", "accuracy", "wrong"):
        return ""
    return role if prose or role not in roles else ""


# ---- series


def _trainings(figures: Sequence[_Figure]) -> list[list[_Figure]]:
    """The figures of each training: the next begins where the count of epochs begins again."""
    parts: list[list[_Figure]] = [[]]
    highest: dict[str, float] = {}
    first: dict[str, float] = {}
    for figure in figures:
        if figure.role == "step" and EPOCH.search(figure.label) and not figure.said:
            key = figure.label
            if key in highest and figure.value < highest[key] and figure.value <= first[key] + 1:
                parts.append([])
                highest, first = {}, {}
            first.setdefault(key, figure.value)
            highest[key] = max(highest.get(key, -math.inf), figure.value)
        parts[-1].append(figure)
    return [part for part in parts if part]


def _series(figures: Sequence[_Figure], rows: dict[Split, int]) -> list[Series]:
    """Costs and accuracies; numbers without a name count only where nothing has one."""
    columns: dict[tuple[str, str, str, bool], list[_Figure]] = {}
    for figure in figures:
        if figure.role in ("cost", "accuracy", "wrong", "which", "unknown", ""):
            place = "" if figure.role or figure.said or figure.run else figure.column
            place += "%" if figure.role == "which" and figure.percent else ""
            key = (figure.role, figure.split, figure.label + place, figure.said)
            columns.setdefault(key, []).append(figure)
    columns = _error_rates(columns)
    said_totals = {f.value for f in figures if f.role == "total" and math.isfinite(f.value)}
    found: list[Series] = []
    for (role, split, label, said), column in columns.items():
        totals = said_totals or ({rows[split]} if split in rows else set())
        if role in ("which", "unknown", "") or (all(math.isnan(f.value) for f in column) and role != "cost"):
            continue
        series = _as_series(role, "held-out" if split == "held-out" else "train" if split == "train" else "",
                            label, column, said, totals)  # fmt: skip
        if series is not None:
            found.append(series)
    found += _by_examples(columns, [series for series in found if series.what == "cost" and not series.said])
    steps = {figure.line: figure.value for figure in figures if figure.role == "step" and figure.place == 0}
    bare = {key: column for key, column in columns.items() if key[0] == "" and not _progress(column, steps)}
    if not any(series.what == "accuracy" and not series.said for series in found):
        found += _counts(bare)
    if found and not any(series.what == "cost" for series in found):  # figures under a head that names them
        plain = {key: column for key, column in bare.items() if not any(f.total or f.percent for f in column)}
        lines = {figure.line for column in plain.values() for figure in column}
        below = [series for series in _unnamed(plain) if series.what == "cost" and len(lines) >= len(series.values) > 2]
        found += [series for series in below if any(value % 1 for value in series.finite)]
    printed = {series.what for series in found if not series.said}
    found = [
        series
        for series in found
        if not series.said or (series.what not in printed and not (printed and max(series.values) > 0.3))
    ]
    if all(series.said for series in found):
        unknown = {key: column for key, column in columns.items() if key[0] == "unknown" and len(column) > 2
                   and any(figure.value % 1 for figure in column)}  # fmt: skip
        most = max((len(column) for column in bare.values()), default=0)
        columns = bare if most > 2 or not unknown else unknown
        if not found or (max((len(column) for column in columns.values()), default=0) > 4):
            found = [series for series in found if series.what == "accuracy"] + _unnamed(columns)
    longest = {what: max((len(s.values) for s in found if s.what == what), default=0) for what in ("cost", "accuracy")}
    found = [s for s in found if s.split == "held-out" or s.said or len(s.values) > longest[s.what] / 3]
    return sorted(found, key=lambda series: (series.said, series.what != "cost", series.split != "train"))


def _error_rates(
    columns: dict[tuple[str, str, str, bool], list[_Figure]],
) -> dict[tuple[str, str, str, bool], list[_Figure]]:
    """Errors that are counts (whole numbers), or shares beside another cost, are wrong answers and no costs."""
    costs = {key[2] for key in columns if key[0] == "cost" and not ERRORS & set(key[2].split())}
    rising = {key[2] for key, column in columns.items() if key[0] == "accuracy" and column[-1].value > column[0].value}
    found = {}
    for key, column in columns.items():
        values = [figure.value for figure in column if math.isfinite(figure.value)]
        above = max(values, default=0) > 100 and any(value % 1 for value in values)
        vague = bool(VAGUE & set(key[2].split())) and key[2] not in rising  # of other examples by the same name
        falls = vague and len(values) > 3 and values[-1] < 0.8 * values[0]
        if key[0] == "accuracy" and (above or falls) and not any(figure.percent or figure.total for figure in column):
            key = ("cost", *key[1:])  # a performance that falls, or is no share
        called = key[0] == "cost" and bool(ERRORS & set(key[2].split())) and not SQUARES & set(key[2].split())
        whole = bool(values) and all(value % 1 == 0 for value in values) and max(values) > 4
        beside = bool(values) and bool(costs) and 0 <= min(values) <= max(values) <= 100
        shares = bool(values) and any(abs(1 - values[-1] / 100 - share) < 0.0003 for share in FREQUENT)
        if called and (whole or beside or shares):
            key = ("wrong", *key[1:])
        found[key] = column
    return found


def _as_series(
    role: str, split: Split, label: str, column: Sequence[_Figure], said: bool, totals: set[float]
) -> Series | None:
    values = [figure.value for figure in column]
    what: What = "cost" if role == "cost" else "accuracy"
    if what == "cost":
        return Series(label or "cost", "cost", split, tuple(values), said=said)
    finite = [value for value in values if math.isfinite(value)]
    if not finite:
        return None
    total = next((figure.total for figure in column if figure.total), None)
    percent = any(figure.percent for figure in column)
    if total is None and not percent and max(finite) > 100:
        if not totals and max(finite) < FEWEST:
            return None  # so few of ten thousand would be worse than chance: of how many is not known
        total = int(max(totals)) if totals else 10_000 if max(finite) <= 10_000 else 60_000
    scale = float(total or (100 if percent or max(finite) > 1 else 1))
    shares = [value / (100 if figure.percent else figure.total if figure.total and total else scale)
              for value, figure in zip(values, column, strict=True)]  # fmt: skip
    if max(share for share in shares if math.isfinite(share)) > 1.0001 or min(finite) < 0:
        return None
    if role == "wrong":
        shares = [1 - share for share in shares]
    return Series(label or "accuracy", "accuracy", split, tuple(shares), total, said)


def _by_examples(columns: dict[tuple[str, str, str, bool], list[_Figure]], costs: Sequence[Series]) -> list[Series]:
    """`train 0.91, test 0.90`: accuracies if they are percentages, or shares that rise, or where costs were printed
    too, shares that rise as the cost falls; costs otherwise. Of pairs, `train 0.34/0.90`, the second are accuracies.
    """
    named = {key: column for key, column in columns.items() if key[0] == "which"}
    ends = {key[1]: column[-1].value for key, column in named.items()}
    values = [figure.value for column in named.values() for figure in column if math.isfinite(figure.value)]
    pairs = any(key[2].endswith(SECOND) for key in named)
    rising = all(column[-1].value > column[0].value for column in named.values())
    level = all(column[-1].value > 0.95 * column[0].value for column in named.values())
    level = level and (min(values, default=0) > 0.85 or ends.get("train", 0) > ends.get("held-out", math.inf) + 0.03)
    shares = bool(values) and (rising or level) and max(values) <= 1 and not costs and not pairs
    percentages = bool(values) and rising and not pairs and 15 < max(values) <= 100
    found = []
    for (_, split, label, said), column in named.items():
        which: Split = "held-out" if split == "held-out" else "train" if split == "train" else ""
        share = shares or percentages or label.endswith(SECOND)
        if costs and max(figure.value for figure in column) <= 1:
            share = share or _against([figure.value for figure in column], costs[0].values)
        role = "accuracy" if share or any(figure.percent or figure.total for figure in column) else "cost"
        series = _as_series(role, which, label.removesuffix(SECOND), column, said, set())
        found += [series] if series is not None else []
    return found


def _against(values: Sequence[float], costs: Sequence[float]) -> bool:
    """Whether values rise where costs fall, and fall where these rise."""
    if len(values) != len(costs) or len(values) < 2:
        return False
    ways = [(b - a) * (d - c) for (a, b), (c, d) in zip(pairwise(values), pairwise(costs), strict=True)]
    return sum(way < 0 for way in ways) > 0.7 * len(ways)


def _counts(bare: dict[tuple[str, str, str, bool], list[_Figure]]) -> list[Series]:
    """`958 / 10000` and `9.58 %` without a name: right answers, unless it is how far an epoch has come."""
    found = []
    if len({key[1] for key in bare}) == 1 < len(bare) and all(
        len(column) == 1 for column in bare.values()
    ):  # on a line
        bare = {next(iter(bare)): [figure for column in bare.values() for figure in column]}
    for (_, split, _, said), column in bare.items():
        total = next((figure.total for figure in column if figure.total), None)
        values = [figure.value for figure in column]
        if total is not None:
            steps = {b - a for a, b in pairwise(values)} - {0.0}
            progress = len(values) > 2 and len(steps) <= len(values) // 3 and steps
            if total < 50 or all(v == total for v in values) or progress:
                continue
            column = [replace(figure, total=figure.total or total) for figure in column]
        elif not all(figure.percent for figure in column):
            continue
        which: Split = "held-out" if split == "held-out" else "train" if split == "train" else ""
        series = _as_series("accuracy", which, "right", column, said, set())
        if series is not None:
            found.append(series)
    return found[:1]


def _unnamed(bare: dict[tuple[str, str, str, bool], list[_Figure]]) -> list[Series]:
    """A column or a list of numbers alone: costs, or accuracies if they look like those."""
    columns = [[figure.value for figure in column] for column in bare.values()]
    if columns and all(len(values) == 1 for values in columns):
        columns = [[values[0] for values in columns]] if len(bare) > 1 else columns
    longest = max((len(values) for values in columns), default=0)
    columns = [values for values in columns if len(values) == longest and not _counting(values)]
    if len(columns) > 3:
        columns = [[value for values in columns for value in values]] if longest == 1 else []
    found: list[Series] = []
    for values in columns:
        finite = [value for value in values if math.isfinite(value)]
        if len(values) < 1 or not finite:
            if values:
                found.append(Series("numbers", "cost", "", tuple(values)))
            continue
        taken = {series.what for series in found}
        if "cost" in taken and 1 < max(finite) < 15:
            continue  # the same once more, such as an average
        whole = all(value == int(value) for value in finite)
        rising = finite[-1] > finite[0] * 1.05 and min(finite) >= 0
        frozen = max(finite) < 0.12 and any(abs(finite[-1] - share) < 0.0003 for share in FREQUENT)
        if whole and min(finite) > 100 and max(finite) <= 60_000:
            total = 10_000 if max(finite) <= 10_000 else 60_000
            found.append(Series("numbers", "accuracy", "", tuple(value / total for value in values), total))
        elif (
            (rising or frozen or "cost" in taken)
            and max(finite) <= 100
            and "accuracy" not in taken
            and min(finite) >= 0
        ):
            scale = 100 if max(finite) > 1.5 else 1
            if rising and scale == 100 and max(finite) < 15 and "cost" not in taken:
                scale = 0
            if scale:
                found.append(Series("numbers", "accuracy", "", tuple(value / scale for value in values)))
            else:
                found.append(Series("numbers", "cost", "", tuple(values)))
        elif "cost" not in taken:
            found.append(Series("numbers", "cost", "", tuple(values)))
    return found


def _progress(column: Sequence[_Figure], steps: dict[int, float]) -> bool:
    """Whether a column says how far the training has come: always the same share of the step on its line."""
    shares = [figure.value / steps[figure.line] for figure in column if steps.get(figure.line) and figure.value]
    last = shares[len(shares) // 2 :]
    return len(shares) > 3 and len(shares) > len(column) / 2 and max(last) < 1.01 * min(last)


def _counting(values: Sequence[float]) -> bool:
    """Whether these are numbers of steps: whole, and always as much more."""
    if len(values) < 2 or not all(math.isfinite(value) and value == int(value) for value in values):
        return False
    steps = {b - a for a, b in pairwise(values)}
    return len(steps) <= 2 and min(steps) > 0
