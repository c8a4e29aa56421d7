"""Names and values of others stay text in every language that an export is written in."""

from __future__ import annotations

import ast
import json
import os
import shlex
import string
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from nbops.errors import PipelineError
from nbops.pipelines.exports import airflow, github, gitlab, jenkins, kubeflow, make, prefect

_PIECES = [
    "${{ secrets.X }}", "${{", "}}", "{{ var.value.x }}", "{% raw %}", "{#", "$(id)", "`id`", "$$", "$X", "${X}", "'", '"', "\\", "\n",
    "\t", "#", ": ", "- ", "%", "!", "&", "*", "|", ">", "@", "é", "日", "😀", " ", "\\u0041", "'''", '"""', "$@", ";", "\r", "-x", "--force",
    "\x85", "\u2028", "on", "true", "null", "0x1", "~", "{{$.inputs}}", "\x1b[0m",
]  # fmt: skip
_hostile = st.lists(
    st.one_of(
        st.sampled_from(_PIECES), st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=5)
    ),
    min_size=1,
    max_size=6,
).map("".join)
_names = st.lists(_hostile.filter(bool), min_size=2, max_size=3, unique=True)
_SECOND = "${{ github.event.pull_request.title }}'; $(touch /tmp/x) \"\n#"


@pytest.fixture(scope="module")
def asked(exports, tmp_path_factory: pytest.TempPathFactory):
    """Make a request for a pipeline with stages of these names, and this text wherever one can stand."""
    folder = tmp_path_factory.mktemp("hostile")
    return lambda names, value, **more: _request(exports, folder, names, value, **more)


def _request(exports, folder: Path, names: list[str], value: str, **more):
    stages = [
        {"name": name, "after": names[:at], "environment": {"VALUE": value}, "retries": 1, "timeout": 60.0}
        for at, name in enumerate(names)
    ]
    return exports.request_of(exports.pipeline_of(folder, stages, name=value), parameters=(f"a={value}",), **more)


def _expected(name: str, value: str, *more: str) -> list[str]:
    only = [f"--only={name}"] if name.startswith("-") else ["--only", name]
    return ["nbops", "pipeline", "run", "pipeline.toml", *only, "--set", f"a={value}", *more]


@settings(max_examples=60)
@given(names=_names, value=_hostile)
@example(names=["a", _SECOND], value=_SECOND)
def test_github(asked, exports, names, value):
    read = yaml.safe_load(github.render(asked(names, value)))
    assert exports.evaluated(read["name"]) == value
    jobs = [job for job in read["jobs"].values() if job["name"] != "Report" or "Report" in names]
    for name, job in zip(names, jobs, strict=False):
        assert exports.evaluated(job["name"]) == name
        assert exports.evaluated(job["env"]["VALUE"]) == value
        (run,) = [step["run"] for step in job["steps"] if step.get("name") == "Run"]
        assert "${{" not in run
        assert shlex.split(run) == _expected(name, value)


@settings(max_examples=40)
@given(names=_names, value=_hostile)
@example(names=["a", _SECOND], value=_SECOND)
def test_gitlab(asked, exports, names, value):
    read = yaml.safe_load(gitlab.render(asked(names, value)))
    jobs = [job for job in read.values() if isinstance(job, dict) and job.get("stage") == "run"]
    for name, job in zip(names, jobs, strict=True):
        assert job["variables"]["VALUE"] == {"value": value, "expand": False}
        assert shlex.split(job["script"][-1]) == _expected(name, value)


@settings(max_examples=40)
@given(names=_names, value=_hostile)
@example(names=["a", _SECOND], value=_SECOND)
def test_airflow(asked, exports, names, value):
    import jinja2

    tree = ast.parse(airflow.render(asked(names, value)))
    calls = [
        node for node in ast.walk(tree) if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "BashOperator"
    ]
    for name, call in zip(names, calls, strict=True):
        given = {item.arg: item.value for item in call.keywords}
        assert ast.literal_eval(given["task_display_name"]) == name
        rendered = jinja2.Template(ast.literal_eval(given["bash_command"])).render()
        assert shlex.split(rendered) == _expected(name, value, "--no-retries")
        assert jinja2.Template(ast.literal_eval(given["env"])["VALUE"]).render() == value


@settings(max_examples=40)
@given(names=_names, value=_hostile)
@example(names=["a", _SECOND], value=_SECOND)
def test_prefect_and_kubeflow(asked, exports, names, value):
    tree = ast.parse(prefect.render(asked(names, value)))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "run"]
    for name, call in zip(names, calls, strict=True):
        assert ast.literal_eval(call.args[0]) == _expected(name, value, "--no-retries")
        assert ast.literal_eval(call.args[1])["VALUE"] == value
    tree = ast.parse(kubeflow.render(asked(names, value, image=value or "image")))
    calls = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "ContainerSpec"
    ]
    for name, call in zip(names, calls, strict=True):
        command = ast.literal_eval(next(item.value for item in call.keywords if item.arg == "command"))
        assert "{{" not in command[2]
        words = shlex.split(command[2])
        assert words[words.index("timeout") + 2 :][: len(_expected(name, value)) + 1] == _expected(
            name, value, "--no-retries"
        )


def test_make_really_gets_the_words(asked, tmp_path):
    """GNU make and bash, with a program in place of nbops that writes down what it was given."""
    names = [f"{piece}{number}" for number, piece in enumerate([*_PIECES, _SECOND, string.printable])]
    value = "".join(_PIECES)
    request = asked(names, value)
    (tmp_path / "Makefile").write_bytes(make.render(request).encode())
    told = tmp_path / "told.py"
    told.write_text("import json, os, sys\nprint(json.dumps([sys.argv[1:], os.environ.get('VALUE')]))\n")
    # The tests may themselves have been started by make, whose flags are not for this one.
    environment = {
        name: value for name, value in os.environ.items() if name not in {"MAKEFLAGS", "MAKELEVEL", "MFLAGS"}
    }
    done = subprocess.run(
        ["make", "-s", f"NBOPS={sys.executable} {told}"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert lines == [[_expected(name, value)[1:], value] for name in names]


def test_groovy_reads_the_texts(asked):
    """What the Jenkinsfile calls a literal is one: the quotes are balanced and nothing is replaced in it."""
    names = [f"{piece}{number}" for number, piece in enumerate(_PIECES)]
    text = jenkins.render(asked(names, _SECOND))
    assert all(line.isprintable() for line in text.splitlines())
    assert '"$WORKSPACE/.venv/bin:$PATH"' in text
    assert text.count('"$WORKSPACE') == 1


@pytest.mark.parametrize("engine", [airflow, github, gitlab, jenkins, kubeflow, make, prefect])
@pytest.mark.parametrize("name", ["a\0b", "a\udc80b"])
def test_what_no_file_can_hold_is_told(exports, tmp_path, engine, name):
    options = {} if engine is make else {"image": "image:1"}
    with pytest.raises(PipelineError, match="cannot be written"):
        engine.render(exports.request_of(exports.pipeline_of(tmp_path, [{"name": name}]), **options))
