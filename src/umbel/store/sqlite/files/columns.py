"""Where a task's searchable fields are kept in a file of tasks, by the table of fields.

What a field holds decides where it is: the number of a shared value, a number or an id is a column
of its own, but for ids that few tasks have, which are in a table of theirs; every other text is in
the compressed body alone, and a bit of the column `flags` tells whether the task has it
(`stored_numbers.FLAG_BITS`).
"""

from __future__ import annotations

from typing import Final

from umbel.query.fields import BESIDE, FIELDS, Kind

#: Fields with an id that the table `canvas` has, and their columns there (`files/canvas.py`).
CANVAS_IDS: Final = {"group": "group_id", "chord": "chord_id"}
_STORED: Final = [field for field in FIELDS.values() if field.name not in BESIDE]
#: Fields whose column holds the number of a shared value.
SHARED: Final = tuple(field.name for field in _STORED if field.is_shared)
#: Fields that have a column of their own name with an id.
IDS: Final = tuple(
    field.name for field in _STORED if field.kind is Kind.ID and field.name not in CANVAS_IDS
)
#: Fields that have a column of their own name with the number itself. When a task succeeded is
#: when it finished, if it is its success that decided its state.
NUMBERS: Final = tuple(
    field.name for field in _STORED if not field.is_text and field.name != "succeeded"
)
#: Fields that are only in the body.
IN_BODY: Final = tuple(
    field.name
    for field in _STORED
    if field.is_text and field.name not in {*SHARED, *IDS, *CANVAS_IDS}
)
