"""Model cards: what is known, what a person writes, what is missing."""

import json

import pytest

from nbops.cardform import CardForm
from nbops.cli import main
from nbops.errors import NotFoundError, PromotionRefused, UsageError
from nbops.ledger.audit import read_events
from nbops.ledger.verification import verify
from nbops.registry import promote
from nbops.registry.card import edit_card, model_card
from nbops.views.model_card import card_html, card_markdown, card_text

HOSTILE = "<script>alert(1)</script> **bold** [x](javascript:alert(1))"


def _texts(card):
    return {field.name: field.text for field in card.fields}


def test_what_is_known_is_there_and_what_is_not_is_named(place, versions):
    versions(1)
    card = model_card(place, "churn", 1)
    texts = _texts(card)
    assert "LogisticRegression" in texts["model"] and "accuracy 0.5" in texts["metrics"]
    assert "scikit-learn" in texts["environment"] and "run run" in texts["training"]
    assert card.missing == ("intended_use", "limitations", "owner") and card.revision == 0


def test_edits_are_revisions_in_the_log(place, versions):
    versions(1)
    first = edit_card("churn", 1, {"intended_use": "Ranking.", "region": "EU"})
    assert (first.revision, first.missing) == (1, ("limitations", "owner"))
    assert edit_card("churn", 1, {"intended_use": "Ranking."}).revision == 1
    second = edit_card("churn", 1, {"region": "", "owner": "Ada"})
    assert second.revision == 2 and "region" not in _texts(second) and second.digest != first.digest
    events = [e for e in read_events(place) if e.action == "card"]
    assert [e.detail["fields"] for e in events] == [["intended_use", "region"], ["owner", "region"]]
    assert verify(place).ok


def test_a_policy_asks_for_fields(place, versions):
    versions(1)
    (place.root / "nbops.toml").write_text('[policy.stages.Production]\ncard = ["intended_use", "reviewed_by"]\n')
    with pytest.raises(PromotionRefused, match="intended_use, reviewed_by"):
        promote("churn", 1)
    edit_card("churn", 1, {"intended_use": "Ranking.", "reviewed_by": "Bob"})
    assert promote("churn", 1).changed


def test_errors(place, versions):
    versions(1)
    for texts, said in (
        ({"metrics": "better"}, "generated"),
        ({"a b": "x"}, "cannot name"),
        ({"x": "y" * 30_000}, "longer"),
    ):
        with pytest.raises(UsageError, match=said):
            edit_card("churn", 1, texts)
    with pytest.raises(NotFoundError):
        model_card(place, "churn", 9)


def test_nothing_written_is_markup(place, versions):
    versions(1)
    card = edit_card("churn", 1, {"intended_use": HOSTILE})
    assert "<script" not in card_html(card) and "&lt;script" in card_html(card)
    text = card_markdown(card)
    assert "<script" not in text and "\\*\\*bold" in text and "\\[x\\]" in text
    assert HOSTILE in card_text(card)


def test_the_form_writes(place, versions):
    versions(1)
    form = CardForm(place, "churn", 1)
    assert "metrics" not in form.fields
    form.fields["owner"].value = "Ada"
    form.save.click()
    assert _texts(model_card(place, "churn", 1))["owner"] == "Ada" and "revision 1" in form.message.value
    form.fields["owner"].value = "x" * 30_000
    form.save.click()
    assert "longer than" in form.message.value


def test_the_command(place, versions, capsys):
    versions(1)
    assert main(["card", "churn", "1", "--check"]) == 4
    capsys.readouterr()
    assert main(["card", "churn", "1", "--set", "owner=Ada", "--set", "intended_use=a=b", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["missing"] == ["limitations"]
    assert main(["card", "churn", "1", "--set", "limitations=none known", "--check"]) == 0
    assert main(["card", "churn", "1", "--html", str(place.root / "card.html")]) == 0
    assert "a=b" in (place.root / "card.html").read_text()
    assert main(["card", "churn", "1", "--set", "owner"]) == 1
