"""Policies and decisions of retraining, as text and static HTML."""

from __future__ import annotations

from collections.abc import Sequence

from nbops.records import RetrainDecision, RetrainPolicy
from nbops.views import html
from nbops.views.text import clip, moment, table

_TONES = {"promoted": "good", "awaiting approval": "warn", "gates failed": "bad", "failed": "bad", "not better": "dim"}


def policy_sentence(policy: RetrainPolicy) -> str:
    """Say in a sentence when a model is trained anew and what becomes of the challenger."""
    causes = [
        {
            "schedule": f"at {policy.cron} {policy.timezone}",
            "volume": f"after {policy.volume:,} newly labelled rows",
        }.get(one, f"on {one}")
        for one in policy.on
    ]
    gain = f" by at least {policy.min_gain:g}" if policy.min_gain else ""
    then = f"is promoted to {policy.target}" if policy.mode == "promote" else f"is proposed for {policy.target}"
    rest = " (paused)" if policy.paused else ""
    return (
        f"{policy.model} is trained by {policy.pipeline} {', '.join(causes) or 'by hand'}{rest}, on the labelled rows of "
        f"{policy.window} of {policy.source}; a challenger that is clearly better{gain} on the newest {policy.holdout:.0%} {then}. "
        f"At most {policy.budget} in {policy.budget_days:g} days, none within {policy.cool_down_hours:g} hours."
    )


def policies_text(policies: Sequence[RetrainPolicy]) -> str:
    """Show policies in a terminal, a line each."""
    if not policies:
        return (
            "No model has a policy of retraining.\nSet one: nbops retrain set MODEL --pipeline pipeline.toml --on drift"
        )
    return "\n".join(policy_sentence(one) for one in policies)


def decisions_text(decisions: Sequence[RetrainDecision]) -> str:
    """Show decisions in a terminal, the newest first."""
    if not decisions:
        return "Nothing has been decided about retraining."
    rows = [
        (str(one.id), moment(one.at), one.model, one.cause, one.outcome, _versions(one), clip(one.message, 110))
        for one in decisions
    ]
    return table(rows, ("", "when", "model", "cause", "outcome", "version", "why"), right=(0,))


def decision_text(decision: RetrainDecision) -> str:
    """Show one decision with its evidence in a terminal."""
    lines = [f"{decision.model}: {decision.outcome} ({decision.cause}, {moment(decision.at)})", decision.message]
    found = decision.comparison
    if found:
        lines.append(
            f"{found['metric']}: challenger {found['challenger']:.4g}, champion v{decision.champion} {found['champion']:.4g}, gain "
            f"{found['gain']:.4g} ({found['low']:.4g} to {found['high']:.4g}, {found['confidence']:.0%}, {found['method']}) on {found['rows']:,} rows"
        )
    data = decision.evidence.get("data", {})
    if data:
        lines.append(
            f"learnt from {data['learn_rows']:,} rows of {data['source']} ({data['window']}), judged on the {data['judge_rows']:,} newest"
        )
    if decision.run_id:
        lines.append(f"pipeline run {decision.run_id[:8]}")
    return "\n".join(lines)


def decisions_html(decisions: Sequence[RetrainDecision]) -> str:
    """Show decisions in a notebook; static, everything escaped."""
    if not decisions:
        return html.span("Nothing has been decided about retraining.", "dim")
    head = "".join(
        f'<th scope="col" style="text-align:left">{name}</th>'
        for name in ("when", "model", "cause", "outcome", "version", "why")
    )
    rows = "".join(
        html.tag(
            "tr",
            "".join(
                html.tag("td", cell, "padding:2px 14px 2px 0;text-align:left;vertical-align:top")
                for cell in _cells(one)
            ),
        )
        for one in decisions
    )
    return html.tag("table", f"<tr>{head}</tr>{rows}")


def _cells(one: RetrainDecision) -> tuple[str, ...]:
    return (
        html.span(moment(one.at), "dim"),
        html.escape(one.model),
        html.escape(one.cause),
        html.span(one.outcome, _TONES.get(one.outcome, "")),
        html.escape(_versions(one)),
        html.span(clip(one.message, 300), "dim"),
    )


def _versions(one: RetrainDecision) -> str:
    if one.challenger is None:
        return f"v{one.champion}" if one.champion is not None else ""
    return (
        f"v{one.champion} → v{one.challenger}"
        if one.outcome == "promoted"
        else f"v{one.challenger} against v{one.champion}"
    )
