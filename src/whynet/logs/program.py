"""Program: which lines of a text are program text, and no figures of a training."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from whynet.logs.tokens import VALUE, WORDY

CODE = re.compile(
    r"\s*(?:(?:import|class|def|elif|else|try|except|finally|return|raise|lambda|global|assert|del|yield|async|await|"
    r"public|private|protected|static|void|const|let|var|int|float|double|auto|using|namespace|template|function|func|"
    r"fn|struct|switch|case|library|require|end)\b(?!.*\b(?:loss|cost|acc\w*|error|epoch)\b\s*[:=]?\s*\d)|"
    r"from\s+\S+\s+import\b|(?:for|while|if|with)\b.*[:{]\s*$|\w+\s+in\s+range|print\b|//|/\*|\*/|#(?!\s*\d)|>>>|\$\s|!|@|"
    r"<\w|\}|\{\s*$|,\s*[-\w(]|%(?!\d)|\w[\w.]*\s*<-\s)"
)
STATEMENT = re.compile(
    r"[=(+<>][^;{]*[;{]\s*$|^\s*[;{]?\s*$|^\s*[\w.]+\([^)]*\)?.*\)\s*;?$|\.\w+\([^)]*\)|\bnp\.|\bself\.|->\s*\w+:"
)
PRINTED = re.compile(rf"[\[(]?\s*(?:{VALUE})(?![\w.]|\s*[*/+(])")
WORD = re.compile(r"\b[a-z]{2,}\b")
SENTENCE_ENDS = re.compile(r"(?<=[\w%)\]\"'][.!?;])\s+(?=[A-Za-z])")
PAIRS = re.compile(r"\w\s?[=:]\s?-?\d+\.\d+")  # so many on a line are no program text
ASSIGNED = re.compile(r"^\s*(?P<name>[\w.\[\]]+(?:\s*,\s*[\w.\[\]]+)*)\s*(?:[-+*/@]?=)(?!=)\s*(?P<value>\S.*)$")


def without_program(lines: Sequence[str]) -> list[str]:
    """The lines without program text: empty where a line is nothing else; of a line of prose, only the sentences go.

    >>> without_program(["for x in data:", "    y = net(x)", "I use nn.Softmax(1) as the last. The loss stays at 1.6."])
    ['', '', 'The loss stays at 1.6.']
    """
    kept = []
    for line, program in zip(lines, program_text(lines), strict=True):
        sentences = SENTENCE_ENDS.split(line) if program and len(WORD.findall(line)) > 6 else []
        told = [one for one, code in zip(sentences, program_text(sentences), strict=True) if not code]
        kept.append(" ".join(told) if program else line)
    return kept


def program_text(lines: Sequence[str]) -> list[bool]:
    """Which lines are program text. `loss = 0.5` is, unless the text has more such lines.

    >>> program_text(["for x, y in batches:", "    loss = step(x, y)", "epoch 1 loss 0.5"])
    [True, True, False]
    """
    assigned = [ASSIGNED.match(line) for line in lines]
    names = Counter(name for name, _ in {(match["name"].strip(), match["value"]) for match in assigned if match})
    sure = []
    for line, match in zip(lines, assigned, strict=True):
        told = WORDY.search(line) and re.search(r"\.\s+[A-Z]|\.\s*$", line)  # a sentence that names a function
        program = bool(CODE.match(line) or (STATEMENT.search(line) and not told)) and len(PAIRS.findall(line)) < 2
        if match and not PRINTED.match(match["value"]) and len(PAIRS.findall(line)) < 2:
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
