"""Registered models as text and as static HTML."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from nbops.records import ModelVersion, RegisteredModel
from nbops.views.text import clip, moment, number, size, table


def models_text(models: Sequence[RegisteredModel]) -> str:
    """Show registered models, newest version first."""
    rows = [
        (
            model.name if position == 0 else "",
            f"v{version.version}",
            ", ".join(version.aliases) or "–",
            version.class_name or "–",
            _metrics(version),
            version.run_id[:8] or "–",
            moment(version.created_at),
            "mlflow" if version.origin == "mlflow" else version.author,
        )
        for model in models
        for position, version in enumerate(model.versions)
    ]
    if not rows:
        return "No model is registered yet. Register one with: nbops register NAME"
    return table(rows, ("model", "version", "aliases", "class", "metrics", "run", "registered", "by"))


def version_line(version: ModelVersion) -> str:
    """Say in one line what was registered."""
    aliases = f" as {', '.join(version.aliases)}" if version.aliases else ""
    return (
        f"{version.model} version {version.version}{aliases}: {version.class_name}, {size(version.size)}, "
        f"run {version.run_id[:8]}, sha256 {version.digest[:12]}"
    )


def version_html(version: ModelVersion) -> str:
    """Say the same as static HTML for a notebook; all text is escaped."""
    aliases = "".join(
        f' <span style="border:1px solid;border-radius:9px;padding:0 7px">{escape(a)}</span>' for a in version.aliases
    )
    facts = f"{version.class_name} · {size(version.size)} · run {version.run_id[:8]} · sha256 {version.digest[:12]}"
    metrics = f"<div>{escape(_metrics(version))}</div>" if version.metrics else ""
    return (
        '<div style="border-left:3px solid var(--jp-success-color1,#388e3c);padding:6px 12px">'
        f"<b>{escape(version.model)}</b> version {version.version}{aliases}"
        f'<div style="color:var(--jp-ui-font-color2,#666)">{escape(facts)}</div>{metrics}</div>'
    )


def _metrics(version: ModelVersion) -> str:
    return clip("  ".join(f"{k} {number(v)}" for k, v in list(version.metrics.items())[:4]), 60)
