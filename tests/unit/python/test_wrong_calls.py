"""What a program that asks wrongly is told."""

from __future__ import annotations

from typing import Any

import pytest

from umbel import Events, connect, task_send_task
from umbel.errors import ServerUnreachable


@pytest.mark.parametrize("url", ["shop", "redis://127.0.0.1:6379/0", "127.0.0.1:5555"])
def test_only_a_running_umbel_can_be_connected_to(url: str) -> None:
    with pytest.raises(ServerUnreachable, match=f"'{url}' is no address of an Umbel"):
        connect(url)


@pytest.mark.parametrize("source", ["shop", 42, "127.0.0.1:5555"])
def test_what_no_events_come_from_is_told_with_what_they_come_from(source: Any) -> None:
    with pytest.raises(ValueError, match=r"such as redis://host:6379/0, .* not"):
        Events(source)


@pytest.mark.parametrize(
    ("args", "kwargs", "told"),
    [
        ("4711", None, "args takes a list or tuple, not '4711'"),
        ({"order_id": 4711}, None, r"args takes a list or tuple, not \{'order_id': 4711\}"),
        (0, None, "args takes a list or tuple, not 0"),
        (None, [4711], r"kwargs takes a dictionary, not \[4711\]"),
    ],
)
def test_arguments_of_a_wrong_kind_are_not_sent(args: Any, kwargs: Any, told: str) -> None:
    with pytest.raises(TypeError, match=told):
        task_send_task("shop.charge", args, kwargs)
