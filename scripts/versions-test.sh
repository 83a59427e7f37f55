#!/usr/bin/env bash
# Runs the tests that are marked `versions` with each set that is named, and records what was
# run in .venv-SET/.proved, from which docs/versions.md is written: versions-test.sh SET...
set -euo pipefail
cd "$(dirname "$0")/.."
mapfile -t files < <(grep -rlE 'mark\.versions' --include='test_*.py' tests | sort)
for set_ in "$@"; do
    scripts/versions-env.sh "$set_"
    echo "The tests of versions, with the set $set_:"
    rm -f ".venv-$set_/.proved"
    ".venv-$set_/bin/python" -m pytest -n 2 --dist loadfile -p no:cacheprovider \
        -m versions "${files[@]}"
    ".venv-$set_/bin/python" scripts/versions_page.py record > ".venv-$set_/.proved"
done
