"""Addresses of pages that alerts lead to, below that of the cluster, with search and range as they
were."""

from __future__ import annotations

import math
from urllib.parse import quote, urlencode

from umbel.path_parts import path_part
from umbel.query.ast import And, Comparison, During, Matches, Moment, Node
from umbel.query.canonical import canonical


def link_of_tasks(query: Node, *more: Node) -> str:
    """The Tasks page of a search, of what fits `more` of it as well."""
    text = canonical(And((query, *more)) if query != And(()) else And(more))
    return "/tasks" + (f"?{urlencode({'q': text}, quote_via=quote)}" if text else "")


def between(field: str, start: float, end: float) -> During:
    """That a time of a task lies there, in whole seconds, `end` among them."""
    return During(field, Moment(float(math.floor(start))), Moment(float(math.floor(end) + 1)))


def is_state(state: str) -> Matches:
    """That a task is in a state."""
    return Matches("state", Comparison.EQUALS, (state,))


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
