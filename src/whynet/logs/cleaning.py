"""Cleaning: a text as people paste it -> lines whose numbers are figures, written as Python writes them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby
from typing import Any

NAN = r"[-+]?(?:nan|NaN|NAN|inf|Inf|INF|infinity|Infinity)\b(?:\((?:ind|snan)\))?|[-+]?1\.\#\w+|[-+]?∞"
PLAIN = r"[-+]?(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
NUMBER = re.compile(rf"(?<![\w.#\\])(?<![A-Za-z]-)(?P<number>{NAN}|{PLAIN})(?P<after>\s?%|(?=[^\w]|$))")
TIME = r"(?:s|ms|us|µs|ns|sec|secs|seconds?|min|mins|minutes?|h|hours?|sek|sekunden|[KMG]i?B)"
NOISE = [  # what holds numbers that are no figures of a training; put out before the numbers are looked for
    r"\x1b\[[0-9;?]*[A-Za-z]",
    r"(?<![^\n])\s*\d+\s*\|\s*\w+\s*\|\s*[A-Z]\w+\s*\|[^\n]*",  # Lightning's list of modules
    r"https?://\S+",
    r"\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?Z?)?",
    r"\b\d{1,2}:\d\d:\d\d(?:[.,]\d+)?",
    r"\b\d{1,2}[./]\d{1,2}[./]\d{4}\b",
    r"(?<![\d.])\d{1,2}:\d\d(?![\d.])(?=[\s,<\]]|$)",
    r"\S{1,200}\.(?:cpp|cc|py|h|m|java|js|gz|csv|txt|npz|hdf5|pth?):\d+[\]:]?",
    r"\b\d+(?:\.\d+){2,}\b",
    rf"(?<![\w.])\d+(?:[.,]\d+)?\s?(?:{TIME}|it|samples|images|examples|steps?|batch(?:es)?)?/"
    rf"(?:{TIME}|it|step|epoch|batch|sample)\b",
    rf"(?<![\w.])\d+(?:[.,]\d+)?\s?{TIME}(?![\w/])",
    r"(?<![\w.])\d+(?:\s*[x\u00d7]\s*\d+)+(?![\w.])",
    r"(?<![\w.-])\d+(?:\s?-\s?\d+){2,}(?![\w.])",
    r"\d+(?:\.\d+)?\s*(?:\^|\*\*)\s*[-(]?\s*\d+\)?",
    r"(?<![-=])[<>≤≥]=?[ \t]*[-+]?\d[\d.,]*(?:e-?\d+)?",
    r"\[\s*\d+(?:[\s,]+\d+)*[\s,]*\.\.\.[^\]\n]*\]",
    r"\d+%\s?\|[^|\n\d%]*\|",
    r"\b\d+/\d+\s*\[[=>. ]*\]",
    r"(?<![\w.])\d[\d.]*\s*(?:\*\s*(?=[A-Za-z(])|/\s*(?=\())",
    r"\(\*[^)]*\)",
    r"#\d+",
    r"\b(?:did not improve|improved) from [-\d.e]+(?:inf)?(?: to [-\d.e]+)?",
    r"[±]\s*\d[\d.]*%?",
    r"\+/-\s*\d[\d.]*%?",
]  # fmt: skip
NOISES = re.compile("|".join(NOISE))
WRAPPERS = re.compile(
    r"(?:\b(?:tensor|Tensor|float\d*|np\.float\d+|numpy\.float\d+)|(?<=[:=] )[A-Za-z]\w*|(?<=[:=])[A-Za-z]\w*)"
    r"\(([^(),\[\]]+)(?:,[^()\[\]]*)?\)"
)
CALLS = re.compile(r"^(\s*\w+)\([^()\n]*\)(?=\s*[=:]\s*[-+\w.(]+\s*$)", re.M)  # `loss(x, y) = 0.09`
ARRAYS = re.compile(r"\b(?:tensor|array|np\.array|numpy\.array|Float\d\d)\(?(\[[^\[\]]*\])(?:,[^()\[\]]*)?\)?")
WORDY = re.compile(r"(?:\b[^\W\d_]{2,}\b[,;()'\"-]{0,2} [('\"]?){5}")  # five words in a row: a sentence
LONG = 12_000  # characters of a line
LARGE = 150_000  # characters of a text
AS_MUCH = 60  # of one character, or of digits, in a row: more of them say no more
SAME = re.compile(rf"([^\w\n])\1{{{AS_MUCH},}}|\d{{{AS_MUCH},}}")
MANY = 200  # lines that differ in their numbers only: so many of them tell as much as all
VARYING = str.maketrans(
    "", "", "0123456789.,+-eE=>#:% \t█▉▊▋▌▍▎▏━╸╺"
)  # what differs between drawings of a progress bar

WORDING = (  # full stops and brackets that end no sentence
    (r"\([^()\n]*\d[^()\n]*\)(?=\s*[=:]\s*[-\d.])", " "),  # `mean error (last 500) = 0.45`
    (r"(?i)\b(abs|avg|acc|val|valid|appr|entr|med|err|max|min|approx|ca|tr|te)\.(?=\s)", r"\1"),
    (r"\b(?:i\.\s?e\.|e\.\s?g\.|z\.\s?B\.)", "namely"),
)
MARKUP = (  # what notebooks, HTML and LaTeX put around figures
    ("\u2212", "-"),
    ("\ufeff", ""),
    (r"[\r\x08\x0b\x0c]+", "\n"),
    (r"(?<=\d)[\u00a0\u2009\u202f'\u2019](?=\d{3}(?!\d))", ""),
    (r"</t[dh]>\s*<t[dh][^>]*>", " | "),
    (r"</?(?:table|thead|tbody|tr|td|th|div|p|pre|code|br|span|style)\b[^>\n]*>", ""),
    (r"\\%", "%"),
    (r"\\mathcal\s*\{?L\}?", "loss"),
    (r"\$?\bL_\{?(?:\\\w+\{)?(\w+)\}*\$?", r"\1 loss"),
    (r"\\(?:[hct]line|toprule|midrule|bottomrule|,(?=\d{3}))", ""),
    (r"(?m)&(?=.*\\\\\s*$)", "|"),
    (r"(?m)\\\\[ \t]*$", ""),
    (r"(?m)^(?:Out ?\[\d+\]:|\s*\[1\](?= +[-\d.]+$))", ""),
    (r"\b([A-Za-z]\w*)\[(\d+)\](?=\s*[=:]\s*[-\d])", r"step \2 \1"),  # `E[3] = 0.45`
    (r"(?i)\b(before|after)(?: any| the)? training\b", r"\1"),
    (r"(?<=\w)\s*#\s?(\d+)(?=\s*[:=])", r"\1"),
    (r"(?i)(?<![a-z])(?:acc|prec|top)(?:uracy|ision)?[@-]?1\b", "accuracy"),
)
NUMBERS = (
    (r"@\s*(?=\d)", " at step "),
    (r"((?:/|of|from|sur)\s+\d{1,3}) (?=\d{3}(?!\d))", r"\1"),
)
NAMES = (
    (r"(?i)\b(?:cross?-?e(?:nt)?|x-?ent)\b", "cross entropy"),
    (r"(?i)(?<=\d) ?(?:percent|per cent|prozent|pour ?cent|procent|por ciento)\b", " %"),
    (r"(?<=\d)f(?=-?\d+\b)", "e"),  # Julia's 0.69f0
    (r"\bJ_(?=[A-Za-z])", "cost "),
    (r"\b(?:J|[CEL](?=\s*[=:]\s*(?:\d*\.\d|[-+]?(?:nan|inf))))\s*(?:\([^)\n]*\))?\s*(?==|:)", "cost "),
)


def thinned(text: str) -> str:
    """The text with some of the lines of each long run of like ones, such as the drawings of a progress bar.

    Lines that are very long lose their middle, or most of their numbers, and so does a text that stays very long.

    >>> len(thinned("loss 0.5\\n" * 10_000).split("\\n")) < 300
    True
    """
    text = SAME.sub(lambda match: match[0][:AS_MUCH], text)
    lines = [_shortened(line) for line in re.split(r"[\n\r\x08\x0b\x0c]+" if len(text) > 100_000 else r"\n", text)]
    if len(lines) > MANY:
        kept: list[str] = []
        for _, run in groupby(lines, key=lambda line: line.translate(VARYING)):
            kept += _some(list(run))
        lines = kept
    if sum(map(len, lines)) > LARGE:  # lines of several kinds in turn
        kinds: dict[str, list[int]] = {}
        for number, line in enumerate(lines):
            kinds.setdefault(line.translate(VARYING), []).append(number)
        lines = [lines[number] for number in sorted(number for kind in kinds.values() for number in _some(kind))]
    text = "\n".join(lines)
    return text if len(text) <= 2 * LARGE else f"{text[:LARGE]}\n{text[-LARGE:]}"


def _some(alike: list[Any]) -> list[Any]:
    """So many of them that tell as much as all: the last is one of them."""
    every = max(1, len(alike) // MANY)
    return [*alike[:-1:every], alike[-1]]


def _shortened(line: str) -> str:
    """A line of at most about `LONG` characters: of lists, some of the numbers; of other text, begin and end."""
    if len(line) <= LONG:
        return line
    for separator in (",", " "):
        items = line.split(separator)
        every = len(items) * 6 // LONG + 1
        kept = [item for at, item in enumerate(items) if at % every == 0 or re.search(r"[A-Za-z\[\]{}]", item)]
        short = separator.join([*kept, items[-1]])
        if len(items) > len(line) / 40 and len(short) < 3 * LONG:
            return short
    return f"{line[: LONG // 2]} {line[-LONG // 2 :]}"


def clean(text: str) -> list[str]:
    """Lines without escape codes, dates, times, sizes and the like, and with numbers as Python writes them.

    >>> clean("12:03:11 cost 0,45\\n12:03:12 cost 0,44")
    ['  cost 0.45', '  cost 0.44']
    """
    text = text.replace("\r\n", "\n")
    if len(re.findall(r"(?m)^> ?", text)) > 3:
        text = re.sub(r"(?m)^>(?!>) ?", "", text)  # quoted, as in mails
    text = _joined(_rewritten(text, WORDING))
    text = _rewritten(text, MARKUP)
    if passes := re.search(r"(?im)^\W*after ([a-z]+) \d", text):
        text = re.sub(r"(?im)^(\W*)before(?=\s*[:=])", rf"\1after {passes[1]} 0", text)
    text = _rewritten(NOISES.sub(" ", text), NUMBERS)
    text = _with_decimal_points(text)
    text = CALLS.sub(r"\1", ARRAYS.sub(r"\1", WRAPPERS.sub(r"\1", text)))
    text = _rewritten(text, NAMES)
    return [re.sub(r"^\s*(?:>\s+|[-*•]\s+|\d+[.)]\s+(?=[A-Za-z]{3}))", "", line) for line in text.split("\n")]


def _rewritten(text: str, rules: Sequence[tuple[str, str]]) -> str:
    for pattern, instead in rules:
        text = re.sub(pattern, instead, text)
    return text


def _joined(text: str) -> str:
    """The lines of a sentence that was wrapped, on one line."""
    lines: list[str] = []
    for line in text.split("\n"):
        before = lines[-1] if lines else ""
        wrapped = len(before) > 60 and not re.search(r"[.!?:;|]\s*$", before) and re.match(r"[a-z0-9(]", line)
        if wrapped and WORDY.search(before) and WORDY.search(line):
            lines[-1] = f"{before} {line}"
        else:
            lines.append(line)
    return "\n".join(lines)


def _with_decimal_points(text: str) -> str:
    """Decimal commas become points where the text has no others; commas between thousands go."""
    commas = re.findall(r"(?<![\d.,\[(])\d{1,6},(?!\d{3}(?!\d))\d+(?![\d.]|,\d)|(?<![\d.,])0,\d+(?![\d.]|,\d)", text)
    points = re.findall(r"(?<![\w.,])\d+\.\d+", text)
    heads = any(re.fullmatch(r"\s*[A-Za-z_ ]+(,[A-Za-z_ ]+)+\s*", line) for line in text.split("\n"))
    if len(commas) > 2 * len(points) and not heads:
        text = re.sub(r"(?<=\d)\.(?=\d{3}(?!\d))", "", text)
        return re.sub(r"(?<=\d),(?=\d)", ".", text)
    if heads:
        return text
    return re.sub(r"(?<![\d.,\[])\d{1,3}(?:,\d{3})+(?![\d,]|\.\d{4})", lambda match: match[0].replace(",", ""), text)
