"""Views: how a result shows itself. Results ask here; who draws them is fetched by name when first asked.

So a network or a diagnosis can be printed, or shown in a notebook, without importing the reports that draw it.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

VIEWS: dict[tuple[str, str], str] = {  # class of the thing, kind of view -> module:function
    ("Dataset", "html"): "whynet.report.notebook:dataset_html",
    ("Network", "html"): "whynet.report.notebook:network_html",
    ("History", "html"): "whynet.report.notebook:history_html",
    ("Run", "html"): "whynet.report.html:run_summary",
    ("Run", "page"): "whynet.report.html:run_page",
    ("Diagnosis", "json"): "whynet.report.diagnosis:diagnosis_as_dict",
    ("Diagnosis", "text"): "whynet.report.diagnosis:diagnosis_in_words",
    ("Diagnosis", "html"): "whynet.report.diagnosis:diagnosis_html",
    ("LogDiagnosis", "json"): "whynet.report.log:log_as_dict",
    ("LogDiagnosis", "text"): "whynet.report.log:log_in_words",
    ("LogDiagnosis", "html"): "whynet.report.log:log_html",
}


def view(thing: Any, kind: str) -> Any:
    """What is shown of a thing, in words, as HTML or as plain values; of a subclass, what is shown of its base.

    >>> from whynet.training.history import History
    >>> view(History(), "html")
    '<table><tr><th>epoch</th><th>cost</th><th>validation</th><th>test</th><th>seconds</th></tr></table>'
    """
    for base in type(thing).__mro__:
        if (base.__name__, kind) in VIEWS:
            module, _, name = VIEWS[base.__name__, kind].partition(":")
            return getattr(import_module(module), name)(thing)
    raise TypeError(f"nothing shows a {type(thing).__name__} as {kind}")
