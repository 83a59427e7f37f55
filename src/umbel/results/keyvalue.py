"""Results that Celery keeps as one value under one key: Redis, files, memcached, S3, ..."""

from __future__ import annotations

import contextlib
import os
import re
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from umbel.cluster.events import UUID_MAX
from umbel.results.base import UNKNOWN, KeptGroup, ListedIds, Result, TaskCanvas
from umbel.results.canvas_values import RedisCanvas, canvases_in, groups_in
from umbel.results.meta import result_of
from umbel.results.payload import META_MAX, UnreadableResult, open_payload
from umbel.results.reader import ABORTED

PENDING: Final = "PENDING"
#: So many keys are looked at by one SCAN: less than a millisecond of the server's time.
SCANNED_KEYS: Final = 1_000
_GLOB: Final = re.compile(rb"[*?\[\]^\\\\-]")
#: A file that is being written is looked at again after this long.
_HALF_WRITTEN_S: Final = 0.02


class KeyValueReader:
    """Reads through `get` and `mget` of a `KeyValueStoreBackend` (celery/backends/base.py),
    below its decoding."""

    def __init__(self, backend: Any) -> None:
        self._backend = backend

    def fetch(self, task_ids: Sequence[str]) -> dict[str, Result]:
        raws = self._raws(self._keys(task_ids))
        return {task_id: self._result(task_id, raws.get(task_id)) for task_id in task_ids}

    def _result(self, task_id: str, raw: object) -> Result:
        try:
            return _read(task_id, raw)
        except UnreadableResult as trouble:
            return Result(task_id=task_id, state=trouble.state, unreadable=trouble.why)

    def _raws(self, keys: Mapping[str, Any]) -> dict[str, object]:
        if len(keys) > 1:
            with contextlib.suppress(NotImplementedError):
                return self._many(keys)
        return {task_id: self._backend.get(key) for task_id, key in keys.items()}

    def _many(self, keys: Mapping[str, Any]) -> dict[str, object]:
        found = self._backend.mget(list(keys.values()))
        if isinstance(found, Mapping):
            return {task_id: found.get(key) for task_id, key in keys.items()}
        return dict(zip(keys, found, strict=True))

    def sizes(self, task_ids: Sequence[str]) -> dict[str, int] | None:  # noqa: ARG002
        return None

    def list_ids(self, cursor: str, since: float) -> ListedIds | None:  # noqa: ARG002
        return None

    def task_canvases(self, task_ids: Sequence[str]) -> dict[str, TaskCanvas]:
        return canvases_in(self._raws(self._keys(task_ids)))

    def kept_groups(self, group_ids: Sequence[str]) -> dict[str, KeptGroup]:
        ids = [each for each in group_ids if self.can_keep(each)]
        raws = self._raws({each: self._backend.get_key_for_group(each) for each in ids})
        saved = [each for each in ids if raws.get(each)]
        counts = {each: self._backend.get_key_for_chord(each) for each in saved}
        return groups_in(raws, self._raws(counts))

    def _keys(self, task_ids: Sequence[str]) -> dict[str, Any]:
        return {
            each: self._backend.get_key_for_task(each) for each in task_ids if self.can_keep(each)
        }

    def can_keep(self, task_id: str) -> bool:
        """Whether the backend could know this id at all."""
        return can_keep(task_id)

    def abort(self, task_id: str) -> None:
        if not self.can_keep(task_id):
            raise UnreadableResult("It can keep nothing under such an id.")
        current = self.fetch((task_id,))[task_id]
        if current.state == UNKNOWN:
            raise UnreadableResult(
                f"Aborting would replace what it keeps of the task. {current.unreadable}"
            )
        if current.is_ready:
            return
        # Celery reads what is there before it writes, and would load a pickle to do so.
        self._backend._get_task_meta_for = lambda _: {"status": current.state, "result": None}
        self._backend.store_result(task_id, result=None, state=ABORTED, traceback=None)

    def release(self) -> None:
        """Nothing to let go of, unless a client was made that can be closed."""
        client = vars(self._backend).get("client")
        if client is not None and hasattr(client, "close"):
            client.close()


class RedisReader(KeyValueReader):
    """Its connections lie in a pool of the client's."""

    def __init__(self, backend: Any) -> None:
        super().__init__(backend)
        backend._set = self._set

    def _set(self, key: Any, value: Any, expires: int | None = None) -> None:
        """As celery/backends/redis.py does, without the SETEX that redis-py deprecates."""
        client = self._backend.client
        with client.pipeline() as together:
            together.set(key, value, ex=expires or self._backend.expires or None)
            together.publish(key, value)
            together.execute()

    def _raws(self, keys: Mapping[str, Any]) -> dict[str, object]:
        """No more of each than can be opened: a value of Redis may have half a gigabyte."""
        found = self._answers(keys, lambda pipeline, key: pipeline.getrange(key, 0, META_MAX))
        return super()._raws(keys) if found is None else found

    def sizes(self, task_ids: Sequence[str]) -> dict[str, int] | None:
        found = self._answers(self._keys(task_ids), lambda pipeline, key: pipeline.strlen(key))
        return found and {task_id: min(size, META_MAX) for task_id, size in found.items()}

    def _answers(
        self, keys: Mapping[str, Any], ask: Callable[[Any, Any], object]
    ) -> dict[str, Any] | None:
        """What a command answers for each key, in one round trip; None where this user may GET
        alone, or the backend reads in another way than Celery's own."""
        from celery.backends.redis import RedisBackend
        from redis.exceptions import NoPermissionError

        kind = type(self._backend)
        if not keys or kind.get is not RedisBackend.get or kind.mget is not RedisBackend.mget:
            return None
        try:
            with self._backend.client.pipeline(transaction=False) as pipeline:
                for key in keys.values():
                    ask(pipeline, key)
                return dict(zip(keys, pipeline.execute(), strict=True))
        except NoPermissionError:
            return None

    def task_canvases(self, task_ids: Sequence[str]) -> dict[str, TaskCanvas]:
        return canvases_in(RedisCanvas(self._backend).small(self._keys(task_ids)))

    def kept_groups(self, group_ids: Sequence[str]) -> dict[str, KeptGroup]:
        return RedisCanvas(self._backend).groups([each for each in group_ids if can_keep(each)])

    def list_ids(self, cursor: str, since: float) -> ListedIds | None:  # noqa: ARG002
        """One SCAN of the keys of results, which Redis keeps in no order."""
        prefix = _bytes(self._backend.get_key_for_task("x"))[:-1]
        pattern = _GLOB.sub(rb"\\\g<0>", prefix) + b"*"
        scan = getattr(self._backend.client, "scan", None)
        if scan is None:
            return None
        following, keys = scan(int(cursor or 0), match=pattern, count=SCANNED_KEYS)
        if not isinstance(following, int):  # a cluster of several servers
            return None
        ids = [_bytes(key)[len(prefix) :].decode("utf-8", "replace") for key in keys]
        return ListedIds(
            [each for each in ids if can_keep(each)], str(following) if following else None
        )

    def release(self) -> None:
        client = vars(self._backend).get("client")
        if client is not None:
            client.connection_pool.disconnect()


class FileReader(KeyValueReader):
    """Files are not written at once: those that are empty or half there are read again."""

    def fetch(self, task_ids: Sequence[str]) -> dict[str, Result]:
        directory = os.fsdecode(self._backend.path)
        with os.scandir(directory):  # raises what is wrong with it
            found = super().fetch(task_ids)
        half = [task_id for task_id, result in found.items() if result.state == UNKNOWN]
        if half:
            time.sleep(_HALF_WRITTEN_S)
            found |= super().fetch(half)
        return found

    def _result(self, task_id: str, raw: object) -> Result:
        if raw == b"":
            return Result(task_id=task_id, state=UNKNOWN, unreadable="Its file is empty.")
        return super()._result(task_id, raw)

    def can_keep(self, task_id: str) -> bool:
        return super().can_keep(task_id) and "/" not in task_id and os.sep not in task_id


class MemcachedReader(KeyValueReader):
    """memcached knows keys of up to 250 visible ASCII characters."""

    def can_keep(self, task_id: str) -> bool:
        visible = task_id.isascii() and task_id.isprintable() and " " not in task_id
        return super().can_keep(task_id) and visible and self._fits(task_id)

    def _fits(self, task_id: str) -> bool:
        return len(self._backend.get_key_for_task(task_id)) <= 250


def _bytes(key: object) -> bytes:
    return key if isinstance(key, bytes) else str(key).encode("utf-8", "surrogatepass")


def can_keep(task_id: str) -> bool:
    """Whether any backend could know this id."""
    try:
        task_id.encode()
    except UnicodeEncodeError:
        return False
    return 0 < len(task_id) <= UUID_MAX and "\0" not in task_id


def _read(task_id: str, raw: object) -> Result:
    if raw is None or raw in (b"", ""):
        return Result(task_id=task_id, state=PENDING)
    return result_of(task_id, open_payload(raw))
