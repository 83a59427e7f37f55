"""What docs/versions.md says of versions: `record` prints those of this environment (after its
tests have passed), `write` makes the page's table from the records of all environments."""

from __future__ import annotations

import json
import platform
import sys
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "versions.md"
SETS = ("oldest", "middle", "newest")
#: What the table tells of, in its order.
PACKAGES = (
    *("celery", "kombu", "redis", "amqp", "click", "msgspec", "starlette", "uvicorn"),
    *("h11", "anyio", "apsw", "zstandard"),
)
BEGIN, END = "<!-- Written by make test-versions. -->", "<!-- End of the table. -->"


def record() -> dict[str, str]:
    """The versions of this environment, by package."""
    python = ".".join(platform.python_version_tuple()[:2])
    return {"Python": python} | {name: metadata.version(name) for name in PACKAGES}


def table(records: dict[str, dict[str, str]]) -> str:
    """A row for each package, a column for each set."""
    names = list(records)
    lines = ["| | " + " | ".join(names) + " |", "|---" * (len(names) + 1) + "|"]
    for package in ("Python", *PACKAGES):
        versions = " | ".join(records[name][package] for name in names)
        lines.append(f"| {package} | {versions} |")
    return "\n".join(lines)


def write() -> None:
    """Put the table of what was proved into the page; a set that was not has no column."""
    proved = {name: ROOT / f".venv-{name}" / ".proved" for name in SETS}
    records = {name: json.loads(path.read_text()) for name, path in proved.items() if path.exists()}
    if not records:
        sys.exit("The tests did not pass yet with any set: make test-versions.")
    before, rest = PAGE.read_text().split(BEGIN)
    after = rest.split(END)[1]
    PAGE.write_text(f"{before}{BEGIN}\n{table(records)}\n{END}{after}")


if __name__ == "__main__":
    if sys.argv[1:] == ["record"]:
        sys.stdout.write(json.dumps(record()) + "\n")
    else:
        write()
