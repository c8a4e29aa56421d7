"""A registered model whose pipeline trains anew, policies for it, and decisions that end when a test says so."""

from __future__ import annotations

import nbformat
import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

import nbops
from nbops.ledger import open_ledger
from nbops.registry import register
from nbops.scheduling.retraining import build, set_policy
from nbops.scheduling.retraining.rows import D

START = 1_760_000_000.0


@pytest.fixture
def shared(shared):
    """The workspace of the schedules' tests, with a registered model, its ledger in each database in turn."""
    return _with_model(shared)


@pytest.fixture
def alone(place):
    """The same with a ledger of its own."""
    return _with_model(place)


@pytest.fixture
def declare():
    """Set a policy of the model ``churn``."""

    def declared(place, **given):
        return set_policy(place, build("churn", {"pipeline": "churn.toml", "data_parameter": "n"} | given), now=START)

    return declared


@pytest.fixture
def end():
    """Say how a decision ended, and when."""

    def ended(place, number, outcome, at):
        with open_ledger(place).begin() as connection:
            connection.execute(D.update().where(D.c.id == number).values(outcome=outcome, ended_at=at))

    return ended


def _with_model(shared):
    (shared.root / "churn.toml").write_text(
        'name = "churn"\n[stages.only]\nnotebook = "stage.ipynb"\nparameters = {n = ""}\n'
    )
    for name, facts in (
        ("predicts", 'template = "ingest"\nparameters = {target = "churned"}'),
        ("promotes", 'template = "promote"'),
    ):
        (shared.root / f"{name}.toml").write_text(f'name = "{name}"\n[stages.only]\n{facts}\n')
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell('n: str = ""', metadata={"tags": ["parameters"]})])
    book.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(book, shared.root / "stage.ipynb")
    random = np.random.default_rng(0)
    X = pd.DataFrame({"a": random.normal(size=60)})
    with nbops.track("first", workspace=shared) as run:
        model = LogisticRegression().fit(X, (X["a"] > 0).astype(int))
    assert model is not None
    register("churn", run_id=run.run_id, workspace=shared)
    return shared
