#!/usr/bin/env bash
# Writes the tables of docs/settings.md from the tree of settings.
set -euo pipefail
cd "$(dirname "$0")/.."
tables=$(mktemp)
trap 'rm -f "$tables"' EXIT
.venv/bin/umbel settings --markdown > "$tables"
sed -i.before -e "/^<!-- The tables are printed/,/^<!-- End of the tables/{
/^<!-- The tables are printed/{
p
r $tables
}
/^<!-- End of the tables/p
d
}" docs/settings.md
rm -f docs/settings.md.before
