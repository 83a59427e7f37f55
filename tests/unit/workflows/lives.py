"""Tasks of workflows, in a line each."""

from __future__ import annotations

from typing import Any

from umbel.store.workflows import WorkflowTask, WorkflowTasks


def life(
    uuid: str,
    at: float,
    state: str = "SUCCESS",
    *,
    wait: float = 1.0,
    run: float = 2.0,
    **more: Any,
) -> WorkflowTask:
    """A task that was sent at `at` and started `wait` seconds later."""
    is_over = state in {"SUCCESS", "FAILURE", "REVOKED"}
    end = at + wait + run
    return WorkflowTask(
        **{
            "uuid": uuid, "state": state, "seen": at, "timestamp": end, "name": f"shop.{uuid}",
            "sent": at, "started": at + wait, "finished": end if is_over else None,
            "root_id": "root", **more,
        }
    )  # fmt: skip


def gallery(*states: str) -> WorkflowTasks:
    """A root that sent a chord of three parts, in these states, whose body is `whole`."""
    parts = [
        life(f"part{number}", 2.0 + number, state, parent_id="root", group_id="g",
             chord_id="whole", chord_name="shop.whole")
        for number, state in enumerate(states)
    ]  # fmt: skip
    return WorkflowTasks((life("root", 0.0, root_id=None), *parts))
