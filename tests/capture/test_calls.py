"""Calls of sklearn.metrics are noted without a trace in what they give."""

from __future__ import annotations

import ast
import math

import pytest

from nbops.capture import calls


@pytest.fixture(autouse=True)
def _empty():
    calls.recorded.clear()
    yield
    calls.recorded.clear()


def run(source, namespace=None, metrics=None):
    tree = calls.Rewriter(metrics or {"f1": "f1_score", "m.mse": "mean_squared_error"}).visit(ast.parse(source))
    namespace = namespace if namespace is not None else {}
    namespace.setdefault("f1", lambda *a: 0.5)
    namespace.setdefault("m", type("M", (), {"mse": staticmethod(lambda *a: 4.0)}))
    exec(compile(tree, "cell", "exec"), namespace)
    return namespace


def test_results_that_are_not_kept_are_noted():
    found = run("print(f1(1))\nr = m.mse(1) ** 0.5\nt = f'{f1(2):.1f}'")
    assert calls.recorded == {"f1_score": 0.5, "mean_squared_error": 4.0, "f1_score_2": 0.5}
    assert found["r"] == 2.0
    assert found["t"] == "0.5"


def test_results_that_are_kept_are_left_alone():
    run("a = f1(1)\nb: float = f1(2)\nc = round(f1(3), 2)")
    assert calls.recorded == {}


def test_functions_are_left_as_written():
    found = run("def g(): return f1(1)\nh = lambda: f1(1)\ni = (f1(1) for _ in [1])\ng(), h(), next(i)")
    assert calls.recorded == {}
    assert found["g"].__code__.co_names == ("f1",)


def test_only_scalars_count():
    run("[f1(1)]", {"f1": lambda *a: [1, 2]})
    assert calls.recorded == {}
    run("[f1(1)]", {"f1": lambda *a: 3})
    assert calls.recorded == {"f1_score": 3.0}
    run("[f1(1)]", {"f1": lambda *a: math.nan})
    assert math.isnan(calls.recorded["f1_score"])


def test_positions_stay():
    source = "if True:\n    x = [f1(1),\n         f1(2)]\n"
    tree = calls.Rewriter({"f1": "f1_score"}).visit(ast.parse(source))
    inner = [n for n in ast.walk(tree) if isinstance(n, ast.Call) and getattr(n.func, "id", "") == "f1"]
    assert [(n.lineno, n.col_offset, n.end_col_offset) for n in inner] == [(2, 9, 14), (3, 9, 14)]


def test_an_exception_passes_from_the_same_line():
    def fails(*_):
        raise ValueError("no")

    with pytest.raises(ValueError) as caught:
        run("x = 1\nprint(\n  f1(1))", {"f1": fails})
    assert caught.traceback[-2].lineno + 1 == 3


def test_results_that_are_kept_side_by_side_are_left_alone():
    found = run(
        "a, b = f1(1), m.mse(2)\n[c, d] = [round(f1(1), 2), 3]\n(e, *rest) = f1(4), 1, 2\nfor i, j in [(f1(5), 1)]: pass"
    )
    assert (found["a"], found["b"]) == (0.5, 4.0)
    assert calls.recorded == {"f1_score": 0.5, "f1_score_2": 0.5}
