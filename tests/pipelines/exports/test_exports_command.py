"""``nbops export``: where files go, that they stay as they are, and what is refused in one line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from nbops.cli import main
from nbops.pipelines.exports import TARGETS


@pytest.fixture
def project(exports, tmp_path, monkeypatch):
    """A repository with a pipeline below its root."""
    (tmp_path / ".git").mkdir()
    (tmp_path / "ml").mkdir()
    (tmp_path / "ml" / "nbops.toml").write_text("courier = false\n")
    (tmp_path / "ml" / "pipeline.toml").write_text(exports.toml)
    monkeypatch.chdir(tmp_path)
    return tmp_path


_PLACES = {
    "github": ".github/workflows/churn.yml",
    "gitlab": ".gitlab-ci.yml",
    "jenkins": "Jenkinsfile",
    "airflow": "dags/churn.py",
    "kubeflow": "churn_kubeflow.py",
    "prefect": "flows/churn.py",
    "make": "Makefile",
}


@pytest.mark.parametrize("target", TARGETS)
def test_it_is_written_checked_and_the_same_again(project, target, capsys):
    more = ["--image", "registry/churn:1"] if target == "kubeflow" else []
    place = project / _PLACES[target]
    assert main(["export", target, "ml/pipeline.toml", "--check", *more]) == 4
    assert not place.exists()
    assert main(["export", target, "ml/pipeline.toml", *more]) == 0
    text = place.read_text()
    assert (
        "nbops pipeline run ml/pipeline.toml -C ml --only" in text
        or '"ml/pipeline.toml", "-C", "ml"' in text
        or "$(NBOPS) pipeline run ml/pipeline.toml -C ml" in text
    )
    assert main(["export", target, "ml/pipeline.toml", "--check", *more]) == 0
    # The command in the header makes the very same file.
    command = text.splitlines()[1].lstrip("/# ").split()
    assert command[:2] == ["nbops", "export"]
    place.unlink()
    assert main(command[1:]) == 0
    assert place.read_text() == text
    # An edited pipeline makes it out of date.
    file = project / "ml" / "pipeline.toml"
    file.write_text(file.read_text().replace("random forest", "forest"))
    capsys.readouterr()
    assert main(["export", target, "ml/pipeline.toml", "--check", "--json", *more]) == 4
    told = json.loads(capsys.readouterr().out)
    assert (told["current"], told["written"], told["target"]) == (False, False, target)
    assert told["jobs"] == ["ingest", "ridge", "forest", "evaluate"]
    assert place.read_text() == text


def test_what_somebody_else_wrote_is_left_alone(project, capsys):
    (project / "Makefile").write_text("all:\n\techo mine\n")
    assert main(["export", "make", "ml/pipeline.toml"]) == 1
    assert "was not made by nbops export" in capsys.readouterr().err
    assert (project / "Makefile").read_text() == "all:\n\techo mine\n"
    assert main(["export", "make", "ml/pipeline.toml", "--output", "-"]) == 0
    assert "all: evaluate" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["githib", "ml/pipeline.toml"], "There is no export to 'githib'. Did you mean 'github'?"),
        (["github", "ml/nothing.toml"], "There is no pipeline file"),
        (["gitlab", "ml/pipeline.toml", "--schedule", "0 4 * * 1"], "GitLab keeps schedules in the project's settings"),
        (["make", "ml/pipeline.toml", "--schedule", "0 4 * * 1"], "make has no clock"),
        (["make", "ml/pipeline.toml", "--image", "x"], "make runs no containers"),
        (["kubeflow", "ml/pipeline.toml"], "Give --image IMAGE"),
        (["github", "ml/pipeline.toml", "--schedule", "never"], "no cron expression"),
        (["github", "ml/pipeline.toml", "--schedule", "0 25 * * *"], "no cron expression"),
        (["github", "ml/pipeline.toml", "--secret", "A=b"], "names no variable"),
        (["github", "ml/pipeline.toml", "--set", "ridge.api_key=abc"], "a secret is not written into a file"),
        (["github", "ml/pipeline.toml", "--set", "ridge.algoritm=1"], "has no parameter 'algoritm'"),
        (["github", "ml/pipeline.toml", "--python", "3.x; id"], "is no version of Python"),
    ],
)
def test_what_cannot_be_is_told_in_a_line(project, words, said, capsys):
    assert main(["export", *words]) == 1
    error = capsys.readouterr().err
    assert said in error
    assert len(error.splitlines()) == 1
    assert not [path for path in project.rglob("*") if path.suffix in {".yml", ".py"} or path.name == "Makefile"]


def test_one_job_for_everything(project):
    assert main(["export", "github", "ml/pipeline.toml", "--single"]) == 0
    text = (project / ".github" / "workflows" / "churn.yml").read_text()
    assert "nbops pipeline run ml/pipeline.toml -C ml\n" in text
    assert "--only" not in text


def test_secrets_are_named_and_never_written(exports, tmp_path):
    from nbops.pipelines.exports import airflow, github, gitlab, jenkins, kubeflow, make, prefect

    stage = {
        "name": "load",
        "environment": {"DB_PASSWORD": "hunter2-hunter2", "PLAIN": "glpat-abcdefghijklmnopqrstuvwx", "SEEN": "yes"},
    }
    for engine in (airflow, github, gitlab, jenkins, kubeflow, make, prefect):
        options = {} if engine is make else {"image": "image:1"}
        text = engine.render(exports.request_of(exports.pipeline_of(tmp_path, [stage]), **options))
        assert "hunter2" not in text
        assert "glpat" not in text
        assert "DB_PASSWORD" in text or "db-password" in text
        assert "SEEN" in text


def test_a_foreach_is_one_job(exports, tmp_path):
    from nbops.pipelines.exports.jobs import jobs_of

    stages = [
        {"name": "load"},
        *(
            {"name": f"train {n}", "group": "train", "after": ("load",), "timeout": 60.0, "retries": 1}
            for n in range(3)
        ),
        {"name": "judge", "after": ("train 0", "train 1", "train 2")},
    ]
    jobs = {job.name: job for job in jobs_of(exports.pipeline_of(Path(tmp_path), stages))}
    assert list(jobs) == ["load", "train", "judge"]
    assert (jobs["train"].only, jobs["train"].after, jobs["judge"].after) == ("train", ("load",), ("train",))
    assert (jobs["train"].timeout, jobs["train"].whole, jobs["load"].timeout) == (180.0, 360.0, None)


def test_a_pipeline_by_name_and_a_notebook_with_tags(project):
    """The command in the file works from the root of the repository, wherever it was given."""
    ml = project / "ml"
    (ml / "nbops.toml").write_text(
        'courier = false\n[pipelines.nightly.stages.load]\ntemplate = "ingest"\n'
        '[pipelines.nightly.stages.fit]\ntemplate = "train"\nafter = ["load"]\n'
    )
    assert main(["export", "make", "nightly", "-C", str(ml)]) == 0
    text = (project / "Makefile").read_text()
    assert "$(NBOPS) pipeline run nightly -C ml --only load" in text
    command = text.splitlines()[1].lstrip("# ").split()
    assert main([*command[1:], "--check"]) == 0
    cells = [
        {"cell_type": "code", "id": f"c{n}", "metadata": {"tags": [tag]}, "source": source, "outputs": [], "execution_count": None}
        for n, (tag, source) in enumerate([("stage:one", "x = 1"), ("stage:two", "y = x + 1")])
    ]  # fmt: skip
    metadata = {"kernelspec": {"name": "python3", "display_name": "p", "language": "python"}}
    (ml / "tagged.ipynb").write_text(
        json.dumps({"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5})
    )
    assert main(["export", "prefect", "ml/tagged.ipynb"]) == 0
    text = (project / "flows" / "tagged.py").read_text()
    assert '["nbops", "pipeline", "run", "ml/tagged.ipynb", "-C", "ml", "--only", "two"]' in text
    assert "two_done = two_task.submit(wait_for=[one_done])" in text
