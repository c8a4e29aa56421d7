"""Secrets do not get through, and ordinary text does."""

from __future__ import annotations

import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nbops.redaction import MARK, Redactor, redact, secret_name

# Put together here, so that no scanner takes this file for a leak.
TOKENS = [
    "AKIA" + "IOSFODNN7EXAMPLE",
    "ghp_" + "a1B2" * 9,
    "github_pat_" + "a1B2" * 8,
    "sk-" + "proj-" + "a1B2" * 8,
    "xoxb-" + "123456789012-abcdef",
    "hf_" + "aBcD" * 8,
    "AIza" + "a1B2c" * 7,
    "eyJ" + "hbGciOiJIUzI1NiJ9" + ".eyJ" + "zdWIiOiIxIn0" + ".c2lnbmF0dXJl",
    "glpat-" + "a1B2" * 5,
]


@pytest.mark.parametrize("token", TOKENS)
def test_known_shapes(token):
    text, count = redact(f'client = Client("{token}")  # {token}', {})
    assert token not in text
    assert count == 1


def test_values_of_secret_variables():
    environ = {"MY_API_KEY": "correct-horse", "HOME": "/home/me", "PWD": "/home/me/work", "SHORT_KEY": "abc"}
    text, count = redact("print('correct-horse'); cd /home/me/work; abc", environ)
    assert text == f"print('{MARK}'); cd /home/me/work; abc"
    assert count == 1


@pytest.mark.parametrize(
    "code",
    [
        'password = "hunter2hunter2"',
        "connect(password='hunter2hunter2')",
        'd = {"password": "hunter2hunter2"}',
        "db_password: str = 'hunter2hunter2'",
        "os.environ['DB_PASSWORD'] = 'hunter2hunter2'",
        'api_key="hunter2hunter2"',
        'token = f"hunter2hunter2"',
        'url = "postgresql://bob:hunter2hunter2@db/x"',
        "https://hunter2hunter2:x@host/",
    ],
)
def test_literals_and_urls(code):
    text, count = redact(code, {})
    assert "hunter2hunter2" not in text
    assert count == 1


def test_private_keys_also_cut_off():
    key = "-----BEGIN RSA " + "PRIVATE KEY-----\nMIIE\nabc\n-----END RSA " + "PRIVATE KEY-----"
    assert redact(f"a\n{key}\nb", {}) == (f"a\n{MARK}\nb", 1)
    assert redact(key[:40], {})[0] == MARK


@pytest.mark.parametrize(
    "text",
    [
        "tokenizer = 'bert-base'; pad_token = '<pad>'; token_pattern=r'\\w+'",
        "sk-learn, task-management, risk-aversion-coefficient",
        "model.fit(X, y)  # http://host:8080/path?a=b@c",
        "max_tokens = 512; key = 'column'; keys = ['a']",
        "monkey = 'banana'; passenger = 'first class'",
    ],
)
def test_ordinary_text_stays(text):
    assert redact(text, {}) == (text, 0)


def test_parameters_are_judged_by_name_too():
    redactor = Redactor({})
    assert redactor.mapping({"password": "x1", "api_key": "None", "C": "0.5"}) == {
        "password": MARK,
        "api_key": "None",
        "C": "0.5",
    }
    assert redactor.count == 1


def test_the_same_secret_is_counted_once_over_all_texts():
    redactor = Redactor({"A_TOKEN": "abcdefgh"})
    redactor.text("abcdefgh abcdefgh")
    redactor.text("and abcdefgh again")
    assert redactor.count == 1


def test_names_of_variables():
    assert all(map(secret_name, ["AWS_SECRET_ACCESS_KEY", "token", "DB_PASSWORD", "HF_TOKEN", "GOOGLE_CREDENTIALS"]))
    assert not any(map(secret_name, ["PWD", "HOME", "KEYBOARD", "MONKEY", "TOKENIZERS_PARALLELISM", "AUTHOR"]))


@settings(max_examples=200, deadline=None)
@given(
    st.text(max_size=60), st.text(string.ascii_letters + string.digits, min_size=12, max_size=40), st.text(max_size=60)
)
def test_a_variable_never_gets_through(before, secret, after):
    text, _ = redact(before + secret + after, {"SOME_TOKEN": secret})
    assert secret not in text


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=300))
def test_redacting_twice_changes_nothing_more(text):
    once, _ = redact(text, {})
    assert redact(once, {}) == (once, 0)


@pytest.mark.parametrize(
    "text",
    [
        "a" * 200_000,
        "password" * 20_000,
        "password=" + "'" * 100_000,
        "://" + "a:" * 50_000,
        "eyJ" + "a" * 100_000,
        "eyJ.eyJ" * 20_000,
        "-----BEGIN " * 10_000,
        "sk-" * 50_000,
        "password = " + " " * 100_000,
        "token: " * 20_000,
    ],
)
@pytest.mark.timeout(30)
def test_hostile_text_does_not_take_long(text):
    redact(text, {"A_KEY": "aaaaaaab"})


@pytest.mark.parametrize(
    "code",
    [
        "%env DB_PASS={}",
        "  %set_env DB_PASS {}",
        "!export DB_PASS={} && run",
        "os.environ['DB_PASS'] = '{}'",
        "os.environ.setdefault('DB_PASS', '{}')",
        "environ[\"DB_PASS\"]='{}'",
    ],
)
def test_a_variable_of_the_environment_set_in_the_code(code):
    told, count = redact(code.format("ab-cd-ef-gh") + "\nprint('ab-cd-ef-gh')", {})
    assert "ab-cd-ef-gh" not in told
    assert told.count("[redacted]") == 2
    assert count == 1
    harmless = code.replace("DB_PASS", "DB_NAME").format("ab-cd-ef-gh")
    assert redact(harmless, {}) == (harmless, 0)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                "pass",
                "word",
                "password",
                "PassWord",
                "pad_",
                "token",
                "tokens",
                "api",
                "_",
                "key",
                "ſecret",
                "toKen",
                "İ",
            ]
            + ["=", " = ", ": str =", ":", '"', "'", "abcdefgh", "abc", "\n", "ä", " ", "\\", "s1", "]"]
        ),
        max_size=14,
    )
)
def test_literals_are_found_wherever_the_pattern_finds_them(parts):
    """The names are looked for as plain texts first; that must change nothing."""
    from nbops.redaction import _LITERAL

    text = "".join(parts)
    slow, fast = Redactor({}), Redactor({})
    assert fast._named(text) == _LITERAL.sub(slow._literal, text)
    assert fast.count == slow.count
