"""What the lines of a bench add up to."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

WORN = ("proved", "found")  # statuses that accuse


def right(row: dict[str, Any], first: int) -> bool:
    """Whether one of the first causes has an accepted name; of a plant that does no harm, silence is right too."""
    said = row.get("said", [])
    if any(cause in row["planted"] for cause, _ in said[:first]):
        return True
    return not row["error"] and not row.get("harmed", True) and not any(status in WORN for _, status in said)


def alarms(row: dict[str, Any]) -> list[str]:
    """What a sound network is accused of."""
    return [cause for cause, status in row.get("said", []) if status in WORN]


def _share(count: int, of: int) -> str:
    return f"{count}/{of} ({count / of:.0%})" if of else "none"


def _line(what: str, rows: list[dict[str, Any]]) -> str:
    sick = [row for row in rows if row["plant"]]
    sound = [row for row in rows if not row["plant"]]
    parts = []
    if sick:
        harmed = [row for row in sick if row.get("harmed", True)]
        mendable = [row for row in harmed if row["cure"]]
        proved = sum(bool(row.get("proved right")) for row in mendable)
        parts += [
            f"first right {_share(sum(right(row, 1) for row in sick), len(sick))}",
            f"first three {_share(sum(right(row, 3) for row in sick), len(sick))}",
            f"harmed, first right {_share(sum(right(row, 1) for row in harmed), len(harmed))}",
            f"proved, of those with a cure {_share(proved, len(mendable))}",
        ]
    if sound:
        parts.append(f"alarms {_share(sum(bool(alarms(row)) for row in sound), len(sound))}")
    refused = sum(row["error"].startswith("refused") for row in rows)
    crashed = sum(row["error"].startswith("crashed") for row in rows)
    seconds = sorted(row["seconds"] for row in rows)
    parts.append(f"refused {refused}, crashed {crashed}, median {seconds[len(seconds) // 2]:.0f} s")
    return f"{what}: " + "; ".join(parts)


def summary(rows: list[dict[str, Any]]) -> str:
    """All of it, by library, by plant, and each one that is not as it should be."""
    if not rows:
        return "nothing yet"
    lines = [_line("all", rows)]
    for key in ("library", "architecture", "plant"):
        groups = defaultdict(list)
        for row in rows:
            groups[row[key]].append(row)
        if key == "plant":
            groups.pop("", None)
        lines += ["", f"by {key}", *(_line(f"  {name}", group) for name, group in sorted(groups.items()))]
    missed = [row for row in rows if row["plant"] and not right(row, 1)]
    lines += ["", "missed"]
    for row in missed:
        said = row["error"] or f"{row.get('state')}, {row.get('said')}"
        lines.append(f"  {row['name']}: {said}")
    lines += ["", "accused though sound, refused, crashed"]
    for row in rows:
        if not row["plant"] and (alarms(row) or row["error"]):
            lines.append(f"  {row['name']}: {row['error'] or row['said']}")
    often = Counter(row["said"][0][0] for row in missed if row.get("said"))
    lines += ["", "said in place of the right one: " + ", ".join(f"{cause} {n}" for cause, n in often.most_common(8))]
    return "\n".join(lines)
