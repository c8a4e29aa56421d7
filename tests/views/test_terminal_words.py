"""What others wrote is printed, not obeyed."""

import pytest

from nbops.records import AuditEvent, AuditProblem, AuditVerdict, Placement
from nbops.views.registry import audit_text, event_text, history_text, verdict_text
from nbops.views.text import clip, printable

EVIL = "fine\x1b[2K\x1b[1A\x9b31m\x07 \u202egnp.exe\r#1 nothing"


def _event():
    return AuditEvent(seq=1, at=1.0, actor="eve" + EVIL, source="os", action="promote", model="churn", reason=EVIL)


@pytest.mark.parametrize(
    "shown",
    [
        lambda: audit_text([_event()]),
        lambda: event_text(_event()),
        lambda: clip(EVIL, 100),
        lambda: history_text(
            [
                Placement(
                    model="churn",
                    target="champion",
                    version=1,
                    previous=None,
                    at=1.0,
                    actor=EVIL,
                    kind="promote",
                    until=None,
                )
            ]
        ),
        lambda: verdict_text(
            AuditVerdict(ok=False, events=1, rows=1, head="", problems=(AuditProblem(kind="row", seq=0, message=EVIL),))
        ),
    ],
)
def test_no_words_of_others_move_the_cursor(shown):
    assert not set("\x1b\x9b\x07\r\u202e") & set(shown())


def test_letters_of_all_languages_and_lines_stay():
    text = "ölig 模型 שלום\n\tdone ✓"
    assert printable(text) == text
