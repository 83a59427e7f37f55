"""Addresses of pages that alerts lead to, below that of the cluster, with search and range as they
were."""

from __future__ import annotations

from urllib.parse import quote, urlencode

from umbel.path_parts import path_part


def link_of_tasks(text: str, start: float | None = None, end: float | None = None) -> str:
    """The Tasks page of a search, of what was first seen in a time (Unix seconds)."""
    span = "" if start is None or end is None else f"seen:{start:.0f}..{end + 1:.0f}"
    asked = " ".join(part for part in (text, span) if part)
    return "/tasks" + (f"?{urlencode({'q': asked}, quote_via=quote)}" if asked else "")


def link_of_queue(name: str, now: float) -> str:
    """The page of a queue, of the hour before."""
    return f"/queues/{path_part(name)}?{urlencode(_hour(now))}"


def link_of_worker(name: str) -> str:
    """The page of a worker."""
    return f"/workers/{path_part(name)}"


def link_of_error(error_id: str) -> str:
    """The page of an error."""
    return f"/errors/{path_part(error_id)}"


def link_of_overview(now: float) -> str:
    """The overview, of the hour before."""
    return f"/?{urlencode(_hour(now))}"


def _hour(now: float) -> dict[str, str]:
    return {"from": f"{now - 3_600:.0f}", "to": f"{now:.0f}"}
