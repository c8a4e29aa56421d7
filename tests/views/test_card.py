"""The card in its three forms."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser

from hypothesis import given, settings
from hypothesis import strategies as st

from nbops.records import RUN_MIME, ArtifactRef, Card, CellRef, Change, DataRef, ErrorInfo, HistoryPoint, ModelRef, Run
from nbops.views.card import card_bundle, card_html, card_text

RUN = Run(
    run_id="a" * 32,
    name="brisk-heron",
    experiment="churn",
    status="FINISHED",
    attempt=14,
    duration=1.82,
    tracking=0.006,
    cell=CellRef(notebook="/w/01_train.ipynb"),
    params={"max_depth": "6"},
    metrics={"auc": 0.913, "recall": 0.78},
    data=(DataRef(name="X_train", fingerprint="9c41f0" + "0" * 58, rows=5634, columns=19),),
    models=(ModelRef(name="model", class_name="RandomForestClassifier", size=412_000),),
    artifacts=(ArtifactRef(path="figures/figure_1.png", digest="b" * 64, size=1, kind="figure"),),
    redactions=2,
)
CARD = Card(
    run=RUN,
    previous=HistoryPoint(run_id="p", name="calm-otter", metrics={"auc": 0.892, "recall": 0.78}),
    changes=(
        Change(kind="param", name="max_depth", before="4", after="6"),
        Change(kind="metric", name="auc", before="0.892", after="0.913", delta=0.021, better=True),
    ),
    history=(HistoryPoint(run_id="p", name="calm-otter", metrics={"auc": 0.892}),),
    workspace="/w",
)


class _Elements(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.open, self.seen, self.attributes = [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.seen.append(tag)
        self.attributes += [name for name, _ in attrs]
        if tag not in ("polyline", "circle"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.seen.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_every_form_is_there():
    bundle = card_bundle(CARD)
    assert set(bundle) == {RUN_MIME, "text/html", "text/plain"}
    json.dumps(bundle, allow_nan=False)


def test_text_says_the_conclusion_and_what_changed():
    assert card_text(CARD).splitlines() == [
        "brisk-heron · finished · churn / 01_train.ipynb · run 14 of this cell · 1.82 s +6 ms tracking",
        "  auc 0.913  ▲ 0.021 (was 0.892)",
        "  recall 0.78",
        "  changed: max_depth 4 → 6",
        "  data read: X_train 5,634 × 19 9c41f0 same as before",
        "  model: model RandomForestClassifier, 412 kB",
        "  figures: 1 kept",
        "  ! 2 secrets were replaced before anything was written.",
    ]


def test_html_is_balanced_static_and_says_the_same():
    found = _Elements(card_html(CARD))
    assert found.open == []
    assert "script" not in found.seen
    text = re.sub(r"<[^>]+>", " ", card_html(CARD))
    for part in ("brisk-heron", "▲ 0.021", "was 0.892", "same as before", "max_depth", "4 →", "412 kB", "2 secrets"):
        assert part in text


def test_a_first_run_lists_its_parameters():
    first = Card(run=RUN)
    assert "parameters: max_depth 6" in card_text(first)
    assert "same as before" not in card_html(first)


def test_data_are_said_to_be_new_or_changed():
    from dataclasses import replace

    for before, said in ((None, "new"), ("0" * 64, "changed")):
        change = Change(kind="data", name="X_train", before=before, after="9c41f0" + "0" * 58)
        assert f"9c41f0 {said}" in card_text(replace(CARD, changes=(change,)))


def test_a_failure_comes_first():
    from dataclasses import replace

    failed = Card(
        run=replace(RUN, status="FAILED", metrics={}, error=ErrorInfo(type="ValueError", message="a <b> wrong"))
    )
    assert card_text(failed).splitlines()[1] == "  ValueError: a <b> wrong"
    assert "a &lt;b&gt; wrong" in card_html(failed)
    assert "var(--jp-error-color1" in card_html(failed)


_texts = st.text(max_size=30) | st.just("<script>alert(1)</script>") | st.just("\" onload='x'")


@settings(max_examples=100, deadline=None)
@given(
    name=_texts,
    params=st.dictionaries(_texts, _texts, max_size=4),
    metrics=st.dictionaries(_texts, st.floats(), max_size=8),
    warnings=st.lists(_texts, max_size=2),
    history=st.lists(st.dictionaries(_texts, st.floats(), max_size=3), max_size=3),
)
def test_no_text_breaks_out(name, params, metrics, warnings, history):
    run = Run(
        run_id="r",
        name=name,
        experiment=name,
        params=params,
        metrics=metrics,
        models=(ModelRef(name=name, class_name=name),),
    )
    points = tuple(HistoryPoint(run_id="p", name=name, metrics=m) for m in history)
    card = Card(run=run, previous=points[-1] if points else None, history=points, warnings=tuple(warnings))
    found = _Elements(card_html(card))
    assert found.open == []
    assert set(found.seen) <= {"div", "span", "b", "small", "dl", "dt", "dd", "svg", "polyline", "circle"}
    assert set(found.attributes) <= {"style", "role", "aria-label", "width", "height"}
    card_text(card)
