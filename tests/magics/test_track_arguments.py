"""The line behind a magic."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbops.errors import UsageError
from nbops.magics.arguments import Grammar, Option, evaluate, expand

GRAMMAR = Grammar(
    "%%try",
    "Try.",
    (Option("name", "a name", "NAME"), Option("tag", "a tag", "K=V", repeat=True), Option("flag", "a flag")),
    words="WORD",
)


def test_words_options_and_flags():
    found = GRAMMAR.parse("""first --name "two words" --tag a=1 --tag=b=2 --flag -3""")
    assert found.words == ("first", "-3")
    assert found.one("name") == "two words"
    assert found.all("tag") == ("a=1", "b=2")
    assert found.flag("flag")
    assert not found.flag("name2")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("--nmae x", "has no option --nmae. Did you mean --name?"),
        ("--zzz", "has no option --zzz. See %%try -h."),
        ("--name", "--name needs a value (NAME)."),
        ("--name a --name b", "--name was given twice."),
        ("'open", "No closing quotation"),
        ("-x", "has no option -x."),
    ],
)
def test_errors_are_one_line(line, said):
    with pytest.raises(UsageError) as caught:
        GRAMMAR.parse(line)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_help_names_every_option():
    assert GRAMMAR.parse("-h").help
    text = GRAMMAR.help()
    assert all(f"--{name}" in text for name in ("name NAME", "tag K=V", "flag"))


def test_words_may_be_refused():
    with pytest.raises(UsageError, match="does not take 'x'"):
        Grammar("%m", "M.", ()).parse("x")


def test_expressions():
    found = expand(GRAMMAR.parse("{a + 1} --name run-{b['k v']} --tag x={a}"), {"a": 1, "b": {"k v": "z"}})
    assert found.words == ("2",)
    assert found.one("name") == "run-z"
    assert found.all("tag") == ("x=1",)
    assert evaluate("{a}", {"a": [1]}) == [1]
    assert evaluate("a", {}) == "a"
    with pytest.raises(UsageError, match=r"\{nope\} cannot be evaluated: NameError"):
        expand(GRAMMAR.parse("{nope}"), {})


@given(st.text(max_size=80))
def test_any_line_parses_or_is_a_usage_error(line):
    try:
        GRAMMAR.parse(line)
    except UsageError as error:
        assert str(error)
