"""Finding runs: conditions, words, order, pages, one run by any of its names, its card."""

from __future__ import annotations

import math

import pytest

from nbops.errors import NotFoundError, UsageError
from nbops.records import DataRef, ErrorInfo, MetricPoint
from nbops.tracking.outbox import outbox_of
from nbops.tracking.search import card_of, get_run, metric_series, search_runs


@pytest.fixture(scope="module")
def runs(shared_place, make_run):
    """Ten runs of two cells in two notebooks, still in the outbox."""
    made = []
    for number in range(10):
        made.append(
            make_run(
                f"run-{number}",
                run_id=f"{number:02d}" + "ab" * 15,
                started_at=1_000.0 + number,
                params={"max_depth": str(number % 4), "solver": "lbfgs" if number % 2 else "saga"},
                metrics={"auc": number / 10, **({"loss": 1.0 - number / 10} if number > 4 else {})},
                status="FAILED" if number == 3 else "FINISHED",
                error=ErrorInfo(type="ValueError", message="bad_input") if number == 3 else None,
                experiment="fraud" if number == 9 else "churn",
                notebook="/w/b.ipynb" if number > 6 else "/w/a.ipynb",
                key=f"cell-{number % 2}",
                code=f"unique_{number} = 100%",
                tags={"team": "risk" if number < 5 else "growth"},
                data=(DataRef(name="train", fingerprint=str(number // 2), rows=1, columns=1),),
            )
        )
        outbox_of(shared_place).finish(made[-1])
    return made


def _names(page):
    return [int(row.name.removeprefix("run-")) for row in page.runs]


def test_newest_first_with_nothing_missing(shared_place, runs):
    page = search_runs(shared_place)
    assert _names(page) == list(range(9, -1, -1))
    assert (page.total, page.metric_names, page.experiments) == (10, ("auc", "loss"), ("churn", "fraud"))
    row = page.runs[-4]
    assert (row.name, row.status, row.error) == ("run-3", "FAILED", "ValueError: bad_input")
    assert (row.params["solver"], row.metrics, row.delivery) == ("lbfgs", {"auc": 0.3}, "ledger")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("auc > 0.65", [9, 8, 7]),
        ("auc>=0.7 and max_depth = 1", [9]),
        ("max_depth = 1.0", [9, 5, 1]),
        ("max_depth > 2", [7, 3]),
        ("max_depth != 0", [9, 7, 6, 5, 3, 2, 1]),
        ("solver = saga", [8, 6, 4, 2, 0]),
        ("solver ~ BFG", [9, 7, 5, 3, 1]),
        ("loss <= 0.2", [9, 8]),
        ("status = failed", [3]),
        ("name ~ run-7", [7]),
        ("experiment = fraud", [9]),
        ("notebook ~ b.ipynb", [9, 8, 7]),
        ("team = growth loss < 0.25", [9, 8]),
        ("code ~ unique_4", [4]),
        ("unique_6", [6]),
        ("bad_input", [3]),
        ("saga churn auc < 0.5", [4, 2, 0]),
        ("100%", list(range(9, -1, -1))),
        ("unique%6", []),
        ("duration > 0.5 and started_at < 1002", [1, 0]),
        ("nothing-like-it", []),
        ("'; DROP TABLE runs; --", []),
    ],
)
def test_queries(shared_place, runs, query, expected):
    page = search_runs(shared_place, query=query)
    assert (_names(page), page.total) == (expected, len(expected))


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("aux > 0.5", "Did you mean 'auc'"),
        ("max_deth = 3", "Did you mean 'max_depth'"),
        ("zzzzz = 3", "No run has a metric or parameter 'zzzzz'"),
        ("auc > high", "auc is a number"),
        ("auc ~ 3", "auc is a number"),
        ("name < 3", "name is text"),
    ],
)
def test_a_condition_that_makes_no_sense_is_told(shared_place, runs, query, told):
    with pytest.raises(UsageError, match=told):
        search_runs(shared_place, query=query)


def test_filters(shared_place, runs):
    assert _names(search_runs(shared_place, notebook="/w/b.ipynb")) == [9, 8, 7]
    assert _names(search_runs(shared_place, experiment="fraud")) == [9]
    assert _names(search_runs(shared_place, status="FAILED")) == [3]
    assert search_runs(shared_place, kind="stage").total == 0
    assert search_runs(shared_place, parent_id="").total == 10


def test_order_and_pages(shared_place, runs):
    assert _names(search_runs(shared_place, sort="auc", descending=False, limit=3)) == [0, 1, 2]
    assert _names(search_runs(shared_place, sort="auc", offset=8, limit=5)) == [1, 0]
    # Those without the metric come last, whichever the direction.
    assert _names(search_runs(shared_place, sort="loss"))[:5] == [5, 6, 7, 8, 9]
    assert _names(search_runs(shared_place, sort="loss", descending=False))[:5] == [9, 8, 7, 6, 5]
    assert _names(search_runs(shared_place, sort="loss", query="loss < 0.45")) == [6, 7, 8, 9]
    seen = [
        n
        for offset in range(0, 10, 3)
        for n in _names(search_runs(shared_place, sort="status", offset=offset, limit=3))
    ]
    assert sorted(seen) == list(range(10))
    with pytest.raises(UsageError, match="Did you mean 'auc'"):
        search_runs(shared_place, sort="acu")
    with pytest.raises(UsageError, match="page"):
        search_runs(shared_place, offset=-1)


def test_one_run_by_any_of_its_names(shared_place, runs):
    assert get_run(shared_place, runs[4].run_id).name == "run-4"
    assert get_run(shared_place, "04abab").name == "run-4"
    assert get_run(shared_place, "run-4").run_id == runs[4].run_id
    assert get_run(shared_place, "last").name == "run-9"


def test_what_is_not_there_is_told_with_the_closest_name(shared_place, runs):
    with pytest.raises(NotFoundError, match="Did you mean 'run-"):
        get_run(shared_place, "run-44")
    with pytest.raises(NotFoundError, match="nbops runs"):
        get_run(shared_place, "")
    with pytest.raises(NotFoundError):
        get_run(shared_place, "x" * 5000)


def test_a_beginning_that_fits_several_is_refused(place, make_run):
    for number in range(2):
        outbox_of(place).finish(make_run(f"r{number}", run_id=f"feed{number}" + "0" * 27))
    with pytest.raises(UsageError, match="Several runs"):
        get_run(place, "feed")


def test_last_is_the_newest_that_has_ended(place, make_run):
    with pytest.raises(NotFoundError, match="no run yet"):
        get_run(place, "last")
    outbox_of(place).start(make_run("running", status="RUNNING"))
    outbox_of(place).finish(make_run("done", started_at=5.0))
    assert get_run(place, "last").name == "done"


def test_the_card_is_the_one_the_kernel_showed(shared_place, runs):
    card = card_of(shared_place, "run-7")
    assert [point.name for point in card.history] == ["run-1", "run-3", "run-5"]
    assert card.previous == card.history[-1]
    assert {(c.kind, c.name) for c in card.changes} == {
        ("param", "max_depth"), ("metric", "auc"), ("metric", "loss"), ("data", "train")
    }  # fmt: skip
    assert card.workspace == str(shared_place.root)
    assert card_of(shared_place, "run-0").previous is None


def test_series_keep_what_numbers_cannot(place, make_run):
    box, run = outbox_of(place), make_run("odd", status="RUNNING")
    box.start(run)
    values = [1e308, math.inf, -math.inf, math.nan, 5e-324]
    for step, value in enumerate(values):
        box.metric(run.run_id, MetricPoint(name="loss", value=value, step=step, timestamp=1.25))
    found = [point.value for point in metric_series(place, "odd")]
    assert repr(found) == repr(values)
    assert search_runs(place, query="loss > 0").total == 1
