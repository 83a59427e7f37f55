"""A process that only writes the ledger, for tests that kill it or run several.

    python -m tests.faults.ledger_writer DIRECTORY NAME COUNT

For each number it writes an audit line, 50 intents and an action, and prints the number
once all three calls have returned.
"""

from __future__ import annotations

import sys
from pathlib import Path

from umbel.store.ledger import ActionRecord, AuditEntry, Intent
from umbel.store.sqlite.ledger import SqliteLedger

#: Tasks of each number.
TASKS = 50


def task_ids(name: str, number: int) -> list[str]:
    return [f"{name}-{number}-{n}" for n in range(TASKS)]


def write(ledger: SqliteLedger, name: str, number: int) -> None:
    """What is written for one number."""
    action_id = f"{name}-{number}"
    ledger.intend(
        Intent(task_id=each, kind="revoke", at=1.0, actor=name, action_id=action_id)
        for each in task_ids(name, number)
    )
    ledger.keep_action(ActionRecord(action_id, float(number), b"plan" * 100, b"report"))
    ledger.record(
        AuditEntry(
            at=float(number), actor=name, address="", via="cli", action="revoke",
            target="", action_id=action_id,
        )
    )  # fmt: skip


def main() -> None:
    directory, name, count = sys.argv[1:]
    ledger = SqliteLedger(Path(directory))
    for number in range(int(count)):
        write(ledger, name, number)
        print(number, flush=True)  # noqa: T201  this is what the test reads


if __name__ == "__main__":
    main()
