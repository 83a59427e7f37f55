"""Payloads of result backends, decoded from bytes to JSON values.

What is there tells its own serializer, so that a monitor without the application's settings
reads it as well: JSON and msgpack are decoded to plain values; pickle, YAML and everything
else raise `UnreadableResult`, with the task's state as far as it can be told without loading
anything. Compressed metas (celery/backends/base.py, `compress_payload`) are opened up to a
bound.
"""

from __future__ import annotations

import base64
import pickletools
import re
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from umbel.bounded_json import VALUES_MAX, ValueTooLarge, read_json
from umbel.decompression import OPENERS, opened_max
from umbel.msgpack_size import check_msgpack
from umbel.results.base import UNKNOWN

#: A larger meta, packed or not, is not opened, bytes.
META_MAX: Final = 16 * 1024 * 1024
#: What is nested more deeply is not read from msgpack.
_DEPTH_MAX: Final = 200

_COMPRESSED: Final = b"\x00celery-compressed\x00"
_YAML_STATE: Final = re.compile(rb"(?m)^status: (['\"]?)([A-Z][A-Z_]{0,60})\1\s*$")
_STATE: Final = re.compile(r"[A-Z][A-Z_]{0,60}")
#: So many instructions of a pickle are looked at to find the state, which Celery puts first.
_PICKLE_OPCODES_MAX: Final = 40


class UnreadableResult(Exception):
    """Something is kept that cannot be shown; `why` is a sentence for a person."""

    def __init__(self, why: str, state: str = UNKNOWN) -> None:
        super().__init__(why)
        self.why = why
        self.state = state


def open_payload(raw: object) -> object:
    """The plain values in `raw`, as the backend gave it: bytes, text, or values already.

    Raises `UnreadableResult`.
    """
    if isinstance(raw, Mapping):
        return dict(raw)
    if isinstance(raw, str):
        raw = raw.encode("utf-8", "surrogatepass")
    if not isinstance(raw, bytes | bytearray | memoryview):
        raise UnreadableResult(f"The backend gave a {type(raw).__name__} where a result belongs.")
    return _decoded(_unpacked(_bounded(bytes(raw), META_MAX)))


def _bounded(body: bytes, most: int) -> bytes:
    if len(body) > most:
        raise UnreadableResult(f"It is larger than {most // 2**20} MB, so it was not opened.")
    return body


def _decoded(body: bytes) -> object:
    if body[:1] == b"\x80":
        raise UnreadableResult(
            "It is pickled, and Umbel never loads pickle. "
            "Set result_serializer = 'json' in the application.",
            pickled_state(body),
        )
    try:
        if body[:1] > b"\x7f":
            return _msgpack(body)
        return read_json(body)
    except RecursionError:
        raise UnreadableResult("It is nested too deeply to be shown.") from None
    except ValueTooLarge as error:
        raise UnreadableResult(f"It cannot be shown: {error}.") from None
    except (ValueError, msgspec.MsgspecError):
        raise _neither(body) from None


def _msgpack(body: bytes) -> object:
    check_msgpack(body, values_max=VALUES_MAX, depth_max=_DEPTH_MAX)
    return _as_json(msgspec.msgpack.decode(body, ext_hook=_extension))


def _neither(body: bytes) -> UnreadableResult:
    found = _YAML_STATE.search(body[:META_MAX])
    if found:
        return UnreadableResult(
            "It is YAML, which Umbel does not read from result backends. "
            "Set result_serializer = 'json' in the application.",
            found[2].decode(),
        )
    return UnreadableResult(
        "It is neither JSON nor msgpack. Set result_serializer = 'json' in the application."
    )


def _extension(_code: int, data: memoryview) -> str:
    return bytes(data).decode("utf-8", "replace")


def _as_json(value: Any) -> object:
    """msgpack knows bytes and keys of any kind, which JSON does not. Bytes are wrapped as kombu
    wraps them in JSON (kombu/utils/json.py), so that arguments stay what was sent."""
    if isinstance(value, dict):
        return {_key(k): _as_json(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_as_json(each) for each in value]
    if isinstance(value, bytes):
        return _wrapped(value)
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def _key(key: object) -> str:
    return key.decode("utf-8", "replace") if isinstance(key, bytes) else str(key)


def _wrapped(value: bytes) -> dict[str, str]:
    try:
        return {"__type__": "bytes", "__value__": value.decode()}
    except UnicodeDecodeError:
        return {"__type__": "base64", "__value__": base64.b64encode(value).decode()}


def pickled_state(body: bytes) -> str:
    """The state in a pickled meta, read off its instructions without executing any."""
    texts: list[str] = []
    try:
        for at, (_, argument, _) in enumerate(pickletools.genops(body)):
            if isinstance(argument, str):
                texts.append(argument)
            if len(texts) == 2 or at > _PICKLE_OPCODES_MAX:
                break
    except Exception:
        return UNKNOWN
    if len(texts) == 2 and texts[0] == "status" and _STATE.fullmatch(texts[1]):
        return texts[1]
    return UNKNOWN


def _unpacked(body: bytes) -> bytes:
    if not body.startswith(_COMPRESSED):
        return body
    kind, _, packed = body[len(_COMPRESSED) :].partition(b"\x00")
    opener = OPENERS.get(kind.decode("utf-8", "replace"))
    if opener is None:
        raise UnreadableResult(
            f"It is compressed as {kind[:60].decode('utf-8', 'replace')!r}, "
            "which Umbel does not open. Set result_compression = 'gzip' in the application."
        )
    most = opened_max(opener, META_MAX)
    try:
        return _bounded(opener().decompress(packed, most + 1), most)
    except UnreadableResult:
        raise
    except Exception as error:
        raise UnreadableResult(f"Its compression is damaged: {error}.") from error
