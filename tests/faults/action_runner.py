"""A process that executes one long action, for a test that kills it.

    python -m tests.faults.action_runner DIRECTORY revoke|retry

Prints the action's id once its first chunk is with the workers or the broker and the second on its
way, and then hangs.
"""

from __future__ import annotations

import sys
import threading
from pathlib import Path
from typing import Any

from tests.unit.control.scene import ADA, Scene, many
from umbel.services.control.types import Edit
from umbel.store.sqlite.ledger import SqliteLedger

TASKS = 3_000
RETRY: dict[str, Any] = {"edit": Edit(args=[1], kwargs={})}


def main() -> None:
    directory, action = sys.argv[1:]
    scene = Scene(*many(TASKS), ledger=SqliteLedger(Path(directory)))
    plan = scene.plan(action, q="", **(RETRY if action == "retry" else {}))
    calls: list[str] = []
    begun = threading.Event()

    def hang(name: str) -> None:
        if name == ("send" if action == "retry" else "revoke"):
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
