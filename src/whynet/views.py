"""Views: how a result shows itself. Results ask here; who draws them is fetched by name when first asked.

So a network or a diagnosis can be printed, or shown in a notebook, without importing the reports that draw it.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

VIEWS: dict[tuple[str, str], str] = {  # class of the thing, kind of view -> module:function
    ("Diagnosis", "json"): "whynet.report.diagnosis:diagnosis_as_dict",
    ("Diagnosis", "text"): "whynet.report.diagnosis:diagnosis_in_words",
    ("Diagnosis", "html"): "whynet.report.diagnosis:diagnosis_html",
    ("LogDiagnosis", "json"): "whynet.report.log:log_as_dict",
    ("LogDiagnosis", "text"): "whynet.report.log:log_in_words",
    ("LogDiagnosis", "html"): "whynet.report.log:log_html",
}


def view(thing: Any, kind: str) -> Any:
    """What is shown of a thing, in words, as HTML or as plain values.

    >>> class Diagnosis: ...
    >>> ("Diagnosis", "text") in VIEWS
    True
    """
    module, _, name = VIEWS[type(thing).__name__, kind].partition(":")
    return getattr(import_module(module), name)(thing)
