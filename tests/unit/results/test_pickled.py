"""Plain values are read off a pickle, and nothing in it is run."""

from __future__ import annotations

import os
import pickle
import pickletools
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from umbel.results.payload import UnreadableResult
from umbel.results.pickled import read_pickle

PROTOCOLS = range(pickle.HIGHEST_PROTOCOL + 1)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


class Declined(Exception):
    """An error of somebody's application."""


class Trap:
    """Does something when it is unpickled."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (self.path,)


@given(VALUES, st.sampled_from(PROTOCOLS))
def test_plain_values_are_what_they_were(value: object, protocol: int) -> None:
    assert read_pickle(pickle.dumps(value, protocol)) == value


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_an_exception_is_its_text(protocol: int) -> None:
    error = Declined("order 3 isn't ours", {"order": 3})
    error.detail = "more"  # type: ignore[attr-defined]
    meta = {"status": "FAILURE", "result": error, "children": [(1, 2)]}

    assert read_pickle(pickle.dumps(meta, protocol)) == {
        "status": "FAILURE",
        "result": """Declined("order 3 isn't ours", {'order': 3})""",
        "children": [[1, 2]],
    }


def test_sets_and_bytes_are_what_json_has_for_them() -> None:
    assert read_pickle(pickle.dumps(({1}, b"x", frozenset((3,))), 4)) == [[1], "x", [3]]


def test_nothing_is_called(tmp_path: Any) -> None:
    trap = tmp_path / "sprung"

    read = read_pickle(pickle.dumps({"status": "SUCCESS", "result": Trap(str(trap))}))

    assert not trap.exists()
    assert "mkdir" in str(read)


def test_other_objects_are_named() -> None:
    assert "datetime(" in str(read_pickle(pickle.dumps([datetime(2026, 1, 1, tzinfo=UTC)])))


def doubled(times: int) -> bytes:
    value: list[object] = []
    for _ in range(times):
        value = [value, value]
    return pickle.dumps({"status": "SUCCESS", "result": value})


def nested(times: int) -> bytes:
    return b"\x80\x04" + b"]" * times + b"a" * (times - 1) + b"."


@pytest.mark.parametrize(
    "body",
    [
        doubled(60), nested(5_000), b"", b".", b"\x80\x04", b"\x80\x04h\x05.", b"\x80\x04R.",
        b"]a.",
        b"\x80\x05\x96\xff\xff\xff\xff\xff\x0f\x00\x00.", b"\x80\x04P1\n.", b"r\xff\xff\xff\x7f.",
        b"\x80\x04(.", b"\x80\x04KKQ.", pickle.dumps(1)[:-1], b"\x8a\x04\xff\xff",
    ],
    ids=str,
)  # fmt: skip
def test_what_is_damaged_or_hostile_is_refused(body: bytes) -> None:
    with pytest.raises(UnreadableResult):
        read_pickle(body)


def test_the_state_of_what_is_refused_is_told_where_it_can_be() -> None:
    with pytest.raises(UnreadableResult) as refused:
        read_pickle(doubled(60))

    assert refused.value.state == "SUCCESS"


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    with suppress(UnreadableResult):
        read_pickle(body)


@given(VALUES, st.integers(0, 10_000), st.integers(0, 255))
def test_a_changed_byte_is_read_or_refused(value: object, at: int, byte: int) -> None:
    body = bytearray(pickletools.optimize(pickle.dumps({"status": value})))
    body[at % len(body)] = byte
    with suppress(UnreadableResult):
        read_pickle(bytes(body))
