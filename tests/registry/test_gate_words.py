"""What a gate asks for, in words that people read."""

import pytest

from nbops.records import ModelVersion
from nbops.registry.gates import read_specs
from nbops.registry.gates.bench import Bench
from nbops.registry.gates.judging import judge
from nbops.registry.gates.sample import Contender
from nbops.workspace import find_workspace


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "not worse than the champion, 95 % sure"),
        ({"confidence": 0.995}, "not worse than the champion, 99.5 % sure"),
        ({"margin": 0.002}, "not worse than the champion; 95 % sure: not worse by more than 0.002"),
        ({"min_effect": 0.01}, "gain at least 0.01; 95 % sure: not worse than the champion"),
        ({"min_effect": 0.01, "margin": 0.002}, "gain at least 0.01; 95 % sure: not worse by more than 0.002"),
        ({"min_effect": -0.01, "margin": 0.02}, "gain at least -0.01; 95 % sure: not worse by more than 0.02"),
    ],
)
def test_a_comparison_says_what_it_asks_for(tmp_path, options, words):
    entry = {"kind": "champion", "metric": "accuracy", **options}
    (check,) = read_specs({"check": [entry]}, "churn", "Production").checks
    version = ModelVersion(
        model="churn",
        version=1,
        run_id="",
        digest="",
        size=0,
        class_name="",
        flavor="sklearn",
        serialization="skops",
        created_at=0.0,
        author="ada",
    )
    assert judge(check, Bench(find_workspace(tmp_path), Contender(version, None), None)).limit == words
