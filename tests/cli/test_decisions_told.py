"""Every decision sees to it that a courier lives, which tells MLflow and the webhooks."""

import pytest
from sklearn.linear_model import LogisticRegression

import nbops
from nbops.cli import main
from nbops.panel import PromotionPanel
from nbops.registry import holder, promote, register
from nbops.tracking import courier
from nbops.workspace import find_workspace


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NBOPS_WORKSPACE", str(tmp_path_factory.mktemp("told")))
        patch.setenv("NBOPS_COURIER", "false")
        with nbops.track("run") as run:
            run.model(LogisticRegression().fit([[0.0], [1.0]], [0, 1]), "model")
        register("churn", run_id=run.run_id)
        return find_workspace()


@pytest.fixture
def place(made, monkeypatch):
    monkeypatch.setenv("NBOPS_WORKSPACE", str(made.root))
    monkeypatch.setenv("NBOPS_COURIER", "false")
    return made


@pytest.fixture
def asked(monkeypatch):
    """How often somebody saw to a courier."""
    found = []
    monkeypatch.setattr(courier, "ensure_running", lambda workspace: bool(found.append(workspace.root)))
    return found


@pytest.mark.parametrize("words", ["request churn 1", "approve churn 1", "reject churn 1 --reason slow"])
def test_requests_and_words_of_approval_are_told_at_once(place, asked, words):
    assert main(words.split()) == 0
    assert asked == [place.root]


def test_the_panel_tells_what_its_buttons_did(place, asked):
    panel = PromotionPanel(place, "churn", 1, "challenger")
    panel._buttons["promote"].click()
    assert holder(place, "churn", "challenger") == 1
    assert asked == [place.root]


def test_champion_in_another_spelling_is_champion(place):
    assert promote("churn", 1, "Champion").target == "champion"
    assert holder(place, "churn", "CHAMPION") == 1
