"""What of a code cell counts: its meaning, not how it is written."""

from __future__ import annotations

import ast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nbops.pipelines.staleness.cells import normal

_NAMES = st.sampled_from(["a", "b", "frame", "größe"])
_LITERALS = st.one_of(
    st.integers(0, 10**6), st.booleans(), st.none(), st.text(st.characters(codec="utf-8"), max_size=6), st.floats(0, 9)
)
_MAGICS = st.sampled_from(
    ["%matplotlib inline", "!ls -l  # not a comment", "a = !ls", "%env X=1", "frame?", "%run x.py -n 3"]
)
_EXPRESSIONS = st.recursive(
    st.one_of(_NAMES.map(lambda name: ("name", name)), _LITERALS.map(lambda value: ("literal", value))),
    lambda inner: st.one_of(
        st.tuples(st.just("add"), inner, inner),
        st.tuples(st.just("call"), _NAMES, st.lists(inner, max_size=2)),
        st.tuples(st.just("list"), st.lists(inner, max_size=3)),
    ),
    max_leaves=4,
)
_STATEMENTS = st.one_of(
    st.tuples(st.just("assign"), _NAMES, _EXPRESSIONS),
    st.tuples(
        st.just("if"),
        _EXPRESSIONS,
        st.lists(st.tuples(st.just("assign"), _NAMES, _EXPRESSIONS), min_size=1, max_size=2),
    ),
    st.tuples(st.just("magic"), _MAGICS),
)
_CELLS = st.lists(_STATEMENTS, min_size=1, max_size=4)


class _Writer:
    """Writes statements in a style that is drawn anew wherever there is a choice."""

    def __init__(self, draw):
        self._choose = lambda *ways: draw(st.sampled_from(ways))

    def cell(self, statements) -> str:
        lines = [line for statement in statements for line in self._statement(statement)]
        return "\n".join(lines) + self._choose("", "\n", "\n\n# the end")

    def _statement(self, statement, indent=""):
        yield from self._choose([], [""], [f"{indent}# why"], ["", f"{indent}# 'so' (", ""])
        kind = statement[0]
        if kind == "magic":
            yield indent + statement[1]
        elif kind == "assign":
            value = self._expression(statement[2])
            value = self._choose(value, f"({value})", f"(\n    {value}  # here\n)", f"\\\n    {value}")
            yield f"{indent}{statement[1]}{self._choose(' = ', '=', '  =  ')}{value}{self._choose('', '  # note', ';')}"
        else:
            yield f"{indent}if {self._expression(statement[1])}:{self._choose('', '  # then')}"
            deeper = indent + self._choose("    ", "  ", "\t")
            for inner in statement[2]:
                yield from self._statement(inner, deeper)

    def _expression(self, expression) -> str:
        kind, *rest = expression
        if kind == "name":
            return rest[0]
        if kind == "literal":
            return self._literal(rest[0])
        if kind == "add":
            left, right = map(self._expression, rest)
            return f"({left}{self._choose(' + ', '+')}{right})"
        comma = self._choose(", ", ",", ",\n        ", "  ,  # one more\n  ")
        if kind == "call":
            return f"{rest[0]}({comma.join(map(self._expression, rest[1]))})"
        items = comma.join(map(self._expression, rest[0]))
        return f"[{self._choose('', ' ')}{items}{self._choose('', ',') if items else ''}]"

    def _literal(self, value) -> str:
        if isinstance(value, str):
            quote = self._choose("'", '"', '"""')
            inner = repr(value)[1:-1].replace("'", "\\'").replace("\\\\'", "\\'").replace('"', '\\"')
            text = f"{quote}{inner}{quote}"
            return text if ast.literal_eval(text) == value else repr(value)
        if isinstance(value, bool) or value is None or isinstance(value, float):
            return repr(value)
        return self._choose(str(value), hex(value), f"{value:_}")


def _plain(expression):
    """What an expression is, floats and truth values told apart from numbers."""
    return repr(expression)


@given(st.data(), _CELLS)
@settings(max_examples=60)
def test_comments_blank_lines_and_formatting_do_not_count(data, statements):
    one, two = (_Writer(data.draw).cell(statements) for _ in range(2))
    assert normal(one) == normal(two)


@given(st.data(), _CELLS, _CELLS)
@settings(max_examples=60)
def test_whatever_else_is_changed_counts(data, statements, others):
    one, two = (_Writer(data.draw).cell(cell) for cell in (statements, others))
    assert (normal(one) == normal(two)) == (_plain(statements) == _plain(others))


@pytest.mark.parametrize(
    ("one", "two", "same"),
    [
        ("total = (7\n  % 3)", "total = 7 % 3", True),
        ('text = """\n%time\n# kept\n"""', 'text = """\n%time\n"""', False),
        ("!ls  # one", "!ls", False),
        ("%%time\nx = 1 # note", "%%time\nx=1", True),
        ("%%time\nx = 1", "%%timeit\nx = 1", False),
        ("%%bash\necho 1 # a", "%%bash\necho 1", False),
        ("%%writefile conf.py\nx = 1  # read by a program", "%%writefile conf.py\nx = 1", False),
        ("if x:\n    !ls\n", "if x :\n  !ls # \n", False),
        ("if x:\n    !ls\n", "if x :\n  !ls", True),
        ("!echo \\\n  a\nx = 1", "!echo \\\n  a\nx=1 # y", True),
        ("!echo \\\n  a\nx = 1", "!echo \\\n  b\nx = 1", False),
        ("x = 1\nthis is no python", "x = 1 \nthis is no python", False),
        ('def f():\n    """Told."""', 'def f():\n    """Told otherwise."""', False),
        ("x = 1\nx", "x = 1\nx;", True),
        ("await thing()", "await  thing( )", True),
        ("x = 1", "x = True", False),
        ("x = 1", "x = 1.0", False),
        ("f(a=1, b=2)", "f(b=2, a=1)", False),
        ("%time x = 1\ny = 'it''s'  # said", "%time x = 1\ny = 'its'", True),
    ],
)
def test_cells_with_lines_of_ipython(one, two, same):
    assert (normal(one) == normal(two)) == same


def test_a_cell_of_which_nothing_counts_is_empty():
    assert normal("# only a remark\n\n") == ""


def test_what_no_parser_can_take_is_kept_as_it_is():
    deep = "(" * 5000 + ")" * 5000
    assert normal(deep) == deep
    assert normal("x = '\0'") == "x = '\0'"
