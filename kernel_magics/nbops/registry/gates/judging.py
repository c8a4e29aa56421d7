"""One function a kind of gate: what it measures and when it passes. Whatever raises, fails the gate."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from nbops.errors import DataError, NbopsError, UsageError
from nbops.records import GateResult
from nbops.registry.gates import scores
from nbops.registry.gates.declaration import Check
from nbops.registry.gates.sample import Contender, Sample, outcome, positive_class, read_sample
from nbops.workspace import Workspace

# A limit that is passed by less than this share of it is said to be close.
_CLOSE = 0.05


@dataclass(frozen=True, slots=True)
class Bench:
    """What gates are judged on: the candidate, the version now held (if any), and where data lie."""

    workspace: Workspace
    candidate: Contender
    champion: Contender | None


Judge = Callable[[Check, Bench], GateResult]


def judge(check: Check, bench: Bench) -> GateResult:
    """Judge one gate. Every error becomes the verdict ``error``; a figure that is not finite never passes."""
    started = time.perf_counter()
    try:
        found = _kinds()[check.kind](check, bench)
    except NbopsError as error:
        found = _errored(check, str(error))
    except Exception as error:  # whatever it was, the gate must not pass
        found = _errored(check, f"{type(error).__name__}: {error}"[:500])
    figures = (found.value, found.champion, found.low, found.high)
    if found.verdict == "passed" and any(value is not None and not math.isfinite(value) for value in figures):
        found = _errored(check, "it measured something that is not a finite number")
    return _timed(found, time.perf_counter() - started)


def metric(check: Check, bench: Bench) -> GateResult:
    """A metric on held-out rows against a limit."""
    name = scores.metric_named(check.options["metric"])
    sample = read_sample(bench.workspace, check)
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
    limit = f"gain ≥ {least:+g}, {confidence:.0%} interval ≥ {-margin:+g}"
    if bench.champion is None:
        return GateResult(
            name=check.name, kind=check.kind, verdict="passed", limit=limit, message="nobody holds it yet"
        )
    name = scores.metric_named(options["metric"])
    sample = read_sample(bench.workspace, check)
    positive = options.get("positive")
    truth, new = outcome(name, sample, bench.candidate, positive)
    _, old = outcome(name, sample, bench.champion, positive)
    gain = scores.difference(name, truth, new, old, confidence)
    passed = math.isfinite(gain.low) and gain.low >= -margin and gain.value >= least
    evidence = {
        "rows": len(truth),
        "metric": name.name,
        "candidate": float(name.function(truth, new)),
        "champion": float(name.function(truth, old)),
        "repeats": gain.repeats,
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


def slices(check: Check, bench: Bench) -> GateResult:
    """The worst group of rows against a limit."""
    name = scores.metric_named(check.options["metric"])
    sample = read_sample(bench.workspace, check)
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
    """The largest gap of a rate between groups.

    ``selection_rate`` is demographic parity, ``true_positive_rate`` equal opportunity, ``equalized_odds`` the larger
    of the gaps of true and false positive rate (Hardt, Price and Srebro, "Equality of opportunity in supervised
    learning", 2016); ``accuracy`` and, for numbers, ``mean_error`` compare errors.
    """
    sample = read_sample(bench.workspace, check)
    measure = str(check.options.get("measure", "selection_rate"))
    least = int(check.options.get("min_rows", 30))
    gap, table = _gap(check, sample, bench.candidate, measure, least)
    before = None if bench.champion is None else _gap(check, sample, bench.champion, measure, least)[0]
    evidence = {"measure": measure, "groups": table}
    return limited(check, gap, evidence, champion=before, about="")


def calibration(check: Check, bench: Bench) -> GateResult:
    """The expected calibration error of the probabilities."""
    sample = read_sample(bench.workspace, check)
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
    groups = [(label, rows) for label, rows in _groups(sample, check.options["by"]) if len(rows) >= least]
    if len(groups) < 2:
        raise DataError(f"fewer than two groups of {check.options['by']} have {least} rows")
    truth = sample.truth.to_numpy()
    said = np.asarray(contender.model.predict(sample.features(contender))).ravel()
    if measure == "mean_error":
        rates = {"mean_error": said.astype(float) - truth.astype(float)}
    elif measure == "accuracy":
        rates = {"accuracy": said == truth}
    else:
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
        rates = {key: every[key] for key in wanted}
    table: list[dict[str, Any]] = []
    for label, rows in groups:
        means = {key: _mean(label, key, np.asarray(values, dtype=float)[rows]) for key, values in rates.items()}
        table.append({"group": label, "rows": len(rows), **means})
    return max(max(r[key] for r in table) - min(r[key] for r in table) for key in rates), table


def _mean(label: str, rate: str, values: scores.Array) -> float:
    known = values[~np.isnan(values)]
    if not len(known):
        raise DataError(f"the {rate} of {label} is not defined: it has no such rows")
    return float(known.mean())


def _groups(sample: Sample, by: Any) -> list[tuple[str, scores.Array]]:
    import pandas as pd

    columns = [by] if isinstance(by, str) else list(by)
    found: list[tuple[str, scores.Array]] = []
    for column in columns:
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


def limited(
    check: Check,
    value: float,
    evidence: Mapping[str, Any],
    *,
    champion: float | None = None,
    low: float | None = None,
    high: float | None = None,
    about: str = "",
    least: Any = None,
    most: Any = None,
) -> GateResult:
    """Compare a value with the limits ``min`` and ``max`` of a check (or those given)."""
    least, most = check.options.get("min", least), check.options.get("max", most)
    if not math.isfinite(value):
        raise DataError(f"it measured {value}, which is no figure")
    inside = (least is None or value >= least) and (most is None or value <= most)
    bounds = (("≥", least), ("≤", most))
    limit = " and ".join(f"{sign} {bound:g}" for sign, bound in bounds if bound is not None)
    near = [abs(value - bound) <= _CLOSE * abs(bound) for bound in (least, most) if bound]
    interval = {"low": low, "high": high} if low is not None and high is not None and math.isfinite(low) else {}
    return GateResult(
        name=check.name,
        kind=check.kind,
        verdict="passed" if inside else "failed",
        value=value,
        champion=champion,
        limit=limit,
        close=inside and any(near) and check.kind in {"slices", "fairness", "calibration", "latency", "size"},
        message=about if math.isfinite(value) else "it measured something that is not a finite number",
        evidence=dict(evidence),
        **interval,
    )


def _errored(check: Check, message: str) -> GateResult:
    return GateResult(name=check.name, kind=check.kind, verdict="error", message=message)


def _timed(found: GateResult, duration: float) -> GateResult:
    from dataclasses import replace

    return replace(found, duration=duration)


def _kinds() -> dict[str, Judge]:
    from nbops.registry.gates import running_kinds, stored_kinds

    return {
        "metric": metric,
        "champion": champion,
        "slices": slices,
        "fairness": fairness,
        "calibration": calibration,
        "latency": running_kinds.latency,
        "reproduces": running_kinds.reproduces,
        "function": running_kinds.function,
        "notebook": running_kinds.notebook,
        "size": stored_kinds.size,
        "validation": stored_kinds.validation,
        "card": stored_kinds.card,
    }
