#!/usr/bin/env bash
# Writes requirements/lock.txt from what a fresh, unconstrained environment resolves to.
set -euo pipefail
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

. scripts/python.sh
"$PYTHON" -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --upgrade pip
"$work/venv/bin/pip" install --quiet '.[demo]' --group dev
{
    echo "# Exact versions of everything that is installed here for work on Umbel; used as"
    echo "# constraints (pip install -c). Made by scripts/lock.sh."
    "$work/venv/bin/pip" freeze --all --exclude umbel --exclude setuptools
} > requirements/lock.txt
