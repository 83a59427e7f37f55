"""What a finding offers to do, as a command to copy: `umbel revoke 7f0c3f9e-...`."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, unquote, urlsplit

if TYPE_CHECKING:
    from umbel.services.control.types import ActionRequest
    from umbel.services.health.health_finding import FindingAction


def offered(action: FindingAction) -> tuple[str, ...]:
    """The line with its command; none where it has none."""
    command = command_of(action)
    return () if command is None else (f"  {action.label}: {command}",)


def command_of(action: FindingAction) -> str | None:
    """The command that shows the same plan, or the same list; None where there is none. Every word
    is quoted for a shell, whatever a name holds."""
    words = _plan(action.request) if action.request is not None else _list(action.address or "")
    return None if words is None else shlex.join(["umbel", *words])


def _plan(request: ActionRequest) -> list[str] | None:
    workers = ["--", *request.workers] if request.workers else ["--all"]
    if request.action == "revoke" and request.ids:
        return ["revoke", "--", *request.ids]
    if request.action == "add_consumer" and request.queue is not None:
        return ["worker", "add-consumer", f"--queue={request.queue}", *workers]
    if request.action == "resume" and request.queue is not None:
        return ["queue", "resume", "--", request.queue]
    if request.action in {"enable_events", "pool_restart"}:
        return ["worker", request.action.replace("_", "-"), *workers]
    return None


def _list(address: str) -> list[str] | None:
    parts = urlsplit(address)
    if parts.path == "tasks":
        parameters = parse_qs(parts.query)
        query = parameters.get("q", [])
        order = [f"--order={each}" for each in parameters.get("order", [])]
        return ["tasks", *order, *(["--", *query] if query else [])]
    page, _, name = parts.path.partition("/")
    if page == "queues":
        return ["queue", "show", "--", unquote(name)] if name else ["queues"]
    if page in {"workers", "schedule"}:
        return ["workers"] if page == "workers" else ["schedule", "list"]
    return None
