"""Pages of runs, one run, its series and the experiments, over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from nbops.records import Card, RunPage, from_wire
from nbops.workspace import Workspace

BAD = [
    {"offset": "-1"},
    {"offset": "x"},
    {"limit": "0"},
    {"limit": "100000"},
    {"limit": "1e3"},
    {"descending": "maybe"},
    {"notebook": "1"},
    {"sort": 'auc"; DROP TABLE runs; --'},
    {"status": "DONE"},
]


async def page(call: Any, **params: Any) -> RunPage:
    reply = await call("runs", **params)
    assert reply.code == 200, reply.body
    assert reply.headers["Content-Type"] == "application/json"
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    return from_wire(RunPage, reply.json())


async def test_a_run_still_in_the_outbox_is_listed(call: Any, tracked: Any) -> None:
    run = tracked(1)
    found = await page(call, path="01.ipynb")
    assert [row.run_id for row in found.runs] == [run.run_id]
    assert found.runs[0].metrics == {"auc": 0.51}
    assert found.runs[0].has_model
    assert found.metric_names == ("auc",)
    assert found.experiments == ("churn",)


async def test_only_this_notebook(call: Any, tracked: Any) -> None:
    tracked(1, notebook="01.ipynb")
    other = tracked(2, notebook="sub/02 b.ipynb")
    found = await page(call, path="sub/02 b.ipynb", notebook="1")
    assert [row.run_id for row in found.runs] == [other.run_id]
    assert (await page(call, path="01.ipynb")).total == 2


async def test_search_status_and_sort(call: Any, tracked: Any) -> None:
    tracked(1, name="odd-lark", status="FAILED")
    tracked(2, name="deep-finch")
    tracked(3, name="brisk-heron")
    assert [r.name for r in (await page(call, q="finch")).runs] == ["deep-finch"]
    assert [r.name for r in (await page(call, status="FAILED")).runs] == ["odd-lark"]
    names = [r.name for r in (await page(call, sort="auc", descending="0", status="FINISHED")).runs]
    assert names == ["deep-finch", "brisk-heron"]
    assert (await page(call, experiment="other")).total == 0


@pytest.mark.parametrize("params", BAD, ids=lambda p: "-".join(p.items().__iter__().__next__())[:20])
async def test_bad_questions_are_told_so(call: Any, tracked: Any, params: dict[str, str]) -> None:
    tracked(1)
    reply = await call("runs", **params)
    assert reply.code == 400
    assert reply.json()["message"]
    assert b"Traceback" not in reply.body


async def test_one_run_is_its_card(call: Any, tracked: Any) -> None:
    tracked(1)
    run = tracked(2)
    card = from_wire(Card, (await call(f"runs/{run.run_id}", path="01.ipynb")).json())
    assert card.run.run_id == run.run_id
    assert card.run.code == "auc = 0.9"
    assert card.previous is not None
    assert {change.name for change in card.changes} >= {"depth", "auc"}


async def test_series(call: Any, workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    import nbops

    monkeypatch.chdir(workspace.root)
    with nbops.track("fit") as run:
        for step in range(3):
            run.metric("loss", 1.0 / (step + 1), step)
    points = (await call(f"runs/{run.run_id}/series")).json()
    assert [(p["name"], p["step"], p["value"]) for p in points] == [
        ("loss", 0, 1.0),
        ("loss", 1, 0.5),
        ("loss", 2, 1 / 3),
    ]


async def test_what_is_not_there_is_404(call: Any, tracked: Any) -> None:
    tracked(1)
    for route in ("runs/feedfeed", "runs/feedfeed/series", "runs/feedfeed/artifacts/x", "runs/" + "z" * 3000):
        reply = await call(route)
        assert reply.code == 404
        assert set(reply.json()) == {"message", "hint"}


async def test_experiments(call: Any, tracked: Any) -> None:
    tracked(1)
    tracked(2, experiment="fraud")
    assert sorted((await call("experiments")).json()) == ["churn", "fraud"]


async def test_markup_comes_back_as_data(call: Any, tracked: Any) -> None:
    evil = "</script><img src=x onerror=alert(1)>"
    tracked(1, name=evil, params={evil: evil}, metrics={evil: float("nan")}, experiment=evil)
    reply = await call("runs")
    assert reply.headers["Content-Type"] == "application/json"
    assert "default-src 'none'" in reply.headers["Content-Security-Policy"]
    row = reply.json()["runs"][0]
    assert row["name"] == evil
    assert row["params"] == {evil: evil}
    assert row["metrics"] == {evil: "NaN"}


async def test_ten_thousand_runs_in_pages(call: Any, many: Any) -> None:
    count = 10_000
    many(count)
    newest = await page(call, limit="50")
    assert newest.total == count
    assert [row.name for row in newest.runs] == [f"run-{i}" for i in range(count - 1, count - 51, -1)]
    seen: list[str] = []
    for offset in range(0, count, 500):
        seen += [row.run_id for row in (await page(call, offset=str(offset), limit="500")).runs]
    assert len(seen) == len(set(seen)) == count
    best = await page(call, sort="auc", limit="3", offset="2")
    assert [row.metrics["auc"] for row in best.runs] == [count - 3.0, count - 4.0, count - 5.0]
    assert (await page(call, status="FAILED", limit="1")).total == count / 10
    assert (await page(call, path="1.ipynb", notebook="1", limit="1")).total == count // 3
    assert (await page(call, offset=str(count + 5))).runs == ()


async def test_an_unexpected_failure_tells_nothing_but_the_log(
    call: Any, tracked: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from nbops.tracking import search

    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("secret detail")

    tracked(1)
    monkeypatch.setattr(search, "search_runs", broken)
    reply = await call("runs")
    assert reply.code == 500
    assert b"secret" not in reply.body
    assert set(reply.json()) == {"message", "hint"}


async def test_filter_and_sort_by_the_same_metric(call: Any, many: Any) -> None:
    many(20)
    found = await page(call, q="auc > 10", sort="auc")
    assert [row.metrics["auc"] for row in found.runs] == [float(v) for v in range(19, 10, -1)]
