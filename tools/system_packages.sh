#!/usr/bin/env bash
# Chromium (browser tests) and PostgreSQL (the ledger's second database), from Debian's packages where they are missing.
set -euo pipefail

missing=()
if ! command -v chromium >/dev/null && ! command -v chromium-browser >/dev/null && ! command -v google-chrome >/dev/null; then
    missing+=(chromium fonts-dejavu-core fonts-liberation)
fi
if ! compgen -G "/usr/lib/postgresql/*/bin/initdb" >/dev/null && ! command -v initdb >/dev/null; then
    missing+=(postgresql)
fi
[ "${#missing[@]}" -eq 0 ] && exit 0

run=()
if [ "$(id -u)" -ne 0 ]; then run=(sudo -n); fi
if ! command -v apt-get >/dev/null || ! "${run[@]}" true 2>/dev/null; then
    echo "The tests need ${missing[*]}, which cannot be installed from here. Install them and run again." >&2
    exit 1
fi
echo "installing from Debian's packages: ${missing[*]}"
"${run[@]}" apt-get update -qq
DEBIAN_FRONTEND=noninteractive "${run[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
