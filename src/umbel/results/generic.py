"""Results that a backend of its own kind keeps (MongoDB, Django's tables, a class of the
application's), read by its own `_get_task_meta_for`, in raw form.

What the backend decodes comes through `open_payload`, which loads no pickle; what Celery would
make of a decoded meta (exceptions, by importing their classes) is not made. Nothing is written
but an abortion.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, Final

import msgspec

from umbel.results.base import UNKNOWN, KeptGroup, ListedIds, Result, TaskCanvas
from umbel.results.canvas import no_canvas
from umbel.results.django_connections import close_connections, fresh_connections, is_of_django
from umbel.results.keyvalue import can_keep
from umbel.results.meta import result_of
from umbel.results.payload import UnreadableResult, open_payload
from umbel.results.reader import ABORTED

#: Names that Django's table has for what Celery's metas call otherwise.
_OTHER_NAMES: Final = {"task_name": "name"}
_NO_META: Final = "What the backend gave is no task's result."
_SCALARS: Final = (str, int, float, bool, type(None))


class _UnreadableValue(dict[str, object]):
    """In place of values that are kept and cannot be read: empty, so that the backend's own
    code goes on to what it knows besides."""

    def __init__(self, trouble: UnreadableResult) -> None:
        super().__init__()
        self.trouble = trouble


class GenericReader:
    """Reads through a `Backend` (celery/backends/base.py) below what it makes of metas."""

    def __init__(self, backend: Any) -> None:
        self._backend = backend
        self._is_django = is_of_django(type(backend))
        if getattr(backend, "serializer", None) != "bson":  # MongoDB's own, without bytes
            backend.decode = _decoded
        backend.meta_from_decoded = _as_it_is
        backend.exception_to_python = _as_it_is

    def fetch(self, task_ids: Sequence[str]) -> dict[str, Result]:
        with self._connections():
            return {task_id: self._fetched(task_id) for task_id in task_ids}

    def sizes(self, task_ids: Sequence[str]) -> dict[str, int] | None:  # noqa: ARG002
        return None

    def _fetched(self, task_id: str) -> Result:
        if not can_keep(task_id):
            return Result(task_id=task_id, state="PENDING")
        meta = type(self._backend)._get_task_meta_for(self._backend, task_id)
        if not isinstance(meta, Mapping):
            return Result(task_id=task_id, state=UNKNOWN, unreadable=_NO_META)
        result = meta.get("result")
        trouble = result.trouble if isinstance(result, _UnreadableValue) else None
        try:
            found = result_of(task_id, self._as_meta(meta))
        except UnreadableResult as error:
            return Result(task_id=task_id, state=error.state, unreadable=error.why)
        if trouble is not None:
            return msgspec.structs.replace(found, result=None, unreadable=trouble.why)
        return found

    def _as_meta(self, meta: Mapping[str, Any]) -> dict[str, object]:
        fields = {
            _OTHER_NAMES.get(name, name): self._as_json(value) for name, value in meta.items()
        }
        # Texts are what the worker showed of arguments, which is not what was sent.
        if not isinstance(fields.get("args"), list):
            fields["args"] = None
        if not isinstance(fields.get("kwargs"), dict):
            fields["kwargs"] = None
        return fields

    def _as_json(self, value: Any) -> object:
        if isinstance(value, _SCALARS):
            return value
        if isinstance(value, Mapping):
            return {str(key): self._as_json(each) for key, each in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [self._as_json(each) for each in value]
        if isinstance(value, datetime):
            # Without a zone, databases give UTC, and Django the time of its machine.
            zoned = value.astimezone() if self._is_django else value.replace(tzinfo=UTC)
            return (value if value.tzinfo else zoned).isoformat()
        if isinstance(value, BaseException):
            return repr(value)
        return value.isoformat() if isinstance(value, date) else str(value)

    def list_ids(self, cursor: str, since: float) -> ListedIds | None:  # noqa: ARG002
        return None

    def task_canvases(self, task_ids: Sequence[str]) -> dict[str, TaskCanvas]:
        for task_id in task_ids[:1]:
            self.fetch((task_id,))  # raises what is wrong with it
        raise no_canvas(type(self._backend).__name__)

    def kept_groups(self, group_ids: Sequence[str]) -> dict[str, KeptGroup]:  # noqa: ARG002
        raise no_canvas(type(self._backend).__name__)

    def abort(self, task_id: str) -> None:
        with self._connections():
            current = self._fetched(task_id)
            if current.is_ready:
                return
            if current.state == UNKNOWN:
                raise UnreadableResult(
                    f"Aborting would replace what it keeps of the task. {current.unreadable}"
                )
            # Celery reads what is there before it writes.
            self._backend._get_task_meta_for = lambda _: {"status": current.state, "result": None}
            self._backend.store_result(task_id, result=None, state=ABORTED, traceback=None)

    def _connections(self) -> contextlib.AbstractContextManager[None]:
        return fresh_connections() if self._is_django else contextlib.nullcontext()

    def release(self) -> None:
        if self._is_django:
            close_connections()


def _as_it_is(value: object) -> object:
    return value


def _decoded(payload: object) -> object:
    if not isinstance(payload, bytes | bytearray | memoryview | str):
        return payload
    try:
        return open_payload(payload)
    except UnreadableResult as trouble:
        return _UnreadableValue(trouble)
