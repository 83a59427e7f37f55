"""Every field that can be searched for is somewhere in a file of tasks."""

from __future__ import annotations

from umbel.query.fields import BESIDE, FIELDS
from umbel.query.orders import ORDERS
from umbel.store.capabilities import GROUPINGS
from umbel.store.sqlite.files.canvas import CANVAS_COLUMNS
from umbel.store.sqlite.files.columns import CANVAS_IDS, IDS, IN_BODY, NUMBERS, SHARED
from umbel.store.sqlite.files.row import COLUMNS
from umbel.store.sqlite.files.stored_numbers import FLAG_BITS
from umbel.store.sqlite.files.zone_map import ZONED


def test_each_field_is_in_one_column_or_in_the_body() -> None:
    found = [*SHARED, *IDS, *NUMBERS, *IN_BODY, *CANVAS_IDS]

    assert sorted(found) == sorted({*FIELDS} - BESIDE - {"succeeded"})
    assert {*SHARED, *IDS, *NUMBERS} <= {*COLUMNS}
    assert {*CANVAS_IDS.values()} <= {*CANVAS_COLUMNS}


def test_whether_a_task_has_a_field_of_the_body_is_a_bit() -> None:
    assert {*IN_BODY} <= FLAG_BITS.keys()


def test_zones_have_bounds_of_every_number_but_the_process_id() -> None:
    assert {*ZONED} == {*NUMBERS, "changed"} - {"pid"}


def test_tasks_are_grouped_by_the_values_that_they_share() -> None:
    assert SHARED == GROUPINGS


def test_what_tasks_are_sorted_by_can_be_searched_for() -> None:
    assert {*ORDERS} - {"changed"} <= FIELDS.keys()
