"""What is written really runs: a Makefile by make, a workflow job by job in fresh checkouts as GitHub's runner would."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from nbops.cli import main
from nbops.pipelines.running.history import pipeline_runs
from nbops.workspace import find_workspace

_TOML = """
name = "small"
[stages."load it"]
notebook = "load.ipynb"
outputs = ["rows", "table.csv"]
[stages.use]
notebook = "use.ipynb"
after = ["load it"]
outputs = ["mae"]
"""


def _notebook(path: Path, *cells: str, parameters: str = "") -> None:
    sources = [(parameters, ["parameters"])] if parameters else []
    book = [
        {"cell_type": "code", "id": f"c{n}", "metadata": {"tags": tags} if tags else {}, "source": source, "outputs": [], "execution_count": None}
        for n, (source, tags) in enumerate([*sources, *((cell, []) for cell in cells)])
    ]  # fmt: skip
    metadata = {"kernelspec": {"name": "python3", "display_name": "p", "language": "python"}}
    path.write_text(json.dumps({"cells": book, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}))


@pytest.fixture
def project(tmp_path):
    """A small project that installs nothing."""
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "nbops.toml").write_text("courier = false\n")
    (folder / "requirements.txt").write_text("# nbops is there already\n")
    (folder / "pipeline.toml").write_text(_TOML)
    _notebook(folder / "load.ipynb", "open('table.csv', 'w').write('x\\n1\\n2\\n')\nrows = 2")
    _notebook(
        folder / "use.ipynb",
        "assert open('table.csv').read().count('\\n') == rows + 1\nmae = rows / 4",
        parameters="rows = 0",
    )
    return folder


@pytest.fixture
def environment(tmp_path):
    """The environment of a shell in which `nbops` is this checkout's."""
    program = tmp_path / "bin" / "nbops"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m nbops "$@"\n')
    program.chmod(0o755)
    pip = program.with_name("pip")
    pip.write_text(f'#!/bin/sh\nexec {sys.executable} -m pip "$@"\n')
    pip.chmod(0o755)
    return {**os.environ, "PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}"}


def test_make_runs_the_makefile(project, environment):
    assert main(["export", "make", str(project / "pipeline.toml"), "--output", str(project / "Makefile")]) == 0
    done = subprocess.run(["make", "-j4"], cwd=project, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    runs = pipeline_runs(find_workspace(project))
    assert [
        [(s.stage, s.status) for s in run.stages if s.status != "skipped" and s.status != "pending"] for run in runs
    ] == [
        [("use", "succeeded")],
        [("load it", "succeeded")],
    ]
    _notebook(project / "load.ipynb", "raise ValueError('no data')")
    done = subprocess.run(["make"], cwd=project, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "stage 'load it' failed in cell 1: ValueError: no data" in done.stderr
    assert "--only use" not in done.stdout


class Runner:
    """Carries out a workflow as GitHub's runner does: a fresh clone a job, expressions replaced, bash for every step."""

    def __init__(self, origin: Path, top: Path, environment: dict[str, str]) -> None:
        self._origin, self._top, self._environment = origin, top, environment
        self._artifacts, self._cache = top / "artifacts", top / "cache"
        self._github = {
            "github.ref_name": "main",
            "github.base_ref": "",
            "github.run_id": "1",
            "github.run_attempt": "1",
        }
        self.summary = top / "summary.md"
        self.results: dict[str, str] = {}

    def run(self, workflow: dict) -> None:
        """Run all jobs, each when those it needs are done."""
        waiting = dict(workflow["jobs"])
        while waiting:
            name = next(n for n, job in waiting.items() if all(other in self.results for other in job.get("needs", [])))
            job = waiting.pop(name)
            needed = [self.results[other] for other in job.get("needs", [])]
            if job.get("if") != "${{ !cancelled() }}" and any(result != "success" for result in needed):
                self.results[name] = "skipped"
                continue
            self.results[name] = self._job(name, job, workflow.get("env", {}))

    def _job(self, name: str, job: dict, settings: dict) -> str:
        # Every runner has the checkout at one and the same path.
        folder = self._top / "work" / "repository"
        shutil.rmtree(folder, ignore_errors=True)
        result = "success"
        for step in job["steps"]:
            if result != "success" and "cancelled()" not in step.get("if", ""):
                continue
            if "uses" in step:
                self._action(folder, step["uses"].partition("@")[0], step.get("with", {}))
                continue
            variables = {key: self._value(value) for key, value in {**settings, **job.get("env", {})}.items()}
            variables |= {"GITHUB_STEP_SUMMARY": str(self.summary), "CI": "true"}
            done = subprocess.run(
                ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", self._value(step["run"])],
                cwd=folder, env={**self._environment, **variables}, capture_output=True, text=True, check=False,
            )  # fmt: skip
            print(name, step["name"], done.stdout, done.stderr)
            if done.returncode:
                result = "failure"
        return result

    def _action(self, folder: Path, action: str, given: dict) -> None:
        if action == "actions/checkout":
            subprocess.run(["git", "clone", "-q", self._origin, folder], check=True)
        elif action == "actions/upload-artifact":
            for pattern in self._value(given["path"]).splitlines():
                for path in folder.glob(pattern):
                    target = self._artifacts / given["name"] / path.name
                    target.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copy(path, target)
        elif action == "actions/download-artifact":
            chosen = (
                [self._artifacts / given["name"]] if "name" in given else sorted(self._artifacts.glob(given["pattern"]))
            )
            for artifact in chosen:
                shutil.copytree(artifact, folder / given["path"], dirs_exist_ok=True)
        elif action == "actions/cache/restore":
            kept = sorted(self._cache.glob(f"{given['restore-keys']}*"))
            if kept:
                target = folder / given["path"]
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(kept[-1], target)
        elif action == "actions/cache/save":
            self._cache.mkdir(exist_ok=True)
            shutil.copy(folder / given["path"], self._cache / self._value(given["key"]))
        else:
            assert action == "actions/setup-python"

    def _value(self, text: str) -> str:
        def found(match: re.Match) -> str:
            words = match[1].strip()
            if quoted := re.fullmatch(r"'((?:[^']|'')*)'", words):
                return quoted[1].replace("''", "'")
            return next(filter(None, (self._github[word.strip()] for word in words.split("||"))))

        return re.sub(r"\$\{\{(.*?)\}\}", found, text)


def _git(folder: Path, *words: str) -> None:
    who = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *who, *words], cwd=folder, check=True, capture_output=True)


def test_a_workflow_runs_on_fresh_machines(project, environment, tmp_path):
    assert main(["export", "github", str(project / "pipeline.toml"), "--output", str(project / "ci.yml")]) == 0
    _git(project, "init", "-q", "-b", "main")
    _git(project, "add", "-A")
    _git(project, "commit", "-qm", "one")
    workflow = yaml.safe_load((project / "ci.yml").read_text())
    runner = Runner(project, tmp_path / "runner", environment)
    runner.run(workflow)
    assert runner.results == {"load-it": "success", "use": "success", "report": "success"}
    text = runner.summary.read_text()
    assert text.startswith("## small\n")
    assert "| load it | ✅ succeeded |" in text
    assert "| use | mae | – | 0.5 | – |" in text
    assert "Every stage is: running the pipeline again would do nothing." in text
    # A commit that changes the second stage, and breaks it: the first is not done again, and the report says why.
    _notebook(project / "use.ipynb", "mae = rows / 8\nraise ValueError('worse')", parameters="rows = 0")
    _git(project, "commit", "-qam", "two")
    runner.results.clear()
    runner.summary.unlink()
    runner.run(workflow)
    assert runner.results == {"load-it": "success", "use": "failure", "report": "success"}
    text = runner.summary.read_text()
    assert "- ❌ **use** failed in cell 2: ValueError: worse" in text
    assert "| load it | ⏭️ skipped | – | unchanged |" in text
