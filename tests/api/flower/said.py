"""Answers made comparable: what must differ from run to run is replaced by what it is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from tests.api.flower.stage import Stage, Subject
from tests.api.flower.steps import LENGTHS_ON_RABBITMQ, Step

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_TIMES = frozenset(
    {
        "timestamp", "received", "sent", "started", "succeeded", "failed", "retried", "revoked",
        "rejected",
    }
)  # fmt: skip
_OTHERS = {"runtime": "SPAN", "clock": "CLOCK", "client": "CLIENT", "traceback": "TRACEBACK",
           "eta": "DATE", "expires": "DATE"}  # fmt: skip


class Said(NamedTuple):
    """One answer: `kind` is `page` for what is asked for as one, `json`, or `text` for all else;
    the text of an error that is only a page or empty is None."""

    status: int
    kind: str
    body: Any

    def as_recorded(self) -> dict[str, Any]:
        return {"status": self.status, "kind": self.kind, "body": self.body}


def ask(stage: Stage, subject: Subject, step: Step) -> Said:
    """The answer as it came, names of this run replaced, but for times."""
    names = stage.names(subject)
    options = _filled(step.options, names)
    response = subject.http.request(step.method, step.path.format_map(names), **options)
    if step.is_page:
        return Said(response.status_code, "page", None)
    if response.headers.get("content-type", "").startswith("application/json"):
        found = response.json()
        viewed = step.view(found) if response.status_code == 200 else _error(found)
        return Said(response.status_code, "json", _renamed(viewed, names))
    is_page = "<html" in response.text.lower()
    body = None if is_page or not response.text else _renamed(response.text, names)
    return Said(response.status_code, "text", body)


def has_figures(stage: Stage, subject: Subject) -> bool:
    """Whether RabbitMQ's management API has counted, which it does every five seconds: who
    consumes, and the one message that the worker holds."""
    queues = ask(stage, subject, LENGTHS_ON_RABBITMQ).body
    held = sum(row["messages_unacknowledged"] or 0 for row in queues.values())
    return len(queues) == 2 and held == 1 and all(row["consumers"] == 1 for row in queues.values())


def without_times(value: Any, key: str = "") -> Any:
    """The same with times, spans and the like replaced by what they are."""
    if isinstance(value, dict):
        return {name: without_times(inner, name) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [without_times(inner) for inner in value]
    if value is None:
        return None
    if key in _TIMES and isinstance(value, float):
        return "TIME"
    return _OTHERS.get(key, value)


def _error(found: Any) -> Any:
    return sorted(found) if isinstance(found, dict) else found


def _filled(value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, Mapping):
        return {key: _filled(inner, names) for key, inner in value.items()}
    is_template = isinstance(value, str) and re.search(r"\{[a-z]+\}", value)
    return value.format_map(names) if is_template else value


def _renamed(value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {_renamed(key, names): _renamed(inner, names) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_renamed(inner, names) for inner in value]
    if not isinstance(value, str):
        return value
    for name, text in names.items():
        value = value.replace(text, f"<{name}>")
    return _UUID.sub("<uuid>", value)
