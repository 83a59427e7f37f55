"""The table `canvas` of a file of tasks: what workers told of groups, chords and chains."""

from __future__ import annotations

from typing import Any, Final

import apsw
import msgspec

from umbel.cluster.task import Task
from umbel.store.sqlite.files.migrations import version
from umbel.store.sqlite.files.row import id_text, id_value

CANVAS_COLUMNS: Final = ("group_id", "chord_id", "chord_name", "chain")
#: Files of fewer migrations have no such table.
_FORMAT: Final = 6

_links: Final = msgspec.json.Decoder(tuple[tuple[str, str], ...]).decode


def has_canvas(connection: apsw.Connection) -> bool:
    """Whether the file has the table."""
    return version(connection) >= _FORMAT


def canvas_row(number: int, task: Task) -> tuple[Any, ...] | None:
    """The row of `task`, whose id in the file is `number`; None if nothing was told."""
    if task.group_id is None and task.chord_id is None and not task.chain:
        return None
    return (
        number,
        None if task.group_id is None else id_value(task.group_id),
        None if task.chord_id is None else id_value(task.chord_id),
        task.chord_name,
        msgspec.json.encode(task.chain).decode() if task.chain else None,
    )


def canvas_fields(group_id: Any, chord_id: Any, chord_name: Any, chain: Any) -> dict[str, Any]:
    """The fields of a task again, of the columns of a row."""
    return {
        "group_id": None if group_id is None else id_text(group_id),
        "chord_id": None if chord_id is None else id_text(chord_id),
        "chord_name": chord_name,
        "chain": _links(chain) if chain else (),
    }
