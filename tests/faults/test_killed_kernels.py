"""Kill -9 of processes with tracked blocks: nothing acknowledged is lost, nothing doubled, no run stays RUNNING."""

from __future__ import annotations

import json
import os
import random
import time
from collections import Counter, defaultdict

import pytest
from sqlalchemy import select

from nbops.ledger import open_ledger, tables
from nbops.tracking.delivery import deliver
from nbops.tracking.search import get_run, metric_series
from nbops.workspace.blobs import read

POINTS = 25 if os.environ.get("NBOPS_LONG_FAULTS") == "1" else 8
# Seconds between the first word of a process and its end.
LONGEST = {"track": 1.5, "cells": 0.4}


@pytest.mark.parametrize("kind", ["track", "cells"])
def test_nothing_acknowledged_is_lost(kind, workspace, nursery):
    """At 25 random points each; every other time somebody delivers while the process runs."""
    chance = random.Random(f"killed {kind}")
    family = nursery(
        "nbops.tracking.tracker",
        "nbops.magics.tracker",
        "nbops.views.card",
        "nbops.data.fingerprint",
        "IPython.core.interactiveshell",
        "sklearn.linear_model",
        "pandas",
        "cloudpickle",
    )
    counts = Counter()
    for point in range(POINTS):
        acks = workspace.root / f"acks-{point}.jsonl"
        acks.touch()
        pid = family.start(kind, workspace=workspace.root, acks=acks, name=f"p{point}")
        _wait_for_first(acks)
        end = time.monotonic() + chance.uniform(0.0, LONGEST[kind])
        while time.monotonic() < end:
            if point % 2:
                deliver(workspace)
            time.sleep(0.001)
        family.kill(pid)
        deliver(workspace)
        counts += _check(workspace, _acknowledged(acks), f"p{point}-", kind)
    print(dict(counts))
    assert deliver(workspace) == 0
    assert counts["finish"] + counts["metric"] >= POINTS


def _wait_for_first(acks):
    end = time.monotonic() + 60
    while not acks.stat().st_size:
        assert time.monotonic() < end, "the process never said anything"
        time.sleep(0.002)


def _acknowledged(path):
    # The last line is whole: one write of a few bytes is there or not.
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def _check(workspace, said, prefix, kind):
    with open_ledger(workspace).connect() as connection:
        rows = {
            row.run_id: row
            for row in connection.execute(select(tables.runs).where(tables.runs.c.name.startswith(prefix)))
        }
    names = [row.name for row in rows.values()]
    assert len(names) == len(set(names)), "a run is there twice"
    assert all(row.status in {"FINISHED", "KILLED"} for row in rows.values())
    started = {ack["run"] for ack in said if ack["did"] in {"start", "finish"}}
    assert started <= set(rows)
    # Besides those acknowledged there is at most the one at work when the end came.
    assert len(rows) - len(started) <= 1
    points = defaultdict(dict)
    for ack in said:
        if ack["did"] == "finish":
            _check_finished(workspace, ack, kind)
        elif ack["did"] == "metric":
            points[ack["run"]][ack["step"]] = ack["value"]
    for run_id, known in points.items():
        found = [(point.step, point.value) for point in metric_series(workspace, run_id) if point.name == "loss"]
        assert len(found) == len(dict(found)), "a point is there twice"
        assert known.items() <= dict(found).items()
        assert len(found) - len(known) <= 1
    return Counter(ack["did"] for ack in said) + Counter(row.status for row in rows.values())


def _check_finished(workspace, ack, kind):
    run, number = get_run(workspace, ack["run"]), ack["number"]
    assert run.status == "FINISHED"
    if kind == "track":
        assert run.params["number"] == str(number)
        assert run.params["half"] == str(number / 2)
        assert run.metrics["loss"] == number + (number % 7) / 10
        assert [a.path for a in run.artifacts if a.kind == "file"] == ["note.txt"]
    else:
        assert run.params["depth"] == str(number)
        assert run.metrics["score"] == number / 7
        assert [ref.name for ref in run.data if ref.context == "written"] == ["frame"]
        assert [model.name for model in run.models] == ["model"]
    for ref in run.artifacts:
        assert len(read(workspace, ref.digest)) == ref.size
    for model in run.models:
        assert len(read(workspace, model.digest)) == model.size
