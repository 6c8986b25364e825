"""The files of the page: those in `static/` and the vendored plotting library, read once. No path is ever made of what
a request says."""

from __future__ import annotations

from importlib.resources import files

KINDS = {".html": "text/html; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml",
         ".js": "text/javascript; charset=utf-8"}  # fmt: skip
VENDORED = ("uPlot.min.css", "uPlot.iife.min.js")


def static() -> dict[str, tuple[str, bytes]]:
    """Name -> (media type, content)."""
    found = {}
    for one in files("whynet.interfaces.web").joinpath("static").iterdir():
        suffix = "." + one.name.rsplit(".", 1)[-1]
        if suffix in KINDS:
            found[one.name] = KINDS[suffix], one.read_bytes()
    vendor = files("whynet.report") / "vendor" / "uplot"
    for name in VENDORED:
        found[name] = KINDS["." + name.rsplit(".", 1)[-1]], vendor.joinpath(name).read_bytes()
    return found
