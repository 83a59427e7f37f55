#!/usr/bin/env bash
# Writes requirements/lock.txt (all that work on Umbel takes) and requirements/demo.txt (what the
# demo takes), with the hash of every file of every package, for all systems and versions of
# Python that Umbel runs on. `scripts/lock.sh --keep` changes no version that the files have.
set -euo pipefail
cd "$(dirname "$0")/.."
upgrade=(--upgrade)
if [ "${1:-}" = --keep ]; then upgrade=(); fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

. scripts/python.sh
"$PYTHON" -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet uv==0.13.9

# What builds and installs Umbel itself: as pyproject.toml has it, pip, and what the back end asks
# for when a tree is installed as it lies (PEP 660).
"$PYTHON" - > "$work/build.txt" <<'PYTHON'
import tomllib

with open("pyproject.toml", "rb") as file:
    print(*tomllib.load(file)["build-system"]["requires"], "editables", "pip", sep="\n")
PYTHON

# lock FILE OPTION...: resolve pyproject.toml with these options into FILE.
lock() {
    local file=$1
    shift
    "$work/venv/bin/uv" pip compile --quiet pyproject.toml "$work/build.txt" "$@" \
        --universal --fork-strategy fewest --python-version 3.11 --generate-hashes \
        --no-emit-index-url --no-annotate --no-header --output-file "$file"
    sed -i "1i # $(basename "$file"): exact versions and the hashes of their files; made by scripts/lock.sh." "$file"
}

lock requirements/lock.txt --extra demo --group dev "${upgrade[@]}"
cp requirements/lock.txt requirements/demo.txt
lock requirements/demo.txt --extra demo
