"""Messages that were made to cost much, each read in a process with a bound on its time and
memory. `python -m tests.security.costly` prints, as JSON, what became of each.

The bounds are many times what a reader promises (half a second, 64 MB), since machines differ;
what they are there to find takes ten times as much again, or grows with the square.
"""

from __future__ import annotations

import base64
import bz2
import json
import lzma
import os
import pickle
import resource
import sys
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Final

import msgspec
import zstandard

from umbel.broker.base import Frame
from umbel.broker.command_replies import replies_in
from umbel.broker.envelope import open_envelope
from umbel.broker.queued_messages import queued
from umbel.results.meta import result_of
from umbel.results.payload import UnreadableResult, open_payload
from umbel.results.pickled import read_pickle
from umbel.services.ingest.message_bodies import events_of
from umbel.services.jsonable import jsonable

#: Seconds of CPU, and bytes beyond what the process has when it begins.
SECONDS: Final = 4
MEMORY: Final = 200 * 2**20

JSON, YAML, MSGPACK = "application/json", "application/x-yaml", "application/x-msgpack"
NOW: Final = 1_800_000_000.0
MB: Final = 2**20

#: What is repeated to the length of a body.
JSON_PARTS: Final = {
    "empty objects": b"{},",
    "empty lists": b"[],",
    "zeros": b"0,",
    "quoted quotes": b'"a\\""',
    "quoted quotes between commas": b'"a\\"",',
    "quotes": b'"',
    "backslashes": b"\\",
    "open lists": b"[",
    "open objects": b'{"a":',
    "digits": b"1",
    "numbers out of range": b"1e999999,",
    "not a number": b"NaN,",
    "halves of pairs": b'"\\ud800",',
    "faulty events": b'{"type":"task-sent","hostname":"h","uuid":1},',
    "one key again and again": b'"a":1,',
    "small events": b'{"type":"task-sent","timestamp":1600000000,"uuid":"a","hostname":"h"},',
    "letters that take four bytes": '"\U0001f600",'.encode(),
}
YAML_PARTS: Final = {
    "open lists": "[", "open objects": "{", "dashes": "- ", "questions": "? ", "comments": "# \n",
    "merges": "<<: {a: 1}\n", "documents": "---\n", "dates": "- 2001-12-14t21:59:43.10-05:00\n",
    "digits": "1", "sexagesimal": "1:", "lines": "a: 1\n", "spaces": " ", "directives": "%a b\n",
}  # fmt: skip


def events() -> Iterator[tuple[str, Callable[[], object]]]:
    """Messages as events: name, and what reads one."""

    def read(body: bytes, kind: str = JSON, encoding: str = "utf-8", packed: str = "") -> object:
        headers: dict[str, object] | None = {"compression": packed} if packed else None
        return events_of(Frame(body, 0, None, kind, encoding, headers), NOW)

    for name, part in JSON_PARTS.items():
        for size in (MB // 4 - 10, 4 * MB - 10):
            yield f"{name}, {size} bytes", partial(read, listed(part, size))
    for name, text in YAML_PARTS.items():
        for size in (60_000, MB):
            body = (text * (size // len(text))).encode()
            yield f"YAML {name}, {size} bytes", partial(read, body, YAML)
    yield "packed YAML", lambda: read(zlib.compress(b"[" * 2 * MB), YAML, packed="gzip")
    packers: dict[str, Callable[[bytes], bytes]] = {
        "gzip": zlib.compress, "bzip2": bz2.compress, "lzma": lzma.compress,
        "zstd": zstandard.compress,
    }  # fmt: skip
    for name, pack in packers.items():
        for size in (5 * MB, 17 * MB):
            packed = pack(b"{}," * (size // 3) if name != "bzip2" else b" " * size)
            yield f"{name} of {size} bytes", partial(read, packed, packed=name)
    noise = bz2.compress(os.urandom(3 * MB))
    yield "bzip2 of noise", lambda: read(noise, packed="bzip2")
    for encoding in ("punycode", "idna", "unicode_escape", "utf-7", "x" * MB):
        yield f"encoding {encoding[:20]}", partial(read, b"a-" * 2 * MB, encoding=encoding)
    for name, body in msgpack_bodies():
        yield f"msgpack {name}", partial(read, body, MSGPACK)
    yield (
        "a load of a million numbers",
        lambda: read(
            b'{"type":"worker-heartbeat","hostname":"h","loadavg":' + listed(b"1,", 2 * MB) + b"}"
        ),
    )


def envelopes() -> Iterator[tuple[str, Callable[[], object]]]:
    """kombu's envelopes, as the collector opens them and as queues are looked into."""
    deep = b"[" * MB
    many = listed(b"{},", 15 * MB)
    body = base64.b64encode(listed(b"{},", 5 * MB))
    payloads = {
        "deep headers": b'{"body":"","properties":{},"headers":{"compression":' + deep + b"}}",
        "deep and unknown": b'{"body":"","properties":{},"x":' + deep + b"}",
        "many headers": b'{"body":"","properties":{},"headers":{"compression":' + many + b"}}",
        "many properties": b'{"body":"","properties":{"x":' + many + b"}}",
        "a long number": b'{"body":"","properties":{"priority":' + b"1" * MB + b"}}",
        "a large body": b'{"body":"%s","properties":{"body_encoding":"base64"}}' % body,
        "a huge body": b'{"body":"%s","properties":{"body_encoding":"base64"}}' % (b"A" * 40 * MB),
    }
    for name, payload in payloads.items():
        yield f"envelope, {name}", partial(opened, payload)
        yield f"queue, {name}", partial(queued, payload)


def answers() -> Iterator[tuple[str, Callable[[], object]]]:
    """Answers of workers, and results."""
    for name, part in JSON_PARTS.items():
        for size in (MB // 4 - 10, 2 * MB):
            body = b'{"w@h":' + listed(part, size) + b"}"
            yield f"answer, {name}, {size} bytes", partial(answer, body)
            meta = b'{"status":"SUCCESS","result":' + listed(part, size) + b"}"
            yield f"result, {name}, {size} bytes", partial(result, meta)
    for name, body in msgpack_bodies():
        yield f"result, msgpack {name}", partial(result, body)
    mark = b"\x00celery-compressed\x00application/x-gzip\x00"
    bomb = mark + zlib.compress(listed(b"{},", 20 * MB))
    yield "result, packed", lambda: result(bomb)


def pickles() -> Iterator[tuple[str, Callable[[], object]]]:
    """Pickles, of which nothing is loaded."""
    shared = pickle.dumps(["x" * MB] * 1)[:-1]
    bodies = {
        "objects around objects": around(60),
        "one text many times": b"\x80\x04](" + text_of("x" * MB) + b"\x940" + b"h\x00" * MB + b"e.",
        "one list many times": b"\x80\x04]\x94" + b"(h\x00h\x00e" * 40 + b".",
        "a long number": b"\x80\x02\x8b" + (4 * MB).to_bytes(4, "little") + b"\x7f" * 4 * MB + b".",
        "digits": b"\x80\x02L" + b"1" * MB + b"L\n.",
        "marks": b"\x80\x02" + b"(" * 8 * MB,
        "cut": shared,
    }
    for name, body in bodies.items():
        yield f"pickle, {name}", partial(pickled, body)


def listed(part: bytes, size: int) -> bytes:
    """A list of so many bytes."""
    return b"[" + part * (size // len(part)) + b"{}]"


def msgpack_bodies() -> Iterator[tuple[str, bytes]]:
    yield "nested", b"\x91" * MB
    yield "a list of four thousand millions", b"\xdd\xff\xff\xff\xff"
    yield "a map of four thousand millions", b"\xdf\xff\xff\xff\xff\x01"
    yield "sixteen million announced", b"\xdd\x00\xff\xff\xff" + b"\x80" * MB
    yield "a million objects", b"\xdd\x00\x0f\x00\x00" + b"\x80" * MB
    yield "fifty thousand objects", b"\xdc\xbf\x00" + b"\x80" * 0xBF00
    yield "a text that is not there", b"\xdb\xff\xff\xff\xffaa"
    keys = b"".join(colliding(each) + b"\xc0" for each in range(12_000))
    yield "keys that collide", b"\xde" + (12_000).to_bytes(2, "big") + keys


def colliding(number: int) -> bytes:
    """A key in msgpack that is a list of two numbers."""
    return b"\x92\xcf" + number.to_bytes(8, "big") + b"\xcf" + (7 * number).to_bytes(8, "big")


def around(depth: int) -> bytes:
    """A pickle of an object whose argument is a list of an object, and so on."""
    inner = text_of("a'b\"")
    for _ in range(depth):
        inner = b"cm\nC\n(](" + inner + b"etR"
    return b"\x80\x02" + inner + b"."


def text_of(text: str) -> bytes:
    raw = text.encode()
    return b"X" + len(raw).to_bytes(4, "little") + raw


def opened(payload: bytes) -> object:
    return events_of(open_envelope(payload), NOW)


def answer(body: bytes) -> object:
    return [jsonable(reply.value) for reply in replies_in(Frame(body))]


def result(body: bytes) -> object:
    try:
        return msgspec.json.encode(result_of("id", open_payload(body)))
    except UnreadableResult as error:
        return error.why


def pickled(body: bytes) -> object:
    try:
        return msgspec.json.encode(jsonable(read_pickle(body)))
    except UnreadableResult as error:
        return error.why


GROUPS: Final = {"events": events, "envelopes": envelopes, "answers": answers, "pickles": pickles}


def main(group: str) -> dict[str, str]:
    """By name of a message what was wrong with reading it; empty for what was right."""
    size = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    return {name: _apart(read, size) for name, read in GROUPS[group]()}


def _apart(read: Callable[[], object], size: int) -> str:
    child = os.fork()
    if child == 0:
        held = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
        resource.setrlimit(resource.RLIMIT_AS, (max(held, size) + MEMORY,) * 2)
        try:
            read()
        except BaseException as error:
            sys.stderr.write(f"{type(error).__name__}: {error}"[:500] + "\n")
            os._exit(1)
        os._exit(0)
    status = os.waitpid(child, 0)[1]
    if os.WIFSIGNALED(status):
        return f"ended by signal {os.WTERMSIG(status)}: too long"
    return "" if status == 0 else "raised, or took too much memory"


if __name__ == "__main__":
    json.dump(main(sys.argv[1]), sys.stdout)
