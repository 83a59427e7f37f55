#!/usr/bin/env bash
# Runs the tests that are marked `versions` with each set that is named, and records what was
# run in .venv-SET/.proved, from which docs/versions.md is written: versions-test.sh SET...
# With --brief before the sets it runs those marked `versions(brief=True)`, and records nothing.
set -euo pipefail
cd "$(dirname "$0")/.."
wanted=versions
if [ "${1:-}" = --brief ]; then
    wanted='versions(brief=True)'
    shift
fi
mapfile -t files < <(grep -rlE 'mark\.versions' --include='test_*.py' tests | sort)
for set_ in "$@"; do
    scripts/versions-env.sh "$set_"
    # Histories come from the other end: for the oldest set from that of .venv, the newest.
    writer=.venv/bin/python
    if [ "$set_" != oldest ]; then
        scripts/versions-env.sh oldest
        writer=.venv-oldest/bin/python
    fi
    echo "The tests of versions, with the set $set_:"
    UMBEL_TEST_WRITER=$PWD/$writer UMBEL_TEST_PYTHON=.venv-$set_/bin/python \
        scripts/test.sh -n 2 --dist loadfile -m "$wanted" "${files[@]}"
    if [ "$wanted" = versions ]; then
        ".venv-$set_/bin/python" scripts/versions_page.py record > ".venv-$set_/.proved"
    fi
done
