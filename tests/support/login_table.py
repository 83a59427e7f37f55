"""The table of docs/logins/README.md: what happens to whom, by kind of provider."""

from __future__ import annotations

from pathlib import Path
from typing import Final

PAGE: Final = Path(__file__).resolve().parents[2] / "docs/logins/README.md"
COLUMNS: Final = [
    "kind", "right person", "wrong person", "unverified", "removed group", "expired", "forged",
]  # fmt: skip
#: The row of tokens that programs show, whichever provider made them.
BEARER: Final = "bearer token"
#: What may happen, by column.
OUTCOMES: Final = {
    "right person": {"in"},
    "wrong person": {"no entry: no rule"},
    "unverified": {"no entry: e-mail unverified", "not told"},
    "removed group": {"out within the hour", "out at once", "out with the next token", "no groups"},
    "expired": {"not believed: expired", "not believed: code", "not told"},
    "forged": {
        "not believed: signature", "not believed: state", "not believed: not from the proxy",
    },
}  # fmt: skip


def outcomes() -> dict[str, dict[str, str]]:
    """The table, by kind and column."""
    _, _, after = PAGE.read_text(encoding="utf-8").partition(f"| {' | '.join(COLUMNS)} |\n")
    lines = after.partition("\n\n")[0].splitlines()[1:]
    rows = [[cell.strip() for cell in line.strip("| ").split(" | ")] for line in lines]
    return {row[0].strip("`"): dict(zip(COLUMNS[1:], row[1:], strict=True)) for row in rows}
