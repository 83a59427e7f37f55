"""Messages of every serializer and compression."""

from __future__ import annotations

import bz2
import json
import lzma
import pickle
import zlib
from pathlib import Path
from typing import Any

import msgspec
import pytest
import zstandard

from umbel.broker.base import Frame
from umbel.broker.compression import BODY_MAX
from umbel.broker.envelope import UNREADABLE
from umbel.services.ingest.message_bodies import events_of, events_of_all

NOW = 1_795_000_000.0
EVENT: dict[str, Any] = {
    "type": "task-started",
    "uuid": "u1",
    "hostname": "w@h",
    "timestamp": NOW,
    "clock": 3,
}
TEXT = json.dumps(EVENT).encode()


def reasons(frame: Frame) -> list[str]:
    decoded = events_of(frame, NOW)
    assert decoded.events == []
    return [fault.reason for fault in decoded.faults]


def uuids(frame: Frame) -> list[str]:
    decoded = events_of(frame, NOW)
    assert decoded.faults == []
    return [event.uuid for event in decoded.events]


def test_a_bad_message_among_good_ones_costs_itself_alone() -> None:
    good = [Frame(json.dumps({**EVENT, "uuid": name}).encode()) for name in "abc"]
    bad = Frame(b"{")
    pickled = Frame(b"x", content_type="application/x-python-serialize")

    for odd in ([bad], [bad, pickled]):
        decoded = events_of_all([good[0], *odd, *good[1:]], NOW)

        assert [event.uuid for event in decoded.events] == ["a", "b", "c"]
        assert [fault.reason for fault in decoded.faults] == ["not-json", "pickle"][: len(odd)]


def test_json_is_decoded() -> None:
    assert uuids(Frame(TEXT)) == ["u1"]


@pytest.mark.parametrize("encoding", ["UTF-8", "binary", "us-ascii", "utf-16", "latin-1"])
def test_other_encodings_of_text_are_read(encoding: str) -> None:
    body = TEXT if encoding == "binary" else TEXT.decode().encode(encoding)

    assert uuids(Frame(body, content_encoding=encoding)) == ["u1"]


@pytest.mark.parametrize("encoding", ["klingon", "\0", "base64", ""])
def test_an_unknown_encoding_is_a_fault(encoding: str) -> None:
    assert reasons(Frame(TEXT, content_encoding=encoding)) == ["encoding"]


def test_msgpack_is_decoded() -> None:
    body = msgspec.msgpack.encode([EVENT, EVENT])

    assert uuids(Frame(body, content_type="application/x-msgpack")) == ["u1", "u1"]


def test_yaml_is_decoded() -> None:
    assert uuids(Frame(TEXT, content_type="application/x-yaml")) == ["u1"]


@pytest.mark.parametrize(
    "text",
    [
        "!!python/object/apply:os.system ['true']",
        "[&a [x, x], *a]",
        "{unclosed",
    ],
)
def test_yaml_that_is_more_than_plain_values_is_a_fault(text: str) -> None:
    assert reasons(Frame(text.encode(), content_type="application/x-yaml")) == ["not-yaml"]


def test_damaged_msgpack_is_a_fault() -> None:
    assert reasons(Frame(b"\xc1", content_type="application/x-msgpack")) == ["not-msgpack"]


class Bomb:
    """Leaves a file behind where it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.path,)


def test_pickle_is_counted_and_never_loaded(tmp_path: Path) -> None:
    body = pickle.dumps(Bomb(tmp_path / "boom"))

    assert reasons(Frame(body, content_type="application/x-python-serialize")) == ["pickle"]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", ["application/data", "text/plain", "x" * 10_000, ""])
def test_an_unknown_content_type_is_a_fault(kind: str) -> None:
    assert reasons(Frame(TEXT, content_type=kind)) == ["content-type"]


def test_what_has_not_the_form_of_a_message_is_a_fault_of_its_own() -> None:
    assert reasons(Frame(TEXT, content_type=UNREADABLE)) == ["unreadable"]


PACKERS: dict[str, Any] = {
    "application/x-gzip": zlib.compress,
    "application/x-bz2": bz2.compress,
    "application/x-lzma": lzma.compress,
    "application/zstd": zstandard.ZstdCompressor().compress,
}


@pytest.mark.parametrize("name", PACKERS)
def test_compressed_bodies_are_opened(name: str) -> None:
    assert uuids(Frame(PACKERS[name](TEXT), headers={"compression": name})) == ["u1"]


@pytest.mark.parametrize("name", PACKERS)
def test_a_compressed_bomb_is_opened_only_as_far_as_the_bound(name: str) -> None:
    bomb = PACKERS[name](b" " * (BODY_MAX + 1000))
    assert len(bomb) < 100_000

    assert reasons(Frame(bomb, headers={"compression": name})) == ["too-large"]


@pytest.mark.parametrize("name", PACKERS)
def test_a_damaged_compressed_body_is_a_fault(name: str) -> None:
    assert reasons(Frame(b"\x00not packed", headers={"compression": name})) == ["compression"]


def test_an_unknown_compression_is_a_fault() -> None:
    assert reasons(Frame(TEXT, headers={"compression": "application/rot13"})) == ["compression"]


def test_a_body_over_the_bound_is_not_decoded() -> None:
    assert reasons(Frame(b" " * (BODY_MAX + 1))) == ["too-large"]


def test_a_bad_event_does_not_take_its_neighbours_along() -> None:
    body = json.dumps([EVENT, {"type": "task-started"}, EVENT]).encode()

    decoded = events_of(Frame(body), NOW)

    assert [event.uuid for event in decoded.events] == ["u1", "u1"]
    assert [fault.reason for fault in decoded.faults] == ["no-hostname"]
