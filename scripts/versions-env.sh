#!/usr/bin/env bash
# Makes .venv-SET, an environment with Umbel at the versions of requirements/SET.txt (for the
# set "newest" those of requirements/lock.txt), unless it is there already: versions-env.sh SET.
set -euo pipefail
cd "$(dirname "$0")/.."
set_=$1
directory=.venv-$set_
case $set_ in
    oldest) lock=requirements/oldest.txt wanted=3.11 ;;
    middle) lock=requirements/middle.txt wanted=3.12 ;;
    newest) lock=requirements/lock.txt wanted=3.13 ;;
    *) echo "There is no set of versions $set_; there are oldest, middle and newest." >&2; exit 2 ;;
esac

# python_of VERSION: a Python of that version, or else the one of .venv.
python_of() {
    local candidate
    for candidate in "python$1" "${PYENV_ROOT:-$HOME/.pyenv}"/versions/"$1".*/bin/python; do
        if "$candidate" -c '' 2>/dev/null; then
            echo "$candidate"
            return
        fi
    done
    echo "There is no Python $1 on this machine; $set_ is tried with that of .venv." >&2
    echo .venv/bin/python
}

made_from=$(cat pyproject.toml hatch_build.py "$lock" scripts/versions-env.sh | sha256sum)
if [ "$(cat "$directory/.made-from" 2>/dev/null)" = "$made_from" ]; then exit 0; fi
echo "Installing Umbel into $directory, at the versions of $lock."
rm -rf "$directory"
"$(python_of $wanted)" -m venv --without-pip "$directory"
# Of constraints pip takes versions alone: with their hashes it would ask for those of Umbel, too.
versions=$(mktemp)
trap 'rm -f "$versions"' EXIT
grep -oE '^[A-Za-z0-9._-]+==[^ ;]+' "$lock" > "$versions"
.venv/bin/pip --python "$directory/bin/python" install --quiet -c "$versions" \
    -e '.[demo]' --group versions
.venv/bin/pip --python "$directory/bin/python" check >/dev/null
echo "$made_from" > "$directory/.made-from"
