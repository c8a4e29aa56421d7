"""The report of a pipeline's run for a pull request: figures against the base branch, and nothing of others as markup."""

from __future__ import annotations

import json
import re
import subprocess
from html import unescape
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from nbops.cli import main
from nbops.errors import NotFoundError
from nbops.governance.pipeline_report import pipeline_report
from nbops.pipelines.engine import execute_pipeline
from nbops.records import DriftFound, PipelineReport, PipelineRun, StageMetric, StageRun
from nbops.views.pull_request import pull_request_markdown
from nbops.workspace import find_workspace


def _git(folder: Path, *words: str) -> None:
    who = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *who, *words], cwd=folder, check=True, capture_output=True)


def _notebook(path: Path, *cells: str) -> None:
    book = [
        {"cell_type": "code", "id": f"c{n}", "metadata": {}, "source": cell, "outputs": [], "execution_count": None}
        for n, cell in enumerate(cells)
    ]
    path.write_text(
        json.dumps(
            {
                "cells": book,
                "metadata": {"kernelspec": {"name": "python3", "display_name": "p", "language": "python"}},
                "nbformat": 4,
                "nbformat_minor": 5,
            }
        )
    )


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A repository: a run on main, then another on a branch, in two steps as machines of their own would do it."""
    folder = tmp_path_factory.mktemp("reported")
    (folder / "nbops.toml").write_text("courier = false\n")
    _notebook(folder / "train.ipynb", "mae = 2.0\nrows = 10")
    drift = {"sentence": "No column drifted.", "columns": [{"name": "a", "drifted": False}]}
    _notebook(folder / "watch.ipynb", f"drift = {drift!r}")
    (folder / "pipeline.toml").write_text(
        'name = "churn | <b>"\n[stages.train]\nnotebook = "train.ipynb"\noutputs = ["mae", "rows"]\n'
        '[stages.watch]\nnotebook = "watch.ipynb"\noutputs = ["drift"]\nafter = ["train"]\n'
    )
    (folder / ".gitignore").write_text(".nbops/\n")
    _git(folder, "init", "-q", "-b", "main")
    _git(folder, "add", "-A")
    _git(folder, "commit", "-qm", "one")
    file = folder / "pipeline.toml"
    assert execute_pipeline(file).status == "succeeded"
    _git(folder, "checkout", "-qb", "better")
    _notebook(folder / "train.ipynb", "mae = 1.5\nrows = 10\nauc = 0.8")
    file.write_text(file.read_text().replace('"rows"]', '"rows", "auc"]'))
    drift = {"sentence": "Column a drifted.", "columns": [{"name": "a", "drifted": True}]}
    _notebook(folder / "watch.ipynb", f"drift = {drift!r}")
    _git(folder, "commit", "-qam", "two")
    assert execute_pipeline(file, only=["train"]).status == "succeeded"
    assert execute_pipeline(file, only=["watch"]).status == "succeeded"
    return find_workspace(folder)


def test_figures_against_the_base_branch(project):
    report = pipeline_report(project, against="main")
    assert report.against.startswith("run ")
    assert " of main at " in report.against
    assert report.branch == "better"
    # Stages that the last run left out are told as the run before had them.
    assert [(stage.stage, stage.status) for stage in report.stages] == [("train", "succeeded"), ("watch", "succeeded")]
    figures = {metric.name: (metric.before, metric.after, metric.better) for metric in report.metrics}
    assert figures == {"mae": (2.0, 1.5, True), "rows": (10.0, 10.0, None), "auc": (None, 0.8, None)}
    assert report.drift == (DriftFound(stage="watch", columns=("a",), sentence="Column a drifted."),)
    assert report.stale == {}
    assert all((project.root / path).is_file() for path in report.notebooks.values())


def test_by_default_against_the_run_before_whoever_made_it(project):
    assert {m.name: m.before for m in pipeline_report(project).metrics}["mae"] == 2.0
    assert pipeline_report(project).against.startswith("the run before")


def test_the_command_writes_it(project, tmp_path, capsys):
    assert main(["pipeline", "report", "--against", "main", "-C", str(project.root)]) == 0
    text = capsys.readouterr().out
    assert text.startswith("## churn &#124; &#60;b&#62;\n")
    assert "| train | mae | 2 | 1.5 | -0.5 ✅ |" in text
    assert "drift in 1 columns" in text
    target = tmp_path / "report.md"
    assert (
        main(["pipeline", "report", "--against", "main", "--output", str(target), "--json", "-C", str(project.root)])
        == 0
    )
    assert target.read_text() == text
    assert json.loads(capsys.readouterr().out)["run"]["pipeline"] == "churn | <b>"
    file = str(project.root / "pipeline.toml")
    assert main(["pipeline", "run", file, "--report", str(target), "--against", "main"]) == 0
    assert "| train | mae | 2 | 1.5 | -0.5 ✅ |" in target.read_text()
    capsys.readouterr()
    for wrong in ("no-such-branch", "--upload-pack=x", "a\0b"):
        assert main(["pipeline", "report", f"--against={wrong}", "-C", str(project.root)]) == 1
        assert len(capsys.readouterr().err.splitlines()) == 1


def test_where_nothing_has_run(workspace):
    with pytest.raises(NotFoundError, match="No pipeline has run here yet"):
        pipeline_report(workspace)


def test_a_failure_comes_first(project):
    _notebook(project.root / "train.ipynb", "mae = 1.5\nraise ValueError('no <table>')")
    result = execute_pipeline(project.root / "pipeline.toml")
    assert result.status == "failed"
    text = pull_request_markdown(pipeline_report(project))
    lines = text.split("\n\n")[2].splitlines()
    assert lines[0] == "- ❌ **train** failed in cell 1: ValueError: no &#60;table&#62;"
    assert "### Would run again" in text


_PIECES = ["|", "`", "**", "_a_", "<img src=x onerror=alert(1)>", "[x](http://e.org)", "http://e.org", "www.e.org", "@team", "#12", "&amp;", "\\", "\n\n# Title", "~~", "$x$", "- ", "1. ", "![x](y)", "é", "<!--", "a_b", "^1", "==x=="]  # fmt: skip
_words = st.lists(st.one_of(st.sampled_from(_PIECES), st.text(max_size=4)), max_size=5).map("".join)


@settings(max_examples=60)
@given(text=_words)
@example(text="".join(_PIECES))
def test_what_others_wrote_is_no_markup(text):
    run = PipelineRun(run_id="r" * 32, pipeline=text, path="p", status="failed")
    stage = StageRun(stage=text, status="failed", reason=text, error=text, notebook="x")
    report = PipelineReport(
        run=run,
        branch=text,
        against=text,
        stages=(stage,),
        metrics=(StageMetric(stage=text, name=text, before=1.0, after=2.0),),
        drift=(DriftFound(stage=text, columns=(text,), sentence=text),),
        stale={text: text},
        notebooks={text: f".nbops/{text}.ipynb"},
    )
    page = MarkdownIt("gfm-like", {"linkify": False, "html": True}).render(pull_request_markdown(report))
    # What becomes a link, a mention or a reference without any brackets.
    words = re.sub(r"\]\([^)\s]*\)", "]", pull_request_markdown(report))
    assert not any(sign in words for sign in ("://", "www.", "@"))
    assert "<img" not in page
    assert page.count("<a ") == page.count('<a href=".nbops/') == 1
    assert page.count("<table>") == 2
    for tag in ("<em>", "<s>", "<code>", "<h1>", "<!--", "<blockquote>", "<ol>"):
        assert tag not in page
    shown = " ".join(text.split())
    if len(shown) < 150 and shown.isprintable():
        assert shown in " ".join(unescape(page).split())


def test_the_champion_where_nothing_ran_before(workspace):
    """Figures of the version in Production stand in for a run that nobody has."""
    from sklearn.dummy import DummyRegressor

    from nbops.registry import promote, register
    from nbops.tracking.tracker import track

    with track("fit", workspace=workspace) as run:
        run.metric("mae", 3.0)
        run.model(DummyRegressor().fit([[0]], [0]), "m")
    promote("m", register("m", run_id=run.run_id, workspace=workspace).version, workspace=workspace)
    folder = workspace.root
    _notebook(
        folder / "fit.ipynb",
        "import nbops\nfrom sklearn.dummy import DummyRegressor\n"
        "with nbops.track('fit') as run:\n    run.model(DummyRegressor().fit([[0]], [1]), 'm')\n"
        "nbops.register('m', run_id=run.run_id)\nmae = 2.0",
    )
    (folder / "p.toml").write_text('name = "p"\n[stages.fit]\nnotebook = "fit.ipynb"\noutputs = ["mae"]\n')
    assert execute_pipeline(folder / "p.toml").status == "succeeded"
    report = pipeline_report(workspace)
    assert report.against == "m version 1, which is in Production (nothing: there is no earlier run)"
    assert report.metrics == (StageMetric(stage="fit", name="mae", before=3.0, after=2.0, better=True),)
