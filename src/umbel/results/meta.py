"""From a decoded meta to a `Result`. Pure.

A meta is what `Backend._get_result_meta` (celery/backends/base.py) makes: `status`,
`result`, `traceback`, `children`, `date_done` and, with `result_extended`, what was called.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from umbel.bounded_json import strict_scalar
from umbel.characters import encodable
from umbel.cluster.timestamps import parse_iso
from umbel.results.base import Result
from umbel.results.payload import UnreadableResult

#: States whose result is an exception (celery/states.py, `EXCEPTION_STATES`).
_EXCEPTIONAL: Final = frozenset({"FAILURE", "RETRY", "REVOKED"})
_STATE_MAX: Final = 512
#: A group can be huge; a page shows a part.
CHILDREN_MAX: Final = 10_000


def result_of(task_id: str, meta: object) -> Result:
    """What `meta` says of the task. Raises `UnreadableResult` if it is no task's."""
    if not isinstance(meta, Mapping) or not isinstance(meta.get("status"), str):
        raise UnreadableResult("What is kept under this id is no task's result.")
    state = encodable(meta["status"][:_STATE_MAX])
    value = meta.get("result")
    failed = state in _EXCEPTIONAL and value is not None
    try:
        return Result(
            task_id=task_id,
            state=state,
            result=None if failed else jsonable(value),
            exception=exception_text(value) if failed else None,
            traceback=_text(meta.get("traceback")),
            children=tuple(_children(meta.get("children"))),
            date_done=_seconds(meta.get("date_done")),
            name=_text(meta.get("name")),
            args=meta.get("args"),
            kwargs=meta.get("kwargs"),
            worker=_text(meta.get("worker")),
            retries=_whole(meta.get("retries")),
            queue=_text(meta.get("queue")),
            group_id=_text(meta.get("group_id")),
        )
    except RecursionError:
        raise UnreadableResult("It is nested too deeply to be shown.", state) from None


def jsonable(value: Any) -> object:
    """`value` in JSON alone: what kombu wraps (`{"__type__": ..., "__value__": ...}`, see
    kombu/utils/json.py) becomes its text, and so does what strict JSON has not."""
    if isinstance(value, dict):
        if value.keys() == {"__type__", "__value__"}:
            return _special(value["__value__"])
        return {encodable(str(key)): jsonable(each) for key, each in value.items()}
    if isinstance(value, list):
        return [jsonable(each) for each in value]
    return strict_scalar(value)


def _special(value: Any) -> object:
    # The kombu of Celery 5.3.0 writes the version beside it.
    if isinstance(value, dict) and value.keys() - {"version"} == {"hex"}:
        try:
            return str(UUID(str(value["hex"])))
        except ValueError:
            return jsonable(value)
    return jsonable(value)


def exception_text(value: Any) -> str:
    """`Type('message')`, as the `repr` of the exception was, without making one."""
    if not isinstance(value, Mapping) or "exc_type" not in value:
        return encodable(value) if isinstance(value, str) else repr(jsonable(value))
    message = jsonable(value.get("exc_message"))
    arguments = message if isinstance(message, list) else [message] if message is not None else []
    return encodable(f"{value['exc_type']}({', '.join(repr(each) for each in arguments)})")


def _children(tree: object) -> Iterator[str]:
    """Task ids in the tuples of `ResultBase.as_tuple` (celery/result.py): `((id, parent),
    None)` is a task, `((id, parent), [...])` a group, whose members are tasks."""
    given = 0
    waiting = list(reversed(tree)) if isinstance(tree, list) else []
    while waiting and given < CHILDREN_MAX:
        node = waiting.pop()
        members = node[1] if isinstance(node, list) and len(node) == 2 else None
        if isinstance(members, list):
            waiting += reversed(members)
            continue
        while isinstance(node, list) and node:
            node = node[0]
        if isinstance(node, str):
            given += 1
            yield encodable(node)


def _seconds(value: object) -> float | None:
    if isinstance(value, datetime):
        return value.timestamp()
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value) if math.isfinite(value) else None
    return parse_iso(value) if isinstance(value, str) else None


def _text(value: object) -> str | None:
    return encodable(value) if isinstance(value, str) else None


def _whole(value: object) -> int | None:
    return value if type(value) is int and abs(value) < 2**63 else None
