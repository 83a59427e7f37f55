"""One message, however it was made, costs the collector and the pages little."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.security.costly import GROUPS
from umbel.broker.base import Frame
from umbel.broker.deliveries import Deliveries
from umbel.broker.envelope import UNREADABLE, open_envelope
from umbel.results.payload import UnreadableResult, open_payload
from umbel.services.ingest.message_bodies import events_of

NOW = 1_800_000_000.0
GOOD = b'{"type":"task-sent","timestamp":1799999999,"uuid":"a","hostname":"h"}'


@pytest.mark.parametrize("group", GROUPS)
def test_no_message_takes_long_or_much_memory(group: str) -> None:
    asked = [sys.executable, "-m", "tests.security.costly", group]

    done = subprocess.run(asked, capture_output=True, text=True, check=True)

    became = json.loads(done.stdout)
    assert len(became) > 5
    assert {name: what for name, what in became.items() if what} == {}, done.stderr


def test_a_message_that_is_given_up_is_counted_and_says_why() -> None:
    found = events_of(Frame(b"[" + b"{}," * 2_000_000 + GOOD + b"]"), NOW)

    (fault,) = found.faults
    assert (fault.reason, found.events) == ("too-much", [])
    assert "more than 100,000 values" in fault.message


def test_the_events_before_too_many_faults_are_kept() -> None:
    found = events_of(Frame(b"[" + GOOD + b"," + b"{}," * 50_000 + GOOD + b"]"), NOW)

    assert [event.uuid for event in found.events] == ["a"]
    assert found.faults[-1].reason == "too-much"


def test_many_good_events_in_one_message_are_all_taken() -> None:
    found = events_of(Frame(b"[" + b",".join([GOOD] * 5_000) + b"]"), NOW)

    assert (len(found.events), found.faults) == (5_000, [])


def test_a_long_text_full_of_commas_and_quotes_is_one_value() -> None:
    text = json.dumps(repr({"a": ['"', ","]}) * 200_000).encode()

    found = events_of(Frame(GOOD[:-1] + b',"args":' + text + b"}"), NOW)

    assert (len(found.events), found.faults) == (1, [])


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"[" * 200, "not-yaml"),
        (b"a: &x [1]\nb: *x\n", "not-yaml"),
        (b"- 1\n" * 5_000, "not-yaml"),
        (b"a" * 70_000, "too-large"),
        (b"!!python/object/apply:os.system ['true']", "not-yaml"),
    ],
)
def test_yaml_is_small_flat_and_without_aliases(body: bytes, reason: str) -> None:
    pytest.importorskip("yaml")

    found = events_of(Frame(body, content_type="application/x-yaml"), NOW)

    assert [fault.reason for fault in found.faults] == [reason]


@pytest.mark.parametrize(
    "payload",
    [
        b'{"body":"","properties":{},"headers":{"compression":' + b"[" * 5_000,
        b'{"body":"","properties":{},"x":' + b"[" * 5_000 + b"]" * 5_000 + b"}",
    ],
)
def test_an_envelope_nested_too_deeply_is_handed_on_as_unreadable(payload: bytes) -> None:
    assert open_envelope(payload).content_type == UNREADABLE


def test_a_delivery_whose_header_no_reader_takes_is_unreadable_and_the_next_is_read() -> None:
    deliveries = Deliveries(1, 0, lambda _: None)
    table = b""
    for _ in range(5_000):
        table = b"\x01aF" + len(table).to_bytes(4, "big") + table
    bad = b"\x20\x00" + len(table).to_bytes(4, "big") + table
    deliveries.buffer += delivered(1, bad, b"{}") + delivered(2, b"\x00\x00", GOOD)

    found = deliveries.take()

    assert [frame.content_type for frame in found] == [UNREADABLE, "application/json"]


def delivered(tag: int, properties: bytes, body: bytes) -> bytes:
    """The frames of one delivery (AMQP 0-9-1, 4.2.3 to 4.2.6)."""
    method = b"\x00\x3c\x00\x3c\x01c" + tag.to_bytes(8, "big") + b"\x00\x00\x00"
    header = b"\x00\x3c\x00\x00" + len(body).to_bytes(8, "big") + properties
    return b"".join(
        bytes([kind]) + b"\x00\x01" + len(part).to_bytes(4, "big") + part + b"\xce"
        for kind, part in ((1, method), (2, header), (3, body))
    )


def test_a_result_of_too_many_values_says_so() -> None:
    with pytest.raises(UnreadableResult, match="more than 200,000 values"):
        open_payload(b'{"status":"SUCCESS","result":[' + b"{}," * 300_000 + b"{}]}")
