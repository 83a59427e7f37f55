"""What a backend keeps is decoded to plain values, or told to be unreadable."""

from __future__ import annotations

import bz2
import contextlib
import json
import lzma
import pickle
import zlib
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from umbel.results.base import UNKNOWN
from umbel.results.payload import META_MAX, UnreadableResult, open_payload, pickled_state

META: dict[str, Any] = {"status": "SUCCESS", "result": {"a": [1, 2.5, None, "é"]}}
MARK = b"\x00celery-compressed\x00"


@pytest.mark.parametrize(
    "raw",
    [
        json.dumps(META),
        json.dumps(META).encode(),
        memoryview(json.dumps(META).encode()),
        msgspec.msgpack.encode(META),
        META,
    ],
)
def test_json_and_msgpack_are_decoded_whatever_the_settings_say(raw: object) -> None:
    assert open_payload(raw) == META


def test_what_python_writes_as_json_is_read() -> None:
    assert (
        repr(open_payload(b'[NaN, -Infinity, "\\ud800", 1e400]')) == "[nan, -inf, '\\ud800', inf]"
    )


def test_whole_numbers_of_any_size_stay_exact() -> None:
    assert open_payload(b"[123456789012345678901234567890]") == [123456789012345678901234567890]


def test_bytes_in_msgpack_are_wrapped_as_in_json() -> None:
    assert open_payload(msgspec.msgpack.encode({"args": [b"ab\xff", b"ab"], "n": {1: 2}})) == {
        "args": [
            {"__type__": "base64", "__value__": "YWL/"},
            {"__type__": "bytes", "__value__": "ab"},
        ],
        "n": {"1": 2},
    }


@pytest.mark.parametrize(
    ("kind", "pack"),
    [
        (b"application/x-gzip", zlib.compress),
        (b"application/x-bz2", bz2.compress),
        (b"application/x-lzma", lzma.compress),
        (b"application/zstd", zstandard.compress),
    ],
)
def test_compressed_metas_are_opened_up_to_a_bound(
    kind: bytes, pack: Callable[[bytes], bytes]
) -> None:
    assert open_payload(MARK + kind + b"\x00" + pack(json.dumps(META).encode())) == META
    with pytest.raises(UnreadableResult, match=r"larger than (2|16) MB"):
        open_payload(MARK + kind + b"\x00" + pack(b" " * (META_MAX + 10)))
    with pytest.raises(UnreadableResult, match="damaged"):
        open_payload(MARK + kind + b"\x00" + b"rubbish")


def test_an_unknown_compression_is_named() -> None:
    with pytest.raises(UnreadableResult, match="application/x-brotli"):
        open_payload(MARK + b"application/x-brotli\x00...")


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_a_pickle_tells_its_state_without_being_loaded(protocol: int) -> None:
    with pytest.raises(UnreadableResult, match="never loads pickle") as unreadable:
        open_payload(pickle.dumps(META, protocol))

    assert unreadable.value.state == "SUCCESS"


@pytest.mark.parametrize(
    "value",
    [
        ["status", "SUCCESS"][::-1],
        {"result": "status", "x": "SUCCESS"},
        {"status": 5, "other": "SUCCESS" * 50},
        {"status": "not a state"},
        "x" * 100,
        {},
    ],
)
def test_a_pickle_that_is_no_meta_has_no_known_state(value: object) -> None:
    assert pickled_state(pickle.dumps(value)) == UNKNOWN


def test_yaml_tells_its_state() -> None:
    with pytest.raises(UnreadableResult, match="YAML") as unreadable:
        open_payload("children: []\nresult: 5\nstatus: FAILURE\ntask_id: t\n")

    assert unreadable.value.state == "FAILURE"


@pytest.mark.parametrize("raw", [b"rubbish", b"", b"{", b"\xc1\xff", 5, None, ["x"]])
def test_rubbish_is_unreadable(raw: object) -> None:
    with pytest.raises(UnreadableResult):
        open_payload(raw)


@pytest.mark.parametrize("one", [b"[", b"\x91", b'{"a":'])
def test_deep_nesting_is_unreadable(one: bytes) -> None:
    closing = {b"[": b"]", b"\x91": b"\x01", b'{"a":': b"}"}[one]
    with pytest.raises(UnreadableResult):
        open_payload(one * 100_000 + (closing * 100_000 if one != b"\x91" else closing))


@given(st.binary(max_size=200))
def test_any_bytes_are_decoded_or_unreadable(raw: bytes) -> None:
    for body in (raw, b"\x80" + raw, MARK + raw, MARK + b"application/x-gzip\x00" + raw):
        with contextlib.suppress(UnreadableResult):
            open_payload(body)
