#!/usr/bin/env bash
# Makes .venv with the standard library's venv, which Debian packs apart from Python.
set -euo pipefail
cd "$(dirname "$0")/.."
if [ -x .venv/bin/pip ]; then exit 0; fi

. scripts/python.sh
if ! "$PYTHON" -c 'import ensurepip' 2>/dev/null; then
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        echo "Installing python3-venv, which Debian leaves out of Python."
        apt-get update -qq || true
        DEBIAN_FRONTEND=noninteractive \
            apt-get install -qq -y --no-install-recommends python3-venv >/dev/null </dev/null
    else
        echo "This Python cannot make virtual environments. On Debian: sudo apt install python3-venv" >&2
        exit 1
    fi
fi
"$PYTHON" -m venv .venv
