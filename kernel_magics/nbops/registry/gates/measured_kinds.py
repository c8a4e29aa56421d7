"""Gates that measure the model on held-out rows: a metric, the comparison with the holder, groups, calibration."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from nbops.errors import DataError, UsageError
from nbops.records import GateResult
from nbops.registry.gates import scores
from nbops.registry.gates.bench import Bench, limited
from nbops.registry.gates.declaration import Check
from nbops.registry.gates.sample import Contender, Sample, finite, outcome, positive_class


def metric(check: Check, bench: Bench) -> GateResult:
    """A metric on held-out rows against a limit."""
    name = scores.metric_named(check.options["metric"])
    sample = bench.sample(check)
    positive = check.options.get("positive")
    found = scores.estimate(name, *outcome(name, sample, bench.candidate, positive))
    other = None
    if bench.champion is not None:
        other = float(name.function(*outcome(name, sample, bench.champion, positive)))
    return limited(check, found.value, {"rows": len(sample.truth)}, champion=other, low=found.low, high=found.high)


def champion(check: Check, bench: Bench) -> GateResult:
    """Not worse than the version now held, on the same rows: interval above the margin, gain at least the minimum."""
    options = check.options
    margin, least = float(options.get("margin", 0.0)), float(options.get("min_effect", 0.0))
    confidence = float(options.get("confidence", 0.95))
    if not 0.5 < confidence < 1 or margin < 0:
        raise UsageError("confidence must be between 0.5 and 1, margin not negative")
    limit = _in_words(least, margin, confidence)
    if bench.champion is None:
        return GateResult(
            name=check.name, kind=check.kind, verdict="passed", limit=limit, message="nobody holds it yet"
        )
    name = scores.metric_named(options["metric"])
    sample = bench.sample(check)
    positive = options.get("positive")
    truth, new = outcome(name, sample, bench.candidate, positive)
    _, old = outcome(name, sample, bench.champion, positive)
    gain = scores.difference(name, truth, new, old, confidence)
    passed = math.isfinite(gain.low) and gain.low >= -margin and gain.value >= least
    evidence = {
        "rows": len(truth),
        "metric": name.name,
        "confidence": confidence,
        "candidate": float(name.function(truth, new)),
        "champion": float(name.function(truth, old)),
        "interval": f"bootstrap of {gain.repeats} resamples" if gain.repeats else "DeLong",
        "changed": _changed(sample, bench),
    }
    return GateResult(
        name=check.name,
        kind=check.kind,
        verdict="passed" if passed else "failed",
        value=gain.value,
        low=gain.low,
        high=gain.high,
        limit=limit,
        message="" if passed else "it is not clearly as good as the version now held",
        evidence=evidence,
    )


def _in_words(least: float, margin: float, confidence: float) -> str:
    """Say what a gain and its interval must be: ``gain at least 0.01; 95 % sure: not worse than the champion``."""
    gain = f"gain at least {least:g}" if least else "not worse than the champion"
    sure = f"{100 * confidence:g} % sure"
    if not margin:
        return f"{gain}; {sure}: not worse than the champion" if least else f"{gain}, {sure}"
    return f"{gain}; {sure}: not worse by more than {margin:g}"


def slices(check: Check, bench: Bench) -> GateResult:
    """The worst group of rows against a limit."""
    name = scores.metric_named(check.options["metric"])
    sample = bench.sample(check)
    least = int(check.options.get("min_rows", 30))
    positive = check.options.get("positive")
    truth, new = outcome(name, sample, bench.candidate, positive)
    old = outcome(name, sample, bench.champion, positive)[1] if bench.champion is not None else None
    table: list[dict[str, Any]] = []
    small = 0
    for label, rows in _groups(sample, check.options["by"]):
        if len(rows) < least:
            small += 1
            continue
        try:
            value = float(name.function(truth[rows], new[rows]))
        except ValueError as error:
            raise DataError(f"{name.name} of {label} ({len(rows)} rows) is not defined: {error}") from error
        before = None if old is None else float(name.function(truth[rows], old[rows]))
        table.append({"slice": label, "rows": len(rows), "value": value, "champion": before})
    if not table:
        raise DataError(f"no group of {check.options['by']} has {least} rows")
    table.sort(key=lambda row: row["value"], reverse=not name.greater_is_better)
    worst = table[0]
    evidence = {"worst": worst["slice"], "slices": table[:20], "judged": len(table), "too_small": small}
    return limited(check, worst["value"], evidence, champion=worst["champion"], about=f"worst: {worst['slice']}")


def fairness(check: Check, bench: Bench) -> GateResult:
    """The largest gap of a rate between the groups of a column.

    ``selection_rate`` is demographic parity, ``true_positive_rate`` equal opportunity, ``equalized_odds`` the larger
    of the gaps of true and false positive rate (Hardt, Price and Srebro, "Equality of opportunity in supervised
    learning", 2016); ``accuracy`` and, for numbers, ``mean_error`` compare errors.
    """
    sample = bench.sample(check)
    measure = str(check.options.get("measure", "selection_rate"))
    least = int(check.options.get("min_rows", 30))
    gap, table = _gap(check, sample, bench.candidate, measure, least)
    before = None if bench.champion is None else _gap(check, sample, bench.champion, measure, least)[0]
    evidence = {"measure": measure, "groups": table}
    return limited(check, gap, evidence, champion=before, about="")


def calibration(check: Check, bench: Bench) -> GateResult:
    """The expected calibration error of the probabilities."""
    sample = bench.sample(check)
    bins = int(check.options.get("bins", 10))
    if not 2 <= bins <= 1000:
        raise UsageError("bins must be from 2 to 1000")

    def error_of(contender: Contender) -> float:
        if not hasattr(contender.model, "predict_proba"):
            raise DataError("the model gives no probabilities")
        need = scores.Metric("score", "score", True, lambda *_: 0.0)
        truth, score = outcome(need, sample, contender, check.options.get("positive"))
        return scores.calibration_error(truth.astype(float), score, bins)

    before = None if bench.champion is None else error_of(bench.champion)
    return limited(check, error_of(bench.candidate), {"rows": len(sample.truth), "bins": bins}, champion=before)


def _gap(
    check: Check, sample: Sample, contender: Contender, measure: str, least: int
) -> tuple[float, list[dict[str, Any]]]:
    rates = _rates(check, sample, contender, measure)
    table: list[dict[str, Any]] = []
    worst = 0.0
    for column in _columns(check.options["by"]):
        groups = [(label, rows) for label, rows in _groups(sample, column) if len(rows) >= least]
        if len(groups) < 2:
            raise DataError(f"fewer than two groups of {column} have {least} rows")
        means = {
            label: {key: _mean(label, key, values[rows]) for key, values in rates.items()} for label, rows in groups
        }
        table += [{"group": label, "rows": len(rows), **means[label]} for label, rows in groups]
        worst = max(
            worst, *(max(m[key] for m in means.values()) - min(m[key] for m in means.values()) for key in rates)
        )
    return worst, table


def _rates(check: Check, sample: Sample, contender: Contender, measure: str) -> dict[str, scores.Array]:
    """Give what is averaged over a group, by name; NaN where a row says nothing about it."""
    truth = sample.truth.to_numpy()
    said = np.asarray(contender.model.predict(sample.features(contender))).ravel()
    if measure == "mean_error":
        return {"mean_error": finite(said.astype(float)) - finite(truth.astype(float))}
    if measure == "accuracy":
        right, claimed = outcome(scores.metric_named("accuracy"), sample, contender)
        return {"accuracy": (right == claimed).astype(float)}
    chosen = positive_class(contender.model, truth, check.options.get("positive"))
    yes, is_so = said == chosen, truth == chosen
    every = {
        "selection_rate": yes.astype(float),
        "true_positive_rate": np.where(is_so, yes, np.nan),
        "false_positive_rate": np.where(is_so, np.nan, yes),
    }
    wanted = {"equalized_odds": ("true_positive_rate", "false_positive_rate")}.get(measure, (measure,))
    if not set(wanted) <= set(every):
        raise UsageError(f"there is no measure {measure!r}, only {', '.join([*every, 'equalized_odds'])}")
    return {key: every[key] for key in wanted}


def _mean(label: str, rate: str, values: scores.Array) -> float:
    known = values[~np.isnan(values)]
    if not len(known):
        raise DataError(f"the {rate} of {label} is not defined: it has no such rows")
    return float(known.mean())


def _columns(by: Any) -> list[str]:
    return [by] if isinstance(by, str) else list(by)


def _groups(sample: Sample, by: Any) -> list[tuple[str, scores.Array]]:
    import pandas as pd

    found: list[tuple[str, scores.Array]] = []
    for column in _columns(by):
        if column not in sample.frame.columns:
            raise DataError(f"the data have no column {column!r}")
        values = sample.frame[column]
        if pd.api.types.is_numeric_dtype(values) and values.nunique() > 10:
            values = pd.qcut(values, 4, duplicates="drop").astype(str)
        values = values.astype(object).where(values.notna(), "missing").astype(str)
        found += [(f"{column} = {value}", np.asarray(rows)) for value, rows in values.groupby(values).indices.items()]
    return found


def _changed(sample: Sample, bench: Bench) -> dict[str, int]:
    """Count decisions that change, and to which side."""
    assert bench.champion is not None
    new, old = (np.asarray(c.model.predict(sample.features(c))).ravel() for c in (bench.candidate, bench.champion))
    if np.issubdtype(new.dtype, np.floating) or np.issubdtype(old.dtype, np.floating):
        return {}
    truth = sample.truth.to_numpy()
    differs = new != old
    return {
        "decisions": int(differs.sum()),
        "to_right": int((differs & (new == truth)).sum()),
        "to_wrong": int((differs & (old == truth)).sum()),
    }
