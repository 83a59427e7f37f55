"""A worker's configuration under Celery's names for its settings, whatever the application's are.

A worker tells its configuration (`inspect conf`) as the application wrote it. Django projects
write settings in capitals behind a prefix of their choice (with `namespace="CELERY"`
`CELERY_TASK_ACKS_LATE` is `task_acks_late`), and the names that Celery had before its version 4
go on working (`CELERYD_PREFETCH_MULTIPLIER`). Pure.

Source: celery/app/utils.py (`detect_settings`, `Settings.table`) and celery/app/defaults.py.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final, TypeVar

V = TypeVar("V")

#: Names from before Celery 4 of what Umbel reads.
_OLD: Final[Mapping[str, str]] = {
    "BROKER_TRANSPORT_OPTIONS": "broker_transport_options",
    "BROKER_URL": "broker_url",
    "CELERYD_PREFETCH_MULTIPLIER": "worker_prefetch_multiplier",
    "CELERYD_TASK_SOFT_TIME_LIMIT": "task_soft_time_limit",
    "CELERYD_TASK_TIME_LIMIT": "task_time_limit",
    "CELERY_ACCEPT_CONTENT": "accept_content",
    "CELERY_ACKS_LATE": "task_acks_late",
    "CELERY_EVENT_SERIALIZER": "event_serializer",
    "CELERY_IGNORE_RESULT": "task_ignore_result",
    "CELERY_REJECT_ON_WORKER_LOST": "task_reject_on_worker_lost",
    "CELERY_RESULT_BACKEND": "result_backend",
    "CELERY_RESULT_EXTENDED": "result_extended",
    "CELERY_RESULT_SERIALIZER": "result_serializer",
    "CELERY_TASK_RESULT_EXPIRES": "result_expires",
    "CELERY_TASK_SERIALIZER": "task_serializer",
}
#: What follows a prefix, in capitals; the longer ones first, since some end as others do.
_BEHIND_PREFIX: Final = tuple(
    sorted((f"_{name.upper()}" for name in _OLD.values()), key=len, reverse=True)
)


def settings_of(conf: Mapping[str, V]) -> dict[str, V]:
    """`conf`, as a worker tells it, by Celery's names. What is not Celery's keeps its name."""
    names = celery_names(conf)
    # What was set while the application ran stands there in small letters, and goes before.
    small = {name: value for name, value in conf.items() if name.islower()}
    return {**{names[name]: value for name, value in conf.items()}, **small}


def celery_names(conf: Iterable[str]) -> dict[str, str]:
    """Celery's name for each name of a configuration; of what is not Celery's, its own."""
    prefix = _namespace(conf)
    return {name: _celery_name(name, prefix) for name in conf}


def _celery_name(name: str, prefix: str) -> str:
    if not prefix:
        return _OLD.get(name, name)
    return name.removeprefix(prefix).lower() if name.startswith(prefix) else name


def _namespace(conf: Iterable[str]) -> str:
    """The prefix of settings, with its underscore; empty where they have none."""
    prefixes = Counter(
        name[: 1 - len(next(filter(name.endswith, _BEHIND_PREFIX)))]
        for name in conf
        if name.endswith(_BEHIND_PREFIX) and name not in _OLD
    )
    return prefixes.most_common(1)[0][0] if prefixes else ""
