"""A log, read for the page."""

from __future__ import annotations

import math
from typing import Any

from whynet.doctor.causes import cause
from whynet.logs.log import diagnose_log


def read_log(text: str) -> dict[str, Any]:
    """A log's diagnosis as values and in words."""
    found = diagnose_log(text)
    curves = [{"name": one.name, "what": one.what, "values": [v if math.isfinite(v) else None for v in one.values]}
              for one in found.series]  # fmt: skip
    values = found.as_dict()
    for one in values["verdict"]:
        one["title"] = (cause(one["cause"]).__doc__ or "").strip().splitlines()[0]
    return {**values, "text": str(found), "curves": curves}
