"""Events without what `[redact]` hides, before anything of them is kept, counted or shown.

Theory of operation. Texts of secret keys are hidden in each event by itself. Rules by the name
of the task need the name, which Celery sends with `task-sent` and `task-received` alone: it is
remembered by task id, and looked up in the store for tasks whose sending this process did not see
(workers may know a task by another name than its sender). An end whose task has no known name is
hidden whenever a rule hides the end of any task.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from operator import attrgetter
from typing import Any, Final

import msgspec

from umbel.cluster.events import (
    LOG_TEXT_MAX,
    RECONCILED_RANK,
    TEXT_MAX,
    Decoded,
    Event,
    Fault,
    LogLines,
)
from umbel.cluster.task import Task
from umbel.cluster.task_log import plain_text
from umbel.redact.rules import JSON_FIELDS, NOTHING, Redactor
from umbel.redact.texts import HIDDEN, redact_text

#: Of so many tasks the names are remembered: what is older is looked up.
_REMEMBERED_MAX: Final = 50_000
#: So many tasks after another are received and not sent before senders are taken for silent.
_UNSENT_MAX: Final = 2_000
#: A task has one name or two; who makes up events may send any number.
_NAMES_MAX: Final = 8
#: So many texts are remembered, of at most so many characters.
_TEXTS_MAX: Final = 2_000
_TEXT_REMEMBERED_MAX: Final = 2_000
#: What samples of binary bodies have (`cluster/decode.py`, `sample`).
_BINARY: Final = "\N{SYMBOL FOR NULL}\N{REPLACEMENT CHARACTER}"
_FIELDS: Final = (
    "args",
    "kwargs",
    "args_json",
    "kwargs_json",
    "result",
    "exception",
    "traceback",
    "detail",
)
_texts: Final = attrgetter(*_FIELDS)
_NO_TEXTS: Final = (None,) * len(_FIELDS)

#: Stored tasks by their ids; those that are not stored are left out.
FindTasks = Callable[[Sequence[str]], Mapping[str, Task]]


class EventRedactor:
    """One for each collector; the writing thread uses it. `find` is asked once a message batch
    at most, and only where rules by name hide ends of tasks."""

    def __init__(self, redactor: Redactor, find: FindTasks) -> None:
        self._redactor = redactor
        self._find = find
        #: The names under which events told of a task: a worker may know it by another.
        self._names: OrderedDict[str, tuple[str, ...]] = OrderedDict()
        #: How many tasks were received since one was sent.
        self._received_unsent = 0
        self._hides_by_name = redactor.hides_by_name
        #: Texts without a secret key.
        self._without_secret: set[str] = set()

    def redacted(self, decoded: Decoded) -> Decoded:
        """The same events and faults without what is hidden, and log lines as plain texts."""
        if not self._redactor.hides_anything:
            for at, event in enumerate(decoded.events):
                if event.log_lines is not None:
                    decoded.events[at] = self._log_redacted(event, event.log_lines)
            return decoded
        if self._hides_by_name:
            self._remember(decoded.events)
        if len(self._without_secret) > _TEXTS_MAX:
            self._without_secret.clear()
        events = decoded.events
        for at, event in enumerate(events):
            if event.log_lines is not None:
                event = events[at] = self._log_redacted(event, event.log_lines)
            texts = _texts(event)
            if texts == _NO_TEXTS:
                continue
            if self._hides_by_name:
                names = self._names.get(event.uuid, ())
                if self._redactor.of(names) != NOTHING or event.exception is not None:
                    events[at] = _changed(event, partial(self._redactor.text, names))
                    continue
            for field, text in zip(_FIELDS, texts, strict=True):
                if (
                    text is not None
                    and (field in JSON_FIELDS or text not in self._without_secret)
                    and self._has_secret(field, text)
                ):
                    events[at] = _changed(event, self._redactor.text_by_keys)
                    break
        return Decoded(events, [self._fault(fault) for fault in decoded.faults])

    def _log_redacted(self, event: Event, log: LogLines) -> Event:
        """Lines of a log may hold whatever the task knows: they are hidden where anything of the
        task is hidden by its name, and else without the values of secret keys."""
        names = self._names.get(event.uuid, ())
        is_hidden = self._hides_by_name and self._redactor.of(names) != NOTHING
        texts = (HIDDEN if is_hidden else self._line(line.text) for line in log.lines)
        lines = tuple(
            line if text == line.text else msgspec.structs.replace(line, text=text)
            for line, text in zip(log.lines, texts, strict=True)
        )
        return msgspec.structs.replace(event, log_lines=msgspec.structs.replace(log, lines=lines))

    def _line(self, text: str) -> str:
        return redact_text(plain_text(text), self._redactor.keys)[:LOG_TEXT_MAX]

    def _has_secret(self, field: str, text: str) -> bool:
        has_secret = self._redactor.text_by_keys(field, text) != text
        if not has_secret and field not in JSON_FIELDS and len(text) <= _TEXT_REMEMBERED_MAX:
            # What is sent and what is received of a task are the same texts.
            self._without_secret.add(text)
        return has_secret

    def _fault(self, fault: Fault) -> Fault:
        """What could not be understood is shown by its beginning, of whatever task it is. What is
        no text (msgpack, pickle) has no signs by which keys could be found."""
        keys = self._redactor.keys
        hides = self._hides_by_name or any(sign in fault.sample for sign in _BINARY)
        return msgspec.structs.replace(
            fault,
            sample=HIDDEN if hides else redact_text(fault.sample, keys),
            message=redact_text(fault.message, keys),
        )

    # -- names -----------------------------------------------------------------------------

    def _remember(self, events: Iterable[Event]) -> None:
        missing: dict[str, None] = {}
        for event in events:
            if not event.uuid:
                continue
            if event.type == "task-sent":
                self._received_unsent = 0
            elif event.uuid not in self._names and self._may_be_stored(event):
                missing[event.uuid] = None
            if event.name is not None:
                self._add(event.uuid, (event.name,))
        if not missing:
            return
        for uuid, task in self._find([*missing]).items():
            self._add(uuid, task.names)

    def _may_be_stored(self, event: Event) -> bool:
        """Whether the task's other name is to be looked up. Where senders tell nothing, the name
        of a `task-received`, which may be a shadow, is the only one."""
        if event.name is None:
            return True
        self._received_unsent += 1
        return self._received_unsent <= _UNSENT_MAX

    def _add(self, uuid: str, names: tuple[str, ...]) -> None:
        before = self._names.get(uuid, ())
        new = tuple(name for name in names if name not in before)[: _NAMES_MAX - len(before)]
        if new:
            self._names[uuid] = (*before, *new)
            if len(self._names) > _REMEMBERED_MAX:
                self._names.popitem(last=False)


def _changed(event: Event, shown: Callable[[str, str], str]) -> Event:
    """The event with what `shown` gives for the name and the text of each of its fields."""
    changes: dict[str, Any] = {}
    for field in _FIELDS:
        text = getattr(event, field)
        if text is not None and not (field == "detail" and event.type in RECONCILED_RANK):
            changes[field] = shown(field, text)[:TEXT_MAX]
    return msgspec.structs.replace(event, **changes)
