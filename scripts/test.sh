#!/usr/bin/env bash
# Runs pytest with these arguments. Where tests fail in no more than three files, these tests run
# once more by themselves, and those that pass then are named as unsteady: test.sh ARGUMENT...
# UMBEL_TEST_PYTHON is the Python that has pytest, .venv/bin/python if none is given.
set -uo pipefail
cd "$(dirname "$0")/.."
python=${UMBEL_TEST_PYTHON:-.venv/bin/python}
most_files=3
cache=$(mktemp -d)
trap 'rm -rf "$cache"' EXIT

"$python" -m pytest -o cache_dir="$cache" "$@"
code=$?
[ "$code" = 1 ] || exit "$code"

failed=$("$python" -c 'import json, sys; print(*json.load(open(sys.argv[1])), sep="\n")' \
    "$cache/v/cache/lastfailed") || exit 1
if [ "$(sed 's/::.*//' <<< "$failed" | sort --unique | wc -l)" -gt "$most_files" ]; then
    exit 1
fi
printf '\nOnce more, by themselves:\n%s\n' "$failed"
mapfile -t tests <<< "$failed"
"$python" -m pytest -p no:cacheprovider "${tests[@]}" || exit 1
printf '\nUnsteady, since they failed beside others and passed alone:\n%s\n' "$failed"
