"""The messages of `tests/fixtures/events`, captured from real workers."""

from __future__ import annotations

import base64
import json
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from umbel.cluster.decode import decode
from umbel.cluster.events import Event

DIRECTORY = Path(__file__).parents[1] / "fixtures" / "events"

#: Every capture, by the name of its file without the ending.
CAPTURES = tuple(sorted(path.stem for path in DIRECTORY.glob("events_*.jsonl")))


class Message(NamedTuple):
    """One message as the broker gave it: when (Unix seconds), and the decoded body's bytes."""

    captured_at: float
    body: bytes


@cache
def messages(capture: str) -> tuple[Message, ...]:
    """Every message of one capture, in the order in which they came."""
    lines = (DIRECTORY / f"{capture}.jsonl").read_text().splitlines()
    return tuple(_message(json.loads(line)) for line in lines)


def _message(line: dict[str, Any]) -> Message:
    if "data" in line:
        body = base64.b64decode(json.loads(line["data"])["body"])
    else:
        body = line["body"].encode()
    return Message(line["captured_at"], body)


@cache
def events(capture: str) -> tuple[Event, ...]:
    """Every event of one capture, as `decode` understands it, in order of arrival."""
    return tuple(
        event
        for message in messages(capture)
        for event in decode(message.body, message.captured_at).events
    )


@cache
def task_events(capture: str) -> dict[str, tuple[Event, ...]]:
    """The task events of one capture by task, in order of arrival."""
    found: dict[str, list[Event]] = {}
    for event in events(capture):
        if event.is_task:
            found.setdefault(event.uuid, []).append(event)
    return {uuid: tuple(told) for uuid, told in found.items()}


@cache
def raw_events(capture: str) -> tuple[dict[str, Any], ...]:
    """Every event of one capture as the JSON object that it was."""
    bodies = [json.loads(message.body) for message in messages(capture)]
    return tuple(e for body in bodies for e in (body if isinstance(body, list) else [body]))


@cache
def scenarios(transport: str) -> dict[str, Any]:
    """Task ids by scenario of `events_amqp` or `events_redis`."""
    found: dict[str, Any] = json.loads((DIRECTORY / f"ids_{transport}.json").read_text())
    return found
