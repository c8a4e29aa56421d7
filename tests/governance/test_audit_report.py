"""The auditor's report: what it says, what it carries, and that nothing in it runs."""

import csv
import io
import json
import sqlite3

import pytest
from sklearn.linear_model import LogisticRegression

import nbops
from nbops.cli import main
from nbops.governance.audit_report import audit_report
from nbops.ledger import anchors, open_ledger, tables
from nbops.ledger.verification import verify
from nbops.registry import promote, register
from nbops.tracking.registry_state import HEAD_TAG
from nbops.views.audit import audit_page, lasting
from nbops.workspace import find_workspace

HOSTILE = "=HYPERLINK(1)<img src=x onerror=alert(1)>"


@pytest.fixture
def place(tmp_path, monkeypatch):
    """Two models with a few events each."""
    monkeypatch.setenv("NBOPS_WORKSPACE", str(tmp_path))
    monkeypatch.setenv("NBOPS_COURIER", "false")
    for name in ("churn", "price"):
        with nbops.track(name) as run:
            run.model(LogisticRegression().fit([[0.0], [1.0]], [0, 1]), "model")
        register(name, run_id=run.run_id)
        promote(name, 1, reason=HOSTILE)
    return find_workspace()


def test_it_tells_the_events_of_a_span_and_proves_the_whole_log(place):
    report = audit_report(place)
    assert [event.action for event in report.events] == ["register", "promote"] * 2
    assert report.verdict.ok and report.head.startswith("4:")
    assert [e.model for e in audit_report(place, model="price").events] == ["price", "price"]
    middle = report.events[2].at
    assert len(audit_report(place, since=middle).events) == 2 == len(audit_report(place, until=middle).events)
    assert audit_report(place, since=middle + 1e6).events == ()


def test_a_head_in_a_report_finds_a_cut(place):
    seq, mac = anchors.parse(audit_report(place).head)
    (place.data / anchors.FILE_NAME).unlink()
    events = tables.audit_events
    with open_ledger(place).begin() as connection:
        connection.execute(events.delete().where(events.c.seq == seq))
    assert any(problem.kind == "head" for problem in verify(place, [(seq, mac)]).problems)


def test_csv_is_read_back_and_no_formula(place):
    rows = list(csv.DictReader(io.StringIO(audit_report(place).to_csv())))
    assert [row["action"] for row in rows] == ["register", "promote"] * 2
    assert rows[1]["reason"].startswith("'=") and json.loads(rows[1]["detail"])["to"] == 1


def test_the_command_writes_both(place, capsys):
    page, table = place.root / "report.html", place.root / "report.csv"
    assert main(["audit", "report", "--html", str(page), "--csv", str(table), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["ok"] and told["events"] == 4
    beside = list(csv.DictReader(page.with_name("report-held.csv").open(encoding="utf-8")))
    assert {row["target"] for row in beside} == {"Production", "champion"} and told["held_csv"].endswith("-held.csv")
    text = page.read_text(encoding="utf-8")
    assert told["head"] in text and "<img" not in text and "&lt;img" in text and len(text) < 100_000
    assert main(["audit", "report", "--from", "2001-01-01", "--to", "2001-01-02"]) == 0
    assert list(place.reports.glob("audit-*.html"))
    with open_ledger(place).begin() as connection:
        connection.execute(tables.model_aliases.update().values(actor="nobody"))
    assert main(["audit", "report"]) == 1
    assert "does NOT hold" in capsys.readouterr().out


def test_the_report_compares_the_head_noted_in_mlflow(place, capsys):
    seq, mac = anchors.parse(audit_report(place).head)
    (place.data / anchors.FILE_NAME).unlink()
    place.data.joinpath("mlflow.db").unlink(missing_ok=True)
    with sqlite3.connect(place.data / "mlflow.db") as store:
        store.execute("CREATE TABLE registered_model_tags (name TEXT, key TEXT, value TEXT)")
        store.execute("INSERT INTO registered_model_tags VALUES ('price', ?, ?)", (HEAD_TAG, f"{seq}:{mac}"))
    store.close()
    assert main(["audit", "report"]) == 0
    # All that is here agrees; only MLflow knows of an event that is not here.
    with sqlite3.connect(place.data / "mlflow.db") as store:
        store.execute("UPDATE registered_model_tags SET value = ?", (f"{seq + 1}:{mac}",))
    store.close()
    capsys.readouterr()
    assert main(["audit", "report", "--json"]) == 1
    assert not json.loads(capsys.readouterr().out)["ok"]


@pytest.fixture
def held(workspace):
    """Placements as promotions leave them: (model, target, version, at)."""
    told = [
        ("churn", "Production", 1, 100.0),
        ("churn", "champion", 1, 100.0),
        ("price", "Staging", 4, 150.0),
        ("churn", "Production", 2, 200.0),
        ("churn", "champion", 2, 200.0),
        ("churn", "champion", None, 300.0),
        ("price", "Production", 3, 350.0),
    ]
    with open_ledger(workspace).begin() as connection:
        connection.execute(tables.models.insert(), [{"name": name, "created_at": 1.0} for name in ("churn", "price")])
        for seq, (model, target, version, at) in enumerate(told, 1):
            who = {"actor": "=ada", "kind": "promote", "reason": HOSTILE, "gate_report": "ab" * 32, "digest": "d"}
            values = {"model": model, "target": target, "version": version, "previous": None, "at": at, "seq": seq}
            connection.execute(tables.placements.insert().values(**values, **who))
    return workspace


def test_what_was_in_production_when(held):
    def told(**span):
        return [(p.model, p.target, p.version, p.at, p.until) for p in audit_report(held, **span).held]

    everything = [
        ("churn", "Production", 1, 100.0, 200.0),
        ("churn", "Production", 2, 200.0, None),
        ("churn", "champion", 1, 100.0, 200.0),
        ("churn", "champion", 2, 200.0, 300.0),
        ("price", "Production", 3, 350.0, None),
        ("price", "Staging", 4, 150.0, None),
    ]
    assert told() == everything
    assert told(model="price") == everything[4:]
    # From the moment on, and before the moment.
    assert told(since=200.0, until=300.0) == [everything[1], everything[3], everything[5]]
    assert told(since=300.0, until=350.0) == [everything[1], everything[5]]
    assert told(until=100.0) == []


def test_what_was_held_is_a_table_on_the_page_and_in_csv(held):
    report = audit_report(held, until=340.0)
    rows = list(csv.DictReader(io.StringIO(report.held_csv())))
    assert [row["version"] for row in rows] == ["1", "2", "1", "2", "4"]
    assert (rows[0]["from"], rows[0]["until"]) == ("1970-01-01T00:01:40.000+00:00", "1970-01-01T00:03:20.000+00:00")
    assert (rows[0]["seconds"], rows[1]["until"], rows[0]["gate_report"]) == ("100.000", "", "ab" * 32)
    assert float(rows[1]["seconds"]) == pytest.approx(report.made_at - 200, abs=0.001)
    assert rows[0]["actor"] == "'=ada" and rows[0]["reason"].startswith("'=")
    page = audit_page("w", report.events, report.verdict, report.head, "", report.made_at, "", report.held)
    assert "<img" not in page and page.count("&lt;img") == 5 and page.count("holds it now") == 2
    assert "1 min 40 s" in page and "abababababab" in page
    nothing = audit_page("w", (), report.verdict, "", "", 0.0, "")
    assert "No version held" in nothing


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.2, "0 s"), (59, "59 s"), (3600, "1 h"), (90_000, "1 day 1 h"), (1_036_860, "12 days"), (7384, "2 h 3 min")],
)
def test_durations_are_read_at_a_glance(seconds, text):
    assert lasting(seconds) == text
