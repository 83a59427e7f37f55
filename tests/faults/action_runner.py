"""A process that executes one long action, for a test that kills it.

    python -m tests.faults.action_runner DIRECTORY

Prints the action's id once its first chunk is with the workers, and then hangs.
"""

from __future__ import annotations

import sys
import threading
from pathlib import Path

from tests.unit.control.scene import ADA, Scene, many
from umbel.store.sqlite.ledger import SqliteLedger

TASKS = 3_000


def main() -> None:
    scene = Scene(*many(TASKS), ledger=SqliteLedger(Path(sys.argv[1])))
    plan = scene.plan("revoke", q="")
    calls: list[str] = []
    begun = threading.Event()

    def hang(name: str) -> None:
        calls.append(name)
        if len(calls) == 2:
            begun.set()
            threading.Event().wait()

    scene.cluster.on_call = hang
    scene.control.execute(plan.id, ADA, plan.confirm)
    begun.wait()
    print(plan.id, flush=True)  # noqa: T201  this is what the test reads
    threading.Event().wait()


if __name__ == "__main__":
    main()
