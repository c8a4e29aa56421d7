"""How often a drift report names a column when nothing has changed, and how often it finds what has.

Columns are drawn as in the table of peers that the project started from: normal, lognormal (sigma 1.5), Student's t with
3 degrees of freedom, zero-inflated, and 5, 200 and 2,000 categories by Zipf's law; the reference has 10,000 rows. Everything
goes through the profiles at the settings shipped. ``python benchmarks/false_alarms.py 350`` takes the number of reports; a report of
20 columns has each of the seven two or three times. ``--write`` puts the table into ``docs/drift.md``.
"""

import sys
from collections import Counter
from collections.abc import Callable
from itertools import cycle, islice
from pathlib import Path

import numpy as np
import pandas as pd

from nbops.data.compact import aligned, compact, expanded
from nbops.data.profile import Profile, profile_frame
from nbops.monitoring.comparing import Comparison, compared
from nbops.monitoring.drift import ALPHA
from nbops.monitoring.judging import judged, significance
from nbops.monitoring.pairing import paired
from nbops.monitoring.thresholds import Minimum, Thresholds

REFERENCE, SIZES, REPORT = 10_000, (200, 1_000, 10_000), 20
DOCS = Path(__file__).resolve().parents[1] / "docs" / "drift.md"
RULES = Thresholds(minimum=Minimum())
RANDOM = np.random.default_rng(7)


def _zipf(count: int) -> Callable[[int, float], np.ndarray]:
    share = 1.0 / np.arange(1, count + 1)
    names = np.array([f"c{i}" for i in range(count)], dtype=object)
    return lambda n, _: names[RANDOM.choice(count, n, p=share / share.sum())]


DRAWN: dict[str, Callable[[int, float], np.ndarray]] = {
    "normal": lambda n, d: RANDOM.normal(d, 1, n),
    "lognormal": lambda n, d: RANDOM.lognormal(1.5 * d, 1.5, n),
    "t, 3 d.f.": lambda n, d: RANDOM.standard_t(3, n) + 1.73 * d,
    "zero-inflated": lambda n, d: np.where(RANDOM.random(n) < 0.7 - 0.4 * d, 0.0, RANDOM.gamma(2, 2, n)),
    "5 categories": _zipf(5),
    "200 categories": _zipf(200),
    "2,000 categories": _zipf(2_000),
}
NUMBERS = tuple(DRAWN)[:4]


def _nulls(n: int, share: float) -> np.ndarray:
    return np.where(RANDOM.random(n) < share, np.nan, RANDOM.normal(0, 1, n))


def _appearing(n: int, share: float) -> np.ndarray:
    return np.where(RANDOM.random(n) < share, "unseen", _zipf(5)(n, 0.0))


CHANGES: dict[int, dict[str, tuple[Callable[[int, float], np.ndarray], float, float]]] = {
    200: {},
    1_000: {
        **{f"{name}, 0.2 sigma": (DRAWN[name], 0.0, 0.2) for name in NUMBERS},
        "nulls 5 % to 10 %": (_nulls, 0.05, 0.10),
        "a new category of 2 %": (_appearing, 0.0, 0.02),
    },
    10_000: {f"{name}, 0.1 sigma": (DRAWN[name], 0.0, 0.1) for name in NUMBERS},
}
GOALS = {"sigma": 0.95, "nulls": 0.99, "new": 0.99}


def _compared(name: str, before: Profile, after: Profile) -> Comparison:
    return compared(paired(name, before.columns[0], aligned(before, after).columns[0]))


def _sides(draw: Callable[[int, float], np.ndarray], n: int, old: float, new: float) -> tuple[Profile, Profile]:
    before = profile_frame(pd.DataFrame({"x": draw(REFERENCE, old)}))
    return before, profile_frame(pd.DataFrame({"x": draw(n, new)}), before)


def _stored(profile: Profile) -> Profile:
    return expanded(compact(profile))


def _named(columns: list[Comparison]) -> list[bool]:
    """Whether each column is named, for drift or for data quality."""
    found = significance(columns, ALPHA)
    return [judged(one, found, RULES).status != "steady" for one in columns]


def measured(repetitions: int, n: int) -> dict[str, Counter[str]]:
    """Count alarms and finds at one size, each alone and in a report of 20 columns."""
    found: dict[str, Counter[str]] = {}

    def count(row: str, **hits: bool) -> None:
        counted = found.setdefault(row, Counter())
        for key, hit in hits.items():
            counted.update({key: int(hit), f"{key} of": 1})

    names = list(islice(cycle(DRAWN), REPORT))
    for _ in range(repetitions):
        report, stored = [], []
        for position, name in enumerate(names):
            before, after = _sides(DRAWN[name], n, 0.0, 0.0)
            report.append(_compared(str(position), before, after))
            count(name, alone=_named(report[-1:])[0])
            if position < len(DRAWN):
                stored.append(_compared(str(position), _stored(before), after))
                count(name, stored=_named(stored[-1:])[0])
        count("any of 20 columns", alone=any(_named(report)))
        count("any of 7 columns", stored=any(_named(stored)))
        for name, (draw, old, new) in CHANGES[n].items():
            before, after = _sides(draw, n, old, new)
            one = _compared("changed", before, after)
            small = _compared("changed", _stored(before), after)
            alone, kept = _named([one])[0], _named([small])[0]
            count(name, alone=alone, stored=kept, within=_named([one, *report[1:]])[0])
    return found


def _share(counted: Counter[str] | None, key: str) -> float | None:
    return counted[key] / counted[f"{key} of"] if counted and counted[f"{key} of"] else None


def _cell(share: float | None) -> str:
    return "" if share is None else f"{share:.1%}"


def _lines(found: dict[int, dict[str, Counter[str]]]) -> list[str]:
    lines = [
        "| nothing has changed | " + " | ".join(f"n = {n:,}" for n in SIZES) + " | stored profile |",
        "| --- |" + " ---: |" * (len(SIZES) + 1),
    ]
    for row in (*DRAWN, "any of 20 columns", "any of 7 columns"):
        shares = [_share(found[n][row], "alone") for n in SIZES]
        stored = [share for n in SIZES if (share := _share(found[n][row], "stored")) is not None]
        worst = f"at most {max(stored):.1%}" if stored else ""
        lines.append(f"| {row} | " + " | ".join(map(_cell, shares)) + f" | {worst} |")
    lines += [
        "",
        "| changed, found | n | alone | in a report of 20 | stored profile |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    for n in SIZES:
        for row in CHANGES[n]:
            cells = " | ".join(_cell(_share(found[n][row], key)) for key in ("alone", "within", "stored"))
            lines.append(f"| {row} | {n:,} | {cells} |")
    return lines


def _reached(found: dict[int, dict[str, Counter[str]]]) -> bool:
    calm = all(
        share <= (0.05 if row.startswith("any") else 0.02)
        for n in SIZES
        for row in (*DRAWN, "any of 20 columns", "any of 7 columns")
        for key in ("alone", "stored")
        if (share := _share(found[n][row], key)) is not None
    )
    goals = [(n, row, next(v for k, v in GOALS.items() if k in row)) for n in SIZES for row in CHANGES[n]]
    return calm and all((_share(found[n][row], "within") or 0.0) >= goal for n, row, goal in goals)


def _write(repetitions: int, lines: list[str]) -> None:
    start, end = "<!-- false alarms -->\n", "<!-- /false alarms -->"
    text = DOCS.read_text("utf-8")
    head, _, rest = text.partition(start)
    _, _, tail = rest.partition(end)
    said = (
        f"Measured over {repetitions:,} reports of 20 columns at each n, the reference {REFERENCE:,} rows "
        f"(`python benchmarks/false_alarms.py {repetitions} --write`); a column is named by chance, for drift or for quality, in"
    )
    DOCS.write_text(f"{head}{start}{said}\n\n" + "\n".join(lines) + f"\n{end}{tail}", "utf-8")


def main(repetitions: int = 50, write: bool = False) -> bool:
    """Print the table; give whether the goals are reached."""
    found = {n: measured(repetitions, n) for n in SIZES}
    lines = _lines(found)
    reached = _reached(found)
    print(f"\n## false alarms and power of drift reports, reference {REFERENCE:,} rows, {repetitions:,} reports")
    print("\n".join(lines))
    goal = "a column named by chance in at most 2 %, a report in at most 5 %; 95 % of shifts, 99 % of nulls and categories found"
    print(f"  {'reached' if reached else 'NOT REACHED'}: {goal}", flush=True)
    if write:
        _write(repetitions, lines)
    return reached


if __name__ == "__main__":
    given = next((int(argument) for argument in sys.argv[1:] if argument.isdigit()), 50)
    main(given, write="--write" in sys.argv)
