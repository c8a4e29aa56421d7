"""The report of a model for a meeting: every part from its owner, what is missing said, nothing of it markup."""

import json

import numpy as np
import pandas as pd
import pytest
from IPython.core.displaypub import CapturingDisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from sklearn.linear_model import LogisticRegression

import nbops
from nbops.cli import main
from nbops.errors import NotFoundError
from nbops.ledger import open_ledger, tables
from nbops.registry import promote, register
from nbops.registry.card import edit_card
from nbops.workspace import find_workspace
from nbops.workspace.ownership import workspace_id

EVIL = '<script>alert("x")</script>\u202e'


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    """Two versions of ``churn``, the first in Production, one of them asked about in use."""
    root = tmp_path_factory.mktemp("report")
    with pytest.MonkeyPatch.context() as environment:
        for name, value in {"NBOPS_WORKSPACE": str(root), "NBOPS_COURIER": "false"}.items():
            environment.setenv(name, value)
        rows = pd.DataFrame({"tenure": np.arange(40.0), "bill": np.arange(40.0) % 7})
        for number in (1, 2):
            with nbops.track(f"run-{number}", params={"C": number, EVIL: EVIL}) as run:
                run.metric("auc", 0.9 - number / 100)
                run.model(LogisticRegression(C=number).fit(rows, rows.tenure > 20), "model")
            register("churn", run_id=run.run_id, workspace=find_workspace(root))
        promote("churn", 1, reason=EVIL, workspace=find_workspace(root))
        edit_card("churn", 1, {"owner": EVIL, "limitations": "Only new\ncustomers."}, workspace=find_workspace(root))
        yield find_workspace(root)


@pytest.fixture
def here(workspace, monkeypatch):
    monkeypatch.setenv("NBOPS_WORKSPACE", str(workspace.root))
    monkeypatch.setenv("NBOPS_COURIER", "false")
    return workspace


def test_it_says_the_conclusion_and_what_is_missing(here, tmp_path):
    report = nbops.model_report("churn", workspace=here)
    page = report.to_html(tmp_path / "meeting.html").read_text()
    assert "churn v1 is in Production, and nothing watches it" in page
    assert "At its evaluation it had auc 0.89." in page
    for said in (
        "No gates have been run for this version.",
        "No monitor has kept a drift report of it yet.",
        "No retraining has been decided on.",
        "Its prediction log is empty",
        "The model card lacks intended use",
        "Only new\ncustomers.",
    ):
        assert said in page
    assert page.index("Data and training") < page.index("Evaluation") < page.index("Lineage") < page.index(">Audit<")
    assert "<script" not in page and "\u202e" not in page
    assert len(page.encode()) < 100_000
    assert "churn v1 is in Production" in str(report)
    assert set(report._repr_mimebundle_()) == {"text/html", "text/plain"}


def test_versions_are_named_by_number_or_target(here):
    assert nbops.model_report("churn/2", workspace=here).values.version.version == 2
    assert nbops.model_report("churn@champion", workspace=here).values.version.version == 1
    assert nbops.model_report("churn@Production", workspace=here).values.version.version == 1
    assert "v2 is not in Production" in str(nbops.model_report("churn@2", workspace=here))
    for unknown in ("nobody", "churn/9", "churn@Staging", "churn@challenger"):
        with pytest.raises(NotFoundError):
            nbops.model_report(unknown, workspace=here)


def test_drift_performance_and_decisions_are_in_it(here, tmp_path):
    from nbops.monitoring.monitors import add_monitor, run_monitor
    from nbops.monitoring.predictions import PredictionLog, record_labels
    from nbops.records import Check, Monitor

    random = np.random.default_rng(0)
    for name, shift in (("before", 0.0), ("after", 2.0)):
        frame = pd.DataFrame({"tenure": random.normal(shift, 1, 400), "bill": random.normal(0, 1, 400)})
        frame.to_csv(tmp_path / f"{name}.csv", index=False)
    monitor = Monitor(
        name="inputs",
        model="churn",
        source=str(tmp_path / "after.csv"),
        reference=str(tmp_path / "before.csv"),
        window="all",
        checks=(Check(name="drift", kind="drift"),),
    )
    add_monitor(here, monitor)
    assert run_monitor(here, "inputs").report
    log = PredictionLog(here, "churn")
    ids = log.log(rows=pd.DataFrame({"tenure": np.arange(60.0)}), outputs=np.arange(60) % 2, version=1)
    record_labels(here, "churn", ids, np.arange(60) % 2)
    detail = {"message": f"not better {EVIL}", "challenger": 2, "champion": 1, "actor": "ada"}
    values = {
        "workspace": workspace_id(here),
        "model": "churn",
        "occasion": "o",
        "at": 1.7e9,
        "cause": "drift",
        "outcome": "not better",
        "detail": detail,
    }
    with open_ledger(here).begin() as connection:
        connection.execute(tables.retrain_decisions.insert().values(**values))
    report = nbops.model_report("churn", workspace=here)
    assert not {"drift", "performance", "monitors", "retraining"} & report.values.missing.keys()
    page = report.to_html(tmp_path / "meeting.html").read_text()
    assert "one column has drifted" in page.lower()
    assert "a monitor asks for attention" in page
    assert "tenure" in page and "not better" in page
    assert "<script" not in page
    json.dumps(report.to_dict())


def test_the_command_and_the_magic_say_the_same(here, tmp_path, capsys):
    assert main(["report", "churn/2", "-C", str(here.root), "--html", str(tmp_path / "r.html")]) == 0
    assert (tmp_path / "r.html").read_text().startswith("<!doctype html>")
    capsys.readouterr()
    assert main(["report", "churn/2", "-C", str(here.root), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["version"]["version"] == 2
    InteractiveShell.clear_instance()
    shell = InteractiveShell.instance()
    shell.display_pub = CapturingDisplayPublisher()
    shell.run_line_magic("load_ext", "nbops")
    try:
        found = shell.run_line_magic("report", f"churn/2 --html {tmp_path}/m.html")
    finally:
        shell.run_line_magic("unload_ext", "nbops")
        InteractiveShell.clear_instance()
    assert found.values.version.version == 2
    assert (tmp_path / "m.html").exists()
