"""A task message as it lies in a queue, read without consuming it.

Protocol 2 keeps what describes the task in headers and `[args, kwargs, embed]` in the body;
protocol 1 keeps everything in the body. Only JSON is opened.
Source: celery/app/amqp.py (`as_task_v2`, `as_task_v1`), kombu/transport/virtual/base.py.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Final

import msgspec

from umbel.bounded_json import COUNTED_FROM, VALUES_MAX
from umbel.broker.base import Frame, QueuedMessage
from umbel.broker.command_replies import loaded
from umbel.broker.envelope import ENVELOPE_MAX
from umbel.characters import encodable
from umbel.cluster.events import CHAIN_MAX, LABEL_MAX, UUID_MAX
from umbel.errors import EventError
from umbel.json_size import holds_more

#: Headers that Celery writes (celery/app/amqp.py, `as_task_v2`) and kombu's own.
_CELERYS: Final = frozenset(
    {"lang", "task", "id", "shadow", "eta", "expires", "group", "group_index", "retries",
     "timelimit", "root_id", "parent_id", "argsrepr", "kwargsrepr", "origin", "ignore_result",
     "replaced_task_nesting", "stamped_headers", "stamps", "compression", "meth"}
)  # fmt: skip
#: Parts of `embed` (protocol 2) or of the body (protocol 1), and what they are called.
_FOLLOWING: Final = {
    "callbacks": "link", "errbacks": "link_error", "chain": "chain", "chord": "chord",
}  # fmt: skip
#: No moment is later, Unix seconds: such a stamp counts in another unit.
_MOMENT_MAX: Final = 1e11
#: Longer time limits are nobody's, seconds.
_SECONDS_MAX: Final = 1e12
_WIRE_NAMES: Final = {"type": "content-type", "coding": "content-encoding"}


class _Envelope(msgspec.Struct, frozen=True, rename=_WIRE_NAMES):
    body: str
    properties: dict[str, object] = {}
    headers: dict[str, object] | None = None
    type: str | None = None
    coding: str | None = None


_FOREIGN: Final = "It is no task: no header names one, nor does its body."
_decode: Final = msgspec.json.Decoder(_Envelope).decode


def queued(payload: bytes) -> QueuedMessage:
    """The task message in kombu's envelope `payload`. Never raises for what a list can hold:
    `unreadable` says what could not be understood."""
    size = len(payload)
    if size > ENVELOPE_MAX or (size > COUNTED_FROM and holds_more(payload, VALUES_MAX)):
        return QueuedMessage(
            task_id=None, size_bytes=size, unreadable="It is too large, so it was not opened."
        )
    try:
        envelope = _decode(payload)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return QueuedMessage(
            task_id=None, size_bytes=size, unreadable="This is no message that kombu wrote."
        )
    headers, properties = envelope.headers or {}, envelope.properties
    body, unreadable = _body(envelope)
    if "task" not in headers and isinstance(body, dict):
        fields, args, kwargs = body, body.get("args"), body.get("kwargs")
        embedded: object = body
    else:
        fields = headers
        embedded = body[2] if isinstance(body, list) and len(body) > 2 else None
        args, kwargs, unreadable = _arguments(body, unreadable)
    name = _text(fields.get("task"))
    is_foreign = name is None and body is not None
    hard, soft = _limits(fields.get("timelimit"))
    chord_id, chord_name = _signature(_inside(embedded).get("chord")) or (None, "")
    return QueuedMessage(
        task_id=_text(fields.get("id")) or _text(properties.get("correlation_id")),
        name=name,
        args=None if is_foreign else args,
        kwargs=None if is_foreign else kwargs,
        eta=_text(fields.get("eta")),
        expires=_text(fields.get("expires")),
        retries=_number(fields.get("retries")),
        root_id=_text(fields.get("root_id")),
        parent_id=_text(fields.get("parent_id")),
        priority=_number(properties.get("priority")),
        size_bytes=size,
        unreadable=_FOREIGN if is_foreign else unreadable,
        args_repr=_text(fields.get("argsrepr")),
        kwargs_repr=_text(fields.get("kwargsrepr")),
        shadow=_text(fields.get("shadow")),
        follows=_follows(embedded, fields),
        soft_time_limit_s=soft,
        time_limit_s=hard,
        headers={key: value for key, value in headers.items() if key not in _CELERYS},
        ignore_result=fields.get("ignore_result") is True,
        sent=_moment(properties.get("timestamp")),
        content_type=envelope.type,
        body=body if is_foreign else None,
        group_id=_text(fields.get("group")) or _text(fields.get("taskset")),
        chord_id=chord_id,
        chord_name=chord_name or None,
        chain=_chain(_inside(embedded).get("chain")),
    )


def _follows(embedded: object, fields: Mapping[str, object]) -> tuple[str, ...]:
    """What hangs on the task; protocol 1 names chords `chord` and groups `taskset`."""
    inside = _inside(embedded)
    found = [name for key, name in _FOLLOWING.items() if inside.get(key)]
    return (*found, *(("group",) if fields.get("group") or fields.get("taskset") else ()))


def _inside(embedded: object) -> Mapping[str, object]:
    return embedded if isinstance(embedded, dict) else {}


def _chain(links: object) -> tuple[tuple[str, str], ...]:
    """The next first: Celery takes it from the end."""
    some = reversed(links[-CHAIN_MAX:]) if isinstance(links, list) else ()
    return tuple(link for each in some if (link := _signature(each)) is not None)


def _signature(value: object) -> tuple[str, str] | None:
    """The id under which it will be sent, and its name, "" without one."""
    options = value.get("options") if isinstance(value, dict) else None
    uuid = _text(options.get("task_id")) if isinstance(options, dict) else None
    if uuid is None or len(uuid) > UUID_MAX or not isinstance(value, dict):
        return None
    return uuid, (_text(value.get("task")) or "")[:LABEL_MAX]


def _limits(pair: object) -> tuple[float | None, float | None]:
    """Hard and soft, as Celery writes them."""
    if not isinstance(pair, list) or len(pair) != 2:
        return None, None
    hard, soft = map(_seconds, pair)
    return hard, soft


def _seconds(value: object) -> float | None:
    if not isinstance(value, int | float) or isinstance(value, bool) or abs(value) > _SECONDS_MAX:
        return None
    return float(value)


def _moment(value: object) -> float | None:
    found = _seconds(value)
    return found if found is not None and 0 < found < _MOMENT_MAX else None


def _arguments(body: object, unreadable: str | None) -> tuple[object, object, str | None]:
    if unreadable is None and not (isinstance(body, list) and len(body) >= 2):
        unreadable = "Its body does not hold the arguments of a task."
    if unreadable is not None or not isinstance(body, list):
        return None, None, unreadable
    return body[0], body[1], None


def _body(envelope: _Envelope) -> tuple[object, str | None]:
    try:
        raw = _raw(envelope)
        compression = (envelope.headers or {}).get("compression")
        headers: dict[str, object] | None = {"compression": compression} if compression else None
        return loaded(
            Frame(raw, content_type=envelope.type or "application/json", headers=headers)
        ), None
    except EventError as error:
        return None, error.message


def _raw(envelope: _Envelope) -> bytes:
    if envelope.properties.get("body_encoding") != "base64":
        return envelope.body.encode("utf-8", "replace")
    try:
        return base64.b64decode(envelope.body, validate=True)
    except (binascii.Error, ValueError) as error:
        raise EventError("encoding", f"Its body is not base64: {error}.") from error


def _text(value: object) -> str | None:
    if isinstance(value, Mapping) and isinstance(value.get("__value__"), str):
        # How kombu's JSON writes a date.
        value = value["__value__"]
    return encodable(value) if isinstance(value, str) and value else None


def _number(value: object) -> int | None:
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    return value if abs(value) < 2**63 else None
