"""What can be taken away: the network for other programs, the recipe, the report."""

from __future__ import annotations

import io
import zipfile

from whynet.errors import UsageError, did_you_mean
from whynet.interfaces.exchange import TARGETS, export
from whynet.interfaces.web.desk import Desk

REPORT, RECIPE = "report", "recipe"
KINDS = (*TARGETS, RECIPE, REPORT)


def taken(desk: Desk, to: str) -> tuple[str, bytes]:
    """The name and the content of one file; several are zipped.

    Raises
    ------
    UsageError, ResourceError
        There is no such kind, nothing to be had yet, or a package is needed that is not installed.
    """
    if to not in KINDS:
        raise UsageError("there is no such export", do=did_you_mean(to, KINDS))
    work = desk.at_hand(drawing=False)
    if to == RECIPE:
        return "recipe.toml", work.recipe.to_toml().encode()
    if to == REPORT:
        page = None if work.directory is None else work.directory / "report.html"
        if page is None or not page.is_file():
            raise UsageError("there is no report yet", do="It is written when training ends")
        return "report.html", page.read_bytes()
    with desk.lock:
        made = export(work.network, to)
    if len(made) == 1:
        return next(iter(made.items()))
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in made.items():
            archive.writestr(name, content)
    return f"{to}.zip", buffer.getvalue()
