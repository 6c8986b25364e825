"""How long the way through the code is: the files under "Read it in this order" in the README, counted.

python tests/reading_path.py

A line counts where it holds code: not if it is blank, a comment, or part of a docstring.
"""

from __future__ import annotations

import ast
import io
import re
import sys
import tokenize
from pathlib import Path

ROOT = Path(__file__).parent.parent
MOST = 1000
NO_CODE = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}


def files() -> list[Path]:
    """The files that the README names, in its order."""
    section = (ROOT / "README.md").read_text().split("Read it in this order")[1].split("\n\n")[1]
    return [ROOT / name for name in re.findall(r"^\d+\. .*?\]\((\S+?\.py)\)", section, re.MULTILINE)]


def lines_of_code(source: str) -> int:
    """Lines with code on them."""
    documented: set[int] = set()
    for node in ast.walk(ast.parse(source)):
        for one in getattr(node, "body", []) if not isinstance(node, ast.Lambda | ast.IfExp) else []:
            if isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant) and isinstance(one.value.value, str):
                documented |= set(range(one.lineno, one.end_lineno + 1))
    tokens = [one for one in tokenize.generate_tokens(io.StringIO(source).readline) if one.type not in NO_CODE]
    return len({line for one in tokens for line in range(one.start[0], one.end[0] + 1)} - documented)


def counted() -> dict[Path, int]:
    """Lines of code of each file on the way."""
    return {path: lines_of_code(path.read_text()) for path in files()}


if __name__ == "__main__":
    found = counted()
    rows = [f"{lines:5}  {path.relative_to(ROOT)}" for path, lines in found.items()]
    sys.stdout.write("\n".join([*rows, f"{sum(found.values()):5}  lines of code in all, of {MOST} at most", ""]))
    sys.exit(sum(found.values()) > MOST)
