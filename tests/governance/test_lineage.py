"""Lineage: what it finds, what it does not follow, and its forms."""

import hashlib
import json
import re
import uuid

import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sqlalchemy import select

import nbops
from nbops.cli import main
from nbops.errors import NotFoundError
from nbops.governance.columns import columns_used
from nbops.governance.lineage import lineage
from nbops.governance.openlineage import openlineage_events
from nbops.ledger import open_ledger, tables
from nbops.registry import promote, register
from nbops.views.lineage import lineage_html, lineage_svg, lineage_text
from nbops.workspace import find_workspace

HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
def place(tmp_path, monkeypatch, ledger_uri):
    """Two models trained on one file, one of them promoted twice over."""
    monkeypatch.setenv("NBOPS_WORKSPACE", str(tmp_path))
    monkeypatch.setenv("NBOPS_LEDGER_URI", ledger_uri)
    monkeypatch.setenv("NBOPS_COURIER", "false")
    monkeypatch.chdir(tmp_path)
    pd.DataFrame({"a": range(20), "b": [i % 3 for i in range(20)], "y": [i % 2 for i in range(20)]}).to_csv(
        tmp_path / "data.csv", index=False
    )
    for name, strength in (("churn", 1.0), ("price", 2.0), ("churn", 3.0)):
        with nbops.track(f"{name}-{strength}") as run:
            frame = pd.read_csv("data.csv")
            model = LogisticRegression(C=strength).fit(frame[["a", "b"]], frame["y"])
            run.metric("accuracy", 0.5)
            run.model(model, "model")
        register(name, run_id=run.run_id)
    promote("churn", 1, reason=HOSTILE)
    promote("churn", 2)
    return find_workspace()


def _name(text):
    return hashlib.sha256(text.encode()).hexdigest()


def _chain(place, steps, status="FINISHED"):
    """Note runs that each read one content and write another, as deliveries do."""
    with open_ledger(place).begin() as connection:
        one = dict(connection.execute(select(tables.runs).limit(1)).mappings().one())
        refs = []
        for position, step in enumerate(steps):
            ended = None if status == "RUNNING" else 20.5 + position
            run = {"run_id": f"{position:032x}", "name": f"step {position}", "cell_key": "", "status": status}
            connection.execute(
                tables.runs.insert().values({**one, **run, "started_at": 10.5 + position, "ended_at": ended})
            )
            for context, name in zip(("read", "written"), step):
                facts = {"rows": 1, "columns": 1, "schema": {"a": "int64"}, "origin": "", "position": len(refs)}
                refs.append(
                    {**facts, "run_id": run["run_id"], "name": name, "context": context, "fingerprint": _name(name)}
                )
        connection.execute(tables.data_refs.insert(), refs)


def _ids(found, kind):
    return {node.id.partition(":")[2] for node in found.nodes if node.kind == kind}


def test_from_data_to_promotion_and_back(place):
    found = lineage(place, "churn@1")
    assert found.start == "version:churn@1"
    assert _ids(found, "version") == {"churn@1"}
    assert len(_ids(found, "run")) == 1 and len(_ids(found, "data")) == 1
    targets = {node.label for node in found.nodes if node.kind == "promotion"}
    assert targets == {"Production (promote)", "champion (promote)"}
    data = f"data:{next(iter(_ids(found, 'data')))}"
    whole = lineage(place, data)
    assert _ids(whole, "version") == {"churn@1", "churn@2", "price@1"}
    assert len(_ids(whole, "promotion")) == 4
    assert lineage(place, data, direction="before").edges == ()


def test_it_starts_from_whatever_a_person_has_in_hand(place):
    version = lineage(place, "churn").start
    assert version == "version:churn@2" == lineage(place, "churn:champion").start == lineage(place, "churn@v2").start
    run = next(iter(_ids(lineage(place, "churn@1"), "run")))
    assert lineage(place, run[:10]).start == f"run:{run}" == lineage(place, "churn-1.0").start
    data = next(iter(_ids(lineage(place, "churn"), "data")))
    assert {lineage(place, text).start for text in ("data.csv", data, data[:12], f"data:{data}")} == {f"data:{data}"}
    (place.root / "copy.csv").write_bytes((place.root / "data.csv").read_bytes())
    assert lineage(place, "copy.csv").start == f"data:{data}"


@pytest.mark.parametrize(
    "text", ["", "nothing", "churn@9", "data:00", "run:nothing", "promotion:99", "promotion:x", "cell:x"]
)
def test_what_is_not_there_is_one_line(place, text):
    with pytest.raises(NotFoundError):
        lineage(place, text)


def test_columns_that_the_code_shows(place):
    found = lineage(place, "churn@1")
    (into,) = [edge for edge in found.edges if edge.source.startswith("data:") and edge.target.startswith("run:")]
    assert into.columns == ("a", "b", "y")
    (made,) = [edge for edge in found.edges if edge.target == "version:churn@1"]
    assert made.columns == ("a", "b")


@pytest.mark.parametrize(
    ("code", "columns"),
    [
        ('df["a"]', ("a",)),
        ('df[["b", "a"]]', ("a", "b")),
        ('df.loc[df.c > 0, "b"]', ("b", "c")),
        ('df.drop(columns=["a"])', ("a",)),
        ('other["a"]', ()),
        ("df[names]", ()),
        ("df.mean()", ()),
        ("this is no python", ()),
    ],
)
def test_columns_used(code, columns):
    assert columns_used(code, "df", ("a", "b", "c")) == columns


def test_a_cut_graph_says_so(place):
    found = lineage(place, "data.csv", most=3)
    assert found.truncated and len(found.nodes) == 3
    known = {node.id for node in found.nodes}
    assert all(edge.source in known and edge.target in known for edge in found.edges)


@pytest.mark.parametrize("direction", ["before", "after"])
def test_the_start_is_there_even_if_nothing_lies_that_way(place, direction):
    found = lineage(place, "churn@1")
    for node in found.nodes:
        one = lineage(place, node.id, direction=direction)
        assert node.id in {other.id for other in one.nodes}


def test_a_cut_graph_keeps_what_is_near(place):
    for most in (1, 2, 3):
        for start in ("data.csv", "churn@1"):
            found = lineage(place, start, most=most)
            assert found.start in {node.id for node in found.nodes}


def test_a_run_that_writes_what_it_read(place):
    _chain(place, [("one", "one"), ("one", "two")])
    found = lineage(place, f"data:{_name('two')}")
    assert len(_ids(found, "run")) == 2
    # data, run, data: the run that closes the circle stands beside, and pushes nothing to the right.
    width = int(re.search(r'width="(\d+)"', lineage_svg(found))[1])
    assert width == 170 * 3
    assert "see above" in lineage_text(found)


def test_a_long_chain_is_drawn_and_told(place):
    _chain(place, [(f"day {i}", f"day {i + 1}") for i in range(700)])
    found = lineage(place, f"data:{_name('day 0')}")
    assert len(_ids(found, "run")) == 700 and not found.truncated
    assert lineage_svg(found).count("<rect") == len(found.nodes)
    assert "and so on" in lineage_text(found)


def test_one_content_under_two_names(place):
    with nbops.track("twice"):
        left, right = pd.read_csv("data.csv"), pd.read_csv("data.csv")
        left["a"].sum()
        right["b"].sum()
    found = lineage(place, "twice")
    (edge,) = [edge for edge in found.edges if edge.source.startswith("data:")]
    assert set(edge.label.split(", ")) == {"left", "right"} and set(edge.columns) == {"a", "b"}


def test_pictures_and_pages_run_nothing(place):
    found = lineage(place, "churn@1")
    for text in (lineage_svg(found), lineage_html(found)):
        assert "<script" not in text and "http" not in text.replace("http://www.w3.org", "")
    assert "&lt;script&gt;" in lineage_html(found)
    text = lineage_text(found)
    assert text.index("came from") < text.index("churn-1.0") < text.index("came out of it") < text.index("Production")


def test_openlineage_events(place):
    events = openlineage_events(lineage(place, "data.csv"), "work", place.root)
    assert [event["eventType"] for event in events] == ["START", "COMPLETE"] * 3
    for event in events:
        assert set(event) == {"eventType", "eventTime", "producer", "schemaURL", "run", "job", "inputs", "outputs"}
        assert event["eventTime"].endswith("Z")
        assert str(uuid.UUID(event["run"]["runId"])) == event["run"]["runId"]
        assert event["job"]["namespace"] == "work" and event["job"]["name"]
        (given,) = event["inputs"]
        assert [field["name"] for field in given["facets"]["schema"]["fields"]] == ["a", "b", "y"]
        assert given["name"] == "data.csv" and str(place.root) not in json.dumps(event)
        assert all("_producer" in f and "_schemaURL" in f for f in given["facets"].values())
    assert [event["eventTime"] for event in events] == sorted(event["eventTime"] for event in events)
    for start, end in zip(events[::2], events[1::2]):
        assert start["run"] == end["run"] and start["outputs"] == []
        (model,) = end["outputs"]
        assert model["name"] in {"models/churn", "models/price"}
        assert model["facets"]["version"]["datasetVersion"] in {"1", "2"}
        fields = model["facets"]["columnLineage"]["fields"]
        assert {name: each["inputFields"] for name, each in fields.items()} == {
            name: [{"namespace": "work", "name": "data.csv", "field": name}] for name in ("a", "b")
        }


@pytest.mark.parametrize(
    ("status", "types"),
    [
        ("RUNNING", ["START"]),
        ("FINISHED", ["START", "COMPLETE"]),
        ("FAILED", ["START", "FAIL"]),
        ("KILLED", ["START", "ABORT"]),
    ],
)
def test_an_openlineage_run_ends_as_it_did(place, status, types):
    _chain(place, [("one", "two")], status=status)
    events = openlineage_events(lineage(place, f"data:{_name('two')}"))
    assert [event["eventType"] for event in events] == types
    assert len({event["eventTime"] for event in events}) == len(types)


def test_the_command(place, capsys):
    for file in ("l.svg", "l.html", "l.jsonl"):
        option = {"l.svg": "--svg", "l.html": "--html", "l.jsonl": "--openlineage"}[file]
        assert main(["lineage", "churn", option, file]) == 0
        assert (place.root / file).stat().st_size > 200
    capsys.readouterr()
    assert main(["lineage", "churn", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["start"] == "version:churn@2"
    assert main(["lineage", "nothing"]) == 1
    assert "Name a model" in capsys.readouterr().err
