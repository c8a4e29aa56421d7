"""A drift report as HTML and as text, from its plain values: its words, pictures, parts and pages."""

from __future__ import annotations

from nbops.late import late

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nbops.views.drift.page import drift_body, drift_html, drift_page
    from nbops.views.drift.text import drift_text

__all__ = ["drift_body", "drift_html", "drift_page", "drift_text"]

__getattr__, __dir__ = late(__name__, {"page": ["drift_body", "drift_html", "drift_page"], "text": ["drift_text"]})
