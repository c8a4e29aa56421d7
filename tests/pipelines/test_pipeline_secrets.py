"""Secrets that a pipeline handles are found nowhere in the workspace afterwards."""

from __future__ import annotations

from nbops.pipelines.outputs import Output
from nbops.pipelines.secrets import WITHHELD, without_secrets
from nbops.tracking.search import get_run, search_runs

PASSWORD, OTHER = "correct-horse-battery", "staple-of-another-kind"


def _holding(project, secret: str) -> list[str]:
    files = [path for path in (project.folder / ".nbops").rglob("*") if path.is_file()]
    assert files
    return [path.relative_to(project.folder).as_posix() for path in files if secret.encode() in path.read_bytes()]


def test_secrets_of_parameters_outputs_and_errors_are_not_kept(project):
    project.notebook(
        "give.ipynb", "url = f'postgresql://me:{password}@db/x'\nprint(password)", parameters="password = ''"
    )
    project.notebook("use.ipynb", "raise ValueError('cannot open ' + url)", parameters="url = ''")
    text = (
        'name = "p"\n[stages.give]\nnotebook = "give.ipynb"\noutputs = ["url"]\n'
        f'parameters = {{password = "{PASSWORD}"}}\n'
        '[stages.use]\nnotebook = "use.ipynb"\nafter = ["give"]\n'
    )
    project.pipeline(text)
    told = []
    first = project.run(on_event=told.append)
    # The value itself goes on: only what is kept and told is without it.
    assert first.stage("give").status == "succeeded"
    assert "cannot open postgresql://[redacted]@db/x" in first.error
    assert not any(PASSWORD in event.message for event in told)
    assert _holding(project, PASSWORD) == []
    by_name = {run.name: run for run in search_runs(project.workspace, limit=10).runs}
    give = get_run(project.workspace, by_name["give"].run_id)
    assert give.params == {"password": "[redacted]"}
    assert give.redactions

    project.pipeline(text.replace(PASSWORD, OTHER))
    second = project.run()
    assert second.stage("give").reason == "parameter password changed"
    assert _holding(project, PASSWORD) == []
    assert _holding(project, OTHER) == []


def test_a_withheld_output_is_never_at_hand():
    secret = Output(name="token", kind="json", value=PASSWORD, digest="1234", model={WITHHELD: True})
    plain = Output(name="n", kind="json", value=1, digest="5678")
    found = without_secrets({"token": secret, "n": plain})
    assert found["n"] == plain
    assert not found["token"].intact()
    assert PASSWORD not in str(found)
