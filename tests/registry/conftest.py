"""A workspace with a ledger of each kind, and models in it."""

import hashlib

import pytest
from sklearn.linear_model import LogisticRegression

import nbops
from nbops.registry import register
from nbops.workspace import find_workspace


@pytest.fixture
def place(tmp_path, monkeypatch, ledger_uri):
    """A workspace whose ledger is each database in turn."""
    monkeypatch.setenv("NBOPS_WORKSPACE", str(tmp_path))
    monkeypatch.setenv("NBOPS_LEDGER_URI", ledger_uri)
    monkeypatch.setenv("NBOPS_COURIER", "false")
    monkeypatch.delenv("NBOPS_TOKEN", raising=False)
    return find_workspace()


@pytest.fixture
def train(place):
    """Train a small model of its own and give the id of its run."""
    count = iter(range(1, 1000))

    def make(name="run"):
        model = LogisticRegression(C=float(next(count))).fit([[0.0], [1.0], [2.0], [3.0]], [0, 0, 1, 1])
        with nbops.track(name) as run:
            run.metric("accuracy", 0.5)
            run.model(model, "model")
        return run.run_id

    return make


@pytest.fixture
def versions(train):
    """Register so many versions of ``churn``."""

    def make(count, name="churn"):
        return [register(name, run_id=train()) for _ in range(count)]

    return make


@pytest.fixture
def people(place, monkeypatch):
    """Act as one of several people, each known by a token."""
    names = {"ada": "author", "bob": "reviewer", "eve": "intern", "joe": "reviewer"}
    lines = ["[policy.tokens]"]
    lines += [f'"{hashlib.sha256(f"token of {name}".encode()).hexdigest()}" = "{name}"' for name in names]
    lines += ["[policy.roles]", *(f'{name} = ["{role}"]' for name, role in names.items())]
    (place.root / "nbops.toml").write_text("\n".join(lines) + "\n")

    def become(name, policy=None):
        if policy is not None:
            (place.root / "nbops.toml").write_text("\n".join([*lines, policy]) + "\n")
        monkeypatch.setenv("NBOPS_TOKEN", f"token of {name}")
        return name

    return become
