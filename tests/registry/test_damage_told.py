"""What somebody has damaged or cannot be stored is told in a line, and hides nothing else."""

import pytest

from nbops.errors import LedgerError, NotFoundError, SettingsError, UsageError
from nbops.governance.audit_report import audit_report
from nbops.governance.lineage import lineage
from nbops.ledger import open_ledger, tables
from nbops.ledger.audit import read_events
from nbops.ledger.verification import verify
from nbops.registry import list_models, promote
from nbops.registry.targets import expected_holder
from nbops.views.registry import audit_text

pytestmark = pytest.mark.parametrize("ledger_uri", ["sqlite"], indirect=True)


@pytest.mark.parametrize("body", ["xx", '{"seq":1}', "null"])
def test_the_report_tells_of_the_events_beside_one_that_cannot_be_read(place, versions, body):
    versions(1)
    promote("churn", 1, reason="first")
    e = tables.audit_events
    with open_ledger(place).begin() as connection:
        connection.execute(e.update().where(e.c.seq == 1).values(body=body))
    report = audit_report(place)
    assert [event.action for event in report.events] == ["unreadable", "promote"]
    assert not report.verdict.ok
    assert "unreadable" in report.to_csv() and "unreadable" in audit_text(read_events(place))


def test_a_row_that_is_no_json_any_more_is_a_line(place, versions):
    versions(1)
    with open_ledger(place).begin() as connection:
        connection.exec_driver_sql("UPDATE model_versions SET detail = '{'")
    with pytest.raises(LedgerError, match="cannot be read, somebody has changed it"):
        list_models(place)
    assert not verify(place).ok


def test_half_a_letter_is_a_line_and_changes_nothing(place, versions):
    versions(1)
    with pytest.raises(UsageError, match="cannot be stored"):
        promote("churn", 1, reason="\udcff")
    assert [event.action for event in read_events(place)] == ["register"]


@pytest.mark.parametrize("text", ["²", "v", "", "-1", "9" * 30])
def test_what_is_no_version_is_not_expected(ledger_uri, text):
    with pytest.raises(UsageError, match="give a version's number"):
        expected_holder(text)


def test_a_token_or_key_that_is_no_utf8_is_a_line(place, versions, monkeypatch):
    versions(1)
    monkeypatch.setenv("NBOPS_AUDIT_KEY", "\udcff" * 20)
    assert not verify(place).ok
    monkeypatch.setenv("NBOPS_TOKEN", "\udcff")
    with pytest.raises(SettingsError, match="nobody's token"):
        promote("churn", 1)


@pytest.mark.parametrize("start", ["x" * 5000, "a\0b", "~nobody-here/x.csv"])
def test_lineage_of_what_cannot_name_a_file_is_a_line(place, versions, start):
    versions(1)
    with pytest.raises(NotFoundError, match="Nothing here is called"):
        lineage(place, start)


def test_nothing_stands_against_what_is_so_already(place, versions):
    versions(1)
    promote("churn", 1)
    (place.root / "nbops.toml").write_text("[policy.stages.Production]\napprovals = 2\n")
    foreseen = promote("churn", 1, dry_run=True)
    assert foreseen.obstacles == () and not foreseen.changed
