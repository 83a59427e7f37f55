"""Which sources of beat entries an application has."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Final

from umbel.beat.application import ApplicationSchedule
from umbel.beat.base import ScheduleSource
from umbel.beat.celery_schedules import zone_name
from umbel.beat.django_schedule import DjangoSchedule
from umbel.beat.redbeat import RedBeatSchedule
from umbel.beat.timed_source import TimedSource
from umbel.errors import ScheduleUnavailable
from umbel.process_secrets import learn

#: A connection, and each answer on it, must come within this long.
SOCKET_S: Final = 1.5
_REDIS: Final = ("redis://", "rediss://", "unix://", "redis+socket://")
_SENTINEL: Final = ("redis-sentinel", "sentinel://")
_CLUSTER: Final = ("redis-cluster", "rediss-cluster")
#: Options that RedBeat itself takes; what else it was given is its client's.
_OF_REDBEAT: Final = frozenset(
    {"retry_period", "cluster", "sentinels", "service_name", "sentinel_kwargs", "startup_nodes"}
)


def open_schedules(
    app: Any, *, is_own: bool, now: Callable[[], float]
) -> tuple[ScheduleSource, ...]:
    """The sources of `app`: its own `beat_schedule` if it `is_own` of somebody, what its Django
    has, and RedBeat's keys where its broker or its settings lead to Redis. The last of them wins
    where two have an entry of one name. Nothing is connected."""
    sources: list[ScheduleSource] = [_of_application(app)] if is_own else []
    if is_own and DjangoSchedule.is_installed():
        sources.append(DjangoSchedule(app))
    redbeat = _redbeat(app, now)
    return (*sources, redbeat) if redbeat is not None else tuple(sources)


def _of_application(app: Any) -> ScheduleSource:
    return TimedSource(
        "application",
        "the application's beat_schedule",
        lambda: ApplicationSchedule(app),
        subject="The application's beat_schedule",
        look_at="Look at beat_schedule and timezone of its configuration.",
    )


def _redbeat(app: Any, now: Callable[[], float]) -> ScheduleSource | None:
    conf = app.conf
    url = str(_option(conf, "redis_url") or conf.broker_url or "")
    named = bool(_option(conf, "redis_url")) or "redbeat" in str(conf.beat_scheduler)
    if not url.startswith((*_REDIS, *_SENTINEL, *_CLUSTER)) or find_spec("redis") is None:
        return None
    prefix = str(_option(conf, "key_prefix") or "redbeat:")
    return TimedSource(
        "redbeat",
        "RedBeat",
        lambda: RedBeatSchedule(
            lambda: _client(conf, url), prefix, lambda: zone_name(app.timezone), now=now
        ),
        subject="RedBeat's Redis",
        look_at="Look at redbeat_redis_url, and whether that Redis answers.",
        is_needed=named,
    )


def _option(conf: Any, name: str) -> Any:
    """A setting of RedBeat's, which Celery does not know by itself."""
    return conf.get(f"redbeat_{name}") or conf.get(f"REDBEAT_{name.upper()}")


def _client(conf: Any, url: str) -> Any:
    """A client for RedBeat's Redis, as `redbeat.schedulers.get_redis` connects."""
    redis: Any = import_module("redis")
    given = dict(_option(conf, "redis_options") or {})
    options = given or dict(conf.broker_transport_options or {})
    learn(url, options)
    patience = {"socket_timeout": SOCKET_S, "socket_connect_timeout": SOCKET_S}
    if options.get("cluster") or url.startswith(_CLUSTER):
        raise ScheduleUnavailable(
            "RedBeat's entries in a Redis Cluster are not read.",
            remedy="Names of tasks that come at regular times are listed as learned. A "
            "redbeat_redis_url of a single Redis or of Sentinels can be read.",
        )
    if url.startswith(_SENTINEL):
        sentinels = options.get("sentinels")
        if not sentinels:
            raise ScheduleUnavailable(
                "The Sentinels of RedBeat's Redis are not known: an address cannot name them all.",
                remedy="Name them as RedBeat itself wants them: redbeat_redis_options = "
                "{'sentinels': [('host', 26379)], 'service_name': 'master'}.",
            )
        return _behind_sentinels(redis, conf, options, patience)
    ssl = _option(conf, "redis_use_ssl") or conf.broker_use_ssl
    own = ssl if url.startswith("rediss") and isinstance(ssl, dict) else {}
    own |= {name: value for name, value in given.items() if name not in _OF_REDBEAT}
    return redis.Redis.from_url(
        url.replace("redis+socket://", "unix://"), **{**own, **patience, "decode_responses": False}
    )


def _behind_sentinels(
    redis: Any, conf: Any, options: dict[str, Any], patience: dict[str, float]
) -> Any:
    """A client for the master, by Sentinels that are tried once each within the time."""
    ssl = _option(conf, "redis_use_ssl")
    own = {"ssl": True, **ssl} if isinstance(ssl, dict) else {}
    own |= {
        name: options[name]
        for name in ("username", "password", "credential_provider")
        if options.get(name) is not None
    }
    once = {
        "retry": redis.retry.Retry(redis.backoff.NoBackoff(), 0),
        **{name: each_s / len(options["sentinels"]) for name, each_s in patience.items()},
    }
    found = redis.sentinel.Sentinel(
        options["sentinels"],
        sentinel_kwargs={**(options.get("sentinel_kwargs") or {}), **once},
        **patience,
        **own,
    )
    return found.master_for(options.get("service_name", "master"), db=options.get("db", 0))
