"""Schedules that files declare, and those that a person makes."""

from __future__ import annotations

import pytest

from nbops.errors import NotFoundError, PipelineError, UsageError
from nbops.ledger.audit import read_events
from nbops.records import Identity
from nbops.scheduling import pause_schedule, schedule, schedules
from nbops.scheduling.declared import apply_declared

ADA = Identity(name="ada", source="token")
NIGHTLY = '[schedules.nightly]\npipeline = "churn.toml"\ncron = "0 6 * * *"\n'


@pytest.fixture
def declare(place):
    def write(text: str, file: str = "nbops.toml") -> None:
        kept = "courier = false\n" if file == "nbops.toml" else (place.root / file).read_text()
        (place.root / file).write_text(kept + text)

    return write


def test_files_are_made_true(place, declare):
    declare(NIGHTLY)
    declare('[schedules.fresh]\non_data = "data/*.csv"\nrows = 100\n', "churn.toml")
    done = apply_declared(place, identity=ADA)
    assert (done.added, done.changed, done.unchanged, done.left) == (("nightly", "fresh"), (), (), ())
    fresh = schedule(place, "fresh")
    assert (fresh.origin, fresh.pipeline, fresh.threshold) == ("churn.toml", "churn.toml", 100)
    assert apply_declared(place).unchanged == ("nightly", "fresh")
    declare(NIGHTLY.replace("0 6", "0 7"))
    pause_schedule(place, "nightly")
    assert apply_declared(place, ["nbops.toml"] and [place.root / "nbops.toml"]).changed == ("nightly",)
    # What a person has paused stays so.
    assert schedule(place, "nightly").paused
    declare("")
    assert apply_declared(place).left == ("nightly",)
    assert len(schedules(place)) == 2
    assert apply_declared(place, prune=True).removed == ("nightly",)
    assert [one.name for one in schedules(place)] == ["fresh"]
    told = [(event.actor, event.action) for event in read_events(place)]
    assert told[:2] == [("ada", "schedule-add"), ("ada", "schedule-add")]
    assert [action for _, action in told[2:]] == ["schedule-pause", "schedule-change", "schedule-remove"]


def test_a_file_does_not_take_what_a_person_has_made(place, declare, world, at):
    world(at("2026-07-01T05:00")).add()
    declare(NIGHTLY)
    with pytest.raises(UsageError, match=r"nbops.toml: schedule 'nightly' is made by hand"):
        apply_declared(place)


@pytest.mark.parametrize(
    ("text", "error", "said"),
    [
        (NIGHTLY + 'crn = "x"', UsageError, "nbops.toml: schedule 'nightly': unknown key 'crn'.*Did you mean 'cron'"),
        (NIGHTLY + "manual = true", UsageError, "cron and manual are two triggers"),
        ('[schedules.x]\npipeline = "churn.toml"\n', UsageError, "nothing says when it runs"),
        ('[schedules.x]\ncron = "@daily"\n', UsageError, "names no pipeline"),
        (NIGHTLY + "rows = 3", UsageError, "rows belongs to on_data"),
        (NIGHTLY + "cap = 0", UsageError, "The cap of what is made up must be 1 to 1000"),
        (NIGHTLY + 'cap = "3"', UsageError, "cap must be a whole number, not str"),
        (NIGHTLY + 'missed = "twice"', UsageError, "missed cannot be 'twice'. It may be skip, once, all"),
        (NIGHTLY + 'alerts = "lab"', UsageError, "alerts must be a list of texts"),
        (NIGHTLY.replace("churn.toml", "chrun.toml"), NotFoundError, "Did you mean 'churn.toml'"),
        ("[schedules]\nx = 3\n", UsageError, "schedule 'x' must be a table"),
        ('[schedules."a/b"]\npipeline = "churn.toml"\nmanual = true\n', UsageError, "'a/b' cannot name a schedule"),
        (NIGHTLY + 'parameters = { password = "hunter2hunter2" }', UsageError, "looks like a secret"),
    ],
)
def test_what_is_wrong_is_said_with_its_file(place, declare, text, error, said):
    declare(text)
    with pytest.raises(error, match=said):
        apply_declared(place)
    assert schedules(place) == ()


def test_a_pipeline_that_is_broken_is_said(place, declare):
    (place.root / "stage.ipynb").unlink()
    declare(NIGHTLY)
    with pytest.raises(PipelineError, match="there is no notebook"):
        apply_declared(place)


def test_a_pipeline_that_breaks_later_is_a_problem_of_its_schedule(place, world, at):
    world(at("2026-07-01T05:00")).add()
    (place.root / "churn.toml").unlink()
    assert "There is no pipeline file" in schedules(place)[0].problem
