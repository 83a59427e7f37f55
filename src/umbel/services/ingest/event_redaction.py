"""Events without what `[redact]` hides, before anything of them is kept, counted or shown.

Theory of operation. Texts of secret keys are hidden in each event by itself. Rules by the name
of the task need the name, which Celery sends with `task-sent` and `task-received` alone: it is
remembered by task id, and looked up in the store for tasks that are older than this process. An
end whose task has no known name is hidden whenever a rule hides the end of any task.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from operator import attrgetter
from typing import Any, Final

import msgspec

from umbel.cluster.events import TEXT_MAX, Decoded, Event, Fault
from umbel.cluster.task import Task
from umbel.redact.rules import NOTHING, Redactor
from umbel.redact.texts import HIDDEN, redact_text

#: Of so many tasks the names are remembered: what is older is looked up.
_REMEMBERED_MAX: Final = 50_000
#: So many texts are remembered, of at most so many characters.
_TEXTS_MAX: Final = 2_000
_TEXT_REMEMBERED_MAX: Final = 2_000
_FIELDS: Final = ("args", "kwargs", "result", "exception", "traceback", "detail")
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
        self._hides_by_name = redactor.hides_by_name
        #: Texts without a secret key.
        self._without_secret: set[str] = set()

    def redacted(self, decoded: Decoded) -> Decoded:
        """The same events and faults without what is hidden."""
        if not self._redactor.hides_anything:
            return decoded
        if self._hides_by_name:
            self._remember(decoded.events)
        if len(self._without_secret) > _TEXTS_MAX:
            self._without_secret.clear()
        events = decoded.events
        for at, event in enumerate(events):
            texts = _texts(event)
            if texts == _NO_TEXTS:
                continue
            if self._hides_by_name and any(self._rules_of(event)):
                events[at] = self._by_name(event)
                continue
            for text in texts:
                if text is not None and text not in self._without_secret and self._has_secret(text):
                    events[at] = self._by_key(event)
                    break
        return Decoded(events, [self._fault(fault) for fault in decoded.faults])

    def _has_secret(self, text: str) -> bool:
        has_secret = redact_text(text, self._redactor.keys) != text
        if not has_secret and len(text) <= _TEXT_REMEMBERED_MAX:
            # What is sent and what is received of a task are the same texts.
            self._without_secret.add(text)
        return has_secret

    def _by_key(self, event: Event) -> Event:
        keys = self._redactor.keys
        return _changed(event, lambda _, text: redact_text(text, keys))

    def _by_name(self, event: Event) -> Event:
        for name in self._names.get(event.uuid) or (None,):
            event = _changed(event, partial(self._redactor.text, name))
        return event

    def _rules_of(self, event: Event) -> Iterator[bool]:
        """Of each of its task's names, whether something is hidden by it."""
        for name in self._names.get(event.uuid) or (None,):
            yield self._redactor.of(name) != NOTHING

    def _fault(self, fault: Fault) -> Fault:
        """What could not be understood is shown by its beginning, of whatever task it is."""
        keys = self._redactor.keys
        sample = HIDDEN if self._hides_by_name else redact_text(fault.sample, keys)
        return msgspec.structs.replace(
            fault, sample=sample, message=redact_text(fault.message, keys)
        )

    # -- names -----------------------------------------------------------------------------

    def _remember(self, events: Iterable[Event]) -> None:
        unnamed: dict[str, None] = {}
        for event in events:
            if not event.uuid:
                continue
            if event.name is not None:
                self._add(event.uuid, (event.name,))
            elif event.uuid not in self._names:
                unnamed[event.uuid] = None
        missing = [uuid for uuid in unnamed if uuid not in self._names]
        if not missing:
            return
        for uuid, task in self._find(missing).items():
            sent_as = (attempt.sent_as for attempt in task.attempts)
            self._add(uuid, tuple(filter(None, (task.name, *sent_as))))

    def _add(self, uuid: str, names: tuple[str, ...]) -> None:
        before = self._names.get(uuid, ())
        new = tuple(name for name in names if name not in before)
        if new:
            self._names[uuid] = (*before, *new)
            if len(self._names) > _REMEMBERED_MAX:
                self._names.popitem(last=False)


def _changed(event: Event, shown: Callable[[str, str], str]) -> Event:
    """The event with what `shown` gives for the name and the text of each of its fields."""
    changes: dict[str, Any] = {}
    for field in _FIELDS:
        text = getattr(event, field)
        if text is not None:
            changes[field] = shown(field, text)[:TEXT_MAX]
    return msgspec.structs.replace(event, **changes)
