"""What is read from source."""

from __future__ import annotations

import ast
import builtins

from hypothesis import given, settings
from hypothesis import strategies as st

from nbops.capture import analyse
from nbops.capture.analysis import digest_of


def test_names_read_are_those_from_outside():
    found = analyse("a = b + 1\nc = a * d\ndef f(x): return x + e\nfor i in g: h = i\nprint(len(j))")
    assert found.names_read == ("b", "d", "e", "g", "j")
    assert found.names_written == ("a", "c", "f", "i", "h")


def test_scopes():
    source = """
[x for x in xs if x > limit]
lambda y: y + offset
class K(Base):
    z = 1
    def m(self): return z0
import os.path, numpy as np
from a import b as c
try: pass
except E as err: err
with open(p) as f: pass
(w := v)
match subject:
    case {"k": inner, **rest}: pass
del gone
total += 1
"""
    found = analyse(source)
    assert set(found.names_read) == {
        "xs", "limit", "offset", "Base", "z0", "E", "p", "v", "subject", "gone", "total"
    }  # fmt: skip
    assert set(found.names_written) == {"K", "os", "np", "c", "f", "w", "inner", "rest", "total"}


def test_a_global_of_a_function_is_written():
    assert "made" in analyse("def f():\n    global made\n    made = 1").names_written


def test_a_walrus_binds_where_python_binds_it():
    assert analyse("[(last := x) for x in xs]").names_written == ("last",)
    assert analyse("def f(): return (inner := 1)").names_written == ("f",)


def test_literals_and_computed_names():
    found = analyse(
        "lr = 0.01\nneg = -1\nname = 'gini'\nsizes = (8, 16)\nbest = 0.0\nbest = max(best, s)\n"
        "t0 = time.perf_counter()\ntook = time.perf_counter() - t0\nauc = f(x)\nfor i in y: pass\nlong = 'x' * 3"
    )
    assert found.literals == {"lr": ("0.01",), "neg": ("-1",), "name": ("gini",), "sizes": ("(8, 16)",)}
    assert found.computed == ("best", "auc", "long")


def test_estimators_are_found_however_deep():
    found = analyse(
        "search = GridSearchCV(Pipeline([('s', StandardScaler(with_mean=False)), ('m', svm.SVC(C=c))]), grid, cv=3).fit(X, y)"
    )
    made = {m.path: {a.name: (a.kind, a.text) for a in m.arguments} for m in found.constructions}
    assert made["GridSearchCV"] == {"cv": ("literal", "3")}
    assert made["StandardScaler"] == {"with_mean": ("literal", "False")}
    assert made["svm.SVC"] == {"C": ("name", "c")}
    assert next(m for m in found.constructions if m.path == "GridSearchCV").target == "search"


def test_the_value_shown_has_a_name():
    assert analyse("auc").shown == "auc"
    assert analyse("model.score(X, y)").shown == "score"
    assert analyse("round(auc, 3)").shown == "auc"
    assert analyse("a + b").shown == ""
    assert analyse("x = 1").shown == ""


def test_mutation_and_reading():
    found = analyse(
        "df = pd.read_csv('a.csv')\ndf['x'] = 1\nother.y = 2\nthird.drop(columns='a', inplace=True)\nm.fit(X)"
    )
    assert found.mutated == {"df", "other", "third"}
    assert found.readers == {"df": "a.csv"}
    assert found.fitted == {"m"}


def test_mlflow_is_noticed():
    assert analyse("import mlflow.sklearn").uses_mlflow
    assert analyse("with mlflow.start_run(): pass").uses_mlflow
    assert not analyse("x = 'mlflow'").uses_mlflow


def test_what_is_not_python_is_said_and_not_raised():
    assert "SyntaxError" in analyse("def (:").problem
    assert analyse("x = " + "(" * 300 + ")" * 300).problem
    assert analyse("a\0b").problem
    deep = analyse("x = " + "+".join(["a"] * 20_000))
    assert deep.problem or deep.names_read == ("a",)


def test_a_cell_of_5000_lines():
    source = "\n".join(f"v{i} = f{i % 7}(v{i - 1}, k={i}) if v{i - 1} else {i}.5" for i in range(1, 5001))
    found = analyse(source)
    assert len(found.names_written) == 5000
    assert len(found.computed) == 5000


def test_the_digest_ignores_blanks_at_line_ends_only():
    assert digest_of("a = 1  \nb = 2\n\n") == digest_of("a = 1\nb = 2")
    assert digest_of("a = 1\n b = 2") != digest_of("a = 1\nb = 2")


_names = st.sampled_from(["a", "b", "c", "d"])
_expressions = st.recursive(
    st.one_of(_names, st.integers(0, 9).map(str), st.floats(0, 1).map(repr)),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from("+-*"), inner).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
        inner.map(lambda e: f"f({e})"),
        st.tuples(inner, _names, inner).map(lambda t: f"[{t[0]} for {t[1]} in [{t[2]}]]"),
        st.tuples(_names, inner).map(lambda t: f"(lambda {t[0]}: {t[1]})"),
    ),
    max_leaves=6,
)
_programs = st.lists(st.tuples(_names, _expressions), min_size=1, max_size=6).map(
    lambda pairs: "\n".join(f"{name} = {value}" for name, value in pairs)
)


@settings(max_examples=150, deadline=None)
@given(_programs)
def test_names_read_are_exactly_what_the_code_needs(source):
    """The program runs with the names read and with no fewer, as Python itself sees it."""
    code = compile(source, "x", "exec")
    found = analyse(source)
    bound: set[str] = set()
    needed: set[str] = set()
    for statement in ast.parse(source).body:
        part = compile(ast.Module([statement], []), "x", "exec")
        needed |= _globals_of(part) - bound
        bound.add(statement.targets[0].id)
    assert set(found.names_read) == needed - set(dir(builtins))
    assert set(found.names_written) == bound <= set(code.co_names)


def _globals_of(code) -> set[str]:
    import dis

    found = {i.argval for i in dis.get_instructions(code) if i.opname in ("LOAD_NAME", "LOAD_GLOBAL")}
    for constant in code.co_consts:
        if hasattr(constant, "co_code"):
            found |= _globals_of(constant)
    return found


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=200))
def test_no_text_makes_it_raise(text):
    analyse(text)
