"""Where a task is in its workflow (Celery's *canvas*), for its event: its group, the task that its
chord runs in the end, and those that its chain runs after it.

Celery has all of it in the message and none of it in an event. Bodies of chords and links of chains
are signatures with the ids under which they will be sent; their ids and names alone are told.
"""

from __future__ import annotations

from typing import Any, Final

#: Links of a chain that are told, the next first (`cluster.events.CHAIN_MAX`).
CHAIN_MAX: Final = 50


def canvas(request: Any) -> dict[str, Any]:
    """`group_id`, `chord_id`, `chord_name` and `chain` of the worker's request of a task, as far as
    it has them. Raises whatever a request can raise."""
    found: dict[str, Any] = {}
    if isinstance(request.group, str):
        found["group_id"] = request.group
    body = _link(request.chord)
    if body is not None:
        found["chord_id"] = body[0]
        if body[1]:
            found["chord_name"] = body[1]
    _, _, embedded = request._payload
    links = embedded.get("chain") if isinstance(embedded, dict) else None
    # Celery takes the next link from the end.
    read = [_link(each) for each in reversed(links[-CHAIN_MAX:])] if isinstance(links, list) else []
    chain = [link for link in read if link is not None]
    return {**found, "chain": chain} if chain else found


def _link(signature: Any) -> tuple[str, str] | None:
    """Id and name of a signature in a message; the name is empty where it has none."""
    options = signature.get("options") if isinstance(signature, dict) else None
    uuid = options.get("task_id") if isinstance(options, dict) else None
    if not isinstance(uuid, str) or not uuid:
        return None
    name = signature.get("task")
    return uuid, name if isinstance(name, str) else ""
