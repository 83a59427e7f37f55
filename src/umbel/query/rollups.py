"""Which queries a chart can be filtered by: roll-ups know names and states alone."""

from __future__ import annotations

from typing import Final

from umbel.errors import QueryError
from umbel.query.ast import Node
from umbel.query.fields import fields_used

CHARTED: Final = frozenset({"name", "state"})


def refuse_beyond_rollups(node: Node) -> None:
    """Raise `QueryError` if `node` asks about anything that roll-ups do not know."""
    for name in fields_used(node):
        if name not in CHARTED:
            what = "free text" if name == "words" else name
            raise QueryError(
                f"Charts can be filtered by name and state, not by {what}.",
                position=0,
                end=0,
            )
