"""What each engine itself makes of the file that is written for it."""

from __future__ import annotations

import importlib.util
import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml

from nbops.pipelines.exports import airflow, github, gitlab, jenkins, kubeflow, prefect

_PROBES = Path(__file__).parent / "engines"
_ROOT = Path(__file__).parents[3]
_EVIL = "it's ${{ secrets.X }} {{ ds }} $(touch evil) \"`\\u0041"
_STAGES = [
    {"name": "load", "timeout": 60.0, "retries": 2, "retry_delay": 30.0},
    {"name": "train 1", "group": "train", "after": ("load",), "environment": {"DEPTH": _EVIL}},
    {"name": "train 2", "group": "train", "after": ("load",)},
    {"name": _EVIL, "after": ("load",), "memory": 2_000_000_000, "cpus": 2, "environment": {"API_TOKEN": "t"}},
    {"name": "class", "after": ("train 1", "train 2", _EVIL), "timeout": 10.0},
]
_JOBS = ["load", "train", _EVIL, "class"]


@pytest.fixture(scope="module")
def request_for(exports, tmp_path_factory):
    """Make a request for the pipeline of this file."""
    pipeline = exports.pipeline_of(tmp_path_factory.mktemp("engines"), _STAGES, name=f"churn {_EVIL}")
    return lambda **options: exports.request_of(pipeline, **options)


def _environment(engine: str) -> Path:
    spec = importlib.util.spec_from_file_location("export_environments", _ROOT / "tools" / "export_environments.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.environment(engine)


def _run(*command: object, **variables: str) -> str:
    # What belongs to nbops must not reach the engine's environment.
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    words = [str(word) for word in command]
    done = subprocess.run(words, capture_output=True, text=True, check=False, env={**kept, **variables})
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _schema(name: str, *files: Path) -> None:
    _run(sys.executable, "-m", "check_jsonschema", "--builtin-schema", name, *files)


def _node() -> str:
    prefix = _run(sys.executable, _ROOT / "tools" / "node.py")
    found = shutil.which("node", path=prefix + os.environ["PATH"])
    assert found is not None
    return found


@pytest.fixture(scope="module")
def stub(tmp_path_factory):
    """A program in place of nbops that writes down what it is asked, and packs what it was told to."""
    folder = tmp_path_factory.mktemp("stub")
    told = folder / "told"
    program = folder / "nbops"
    program.write_text(
        f"#!{sys.executable}\nimport json, os, sys\n"
        f"with open({str(told)!r}, 'a') as file:\n"
        "    file.write(json.dumps([sys.argv[1:], os.environ.get('DEPTH')]) + '\\n')\n"
        "if sys.argv[1:3] == ['pipeline', 'pack']:\n    open(sys.argv[3], 'w').close()\n"
    )
    program.chmod(0o755)

    def calls() -> list:
        lines = told.read_text().splitlines() if told.exists() else []
        told.unlink(missing_ok=True)
        return [json.loads(line) for line in lines]

    return SimpleNamespace(path=f"{folder}{os.pathsep}{os.environ['PATH']}", calls=calls)


def test_github_is_linted_by_actionlint_and_fits_the_schema(request_for, tmp_path):
    files = []
    for number, options in enumerate(
        ({}, {"single": True}, {"image": "python:3.11", "schedule": "0 4 * * 1", "secrets": ("NBOPS_LEDGER_URI",)})
    ):
        files.append(tmp_path / f"{number}.yml")
        files[-1].write_text(github.render(request_for(**options)), encoding="utf-8")
    _schema("vendor.github-workflows", *files)
    broken = tmp_path / "broken.yml"
    broken.write_text(files[0].read_text(encoding="utf-8").replace("- load\n", "- nothing\n", 1), encoding="utf-8")
    out = _run(_node(), _PROBES / "lint_workflow.mjs", _ROOT / "extension", *files, broken)
    *good, bad = [json.loads(line) for line in out.splitlines()]
    assert good == [[], [], []]
    assert any("which does not exist in this workflow" in problem["message"] for problem in bad)
    jobs = yaml.safe_load(files[0].read_text(encoding="utf-8"))["jobs"]
    assert [job.get("needs") for job in jobs.values()][:4] == [None, ["load"], ["load"], ["train", list(jobs)[2]]]
    # Three attempts of a minute with two pauses, and a quarter of an hour around them.
    assert jobs["load"]["timeout-minutes"] == 19


def test_gitlab_fits_the_schema(request_for, tmp_path):
    files = []
    for number, options in enumerate(
        ({}, {"single": True}, {"image": "python:3.12", "secrets": ("NBOPS_LEDGER_URI",)})
    ):
        files.append(tmp_path / f"{number}.yml")
        files[-1].write_text(gitlab.render(request_for(**options)), encoding="utf-8")
    _schema("vendor.gitlab-ci", *files)
    read = yaml.safe_load(gitlab.render(request_for()))
    assert (read["load"]["needs"], read["train"]["needs"]) == ([], ["load"])
    assert (read["load"]["retry"]["max"], read["load"]["timeout"]) == (2, "19 minutes")
    for job in read.values():
        for script in job.get("script", []) + job.get("after_script", []) if isinstance(job, dict) else []:
            subprocess.run(["bash", "-n", "-c", script], check=True)


def test_airflow_finds_the_dag(request_for, tmp_path):
    (tmp_path / "dags").mkdir()
    request = request_for(schedule="0 4 * * 1", secrets=("NBOPS_LEDGER_URI",))
    (tmp_path / "dags" / "churn.py").write_text(airflow.render(request), encoding="utf-8")
    out = _run(_environment("airflow"), _PROBES / "airflow_probe.py", tmp_path / "dags",
               AIRFLOW_HOME=str(tmp_path), AIRFLOW__CORE__LOAD_EXAMPLES="False")  # fmt: skip
    found = json.loads(out.splitlines()[-1])
    assert found["errors"] == {}
    (dag,) = found["dags"].values()
    assert dag["schedule"] == "0 4 * * 1"
    tasks = dag["tasks"]
    assert [task["name"] for task in tasks.values()] == _JOBS
    load, train, evil, last = tasks.values()
    assert (load["retries"], load["delay"], load["timeout"]) == (2, 30.0, 120.0)
    assert (last["retries"], last["timeout"]) == (0, 70.0)
    assert sorted(tasks) == sorted([*last["after"], "load", "class"])
    assert train["after"] == evil["after"] == ["load"]
    assert load["command"] == "nbops pipeline run pipeline.toml --only load --no-retries "


def test_kubeflow_compiles_and_its_containers_do_it(request_for, stub, tmp_path):
    source, target = tmp_path / "churn.py", tmp_path / "churn.yaml"
    source.write_text(kubeflow.render(request_for(image="registry/churn:1")), encoding="utf-8")
    out = _run(_environment("kubeflow"), _PROBES / "kubeflow_probe.py", source, target)
    told = json.loads(out.splitlines()[-1])
    spec = told["documents"][0]
    executors = spec["deploymentSpec"]["executors"]
    tasks = spec["root"]["dag"]["tasks"]
    evil = next(task for name, task in tasks.items() if task["taskInfo"]["name"] == _EVIL)
    assert [set(task.get("dependentTasks", [])) for task in tasks.values() if task["taskInfo"]["name"] == "class"] == [
        {name for name, task in tasks.items() if task["taskInfo"]["name"] in {"train", _EVIL}}
    ]
    assert next(t for t in tasks.values() if t["taskInfo"]["name"] == "load")["retryPolicy"]["maxRetryCount"] == 2
    assert all(not task.get("cachingOptions") for task in tasks.values())
    secret = told["documents"][1]["platforms"]["kubernetes"]["deploymentSpec"]["executors"]
    assert any(item["secretAsEnv"][0]["keyToEnv"][0]["envVar"] == "API_TOKEN" for item in secret.values())
    container = executors[spec["components"][evil["componentRef"]["name"]]["executorLabel"]]["container"]
    assert container["image"] == "registry/churn:1"
    assert container["resources"]["cpuRequest"] == 2.0
    # The very command of the container, its artifacts being files here.
    taken, done = tmp_path / "taken", tmp_path / "done"
    assert len(container["args"]) == 2
    _run(*container["command"], done, taken, PATH=stub.path)
    assert [words for words, _ in stub.calls()] == [
        ["pipeline", "unpack", str(taken)],
        ["pipeline", "run", "pipeline.toml", "--only", _EVIL],
        ["pipeline", "pack", str(done)],
    ]
    assert done.exists()


def test_prefect_runs_the_flow(exports, request_for, stub, tmp_path):
    (tmp_path / "flows").mkdir()
    source = tmp_path / "flows" / "churn.py"
    stages = [{**stage, "environment": {"DEPTH": _EVIL}} for stage in _STAGES]
    request = exports.request_of(exports.pipeline_of(tmp_path, stages, name="churn"))
    source.write_text(prefect.render(request), encoding="utf-8")
    out = _run(_environment("prefect"), _PROBES / "prefect_probe.py", source, PATH=stub.path, PREFECT_HOME=str(tmp_path / "home"),
               PREFECT_LOGGING_LEVEL="ERROR", PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS="200", PREFECT_SERVER_ANALYTICS_ENABLED="false")  # fmt: skip
    told = json.loads(next(line for line in out.splitlines() if line.startswith("RESULT ")).removeprefix("RESULT "))
    assert told["error"] == ""
    calls = stub.calls()
    assert sorted(words[4] for words, _ in calls) == sorted(_JOBS)
    assert (calls[0][0][4], calls[-1][0][4]) == ("load", "class")
    assert {depth for _, depth in calls} == {_EVIL}


def test_groovy_reads_the_jenkinsfile(request_for, tmp_path):
    file = tmp_path / "Jenkinsfile"
    request = request_for(schedule="0 4 * * 1", image="python:3.11", secrets=("NBOPS_LEDGER_URI",))
    file.write_text(jenkins.render(request), encoding="utf-8")
    java = shutil.which("java")
    assert java is not None and shutil.which("groovy") is not None, "`make system` installs Groovy and Java"
    home = str(Path(java).resolve().parents[1])
    out = _run("groovy", _PROBES / "groovy_probe.groovy", file, JAVA_HOME=home, JAVA_OPTS="-Dfile.encoding=UTF-8")
    calls = json.loads(out.splitlines()[-1])
    assert [given[0] for name, given in calls if name == "stage"] == ["Install", *_JOBS]
    scripts = [given[0] for name, given in calls if name == "sh"]
    assert [shlex.split(script) for script in scripts[1:-1]] == [
        ["nbops", "pipeline", "run", "pipeline.toml", "--only", name] for name in _JOBS
    ]
    assert ["=", ["DEPTH", _EVIL]] in calls
    assert ["=", ["API_TOKEN", "credentials(API_TOKEN)"]] in calls
    assert ["image", ["python:3.11"]] in calls
    assert ["cron", ["0 4 * * 1"]] in calls
    assert [given[0]["time"] for name, given in calls if name == "timeout"] == [5, 2]
