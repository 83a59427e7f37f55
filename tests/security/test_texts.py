"""Texts from elsewhere are cleaned where they come in: whatever a reader takes, strict JSON
writes, and nothing in it acts on whoever looks at it."""

from __future__ import annotations

import base64
import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from umbel.bounded_json import encode_json, is_strict
from umbel.broker.base import Frame
from umbel.broker.command_replies import replies_in
from umbel.broker.queued_messages import queued
from umbel.characters import encodable, visible
from umbel.results.base import Result
from umbel.results.meta import result_of
from umbel.results.payload import UnreadableResult, open_payload
from umbel.services.ingest.message_bodies import events_of
from umbel.services.jsonable import bounded, jsonable

NOW = 1_800_000_000.0

texts = st.text(st.characters() | st.sampled_from("\ud800\udfff\0\x1b\u202e"), max_size=8)
scalars = st.one_of(
    st.none(), st.booleans(), st.floats(), texts, st.integers(), st.just(10**4_100)
)  # fmt: skip
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3)
)


def strict(value: object) -> None:
    """Raises for what strict JSON does not write, or does not read again."""
    msgspec.json.decode(msgspec.json.encode(value))


def dumped(value: object) -> bytes:
    """As Python writes it, with NaN and halves of pairs."""
    try:
        return json.dumps(value).encode()
    except ValueError:  # a number of more digits than Python writes
        return json.dumps(value, default=str, skipkeys=True).encode() if value is None else b"1"


@given(value=values, name=texts)
def test_every_event_can_be_written_as_strict_json(value: Any, name: str) -> None:
    event = {"type": "task-odd", "uuid": "u", "hostname": "h", "name": name, "args": value}

    found = events_of(Frame(dumped({**event, "more": value})), NOW)

    strict([found.events, found.faults])


@given(value=values, name=texts)
def test_every_answer_of_a_worker_can_be_written_as_strict_json(value: Any, name: str) -> None:
    found = replies_in(Frame(dumped({name: value, "w@h": {"error": value}})))

    strict([(reply.worker, jsonable(reply.value), reply.error) for reply in found])


@given(value=values, name=texts)
def test_every_result_can_be_written_as_strict_json(value: Any, name: str) -> None:
    meta = {"status": name, "result": value, "traceback": name, "name": name, "children": value}
    try:
        found = result_of("id", open_payload(dumped(meta)))
    except UnreadableResult:
        return

    strict(msgspec.structs.replace(found, args=None, kwargs=None))


@given(value=values, name=texts)
def test_every_queued_message_can_be_written_as_strict_json(value: Any, name: str) -> None:
    body = base64.b64encode(dumped([[value], {name: value}, {}])).decode()
    headers = {"task": "t", "id": "i", "timelimit": [value, value], "retries": value}
    envelope = {"body": body, "properties": {"body_encoding": "base64"}, "headers": headers}

    found = queued(dumped(envelope))

    strict([bounded(found.args, 1000), bounded(found.kwargs, 1000)])
    strict(msgspec.structs.replace(found, args=None, kwargs=None, headers={}))


@given(values)
def test_an_answer_is_written_whatever_is_in_it(value: Any) -> None:
    written = encode_json(Result(task_id="i", state="SUCCESS", result=value))

    strict(msgspec.json.decode(written))


def test_half_a_pair_stays_recognisable() -> None:
    found = result_of("i", open_payload(rb'{"status": "SUCCESS", "result": ["a\ud800b"]}'))

    assert found.result == [r"a\ud800b"]


def test_arguments_stay_as_sent_for_whoever_sends_them_again() -> None:
    found = result_of("i", open_payload(rb'{"status": "SUCCESS", "args": ["\ud800"]}'))

    assert found.args == ["\ud800"]
    assert not is_strict(found.args)


def test_a_text_is_cut_after_its_characters_were_escaped() -> None:
    body = dumped({"type": "task-sent", "uuid": "u", "hostname": "h", "name": "\ud800" * 400})

    (event,) = events_of(Frame(body), NOW).events

    assert event.name is not None
    assert len(event.name) == 512


#: As they came, and as they are shown; `ui/src/format/visible.test.ts` has the same.
SHOWN = [
    ("plain ascii ~", "plain ascii ~"),
    ("Straße 工作 🎉 ❤️", "Straße 工作 🎉 ❤️"),
    ("a\x1b]8;;http://x\x07b", r"a\x1b]8;;http://x\x07b"),
    ("a\x9b31mb\x85c", r"a\x9b31mb\x85c"),
    ("a\x00b\x7fc", r"a\x00b\x7fc"),
    ("a\u2028b\u2029c", r"a\u2028b\u2029c"),
    ("a\u200b\u200c\u200d\u200e\u200fb", r"a\u200b\u200c\u200d\u200e\u200fb"),
    ("a\u202a\u202b\u202c\u202d\u202eb", r"a\u202a\u202b\u202c\u202d\u202eb"),
    ("a\u2066\u2067\u2068\u2069b", r"a\u2066\u2067\u2068\u2069b"),
    ("a\u061c\u00ad\u180e\ufeffb", r"a\u061c\xad\u180e\ufeffb"),
    ("a\U000e0041\U000e007fb", r"a\U000e0041\U000e007fb"),
    ("a\u3164\uffa0\u115f\u2800\u034fb", r"a\u3164\uffa0\u115f\u2800\u034fb"),
    ("a\ufff9\ue000b", r"a\ufff9\ue000b"),
    ("a\ud800b", r"a\ud800b"),
]


@pytest.mark.parametrize(("came", "shown"), SHOWN)
def test_what_cannot_be_seen_is_shown_as_its_escape(came: str, shown: str) -> None:
    assert visible(came) == shown


@given(st.text(st.characters()))
def test_what_is_shown_encodes_and_has_nothing_to_hide(text: str) -> None:
    encodable(text).encode()
    visible(text).encode()

    assert visible(visible(text)) == visible(text)
