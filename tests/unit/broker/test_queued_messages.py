"""Messages in queues, of both protocols and of none."""

from __future__ import annotations

import base64
import bz2
import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as some

from umbel.broker.queued_messages import queued


def envelope(body: Any, headers: dict[str, Any], **other: Any) -> bytes:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return json.dumps(
        {
            "body": base64.b64encode(raw).decode(),
            "content-type": "application/json",
            "content-encoding": "utf-8",
            "headers": headers,
            "properties": {"body_encoding": "base64", "correlation_id": "c", "priority": 3},
            **other,
        }
    ).encode()


HEADERS = {
    "task": "shop.pay",
    "id": "one",
    "root_id": "root",
    "parent_id": None,
    "eta": "2026-01-01T00:00:00+00:00",
    "expires": None,
    "retries": 2,
}


def test_a_message_of_protocol_2_is_told() -> None:
    payload = envelope([[1, "a"], {"b": 2}, {"chain": None}], HEADERS)

    found = queued(payload)

    assert (found.task_id, found.name, found.args, found.kwargs) == (
        "one",
        "shop.pay",
        [1, "a"],
        {"b": 2},
    )
    assert (found.root_id, found.parent_id, found.retries, found.priority) == ("root", None, 2, 3)
    assert (found.eta, found.expires) == ("2026-01-01T00:00:00+00:00", None)
    assert (found.size_bytes, found.unreadable) == (len(payload), None)


def test_what_the_sender_chose_and_what_hangs_on_a_task_are_told() -> None:
    headers = HEADERS | {
        "argsrepr": "(1,)", "kwargsrepr": "{'card': '****'}", "shadow": "pay for Ada",
        "ignore_result": True,
        "timelimit": [9, 5.5], "group": "g", "tenant": "acme", "lang": "py",
    }  # fmt: skip
    embed = {
        "callbacks": None,
        "errbacks": [{"task": "a"}],
        "chain": [{"task": "b"}],
        "chord": None,
    }

    found = queued(envelope([[1], {"card": "4111"}, embed], headers))

    assert (found.args_repr, found.kwargs_repr) == ("(1,)", "{'card': '****'}")
    assert (found.name, found.shadow) == ("shop.pay", "pay for Ada")
    assert found.ignore_result
    assert (found.time_limit_s, found.soft_time_limit_s) == (9.0, 5.5)
    assert found.follows == ("link_error", "chain", "group")
    assert found.headers == {"tenant": "acme"}


def test_the_group_of_a_message_and_what_follows_it_are_told() -> None:
    def signature(uuid: str, name: object) -> dict[str, object]:
        return {"task": name, "options": {"task_id": uuid}}

    embed = {
        "chord": signature("body", "shop.total"),
        "chain": [signature("last", "shop.last"), {"task": "no id"}, 7, signature("next", 1)],
    }

    found = queued(envelope([[], {}, embed], HEADERS | {"group": "g"}))

    assert (found.group_id, found.chord_id, found.chord_name) == ("g", "body", "shop.total")
    assert found.chain == (("next", ""), ("last", "shop.last"))
    odd = queued(envelope([[], {}, {"chord": [1], "chain": {"a": 1}}], HEADERS | {"group": [1]}))
    assert (odd.group_id, odd.chord_id, odd.chain) == (None, None, ())


@given(
    some.dictionaries(
        some.sampled_from(["timelimit", "group", "argsrepr", "shadow"]),
        some.none() | some.text() | some.lists(some.integers(), max_size=3),
    )
)
def test_odd_headers_do_no_harm(headers: dict[str, Any]) -> None:
    assert queued(envelope([[1], {}, "no embed"], HEADERS | headers)).args == [1]


def test_a_message_of_protocol_1_is_told() -> None:
    body = {"task": "shop.pay", "id": "old", "args": [1], "kwargs": {}, "retries": 0, "eta": None}

    found = queued(envelope(body, {}))

    assert (found.task_id, found.name, found.args, found.kwargs) == ("old", "shop.pay", [1], {})
    assert found.unreadable is None


def test_a_plain_body_is_told() -> None:
    payload = json.dumps({"body": "[[1], {}, {}]", "headers": HEADERS, "properties": {}}).encode()

    assert queued(payload).args == [1]


def test_a_packed_body_is_opened() -> None:
    packed = bz2.compress(b"[[1], {}, {}]")

    found = queued(envelope(packed, {**HEADERS, "compression": "application/x-bz2"}))

    assert found.args == [1]


def test_a_pickled_body_is_left_alone_and_the_task_is_still_known() -> None:
    kind = {"content-type": "application/x-python-serialize"}

    found = queued(envelope(b"cos\nsystem\n.", HEADERS, **kind))

    assert (found.task_id, found.name, found.args) == ("one", "shop.pay", None)
    assert "reads only JSON" in str(found.unreadable)


def test_a_body_without_arguments_is_told_as_such() -> None:
    assert "arguments" in str(queued(envelope({"a": 1}, HEADERS)).unreadable)
    assert "arguments" in str(queued(envelope([], HEADERS)).unreadable)


def test_odd_headers_are_not_believed() -> None:
    odd = {"task": ["x"], "id": 7, "retries": True, "eta": {"__value__": "2026-01-01T00:00:00"}}

    found = queued(envelope([[], {}, {}], odd))

    assert (found.task_id, found.name, found.retries) == ("c", None, None)
    assert found.eta == "2026-01-01T00:00:00"


@given(some.binary(max_size=300))
def test_no_payload_breaks_the_reader(payload: bytes) -> None:
    assert queued(payload).size_bytes == len(payload)


@given(some.recursive(some.none() | some.text() | some.integers(), some.lists, max_leaves=8))
def test_no_envelope_breaks_the_reader(value: object) -> None:
    queued(json.dumps({"body": value, "headers": value, "properties": value}).encode())
    queued(envelope(value, {"task": value, "id": value}))


def test_a_message_that_is_no_task_shows_its_body() -> None:
    found = queued(envelope({"event": "paid", "order": 7}, {"tenant": "acme"}))

    assert (found.name, found.args, found.kwargs) == (None, None, None)
    assert found.body == {"event": "paid", "order": 7}
    assert found.unreadable == "It is no task: no header names one, nor does its body."


def test_the_stamp_of_a_sender_is_its_time_if_it_is_a_moment() -> None:
    def stamped(stamp: object) -> float | None:
        properties = {"body_encoding": "base64", "timestamp": stamp}
        return queued(envelope([[], {}, {}], HEADERS, properties=properties)).sent

    assert stamped(1_796_000_000) == 1_796_000_000.0
    assert [stamped(odd) for odd in (1_796_000_000_000, -1, "now", True, None)] == [None] * 5


def test_a_broken_body_leaves_the_task_known() -> None:
    payload = json.dumps(
        {"body": "%%% no base64", "headers": HEADERS, "properties": {"body_encoding": "base64"}}
    )

    found = queued(payload.encode())

    assert (found.name, found.args, found.body) == ("shop.pay", None, None)
    assert "base64" in str(found.unreadable)
