"""Values that JSON has not are opened where a message is not JSON."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

import pytest

from umbel.broker.task_producer import unwrapped


def wrapped(kind: str, value: object) -> dict[str, object]:
    return {"__type__": kind, "__value__": value}


def test_wrappers_become_their_values_at_any_depth() -> None:
    number = UUID(int=5)
    body: object = (
        [wrapped("decimal", "1.10"), {"a": [wrapped("uuid", {"hex": number.hex})]}],
        {},
        None,
    )

    assert unwrapped(body) == ([Decimal("1.10"), {"a": [number]}], {}, None)


@pytest.mark.parametrize(
    "value", [wrapped("of-the-shop", 1), {"__type__": "date"}, {"__value__": 1}, {}, "text"]
)
def test_what_is_no_wrapper_of_a_registered_type_stays(value: object) -> None:
    assert unwrapped([value]) == [value]


def test_a_wrapper_without_a_value_of_its_type_is_refused() -> None:
    with pytest.raises(ValueError, match="Invalid isoformat"):
        unwrapped([wrapped("datetime", "tomorrow")])
