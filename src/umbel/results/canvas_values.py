"""Groups and chords from values under keys: decoded, and on Redis read with what counts a chord."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from umbel.cluster.events import UUID_MAX
from umbel.results.base import KeptGroup, TaskCanvas
from umbel.results.canvas import VALUE_MAX, kept_group, task_canvas
from umbel.results.payload import UnreadableResult, open_payload

#: What one question reads at most, bytes.
TOTAL_MAX: Final = 8_000_000
#: Ids of returned parts that one question for a chord reads, about.
_RETURNED_READ: Final = 500


def canvases_in(raws: Mapping[str, object]) -> dict[str, TaskCanvas]:
    """By task id, from values as the backend gave them; without those that cannot be read."""
    found = {task_id: task_canvas(task_id, _opened(raw)) for task_id, raw in raws.items()}
    return {task_id: canvas for task_id, canvas in found.items() if canvas is not None}


def groups_in(raws: Mapping[str, object], counts: Mapping[str, object]) -> dict[str, KeptGroup]:
    """By group id, from values of saved groups and the counters of their chords, whose size is the
    number of members."""
    found: dict[str, KeptGroup] = {}
    for group_id, raw in raws.items():
        group = kept_group(group_id, _opened(raw))
        returned = whole(counts.get(group_id))
        if group is not None and returned is not None and group.members is not None:
            group = msgspec.structs.replace(group, size=len(group.members), returned=returned)
        if group is not None:
            found[group_id] = group
    return found


def _opened(raw: object) -> object:
    if raw is None or raw in (b"", "") or (isinstance(raw, bytes | str) and len(raw) > VALUE_MAX):
        return None
    try:
        return open_payload(raw)
    except UnreadableResult:
        return None


def whole(raw: object) -> int | None:
    """A number as backends give it."""
    try:
        number = int(raw) if isinstance(raw, bytes | str | int) else None
    except ValueError:
        return None
    return number if number is not None and 0 <= number < 2**31 else None


class RedisCanvas:
    """Reads below a `RedisBackend`: lengths first, so that large results stay where they are."""

    def __init__(self, backend: Any) -> None:
        self._backend = backend

    def small(self, keys: Mapping[str, Any]) -> dict[str, object]:
        """The values that are small, up to a bound of all."""
        left = TOTAL_MAX
        wanted: dict[str, Any] = {}
        lengths = self._together(("strlen", key) for key in keys.values())
        for (name, key), length in zip(keys.items(), lengths, strict=True):
            if isinstance(length, int) and 0 < length <= min(VALUE_MAX, left):
                left -= length
                wanted[name] = key
        raws = self._together(("get", key) for key in wanted.values())
        return {
            name: raw
            for name, raw in zip(wanted, raws, strict=True)
            if isinstance(raw, bytes | str)
        }

    def groups(self, group_ids: Sequence[str]) -> dict[str, KeptGroup]:
        """See `CanvasRecords`. Chords are counted as `on_chord_part_return` counts them."""
        key = self._backend.get_key_for_group
        raws = self.small({group_id: key(group_id) for group_id in group_ids})
        found = groups_in(raws, {})
        count = "zcard" if self._is_ordered() else "llen"
        for group_id in group_ids:
            size, more, returned, parts = self._counters(key, group_id, count)
            if size is None:
                continue
            group = found.get(group_id) or KeptGroup(group_id=group_id)
            found[group_id] = msgspec.structs.replace(
                group, size=size + (more or 0), returned=returned or 0, returned_ids=parts
            )
        return found

    def _counters(
        self, key: Any, group_id: str, count: str
    ) -> tuple[int | None, int | None, int | None, tuple[str, ...]]:
        size, more, returned, scanned = self._together(
            (
                ("get", key(group_id, ".s")),
                ("get", key(group_id, ".t")),
                (count, key(group_id, ".j")),
                ("sscan", key(group_id, ".d"), 0, None, _RETURNED_READ),
            )
        )
        # Since Celery 5.7 each is the id of a part, and its place in the group.
        parts = scanned[1] if isinstance(scanned, tuple) else ()
        ids = tuple(each for part in parts if (each := _part(part)) is not None)
        return whole(size), whole(more), whole(returned), ids

    def _is_ordered(self) -> bool:
        return bool(getattr(self._backend, "_chord_zset", True))

    def _together(self, commands: Any) -> list[Any]:
        """The answers, or errors, to these commands of redis-py."""
        wanted = list(commands)
        if not wanted:
            return []
        with self._backend.client.pipeline(transaction=False) as together:
            for name, *arguments in wanted:
                getattr(together, name)(*arguments)
            return list(together.execute(raise_on_error=False))


def _part(raw: object) -> str | None:
    text = raw.decode("utf-8", "replace") if isinstance(raw, bytes) else str(raw)
    task_id, _, _ = text.rpartition(":")
    return task_id if 0 < len(task_id) <= UUID_MAX else None
