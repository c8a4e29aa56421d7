"""Secrets are replaced before anything is written.

Known are: values of environment variables whose name says so, shapes of common tokens, text literals bound to
names like ``password``, and user information in URLs. Every pattern starts at a fixed text and is bounded, so the
time is linear in the length of the text.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from functools import lru_cache

MARK = "[redacted]"
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
_LITERAL = re.compile(
    r"(?<!pad_)(?<!unk_)(?<!sep_)(?<!cls_)(?<!mask_)(?<!bos_)(?<!eos_)(?<!special_)"
    r"(?P<name>password|passwd|passphrase|pwd|secret|token|api_?key|access_?key|private_?key|credentials?)"
    r"(?P<rest>(?:_?(?:key|id|value|string|str))?s?\d{0,3}[\"']?\]?\s{0,8}(?::\s{0,4}str\s{0,4}=|[=:])\s{0,8}"
    r"[rbuRBU]?)(?P<quote>[\"'])(?P<value>[^\"'\n]{3,512})(?P=quote)",
    re.IGNORECASE,
)
_URL = re.compile(r"://([^\s/@:\"'<>]{0,128}:[^\s/@\"'<>]{1,256})@")
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
        The text and how many secrets were replaced.
    """
    if not text:
        return text, 0
    count = 0
    values = _values(os.environ if environ is None else environ)
    if values is not None:
        text, found = values.subn(MARK, text)
        count += found
    text, found = _private_keys(text)
    count += found
    for pattern, replacement in (
        (_TOKENS, MARK),
        (_LITERAL, rf"\g<name>\g<rest>\g<quote>{MARK}\g<quote>"),
        (_URL, f"://{MARK}@"),
    ):
        before = text.count(MARK)
        text, found = pattern.subn(replacement, text)
        # What an earlier pattern already replaced is not counted again.
        count += min(found, max(text.count(MARK) - before, 0))
    return text, count


def redact_mapping(values: Mapping[str, str], environ: Mapping[str, str] | None = None) -> tuple[dict[str, str], int]:
    """Replace the secrets in parameters or tags, whole values where the name says so."""
    cleaned: dict[str, str] = {}
    count = 0
    for name, value in values.items():
        new_name, in_name = redact(name, environ)
        if _param_secret(name) and value not in ("", "None", "True", "False"):
            cleaned[new_name], found = MARK, int(value != MARK)
        else:
            cleaned[new_name], found = redact(value, environ)
        count += in_name + found
    return cleaned, count


def _param_secret(name: str) -> bool:
    return re.search(r"(?i)(^|_|\.)(password|passwd|passphrase|secret|api_?key|secret_key|access_key)$", name) is not None


def _values(environ: Mapping[str, str]) -> re.Pattern[str] | None:
    found = {value for name, value in environ.items() if len(value) >= 6 and secret_name(name)}
    return _compiled(frozenset(found)) if found else None


@lru_cache(maxsize=8)
def _compiled(values: frozenset[str]) -> re.Pattern[str]:
    return re.compile("|".join(re.escape(value) for value in sorted(values, key=len, reverse=True)))


def _private_keys(text: str) -> tuple[str, int]:
    if "PRIVATE KEY-----" not in text:
        return text, 0
    parts: list[str] = []
    at = count = 0
    while (begin := _KEY_BEGIN.search(text, at)) is not None:
        end = _KEY_END.search(text, begin.end())
        parts += [text[at : begin.start()], MARK]
        at = end.end() if end is not None else len(text)
        count += 1
    parts.append(text[at:])
    return "".join(parts), count
