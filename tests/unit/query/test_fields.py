"""The table of fields, and the words near to them."""

from __future__ import annotations

import pytest

from umbel.cluster.task import Task
from umbel.query.fields import BESIDE, FIELD_NAMES, FIELDS, WORDS_IN, field, fields_used
from umbel.query.parse import parse
from umbel.query.spelling import distance, nearest


def test_every_field_is_a_part_of_a_task_and_says_what_it_is() -> None:
    for each in FIELDS.values():
        assert each.attribute in {*Task.__struct_fields__, *BESIDE}
        assert each.help[0].isupper()
        assert each.phrase


def test_no_name_means_two_fields() -> None:
    names = [name for each in FIELDS.values() for name in (each.name, *each.aliases)]

    assert len(names) == len(set(names)) == len(FIELD_NAMES)
    assert all(field(name.upper()) is field(name) for name in names)
    assert not {"is", "has", "words"} & set(names)


def test_free_text_is_sought_in_texts() -> None:
    assert all(FIELDS[name].is_text for name in WORDS_IN)


def test_the_fields_that_a_query_uses_are_known() -> None:
    node = parse("name:a -(state:FAILURE OR runtime:>5s) b args.x:1 is:expired received:-1h..")

    assert list(fields_used(node)) == [
        "name", "state", "runtime", "words", "args", "expired", "received",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("wrong", "meant"),
    [
        ("nmae", "name"), ("Name", "name"), ("statee", "state"), ("recieved", "received"),
        ("trace", "traceback"), ("wrker", "worker"), ("order", None), ("x", None),
        ("http", None), ("a" * 1_000, None), ("", None),
    ],
)  # fmt: skip
def test_the_nearest_word_is_found_if_it_is_near(wrong: str, meant: str | None) -> None:
    assert nearest(wrong, FIELD_NAMES) == meant


@pytest.mark.parametrize(
    ("one", "other", "edits"),
    [("", "", 0), ("abc", "", 3), ("abc", "acb", 1), ("abc", "abd", 1), ("ca", "abc", 3)],
)
def test_edits_are_counted(one: str, other: str, edits: int) -> None:
    assert distance(one, other) == distance(other, one) == edits
