"""From the body of a message to events. See `events` for the theory of operation."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

import msgspec

from umbel.bounded_json import COUNTED_FROM, LENIENT_MAX, is_too_long, lenient_json, strict
from umbel.characters import encodable
from umbel.cluster.events import (
    CHAIN_MAX,
    LABEL_MAX,
    LOG_LINES,
    LOG_LINES_MAX,
    LOG_TEXT_MAX,
    RECONCILED,
    TASK_RANK,
    TEXT_MAX,
    UUID_MAX,
    WORKER_KINDS,
    Decoded,
    Event,
    Fault,
    LogLine,
    LogLines,
)
from umbel.cluster.json_split import json_elements
from umbel.json_size import holds_more

#: Events that claim to come from further ahead than this get the time of their arrival.
FUTURE_MAX_S = 86_400.0
#: Nor did Celery send events before 2009.
PAST_MIN = 1_230_768_000.0
DETAIL_MAX = 16_384
SAMPLE_MAX = 400
#: Beyond these, the faults of one message are counted but not looked at one by one: a few
#: megabytes hold millions.
SAMPLED_MAX = 1_000
#: A message with this many faults is given up, and so is one with more values than this, of
#: which Celery's largest events have some twenty: other messages must not wait for it.
FAULTS_MAX = 10_000
VALUES_MAX = 100_000

_decode_fast: Final = msgspec.json.Decoder(Event | list[Event]).decode
_KNOWN_TYPES: Final = frozenset(TASK_RANK) | WORKER_KINDS | {LOG_LINES}
_LABELS: Final = (
    "name",
    "queue",
    "exchange",
    "routing_key",
    "root_id",
    "parent_id",
    "group_id",
    "chord_id",
    "chord_name",
)
_TEXTS: Final = ("args", "kwargs", "args_json", "kwargs_json", "result", "exception", "traceback")
_WIRE_FIELDS: Final = frozenset(Event.__struct_fields__) - {"detail"} | {"utcoffset"}


def decode(body: bytes, received_at: float) -> Decoded:
    """The events of one JSON message, and what in it could not be understood.

    `received_at` (Unix seconds) replaces timestamps that no clock can have meant.
    """
    return decode_all((body,), received_at)


def decode_all(bodies: Iterable[bytes], received_at: float) -> Decoded:
    """The same for several messages, each on its own, in one go: most of the cost of a
    message is what surrounds its decoding."""
    events: list[Event] = []
    faults: list[Fault] = []
    decode_fast, known_types = _decode_fast, _KNOWN_TYPES
    latest = received_at + FUTURE_MAX_S
    for body in bodies:
        if len(body) > COUNTED_FROM and holds_more(body, VALUES_MAX):
            faults.append(_too_much(body))
            continue
        try:
            found = decode_fast(body)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            found = None
        message = (found,) if type(found) is Event else found or ()
        is_usual = found is not None and not (b"\\" in body and b"\\u0000" in body)
        for event in message:
            if (
                event.type not in known_types
                or not PAST_MIN < event.timestamp < latest
                or not event.hostname
                or (not event.uuid and event.type in TASK_RANK)
                or event.runtime == 0  # -0.0 equals 0.0 in other bytes
            ):
                is_usual = False
                break
        if is_usual:
            events += message
        else:
            slowly = _decode_slowly(body, received_at)
            events += slowly.events
            faults += slowly.faults
    return Decoded(events, faults)


def _too_much(body: bytes) -> Fault:
    return Fault(
        "too-much",
        f"The message holds more than {VALUES_MAX:,} values and was not read. "
        "Look for what else publishes to Celery's event exchange.",
        sample(body),
    )


def _decode_slowly(body: bytes, received_at: float) -> Decoded:
    if is_too_long(body):
        message = (
            f"A body of {len(body):,} bytes is not as Celery writes events. "
            f"Beyond {LENIENT_MAX // 2**20} MB Umbel does not look for what can be understood."
        )
        return Decoded([], [Fault("too-much", message, sample(body))])
    text = body.decode("utf-8-sig", "replace")
    try:
        value = lenient_json(text)
    except (ValueError, RecursionError) as error:
        not_json = Fault("not-json", f"The body is not JSON: {error}.", sample(body))
    else:
        return lenient(value, received_at)
    found = _MessageContents(received_at)
    for element in json_elements(text):
        if found.is_given_up():
            break
        try:
            found.add(lenient_json(element))
        except (ValueError, RecursionError) as error:
            found.blame("not-json", f"A part of the body is not JSON: {error}.", element)
    return Decoded(found.events, found.faults or [not_json])


def lenient(value: object, received_at: float) -> Decoded:
    """The same for an already decoded value (another serializer, or an odd message)."""
    if isinstance(value, Mapping):
        value = [value]
    if not isinstance(value, list):
        kind = type(value).__name__
        message = f"The body is {kind}, where an event (an object) or a list of events belongs."
        return Decoded([], [Fault("not-an-event", message, sample(value))])
    found = _MessageContents(received_at)
    for item in value:
        if found.is_given_up():
            break
        found.add(item)
    return Decoded(found.events, found.faults)


class _MessageContents:
    """What one message holds, item by item."""

    def __init__(self, received_at: float) -> None:
        self.events: list[Event] = []
        self.faults: list[Fault] = []
        self._received_at = received_at
        self._alike: dict[str, Fault] = {}

    def add(self, item: object) -> None:
        """An event, if it can be understood; it is judged alone."""
        try:
            self.events.append(_coerce(item, self._received_at))
        except _Unfit as unfit:
            self.blame(unfit.reason, str(unfit), item)
        except (RecursionError, ValueError, TypeError, OverflowError) as error:
            self.blame("odd-field", f"A field cannot be read: {error}.", item)

    def is_given_up(self) -> bool:
        """Whether so much is wrong that the rest is not looked at; a fault tells so, once."""
        if len(self.faults) == FAULTS_MAX:
            message = f"{FAULTS_MAX:,} parts of a message were wrong, so the rest was not read."
            self.faults.append(Fault("too-much", message, ""))
        return len(self.faults) > FAULTS_MAX

    def blame(self, reason: str, message: str, item: object) -> None:
        """One more fault, for which one like it stands when there are very many."""
        fault = self._alike.get(reason) if len(self.faults) >= SAMPLED_MAX else None
        if fault is None:
            fault = self._alike[reason] = Fault(reason, _clean(message), sample(item))
        self.faults.append(fault)


class _Unfit(Exception):
    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


def _coerce(item: object, received_at: float) -> Event:
    if not isinstance(item, Mapping):
        raise _Unfit("not-an-event", f"A {type(item).__name__} stands where an event belongs.")
    kind = item.get("type")
    if not isinstance(kind, str) or not kind:
        raise _Unfit("no-type", "The event has no type.")
    if kind.startswith(RECONCILED):
        raise _Unfit("odd-type", f"Only Umbel itself makes facts of the type {kind[:60]}.")
    hostname = _label(item.get("hostname"))
    if not hostname:
        raise _Unfit("no-hostname", f"The {kind[:60]} event does not say which node sent it.")
    uuid = item.get("uuid")
    if isinstance(uuid, str):
        uuid = _clean(uuid[: UUID_MAX + 1])
    if (kind in TASK_RANK or kind == LOG_LINES) and not uuid:
        raise _Unfit("no-uuid", f"The {kind} event does not say which task it is about.")
    if uuid is not None and (not isinstance(uuid, str) or not 0 < len(uuid) <= UUID_MAX):
        raise _Unfit("odd-uuid", f"A task id must be text of 1 to {UUID_MAX} characters.")
    fields: dict[str, Any] = {
        field: reader(item[field])
        for field, reader in _READERS.items()
        if item.get(field) is not None
    }
    if kind not in _KNOWN_TYPES:
        fields["detail"] = _detail(item)
    return Event(
        type=_label(kind) or "",
        timestamp=_timestamp(item.get("timestamp"), received_at),
        hostname=hostname,
        uuid=uuid or "",
        **fields,
    )


def _timestamp(value: object, received_at: float) -> float:
    number = _number(value)
    if number is None or not PAST_MIN < number < received_at + FUTURE_MAX_S:
        return received_at
    return number


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _seconds(value: object) -> float | None:
    number = _number(value)
    return number + 0.0 if number is not None and abs(number) <= 1e12 else None


def _integer(value: object) -> int | None:
    """A number as stores can hold it: 64 bits with a sign."""
    number = value if type(value) is int else _number(value)
    return int(number) if number is not None and -(2**63) <= number < 2**63 else None


def _flag(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


def _clean(text: str) -> str:
    """Text that every store can hold: no NUL, no lone surrogate."""
    if "\0" in text:
        text = text.replace("\0", "\N{SYMBOL FOR NULL}")
    return encodable(text)


def _cut(text: str, longest: int) -> str:
    cut = _clean(text[:longest])  # which may have made it longer
    if len(text) <= longest and len(cut) <= longest:
        return cut
    mark = f"… [cut by Umbel, {len(text):,} characters]"
    return cut[: longest - len(mark)] + mark


def _label(value: object) -> str | None:
    if not isinstance(value, str):
        return None if value is None else _label(str(value)[:LABEL_MAX])
    cut = _clean(value[: LABEL_MAX + 1])
    return cut if len(cut) <= LABEL_MAX else cut[: LABEL_MAX - 1] + "…"


def _text(value: object) -> str:
    if isinstance(value, str):
        return _cut(value, TEXT_MAX)
    return _cut(_compact(value), TEXT_MAX)


def _compact(value: object) -> str:
    return json.dumps(strict(value), ensure_ascii=False, separators=(", ", ": "))


def _detail(item: Mapping[str, object]) -> str:
    rest = {key: value for key, value in item.items() if key not in _WIRE_FIELDS}
    return _cut(_compact(rest), DETAIL_MAX)


def _log_lines(value: object) -> LogLines:
    """Raises `ValueError` or `TypeError` for another shape."""
    if not isinstance(value, list | tuple) or len(value) < 5:
        raise TypeError("log lines are a list of five")
    started, first, written, left_out, lines = value[:5]
    return LogLines(
        _timestamp_of_line(started), _ordinal(first), _ordinal(written), _ordinal(left_out),
        tuple(_log_line(*line[:5]) for line in lines[:LOG_LINES_MAX]),
    )  # fmt: skip


def _log_line(at: object, level: object, logger: object, text: object, cut: object = 0) -> LogLine:
    kept = _text(text)
    more = max(0, len(kept) - LOG_TEXT_MAX)
    return LogLine(
        _timestamp_of_line(at), _integer(level) or 0, _label(logger) or "",
        kept[:LOG_TEXT_MAX], _ordinal(cut) + more,
    )  # fmt: skip


def _timestamp_of_line(value: object) -> float:
    return _seconds(value) or 0.0


def _ordinal(value: object) -> int:
    return min(max(0, _integer(value) or 0), 2**62)


def _loads(value: object) -> tuple[float, ...] | None:
    if not isinstance(value, list | tuple):
        return None
    numbers = [number for entry in value[:3] if (number := _number(entry)) is not None]
    return tuple(numbers)


def _chain(value: object) -> tuple[tuple[str, str], ...] | None:
    if not isinstance(value, list | tuple):
        return None
    pairs = [
        pair for pair in value[:CHAIN_MAX] if isinstance(pair, list | tuple) and len(pair) == 2
    ]
    read = [(_label(uuid) or "", _label(name) or "") for uuid, name in pairs]
    return tuple((uuid, name) for uuid, name in read if 0 < len(uuid) <= UUID_MAX)


_READERS: Final[dict[str, Callable[[object], Any]]] = {
    **dict.fromkeys(("pid", "clock", "retries", "signum", "active", "processed"), _integer),
    **dict.fromkeys(("runtime", "freq"), _seconds),
    **dict.fromkeys(_LABELS, _label),
    **dict.fromkeys(("eta", "expires", "sw_ident", "sw_ver", "sw_sys"), _label),
    **dict.fromkeys(_TEXTS, _text),
    **dict.fromkeys(("terminated", "expired", "requeue"), _flag),
    "loadavg": _loads,
    "chain": _chain,
    "log_lines": _log_lines,
}


def sample(value: object) -> str:
    """The first characters of anything, safe to store and to show."""
    if isinstance(value, bytes):
        text = value[: SAMPLE_MAX * 4].decode("utf-8", "replace")
    else:
        try:
            text = _compact(value) if not isinstance(value, str) else value
        except (RecursionError, ValueError, TypeError):
            text = f"({type(value).__name__})"
    return _clean(text[:SAMPLE_MAX]) + ("…" if len(text) > SAMPLE_MAX else "")
