"""A drift report in a terminal."""

from __future__ import annotations

from nbops.views.drift import words
from nbops.views.drift.further import further_text
from nbops.views.drift.words import Values, effect, plain
from nbops.views.text import table

_MOST = 200


def drift_text(report: Values) -> str:
    """Show a report in a terminal."""
    columns = list(report.get("columns", ()))
    rows = [
        (
            plain(c["name"], 40),
            plain(c.get("kind", "")),
            words.STATES.get(c["status"], ("", c["status"]))[1],
            plain(c["reason"], 70),
            effect(c.get("effect")),
            effect((c.get("statistics") or {}).get("psi")),
        )
        for c in columns[:_MOST]
    ]
    lead = " ".join("".join(text for text, _ in words.lead(report)).split())
    parts = [words.title(report), words.subtitle(report), *([lead] if lead else []), ""]
    parts.append(table(rows, ("column", "kind", "", "what changed", "KS / TV", "PSI"), right=(4, 5)))
    if len(columns) > _MOST:
        parts.append(f"… and {len(columns) - _MOST:,} more; --json shows all of them")
    more = further_text(report)
    parts += [words.false_alarm(report), *(["", more] if more else [])]
    return "\n".join(parts)
