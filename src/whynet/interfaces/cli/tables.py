"""What `whynet data` and `whynet predict` say of tables."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from whynet.data.table import Say
    from whynet.network.network import Network

WIDEST = 24  # characters of a column of the preview
MOST_COLUMNS = 12  # of the preview


def in_words(described: dict[str, Any], path: str) -> str:
    """A table as it was found: each column, and the first rows."""
    columns = described["columns"]
    width = min(max([len(one["name"]) for one in columns] + [6]), 40)
    lines = [
        f"{path}: {described['rows']:,} rows of {len(columns):,} columns", "",
        f"{'column':<{width}}  kind    missing  different",
    ]  # fmt: skip
    for one in columns:
        line = f"{one['name']:<{width}.{width}}  {one['kind'] or '-':<7}{one['missing']:>8,}  {one['different']:>9,}"
        lines.append(line + (f"  ({one['note']})" if one["note"] else ""))
    names = [one["name"] for one in columns[:MOST_COLUMNS]]
    rows = [names, *([("" if cell is None else cell) for cell in row[:MOST_COLUMNS]] for row in described["first"])]
    widths = [min(max(map(len, column)), WIDEST) for column in zip(*rows, strict=True)]
    lines += ["", "first rows"]
    lines += ["  ".join(f"{cell:<{w}.{w}}" for cell, w in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join(lines)


def targets_in_words(summary: dict[str, Any]) -> str:
    """What there is to predict, and from how much."""
    lines = [
        f"{summary['name']}: {summary['examples']:,} rows to train on and {summary['test_examples'] or 0:,} to test "
        f"on, {summary['features']:,} features: a {summary['problem']} problem",
        f"from {summary['source'] or 'memory'}",
        "",
    ]
    if "classes" in summary:
        width = max([len(name) for name in summary["classes"]] + [10])
        lines.append(f"{'class':<{width}}{'rows':>9} fraction")
        for name, count, fraction in zip(summary["classes"], summary["counts"], summary["shares"], strict=True):
            lines.append(f"{name:<{width}}{count:>9,}{fraction:>9.2%}")
        return "\n".join(lines)
    width = max([len(one["name"]) for one in summary["targets"]] + [10])
    lines.append(f"{'target':<{width}}{'mean':>12}{'sd':>12}{'least':>12}{'largest':>12}")
    for one in summary["targets"]:
        figures = (one[key] for key in ("mean", "sd", "least", "largest"))
        lines.append(f"{one['name']:<{width}}" + "".join(f"{figure:>12.5g}" for figure in figures))
    return "\n".join(lines)


def predictions(network: Network, path: Path, say: Say) -> tuple[list[dict[str, Any]], list[str]]:
    """What a network answers to each row of a file, as plain values and as lines."""
    from whynet.data.tables import features_of_file

    X, table = features_of_file(path, network.encoding, say)
    problem, answers = network.problem, network.predict(X)
    names = problem.names
    rows: list[dict[str, Any]] = []
    lines = []
    if problem.kind == "regression":
        for row, numbers in zip(table.lines, answers.tolist(), strict=True):
            one = numbers[0] if len(names) == 1 else dict(zip(names, numbers, strict=True))
            rows.append({"row": int(row), "answer": one})
            lines.append(f"row {row}: " + ", ".join(f"{n} {v:.6g}" for n, v in zip(names, numbers, strict=True)))
        return rows, lines
    for row, answer, shares in zip(table.lines, answers.tolist(), network.probabilities(X).tolist(), strict=True):
        if problem.kind == "labels":
            there = [name for name, one in zip(names, answer, strict=True) if one]
            rows.append({"row": int(row), "answer": there, "probabilities": shares})
            shown = ", ".join(f"{name} {share:.1%}" for name, share in zip(names, shares, strict=True))
            lines.append(f"row {row}: {', '.join(there) or 'none'} ({shown})")
            continue
        share = shares[answer] if len(shares) > 1 else max(shares[0], 1 - shares[0])
        name = names[answer] if answer < len(names) else str(answer)
        rows.append({"row": int(row), "answer": name, "probabilities": shares})
        lines.append(f"row {row}: {name} (probability {share:.1%})")
    return rows, lines
