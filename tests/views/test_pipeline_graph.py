"""The graph of a pipeline with the state of its stages, drawn."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from nbops.records import PipelineRun, StageRun
from nbops.views.document import page
from nbops.views.pipeline_graph import graph_html, graph_svg, graph_text
from nbops.views.rails import draw

_SIDES = {
    "│": "ab", "─": "lr", "┼": "lrab", "├": "rab", "┤": "lab", "┬": "lrb", "┴": "lra", "╯": "la", "╮": "lb", "╰": "ra",
    "╭": "rb", "●": "ab",
}  # fmt: skip


def _read(lines):
    """Follow the rails downwards; give the edges they draw."""
    edges, above = set(), {}
    for text, name in lines:
        below = {}
        if name:
            place = text.index("●")
            edges |= {(source, name) for source in above.get(place, ())}
            below = {at: above[at] for at, sign in enumerate(text) if sign == "│"} | {place: {name}}
        else:
            run, reached = [], set()
            for at, sign in enumerate(f"{text} "):
                sides = _SIDES.get(sign, "")
                if "l" not in sides:
                    below.update(dict.fromkeys(run, reached))
                    run, reached = [], set()
                if "a" in sides:
                    reached |= above[at]
                if "b" in sides:
                    run.append(at)
            below.update(dict.fromkeys(run, reached))
        above = below
    return edges


@given(st.data())
def test_the_rails_of_a_text_say_who_comes_after_whom(data):
    names = [f"s{i}" for i in range(data.draw(st.integers(1, 8)))]
    after = {
        name: data.draw(st.lists(st.sampled_from(names[:i]), unique=True)) if i else [] for i, name in enumerate(names)
    }
    lines = draw(after, dict.fromkeys(names, "●"))
    assert [name for _, name in lines if name] == names
    # Where rails cross, one may read too much, never too little.
    assert {(other, name) for name in names for other in after[name]} <= _read(lines)


def test_a_small_graph():
    after = {"a": [], "b": ["a"], "c": ["a"], "d": ["b", "c"], "e": []}
    assert draw(after, dict.fromkeys(after, "○")) == [
        ("○", "a"),
        ("├─╮", ""),
        ("○ │", "b"),
        ("│ ○", "c"),
        ("├─╯", ""),
        ("○", "d"),
        ("○", "e"),
    ]


def _run(*stages, run_id=""):
    return PipelineRun(
        run_id=run_id, pipeline="<p>", path="p.toml", status="failed" if run_id else "succeeded", stages=stages
    )


def _grid(count, statuses, after=()):
    return tuple(
        StageRun(stage=f"train[n={i}]", group="train", status=statuses[min(i, len(statuses) - 1)], after=after)
        for i in range(count)
    )


def test_a_plan_says_what_would_run_and_why():
    run = _run(
        StageRun(stage="ingest", status="skipped", reason="unchanged"),
        StageRun(stage="train", after=("ingest",), reason="never ran", kernel="python3 (train.ipynb names no kernel)"),
        StageRun(stage="report", after=("ingest", "train"), reason="train comes before and would run"),
    )
    assert graph_text(run).split("\n") == [
        "<p>: 2 of 3 stages would run",
        "",
        "○ ingest  up to date",
        "· train   would run: never ran · kernel python3 (train.ipynb names no kernel)",
        "· report  would run: train comes before and would run",
    ]


def test_a_run_says_how_each_stage_went():
    run = _run(
        StageRun(stage="a", status="succeeded", started_at=10.0, ended_at=13.0, reason="forced"),
        StageRun(stage="b", status="running", cell=2, cells=5, line="epoch 3", after=("a",)),
        StageRun(stage="c", status="failed", failed_cell=4, error="ValueError: no", after=("a",)),
        run_id="0123456789",
    )
    text = graph_text(run)
    assert "<p> failed, run 01234567" in text
    for words in ("done in 3.00 s · forced", "cell 2 of 5 · epoch 3", "failed in cell 4: ValueError: no"):
        assert words in text


def test_a_large_grid_is_one_thing_with_counts_and_a_small_one_is_not():
    twelve = _grid(12, ["succeeded", "skipped", "succeeded", "failed", "pending"])
    last = StageRun(stage="evaluate", after=tuple(one.stage for one in twelve))
    text = graph_text(_run(*twelve, last))
    assert "✕ train  3/12 done, 1 failed" in text
    assert "train[" not in text
    assert "12" in graph_svg(_run(*twelve, last))
    assert graph_text(_run(*_grid(8, ["pending"]))).count("train[n=") == 8


def test_grids_that_come_after_each_other_are_drawn_all_the_same():
    stages = []
    for i in range(9):
        stages += [
            StageRun(stage=f"a[n={i}]", group="a", after=(f"b[n={i - 1}]",) if i else ()),
            StageRun(stage=f"b[n={i}]", group="b", after=(f"a[n={i}]",)),
        ]
    assert graph_text(_run(*stages)).count("0/9 done") == 2
    assert graph_svg(_run(*stages)).count("<rect") == 2


def test_the_picture_is_static_and_everything_in_it_is_escaped():
    evil = '"><script>alert(1)</script>'
    run = _run(
        StageRun(stage=evil, reason=evil),
        StageRun(stage="b", after=(evil,)),
        StageRun(stage="c", after=(evil, "b"), status="failed", error=evil),
        *_grid(9, ["pending"], ("b",)),
        StageRun(stage="d", after=("c", evil)),
    )
    whole = page(run.pipeline, graph_html(run))
    assert "<script" not in whole
    assert not re.search(r"https?://", whole)
    picture = ET.fromstring(graph_svg(run))
    assert {title.text for title in picture.iter("title")} >= {f"· {evil}: would run: {evil}", "· train: 0/9 done"}
    assert "\x1b" not in graph_text(_run(StageRun(stage="a", reason="\x1b[31m")))
