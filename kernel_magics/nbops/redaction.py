"""Secrets are replaced before anything is written.

Known are: values of environment variables whose name says so, shapes of common tokens, text literals bound to
names like ``password``, and user information in URLs. Every pattern starts at a fixed text and is bounded, so the
time is linear in the length of the text.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache

MARK = "[redacted]"
_Replaced = Callable[["re.Match[str]"], str]
_SECRET_NAME = re.compile(
    r"(^|_)(API_?KEYS?|ACCESS_?KEY|SECRET_?KEY|PRIVATE_?KEY|KEY|TOKENS?|SECRETS?|PASSWORD|PASSWD|PASSPHRASE|PASS|PWD|"
    r"CREDENTIALS?|AUTH)\d*($|_(ID|VALUE|BASE64|JSON)$)",
    re.IGNORECASE,
)
_NOT_SECRET = frozenset({"PWD", "OLDPWD"})
_TOKENS = re.compile(
    r"(?<![A-Za-z0-9])(?:"
    r"(?:AKIA|ASIA|AGPA|AIDA|AROA)[A-Z0-9]{16}(?![A-Z0-9])"
    r"|gh[pousr]_[A-Za-z0-9]{20,255}"
    r"|github_pat_[A-Za-z0-9_]{20,255}"
    r"|glpat-[A-Za-z0-9_\-]{20,64}"
    r"|sk-[A-Za-z0-9_\-]{20,255}"
    r"|xox[abeoprs]-[A-Za-z0-9\-]{10,255}"
    r"|xapp-[A-Za-z0-9\-]{10,255}"
    r"|hf_[A-Za-z0-9]{20,255}"
    r"|pypi-[A-Za-z0-9_\-]{20,512}"
    r"|npm_[A-Za-z0-9]{36}"
    r"|AIza[A-Za-z0-9_\-]{35}"
    r"|ya29\.[A-Za-z0-9_\-]{20,1024}"
    r"|dapi[a-f0-9]{32}"
    r"|[rs]k_(?:live|test)_[A-Za-z0-9]{16,255}"
    r"|eyJ[A-Za-z0-9_\-]{8,4096}\.eyJ[A-Za-z0-9_\-]{4,8192}\.[A-Za-z0-9_\-]{0,4096}"
    r")"
)
_NAME = (
    r"(?<!pad_)(?<!unk_)(?<!sep_)(?<!cls_)(?<!mask_)(?<!bos_)(?<!eos_)(?<!special_)"
    r"(?P<name>password|passwd|passphrase|pwd|secret|token|api_?key|access_?key|private_?key|credentials?)"
    r"(?P<rest>(?:_?(?:key|id|value|string|str))?s?\d{0,3}"
)
_TEXT_NAMED = re.compile(_NAME + r")$", re.IGNORECASE)
_LITERAL = re.compile(
    _NAME + r"[\"']?\]?\s{0,8}(?::\s{0,4}str\s{0,4}=|[=:])\s{0,8}"
    r"[rbufRBUF]?)(?P<quote>[\"'])(?P<value>(?:\\.|(?!(?P=quote))[^\\\n]){3,512})(?P=quote)",
    re.IGNORECASE,
)
# Each match begins with one of these. Looking for plain texts first is up to thirty times faster than the patterns alone.
_TOKEN_WORDS = (
    "AKIA", "ASIA", "AGPA", "AIDA", "AROA", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-", "sk-", "xox", "xapp-",
    "hf_", "pypi-", "npm_", "AIza", "ya29.", "dapi", "k_live_", "k_test_", "eyJ",
)  # fmt: skip
_ENVIRON_WORDS = ("environ", "putenv(", "setenv(")
_ENVIRON_LINE_WORDS = ("%env", "%set_env", "export")
_WORDS = (
    "pass", "pwd", "secret", "token", "apikey", "api_key", "accesskey", "access_key", "privatekey", "private_key", "credential",
)  # fmt: skip
# What the pattern takes for s, i and k although it is none in lower case.
_ODD = "ſıİK"
# Variables of the environment have more names that tell than other literals do.
_ENVIRON = re.compile(
    r"(?:environ\s{0,4}\[|environ\.setdefault\(|(?:putenv|setenv)\()\s{0,8}[\"'](?P<name>\w{1,128})[\"']\s{0,8}"
    r"(?:\]\s{0,8}=|,)\s{0,8}(?P<quote>[\"'])(?P<value>(?:\\.|(?!(?P=quote))[^\\\n]){3,512})(?P=quote)"
)
_ENVIRON_LINE = re.compile(
    r"(?:%env|%set_env|export)[ \t]{1,8}(?P<name>\w{1,128})[ =]{1,4}(?P<quote>[\"']?)(?P<value>[^\s\"']{3,512})(?P=quote)"
)
_URL = re.compile(r"://([^\s/@:\"'<>]{0,128}:[^\s/@\"'<>]{1,256})@")
_NAMED = re.compile(r"(^|_|\.)(password|passwd|passphrase|secret|api_?key|secret_key|access_key)$", re.IGNORECASE)
_KEY_BEGIN = re.compile(r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----")
_KEY_END = re.compile(r"-----END [A-Z ]{0,30}PRIVATE KEY-----")


def secret_name(name: str) -> bool:
    """Whether a variable or parameter of this name holds a secret."""
    return name.upper() not in _NOT_SECRET and _SECRET_NAME.search(name) is not None


def redact(text: str, environ: Mapping[str, str] | None = None) -> tuple[str, int]:
    """Replace the secrets in a text.

    Parameters
    ----------
    text
        Code, output, a traceback, a patch.
    environ
        Variables whose secret values are looked for; the process's own by default.

    Returns
    -------
    tuple
        The text and how many different secrets were replaced.
    """
    redactor = Redactor(environ)
    return redactor.text(text), redactor.count


def redacted_cells(column: str, cells: Iterable[str]) -> list[str]:
    """Give cells of a column as they may be shown: secrets replaced, of a column that is named like one all."""
    redactor = Redactor()
    return [next(iter(redactor.mapping({column: cell}).values())) for cell in cells]


class Redactor:
    """Replaces secrets in several texts and counts the different ones.

    Parameters
    ----------
    environ
        Variables whose secret values are looked for; the process's own by default.
    """

    def __init__(self, environ: Mapping[str, str] | None = None) -> None:
        # Literals the code binds to such names: they turn up again in parameters and output.
        self._literals: set[str] = set()
        # Hashes are enough to count, and keep no second copy of a secret.
        self._seen: set[int] = set()
        self.learn(os.environ if environ is None else environ)

    def learn(self, environ: Mapping[str, str]) -> None:
        """Look from now on for the secret values of these variables."""
        values = {value for name, value in environ.items() if len(value) >= 6 and secret_name(name)}
        self._values = _compiled(frozenset(values)) if values else None

    @property
    def literals(self) -> frozenset[str]:
        """Texts that were bound to telling names."""
        return frozenset(self._literals)

    @property
    def count(self) -> int:
        """How many different secrets were replaced so far."""
        return len(self._seen)

    def text(self, text: str) -> str:
        """Replace the secrets in a text."""
        if not text:
            return text
        if self._values is not None:
            text = self._values.sub(self._whole, text)
        text = self._private_keys(text)
        text = self._where(_TOKEN_WORDS, _TOKENS, self._whole, text)
        text = self._named(text)
        text = self._where(_ENVIRON_WORDS, _ENVIRON, self._variable, text)
        text = self._where(_ENVIRON_LINE_WORDS, _ENVIRON_LINE, self._variable, text)
        for value in sorted(self._literals, key=len, reverse=True):
            text = text.replace(value, MARK)
        return _URL.sub(self._url, text)

    def mapping(self, values: Mapping[str, str]) -> dict[str, str]:
        """Replace the secrets in parameters or tags, whole values where the name says so."""
        cleaned: dict[str, str] = {}
        for name, value in values.items():
            if _holds_secret(name, value) and value not in ("", "None", "True", "False"):
                cleaned[self.text(name)] = self._noted(value, MARK)
            else:
                cleaned[self.text(name)] = self.text(value)
        return cleaned

    @staticmethod
    def _where(words: tuple[str, ...], pattern: re.Pattern[str], replaced: _Replaced, text: str) -> str:
        """Replace what a pattern finds in a text, if the text has any of the words with which a match can begin."""
        return pattern.sub(replaced, text) if any(word in text for word in words) else text

    def _named(self, text: str) -> str:
        """Do as ``_LITERAL.sub`` does, but try the pattern only where it can match."""
        if not text.isascii() and any(letter in text for letter in _ODD):
            return _LITERAL.sub(self._literal, text)
        parts: list[str] = []
        done = 0
        for at in _places(text.lower()):
            # A value may itself hold such a word.
            if at >= done and (match := _LITERAL.match(text, at)) is not None:
                parts += [text[done:at], self._literal(match)]
                done = match.end()
        return "".join([*parts, text[done:]]) if parts else text

    def _noted(self, secret: str, replacement: str) -> str:
        if secret != MARK:
            self._seen.add(hash(secret))
        return replacement

    def _whole(self, match: re.Match[str]) -> str:
        return self._noted(match.group(0), MARK)

    def _literal(self, match: re.Match[str]) -> str:
        quote = match["quote"]
        if len(match["value"]) >= 8 and match["value"] != MARK:
            self._literals.add(match["value"])
        return self._noted(match["value"], f"{match['name']}{match['rest']}{quote}{MARK}{quote}")

    def _variable(self, match: re.Match[str]) -> str:
        if not secret_name(match["name"]) or match["value"] == MARK:
            return match.group(0)
        if len(match["value"]) >= 8:
            self._literals.add(match["value"])
        start = match.start("value") - match.start()
        stop = match.end("value") - match.start()
        return self._noted(match["value"], f"{match.group(0)[:start]}{MARK}{match.group(0)[stop:]}")

    def _url(self, match: re.Match[str]) -> str:
        return self._noted(match.group(1), f"://{MARK}@")

    def _private_keys(self, text: str) -> str:
        if "PRIVATE KEY-----" not in text:
            return text
        parts: list[str] = []
        at = 0
        while (begin := _KEY_BEGIN.search(text, at)) is not None:
            end = _KEY_END.search(text, begin.end())
            stop = end.end() if end is not None else len(text)
            parts += [text[at : begin.start()], self._noted(text[begin.start() : stop], MARK)]
            at = stop
        parts.append(text[at:])
        return "".join(parts)


def _places(text: str) -> list[int]:
    found = set()
    for word in _WORDS:
        at = text.find(word)
        while at >= 0:
            found.add(at)
            at = text.find(word, at + 1)
    return sorted(found)


def _holds_secret(name: str, value: str) -> bool:
    if _NAMED.search(name):
        return True
    # Numbers under such names are sizes, as in max_tokens.
    return _TEXT_NAMED.search(name) is not None and len(value) >= 3 and not value.lstrip("-").replace(".", "").isdigit()


@lru_cache(maxsize=8)
def _compiled(values: frozenset[str]) -> re.Pattern[str]:
    return re.compile("|".join(re.escape(value) for value in sorted(values, key=len, reverse=True)))
