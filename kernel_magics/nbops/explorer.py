"""The explorer of drift in a notebook: choose window, column and segment, and see that column change."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nbops.errors import NbopsError
from nbops.monitoring.exploring import EVERYTHING, Exploration
from nbops.views.document import fragment
from nbops.views.drift.exploring import looked
from nbops.views.drift.style import REPORT_STYLE
from nbops.views.html import escape

_WIDGET = "application/vnd.jupyter.widget-view+json"


class DriftExplorer:
    """A live view of one column of a comparison, in one window and segment.

    Parameters
    ----------
    exploration
        What is looked at.
    otherwise
        What is shown where no widgets live, by MIME type.
    """

    def __init__(self, exploration: Exploration, otherwise: Mapping[str, Any] | None = None) -> None:
        import ipywidgets

        self.exploration, self._otherwise = exploration, dict(otherwise or {})
        wide = ipywidgets.Layout(width="auto", max_width="640px")
        self.column = ipywidgets.Dropdown(description="Column", options=list(exploration.columns), layout=wide)
        labels = [(segment.label, segment) for segment in exploration.segments]
        self.segment = ipywidgets.Dropdown(description="Segment", options=labels, layout=wide)
        self.window = ipywidgets.SelectionSlider(
            description="Window",
            options=[("all of it" if label == EVERYTHING else label, label) for label in exploration.windows],
            continuous_update=True,
            layout=wide,
        )
        self.picture = ipywidgets.HTML()
        choices = [self.column]
        choices += [self.window] if len(exploration.windows) > 1 else []
        choices += [self.segment] if len(exploration.segments) > 1 else []
        for choice in choices:
            choice.observe(self._look, names="value")
        self.widget = ipywidgets.VBox([ipywidgets.VBox(choices), self.picture])
        self.widget.add_class("nbops-drift-explorer")
        self._look()

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        shown = {"version_major": 2, "version_minor": 0, "model_id": self.widget.model_id}
        return {**self._otherwise, _WIDGET: shown}

    def _look(self, _: Any = None) -> None:
        window, segment, name = self.window.value, self.segment.value, self.column.value
        try:
            report = self.exploration.report(window, segment)
            column = next((c for c in report.to_dict()["columns"] if c["name"] == name), None)
            body = looked(report.to_dict(), column, self.exploration.trend(segment), window, segment.label)
        except NbopsError as error:
            body = f'<p class="warn" role="status">{escape(str(error))}</p>'
        note = f'<p class="dim"><small>{escape(self.exploration.note)}</small></p>' if self.exploration.note else ""
        self.picture.value = fragment(body + note, REPORT_STYLE)
