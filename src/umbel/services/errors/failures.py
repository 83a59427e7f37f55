"""Questions about failures, as queries: which tasks are in a group, and when they failed.

A task is in the group of its error if it failed in the end: one that was tried again and then
succeeded, or is still to be tried again, is not.
"""

from __future__ import annotations

import re
from typing import Final

from umbel.cluster.error_fingerprint import ID_DIGITS
from umbel.cluster.task import FAILURE, SUCCESS
from umbel.query.ast import And, Comparison, During, Matches, Moment, Node
from umbel.store.base import Order

FAILED: Final = Matches("state", Comparison.EQUALS, (FAILURE,))
SUCCEEDED: Final = Matches("state", Comparison.EQUALS, (SUCCESS,))
FIRST_SEEN: Final = Order("seen", descending=False)
FIRST_FAILED: Final = Order("finished", descending=False)
_ID: Final = re.compile(f"[0-9a-f]{{{ID_DIGITS}}}")


def of_error(error_id: str) -> Node:
    """Tasks with this error, whatever became of them."""
    return Matches("error", Comparison.EQUALS, (error_id,))


def failures_of(error_id: str) -> Node:
    """The tasks of the group of this error."""
    return And((of_error(error_id), FAILED))


def all_of(*nodes: Node) -> Node:
    """What all of these match, in one list."""
    flat: list[Node] = []
    for node in nodes:
        flat += node.nodes if isinstance(node, And) else (node,)
    return flat[0] if len(flat) == 1 else And(tuple(flat))


def ended_during(start: float | None, end: float | None = None) -> Node:
    """Tasks that ended in [start, end); None is without bound."""
    return During(
        "finished",
        None if start is None else Moment(absolute=start),
        None if end is None else Moment(absolute=end),
    )


def split_label(label: str) -> tuple[str, str, str]:
    """Id, type and message of a label such as `3f9c2a1b7d04 KeyError: <text>`. Without an id, in
    whatever form a store gives it, the whole is the type."""
    head, _, title = label.partition(" ")
    if _ID.fullmatch(head) is None:
        return "", label, ""
    kind, _, message = title.partition(": ")
    return head, kind, message
